//! One connection: what a person let a program do, since when, and how it is used.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::connect::credential::Lately;
use crate::view::pages::connect::credential::Upkeep;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::place::Place;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/oauth-connections/…`. Its end is confirmed at `{href}/delete`.
#[derive(Clone, Serialize)]
pub struct Connection {
    /// The frame.
    pub frame: Frame,
    /// Where this page is.
    pub href: String,
    /// The program.
    pub client: ClientFacts,
    /// How it stands.
    pub statuses: Vec<Status>,
    /// The company or firm.
    pub place: Place,
    /// The person who allowed it.
    pub person: String,
    /// When.
    pub consented: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// From where it was last used; may be empty.
    pub last_address: String,
    /// When it ends by itself if it is not used.
    pub ends_unused: Option<Moment>,
    /// What it was asked for: the resource, as the program named it.
    pub resource: Option<String>,
    /// The company's MCP URL, if that is what it uses.
    pub mcp_url: Option<String>,
    /// What it may do.
    pub areas: Vec<HeldArea>,
    /// Who is responsible for it.
    pub upkeep: Upkeep,
    /// What came last.
    pub lately: Lately,
    /// Thirty days of calls.
    pub chart: Chart,
    /// What happened, newest first.
    pub recent: Vec<ActivityRow>,
    /// The person may end it.
    pub may_delete: bool,
    /// The person may name an owner and a purpose, and note reviews.
    pub may_change: bool,
}

/// A program, as far as is known about it.
#[derive(Clone, Serialize)]
pub struct ClientFacts {
    /// Its name.
    pub name: String,
    /// It chose the name itself: shown in quotes.
    pub quoted: bool,
    /// Where its logo is served, if it has one.
    pub logo: Option<String>,
    /// The letter in its tile, without a logo.
    pub initial: String,
    /// The client ID.
    pub client_id: String,
    /// The host behind it: of its web site, or where it sends people back to.
    pub host: String,
    /// How it came to be known here.
    pub origin: AppOrigin,
    /// How it proves itself.
    pub proof: ClientProof,
    /// Its page among the OAuth apps, if the person may see that.
    pub href: Option<String>,
}

/// How an app came to be known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AppOrigin {
    /// Somebody registered it here.
    Registered,
    /// It registered itself.
    RegisteredItself,
    /// A document at its own address describes it.
    Document,
    /// The operator published it for all companies.
    Published,
}

/// How an app proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientProof {
    /// It cannot keep a secret; PKCE only.
    Public,
    /// A client secret.
    Secret,
    /// Assertions signed with its own key.
    Assertion,
}

impl ClientFacts {
    pub(in crate::view) fn sample() -> Self {
        Self {
            name: "Tidewater Reports".to_owned(),
            quoted: false,
            logo: Some(sample::LOGO.to_owned()),
            initial: "T".to_owned(),
            client_id: "cs_app_01JD8W3N5T6R".to_owned(),
            host: "app.tidewater.example".to_owned(),
            origin: AppOrigin::Registered,
            proof: ClientProof::Secret,
            href: Some("/settings/app-connect/oauth-apps/app_01JD8W3N5T6R".to_owned()),
        }
    }

    pub(in crate::view) fn stranger() -> Self {
        Self {
            name: "Claude".to_owned(),
            quoted: true,
            logo: None,
            initial: "C".to_owned(),
            host: "claude.ai".to_owned(),
            origin: AppOrigin::RegisteredItself,
            proof: ClientProof::Public,
            ..Self::sample()
        }
    }
}

impl Page for Connection {
    const TEMPLATE: &'static str = "connect/connection.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let active = Self {
            frame: sample::frame(Section::OauthConnections),
            href: "/settings/app-connect/oauth-connections/c_01JD9".to_owned(),
            client: ClientFacts::sample(),
            statuses: vec![Status::Active],
            place: sample::acme(),
            person: "Dana Reyes".to_owned(),
            consented: sample::moment(-30 * DAY),
            last_used: Some(sample::moment(-90)),
            last_address: "192.0.2.7".to_owned(),
            ends_unused: Some(sample::moment(90 * DAY)),
            resource: Some("https://books.example/companies/acme/mcp".to_owned()),
            mcp_url: Some("https://books.example/companies/acme/mcp".to_owned()),
            areas: sample::held(),
            upkeep: Upkeep::sample(),
            lately: Lately::sample(),
            chart: sample::chart(ChartKind::Calls),
            recent: sample::recent(),
            may_delete: true,
            may_change: true,
        };
        let stranger = Self {
            client: ClientFacts::stranger(),
            statuses: vec![Status::NeedsReconnecting, Status::Unreviewed],
            place: sample::ledgerwise(),
            upkeep: Upkeep::neglected(),
            ..active.clone()
        };
        let unused = Self {
            client: ClientFacts {
                origin: AppOrigin::Document,
                proof: ClientProof::Assertion,
                href: None,
                ..ClientFacts::stranger()
            },
            statuses: vec![Status::NeverUsed],
            last_used: None,
            last_address: String::new(),
            ends_unused: None,
            resource: None,
            mcp_url: None,
            areas: Vec::new(),
            lately: Lately::nothing(),
            chart: sample::empty_chart(),
            recent: Vec::new(),
            may_delete: false,
            may_change: false,
            ..active.clone()
        };
        let ends = |seconds| Self { ends_unused: Some(sample::moment(seconds)), ..active.clone() };
        let soon = [("ends-in-minutes", ends(600)), ("ends-in-hours", ends(5 * HOUR))];
        let later = [("ends-in-days", ends(20 * DAY)), ("ends-in-years", ends(400 * DAY))];
        let published = Self {
            client: ClientFacts { origin: AppOrigin::Published, ..ClientFacts::sample() },
            statuses: vec![Status::Idle(43)],
            ..active.clone()
        };
        let mut all = vec![
            ("active", active.clone()),
            ("needs-reconnecting", stranger),
            ("never-used", unused),
            ("published", published),
        ];
        all.extend(soon.into_iter().chain(later));
        all
    }
}
