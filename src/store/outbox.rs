//! The outbox: messages for endpoints, written in the commit of what they tell; and what is still to be
//! told of ends.
//!
//! Whatever ends a connection writes its row, or moves its app to another generation. Both are seen
//! here, where every row passes: an end is told because it happened, once, whichever act it was. A
//! commit that ends thousands writes a key for each; the messages are made afterwards, piece by piece.

use crate::base::id::RawId;
use crate::domain::app::App;
use crate::domain::connection::Connection;
use crate::domain::webhook::Announcement;
use crate::domain::webhook::AppOver;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::Outgoing;
use crate::domain::webhook::Topic;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::table::Key as _;
use crate::store::table::Row as _;
use crate::store::table::TableId;
use crate::store::tables;

/// Endpoints of a place that are looked at: more cannot be made.
const MOST: usize = 64;

/// Keeps what the row that is about to be written ends.
pub(in crate::store) fn notice(
    to: &mut dyn Write,
    table: TableId,
    key: &[u8],
    value: &[u8],
) -> Result<(), Fault> {
    let see = match table {
        TableId::Connections => of_connection,
        TableId::Apps => of_app,
        _ => return Ok(()),
    };
    // Most installations tell nobody: then no row is read twice.
    if to.range(TableId::Webhooks, &[], None, 1)?.is_empty() {
        return Ok(());
    }
    see(to, key, value)
}

fn of_connection(to: &mut dyn Write, key: &[u8], value: &[u8]) -> Result<(), Fault> {
    let table = TableId::Connections;
    let Some(before) = to.get(table, key)? else { return Ok(()) };
    if !Connection::from_bytes(table.name(), &before)?.is_active() {
        return Ok(());
    }
    let after = Connection::from_bytes(table.name(), value)?;
    let takers = |(_, endpoint): &(_, Endpoint)| endpoint.takes(Topic::ConnectionRevoked);
    if after.is_active() || !endpoints(to, &after.place.key_bytes())?.iter().any(takers) {
        return Ok(());
    }
    to.put(TableId::WebhookUntold, key, &[])
}

fn of_app(to: &mut dyn Write, key: &[u8], value: &[u8]) -> Result<(), Fault> {
    let table = TableId::Apps;
    let Some(before) = to.get(table, key)? else { return Ok(()) };
    let before = App::from_bytes(table.name(), &before)?;
    let App { generation, status, .. } = App::from_bytes(table.name(), value)?;
    if generation <= before.generation {
        return Ok(());
    }
    let over = AppOver { generation, status }.to_bytes(TableId::WebhookOver.name())?;
    to.put(TableId::WebhookOver, key, &over)
}

/// The endpoints under `prefix` that are sent anything, by their ids.
fn endpoints(to: &dyn Write, prefix: &[u8]) -> Result<Vec<(RawId, Endpoint)>, Fault> {
    let end = [prefix, &[0xff; 17]].concat();
    let mut found = Vec::new();
    for (key, value) in to.range(TableId::Webhooks, prefix, Some(&end), MOST)? {
        let endpoint = Endpoint::from_bytes(TableId::Webhooks.name(), &value)?;
        found.extend(
            tables::last_id(&key).filter(|_| endpoint.is_active()).map(|id| (id, endpoint)),
        );
    }
    Ok(found)
}

/// Puts `told` into the outbox of every endpoint of its place that takes it.
pub(in crate::store) fn put(to: &mut dyn Write, told: &Announcement) -> Result<(), Fault> {
    for (id, endpoint) in endpoints(to, &told.place.key_bytes())? {
        if !endpoint.takes(told.topic) {
            continue;
        }
        let Announcement { place, topic, ref body, .. } = *told;
        let row = Outgoing { place, topic, body: body.clone(), attempts: 0 };
        let table = TableId::WebhookOutbox;
        let value = row.to_bytes(table.name())?;
        to.put(table, &(id, told.at, told.id).key_bytes(), &value)?;
    }
    Ok(())
}
