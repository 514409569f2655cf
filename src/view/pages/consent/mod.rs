//! The page that the house is about: may this program act on these books?

mod samples;

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::PlaceKind;

/// `/consent/…`: posts `csrf`, `context`, every ticked `scope` and `code` to `action`; "Cancel"
/// posts `csrf` to `{action}/cancel`; "Not you?" posts `csrf` and `resume` to `/sign-out`.
#[derive(Clone, Serialize)]
pub struct Consent {
    /// The frame; the page shows itself who is signed in, so this is usually the default.
    pub frame: Frame,
    /// The token of the approving form.
    pub csrf: String,
    /// The token of "Cancel".
    pub cancel_csrf: String,
    /// The token of "Not you?".
    pub sign_out_csrf: String,
    /// An opaque handle of this request, for coming back as somebody else.
    pub resume: Option<String>,
    /// The path that the form posts to.
    pub action: String,
    /// Who asks.
    pub client: ConsentClient,
    /// What speaks for caution.
    pub warning: Option<ConsentWarning>,
    /// Who is asked.
    pub user_email: String,
    /// The companies and firms to choose from.
    pub contexts: Vec<ConsentContext>,
    /// The request named its company: only the ticked context is shown, and it stays.
    pub context_fixed: bool,
    /// What the program asks for, by area.
    pub areas: Vec<PermissionArea>,
    /// How many permissions are ticked.
    pub selected: usize,
    /// How many there are.
    pub total: usize,
    /// After how many days without use the access ends.
    pub lasts_days: u64,
    /// After how many days it ends even when used, if it does.
    pub absolute_days: Option<u64>,
    /// Where the browser goes next, for reading.
    pub redirect_host: String,
    /// Why the last answer was not taken. All choices are kept.
    pub error: Option<ConsentError>,
}

/// The program that asks.
#[derive(Clone, Serialize)]
pub struct ConsentClient {
    /// Its name. In quotes when it registered itself.
    pub name: String,
    /// The host that stands behind it.
    pub host: Option<String>,
    /// How well it is known here.
    pub badge: ConsentBadge,
    /// Where its logo is served, if it has one: never for one that registered itself.
    pub logo: Option<String>,
    /// The letter in its tile, without a logo.
    pub initial: String,
    /// Nobody here entered it: its name is its own claim.
    pub self_registered: bool,
}

/// How well a program is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBadge {
    /// Reviewed by an administrator.
    Reviewed,
    /// Registered by somebody here.
    Registered,
    /// Registered itself.
    Unregistered,
}

/// What speaks for caution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentWarning {
    /// The answer goes to a program on the person's own computer, whichever that is.
    LoopbackOnly,
    /// Nobody has reviewed it.
    Unreviewed,
}

/// A company or firm that the access could be for.
#[derive(Clone, Serialize)]
pub struct ConsentContext {
    /// The value of the field `context`.
    pub value: String,
    /// Its name.
    pub name: String,
    /// Company or firm.
    pub kind: PlaceKind,
    /// Nothing in it is real.
    pub test: bool,
    /// The title of the person's role in it.
    pub role_title: String,
    /// Chosen.
    pub checked: bool,
    /// The companies that the access would reach, for a firm.
    pub reaches: Vec<String>,
}

/// Permissions that belong together.
#[derive(Clone, Serialize)]
pub struct PermissionArea {
    /// What they are about.
    pub title: String,
    /// The permissions.
    pub permissions: Vec<ConsentPermission>,
}

/// One permission.
#[derive(Clone, Serialize)]
pub struct ConsentPermission {
    /// The value of the field `scope`.
    pub value: String,
    /// What it allows, verb first; the name of the checkbox.
    pub title: String,
    /// One line about it; may be empty.
    pub hint: String,
    /// It changes something.
    pub writes: bool,
    /// Ticked.
    pub checked: bool,
    /// Locked: the program cannot work without it. Always ticked.
    pub required: bool,
    /// The offered companies where it cannot be granted.
    pub not_for: Vec<String>,
}

/// Why an answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum ConsentError {
    /// The verification code was not taken.
    Code(CodeError),
    /// Nothing is ticked. Said as advice.
    NothingSelected,
    /// Some of what is ticked cannot be granted in the chosen company.
    NotGrantable {
        /// The titles of these permissions.
        titles: Vec<String>,
    },
    /// No company or firm is chosen.
    ChooseContext,
    /// The page was open for too long.
    Expired,
}

impl Page for Consent {
    const TEMPLATE: &'static str = "pages/consent.html";

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}
