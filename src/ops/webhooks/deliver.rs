//! Delivering: one message of an endpoint at a time, a few endpoints at once, by the guarded dialler.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::domain::audit::Origin;
use crate::domain::webhook;
use crate::domain::webhook::Attempt;
use crate::domain::webhook::Attempted;
use crate::domain::webhook::EndpointStatus;
use crate::domain::webhook::LOGGED;
use crate::domain::webhook::Outgoing;
use crate::ops::Ops;
use crate::ops::webhooks::SEAL;
use crate::ops::webhooks::manage;
use crate::outbound::fetch::Message;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Key as _;
use crate::store::table::Row as _;
use crate::store::table::TableId;
use crate::store::tables;
use crate::store::tables::WebhookLog;
use crate::store::tables::WebhookOutbox;
use crate::store::tables::Webhooks;
use crate::store::writer::Decision;
use crate::store::writer::Operation;
use crate::telemetry::measure::Since;
use crate::telemetry::measures;

/// Endpoints that are sent something at once.
const AT_ONCE: usize = 16;

/// The endpoints that something is being sent to.
#[derive(Default)]
pub struct Sending(Mutex<HashSet<RawId>>);

/// The right to send to an endpoint, until it is dropped.
pub struct Claim {
    ops: Ops,
    endpoint: RawId,
    due: Timestamp,
    message: RawId,
    outgoing: Outgoing,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Ok(mut sending) = self.ops.sending.0.lock() {
            sending.remove(&self.endpoint);
        }
    }
}

impl Sending {
    fn has_room(&self) -> bool {
        self.0.lock().is_ok_and(|sending| sending.len() < AT_ONCE)
    }

    fn claim(&self, endpoint: RawId) -> bool {
        let room = self.0.lock();
        room.is_ok_and(|mut sending| sending.len() < AT_ONCE && sending.insert(endpoint))
    }
}

/// What came of an attempt.
struct NoteAttempt {
    endpoint: RawId,
    due: Timestamp,
    message: RawId,
    outcome: Attempted,
    took_ms: u64,
    now: Timestamp,
    /// Spreads the next attempt.
    chance: u16,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Delivered,
    Waits,
    GivenUp,
    /// Nobody wants it any more.
    Dropped,
}

impl Operation for NoteAttempt {
    type Outcome = Fate;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Fate>, Fault> {
        let Self { endpoint: id, due, message, outcome, took_ms, now, chance } = self;
        let mut changes = Changes::new();
        let Some(outgoing) = reader.get::<WebhookOutbox>(&(id, due, message))? else {
            return Ok(Decision::unchanged(Fate::Dropped));
        };
        changes.delete::<WebhookOutbox>(&(id, due, message));
        let Some(before) = reader.get::<Webhooks>(&(outgoing.place, id))? else {
            return Ok(Decision { changes, outcome: Fate::Dropped });
        };
        let (was_active, number) = (before.is_active(), outgoing.attempts.saturating_add(1));
        let endpoint = before.after(&outcome, now);
        let delivered = matches!(outcome, Attempted::Delivered { .. });
        let again_at = webhook::again(number, now, chance).filter(|_| !delivered);
        let again_at = again_at.filter(|_| endpoint.is_active());
        if let Some(at) = again_at {
            let waiting = Outgoing { attempts: number, ..outgoing.clone() };
            changes.put::<WebhookOutbox>(&(id, at, message), &waiting)?;
        }
        let topic = outgoing.topic;
        let line = Attempt { topic, number, outcome, took_ms, again_at };
        changes.put::<WebhookLog>(&(id, now, message), &line)?;
        let log = reader.under::<WebhookLog>(&id)?;
        for (key, _) in log.iter().take((log.len() + 1).saturating_sub(LOGGED)) {
            manage::forget(&mut changes, key);
        }
        changes.put::<Webhooks>(&(outgoing.place, id), &endpoint)?;
        if let EndpointStatus::Disabled { gone, .. } = endpoint.status
            && was_active
        {
            let why = if gone { "disabled, it is gone" } else { "disabled, it failed for days" };
            changes.record(manage::event(&endpoint, now, Origin::default(), why));
        }
        let fate = match (delivered, again_at) {
            (true, _) => Fate::Delivered,
            (false, Some(_)) => Fate::Waits,
            (false, None) => Fate::GivenUp,
        };
        Ok(Decision { changes, outcome: fate })
    }
}

/// A message that nobody wants any more.
struct Discard {
    endpoint: RawId,
    due: Timestamp,
    message: RawId,
}

impl Operation for Discard {
    type Outcome = ();

