//! Turning on an authenticator app.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;

/// `/sign-in/enrol`: posts `csrf`, `resume` and `code` to itself.
#[derive(Clone, Serialize)]
pub struct EnrolTotp {
    /// The frame; nobody is signed in yet.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// An opaque handle of what to return to.
    pub resume: Option<String>,
    /// The account as the app will list it.
    pub account: String,
    /// The address that the QR code holds.
    pub otpauth_uri: String,
    /// The same key in base32, for typing.
    pub secret: String,
    /// Why the last code was not taken.
    pub error: Option<CodeError>,
}

impl Page for EnrolTotp {
    const TEMPLATE: &'static str = "pages/enrol_totp.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let asked = Self {
            frame: Frame::default(),
            csrf: "Sample-csrf".to_owned(),
            resume: None,
            account: "owner@acme.example".to_owned(),
            otpauth_uri: "otpauth://totp/Countersign:owner%40acme.example\
                          ?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Countersign"
                .to_owned(),
            secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".to_owned(),
            error: None,
        };
        let resumed = Self { resume: Some("Sample-resume".to_owned()), ..asked.clone() };
        let failed = CodeError::SAMPLES
            .map(|(name, error)| (name, Self { error: Some(error), ..resumed.clone() }));
        [("asked", asked)].into_iter().chain(failed).collect()
    }
}
