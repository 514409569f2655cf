//! Webhooks: where a company's or firm's own systems are told, how each stands, and the form of a new one.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::workspace::Section;

/// `/settings/webhooks`.
#[derive(Clone, Serialize)]
pub struct Webhooks {
    /// The frame.
    pub frame: Frame,
    /// One a webhook.
    pub rows: Vec<WebhookRow>,
    /// There may be another.
    pub may_create: bool,
}

/// A webhook in the list.
#[derive(Clone, Serialize)]
pub struct WebhookRow {
    /// Its page.
    pub href: String,
    /// The host that is told.
    pub host: String,
    /// The whole URL.
    pub url: String,
    /// The words of what it is told; empty: everything.
    pub events: Vec<&'static str>,
    /// When something last arrived.
    pub delivered: Option<Moment>,
    /// How it stands.
    pub state: WebhookState,
}

/// How a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// What was last sent arrived.
    Works,
    /// Nothing was sent to it yet.
    Untried,
    /// What was last sent did not arrive; it is tried again.
    Failing,
    /// It failed for days: nothing is sent to it.
    Disabled,
    /// It said itself that it is gone.
    Gone,
}

/// The form of a new webhook: posts `csrf`, `url`, each ticked `event` and `code` to `action`.
#[derive(Clone, Serialize)]
pub struct WebhookForm {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// The URL so far.
    pub url: String,
    /// What it can be told.
    pub events: Vec<EventTick>,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// Something that a webhook can be told.
#[derive(Clone, Serialize)]
pub struct EventTick {
    /// The word of the event, the value of the field.
    pub word: &'static str,
    /// What it means.
    pub event: WebhookEvent,
    /// Ticked.
    pub ticked: bool,
}

/// What a webhook can be told. The serialized word is the key of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is told by its text in the catalogue")]
pub enum WebhookEvent {
    ConnectionCreated,
    ConnectionRevoked,
    ConnectionExpiring,
    CredentialExpiring,
    ReviewDue,
}

pub(super) const URL: &str = "https://hooks.acme.example/countersign?tenant=7";

impl Page for Webhooks {
    const TEMPLATE: &'static str = "settings/webhooks.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |state, delivered: Option<i64>| WebhookRow {
            href: "/settings/webhooks/h_01".to_owned(),
            host: "hooks.acme.example".to_owned(),
            url: URL.to_owned(),
            events: Vec::new(),
            delivered: delivered.map(sample::moment),
            state,
        };
        let some = WebhookRow {
            events: vec!["connection.created", "connection.revoked"],
            ..row(WebhookState::Works, Some(-3 * 60))
        };
        let rows = vec![
            some,
            row(WebhookState::Untried, None),
            row(WebhookState::Failing, Some(-2 * DAY)),
            row(WebhookState::Disabled, Some(-9 * DAY)),
            row(WebhookState::Gone, None),
        ];
        let all = Self { frame: sample::frame(Section::Webhooks), rows, may_create: true };
        let full = Self { may_create: false, ..all.clone() };
        let none = Self { rows: Vec::new(), ..all.clone() };
        vec![("all", all), ("full", full), ("empty", none)]
    }
}

impl Page for WebhookForm {
    const TEMPLATE: &'static str = "settings/webhook_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let tick = |word, event| EventTick { word, event, ticked: true };
        let events = vec![
            tick("connection.created", WebhookEvent::ConnectionCreated),
            tick("connection.revoked", WebhookEvent::ConnectionRevoked),
            tick("connection.expiring", WebhookEvent::ConnectionExpiring),
            tick("credential.expiring", WebhookEvent::CredentialExpiring),
            tick("review.due", WebhookEvent::ReviewDue),
        ];
        let new = Self {
            frame: sample::frame(Section::Webhooks),
            csrf: sample::csrf(),
            action: "/settings/webhooks/create".to_owned(),
            url: String::new(),
            events,
            mistakes: Mistakes::default(),
        };
        let unticked = |it: &EventTick| EventTick { ticked: false, ..it.clone() };
        let wrong = Self {
            url: "http://hooks.acme.example".to_owned(),
            events: new.events.iter().map(unticked).collect(),
            mistakes: Mistakes::fields([
                (Field::Url, Problem::NotHttps),
                (Field::Events, Problem::Missing),
            ]),
            ..new.clone()
        };
        let coded =
            Self { url: URL.to_owned(), mistakes: Mistakes::code(CodeError::Wrong), ..new.clone() };
        vec![("new", new), ("wrong", wrong), ("code-wrong", coded)]
    }
}
