//! Looking people up: by address, by membership.

use std::sync::Arc;

use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::domain::user::Email;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Emails;
use crate::store::tables::Memberships;
use crate::store::tables::Users;

/// The user who signs in with `email`.
pub fn by_email(reader: &Reader<'_>, email: &Email) -> Result<Option<User>, Fault> {
    let Some(id) = reader.get::<Emails>(email)? else { return Ok(None) };
    id.parse().ok().map_or(Ok(None), |id| reader.get::<Users>(&id))
}

/// All roles that `user` holds.
pub fn memberships(reader: &Reader<'_>, user: UserId) -> Result<Vec<Membership>, Fault> {
    Ok(reader.under::<Memberships>(&user)?.into_iter().map(|(_, membership)| membership).collect())
}

/// The role that `user` holds in `place` itself.
pub fn membership(
    reader: &Reader<'_>,
    user: UserId,
    place: Place,
) -> Result<Option<Arc<Membership>>, Fault> {
    reader.shared::<Memberships>(&(user, place))
}
