//! What went wrong, in a plain sentence, with a reference. Never echoes what was sent.

use serde::Serialize;

use crate::view::guide::reason::Reason;
use crate::view::pages::Frame;
use crate::view::pages::Page;

/// The page of a refusal or a fault.
#[derive(Clone, Serialize)]
pub struct ErrorPage {
    /// The frame.
    pub frame: Frame,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What an administrator can look up in Activity.
    pub reference: String,
    outcome: Outcome,
    /// Where the guide says what to do.
    help: Reason,
}

impl ErrorPage {
    /// The page that explains `kind`.
    #[must_use]
    pub const fn new(frame: Frame, kind: ErrorKind, reference: String) -> Self {
        Self { frame, kind, reference, outcome: kind.outcome(), help: kind.reason() }
    }
}

/// What went wrong. Each has a heading, a sentence of what to do next, and says whether
/// "Nothing was shared" stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The program that asks is not known here.
    UnknownClient,
    /// The document that should describe the program cannot be used.
    ClientDocument,
    /// The return address is not one that the program registered.
    RedirectMismatch,
    /// The request for access is faulty.
    RequestBroken,
    /// The request for access waited too long.
    RequestExpired,
    /// The request for access was answered already.
    RequestUsed,
    /// The request for access was opened in another browser.
    OtherBrowser,
    /// The company asked for cannot be reached by this person. Names none.
    CompanyNotReachable,
    /// There is no company or permission that this person could give the program.
    NothingToGrant,
    /// The program was blocked, revoked or has ended.
    ClientBlocked,
    /// A second factor has to be set up before this can be done.
    SecondFactorNeeded,
    /// The person may not open this page.
    NotAllowed,
    /// There is no such page.
    NotFound,
    /// A one-time link was used already or is too old.
    LinkUsed,
    /// A form was sent that this server did not hand out, or not lately.
    FormExpired,
    /// What was sent could not be read.
    FormBroken,
    /// The page of a list that was asked for is none that this person was given.
    ListPage,
    /// Too much is going on at this moment.
    Busy,
    /// The data cannot be read or written at this moment.
    Unavailable,
    /// Too many requests came from the same place.
    TooManyRequests,
    /// The address is not used in that way.
    MethodNotAllowed,
    /// More was sent than is taken.
    TooLarge,
    /// A mistake of ours.
    Internal,
}

/// What can be promised about the effect of the refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// No access was given.
    NothingShared,
    /// No access was given and nothing was changed.
    NothingChanged,
    /// No promise.
    Open,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::UnknownClient,
        Self::ClientDocument,
        Self::RedirectMismatch,
        Self::RequestBroken,
        Self::RequestExpired,
        Self::RequestUsed,
        Self::OtherBrowser,
        Self::CompanyNotReachable,
        Self::NothingToGrant,
        Self::ClientBlocked,
        Self::SecondFactorNeeded,
        Self::NotAllowed,
        Self::NotFound,
        Self::LinkUsed,
        Self::FormExpired,
        Self::FormBroken,
        Self::ListPage,
        Self::Busy,
        Self::Unavailable,
        Self::TooManyRequests,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::Internal,
    ];

    /// The section of the guide that says what to do.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::UnknownClient => Reason::UnknownClient,
            Self::ClientDocument => Reason::ClientDocument,
            Self::RedirectMismatch => Reason::RedirectMismatch,
            Self::RequestBroken => Reason::RequestBroken,
            Self::RequestExpired => Reason::RequestExpired,
            Self::RequestUsed => Reason::RequestUsed,
            Self::OtherBrowser => Reason::OtherBrowser,
            Self::CompanyNotReachable => Reason::CompanyNotReachable,
            Self::NothingToGrant => Reason::NothingToGrant,
            Self::ClientBlocked => Reason::ClientInactive,
            Self::SecondFactorNeeded => Reason::SecondFactorNeeded,
            Self::NotAllowed => Reason::NotAllowed,
            Self::NotFound => Reason::NotFound,
            Self::LinkUsed => Reason::LinkUsed,
            Self::FormExpired => Reason::FormExpired,
            Self::FormBroken => Reason::FormBroken,
            Self::ListPage => Reason::ListPage,
            Self::Busy | Self::Unavailable => Reason::Unavailable,
            Self::TooManyRequests => Reason::TooManyRequests,
            Self::MethodNotAllowed => Reason::MethodNotAllowed,
            Self::TooLarge => Reason::TooLarge,
            Self::Internal => Reason::ServerError,
        }
    }

    const fn outcome(self) -> Outcome {
        match self {
            Self::UnknownClient
            | Self::ClientDocument
            | Self::RedirectMismatch
            | Self::RequestBroken
            | Self::RequestExpired
            | Self::OtherBrowser
            | Self::CompanyNotReachable
            | Self::NothingToGrant
            | Self::ClientBlocked
            | Self::SecondFactorNeeded => Outcome::NothingShared,
            Self::FormExpired
            | Self::FormBroken
            | Self::ListPage
            | Self::Busy
            | Self::TooManyRequests
            | Self::MethodNotAllowed
            | Self::TooLarge => Outcome::NothingChanged,
            Self::RequestUsed
            | Self::NotAllowed
            | Self::NotFound
            | Self::LinkUsed
            | Self::Unavailable
            | Self::Internal => Outcome::Open,
        }
    }

    const fn sample_name(self) -> &'static str {
        match self {
            Self::UnknownClient => "unknown-client",
            Self::ClientDocument => "client-document",
            Self::RedirectMismatch => "redirect-mismatch",
            Self::RequestBroken => "request-broken",
            Self::RequestExpired => "request-expired",
            Self::RequestUsed => "request-used",
            Self::OtherBrowser => "other-browser",
            Self::CompanyNotReachable => "company-not-reachable",
            Self::NothingToGrant => "nothing-to-grant",
            Self::ClientBlocked => "client-blocked",
            Self::SecondFactorNeeded => "second-factor-needed",
            Self::NotAllowed => "not-allowed",
            Self::NotFound => "not-found",
            Self::LinkUsed => "link-used",
            Self::FormExpired => "form-expired",
            Self::FormBroken => "form-broken",
            Self::ListPage => "list-page",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::TooManyRequests => "too-many-requests",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::TooLarge => "too-large",
            Self::Internal => "internal",
        }
    }
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "pages/error.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let reference = || "01K5ZQ8R2N7M4T".to_owned();
        let known = Frame::of("owner@acme.example".to_owned(), "Sample-csrf".to_owned());
        let signed_in = Self::new(known, ErrorKind::NotFound, reference());
        ErrorKind::ALL
            .into_iter()
            .map(|kind| (kind.sample_name(), Self::new(Frame::default(), kind, reference())))
            .chain([("not-found-signed-in", signed_in)])
            .collect()
    }
}
