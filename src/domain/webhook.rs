//! Webhooks: what a company's or firm's own systems are told, to whom it is sent, and when again.
//!
//! Messages and signatures are those of Standard Webhooks (standardwebhooks.com): `webhook-id`,
//! `webhook-timestamp` and `webhook-signature: v1,<base64 of HMAC-SHA256>` over `id.timestamp.body`.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use url::Url;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::digest;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::connection::EndCause;

/// Endpoints that a company or firm may have.
pub const MOST_ENDPOINTS: usize = 10;
/// How long before its end something is announced.
pub const AHEAD: Duration = Duration::from_secs(14 * 24 * 3600);
/// An endpoint that has failed for so long without one success is disabled.
pub const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3600);
/// For so long after a new secret, messages are signed with the former one as well.
pub const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// Attempts that are kept in the log of an endpoint.
pub const LOGGED: usize = 100;
/// What stands before a secret.
const SECRET: &str = "whsec_";
/// How long after an attempt comes the next: a little over three days in all.
const PAUSES: [u64; 10] = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topic {
    /// A connection came to be.
    #[serde(rename = "connection.created")]
    ConnectionCreated,
    /// A connection ended.
    #[serde(rename = "connection.revoked")]
    ConnectionRevoked,
    /// A connection ends within two weeks, however often it is refreshed.
    #[serde(rename = "connection.expiring")]
    ConnectionExpiring,
    /// An API credential or API token ends within two weeks.
    #[serde(rename = "credential.expiring")]
    CredentialExpiring,
    /// Somebody should look at an app or a connection again.
    #[serde(rename = "review.due")]
    ReviewDue,
    /// Somebody tries the endpoint. It goes to that one alone, whatever it takes.
    #[serde(rename = "webhook.test")]
    Test,
}

impl Topic {
    /// Those that an endpoint may take.
    pub const ALL: [Self; 5] = [
        Self::ConnectionCreated,
        Self::ConnectionRevoked,
        Self::ConnectionExpiring,
        Self::CredentialExpiring,
        Self::ReviewDue,
    ];

    /// Its name, the `type` of the message.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ConnectionCreated => "connection.created",
            Self::ConnectionRevoked => "connection.revoked",
            Self::ConnectionExpiring => "connection.expiring",
            Self::CredentialExpiring => "credential.expiring",
            Self::ReviewDue => "review.due",
            Self::Test => "webhook.test",
        }
    }

    /// The one that has this name, of those that an endpoint may take.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.word() == word)
    }
}

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum EndpointStatus {
    /// It is.
    Active,
    /// It failed for days, or said that it is gone.
    Disabled {
        /// When.
        at: Timestamp,
        /// Whether it said itself that it is gone (status 410).
        gone: bool,
    },
}

/// A key of signatures that another took the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// The key, sealed.
    pub secret: Vec<u8>,
    /// Until when messages are signed with it too.
    pub until: Timestamp,
}

/// Where messages of a company or firm are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Whose it is.
    pub place: Place,
    /// Where to: https.
    pub url: String,
    /// What it takes; empty: everything.
    pub topics: Vec<Topic>,
    /// What it is for.
    #[serde(default)]
    pub note: String,
    /// The key of its signatures, sealed.
    pub secret: Vec<u8>,
    /// The key before it, for as long as its receiver may still check with that one.
    #[serde(default)]
    pub former: Option<FormerSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing has reached it; none while it works.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// When something last reached it.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// Whether it is sent anything.
    pub status: EndpointStatus,
}

