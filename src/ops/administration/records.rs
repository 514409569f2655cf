//! Rows with their indexes: the one place that keeps the two in step.

use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::ops::administration::refusal::Refusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::ApiTokens;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Emails;
use crate::store::tables::FirmCompanies;
use crate::store::tables::Firms;
use crate::store::tables::Members;
use crate::store::tables::Memberships;
use crate::store::tables::PlaceApps;
use crate::store::tables::Slugs;
use crate::store::tables::Users;

/// Whether `slug` was never given. Companies and firms share one space of slugs, so that a slug
/// alone always names one place.
pub fn slug_is_free(reader: &Reader<'_>, slug: &Slug) -> Result<Result<(), Refusal>, Fault> {
    Ok(if reader.has::<Slugs>(slug)? { Err(Refusal::SlugTaken(slug.clone())) } else { Ok(()) })
}

/// The slug that was asked for, or the one that the name makes.
pub fn slug_or_from_name(asked: Option<Slug>, name: &str) -> Result<Slug, Refusal> {
    asked.or_else(|| Slug::from_name(name)).ok_or(Refusal::SlugMissing)
}

/// A new company: its row, its slug for ever, its firm's list.
pub fn add_company(changes: &mut Changes, company: &Company) -> Result<(), Fault> {
    changes.put::<Companies>(&company.id, company)?;
    changes.put::<Slugs>(&company.slug, &company.id.to_string())?;
    if let Some(firm) = company.firm {
        changes.put::<FirmCompanies>(&(firm, company.id), &())?;
    }
    Ok(())
}

/// A new firm: its row and its slug for ever.
pub fn add_firm(changes: &mut Changes, firm: &Firm) -> Result<(), Fault> {
    changes.put::<Firms>(&firm.id, firm)?;
    changes.put::<Slugs>(&firm.slug, &firm.id.to_string())
}

/// A new user: their row and their address.
pub fn add_user(changes: &mut Changes, user: &User) -> Result<(), Fault> {
    changes.put::<Users>(&user.id, user)?;
    changes.put::<Emails>(&user.email, &user.id.to_string())
}

/// A role, by user and by place.
pub fn put_membership(changes: &mut Changes, membership: &Membership) -> Result<(), Fault> {
    let Membership { user, place, .. } = membership;
    changes.put::<Memberships>(&(*user, *place), membership)?;
    changes.put::<Members>(&(*place, *user), &())
}

/// No role any more, by user and by place.
pub fn remove_membership(changes: &mut Changes, membership: &Membership) {
    let Membership { user, place, .. } = membership;
    changes.delete::<Memberships>(&(*user, *place));
    changes.delete::<Members>(&(*place, *user));
}

/// A new app: its row, its place's list, and where its API token is found.
pub fn add_app(changes: &mut Changes, app: &App) -> Result<(), Fault> {
    changes.put::<Apps>(&app.id, app)?;
    if app.kind == AppKind::ApiToken {
        for secret in &app.secrets {
            changes.put::<ApiTokens>(secret.id.raw(), &app.id.to_string())?;
        }
    }
    match app.place {
        Some(place) => changes.put::<PlaceApps>(&(place, app.id), &()),
        None => Ok(()),
    }
}

/// Whether the company or firm exists.
pub fn place_exists(reader: &Reader<'_>, place: Place) -> Result<Result<(), Refusal>, Fault> {
    Ok(match place {
        Place::Company(id) if !reader.has::<Companies>(&id)? => Err(Refusal::UnknownCompany),
        Place::Firm(id) if !reader.has::<Firms>(&id)? => Err(Refusal::UnknownFirm),
        _ => Ok(()),
    })
}
