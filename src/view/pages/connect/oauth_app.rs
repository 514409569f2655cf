//! One OAuth app: what it is, what it may ask for, where it sends people back to, and its end.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::connect::connection::AppOrigin;
use crate::view::pages::connect::connection::ClientFacts;
use crate::view::pages::connect::connection::ClientProof;
use crate::view::pages::connect::credential::SecretRow;
use crate::view::pages::connect::credential::Upkeep;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/oauth-apps/…`. Every act has a page of its own at `{href}/{act}`.
#[derive(Clone, Serialize)]
pub struct OauthApp {
    /// The frame.
    pub frame: Frame,
    /// Where this page is.
    pub href: String,
    /// The program.
    pub client: ClientFacts,
    /// How it stands.
    pub statuses: Vec<Status>,
    /// When it became known here.
    pub created: Moment,
    /// Where browsers may be sent back to, exactly.
    pub redirect_uris: Vec<String>,
    /// It has to use PKCE.
    pub pkce: bool,
    /// What it may ask for, and what it cannot work without.
    pub areas: Vec<HeldArea>,
    /// Its secrets, if it is confidential.
    pub secrets: Vec<SecretRow>,
    /// Who is responsible.
    pub upkeep: Upkeep,
    /// How many connections it has here.
    pub connections: u64,
    /// Thirty days of tokens.
    pub chart: Chart,
    /// What happened, newest first.
    pub recent: Vec<ActivityRow>,
    /// What the person may do with it, in this order.
    pub acts: Vec<OauthAppAct>,
}

/// What people may do with an OAuth app. The serialized word is its path below the app's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OauthAppAct {
    /// Change name, redirect URIs, permissions.
    Change,
    /// Say that it was looked at.
    Review,
    /// Say that it was checked.
    Approve,
    /// Not let it in.
    Block,
    /// Let it in again.
    Unblock,
    /// Make a new secret.
    Rotate,
    /// End it; can be restored.
    Revoke,
    /// Delete it.
    Delete,
    /// Bring it back.
    Restore,
}

impl Page for OauthApp {
    const TEMPLATE: &'static str = "connect/oauth_app.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use OauthAppAct as Act;
        let registered = Self {
            frame: sample::frame(Section::OauthApps),
            href: "/settings/app-connect/oauth-apps/app_01JD8W3N5T6R".to_owned(),
            client: ClientFacts::sample(),
            statuses: vec![Status::Approved],
            created: sample::moment(-200 * DAY),
            redirect_uris: vec![
                "https://app.tidewater.example/callback".to_owned(),
                "http://127.0.0.1/callback".to_owned(),
            ],
            pkce: true,
            areas: sample::held(),
            secrets: vec![SecretRow {
                shown: "cs_sec_01JD8W…f3Ts".to_owned(),
                created: sample::moment(-200 * DAY),
                last_used: None,
                stops: None,
                former: false,
            }],
            upkeep: Upkeep::sample(),
            connections: 3,
            chart: sample::chart(ChartKind::Tokens),
            recent: sample::recent(),
            acts: vec![Act::Change, Act::Rotate, Act::Block, Act::Revoke, Act::Delete],
        };
        let stranger = Self {
            client: ClientFacts::stranger(),
            statuses: vec![Status::Unreviewed],
            redirect_uris: vec!["https://claude.ai/api/mcp/auth_callback".to_owned()],
            secrets: Vec::new(),
            upkeep: Upkeep::neglected(),
            connections: 1,
            acts: vec![Act::Review, Act::Approve, Act::Block],
            ..registered.clone()
        };
        let blocked = Self {
            client: ClientFacts {
                origin: AppOrigin::Document,
                proof: ClientProof::Assertion,
                ..ClientFacts::stranger()
            },
            statuses: vec![Status::Blocked],
            pkce: false,
            connections: 0,
            chart: Chart::of(ChartKind::Tokens, Vec::new()),
            recent: Vec::new(),
            acts: vec![Act::Unblock],
            ..stranger.clone()
        };
        let revoked = Self {
            statuses: vec![Status::Revoked],
            secrets: Vec::new(),
            acts: vec![Act::Restore, Act::Delete],
            ..registered.clone()
        };
        vec![
            ("registered", registered),
            ("self-registered", stranger),
            ("blocked", blocked),
            ("revoked", revoked),
        ]
    }
}