    fn decide(self, _: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.delete::<WebhookOutbox>(&(self.endpoint, self.due, self.message));
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// What can be sent now: the oldest message that is due of each endpoint, but of those that are being
    /// sent to.
    ///
    /// # Errors
    /// The store failed.
    pub fn claim_webhooks(&self) -> Result<Vec<Claim>, Fault> {
        if !self.sending.has_room() {
            return Ok(Vec::new());
        }
        let now = self.now();
        self.store.read(|reader| {
            let mut claims = Vec::new();
            let mut from = Vec::new();
            loop {
                let table = TableId::WebhookOutbox;
                let next = reader.state().range(table, &from, None, 1)?.pop();
                let Some((key, value)) = next else { return Ok(claims) };
                let Some((endpoint, due, message)) = tables::endpoint_key(&key) else {
                    return Ok(claims);
                };
                if due <= now && self.sending.claim(endpoint) {
                    let outgoing = Outgoing::from_bytes(table.name(), &value)?;
                    claims.push(Claim { ops: self.clone(), endpoint, due, message, outgoing });
                }
                from = [endpoint.key_bytes(), vec![0xff; 25]].concat();
            }
        })
    }

    /// Shows how many messages wait, and how many endpoints were disabled.
    ///
    /// # Errors
    /// The store failed.
    #[expect(clippy::cast_precision_loss, reason = "shown, never reckoned with")]
    pub fn measure_webhooks(&self) -> Result<(), Fault> {
        let waiting = self.store.read(|reader| reader.state().count(TableId::WebhookOutbox))?;
        let disabled = self.webhooks(None)?.iter().filter(|it| !it.endpoint.is_active()).count();
        measures::WEBHOOKS_WAITING.set(waiting as f64);
        measures::WEBHOOKS_DISABLED.set(disabled as f64);
        Ok(())
    }
}

impl Claim {
    /// Sends the message, once, and writes down what came of it. Answers whether it is out of the way, so
    /// that the next one can follow at once.
    ///
    /// # Errors
    /// The store failed: it is sent again.
    pub async fn deliver(self) -> Result<bool, Fault> {
        let (ops, outgoing) = (&self.ops, &self.outgoing);
        let key = (outgoing.place, self.endpoint);
        let endpoint = ops.store.read(|reader| reader.get::<Webhooks>(&key))?;
        let Some(endpoint) = endpoint.filter(webhook::Endpoint::is_active) else {
            let Self { endpoint, due, message, .. } = self;
            ops.store.submit(Discard { endpoint, due, message }).await?;
            return Ok(true);
        };
        let since = Since::now();
        let outcome = self.send(&endpoint).await;
        let (took, host) = (since.elapsed(), webhook::host_of(&endpoint.url));
        let message = webhook::message_id(&self.message);
        if let Attempted::Failed { why, .. } = &outcome {
            tracing::warn!(host, message, cause = %why, "a webhook was not delivered");
        }
        let noted = ops.store.submit(NoteAttempt {
            endpoint: self.endpoint,
            due: self.due,
            message: self.message,
            outcome,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            now: ops.now(),
            chance: u16::from_be_bytes(ops.draw()),
        });
        measures::WEBHOOK_TIME.took(took);
        let word = match noted.await? {
            Fate::Delivered => "delivered",
            Fate::Waits => "failed",
            Fate::GivenUp => {
                tracing::error!(host, message, "a webhook was given up");
                "given_up"
            }
            Fate::Dropped => return Ok(true),
        };
        measures::WEBHOOK_ATTEMPTS.of(word).count();
        Ok(word == "delivered")
    }

    async fn send(&self, endpoint: &webhook::Endpoint) -> Attempted {
        let (ops, body) = (&self.ops, &self.outgoing.body);
        let (id, now) = (webhook::message_id(&self.message), ops.now());
        let mut signatures = Vec::new();
        for sealed in endpoint.signing(now) {
            let Ok(key) = ops.keys.open(SEAL, self.endpoint.bytes(), sealed) else {
                let why = String::from("its secret cannot be opened; give it a new one");
                return Attempted::Failed { status: None, why };
            };
            signatures.push(webhook::signature(&key, &id, now.seconds(), body));
        }
        let message = Message {
            headers: vec![
                ("webhook-id", id.clone()),
                ("webhook-timestamp", now.seconds().to_string()),
                ("webhook-signature", signatures.join(" ")),
            ],
            body: body.clone(),
        };
        match ops.client_documents.fetcher().post(&endpoint.url, message).await {
            Ok(status @ 200..300) => Attempted::Delivered { status },
            Ok(status) => {
                let why = format!("it answered with status {status}");
                Attempted::Failed { status: Some(status), why }
            }
            Err(why) => Attempted::Failed { status: None, why: why.to_string() },
        }
    }
}
