//! The last look before something is made or widened: a summary in words, and the second factor.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// Posts `csrf`, everything carried and `code` to `action`. "Change" posts `csrf` and everything
/// carried to `change_action`, which shows the form again.
#[derive(Clone, Serialize)]
pub struct Check {
    /// The frame.
    pub frame: Frame,
    /// What is about to be done.
    pub act: CheckAct,
    /// The name of what it is done to.
    pub name: String,
    /// The token of the confirming form.
    pub csrf: String,
    /// The path that it posts to.
    pub action: String,
    /// The token of "Change".
    pub change_csrf: String,
    /// The path that "Change" posts to.
    pub change_action: String,
    /// What was chosen, field by field.
    pub lines: Vec<CheckLine>,
    /// The permissions that it will have.
    pub areas: Vec<HeldArea>,
    /// Some of the permissions change something.
    pub writes: bool,
    /// It is for a test company.
    pub test: bool,
    /// The values that the forms carry along.
    pub carried: Vec<Carried>,
    /// What was wrong with the code.
    pub mistakes: Mistakes,
}

/// What is about to be done. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckAct {
    /// API credentials are made.
    CreateCredentials,
    /// API credentials are changed.
    ChangeCredentials,
    /// A production app is made from a test app.
    PublishCredentials,
    /// An API token is made.
    GenerateToken,
    /// An OAuth app is registered.
    RegisterApp,
    /// An OAuth app is changed.
    ChangeApp,
    /// Somebody is invited.
    InvitePerson,
    /// Somebody's role is changed.
    ChangeRoleOf,
    /// A role is made or changed.
    SaveRole,
}

impl CheckAct {
    const ALL: [(&'static str, Self); 9] = [
        ("create-credentials", Self::CreateCredentials),
        ("change-credentials", Self::ChangeCredentials),
        ("publish-credentials", Self::PublishCredentials),
        ("generate-token", Self::GenerateToken),
        ("register-app", Self::RegisterApp),
        ("change-app", Self::ChangeApp),
        ("invite-person", Self::InvitePerson),
        ("change-role-of", Self::ChangeRoleOf),
        ("save-role", Self::SaveRole),
    ];
}

/// One line of the summary.
#[derive(Clone, Serialize)]
pub struct CheckLine {
    /// The field.
    pub field: Field,
    /// What was chosen, as people read it.
    pub value: String,
}

impl Page for Check {
    const TEMPLATE: &'static str = "connect/check.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |field, value: &str| CheckLine { field, value: value.to_owned() };
        let of = |act| Self {
            frame: sample::frame(Section::ApiCredentials),
            act,
            name: "Nightly warehouse sync".to_owned(),
            csrf: sample::csrf(),
            action: "/settings/app-connect/api-credentials/create/confirm".to_owned(),
            change_csrf: sample::csrf(),
            change_action: "/settings/app-connect/api-credentials/create".to_owned(),
            lines: vec![
                line(Field::Place, "Acme Trading (test)"),
                line(Field::Expires, "19 Feb 2027"),
                line(Field::Owner, "Dana Reyes"),
                line(Field::Purpose, "Sends orders from the shop as drafts"),
                line(Field::Review, "19 Feb 2027"),
            ],
            areas: sample::held(),
            writes: true,
            test: true,
            carried: vec![Carried {
                name: "permission".to_owned(),
                value: "customers:readonly".to_owned(),
            }],
            mistakes: Mistakes::default(),
        };
        let wrong = Self {
            mistakes: Mistakes::code(CodeError::Wrong),
            test: false,
            writes: false,
            ..of(CheckAct::CreateCredentials)
        };
        let real = Self { test: false, ..of(CheckAct::CreateCredentials) };
        let invite = Self { areas: Vec::new(), ..of(CheckAct::InvitePerson) };
        let all = CheckAct::ALL.into_iter().map(|(name, act)| (name, of(act)));
        all.chain([("real-books", real), ("code-wrong", wrong), ("without-permissions", invite)])
            .collect()
    }
}
