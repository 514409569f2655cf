//! The second factor of a sign-in.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;

/// `/sign-in/verify`: posts `csrf`, `resume` and `code` to itself.
#[derive(Clone, Serialize)]
pub struct Verify {
    /// The frame; nobody is signed in yet.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The token of "Sign in as somebody else", which posts to `/sign-out`.
    pub sign_out_csrf: String,
    /// An opaque handle of what to return to.
    pub resume: Option<String>,
    /// Whose code is asked for.
    pub email: String,
    /// Why the last code was not taken.
    pub error: Option<CodeError>,
}

impl Page for Verify {
    const TEMPLATE: &'static str = "pages/verify.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let asked = Self {
            frame: Frame::default(),
            csrf: "Sample-csrf".to_owned(),
            sign_out_csrf: "Sample-csrf-2".to_owned(),
            resume: Some("Sample-resume".to_owned()),
            email: "owner@acme.example".to_owned(),
            error: None,
        };
        let failed = CodeError::SAMPLES
            .map(|(name, error)| (name, Self { error: Some(error), ..asked.clone() }));
        let plain = Self { resume: None, ..asked };
        [("asked", plain)].into_iter().chain(failed).collect()
    }
}
