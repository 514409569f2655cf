//! What reaches a company through its firm, and how it is kept out.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/through-firm`. Blocking is confirmed at each row's `href`.
#[derive(Clone, Serialize)]
pub struct ThroughFirm {
    /// The frame.
    pub frame: Frame,
    /// The firms that look after the company.
    pub firms: Vec<FirmAccess>,
    /// The way to what else reaches it through its firm.
    pub paging: Paging,
    /// The person may block.
    pub may_block: bool,
}

/// What reaches the company through one firm.
#[derive(Clone, Serialize)]
pub struct FirmAccess {
    /// The firm.
    pub firm: String,
    /// The company is confidential towards it.
    pub confidential: bool,
    /// Members of the firm who see the company.
    pub members: u64,
    /// Its apps, connections and tokens.
    pub rows: Vec<AccessRow>,
}

impl Page for ThroughFirm {
    const TEMPLATE: &'static str = "connect/through_firm.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name, statuses| AccessRow {
            by: "Kim Larsen".to_owned(),
            href: "/settings/app-connect/through-firm/t_01/block".to_owned(),
            ..sample::row(name, AccessKind::OauthConnection, statuses)
        };
        let full = Self {
            frame: sample::frame(Section::ThroughFirm),
            firms: vec![
                FirmAccess {
                    firm: "Ledgerwise".to_owned(),
                    confidential: false,
                    members: 4,
                    rows: vec![
                        row("Year-end workbook", vec![Status::Active]),
                        row("Cashflow Forecaster", vec![Status::Blocked]),
                    ],
                },
                FirmAccess {
                    firm: "Northgate Audit".to_owned(),
                    confidential: true,
                    members: 1,
                    rows: Vec::new(),
                },
            ],
            paging: Paging { previous: None, next: Some("?cursor=b2s".to_owned()) },
            may_block: true,
        };
        let seen = Self { may_block: false, ..full.clone() };
        let empty = Self { firms: Vec::new(), paging: Paging::default(), ..full.clone() };
        vec![("full", full), ("may-not-block", seen), ("empty", empty)]
    }
}
