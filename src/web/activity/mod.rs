//! Activity: what happened, filtered, looked up, exported, and held against its chain.

mod asked;
mod cause;
mod export;
mod look_up;
pub mod rows;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;

use crate::ops::activity::ActivityPage;
use crate::ops::activity::ActivityRefusal;
use crate::ops::activity::choices::Choices;
use crate::ops::failure::Failure;
use crate::ops::failure::Fault;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::activity::Activity;
use crate::view::pages::connect::activity::Chain;
use crate::view::pages::connect::activity::ChainOutcome;
use crate::view::pages::connect::activity::Scope;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::workspace::Section;
use crate::web::WebState;
use crate::web::activity::asked::Asked;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Where it stands.
const PATH: &str = Section::Activity.path();

/// The pages below `/settings/app-connect/activity`.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(PATH, get(show))
        .route(&format!("{PATH}/verify"), post(verify))
        .route(&format!("{PATH}/reference"), get(look_up::ask))
        .route(&format!("{PATH}/export.csv"), get(export::csv))
        .route(&format!("{PATH}/export.jsonl"), get(export::json_lines))
        .route(&format!("{PATH}/{{reference}}"), get(look_up::show))
}

/// A page of the list.
async fn show(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(query.as_deref());
    let (place, ops) = (inside.open.place, inside.ops());
    let found = ops.activity(&inside.live, place, &asked.filter, asked.cursor.as_deref());
    let found = match found {
        Ok(found) => found,
        Err(Failure::Fault(fault)) => return inside.fail(&fault),
        Err(Failure::Refused(ActivityRefusal::OutOfReach)) => {
            return inside.refuse(ErrorKind::NotFound);
        }
        Err(Failure::Refused(ActivityRefusal::NotACursor)) => {
            return inside.refuse(ErrorKind::ListPage);
        }
    };
    match page(&inside, &asked, found) {
        Ok(page) => inside.show(&page),
        Err(fault) => inside.fail(&fault),
    }
}

fn page(inside: &Inside, asked: &Asked, found: ActivityPage) -> Result<Activity, Fault> {
    let (place, ops) = (inside.open.place, inside.ops());
    let now = ops.now();
    let choices = ops.activity_choices(&inside.live, place, &asked.filter)?;
    // What a place's apps did is for those who see all of it.
    let of_place = found.whole && !asked.filter.everywhere;
    let days = if of_place { ops.chart_of(place, asked.filter.app)? } else { Vec::new() };
    let turned = |cursor: Option<String>| cursor.map(|cursor| asked.at(&cursor));
    Ok(Activity {
        frame: inside.frame(Section::Activity),
        paging: Paging { previous: turned(found.previous), next: turned(found.next) },
        rows: found.rows.iter().map(|told| asked.led(rows::row(told, now))).collect(),
        scope: match (found.whole, asked.filter.everywhere) {
            (_, true) => Scope::Installation,
            (true, false) => Scope::Place,
            (false, false) => Scope::Own,
        },
        operator: inside.live.user.operator,
        filter: asked.shown(choices),
        query: asked.query(),
        calls: rows::chart(ChartKind::Calls, &days),
        tokens: rows::chart(ChartKind::Tokens, &days),
        csrf: inside.tag(&format!("{PATH}/verify")),
        chain: chain(inside).filter(|_| found.whole),
    })
}

fn chain(inside: &Inside) -> Option<Chain> {
    let ops = inside.ops();
    let check = ops.last_chain_check()?;
    Some(Chain {
        at: Moment::at(check.at, ops.now()),
        entries: check.entries,
        outcome: if check.broken_at.is_some() { ChainOutcome::Broken } else { ChainOutcome::Whole },
        broken_at: check.broken_at.unwrap_or_default(),
    })
}

/// Walks the chain, for those who administer a place, and leads back to the page that tells.
async fn verify(sent: Sent) -> Response {
    let inside = sent.inside;
    if !inside.open.administers && !inside.live.user.operator {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    match inside.ops().check_chain().await {
        Ok(_) => inside.visitor.go(PATH),
        Err(fault) => inside.fail(&fault),
    }
}
