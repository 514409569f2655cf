//! The rows of people, apps and connections.

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppSecret;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::registration::ClientProof;
use crate::domain::registration::KeySource;
use crate::domain::registration::Registration;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::invite;
use crate::ops::administration::people_here;
use crate::ops::administration::people_here::Member;
use crate::ops::administration::roles;
use crate::ops::people;
use crate::ops::place_access;
use crate::ops::takeout::Part;
use crate::ops::takeout::Taken;
use crate::ops::takeout::fields::Record;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Browsers;
use crate::store::tables::Connections;
use crate::store::tables::Factors;
use crate::store::tables::PlaceApps;
use crate::store::tables::PlaceConnections;
use crate::store::tables::Users;

/// Rows of one part.
const PART: usize = 256;

type Found = Result<Part, Fault>;

/// The part of `taken` behind `after`.
pub(super) fn part(
    ops: &Ops,
    reader: &Reader<'_>,
    taken: Taken,
    place: Option<Place>,
    after: Option<RawId>,
) -> Found {
    match (taken, place) {
        (Taken::People, Some(place)) => people_of(ops, reader, place),
        (Taken::People, None) => all_people(ops, reader, after),
        (Taken::Apps, place) => apps(ops, reader, place, after),
        (Taken::Connections, place) => connections(ops, reader, place, after),
    }
}

/// The next identifiers, and whether there are more behind them.
fn ids<T>(rows: &[(Vec<u8>, T)]) -> (Vec<RawId>, Option<RawId>) {
    let ids: Vec<RawId> = rows.iter().filter_map(|(key, _)| tables::last_id(key)).collect();
    let after = ids.last().copied().filter(|_| rows.len() == PART);
    (ids, after)
}

fn apps(ops: &Ops, reader: &Reader<'_>, place: Option<Place>, after: Option<RawId>) -> Found {
    let from = after.map(AppId::from_raw);
    let (ids, after) = match place {
        Some(place) => {
            let from = from.map(|app| (place, app));
            ids(&reader.under_after::<PlaceApps>(&place, from.as_ref(), PART)?)
        }
        None => ids(&reader.after::<Apps>(from.as_ref(), PART)?),
    };
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(found) = reader.get::<Apps>(&AppId::from_raw(id))? {
            records.push(app(ops, reader, &found)?);
        }
    }
    Ok(Part { records, after })
}

fn connections(
    ops: &Ops,
    reader: &Reader<'_>,
    place: Option<Place>,
    after: Option<RawId>,
) -> Found {
    let from = after.map(ConnectionId::from_raw);
    let (ids, after) = match place {
        Some(place) => {
            let from = from.map(|connection| (place, connection));
            ids(&reader.under_after::<PlaceConnections>(&place, from.as_ref(), PART)?)
        }
        None => ids(&reader.after::<Connections>(from.as_ref(), PART)?),
    };
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(found) = reader.get::<Connections>(&ConnectionId::from_raw(id))? {
            records.push(connection(ops, reader, &found)?);
        }
    }
    Ok(Part { records, after })
}

/// The people of a place are as many as a page shows: they are read at once.
fn people_of(ops: &Ops, reader: &Reader<'_>, place: Place) -> Found {
    let mut records = Vec::new();
    let place_name = place_access::name(reader, place)?;
    for Member { user, role, role_title, through, since, factors, last_sign_in } in
        people_here::members_of(reader, ops, place)?
    {
        let record = account(&user)
            .text("place", Some(place))
            .with("place_name", place_name.as_str())
            .with("role", role.0)
            .with("role_title", role_title)
            .with("through", through)
            .at("since", Some(since))
            .with("second_factors", factors)
            .at("last_sign_in", last_sign_in);
        records.push(record);
    }
    for (_, waits) in invite::waiting(reader, place)? {
        let role = roles::find(reader, ops, place, &waits.role)?;
        let record = Record::default()
            .text("user_id", None::<UserId>)
            .with("name", waits.name)
            .text("email", Some(waits.email))
            .with("status", "invited")
            .text("place", Some(place))
            .with("place_name", place_name.as_str())
            .with("role", waits.role.0)
            .with("role_title", role.map(|role| role.title))
            .text("through", None::<&str>)
            .at("since", Some(waits.made_at))
            .with("second_factors", 0)
            .at("last_sign_in", None);
        records.push(record);
    }
    Ok(Part { records, after: None })
}

/// A row for each role of everybody, and one for whoever has none.
fn all_people(ops: &Ops, reader: &Reader<'_>, after: Option<RawId>) -> Found {
    let from = after.map(UserId::from_raw);
    let rows = reader.after::<Users>(from.as_ref(), PART)?;
    let (_, after) = ids(&rows);
    let mut records = Vec::with_capacity(rows.len());
    for (_, user) in &rows {
        let mut roles: Vec<Record> = Vec::new();
        for held in people::memberships(reader, user.id)? {
            let role = account(user)
                .text("place", Some(held.place))
                .with("place_name", place_access::name(reader, held.place)?)
                .with("role", held.role.0.as_str())
                .with("role_title", roles::title(reader, ops, &held)?)
                .at("since", Some(held.since));
            roles.push(role);
        }
        if roles.is_empty() {
            let nothing = ["place", "place_name", "role", "role_title", "since"].into_iter();
            roles.push(nothing.fold(account(user), |role, name| role.text(name, None::<&str>)));
        }
        let factors = reader.get::<Factors>(&user.id)?.unwrap_or_default();
        let count = usize::from(factors.totp.is_some()) + factors.passkeys.len();
        let browsers = reader.under::<Browsers>(&user.id)?;
        let last = browsers.into_iter().map(|(_, known)| known.seen_at).max();
        records.extend(roles.into_iter().map(|role| {
            role.with("second_factors", count)
                .at("last_sign_in", last)
                .with("operator", user.operator)
                .at("created_at", Some(user.created_at))
        }));
    }
    Ok(Part { records, after })
}

