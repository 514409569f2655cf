//! The people of a company or firm, and the form that invites one more.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/people`. The filter asks (GET) for `q`.
#[derive(Clone, Serialize)]
pub struct People {
    /// The frame.
    pub frame: Frame,
    /// The rows of this page.
    pub rows: Vec<PersonRow>,
    /// The way through.
    pub paging: Paging,
    /// Part of a name or an address.
    pub query: String,
    /// The person may invite.
    pub may_invite: bool,
}

/// A row.
#[derive(Clone, Serialize)]
pub struct PersonRow {
    /// Their name; empty until they accepted.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Where their page is.
    pub href: String,
    /// The titles of their roles here.
    pub roles: Vec<String>,
    /// The firm through which they come, if they do.
    pub through: Option<String>,
    /// When they last signed in.
    pub last_seen: Option<Moment>,
    /// How they stand.
    pub state: PersonState,
}

/// How a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// Can sign in.
    Active,
    /// Has a link and has not used it.
    Invited,
    /// The link was not used in time.
    InvitationExpired,
    /// Has no second factor yet.
    NoSecondFactor,
    /// Disabled by an administrator.
    Disabled,
}

/// `/settings/people/invite` and the change of a role: posts `csrf`, `name`, `email` and `role` to
/// `action`, which answers with the page that sums it up.
#[derive(Clone, Serialize)]
pub struct RoleForm {
    /// The frame.
    pub frame: Frame,
    /// Somebody new, or somebody who is here.
    pub inviting: bool,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The roles to choose from: those that give no more than the person has.
    pub roles: Vec<RoleChoice>,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// A role to choose.
#[derive(Clone, Serialize)]
pub struct RoleChoice {
    /// The role.
    pub role: Choice,
    /// What it allows, in a line.
    pub hint: String,
}

impl Page for People {
    const TEMPLATE: &'static str = "settings/people.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, role: &str, state| PersonRow {
            name: name.to_owned(),
            email: "someone@acme.example".to_owned(),
            href: "/settings/people/u_01".to_owned(),
            roles: vec![role.to_owned()],
            through: None,
            last_seen: Some(sample::moment(-3 * HOUR)),
            state,
        };
        let full = Self {
            frame: sample::frame(Section::People),
            rows: vec![
                row("Dana Reyes", "Owner", PersonState::Active),
                PersonRow {
                    through: Some("Ledgerwise".to_owned()),
                    roles: vec!["Accountant".to_owned(), "Month-end closing".to_owned()],
                    ..row("Kim Larsen", "", PersonState::Active)
                },
                PersonRow { last_seen: None, ..row("", "Viewer", PersonState::Invited) },
                PersonRow { last_seen: None, ..row("", "Viewer", PersonState::InvitationExpired) },
                row("Robin Ash", "Viewer", PersonState::NoSecondFactor),
                PersonRow {
                    last_seen: Some(sample::moment(-200 * DAY)),
                    ..row(sample::LONG_NAME, "Administrator", PersonState::Disabled)
                },
            ],
            paging: Paging { previous: None, next: Some("?after=Sample-cursor".to_owned()) },
            query: String::new(),
            may_invite: true,
        };
        let alone = Self {
            rows: vec![row("Dana Reyes", "Owner", PersonState::Active)],
            paging: Paging::default(),
            ..full.clone()
        };
        let nobody = Self {
            rows: Vec::new(),
            query: "zz".to_owned(),
            may_invite: false,
            paging: Paging::default(),
            ..full.clone()
        };
        vec![("full", full), ("alone", alone), ("nobody-found", nobody)]
    }
}

impl Page for RoleForm {
    const TEMPLATE: &'static str = "settings/role_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let role = |value, title, hint: &str, chosen| RoleChoice {
            role: sample::choice(value, title, chosen),
            hint: hint.to_owned(),
        };
        let invite = Self {
            frame: sample::frame(Section::People),
            inviting: true,
            csrf: sample::csrf(),
            action: "/settings/people/invite".to_owned(),
            back: Section::People.path().to_owned(),
            name: String::new(),
            email: String::new(),
            roles: vec![
                role("viewer", "Viewer", "Sees everything, changes nothing", true),
                role("accountant", "Accountant", "", false),
                role("owner", "Owner", "Everything, and who may do what", false),
            ],
            mistakes: Mistakes::default(),
        };
        let wrong = Self {
            name: "Sam Okafor".to_owned(),
            email: "sam".to_owned(),
            mistakes: Mistakes::fields([
                (Field::Email, Problem::NotValid),
                (Field::Role, Problem::NotYours),
            ]),
            ..invite.clone()
        };
        let change = Self {
            inviting: false,
            name: "Sam Okafor".to_owned(),
            email: "sam@acme.example".to_owned(),
            ..invite.clone()
        };
        vec![("invite", invite), ("invite-wrong", wrong), ("change", change)]
    }
}
