//! What has access as a row, and how it stands as badges.

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::client_document;
use crate::domain::registration::ClientProof as Proof;
use crate::domain::registration::Registration;
use crate::domain::standing::Standing;
use crate::ops::access::Access;
use crate::ops::access::Kind;
use crate::ops::access::What;
use crate::view::pages::connect::connection::AppOrigin;
use crate::view::pages::connect::connection::ClientFacts;
use crate::view::pages::connect::connection::ClientProof;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::permission::Extent;
use crate::view::pages::parts::status::Status;
use crate::view::pages::workspace::Section;
use crate::web::logos;

/// The row of `access`, as seen from `now`.
pub(super) fn row(access: &Access, now: Timestamp) -> AccessRow {
    let (read, write) = access.extent;
    let purpose = match &access.connection {
        Some(connection) => connection.purpose.clone(),
        None => access.app.purpose.clone(),
    };
    // Of a program that chose its own name, the host says more.
    let quoted = access.app.registration.is_by_itself();
    let purpose = if quoted && purpose.is_empty() { host(&access.app) } else { purpose };
    AccessRow {
        name: access.app.name.clone(),
        quoted,
        href: href(access.what, access.kind),
        kind: kind(access.kind),
        place: None,
        by: access.by.clone(),
        purpose,
        extent: Extent { read, write },
        last_used: access.last_used.map(|at| Moment::at(at, now)),
        expires: access.ends().map(Day::last_before),
        statuses: badges(&access.standing, now),
    }
}

/// The page of what has access.
pub(super) fn href(what: What, kind: Kind) -> String {
    let section = match kind {
        Kind::ApiCredentials => Section::ApiCredentials,
        Kind::OauthConnection => Section::OauthConnections,
        Kind::ApiToken => Section::ApiTokens,
        Kind::OauthApp => Section::OauthApps,
    };
    match what {
        What::App(app) => format!("{}/{app}", section.path()),
        What::Connection(connection) => format!("{}/{connection}", section.path()),
    }
}

/// The kind as pages name it.
pub(super) const fn kind(kind: Kind) -> AccessKind {
    match kind {
        Kind::ApiCredentials => AccessKind::ApiCredentials,
        Kind::OauthConnection => AccessKind::OauthConnection,
        Kind::ApiToken => AccessKind::ApiToken,
        Kind::OauthApp => AccessKind::OauthApp,
    }
}

/// How something stands, as badges.
pub(in crate::web) fn badges(standing: &[Standing], now: Timestamp) -> Vec<Status> {
    standing.iter().map(|one| badge(*one, now)).collect()
}

fn badge(standing: Standing, now: Timestamp) -> Status {
    match standing {
        Standing::Active => Status::Active,
        Standing::Idle(days) => Status::Idle(days),
        Standing::Expiring => Status::Expiring,
        Standing::Expired => Status::Expired,
        Standing::Rotating(until) => Status::Rotating(Moment::at(until, now)),
        Standing::Revoked => Status::Revoked,
        Standing::Deleted(until) => Status::Deleted(Moment::at(until, now)),
        Standing::NeedsReconnecting => Status::NeedsReconnecting,
        Standing::ReviewDue => Status::ReviewDue,
        Standing::NeedsDelegator => Status::NeedsDelegator,
        Standing::Blocked => Status::Blocked,
        Standing::Unreviewed => Status::Unreviewed,
        Standing::Approved => Status::Approved,
        Standing::NeverUsed => Status::NeverUsed,
    }
}

/// A program as pages show it; `href` where the person may see its page.
pub(super) fn client(app: &App, href: Option<String>) -> ClientFacts {
    let initial = app.name.chars().find(|letter| letter.is_alphanumeric());
    ClientFacts {
        name: app.name.clone(),
        quoted: app.registration.is_by_itself(),
        logo: logos::path_of(app),
        initial: initial.map(|letter| letter.to_uppercase().to_string()).unwrap_or_default(),
        client_id: app.client_id(),
        host: host(app),
        origin: origin(app),
        proof: proof(app),
        href,
    }
}

/// The host behind it: of its document, of where it sends people back to, or of its web site. What a
/// program says of itself proves nothing.
fn host(app: &App) -> String {
    let redirect = || {
        let first = app.redirect_uris.first()?;
        let url = url::Url::parse(first.as_str()).ok()?;
        Some(match url.host_str() {
            Some(host) if matches!(url.scheme(), "https" | "http") => host.to_owned(),
            _ => format!("{}:", url.scheme()),
        })
    };
    match &app.registration {
        Registration::Document { url } => client_document::display_host(url),
        Registration::Dynamic => redirect(),
        Registration::Administrator => app.website_host().or_else(redirect),
    }
    .unwrap_or_default()
}

const fn origin(app: &App) -> AppOrigin {
    match (&app.registration, app.place) {
        (Registration::Document { .. }, _) => AppOrigin::Document,
        (Registration::Dynamic, _) => AppOrigin::RegisteredItself,
        (Registration::Administrator, None) => AppOrigin::Published,
        (Registration::Administrator, Some(_)) => AppOrigin::Registered,
    }
}

const fn proof(app: &App) -> ClientProof {
    match (app.kind.is_confidential(), &app.proof) {
        (false, _) => ClientProof::Public,
        (true, Proof::Secret) => ClientProof::Secret,
        (true, Proof::PrivateKeyJwt { .. }) => ClientProof::Assertion,
    }
}
