//! What somebody should look at: reviews that are due, what ends soon, what lies idle.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/reviews`.
#[derive(Clone, Serialize)]
pub struct Reviews {
    /// The frame.
    pub frame: Frame,
    /// Reviews that are due.
    pub due: Vec<AccessRow>,
    /// What ends within two weeks.
    pub expiring: Vec<AccessRow>,
    /// What was not used for 30 days.
    pub idle: Vec<AccessRow>,
    /// How many idle connections the person may revoke together.
    pub revocable: u64,
}

impl Page for Reviews {
    const TEMPLATE: &'static str = "connect/reviews.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name, status| sample::row(name, AccessKind::ApiCredentials, vec![status]);
        let empty = Self {
            frame: sample::frame(Section::Reviews),
            due: Vec::new(),
            expiring: Vec::new(),
            idle: Vec::new(),
            revocable: 0,
        };
        let full = Self {
            due: vec![row("Old CRM export", Status::ReviewDue)],
            expiring: vec![row("Invoice drafting", Status::Expiring)],
            idle: vec![AccessRow {
                kind: AccessKind::OauthConnection,
                last_used: Some(sample::moment(-43 * DAY)),
                ..row("ChatGPT", Status::Idle(43))
            }],
            revocable: 1,
            ..empty.clone()
        };
        vec![("full", full), ("empty", empty)]
    }
}
