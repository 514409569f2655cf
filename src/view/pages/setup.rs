//! A first account: the owner's at the first run, or that of somebody invited.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;

/// `/setup/…`: posts `csrf`, `name`, `email`, `password`, `password_again` to `action`, and for
/// the first owner `company` and `environment`.
#[derive(Clone, Serialize)]
pub struct Setup {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Whose account it will be.
    pub kind: SetupKind,
    /// The person's name as typed before.
    pub name: String,
    /// Their e-mail address: as typed before, or the one that was invited, which stays as it is.
    pub email: String,
    /// The first owner's company as typed before; or where somebody was invited to, which may be
    /// empty.
    pub company_name: String,
    /// The first company's kind of books.
    pub environment: BooksChoice,
    /// For an invitation: where somebody who has an account signs in, to join with it.
    pub sign_in: Option<String>,
    /// What was wrong with the last attempt.
    pub errors: Vec<FieldError>,
}

/// Whose account is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupKind {
    /// The first person on this server.
    FirstOwner,
    /// Somebody who was invited.
    Invited,
}

/// Real books or a test company. The serialized word is the value of the field `environment`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BooksChoice {
    /// Real books.
    #[default]
    Production,
    /// A company to try things in.
    Test,
}

/// A fault in one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field.
    pub field: SetupField,
    /// What is wrong with it.
    pub problem: FieldProblem,
}

/// A field of the form; the serialized word is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupField {
    /// The person's name.
    Name,
    /// Their e-mail address.
    Email,
    /// The company's name.
    Company,
    /// Real books or a test company.
    Environment,
    /// The password.
    Password,
    /// The password once more.
    PasswordAgain,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldProblem {
    /// Nothing was entered.
    Missing,
    /// It is longer than is taken.
    TooLong,
    /// It holds letters that are not taken, or has not the needed form.
    NotValid,
    /// Somebody else has it.
    Taken,
    /// The password is shorter than 12 characters.
    PasswordTooShort,
    /// The password is longer than 128 characters.
    PasswordTooLong,
    /// The password is one that many people use.
    PasswordTooCommon,
    /// The password holds the person's name, address or company.
    PasswordTooClose,
    /// The two passwords differ.
    PasswordsDiffer,
}

impl Page for Setup {
    const TEMPLATE: &'static str = "pages/setup.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let first = Self {
            frame: Frame::default(),
            csrf: "Sample-csrf".to_owned(),
            action: "/setup/Sample-link".to_owned(),
            kind: SetupKind::FirstOwner,
            name: String::new(),
            email: String::new(),
            company_name: String::new(),
            environment: BooksChoice::Production,
            sign_in: None,
            errors: Vec::new(),
        };
        let typed = Self {
            name: "Dana Reyes".to_owned(),
            email: "dana@acme.example".to_owned(),
            company_name: "Acme Trading".to_owned(),
            environment: BooksChoice::Test,
            ..first.clone()
        };
        let sign_in = Some("/sign-in?resume=Sample-resume".to_owned());
        let invited = Self { kind: SetupKind::Invited, sign_in, ..typed.clone() };
        let nowhere = Self { company_name: String::new(), name: String::new(), ..invited.clone() };
        let with = |page: &Self, errors: &[(SetupField, FieldProblem)]| Self {
            errors: errors.iter().map(|&(field, problem)| FieldError { field, problem }).collect(),
            ..page.clone()
        };
        let missing = [
            (SetupField::Name, FieldProblem::Missing),
            (SetupField::Email, FieldProblem::Missing),
            (SetupField::Company, FieldProblem::Missing),
            (SetupField::Environment, FieldProblem::Missing),
            (SetupField::Password, FieldProblem::Missing),
        ];
        let wrong = [
            (SetupField::Name, FieldProblem::TooLong),
            (SetupField::Email, FieldProblem::NotValid),
            (SetupField::Company, FieldProblem::Taken),
            (SetupField::Password, FieldProblem::PasswordTooShort),
        ];
        let password = |problem| with(&typed, &[(SetupField::Password, problem)]);
        let differ = [(SetupField::PasswordAgain, FieldProblem::PasswordsDiffer)];
        vec![
            ("first-owner-missing", with(&first, &missing)),
            ("first-owner-wrong", with(&typed, &wrong)),
            ("password-too-long", password(FieldProblem::PasswordTooLong)),
            ("password-too-common", password(FieldProblem::PasswordTooCommon)),
            ("password-too-close", password(FieldProblem::PasswordTooClose)),
            ("invited-differ", with(&invited, &differ)),
            ("first-owner", first),
            ("invited", invited),
            ("invited-nowhere", nowhere),
        ]
    }
}
