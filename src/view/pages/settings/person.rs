//! One person: roles, sessions, what they connected, and their leaving.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::settings::people::PersonState;
use crate::view::pages::workspace::Section;

/// `/settings/people/…`. Every act has a page of its own at `{href}/{act}`.
#[derive(Clone, Serialize)]
pub struct Person {
    /// The frame.
    pub frame: Frame,
    /// Where this page is.
    pub href: String,
    /// Their name; empty until they accepted.
    pub name: String,
    /// Their address.
    pub email: String,
    /// How they stand.
    pub state: PersonState,
    /// The titles of their roles here.
    pub roles: Vec<String>,
    /// The firm through which they come.
    pub through: Option<String>,
    /// Their second factors, counted.
    pub factors: u64,
    /// Browsers that are signed in.
    pub sessions: u64,
    /// When they last signed in.
    pub last_seen: Option<Moment>,
    /// When they came.
    pub since: Moment,
    /// Apps and connections that hang on them.
    pub access_rows: Vec<AccessRow>,
    /// What the person who looks may do, in this order.
    pub acts: Vec<PersonAct>,
    /// The token of the form that posts to `{href}/export` and is answered with all that is stored
    /// about them; none where they have no role of their own.
    pub export_csrf: Option<String>,
}

/// What may be done about a person. The serialized word is its path below the person's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonAct {
    /// Give another role.
    ChangeRole,
    /// Make a new invitation.
    InviteAgain,
    /// Sign out everywhere.
    EndSessions,
    /// A link for a lost password.
    PasswordLink,
    /// A link for a lost factor.
    FactorLink,
    /// Enable again.
    Enable,
    /// Disable.
    Disable,
    /// Take out of this company or firm: begins with the hand-over.
    RemovePerson,
    /// Erase.
    Erase,
}

impl Page for Person {
    const TEMPLATE: &'static str = "settings/person.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use PersonAct as Act;
        let active = Self {
            frame: sample::frame(Section::People),
            href: "/settings/people/u_01".to_owned(),
            name: "Sam Okafor".to_owned(),
            email: "sam@acme.example".to_owned(),
            state: PersonState::Active,
            roles: vec!["Accountant".to_owned(), "Month-end closing".to_owned()],
            through: None,
            factors: 2,
            sessions: 3,
            last_seen: Some(sample::moment(-HOUR)),
            since: sample::moment(-400 * DAY),
            access_rows: vec![
                sample::row("Invoice drafting", AccessKind::ApiCredentials, vec![Status::Expiring]),
                sample::row("ChatGPT", AccessKind::OauthConnection, vec![Status::Idle(43)]),
            ],
            acts: vec![
                Act::ChangeRole,
                Act::EndSessions,
                Act::PasswordLink,
                Act::FactorLink,
                Act::Disable,
                Act::RemovePerson,
                Act::Erase,
            ],
            export_csrf: Some(sample::csrf()),
        };
        let invited = Self {
            name: String::new(),
            state: PersonState::InvitationExpired,
            factors: 0,
            sessions: 0,
            last_seen: None,
            access_rows: Vec::new(),
            acts: vec![Act::InviteAgain, Act::RemovePerson],
            export_csrf: None,
            ..active.clone()
        };
        let disabled = Self {
            state: PersonState::Disabled,
            sessions: 0,
            acts: vec![Act::Enable, Act::RemovePerson],
            ..active.clone()
        };
        let through = Self {
            through: Some("Ledgerwise".to_owned()),
            state: PersonState::NoSecondFactor,
            acts: Vec::new(),
            export_csrf: None,
            ..active.clone()
        };
        vec![
            ("active", active),
            ("invited", invited),
            ("disabled", disabled),
            ("through-firm", through),
        ]
    }
}
