//! One OAuth app.

use axum::extract::Path;
use axum::response::Response;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::app::AppSecret;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::scope::ScopeSet;
use crate::ops::access::of_app::Judging;
use crate::ops::access::of_app::OauthAppFacts;
use crate::ops::failure::Fault;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::credential::SecretRow;
use crate::view::pages::connect::credential::Upkeep;
use crate::view::pages::connect::oauth_app::OauthApp;
use crate::view::pages::connect::oauth_app::OauthAppAct;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::workspace::Section;
use crate::web::access::rows;
use crate::web::access::scopes;
use crate::web::activity::rows as happened;
use crate::web::workspace::inside::Inside;

/// Entries of the activity on the page.
const RECENT: usize = 10;

/// The page.
pub(super) async fn show(Path(app): Path<String>, inside: Inside) -> Response {
    let (inside, facts) = match found(inside, &app) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    match page(&inside, &facts) {
        Ok(page) => inside.show(&page),
        Err(fault) => inside.fail(&fault),
    }
}

/// The app that the path names, and the person in its company or firm.
pub(super) fn found(inside: Inside, app: &str) -> Result<(Inside, OauthAppFacts), Box<Response>> {
    let Ok(id) = app.parse::<AppId>() else {
        return Err(Box::new(inside.refuse(ErrorKind::NotFound)));
    };
    let place = inside.open.place;
    let facts = inside.told(inside.ops().oauth_app_for(&inside.live, place, id))?;
    Ok((inside.beside(facts.app.place.or(Some(place))), facts))
}

/// Where an OAuth app's page is.
pub(super) fn home_of(id: AppId) -> String {
    format!("{}/{id}", Section::OauthApps.path())
}

fn page(inside: &Inside, facts: &OauthAppFacts) -> Result<OauthApp, Fault> {
    let (ops, now, app) = (inside.ops(), inside.ops().now(), &facts.app);
    let place = inside.open.place;
    let told = ops.activity_of_app(&inside.live, place, app.id, RECENT)?;
    let days = ops.chart_of(place, Some(app.id))?;
    let redirect_uris = app.redirect_uris.iter().map(|uri| uri.as_str().to_owned());
    Ok(OauthApp {
        frame: inside.frame(Section::OauthApps),
        href: home_of(app.id),
        client: rows::client(app, None),
        statuses: rows::badges(&facts.standing, now),
        created: Moment::at(app.created_at, now),
        redirect_uris: redirect_uris.collect(),
        pkce: app.must_use_pkce(),
        areas: scopes::held(ops.catalogue(), &may_ask(inside, app), &app.required, None),
        secrets: app.secrets.iter().map(|secret| secret_row(facts, secret, now)).collect(),
        upkeep: upkeep(app, facts.owner.clone(), now),
        connections: facts.connections.unwrap_or_default(),
        chart: happened::chart(ChartKind::Tokens, &days),
        recent: told.iter().map(|told| happened::row(told, now)).collect(),
        acts: acts(inside, facts),
    })
}

/// What the app may ask for, with all that is included: all that there is, unless somebody said less.
pub(super) fn may_ask(inside: &Inside, app: &App) -> ScopeSet {
    match &app.delegation {
        Delegation::Only(scopes) => inside.ops().catalogue().closure(scopes),
        Delegation::Anything => {
            let all = inside.ops().catalogue().permissions().iter();
            all.map(|permission| permission.name.clone()).collect()
        }
    }
}

fn secret_row(facts: &OauthAppFacts, secret: &AppSecret, now: Timestamp) -> SecretRow {
    let former = secret.expires_at.is_some();
    let noted = facts.secret_uses.0.iter().find(|(of, _)| *of == secret.id).map(|(_, at)| *at);
    // Before that was noted of each secret, the app's use was that of its only one.
    let noted = noted.or(facts.last_used.filter(|_| facts.app.secrets.len() == 1));
    SecretRow {
        shown: format!("cs_sec_…{}", secret.last_four),
        created: Moment::at(secret.created_at, now),
        last_used: noted.map(|at| Moment::at(at, now)),
        stops: secret.expires_at.map(|at| Moment::at(at, now)),
        former,
    }
}

fn upkeep(app: &App, owner: Option<String>, now: Timestamp) -> Upkeep {
    Upkeep {
        owner,
        purpose: app.purpose.clone(),
        expires: app.expires_at.map(Day::last_before),
        reason: String::new(),
        review: app.review_due.map(Day::of),
        review_days: app.review_days.into(),
        review_due: app.review_due.is_some_and(|at| at <= now),
    }
}

/// What the person may do with it. The acts check it again when they are done.
pub(super) fn acts(inside: &Inside, facts: &OauthAppFacts) -> Vec<OauthAppAct> {
    let mut acts = Vec::new();
    match facts.judging {
        Judging::Installation => acts.extend(match facts.app.status {
            AppStatus::Blocked { .. } => vec![OauthAppAct::Unblock],
            AppStatus::Active if facts.app.reviewed => vec![OauthAppAct::Block],
            AppStatus::Active => vec![OauthAppAct::Approve, OauthAppAct::Block],
            _ => Vec::new(),
        }),
        Judging::Company if facts.blocked_here => acts.push(OauthAppAct::Unblock),
        Judging::Company => acts.push(OauthAppAct::Block),
        Judging::Nothing => {}
    }
    if facts.own && !facts.app.registration.is_by_itself() {
        // Who answers for an app without administering its place is shown no secret, and changes nothing
        // that others are asked about.
        let governs = facts.app.place.is_none() || inside.open.administers;
        let only_review = [OauthAppAct::Review, OauthAppAct::Revoke, OauthAppAct::Delete];
        let own = own_acts(&facts.app, inside.ops().now()).into_iter();
        acts.extend(own.filter(|act| governs || only_review.contains(act)));
    }
    acts
}

/// What those who registered it may do with it.
fn own_acts(app: &App, now: Timestamp) -> Vec<OauthAppAct> {
    use OauthAppAct as Act;
    match app.status {
        AppStatus::Active if app.kind.is_confidential() => {
            vec![Act::Change, Act::Review, Act::Rotate, Act::Revoke, Act::Delete]
        }
        AppStatus::Active => vec![Act::Change, Act::Review, Act::Revoke, Act::Delete],
        AppStatus::Revoked { .. } => vec![Act::Restore, Act::Delete],
        AppStatus::Deleted { .. } if app.may_return(now) => vec![Act::Restore],
        AppStatus::Deleted { .. } | AppStatus::Blocked { .. } => Vec::new(),
    }
}
