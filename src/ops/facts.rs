//! Gathers what the gate looks at. Every grant and every use gets its facts here.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::gate::Facts;
use crate::domain::gate::PlaceFacts;
use crate::ops::blocks;
use crate::ops::place_access;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Companies;
use crate::store::tables::Users;

/// Whose facts are gathered.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The app.
    pub app: Arc<App>,
    /// Whose permissions bound it: who consented, or who delegated.
    pub person: Option<UserId>,
    /// The connection that the grant hangs on; none: the app acts in its own right, or there is none
    /// yet.
    pub connection: Option<ConnectionId>,
}

impl Holder {
    /// An app with what a person approved.
    #[must_use]
    pub fn of_connection(app: Arc<App>, connection: &Connection) -> Self {
        Self { app, person: Some(connection.user), connection: Some(connection.id) }
    }

    /// An app that acts in its own right.
    #[must_use]
    pub fn itself(app: Arc<App>) -> Self {
        Self { person: app.delegated_by, app, connection: None }
    }
}

/// The facts for `holder` in `place`. For a firm's own app that is narrowed to one company, only the
/// role in the firm counts.
pub fn gather(
    reader: &Reader<'_>,
    holder: Holder,
    place: Place,
    now: Timestamp,
) -> Result<Facts, Fault> {
    if let (Some(Place::Firm(firm)), Place::Company(id)) = (holder.app.place, place)
        && holder.app.kind.acts_by_itself()
    {
        return match reader.shared::<Companies>(&id)? {
            Some(company) => gather_through_firm(reader, holder, firm, company, now),
            None => assemble(reader, holder, now, |_| Ok((PlaceFacts::Gone, Vec::new()))),
        };
    }
    assemble(reader, holder, now, |user| place_access::standing(reader, user, place))
}

/// The facts for a firm's grant used in one of the firm's companies: only the firm role counts.
pub fn gather_through_firm(
    reader: &Reader<'_>,
    holder: Holder,
    firm: FirmId,
    company: Arc<Company>,
    now: Timestamp,
) -> Result<Facts, Fault> {
    assemble(reader, holder, now, |user| {
        place_access::standing_through_firm(reader, user, firm, company)
    })
}

type Standing = (PlaceFacts, Vec<crate::domain::role::HeldRole>);

fn assemble(
    reader: &Reader<'_>,
    holder: Holder,
    now: Timestamp,
    standing: impl FnOnce(UserId) -> Result<Standing, Fault>,
) -> Result<Facts, Fault> {
    let Holder { app, person, connection } = holder;
    let person = person.map_or(Ok(None), |id| reader.shared::<Users>(&id))?;
    let (place, roles) = match &person {
        Some(user) => standing(user.id)?,
        None => (PlaceFacts::Gone, Vec::new()),
    };
    let blocked = match &place {
        PlaceFacts::Company(company) => blocks::stands(reader, company, app.id, connection)?,
        PlaceFacts::Firm(_) | PlaceFacts::Gone => false,
    };
    Ok(Facts { app, person, place, blocked, roles, now })
}
