//! E-mail and password.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;

/// `/sign-in`: posts `csrf`, `resume`, `email` and `password` to itself.
#[derive(Clone, Serialize)]
pub struct SignIn {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// An opaque handle of what to return to.
    pub resume: Option<String>,
    /// The address as typed before, or nothing.
    pub email: String,
    /// Why the last attempt failed.
    pub error: Option<SignInError>,
    /// Why the person is here again.
    pub notice: Option<SignInNotice>,
    /// The name of the program that waits for this sign-in.
    pub to_continue_to: Option<String>,
}

/// Why a sign-in failed. Never says whether the address is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum SignInError {
    /// Address or password is missing.
    Incomplete,
    /// Address and password do not belong together.
    WrongEmailOrPassword,
    /// After several failures a pause is due, in seconds.
    WaitSeconds(u64),
    /// An unknown browser has used up its guesses of the day.
    TooManyToday,
    /// Too many are signing in at this moment.
    Busy,
}

/// Why the person is asked to sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInNotice {
    /// They signed out.
    SignedOut,
    /// Their session reached its end.
    SessionExpired,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "pages/sign_in.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let empty = Self {
            frame: Frame::default(),
            csrf: "Sample-csrf".to_owned(),
            resume: None,
            email: String::new(),
            error: None,
            notice: None,
            to_continue_to: None,
        };
        let typed = Self { email: "owner@acme.example".to_owned(), ..empty.clone() };
        let failed = |error| Self { error: Some(error), ..typed.clone() };
        let told = |notice| Self { notice: Some(notice), ..empty.clone() };
        let continuing = Self {
            resume: Some("Sample-resume".to_owned()),
            to_continue_to: Some("Tidewater Reports".to_owned()),
            ..empty.clone()
        };
        vec![
            ("empty", empty.clone()),
            ("continuing", continuing),
            ("signed-out", told(SignInNotice::SignedOut)),
            ("session-expired", told(SignInNotice::SessionExpired)),
            ("incomplete", failed(SignInError::Incomplete)),
            ("wrong", failed(SignInError::WrongEmailOrPassword)),
            ("wait-one", failed(SignInError::WaitSeconds(1))),
            ("wait", failed(SignInError::WaitSeconds(5))),
            ("too-many-today", failed(SignInError::TooManyToday)),
            ("busy", failed(SignInError::Busy)),
        ]
    }
}
