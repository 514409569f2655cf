//! What stands around every page.

use serde::Serialize;

use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Workspace;

/// The frame of a page. By default nobody is signed in.
#[derive(Clone, Default, Serialize)]
pub struct Frame {
    /// Who is signed in; shown with a "Sign out" form.
    pub signed_in: Option<SignedIn>,
    /// The workspace around the page. Only pages below `/settings` have one.
    pub workspace: Option<Workspace>,
    /// What was just done.
    pub flash: Option<Flash>,
    /// A passkey may be used instead of a verification code: `PublicKeyCredentialRequestOptions` as
    /// JSON. The form then posts the browser's answer as `passkey`, and no `code`.
    pub passkey: Option<String>,
}

/// The person at the browser.
#[derive(Clone, Serialize)]
pub struct SignedIn {
    /// Their e-mail address.
    pub email: String,
    /// The token of the form that posts to `/sign-out`.
    pub csrf: String,
}

impl Frame {
    /// The frame around the pages of a signed-in person.
    #[must_use]
    pub const fn of(email: String, csrf: String) -> Self {
        Self {
            signed_in: Some(SignedIn { email, csrf }),
            workspace: None,
            flash: None,
            passkey: None,
        }
    }

    /// The same, inside the workspace.
    #[must_use]
    pub fn inside(self, workspace: Workspace) -> Self {
        Self { workspace: Some(workspace), ..self }
    }

    /// The same, taking a passkey instead of a code.
    #[must_use]
    pub fn taking_passkey(self, options: String) -> Self {
        Self { passkey: Some(options), ..self }
    }

    /// The same, telling what was just done.
    #[must_use]
    pub fn telling(self, flash: Flash) -> Self {
        Self { flash: Some(flash), ..self }
    }
}
