//! What is stored about one person, but for their activity, which leaves as it does elsewhere.
//!
//! In a company or firm, those who administer it have what is of that place. How and where somebody
//! signs in belongs to the account: only whoever may change the account has that, and its own person.
//! An operator has all of it.

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::ops::place_access;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::ops::takeout::fields::Record;
use crate::ops::takeout::rows;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Browsers;
use crate::store::tables::Connections;
use crate::store::tables::Factors;
use crate::store::tables::UserConnections;
use crate::store::tables::Users;

/// What is stored about somebody.
#[derive(Debug)]
pub struct Stored {
    /// The parts, by name.
    pub parts: Vec<(&'static str, Vec<Record>)>,
    /// Whether it is all of the installation, and not of one place alone.
    pub everywhere: bool,
}

impl Ops {
    /// What is stored about `user`, as far as whoever asks may have it.
    ///
    /// # Errors
    /// As [`Self::begin_person_takeout`]; [`Refusal::SessionOver`].
    pub fn stored_about(
        &self,
        live: &LiveSession,
        place: Place,
        user: UserId,
    ) -> Outcome<Stored, Refusal> {
        self.looking(live, Authority::MemberOf { place, user }, |reader, still| {
            let Some(found) = reader.get::<Users>(&user)? else {
                return Ok(Err(Refusal::UnknownUser));
            };
            let everywhere = still.user.operator;
            let hand = Hand { reader, ops: self, by: Some(still.user.id) };
            let whole_account =
                everywhere || still.user.id == user || hand.governs(place, user)?.is_ok();
            let within = (!everywhere).then_some(place);
            let mut parts = vec![("account", vec![rows::account(&found)])];
            if whole_account {
                parts = vec![("account", vec![whole(&found)])];
                parts.extend(signing_in(self, reader, user)?);
            }
            parts.push(("roles", held(self, reader, user, within)?));
            parts.push(("connections", approved(self, reader, user, within)?));
            parts.push(("apps", delegated(self, reader, user, within)?));
            Ok(Ok(Stored { parts, everywhere }))
        })
    }
}

fn whole(user: &User) -> Record {
    let recovery = user.recovery.as_ref();
    rows::account(user)
        .with("operator", user.operator)
        .at("created_at", Some(user.created_at))
        .with("has_password", user.password.is_some())
        .at("password_chosen_at", user.password_at)
        .at("recovery_link_made_at", recovery.map(|recovery| recovery.at))
        .at("erased_at", user.erased_at)
}

type Parts = Vec<(&'static str, Vec<Record>)>;

/// Second factors, browsers and sessions: that there are some, and since when.
fn signing_in(ops: &Ops, reader: &Reader<'_>, user: UserId) -> Result<Parts, Fault> {
    let factors = reader.get::<Factors>(&user)?.unwrap_or_default();
    let mut second = Vec::new();
    if let Some(totp) = &factors.totp {
        let record = Record::default().with("kind", "totp").text("name", None::<&str>);
        second.push(record.at("added_at", Some(totp.enrolled_at)).at("used_at", None));
    }
    for passkey in &factors.passkeys {
        let record = Record::default().with("kind", "passkey").with("name", passkey.name.as_str());
        second.push(record.at("added_at", Some(passkey.added_at)).at("used_at", passkey.used_at));
    }
    for code in &factors.recovery {
        let record = Record::default().with("kind", "recovery_code").text("name", None::<&str>);
        second.push(record.at("added_at", None).at("used_at", code.used_at));
    }
    let known = reader.under::<Browsers>(&user)?.into_iter();
    let known =
        known.map(|(_, known)| Record::default().at("last_sign_in", Some(known.seen_at))).collect();
    let lifetimes = &ops.settings.lifetimes;
    let sessions = sessions::of_user(reader, user)?.into_iter();
    let sessions = sessions
        .map(|(_, one)| {
            Record::default()
                .at("began_at", Some(one.began_at))
                .at("last_active", Some(one.seen_at))
                .with("browser", one.browser.as_str())
                .text("address", one.address)
                .with("over", one.is_over(ops.now(), lifetimes))
        })
        .collect();
    Ok(vec![("second_factors", second), ("known_browsers", known), ("sessions", sessions)])
}

fn lies(within: Option<Place>, place: Option<Place>) -> bool {
    within.is_none() || within == place
}

fn held(
    ops: &Ops,
    reader: &Reader<'_>,
    user: UserId,
    within: Option<Place>,
) -> Result<Vec<Record>, Fault> {
    let mut records = Vec::new();
    for held in people::memberships(reader, user)? {
        if lies(within, Some(held.place)) {
            let record = Record::default()
                .text("place", Some(held.place))
                .with("place_name", place_access::name(reader, held.place)?)
                .with("role", held.role.0.as_str())
                .with("role_title", roles::title(reader, ops, &held)?)
                .at("since", Some(held.since));
            records.push(record);
        }
    }
    Ok(records)
}

fn approved(
    ops: &Ops,
    reader: &Reader<'_>,
    user: UserId,
    within: Option<Place>,
) -> Result<Vec<Record>, Fault> {
    let mut records = Vec::new();
    for (key, ()) in reader.under::<UserConnections>(&user)? {
        let id = tables::last_id(&key).map(ConnectionId::from_raw);
        let found = id.map_or(Ok(None), |id| reader.get::<Connections>(&id))?;
        if let Some(found) = found.filter(|found| lies(within, Some(found.place))) {
            records.push(rows::connection(ops, reader, &found)?);
        }
    }
    Ok(records)
}

/// Apps that are bounded by their permissions or that they answer for.
fn delegated(
    ops: &Ops,
    reader: &Reader<'_>,
    user: UserId,
    within: Option<Place>,
) -> Result<Vec<Record>, Fault> {
    let ids: Vec<AppId> = match within {
        Some(place) => {
            let rows = reader.under::<tables::PlaceApps>(&place)?.into_iter();
            rows.filter_map(|(key, ())| tables::last_id(&key).map(AppId::from_raw)).collect()
        }
        None => reader.all::<Apps>()?.into_iter().map(|(_, app)| app.id).collect(),
    };
    let mut records = Vec::new();
    for id in ids {
        let Some(app) = reader.get::<Apps>(&id)? else { continue };
        if [app.delegated_by, app.owner].contains(&Some(user)) {
            records.push(rows::app(ops, reader, &app)?);
        }
    }
    Ok(records)
}