impl Endpoint {
    /// Whether it is sent anything.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.status, EndpointStatus::Active)
    }

    /// Whether it takes messages of `topic`.
    #[must_use]
    pub fn takes(&self, topic: Topic) -> bool {
        self.topics.is_empty() || self.topics.contains(&topic)
    }

    /// This endpoint with another key. Messages are signed with the former one as well for a day; one
    /// that was still good from the time before is not any more.
    #[must_use]
    pub fn rotated(self, secret: Vec<u8>, now: Timestamp) -> Self {
        let former = Some(FormerSecret { secret: self.secret, until: now.plus(OVERLAP) });
        Self { secret, former, ..self }
    }

    /// The keys that sign now, sealed: the one in use first.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Vec<&[u8]> {
        let former = self.former.as_ref().filter(|former| now < former.until);
        [self.secret.as_slice()]
            .into_iter()
            .chain(former.map(|former| former.secret.as_slice()))
            .collect()
    }

    /// This endpoint after an attempt at `now`.
    #[must_use]
    pub fn after(mut self, outcome: &Attempted, now: Timestamp) -> Self {
        match outcome {
            Attempted::Delivered { .. } => {
                self.failing_since = None;
                self.delivered_at = Some(now);
            }
            Attempted::Failed { status, .. } => {
                let since = *self.failing_since.get_or_insert(now);
                let gone = *status == Some(410);
                if self.is_active() && (gone || now.since(since) >= PATIENCE) {
                    self.status = EndpointStatus::Disabled { at: now, gone };
                }
            }
        }
        self
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Attempted {
    /// With a status from 200 to 299.
    Delivered {
        /// The status.
        status: u16,
    },
    /// Otherwise.
    Failed {
        /// The status, if there was one.
        status: Option<u16>,
        /// Why, in words of ours.
        why: String,
    },
}

/// A message that waits to be delivered to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Whose endpoint it is.
    pub place: Place,
    /// What it tells.
    pub topic: Topic,
    /// What is sent, byte for byte the same at each attempt.
    pub body: String,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
}

/// One line of an endpoint's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What was told.
    pub topic: Topic,
    /// Which attempt it was; the first is 1.
    pub number: u32,
    /// How it ended.
    pub outcome: Attempted,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When it is tried again; none: it arrived, or is given up.
    pub again_at: Option<Timestamp>,
}

/// An app that went up a generation: its connections of before are over, each still to be ended and told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppOver {
    /// Its generation since.
    pub generation: u32,
    /// What became of it.
    pub status: AppStatus,
}

impl AppOver {
    /// When its connections of before ended, and why; `now` where its row does not say when.
    #[must_use]
    pub const fn how(&self, now: Timestamp) -> (Timestamp, EndCause) {
        match self.status {
            AppStatus::Revoked { at } => (at, EndCause::AppRevoked),
            AppStatus::Deleted { at } => (at, EndCause::AppDeleted),
            AppStatus::Active | AppStatus::Blocked { .. } => (now, EndCause::AppChanged),
        }
    }
}

/// Something to tell, before it is known who takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The message's id, the same for all that take it.
    pub id: RawId,
    /// To those of this company or firm.
    pub place: Place,
    /// What it tells.
    pub topic: Topic,
    /// When it happened.
    pub at: Timestamp,
    /// What is sent.
    pub body: String,
}

impl Announcement {
    /// That something happened to what `data` describes. Its id is made of what it tells, so that the
    /// same thing told twice is recognised.
    #[must_use]
    pub fn new(topic: Topic, place: Place, at: Timestamp, mut data: Value) -> Self {
        if let (Value::Object(fields), (name, id)) = (&mut data, place_field(place)) {
            fields.insert(name.to_owned(), Value::from(id));
        }
        let body = json!({"type": topic.word(), "timestamp": at.rfc3339(), "data": data});
        let body = body.to_string();
        let hash = digest::sha256(body.as_bytes());
        let id = hash.first_chunk().map_or(RawId::floor(at), |bytes| RawId::from_bytes(*bytes));
        Self { id, place, topic, at, body }
    }

    /// About a connection.
    #[must_use]
    pub fn of_connection(
        topic: Topic,
        connection: &Connection,
        at: Timestamp,
        more: Value,
    ) -> Self {
        let mut data = json!({
            "connection": connection.id.to_string(),
            "app": connection.app.to_string(),
            "user": connection.user.to_string(),
            "scope": connection.scopes.to_string(),
            "ends_at": connection.absolute_end.rfc3339(),
        });
        add(&mut data, more);
        Self::new(topic, connection.place, at, data)
    }

    /// About an app of a company or firm.
    #[must_use]
    pub fn of_app(topic: Topic, app: &App, place: Place, at: Timestamp, more: Value) -> Self {
        let owner = app.owner.as_ref().map(UserId::to_string);
        let mut data = json!({
            "app": app.id.to_string(),
            "name": app.name,
            "kind": app.kind,
            "owner": owner,
        });
        add(&mut data, more);
        Self::new(topic, place, at, data)
    }
}

