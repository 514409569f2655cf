//! One app with API credentials: facts, permissions, secrets, use, and its end.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::place::Place;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/api-credentials/…` and `…/api-tokens/…`. Every act has a page of its own at `{href}/{act}`.
#[derive(Clone, Serialize)]
pub struct Credential {
    /// The frame.
    pub frame: Frame,
    /// Where this page is.
    pub href: String,
    /// The app's name.
    pub name: String,
    /// How it stands.
    pub statuses: Vec<Status>,
    /// The client ID; none for an API token, which is its own secret.
    pub client_id: Option<String>,
    /// The company or firm that it reaches.
    pub place: Place,
    /// Who is responsible, for what, and until when.
    pub upkeep: Upkeep,
    /// Who delegated the permissions.
    pub delegated_by: Option<String>,
    /// It was made for MCP.
    pub mcp: bool,
    /// When it was made.
    pub created: Moment,
    /// What it may do.
    pub areas: Vec<HeldArea>,
    /// Its secrets; at most two live ones.
    pub secrets: Vec<SecretRow>,
    /// How it was used lately.
    pub lately: Lately,
    /// Thirty days of calls.
    pub chart: Chart,
    /// What happened to it, newest first.
    pub recent: Vec<ActivityRow>,
    /// What the person may do with it, in this order.
    pub acts: Vec<CredentialAct>,
}

/// What people may do with an app. The serialized word is its path below the app's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialAct {
    /// Change name, permissions, expiry, owner.
    Change,
    /// Say that it was looked at.
    Review,
    /// Make a new secret.
    Rotate,
    /// Make a production app of it.
    Publish,
    /// End it; can be restored.
    Revoke,
    /// Delete it.
    Delete,
    /// Bring it back.
    Restore,
    /// Delegate its permissions in the place of somebody who left.
    TakeOver,
    /// Let somebody else delegate its permissions.
    HandOver,
}

/// Who is responsible, for what, and until when.
#[derive(Clone, Serialize)]
pub struct Upkeep {
    /// Who is responsible; none when they left.
    pub owner: Option<String>,
    /// What it is for; may be empty.
    pub purpose: String,
    /// When it ends.
    pub expires: Option<Day>,
    /// Why it never ends, if it does not.
    pub reason: String,
    /// When somebody looks at it again.
    pub review: Option<Day>,
    /// Every how many days.
    pub review_days: u64,
    /// The review is due.
    pub review_due: bool,
}

/// A secret, by its ends only.
#[derive(Clone, Serialize)]
pub struct SecretRow {
    /// Prefix and last four letters.
    pub shown: String,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// When it stops.
    pub stops: Option<Moment>,
    /// It is the one that a rotation replaced.
    pub former: bool,
}

/// "Check this connection": what came last.
#[derive(Clone, Serialize)]
pub struct Lately {
    /// The last token.
    pub token: Option<Moment>,
    /// The last call.
    pub call: Option<Moment>,
    /// The last refusal.
    pub refusal: Option<Moment>,
    /// Its page in the activity.
    pub refusal_href: Option<String>,
}

impl Upkeep {
    pub(in crate::view) fn sample() -> Self {
        Self {
            owner: Some("Dana Reyes".to_owned()),
            purpose: "Sends orders from the shop as drafts".to_owned(),
            expires: Some(sample::day(90 * DAY)),
            reason: String::new(),
            review: Some(sample::day(10 * DAY)),
            review_days: 90,
            review_due: false,
        }
    }

    pub(in crate::view) fn neglected() -> Self {
        Self {
            owner: None,
            purpose: String::new(),
            expires: None,
            reason: "The bank asks for one that never changes".to_owned(),
            review: Some(sample::day(-10 * DAY)),
            review_due: true,
            ..Self::sample()
        }
    }
}

