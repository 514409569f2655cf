//! What a person sees of themselves: the places they reach and with which role.

use crate::base::id::AppId;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::domain::role::HeldRole;
use crate::ops::Ops;
use crate::ops::place_access;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::tables::Apps;

/// A place that a person reaches.
#[derive(Clone, Debug)]
pub struct ReachedPlace {
    /// The company or firm.
    pub facts: PlaceFacts,
    /// The roles that count there.
    pub roles: Vec<HeldRole>,
}

impl Ops {
    /// The companies and firms that this person reaches.
    ///
    /// # Errors
    /// The store failed.
    pub fn places_of(&self, live: &LiveSession) -> Result<Vec<ReachedPlace>, Fault> {
        self.store.read(|reader| {
            place_access::reachable(reader, live.user.id)?
                .into_iter()
                .map(|place: Place| {
                    let (facts, roles) = place_access::standing(reader, live.user.id, place)?;
                    Ok(ReachedPlace { facts, roles })
                })
                .collect()
        })
    }

    /// The name of an app.
    ///
    /// # Errors
    /// The store failed.
    pub fn app_name(&self, app: AppId) -> Result<Option<String>, Fault> {
        Ok(self.store.read(|reader| reader.get::<Apps>(&app))?.map(|app| app.name))
    }

    /// The titles of roles, as one text.
    #[must_use]
    pub fn role_titles(&self, roles: &[HeldRole]) -> String {
        let title = |role: &HeldRole| match (&role.own, self.catalogue.role(&role.name)) {
            (Some(own), _) => own.title.clone(),
            (None, Some(role)) => role.title.clone(),
            (None, None) => role.name.0.clone(),
        };
        roles.iter().map(title).collect::<Vec<_>>().join(", ")
    }
}
