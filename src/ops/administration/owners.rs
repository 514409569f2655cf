//! Who may answer for what is made in a company or firm.

use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::app_facts;
use crate::ops::administration::authority;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Members;
use crate::store::tables::Users;

/// Members among whom to choose.
const OFFERED: usize = 200;

/// Somebody to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleOwner {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
}

impl Ops {
    /// The person themselves, then, where they administer `place`, those who have a role of their own
    /// there, the first of many. Others are told nobody's name.
    ///
    /// # Errors
    /// The store failed.
    pub fn possible_owners(
        &self,
        live: &LiveSession,
        place: Place,
    ) -> Result<Vec<PossibleOwner>, Fault> {
        let oneself = PossibleOwner { id: live.user.id, name: live.user.name.clone() };
        self.store.read(|reader| {
            let standing = authority::standing(reader, self, &live.user, place)?;
            let mut found = vec![oneself];
            if standing.is_ok_and(|standing| standing.administers) {
                found.extend(members(reader, live.user.id, place)?);
            }
            Ok(found)
        })
    }
}

impl Ops {
    /// Whoever answers for something now may stay, even where they could not be chosen anew: them, if
    /// they are not among `known`.
    ///
    /// # Errors
    /// The store failed.
    pub fn kept_owner(
        &self,
        owner: Option<UserId>,
        known: &[PossibleOwner],
    ) -> Result<Option<PossibleOwner>, Fault> {
        let unknown = owner.filter(|id| known.iter().all(|one| one.id != *id));
        let Some(id) = unknown else { return Ok(None) };
        let found = self.store.read(|reader| reader.shared::<Users>(&id))?;
        Ok(found.map(|user| PossibleOwner { id, name: user.name.clone() }))
    }
}

fn members(reader: &Reader<'_>, except: UserId, place: Place) -> Result<Vec<PossibleOwner>, Fault> {
    let mut found = Vec::new();
    for (key, ()) in reader.under_after::<Members>(&place, None, OFFERED)? {
        let Some(id) = tables::last_id(&key).map(UserId::from_raw).filter(|id| *id != except)
        else {
            continue;
        };
        if app_facts::stands(reader, id, place)?
            && let Some(user) = reader.get::<Users>(&id)?
        {
            found.push(PossibleOwner { id, name: user.name });
        }
    }
    found.sort_by_key(|owner| owner.name.to_lowercase());
    Ok(found)
}
