//! The pages: one typed struct each, with samples that show every state it can be in.

mod code;
pub mod connect;
mod consent;
mod enrol_totp;
mod error;
mod frame;
mod guide;
mod home;
pub mod parts;
mod recover;
mod recovery_codes;
mod sample;
pub mod settings;
mod setup;
mod sign_in;
mod verify;
pub mod workspace;

use serde::Serialize;

pub use crate::view::pages::code::CodeError;
pub use crate::view::pages::consent::Consent;
pub use crate::view::pages::consent::ConsentBadge;
pub use crate::view::pages::consent::ConsentClient;
pub use crate::view::pages::consent::ConsentContext;
pub use crate::view::pages::consent::ConsentError;
pub use crate::view::pages::consent::ConsentPermission;
pub use crate::view::pages::consent::ConsentWarning;
pub use crate::view::pages::consent::PermissionArea;
pub use crate::view::pages::enrol_totp::EnrolTotp;
pub use crate::view::pages::error::ErrorKind;
pub use crate::view::pages::error::ErrorPage;
pub use crate::view::pages::frame::Frame;
pub use crate::view::pages::frame::SignedIn;
pub use crate::view::pages::guide::GuideEntry;
pub use crate::view::pages::guide::GuidePage;
pub use crate::view::pages::guide::GuideValues;
pub use crate::view::pages::home::Home;
pub use crate::view::pages::home::HomePlace;
pub use crate::view::pages::home::PlaceKind;
pub use crate::view::pages::recover::Join;
pub use crate::view::pages::recover::LostThing;
pub use crate::view::pages::recover::Recover;
pub use crate::view::pages::recovery_codes::RecoveryCodes;
pub use crate::view::pages::setup::BooksChoice;
pub use crate::view::pages::setup::FieldError;
pub use crate::view::pages::setup::FieldProblem;
pub use crate::view::pages::setup::Setup;
pub use crate::view::pages::setup::SetupField;
pub use crate::view::pages::setup::SetupKind;
pub use crate::view::pages::sign_in::SignIn;
pub use crate::view::pages::sign_in::SignInError;
pub use crate::view::pages::sign_in::SignInNotice;
pub use crate::view::pages::verify::Verify;

/// A page: what its template is given.
///
/// No page has a `Debug`: several carry what is shown once and must not reach a log.
pub trait Page: Serialize + Sized {
    /// The template that shows it.
    const TEMPLATE: &'static str;

    /// The page in each state that it can be in, named: rendered strictly in tests, looked at by
    /// people, checked for accessibility.
    fn samples() -> Vec<(&'static str, Self)>;
}