impl Lately {
    pub(in crate::view) fn sample() -> Self {
        Self {
            token: Some(sample::moment(-2 * HOUR)),
            call: Some(sample::moment(-3 * 60)),
            refusal: Some(sample::moment(-2 * DAY)),
            refusal_href: Some("/settings/app-connect/activity/01K5ZQ8R2N7M4T".to_owned()),
        }
    }

    pub(in crate::view) const fn nothing() -> Self {
        Self { token: None, call: None, refusal: None, refusal_href: None }
    }
}

impl Page for Credential {
    const TEMPLATE: &'static str = "connect/credential.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use CredentialAct as Act;
        let secret = |shown: &str, former: bool| SecretRow {
            shown: shown.to_owned(),
            created: sample::moment(-81 * DAY),
            last_used: Some(sample::moment(-3 * 60)),
            stops: former.then(|| sample::moment(2 * HOUR)),
            former,
        };
        let live = Self {
            frame: sample::frame(Section::ApiCredentials),
            href: "/settings/app-connect/api-credentials/app_01JD7Q9V2M8K".to_owned(),
            name: "Invoice drafting".to_owned(),
            statuses: vec![Status::Active],
            client_id: Some("cs_app_01JD7Q9V2M8K".to_owned()),
            place: sample::acme(),
            upkeep: Upkeep::sample(),
            delegated_by: Some("owner@acme.example".to_owned()),
            mcp: true,
            created: sample::moment(-81 * DAY),
            areas: sample::held(),
            secrets: vec![secret("cs_sec_01JD7Q…t9Qe", false)],
            lately: Lately::sample(),
            chart: sample::chart(ChartKind::Calls),
            recent: sample::recent(),
            acts: vec![Act::Change, Act::Rotate, Act::Revoke, Act::Delete],
        };
        let rotating = Self {
            statuses: vec![Status::Rotating(sample::moment(2 * HOUR)), Status::ReviewDue],
            secrets: vec![secret("cs_sec_01JD9X…p2Lk", false), secret("cs_sec_01JD7Q…t9Qe", true)],
            upkeep: Upkeep::neglected(),
            delegated_by: None,
            acts: vec![
                Act::Change,
                Act::Review,
                Act::TakeOver,
                Act::HandOver,
                Act::Rotate,
                Act::Revoke,
            ],
            ..live.clone()
        };
        let test = Self {
            frame: sample::frame_in(Section::ApiCredentials, sample::acme_test()),
            name: sample::LONG_NAME.to_owned(),
            place: sample::acme_test(),
            statuses: vec![Status::NeverUsed],
            lately: Lately::nothing(),
            chart: sample::empty_chart(),
            recent: Vec::new(),
            secrets: vec![SecretRow {
                last_used: None, ..secret("cs_test_sec_01JD…a1B2", false)
            }],
            acts: vec![Act::Change, Act::Publish, Act::Rotate, Act::Revoke, Act::Delete],
            ..live.clone()
        };
        let revoked = Self {
            statuses: vec![Status::Revoked],
            secrets: Vec::new(),
            acts: vec![Act::Restore, Act::Delete],
            ..live.clone()
        };
        let seen = Self { acts: Vec::new(), ..live.clone() };
        let token = Self {
            frame: sample::frame(Section::ApiTokens),
            href: "/settings/app-connect/api-tokens/app_01JD7Q9V2M8K".to_owned(),
            name: "Spreadsheet refresh".to_owned(),
            client_id: None,
            secrets: vec![secret("cs_api_01JD7Q…t9Qe", false)],
            acts: vec![Act::Review, Act::Delete],
            ..live.clone()
        };
        let ended = Self {
            secrets: Vec::new(),
            statuses: vec![Status::Deleted(sample::moment(81 * DAY))],
            acts: Vec::new(),
            ..token.clone()
        };
        vec![
            ("token-ended", ended),
            ("live", live),
            ("rotating", rotating),
            ("test-unused", test),
            ("revoked", revoked),
            ("without-acts", seen),
            ("token", token),
        ]
    }
}
