//! The lists: all together, and each kind on its own page.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::ops::access::AccessPage;
use crate::ops::access::AccessRefusal;
use crate::ops::access::List;
use crate::ops::access::counts::Counts;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::list::AccessList;
use crate::view::pages::connect::list::Attention;
use crate::view::pages::connect::list::ListKind;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::workspace::Section;
use crate::web::access::asked::Asked;
use crate::web::access::rows;
use crate::web::workspace::inside::Inside;

/// Everything.
pub(super) async fn overview(inside: Inside, RawQuery(query): RawQuery) -> Response {
    show(&inside, List::Overview, query.as_deref())
}

/// API credentials, or with `?deleted=yes` what was deleted.
pub(super) async fn api_credentials(inside: Inside, RawQuery(query): RawQuery) -> Response {
    show(&inside, List::ApiCredentials, query.as_deref())
}

/// OAuth connections.
pub(super) async fn oauth_connections(inside: Inside, RawQuery(query): RawQuery) -> Response {
    show(&inside, List::OauthConnections, query.as_deref())
}

/// API tokens.
pub(super) async fn api_tokens(inside: Inside, RawQuery(query): RawQuery) -> Response {
    show(&inside, List::ApiTokens, query.as_deref())
}

fn show(inside: &Inside, list: List, query: Option<&str>) -> Response {
    let asked = Asked::read(list, query);
    match found(inside, &asked) {
        Ok(found) => inside.show(&page(inside, &asked, found)),
        Err(page) => *page,
    }
}

/// A page of what was asked for, or the page that says why not.
pub(super) fn found(inside: &Inside, asked: &Asked) -> Result<AccessPage, Box<Response>> {
    let (place, cursor) = (inside.open.place, asked.cursor.as_deref());
    let page = inside.ops().access(&inside.live, place, &asked.filter, cursor);
    page.map_err(|failure| {
        Box::new(match failure {
            Failure::Fault(fault) => inside.fail(&fault),
            Failure::Refused(AccessRefusal::OutOfReach) => inside.refuse(ErrorKind::NotFound),
            Failure::Refused(AccessRefusal::NotACursor) => inside.refuse(ErrorKind::ListPage),
        })
    })
}

fn page(inside: &Inside, asked: &Asked, found: AccessPage) -> AccessList {
    let (kind, section) = kind_of(asked.filter.list);
    let now = inside.ops().now();
    let deleted = found.counts.as_ref().is_none_or(|counts| counts.deleted);
    let deleted_href = format!("{}?deleted=yes", Section::ApiCredentials.path());
    AccessList {
        frame: inside.frame(section),
        list: kind,
        rows: found.rows.iter().map(|access| rows::row(access, now)).collect(),
        total: found.total,
        filter: asked.shown.clone(),
        attention: found.counts.as_deref().map(attention).unwrap_or_default(),
        may_create: asked.filter.list != List::Deleted,
        deleted_href: (deleted && kind == ListKind::ApiCredentials).then_some(deleted_href),
        paging: paging(asked, found.previous, found.next),
    }
}

/// The way through a list.
pub(super) fn paging(asked: &Asked, previous: Option<String>, next: Option<String>) -> Paging {
    let turned = |cursor: Option<String>| cursor.map(|cursor| asked.at(&cursor));
    Paging { previous: turned(previous), next: turned(next) }
}

fn attention(counts: &Counts) -> Attention {
    Attention {
        reviews: counts.due.count,
        expiring: counts.expiring.count,
        idle: counts.revocable.len() as u64,
    }
}

const fn kind_of(list: List) -> (ListKind, Section) {
    match list {
        List::Overview | List::OauthApps => (ListKind::Overview, Section::Overview),
        List::ApiCredentials => (ListKind::ApiCredentials, Section::ApiCredentials),
        List::Deleted => (ListKind::DeletedApps, Section::ApiCredentials),
        List::OauthConnections => (ListKind::OauthConnections, Section::OauthConnections),
        List::ApiTokens => (ListKind::ApiTokens, Section::ApiTokens),
    }
}
