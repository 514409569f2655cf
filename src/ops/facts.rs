//! Gathers what the gate looks at. Every grant and every use gets its facts here.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::gate::Facts;
use crate::domain::gate::PlaceFacts;
use crate::ops::place_access;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Users;

/// The facts for `app`, bounded by `person`, in `place`.
pub fn gather(
    reader: &Reader<'_>,
    app: Arc<App>,
    person: Option<UserId>,
    place: Place,
    now: Timestamp,
) -> Result<Facts, Fault> {
    let user = person.map_or(Ok(None), |id| reader.shared::<Users>(&id))?;
    let (place, roles) = match &user {
        Some(user) => place_access::standing(reader, user.id, place)?,
        None => (PlaceFacts::Gone, Vec::new()),
    };
    Ok(Facts { app, person: user, place, roles, now })
}

/// The facts for a firm's grant used in one of the firm's companies: only the firm role counts.
pub fn gather_through_firm(
    reader: &Reader<'_>,
    app: Arc<App>,
    person: Option<UserId>,
    firm: crate::base::id::FirmId,
    company: Arc<Company>,
    now: Timestamp,
) -> Result<Facts, Fault> {
    let user = person.map_or(Ok(None), |id| reader.shared::<Users>(&id))?;
    let (place, roles) = match &user {
        Some(user) => place_access::standing_through_firm(reader, user.id, firm, company)?,
        None => (PlaceFacts::Gone, Vec::new()),
    };
    Ok(Facts { app, person: user, place, roles, now })
}
