//! Which companies and firms a person reaches, and by which roles.
//!
//! In a company, a person's own role and the one through its firm both count; a confidential
//! company is seen through its firm only by the members listed for it. In a firm, only the role in
//! the firm counts.

use std::sync::Arc;

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::domain::role::HeldRole;
use crate::domain::user::Membership;
use crate::ops::blocks;
use crate::ops::people;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Companies;
use crate::store::tables::FirmCompanies;
use crate::store::tables::Firms;
use crate::store::tables::OwnRoles;

/// The place and the roles that count for `user` there.
pub fn standing(
    reader: &Reader<'_>,
    user: UserId,
    place: Place,
) -> Result<(PlaceFacts, Vec<HeldRole>), Fault> {
    match place {
        Place::Company(id) => match reader.shared::<Companies>(&id)? {
            Some(company) => {
                let roles = roles_in_company(reader, user, &company)?;
                Ok((PlaceFacts::Company(company), roles))
            }
            None => Ok((PlaceFacts::Gone, Vec::new())),
        },
        Place::Firm(id) => match reader.shared::<Firms>(&id)? {
            Some(firm) => {
                let role = people::membership(reader, user, place)?;
                Ok((PlaceFacts::Firm(firm), held_roles(reader, role)?))
            }
            None => Ok((PlaceFacts::Gone, Vec::new())),
        },
    }
}

/// The name of a company or firm; empty if it is gone.
pub fn name(reader: &Reader<'_>, place: Place) -> Result<String, Fault> {
    Ok(match place {
        Place::Company(id) => reader.shared::<Companies>(&id)?.map(|company| company.name.clone()),
        Place::Firm(id) => reader.shared::<Firms>(&id)?.map(|firm| firm.name.clone()),
    }
    .unwrap_or_default())
}

/// The role in `firm` alone, for one of its companies that the person sees: what a firm token has.
pub fn standing_through_firm(
    reader: &Reader<'_>,
    user: UserId,
    firm: FirmId,
    company: Arc<Company>,
) -> Result<(PlaceFacts, Vec<HeldRole>), Fault> {
    let held = people::membership(reader, user, Place::Firm(firm))?;
    let seen = company.seen_through(firm, user);
    let roles = held_roles(reader, held.filter(|_| seen))?;
    Ok((PlaceFacts::Company(company), roles))
}

fn roles_in_company(
    reader: &Reader<'_>,
    user: UserId,
    company: &Company,
) -> Result<Vec<HeldRole>, Fault> {
    let own = people::membership(reader, user, Place::Company(company.id))?;
    let through_firm = match company.firm.filter(|firm| company.seen_through(*firm, user)) {
        Some(firm) => people::membership(reader, user, Place::Firm(firm))?,
        None => None,
    };
    let mut roles = held_roles(reader, own.into_iter().chain(through_firm))?;
    roles.dedup();
    Ok(roles)
}

/// The roles of memberships. The one place that finds a role of one's own: in the company or firm of
/// the membership and nowhere else, so that another's role of that name allows nothing.
fn held_roles(
    reader: &Reader<'_>,
    memberships: impl IntoIterator<Item = Arc<Membership>>,
) -> Result<Vec<HeldRole>, Fault> {
    memberships.into_iter().map(|held| held_role(reader, &held)).collect()
}

/// The role of a membership.
pub fn held_role(reader: &Reader<'_>, held: &Membership) -> Result<HeldRole, Fault> {
    let name = held.role.clone();
    let own = match name.is_own() {
        true => reader.get::<OwnRoles>(&(held.place, name.clone()))?.map(Arc::new),
        false => None,
    };
    Ok(HeldRole { name, own })
}

/// The companies of `firm` that `user` sees through it.
pub fn companies_through_firm(
    reader: &Reader<'_>,
    user: UserId,
    firm: FirmId,
) -> Result<Vec<Company>, Fault> {
    let mut companies = Vec::new();
    for (key, ()) in reader.under::<FirmCompanies>(&firm)? {
        let id = tables::last_id(&key).map(crate::base::id::CompanyId::from_raw);
        let company = id.map_or(Ok(None), |id| reader.get::<Companies>(&id))?;
        companies.extend(company.filter(|company| company.seen_through(firm, user)));
    }
    Ok(companies)
}

/// Who reaches companies through a firm.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// The app.
    pub app: AppId,
    /// Whose role in the firm counts.
    pub person: UserId,
    /// The connection, if the grant hangs on one.
    pub connection: Option<ConnectionId>,
}

/// Whether a grant for `firm` reaches `company` at all.
pub fn reaches(
    reader: &Reader<'_>,
    firm: &Firm,
    company: &Company,
    reach: Reach,
) -> Result<bool, Fault> {
    let open = company.seen_through(firm.id, reach.person)
        && company.environment == firm.environment
        && !company.suspended;
    Ok(open && !blocks::stands(reader, company, reach.app, reach.connection)?)
}

/// The companies that a grant for `firm` reaches, by name.
pub fn reached_through_firm(
    reader: &Reader<'_>,
    firm: &Firm,
    reach: Reach,
) -> Result<Vec<Company>, Fault> {
    let mut reached = Vec::new();
    for company in companies_through_firm(reader, reach.person, firm.id)? {
        if reaches(reader, firm, &company, reach)? {
            reached.push(company);
        }
    }
    reached.sort_by_cached_key(|company| company.name.to_lowercase());
    Ok(reached)
}

/// Every place in which `user` has a role: their companies, own and seen through their firms, and then
/// the firms, each by name.
pub fn reachable(reader: &Reader<'_>, user: UserId) -> Result<Vec<Place>, Fault> {
    let mut companies = Vec::new();
    let mut firms = Vec::new();
    for membership in people::memberships(reader, user)? {
        let place = membership.place;
        let named = (name(reader, place)?.to_lowercase(), place);
        match place {
            Place::Company(_) => companies.push(named),
            Place::Firm(firm) => {
                firms.push(named);
                let seen = companies_through_firm(reader, user, firm)?.into_iter();
                companies.extend(seen.map(|at| (at.name.to_lowercase(), Place::Company(at.id))));
            }
        }
    }
    companies.sort();
    // One's own may be seen through the firm as well.
    companies.dedup();
    firms.sort();
    Ok(companies.into_iter().chain(firms).map(|(_, place)| place).collect())
}
