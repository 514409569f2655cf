//! What can be taken out, erased, and ended all at once.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/data`. The export posts `csrf` to `{path}/export`; erasing begins on a person's page;
/// the end of all access is confirmed at `{path}/end-all-access`.
#[derive(Clone, Serialize)]
pub struct DataPage {
    /// The frame.
    pub frame: Frame,
    /// The token of the export.
    pub csrf: String,
    /// The person may export.
    pub may_export: bool,
    /// The person may end all access to this company or firm.
    pub may_end: bool,
    /// The person may end all access on the whole installation.
    pub may_end_everywhere: bool,
    /// How many credentials, connections and tokens would end here.
    pub access: u64,
}

impl Page for DataPage {
    const TEMPLATE: &'static str = "settings/data.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let operator = Self {
            frame: sample::frame(Section::Data),
            csrf: sample::csrf(),
            may_export: true,
            may_end: true,
            may_end_everywhere: true,
            access: 23,
        };
        let owner = Self { may_end_everywhere: false, access: 1, ..operator.clone() };
        let nothing = Self { may_end: false, may_export: false, ..owner.clone() };
        vec![("operator", operator), ("owner", owner), ("viewer", nothing)]
    }
}
