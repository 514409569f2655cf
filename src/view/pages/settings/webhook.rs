//! One webhook: how it stands, and what was tried.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::settings::webhooks::URL;
use crate::view::pages::settings::webhooks::WebhookState;
use crate::view::pages::workspace::Section;

/// `/settings/webhooks/{webhook}`. Forms post to `{href}/test` and `{href}/retry`; a new secret and the end
/// are confirmed at `{href}/rotate` and `{href}/delete`.
#[derive(Clone, Serialize)]
pub struct Webhook {
    /// The frame.
    pub frame: Frame,
    /// This page.
    pub href: String,
    /// The host that is told.
    pub host: String,
    /// The whole URL.
    pub url: String,
    /// What it is for.
    pub note: String,
    /// The words of what it is told; empty: everything.
    pub events: Vec<&'static str>,
    /// When it was made.
    pub created: Moment,
    /// When something last arrived.
    pub delivered: Option<Moment>,
    /// Since when nothing has.
    pub failing_since: Option<Moment>,
    /// Until when messages are signed with the former secret too.
    pub former_until: Option<Moment>,
    /// How many messages wait.
    pub waiting: u64,
    /// How it stands.
    pub state: WebhookState,
    /// The token of the form that sends a test; none while nothing is sent.
    pub test_csrf: Option<String>,
    /// The token of the form that sends what waits, or turns it on again.
    pub retry_csrf: Option<String>,
    /// What was tried, the newest first.
    pub deliveries: Vec<Delivery>,
}

/// One attempt to deliver a message.
#[derive(Clone, Serialize)]
pub struct Delivery {
    /// The word of what was told.
    pub event: &'static str,
    /// When.
    pub at: Moment,
    /// Which attempt it was.
    pub number: u32,
    /// What came of it.
    pub outcome: DeliveryOutcome,
    /// The status that came back.
    pub status: Option<u16>,
    /// Why it failed, in words of the log; where there is no status.
    pub why: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When it is tried again.
    pub again: Option<Moment>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// It arrived.
    Delivered,
    /// It is tried again.
    Failed,
    /// It is not.
    GivenUp,
}

impl Page for Webhook {
    const TEMPLATE: &'static str = "settings/webhook.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let delivered = Delivery {
            event: "connection.created",
            at: sample::moment(-3 * 60),
            number: 1,
            outcome: DeliveryOutcome::Delivered,
            status: Some(204),
            why: None,
            took_ms: 38,
            again: None,
        };
        let failed = Delivery {
            event: "connection.revoked",
            number: 2,
            outcome: DeliveryOutcome::Failed,
            status: Some(503),
            again: Some(sample::moment(30 * 60)),
            ..delivered.clone()
        };
        let unreachable = Delivery {
            event: "webhook.test",
            status: None,
            why: Some("its address is not on the public Internet".to_owned()),
            ..failed.clone()
        };
        let given_up = Delivery {
            number: 11,
            outcome: DeliveryOutcome::GivenUp,
            again: None,
            ..failed.clone()
        };
        let works = Self {
            frame: sample::frame(Section::Webhooks),
            href: "/settings/webhooks/h_01".to_owned(),
            host: "hooks.acme.example".to_owned(),
            url: URL.to_owned(),
            note: String::new(),
            events: vec!["connection.created", "connection.revoked"],
            created: sample::moment(-40 * DAY),
            delivered: Some(sample::moment(-3 * 60)),
            failing_since: None,
            former_until: Some(sample::moment(20 * 3600)),
            waiting: 0,
            state: WebhookState::Works,
            test_csrf: Some(sample::csrf()),
            retry_csrf: None,
            deliveries: vec![delivered.clone()],
        };
        let untried = Self {
            delivered: None,
            former_until: None,
            events: Vec::new(),
            state: WebhookState::Untried,
            deliveries: Vec::new(),
            ..works.clone()
        };
        let failing = Self {
            note: "Tells the help desk".to_owned(),
            failing_since: Some(sample::moment(-2 * DAY)),
            waiting: 3,
            state: WebhookState::Failing,
            retry_csrf: Some(sample::csrf()),
            deliveries: vec![unreachable, failed, given_up, delivered],
            ..works.clone()
        };
        let disabled =
            Self { waiting: 0, state: WebhookState::Disabled, test_csrf: None, ..failing.clone() };
        let gone = Self { state: WebhookState::Gone, ..disabled.clone() };
        vec![
            ("works", works),
            ("untried", untried),
            ("failing", failing),
            ("disabled", disabled),
            ("gone", gone),
        ]
    }
}