/// Who somebody is.
pub(super) fn account(user: &User) -> Record {
    let record = Record::default()
        .text("user_id", Some(user.id))
        .with("name", user.name.as_str())
        .text("email", Some(&user.email));
    match user.erased_at {
        Some(_) => record.with("status", "erased"),
        None => record.word("status", &user.status),
    }
}

fn name_of(reader: &Reader<'_>, user: Option<UserId>) -> Result<Option<String>, Fault> {
    let user = user.map_or(Ok(None), |user| reader.shared::<Users>(&user))?;
    Ok(user.map(|user| user.name.clone()))
}

fn place_name(reader: &Reader<'_>, place: Option<Place>) -> Result<Option<String>, Fault> {
    place.map(|place| place_access::name(reader, place)).transpose()
}

/// An app. Of its secrets: when each was made and when it ends.
pub(super) fn app(ops: &Ops, reader: &Reader<'_>, app: &App) -> Result<Record, Fault> {
    let registration = match &app.registration {
        Registration::Administrator => "administrator",
        Registration::Dynamic => "dynamic",
        Registration::Document { .. } => "document",
    };
    let (proof, keys_at) = match &app.proof {
        _ if !app.kind.is_confidential() => ("none", None),
        ClientProof::Secret => ("secret", None),
        ClientProof::PrivateKeyJwt { keys: KeySource::Url(url) } => {
            ("private_key_jwt", Some(url.as_str()))
        }
        ClientProof::PrivateKeyJwt { keys: KeySource::Inline(_) } => ("private_key_jwt", None),
    };
    let permissions = match &app.delegation {
        Delegation::Anything => "anything".to_owned(),
        Delegation::Only(scopes) => scopes.to_string(),
    };
    let (status, status_since) = match app.status {
        AppStatus::Active => ("active", None),
        AppStatus::Revoked { at } => ("revoked", Some(at)),
        AppStatus::Blocked { at } => ("blocked", Some(at)),
        AppStatus::Deleted { at } => ("deleted", Some(at)),
    };
    let uris: Vec<&str> = app.redirect_uris.iter().map(|uri| uri.as_str()).collect();
    let secrets: Vec<Record> = app.secrets.iter().map(secret).collect();
    Ok(Record::default()
        .text("app_id", Some(app.id))
        .with("client_id", app.client_id())
        .word("kind", &app.kind)
        .with("registration", registration)
        .with("name", app.name.as_str())
        .with("purpose", app.purpose.as_str())
        .with("website", app.website.as_deref())
        .text("place", app.place)
        .with("place_name", place_name(reader, app.place)?)
        .word("environment", &app.environment)
        .with("permissions", permissions)
        .text("required_permissions", Some(&app.required))
        .text("delegated_by", app.delegated_by)
        .with("delegated_by_name", name_of(reader, app.delegated_by)?)
        .text("owner", app.owner)
        .with("owner_name", name_of(reader, app.owner)?)
        .with("redirect_uris", uris)
        .with("mcp", app.mcp)
        .with("pkce_required", app.must_use_pkce())
        .with("authentication", proof)
        .with("keys_at", keys_at)
        .list("secrets", &secrets)
        .with("status", status)
        .at("status_since", status_since)
        .at("created_at", Some(app.created_at))
        .at("expires_at", app.expires_at)
        .with("no_expiry_reason", app.no_expiry_reason.as_str())
        .with("reviewed", app.reviewed)
        .at("review_due", app.review_due)
        .with("review_days", app.review_days)
        .at("last_used", ops.app_use(reader, app.id)?))
}

fn secret(secret: &AppSecret) -> Record {
    Record::default().at("created_at", Some(secret.created_at)).at("expires_at", secret.expires_at)
}

/// A connection.
pub(super) fn connection(
    ops: &Ops,
    reader: &Reader<'_>,
    connection: &Connection,
) -> Result<Record, Fault> {
    let app = reader.shared::<Apps>(&connection.app)?;
    let used = ops.connection_use(reader, connection.id)?;
    let record = Record::default()
        .text("connection_id", Some(connection.id))
        .text("app_id", Some(connection.app))
        .with("app_name", app.as_ref().map(|app| app.name.clone()))
        .with("client_id", app.as_ref().map(|app| app.client_id()))
        .text("user_id", Some(connection.user))
        .with("user_name", name_of(reader, Some(connection.user))?)
        .text("place", Some(connection.place))
        .with("place_name", place_access::name(reader, connection.place)?)
        .text("permissions", Some(&connection.scopes))
        .with("api", connection.audience.api)
        .text("mcp_company", connection.audience.mcp)
        .at("approved_at", Some(connection.consented_at))
        .at("ends_at", Some(connection.absolute_end))
        .text("owner", connection.owner)
        .with("owner_name", name_of(reader, connection.owner)?)
        .with("purpose", connection.purpose.as_str())
        .at("review_due", connection.review_due)
        .with("review_days", connection.review_days)
        .at("last_used", used.map(|used| used.at))
        .text("last_used_from", used.and_then(|used| used.from));
    Ok(match connection.status {
        ConnectionStatus::Active => {
            record.with("status", "active").at("ended_at", None).text("end_cause", None::<&str>)
        }
        ConnectionStatus::Ended { at, cause } => {
            record.with("status", "ended").at("ended_at", Some(at)).word("end_cause", &cause)
        }
    })
}
