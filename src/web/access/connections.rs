//! One connection.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::ConnectionId;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeSet;
use crate::ops::access::of_app::ConnectionFacts;
use crate::ops::failure::Fault;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::connection::Connection;
use crate::view::pages::connect::credential::Lately;
use crate::view::pages::connect::credential::Upkeep;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::workspace::Section;
use crate::web::access::rows;
use crate::web::access::scopes;
use crate::web::activity::rows as happened;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::inside::shown;

/// Entries of the activity on the page.
const RECENT: usize = 10;

/// The page.
pub(super) async fn show(Path(connection): Path<String>, inside: Inside) -> Response {
    let (inside, facts) = match found(inside, &connection) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    match page(&inside, facts) {
        Ok(page) => inside.show(&page),
        Err(fault) => inside.fail(&fault),
    }
}

/// The connection that the path names, and the person in its company or firm.
pub(super) fn found(
    inside: Inside,
    connection: &str,
) -> Result<(Inside, ConnectionFacts), Box<Response>> {
    let Ok(id) = connection.parse::<ConnectionId>() else {
        return Err(Box::new(inside.refuse(ErrorKind::NotFound)));
    };
    let facts = inside.told(inside.ops().connection_for(&inside.live, id))?;
    Ok((inside.beside(Some(facts.connection.place)), facts))
}

/// Where a connection's page is.
pub(super) fn home_of(id: ConnectionId) -> String {
    format!("{}/{id}", Section::OauthConnections.path())
}

fn page(inside: &Inside, facts: ConnectionFacts) -> Result<Connection, Fault> {
    let (ops, now) = (inside.ops(), inside.ops().now());
    let (last_token, last_call) = (facts.last_token(), facts.last_call());
    let ConnectionFacts { connection, app, place, person, owner, last_use, standing, effective } =
        facts;
    let last = last_use.map(|last| last.at);
    let refresh = ops.settings().lifetimes.refresh;
    let unused = last.unwrap_or(connection.consented_at).plus(refresh);
    let ends_unused = connection.is_active().then(|| unused.min(connection.absolute_end));
    let address = last_use.and_then(|last| last.from).map(|from| from.to_string());
    let told = ops.activity_of_app(&inside.live, connection.place, app.id, 10 * RECENT)?;
    let own = told.iter().filter(|told| told.event.connection == Some(connection.id));
    let refusal = own.clone().find(|told| told.event.kind.is_refusal());
    let href_of_app =
        sees_app(inside, app.place).then(|| format!("{}/{}", Section::OauthApps.path(), app.id));
    let mcp_url = mcp_url(inside, &place, connection.audience.mcp.is_some());
    let issuer = ops.settings().issuer.as_str();
    let resource = match (connection.audience.api, connection.audience.mcp) {
        (true, Some(_)) => None,
        (true, None) => Some(Resource::Api.url(issuer)),
        (false, _) => mcp_url.clone(),
    };
    let due = connection.review_due;
    Ok(Connection {
        frame: inside.frame(Section::OauthConnections),
        href: home_of(connection.id),
        client: rows::client(&app, href_of_app),
        statuses: rows::badges(&standing, now),
        place: shown(&place),
        person,
        consented: Moment::at(connection.consented_at, now),
        last_used: last.map(|at| Moment::at(at, now)),
        last_address: address.unwrap_or_default(),
        ends_unused: ends_unused.map(|at| Moment::at(at, now)),
        resource,
        mcp_url,
        areas: scopes::held(
            ops.catalogue(),
            &connection.scopes,
            &ScopeSet::default(),
            Some(&effective),
        ),
        upkeep: Upkeep {
            owner,
            purpose: connection.purpose.clone(),
            expires: Some(Day::last_before(connection.absolute_end)),
            reason: String::new(),
            review: due.map(Day::of),
            review_days: connection.review_every().into(),
            review_due: due.is_some_and(|at| at <= now),
        },
        lately: Lately {
            token: Some(Moment::at(last_token, now)),
            call: last_call.map(|at| Moment::at(at, now)),
            refusal: refusal.map(|told| Moment::at(told.event.at, now)),
            refusal_href: refusal.and_then(|told| happened::row(told, now).href),
        },
        chart: Chart::of(ChartKind::Calls, Vec::new()),
        recent: own.take(RECENT).map(|told| happened::row(told, now)).collect(),
        may_delete: true,
        may_change: connection.is_active(),
    })
}

/// Whether the person sees the page of an app of `place`.
fn sees_app(inside: &Inside, place: Option<Place>) -> bool {
    let administers = inside.open.administers;
    place.is_none_or(|place| place == inside.open.place)
        && (administers || inside.live.user.operator)
}

fn mcp_url(inside: &Inside, place: &PlaceFacts, is_for_mcp: bool) -> Option<String> {
    match place {
        PlaceFacts::Company(company) if is_for_mcp => {
            let issuer = inside.ops().settings().issuer.as_str();
            Some(Resource::Mcp(company.slug.clone()).url(issuer))
        }
        _ => None,
    }
}
