//! What forms of the workspace have in common: named fields and what can be wrong with them.

use serde::Serialize;

use crate::view::pages::CodeError;

/// A field. The serialized word is its name in the form, and the key of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The name of an app, a token, a role, a company, a firm.
    Name,
    /// A company or firm.
    Place,
    /// Permissions.
    Permissions,
    /// When it ends.
    Expires,
    /// On which day it ends, if on a day of its own.
    ExpiresOn,
    /// Why it never ends.
    Reason,
    /// Who is responsible.
    Owner,
    /// Who takes an app over.
    Successor,
    /// What it is for.
    Purpose,
    /// When somebody looks at it again.
    Review,
    /// Public or confidential.
    ClientType,
    /// Where a browser may be sent back to.
    RedirectUris,
    /// The host of whoever makes it.
    Website,
    /// The picture beside its name.
    Logo,
    /// Whether it was made for MCP.
    Mcp,
    /// An e-mail address.
    Email,
    /// A role.
    Role,
    /// The password so far.
    CurrentPassword,
    /// The new password.
    NewPassword,
    /// The new password again.
    NewPasswordAgain,
    /// Its name in addresses.
    Slug,
    /// Production or test.
    Environment,
    /// The firm that looks after a company.
    Firm,
    /// What is typed to be sure.
    TypedName,
    /// When the former secret stops.
    Overlap,
    /// Where messages are posted.
    Url,
    /// What a webhook is told.
    Events,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nothing was entered or chosen.
    Missing,
    /// It is longer than is taken.
    TooLong,
    /// It holds letters that are not taken, or has not the needed form.
    NotValid,
    /// Somebody else has it.
    Taken,
    /// The day is over.
    InThePast,
    /// Further away than is allowed.
    TooFar,
    /// The person does not hold it and so cannot give it.
    NotYours,
    /// It is not the name that was to be typed.
    NameDiffers,
    /// The file is no whole picture of a kind that is taken.
    NotAPicture,
    /// The file is longer than is taken.
    FileTooLarge,
    /// The picture has more pixels than are taken.
    TooManyPixels,
    /// Somebody else changed it while the form was open.
    ChangedMeanwhile,
    /// A firm's token reaches no MCP address.
    NotForFirms,
    /// A return address that is not accepted.
    UriNotValid,
    /// More than are taken.
    TooMany,
    /// There is none of that name here, or not any more.
    Unknown,
    /// The password so far is not right.
    PasswordWrong,
    /// The password is shorter than 12 characters.
    PasswordTooShort,
    /// The password is one that many people use.
    PasswordTooCommon,
    /// The password holds the person's name, address or company.
    PasswordTooClose,
    /// The two passwords differ.
    PasswordsDiffer,
    /// No address that messages can be posted to.
    NotHttps,
}

impl Problem {
    /// Every kind, for samples.
    pub(in crate::view) const ALL: [Self; 22] = [
        Self::Missing,
        Self::TooLong,
        Self::NotValid,
        Self::Taken,
        Self::InThePast,
        Self::TooFar,
        Self::NotYours,
        Self::NameDiffers,
        Self::NotAPicture,
        Self::FileTooLarge,
        Self::TooManyPixels,
        Self::ChangedMeanwhile,
        Self::NotForFirms,
        Self::UriNotValid,
        Self::TooMany,
        Self::Unknown,
        Self::PasswordWrong,
        Self::PasswordTooShort,
        Self::PasswordTooCommon,
        Self::PasswordTooClose,
        Self::PasswordsDiffer,
        Self::NotHttps,
    ];
}

/// A fault in one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The field.
    pub field: Field,
    /// What is wrong with it.
    pub problem: Problem,
}

impl Mistake {
    /// `problem` in `field`.
    #[must_use]
    pub const fn of(field: Field, problem: Problem) -> Self {
        Self { field, problem }
    }
}

/// Why a form was not taken. Everything that was typed or ticked is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mistakes {
    /// The faults, in the order of the fields.
    pub fields: Vec<Mistake>,
    /// What was wrong with the verification code.
    pub code: Option<CodeError>,
}

impl Mistakes {
    /// Only the code was wrong.
    #[must_use]
    pub const fn code(error: CodeError) -> Self {
        Self { fields: Vec::new(), code: Some(error) }
    }

    /// These fields were wrong.
    #[must_use]
    pub fn fields(fields: impl IntoIterator<Item = (Field, Problem)>) -> Self {
        let fields = fields.into_iter().map(|(field, problem)| Mistake { field, problem });
        Self { fields: fields.collect(), code: None }
    }
}

/// One of several to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The value of the field.
    pub value: String,
    /// What people read.
    pub title: String,
    /// Chosen.
    pub chosen: bool,
}

/// A value that a form carries along unseen.
#[derive(Clone, Serialize)]
pub struct Carried {
    /// The field.
    pub name: String,
    /// Its value.
    pub value: String,
}
