//! Instead of a lost password or a lost factor, behind a one-time link.

use serde::Serialize;

use crate::view::pages::FieldError;
use crate::view::pages::FieldProblem;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::SetupField;
use crate::view::pages::SignInError;

/// `/setup/…` for somebody who lost something: posts `csrf` and `password` to `action`, and
/// `password_again` for a new password.
#[derive(Clone, Serialize)]
pub struct Recover {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// What was lost.
    pub lost: LostThing,
    /// Whose account it is.
    pub email: String,
    /// What was wrong with a new password.
    pub errors: Vec<FieldError>,
    /// Why the password that there is was not taken.
    pub refused: Option<SignInError>,
}

/// What was lost. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LostThing {
    /// The password: another one is chosen.
    Password,
    /// The second factor: the password is proved, and another one is set up.
    Factor,
}

/// `/setup/…` for somebody who is signed in with the address that was invited: posts `csrf` to
/// `action`.
#[derive(Clone, Serialize)]
pub struct Join {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// The company or firm.
    pub place: String,
}

impl Page for Recover {
    const TEMPLATE: &'static str = "pages/recover.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let password = Self {
            frame: Frame::default(),
            csrf: "Sample-csrf".to_owned(),
            action: "/setup/Sample-link".to_owned(),
            lost: LostThing::Password,
            email: "sam@acme.example".to_owned(),
            errors: Vec::new(),
            refused: None,
        };
        let error = |field, problem| FieldError { field, problem };
        let weak = Self {
            errors: vec![
                error(SetupField::Password, FieldProblem::PasswordTooShort),
                error(SetupField::PasswordAgain, FieldProblem::PasswordsDiffer),
            ],
            ..password.clone()
        };
        let factor = Self { lost: LostThing::Factor, ..password.clone() };
        let wrong = Self { refused: Some(SignInError::WrongEmailOrPassword), ..factor.clone() };
        vec![("password", password), ("weak", weak), ("factor", factor), ("wrong", wrong)]
    }
}

impl Page for Join {
    const TEMPLATE: &'static str = "pages/join.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let join = Self {
            frame: Frame::of("sam@acme.example".to_owned(), "Sample-csrf".to_owned()),
            csrf: "Sample-csrf".to_owned(),
            action: "/setup/Sample-link".to_owned(),
            place: "Acme Trading".to_owned(),
        };
        vec![("join", join)]
    }
}
