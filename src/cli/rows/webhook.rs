//! Webhooks and what was tried with them.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::time;
use crate::domain::webhook;
use crate::domain::webhook::Attempted;
use crate::domain::webhook::EndpointStatus;
use crate::domain::webhook::Topic;
use crate::ops::webhooks::ListedEndpoint;
use crate::ops::webhooks::manage::CreatedEndpoint;
use crate::ops::webhooks::manage::LoggedAttempt;

/// A webhook: never its secret.
#[derive(Debug, Serialize)]
pub struct WebhookRow {
    id: String,
    company: Option<String>,
    firm: Option<String>,
    url: String,
    /// Empty: everything.
    events: Vec<&'static str>,
    note: String,
    /// `active`, `failing` or `disabled`.
    status: &'static str,
    /// Since when nothing has reached it.
    failing_since: Option<String>,
    delivered_at: Option<String>,
    created_at: String,
}

impl WebhookRow {
    pub(in crate::cli) fn of(listed: &ListedEndpoint, names: &Names) -> Self {
        let endpoint = &listed.endpoint;
        Self {
            id: listed.id.to_string(),
            company: names.company_of(Some(endpoint.place)),
            firm: names.firm_of(Some(endpoint.place)),
            url: endpoint.url.clone(),
            events: endpoint.topics.iter().copied().map(Topic::word).collect(),
            note: endpoint.note.clone(),
            status: match endpoint.status {
                EndpointStatus::Disabled { .. } => "disabled",
                EndpointStatus::Active if endpoint.failing_since.is_some() => "failing",
                EndpointStatus::Active => "active",
            },
            failing_since: time(endpoint.failing_since),
            delivered_at: time(endpoint.delivered_at),
            created_at: endpoint.created_at.rfc3339(),
        }
    }
}

impl Listed for WebhookRow {
    const HEADINGS: &'static [&'static str] = &["id", "of", "url", "events", "status", "delivered"];
    const NONE: &'static str = "There are no webhooks yet.";

    fn cells(&self) -> Vec<String> {
        let events = match self.events.as_slice() {
            [] => String::from("all"),
            events => events.join(", "),
        };
        vec![
            self.id.clone(),
            text(self.company.as_ref().or(self.firm.as_ref())),
            self.url.clone(),
            events,
            self.status.to_owned(),
            text(self.delivered_at.as_ref()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("failing since", text(self.failing_since.as_ref())));
        facts.push(("note", self.note.clone()));
        facts.push(("created", self.created_at.clone()));
        facts
    }
}

/// A webhook that was made just now, with its secret: shown once.
#[derive(Debug, Serialize)]
pub struct NewWebhookRow {
    #[serde(flatten)]
    listed: WebhookRow,
    secret: String,
}

impl NewWebhookRow {
    pub(in crate::cli) fn of(made: &CreatedEndpoint, names: &Names) -> Self {
        let secret = made.secret.expose().to_owned();
        Self { listed: WebhookRow::of(&made.listed, names), secret }
    }

    /// As a person reads it.
    pub(in crate::cli) fn told(&self) -> String {
        let WebhookRow { id, url, .. } = &self.listed;
        format!(
            "Webhook {id} to {url}. Its receiver checks signatures with\n\n  {}\n\n\
             which is shown this once.\n",
            self.secret
        )
    }
}

/// One attempt to deliver.
#[derive(Debug, Serialize)]
pub struct AttemptRow {
    at: String,
    message: String,
    event: &'static str,
    attempt: u32,
    /// `delivered`, `failed` (tried again) or `given up`.
    outcome: &'static str,
    /// The status that the receiver answered with.
    status: Option<u16>,
    /// Why it failed.
    cause: Option<String>,
    took_ms: u64,
    again_at: Option<String>,
}

impl AttemptRow {
    pub(in crate::cli) fn of(logged: &LoggedAttempt) -> Self {
        let attempt = &logged.attempt;
        let (outcome, status, cause) = match &attempt.outcome {
            Attempted::Delivered { status } => ("delivered", Some(*status), None),
            Attempted::Failed { status, why } => {
                let again = attempt.again_at.is_some();
                (if again { "failed" } else { "given up" }, *status, Some(why.clone()))
            }
        };
        Self {
            at: logged.at.rfc3339(),
            message: webhook::message_id(&logged.message),
            event: attempt.topic.word(),
            attempt: attempt.number,
            outcome,
            status,
            cause,
            took_ms: attempt.took_ms,
            again_at: time(attempt.again_at),
        }
    }
}

impl Listed for AttemptRow {
    const HEADINGS: &'static [&'static str] =
        &["at", "event", "attempt", "outcome", "ms", "again", "cause"];
    const NONE: &'static str = "Nothing was sent yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.at.clone(),
            self.event.to_owned(),
            self.attempt.to_string(),
            self.outcome.to_owned(),
            self.took_ms.to_string(),
            text(self.again_at.as_ref()),
            text(self.cause.as_ref()),
        ]
    }
}
