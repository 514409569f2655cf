//! The OAuth apps of a company or firm, and by which rules programs may register themselves.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::connect::connection::ClientFacts;
use crate::view::pages::connect::connection::ClientProof;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/oauth-apps`.
#[derive(Clone, Serialize)]
pub struct OauthApps {
    /// The frame.
    pub frame: Frame,
    /// Apps that somebody here registered.
    pub registered: Vec<OauthAppRow>,
    /// Apps that registered themselves.
    pub strangers: Vec<OauthAppRow>,
    /// By which rule programs may register themselves.
    pub registration: RegistrationPolicy,
    /// By which rule documents at a program's own address are taken.
    pub documents: RegistrationPolicy,
    /// Hosts and addresses on the list, where the rule is a list.
    pub allowed: Vec<String>,
    /// The person may register apps.
    pub may_register: bool,
    /// The way through.
    pub paging: Paging,
}

/// A row.
#[derive(Clone, Serialize)]
pub struct OauthAppRow {
    /// The program.
    pub client: ClientFacts,
    /// Where its page is.
    pub href: String,
    /// How many connections it has here.
    pub connections: u64,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// How it stands.
    pub statuses: Vec<Status>,
}

/// By which rule programs may become known by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationPolicy {
    /// Not at all.
    Off,
    /// Those on a list.
    AllowList,
    /// Those that show a token handed out before.
    InitialToken,
    /// Any.
    Open,
}

impl Page for OauthApps {
    const TEMPLATE: &'static str = "connect/oauth_apps.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |client, statuses| OauthAppRow {
            client,
            href: "/settings/app-connect/oauth-apps/app_01JD8W3N5T6R".to_owned(),
            connections: 3,
            last_used: Some(sample::moment(-2 * DAY)),
            statuses,
        };
        let full = Self {
            frame: sample::frame(Section::OauthApps),
            registered: vec![
                row(ClientFacts::sample(), vec![Status::Approved]),
                OauthAppRow {
                    connections: 1,
                    last_used: None,
                    ..row(
                        ClientFacts { name: sample::LONG_NAME.to_owned(), ..ClientFacts::sample() },
                        vec![Status::ReviewDue],
                    )
                },
            ],
            strangers: vec![
                row(ClientFacts::stranger(), vec![Status::Unreviewed]),
                row(
                    ClientFacts { proof: ClientProof::Assertion, ..ClientFacts::stranger() },
                    vec![Status::Blocked],
                ),
            ],
            registration: RegistrationPolicy::AllowList,
            documents: RegistrationPolicy::AllowList,
            allowed: vec!["https://claude.ai/".to_owned(), "https://chatgpt.com/".to_owned()],
            may_register: true,
            paging: Paging::default(),
        };
        let empty = Self {
            registered: Vec::new(),
            strangers: Vec::new(),
            registration: RegistrationPolicy::Off,
            documents: RegistrationPolicy::Off,
            allowed: Vec::new(),
            ..full.clone()
        };
        let open = Self {
            registration: RegistrationPolicy::Open,
            documents: RegistrationPolicy::Open,
            may_register: false,
            allowed: Vec::new(),
            ..full.clone()
        };
        let by_token = Self { registration: RegistrationPolicy::InitialToken, ..full.clone() };
        vec![("full", full), ("empty", empty), ("open", open), ("initial-token", by_token)]
    }
}
