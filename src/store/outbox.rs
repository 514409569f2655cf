//! The outbox: messages for endpoints, written in the commit of what they tell.

use crate::domain::webhook::Announcement;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::Outgoing;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::table::Key as _;
use crate::store::table::Row as _;
use crate::store::table::TableId;
use crate::store::tables;

/// Endpoints of a place that are looked at: more cannot be made.
const MOST: usize = 64;

/// Puts `told` into the outbox of every endpoint of its place that takes it.
pub(in crate::store) fn put(to: &mut dyn Write, told: &Announcement) -> Result<(), Fault> {
    let from = told.place.key_bytes();
    let end = [from.as_slice(), &[0xff; 17]].concat();
    let endpoints = to.range(TableId::Webhooks, &from, Some(&end), MOST)?;
    for (key, value) in endpoints {
        let endpoint = Endpoint::from_bytes(TableId::Webhooks.name(), &value)?;
        let Some(id) = tables::last_id(&key) else { continue };
        if !endpoint.is_active() || !endpoint.takes(told.topic) {
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
