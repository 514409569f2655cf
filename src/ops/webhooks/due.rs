//! What comes near: connections and credentials that end soon, and reviews that are due. Each is told
//! once for each end or date.

use serde_json::Value;
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::webhook::AHEAD;
use crate::domain::webhook::Announcement;
use crate::domain::webhook::Topic;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Key as _;
use crate::store::table::TableId;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::PlaceApps;
use crate::store::tables::PlaceConnections;
use crate::store::tables::WebhookTold;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Rows looked at in one go, so that nobody waits for it.
const PAGE: usize = 500;
/// What was told is remembered for so long after its date.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(400 * 24 * 3600);
/// What is forgotten in one commit.
const FORGOTTEN: usize = 1000;

/// Something that comes near.
struct Near {
    /// The end, or the date of the review.
    date: Timestamp,
    /// Of what.
    id: RawId,
    told: Announcement,
}

impl Near {
    const fn key(&self) -> (Timestamp, u8, RawId) {
        (self.date, topic_byte(self.told.topic), self.id)
    }
}

const fn topic_byte(topic: Topic) -> u8 {
    match topic {
        Topic::ConnectionExpiring => b'c',
        Topic::CredentialExpiring => b'k',
        _ => b'r',
    }
}

struct Tell(Vec<Near>);

impl Operation for Tell {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for near in self.0 {
            if !reader.has::<WebhookTold>(&near.key())? {
                changes.put::<WebhookTold>(&near.key(), &())?;
                changes.announce(near.told);
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

struct Forget(Timestamp);

impl Operation for Forget {
    type Outcome = ();

    fn decide(self, _: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.delete_below(TableId::WebhookTold, self.0.key_bytes(), FORGOTTEN);
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Tells what comes near in every company and firm that wants to know.
    ///
    /// # Errors
    /// The store failed.
    pub async fn announce_what_is_due(&self) -> Result<(), Fault> {
        let mut places: Vec<Place> = Vec::new();
        let wanted = [Topic::ConnectionExpiring, Topic::CredentialExpiring, Topic::ReviewDue];
        for listed in self.webhooks(None)? {
            let endpoint = listed.endpoint;
            let takes = endpoint.is_active() && wanted.iter().any(|topic| endpoint.takes(*topic));
            if takes && !places.contains(&endpoint.place) {
                places.push(endpoint.place);
            }
        }
        for place in &places {
            self.announce_due_apps(*place).await?;
            self.announce_due_connections(*place).await?;
        }
        if places.is_empty() {
            return Ok(());
        }
        self.store.submit(Forget(self.now().minus(REMEMBERED))).await
    }

    async fn announce_due_apps(&self, place: Place) -> Result<(), Fault> {
        let now = self.now();
        let mut after = None;
        loop {
            let (near, last) = self.store.read(|reader| {
                let page = reader.under_after::<PlaceApps>(&place, after.as_ref(), PAGE)?;
                let mut near = Vec::new();
                for id in page.iter().filter_map(|(key, ())| tables::last_id(key)) {
                    if let Some(app) = reader.get::<Apps>(&AppId::from_raw(id))? {
                        near.extend(of_app(&app, place, now));
                    }
                }
                Ok((untold(reader, near)?, last_of(&page)))
            })?;
            self.tell(near).await?;
            match last {
                Some(id) => after = Some((place, AppId::from_raw(id))),
                None => return Ok(()),
            }
        }
    }

    async fn announce_due_connections(&self, place: Place) -> Result<(), Fault> {
        let now = self.now();
        let mut after = None;
        loop {
            let (near, last) = self.store.read(|reader| {
                let page = reader.under_after::<PlaceConnections>(&place, after.as_ref(), PAGE)?;
                let mut near = Vec::new();
                for id in page.iter().filter_map(|(key, ())| tables::last_id(key)) {
                    let id = ConnectionId::from_raw(id);
                    if let Some(connection) = reader.get::<Connections>(&id)? {
                        near.extend(of_connection(&connection, now));
                    }
                }
                Ok((untold(reader, near)?, last_of(&page)))
            })?;
            self.tell(near).await?;
            tokio::task::yield_now().await;
            match last {
                Some(id) => after = Some((place, ConnectionId::from_raw(id))),
                None => return Ok(()),
            }
        }
    }

    async fn tell(&self, near: Vec<Near>) -> Result<(), Fault> {
        if near.is_empty() { Ok(()) } else { self.store.submit(Tell(near)).await }
    }
}

/// Where the next page begins; none after the last.
fn last_of(page: &[(Vec<u8>, ())]) -> Option<RawId> {
    let last = page.last().filter(|_| page.len() == PAGE)?;
    tables::last_id(&last.0)
}

fn untold(reader: &Reader<'_>, near: Vec<Near>) -> Result<Vec<Near>, Fault> {
    let mut left = Vec::new();
    for one in near {
        if !reader.has::<WebhookTold>(&one.key())? {
            left.push(one);
        }
    }
    Ok(left)
}

fn soon(end: Timestamp, now: Timestamp) -> bool {
    now < end && end <= now.plus(AHEAD)
}

fn of_app(app: &App, place: Place, now: Timestamp) -> Vec<Near> {
    let mut near = Vec::new();
    if app.status != AppStatus::Active || app.expires_at.is_some_and(|end| end <= now) {
        return near;
    }
    let id = *app.id.raw();
    if let Some(date) = app.expires_at.filter(|end| soon(*end, now)) {
        let more = json!({"expires_at": date.rfc3339()});
        let told = Announcement::of_app(Topic::CredentialExpiring, app, place, now, more);
        near.push(Near { date, id, told });
    }
    if let Some(date) = app.review_due.filter(|due| *due <= now) {
        let more = json!({"due_at": date.rfc3339()});
        let told = Announcement::of_app(Topic::ReviewDue, app, place, now, more);
        near.push(Near { date, id, told });
    }
    near
}

fn of_connection(connection: &Connection, now: Timestamp) -> Vec<Near> {
    let mut near = Vec::new();
    if !connection.is_active() || connection.absolute_end <= now {
        return near;
    }
    let id = *connection.id.raw();
    if soon(connection.absolute_end, now) {
        let topic = Topic::ConnectionExpiring;
        let told = Announcement::of_connection(topic, connection, now, Value::Null);
        near.push(Near { date: connection.absolute_end, id, told });
    }
    if let Some(date) = connection.review_due.filter(|due| *due <= now) {
        let more = json!({"due_at": date.rfc3339()});
        let told = Announcement::of_connection(Topic::ReviewDue, connection, now, more);
        near.push(Near { date, id, told });
    }
    near
}
