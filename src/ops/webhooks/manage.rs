//! Making, listing, trying, enabling and deleting endpoints, and their secrets.

use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::webhook;
use crate::domain::webhook::Announcement;
use crate::domain::webhook::Attempt;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointStatus;
use crate::domain::webhook::MOST_ENDPOINTS;
use crate::domain::webhook::Outgoing;
use crate::domain::webhook::Topic;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::names;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::sessions::LiveSession;
use crate::ops::webhooks::ListedEndpoint;
use crate::ops::webhooks::SEAL;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::WebhookLog;
use crate::store::tables::WebhookOutbox;
use crate::store::tables::Webhooks;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Messages that are tried again at once, or counted, at most.
const RETRIED: usize = 1000;

/// A new endpoint, and the secret that its receiver checks signatures with: shown now and never again.
#[derive(Clone, Debug)]
pub struct CreatedEndpoint {
    /// As it is listed.
    pub listed: ListedEndpoint,
    /// `whsec_…`.
    pub secret: Secret,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Whose it is.
    pub place: Place,
    /// Where to.
    pub url: String,
    /// What it takes; empty: everything.
    pub topics: Vec<Topic>,
    /// What it is for.
    pub note: String,
}

/// A line of an endpoint's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// When it was made.
    pub at: Timestamp,
    /// Of which message.
    pub message: RawId,
    /// What came of it.
    pub attempt: Attempt,
}

struct Create {
    id: RawId,
    endpoint: Endpoint,
    origin: Origin,
}

impl Operation for Create {
    type Outcome = Result<(), Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { id, endpoint, origin } = self;
        if reader.under::<Webhooks>(&endpoint.place)?.len() >= MOST_ENDPOINTS {
            return Ok(Decision::unchanged(Err(Refusal::TooManyWebhooks)));
        }
        let mut changes = Changes::new();
        changes.put::<Webhooks>(&(endpoint.place, id), &endpoint)?;
        changes.record(event(&endpoint, endpoint.created_at, origin, "created"));
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

/// That something was done with an endpoint.
pub(in crate::ops) fn event(
    endpoint: &Endpoint,
    at: Timestamp,
    origin: Origin,
    what: &str,
) -> Event {
    let host = webhook::host_of(&endpoint.url);
    let event = Event::new(EventKind::WebhookChanged, at, origin).place(endpoint.place);
    event.cause(format!("{what}: {host}"))
}

/// What is done with an endpoint that is there.
enum Act {
    Delete,
    Enable,
    Test(Box<Announcement>),
    /// What waits for its next attempt is due now.
    Retry,
    /// Another key, sealed.
    Rotate(Vec<u8>),
}

struct Change {
    place: Place,
    id: RawId,
    act: Act,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Change {
    type Outcome = Result<Endpoint, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { place, id, act, now, origin } = self;
        let Some(mut endpoint) = reader.get::<Webhooks>(&(place, id))? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownWebhook)));
        };
        let mut changes = Changes::new();
        match act {
            Act::Delete => {
                changes.delete::<Webhooks>(&(place, id));
                for (key, _) in reader.under::<WebhookLog>(&id)? {
                    forget(&mut changes, &key);
                }
                changes.record(event(&endpoint, now, origin, "deleted"));
            }
            // It is sent to already.
            Act::Enable if endpoint.is_active() => {}
            Act::Enable => {
                endpoint.status = EndpointStatus::Active;
                endpoint.failing_since = None;
                changes.put::<Webhooks>(&(place, id), &endpoint)?;
                changes.record(event(&endpoint, now, origin, "enabled"));
            }
            Act::Test(_) | Act::Retry if !endpoint.is_active() => {
                return Ok(Decision::unchanged(Err(Refusal::WebhookDisabled)));
            }
            Act::Retry => retry(reader, &mut changes, id, now)?,
            Act::Rotate(secret) => {
                endpoint = endpoint.rotated(secret, now);
                changes.put::<Webhooks>(&(place, id), &endpoint)?;
                changes.record(event(&endpoint, now, origin, "new secret"));
            }
            Act::Test(told) => {
                let Announcement { topic, body, .. } = *told;
                let row = Outgoing { place, topic, body, attempts: 0 };
                changes.put::<WebhookOutbox>(&(id, now, told.id), &row)?;
            }
        }
        Ok(Decision { changes, outcome: Ok(endpoint) })
    }
}

