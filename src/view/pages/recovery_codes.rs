//! The recovery codes, shown once.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;

/// `/sign-in/recovery-codes`: posts `csrf`, `resume` and `saved` to itself.
#[derive(Clone, Serialize)]
pub struct RecoveryCodes {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// An opaque handle of what to return to.
    pub resume: Option<String>,
    /// The codes. None when they were shown before: they cannot be shown again.
    pub codes: Vec<String>,
    /// "I have saved them" was not ticked.
    pub not_ticked: bool,
}

impl Page for RecoveryCodes {
    const TEMPLATE: &'static str = "pages/recovery_codes.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let letters =
            ["7KQ2", "M4XD", "PW9H", "T3CB", "Y6NE", "R8FA", "J5GS", "V2LU", "D7ZK", "H9QM"];
        let codes =
            letters.iter().map(|first| format!("{first}-M4XD-PW9H-T3CB-Y6NE-R8FA")).collect();
        let shown = Self {
            frame: Frame::default(),
            csrf: "Sample-csrf".to_owned(),
            resume: Some("Sample-resume".to_owned()),
            codes,
            not_ticked: false,
        };
        let unticked = Self { not_ticked: true, resume: None, ..shown.clone() };
        let gone = Self { codes: Vec::new(), ..unticked.clone() };
        vec![("shown", shown), ("not-ticked", unticked), ("shown-before", gone)]
    }
}