fn add(data: &mut Value, more: Value) {
    if let (Value::Object(data), Value::Object(more)) = (data, more) {
        data.extend(more);
    }
}

fn place_field(place: Place) -> (&'static str, String) {
    match place {
        Place::Company(id) => ("company", id.to_string()),
        Place::Firm(id) => ("firm", id.to_string()),
    }
}

/// How a message is called on the wire.
#[must_use]
pub fn message_id(id: &RawId) -> String {
    format!("msg_{id}")
}

/// A secret as its receiver is given it.
#[must_use]
pub fn secret_text(key: &[u8]) -> String {
    format!("{SECRET}{}", encoding::base64(key))
}

/// The value of `webhook-signature`.
#[must_use]
pub fn signature(key: &[u8], message: &str, seconds: u64, body: &str) -> String {
    let signed = format!("{message}.{seconds}.{body}");
    format!("v1,{}", encoding::base64(&digest::hmac_sha256(key, signed.as_bytes())))
}

/// When attempt number `next` is made after the one before failed at `now`; none: it is given up.
/// `chance` spreads attempts by up to a fifth, so that those of a whole outage do not come at once.
#[must_use]
pub fn again(attempts: u32, now: Timestamp, chance: u16) -> Option<Timestamp> {
    let at = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let pause = Duration::from_secs(*PAUSES.get(at)?);
    let spread = pause.as_millis() * u128::from(chance) / u128::from(u16::MAX) / 5;
    let spread = Duration::from_millis(u64::try_from(spread).unwrap_or(0));
    Some(now.plus(pause + spread))
}

/// Why an endpoint cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no https URL without user name and fragment")]
pub struct NotAnEndpoint;

/// An endpoint's URL as it is kept.
///
/// # Errors
/// It is none.
pub fn endpoint_url(text: &str) -> Result<String, NotAnEndpoint> {
    let url = Url::parse(text.trim()).map_err(|_| NotAnEndpoint)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if url.scheme() != "https" || !plain || url.host_str().is_none() || url.as_str().len() > 2000 {
        return Err(NotAnEndpoint);
    }
    Ok(url.to_string())
}

/// The host that an endpoint's URL names.
#[must_use]
pub fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned()
}

/// That `connection` was made.
#[must_use]
pub fn created(connection: &Connection) -> Announcement {
    let at = connection.consented_at;
    Announcement::of_connection(Topic::ConnectionCreated, connection, at, Value::Null)
}

/// That `connection` ended; nothing while it lives.
#[must_use]
pub fn revoked(connection: &Connection) -> Option<Announcement> {
    let ConnectionStatus::Ended { at, cause } = connection.status else { return None };
    let more = json!({"revoked_at": at.rfc3339(), "cause": cause});
    Some(Announcement::of_connection(Topic::ConnectionRevoked, connection, at, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let key = data_encoding::BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signature = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn attempts_go_on_for_three_days_and_then_end() {
        let mut now = Timestamp::EPOCH;
        let mut attempts = 1;
        while let Some(next) = again(attempts, now, 0) {
            assert!(next > now);
            (now, attempts) = (next, attempts + 1);
        }
        assert_eq!(attempts, 11);
        let days = now.since(Timestamp::EPOCH).as_secs_f64() / 86_400.0;
        assert!((3.0..3.5).contains(&days), "{days}");
    }

    #[test]
    fn attempts_of_an_outage_are_spread() {
        let now = Timestamp::EPOCH;
        let (soonest, latest) = (again(5, now, 0).unwrap(), again(5, now, u16::MAX).unwrap());
        assert_eq!(latest.since(soonest).as_secs(), 7200 / 5);
    }

    #[test]
    fn only_https_is_an_endpoint() {
        for url in [
            "http://hooks.example/",
            "https://user@hooks.example/",
            "https://:pass@hooks.example/",
            "https://hooks.example/#x",
            "ftp://hooks.example/",
            "hooks.example",
            "",
        ] {
            assert_eq!(endpoint_url(url), Err(NotAnEndpoint), "{url}");
        }
        assert_eq!(
            endpoint_url(" https://Hooks.example/a?b ").unwrap(),
            "https://hooks.example/a?b"
        );
    }
}