/// What is due already is being sent, or is about to be: it stays where it is.
fn retry(
    reader: &Reader<'_>,
    changes: &mut Changes,
    id: RawId,
    now: Timestamp,
) -> Result<(), Fault> {
    for (key, waiting) in reader.under_after::<WebhookOutbox>(&id, None, RETRIED)? {
        if let Some((endpoint, due, message)) = tables::endpoint_key(&key)
            && due > now
        {
            changes.delete::<WebhookOutbox>(&(endpoint, due, message));
            changes.put::<WebhookOutbox>(&(endpoint, now, message), &waiting)?;
        }
    }
    Ok(())
}

/// Removes a line of the log by its key.
pub(in crate::ops) fn forget(changes: &mut Changes, key: &[u8]) {
    if let Some((endpoint, at, message)) = tables::endpoint_key(key) {
        changes.delete::<WebhookLog>(&(endpoint, at, message));
    }
}

impl Ops {
    /// Makes an endpoint. Its secret is shown this once.
    ///
    /// # Errors
    /// The URL is no endpoint's, or there are too many already; for people, also what
    /// `Ops::administer` says.
    pub async fn create_webhook(
        &self,
        new: NewEndpoint,
        by: impl Into<By>,
    ) -> Outcome<CreatedEndpoint, Refusal> {
        let (NewEndpoint { place, url, topics, note }, by) = (new, by.into());
        let url = webhook::endpoint_url(&url).map_err(|_| Failure::Refused(Refusal::WebhookUrl))?;
        if !note.is_empty() {
            names::checked(&note).map_err(Failure::Refused)?;
        }
        let now = self.now();
        let id = RawId::make(now, self.entropy.as_ref());
        let (key, sealed) = self.new_webhook_key(id)?;
        let endpoint = Endpoint {
            place,
            url,
            topics,
            note,
            secret: sealed,
            former: None,
            created_at: now,
            failing_since: None,
            delivered_at: None,
            status: EndpointStatus::Active,
        };
        let create = Create { id, endpoint: endpoint.clone(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Administers(place)), create).await?;
        let secret = webhook::secret_text(&key).into();
        Ok(CreatedEndpoint { listed: ListedEndpoint { id, endpoint }, secret })
    }

    fn new_webhook_key(&self, id: RawId) -> Result<([u8; 32], Vec<u8>), Fault> {
        let key = self.draw::<32>();
        let sealed = self.keys.seal(SEAL, id.bytes(), &key, self.draw()).map_err(Fault::engine)?;
        Ok((key, sealed))
    }

    /// The endpoints of a company or firm; of all without one.
    ///
    /// # Errors
    /// The store failed.
    pub fn webhooks(&self, place: Option<Place>) -> Result<Vec<ListedEndpoint>, Fault> {
        let rows = self.store.read(|reader| match place {
            Some(place) => reader.under::<Webhooks>(&place),
            None => reader.all::<Webhooks>(),
        })?;
        let listed = rows.into_iter().filter_map(|(key, endpoint)| {
            tables::last_id(&key).map(|id| ListedEndpoint { id, endpoint })
        });
        Ok(listed.collect())
    }

    /// The same of `place`, for a person who administers it.
    ///
    /// # Errors
    /// What `Ops::look_for` says.
    pub fn webhooks_for(
        &self,
        live: &LiveSession,
        place: Place,
    ) -> Outcome<Vec<ListedEndpoint>, Refusal> {
        self.look_for(live, Authority::Administers(place), |_| Ok(Ok(())))?;
        Ok(self.webhooks(Some(place))?)
    }

