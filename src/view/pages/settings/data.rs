//! What can be taken out, erased, and ended all at once.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::sample;
use crate::view::pages::workspace::CertificateNotice;
use crate::view::pages::workspace::Section;

/// `/settings/data`. Each export is a form of its own; what is stored about one person leaves from
/// their page, where erasing begins too; the end of all access is confirmed at
/// `{path}/end-all-access`.
#[derive(Clone, Serialize)]
pub struct DataPage {
    /// The frame.
    pub frame: Frame,
    /// What the person may take out: of this company or firm, of the whole installation.
    pub exports: Vec<Export>,
    /// The person may end all access to this company or firm.
    pub may_end: bool,
    /// The person may end all access on the whole installation.
    pub may_end_everywhere: bool,
    /// How many credentials, connections and tokens would end here.
    pub access: u64,
}

/// A form that is answered with the file that its `file` names: `people`, `apps` or `connections`, with
/// `.csv` or `.jsonl`. Posts `csrf`, `place` and `file` to `action`.
#[derive(Clone, Serialize)]
pub struct Export {
    /// It is of the whole installation.
    pub everywhere: bool,
    /// Where it is posted.
    pub action: &'static str,
    /// The company or firm that it is of; empty for the installation.
    pub place: String,
    /// The token.
    pub csrf: String,
}

impl Page for DataPage {
    const TEMPLATE: &'static str = "settings/data.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let here = Export {
            everywhere: false,
            action: "/settings/data/export",
            place: "c_01".to_owned(),
            csrf: sample::csrf(),
        };
        let everywhere = Export {
            everywhere: true,
            action: "/settings/data/export-everywhere",
            place: String::new(),
            csrf: sample::csrf(),
        };
        let operator = Self {
            frame: sample::frame(Section::Data),
            exports: vec![here.clone(), everywhere],
            may_end: true,
            may_end_everywhere: true,
            access: 23,
        };
        let exports = vec![here];
        let owner = Self { may_end_everywhere: false, exports, access: 1, ..operator.clone() };
        let nothing = Self { may_end: false, exports: Vec::new(), ..owner.clone() };
        let told = |notice| {
            let mut page = operator.clone();
            if let Some(workspace) = &mut page.frame.workspace {
                workspace.certificate = Some(notice);
            }
            page
        };
        vec![
            ("certificate_ends", told(CertificateNotice::Ends(1))),
            ("certificate_ends_later", told(CertificateNotice::Ends(14))),
            ("certificate_ended", told(CertificateNotice::Ended)),
            ("certificate_refused", told(CertificateNotice::Refused)),
            ("certificate_temporary", told(CertificateNotice::Temporary)),
            ("operator", operator),
            ("owner", owner),
            ("viewer", nothing),
        ]
    }
}
