//! What people call the things behind identifiers.

use std::collections::HashMap;

use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::listings::Fault;

/// Slugs, addresses and names by id. What is no more keeps its id.
pub(super) struct Names {
    companies: HashMap<CompanyId, String>,
    firms: HashMap<FirmId, String>,
    users: HashMap<UserId, String>,
    apps: HashMap<AppId, Called>,
}

/// An app's name and its `client_id`.
struct Called {
    name: String,
    client_id: String,
}

impl Names {
    pub(super) fn of(ops: &Ops) -> Result<Self, Fault> {
        let companies = ops.companies()?.into_iter().map(|c| (c.id, c.slug.to_string()));
        let firms = ops.firms()?.into_iter().map(|f| (f.id, f.slug.to_string()));
        let users = ops.users()?.into_iter().map(|p| (p.user.id, p.user.email.to_string()));
        let apps = ops.apps()?.into_iter().map(|listed| {
            let client_id = listed.app.client_id();
            (listed.app.id, Called { name: listed.app.name, client_id })
        });
        Ok(Self {
            companies: companies.collect(),
            firms: firms.collect(),
            users: users.collect(),
            apps: apps.collect(),
        })
    }

    pub(super) fn company(&self, id: CompanyId) -> String {
        self.companies.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    pub(super) fn firm(&self, id: FirmId) -> String {
        self.firms.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    pub(super) fn user(&self, id: UserId) -> String {
        self.users.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    pub(super) fn app(&self, id: AppId) -> String {
        self.apps.get(&id).map_or_else(|| id.to_string(), |app| app.name.clone())
    }

    /// The app's `client_id`, as it is on the wire.
    pub(super) fn client_id(&self, id: AppId) -> String {
        self.apps.get(&id).map_or_else(|| id.to_string(), |app| app.client_id.clone())
    }

    /// The company's slug if the place is one.
    pub(super) fn company_of(&self, place: Option<Place>) -> Option<String> {
        match place {
            Some(Place::Company(id)) => Some(self.company(id)),
            _ => None,
        }
    }

    /// The firm's slug if the place is one.
    pub(super) fn firm_of(&self, place: Option<Place>) -> Option<String> {
        match place {
            Some(Place::Firm(id)) => Some(self.firm(id)),
            _ => None,
        }
    }
}