    /// One endpoint by its id.
    ///
    /// # Errors
    /// There is none.
    pub fn find_webhook(&self, id: RawId) -> Outcome<ListedEndpoint, Refusal> {
        let found = self.webhooks(None)?.into_iter().find(|listed| listed.id == id);
        found.ok_or(Failure::Refused(Refusal::UnknownWebhook))
    }

    /// What was tried with an endpoint, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn webhook_log(&self, id: RawId) -> Result<Vec<LoggedAttempt>, Fault> {
        let rows = self.store.read(|reader| reader.under::<WebhookLog>(&id))?;
        let logged = rows.into_iter().rev().filter_map(|(key, attempt)| {
            let (_, at, message) = tables::endpoint_key(&key)?;
            Some(LoggedAttempt { at, message, attempt })
        });
        Ok(logged.collect())
    }

    /// How many messages wait for an endpoint; no more than a thousand are counted.
    ///
    /// # Errors
    /// The store failed.
    pub fn webhook_waiting(&self, id: RawId) -> Result<u64, Fault> {
        let waiting = |reader: &Reader<'_>| {
            Ok(reader.under_after::<WebhookOutbox>(&id, None, RETRIED)?.len() as u64)
        };
        self.store.read(waiting)
    }

    /// Deletes an endpoint and its log. What waits for it is not sent any more.
    ///
    /// # Errors
    /// There is none; for people, also what `Ops::administer` says.
    pub async fn delete_webhook(&self, id: RawId, by: impl Into<By>) -> Outcome<Endpoint, Refusal> {
        self.change_webhook(id, Act::Delete, Needs::confirmed, by.into()).await
    }

    /// Sends to an endpoint again that was disabled.
    ///
    /// # Errors
    /// There is none; for people, also what `Ops::administer` says.
    pub async fn enable_webhook(&self, id: RawId, by: impl Into<By>) -> Outcome<Endpoint, Refusal> {
        self.change_webhook(id, Act::Enable, Needs::only, by.into()).await
    }

    /// Puts a message into its outbox that says it is a test. The server sends it while it runs.
    ///
    /// # Errors
    /// There is none, or it is disabled; for people, also what `Ops::administer` says.
    pub async fn test_webhook(&self, id: RawId, by: impl Into<By>) -> Outcome<Endpoint, Refusal> {
        let place = self.find_webhook(id)?.endpoint.place;
        let data = json!({"text": "This is a test.", "nonce": self.unique()});
        let told = Announcement::new(Topic::Test, place, self.now(), data);
        self.change_webhook(id, Act::Test(Box::new(told)), Needs::only, by.into()).await
    }

    /// Tries at once what waits for its next attempt: of the messages that are due soonest, a thousand.
    ///
    /// # Errors
    /// There is none, or it is disabled; for people, also what `Ops::administer` says.
    pub async fn retry_webhook(&self, id: RawId, by: impl Into<By>) -> Outcome<Endpoint, Refusal> {
        self.change_webhook(id, Act::Retry, Needs::only, by.into()).await
    }

    /// Gives an endpoint another secret, which is shown this once. Messages are signed with both for a
    /// day.
    ///
    /// # Errors
    /// There is none; for people, also what `Ops::administer` says.
    pub async fn rotate_webhook(
        &self,
        id: RawId,
        by: impl Into<By>,
    ) -> Outcome<CreatedEndpoint, Refusal> {
        let (key, sealed) = self.new_webhook_key(id)?;
        let act = Act::Rotate(sealed);
        let endpoint = self.change_webhook(id, act, Needs::confirmed, by.into()).await?;
        let secret = webhook::secret_text(&key).into();
        Ok(CreatedEndpoint { listed: ListedEndpoint { id, endpoint }, secret })
    }

    async fn change_webhook(
        &self,
        id: RawId,
        act: Act,
        needs: fn(Authority) -> Needs,
        by: By,
    ) -> Outcome<Endpoint, Refusal> {
        let place = self.find_webhook(id)?.endpoint.place;
        let change = Change { place, id, act, now: self.now(), origin: by.origin() };
        self.administer(by, needs(Authority::Administers(place)), change).await
    }
}
