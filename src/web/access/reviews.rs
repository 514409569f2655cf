//! Reviews: what somebody should look at.

use axum::response::Response;

use crate::ops::access::What;
use crate::ops::failure::Fault;
use crate::view::pages::connect::reviews::Reviews;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::workspace::Section;
use crate::web::access::rows;
use crate::web::workspace::inside::Inside;

/// The page: the newest fifty of each.
pub(super) async fn show(inside: Inside) -> Response {
    match page(&inside) {
        Ok(page) => inside.show(&page),
        Err(fault) => inside.fail(&fault),
    }
}

fn page(inside: &Inside) -> Result<Reviews, Fault> {
    let (ops, place) = (inside.ops(), inside.open.place);
    let counts = ops.counts_of(&inside.live, place)?.unwrap_or_default();
    Ok(Reviews {
        frame: inside.frame(Section::Reviews),
        due: shown(inside, &counts.due.first)?,
        expiring: shown(inside, &counts.expiring.first)?,
        idle: shown(inside, &counts.idle.first)?,
        revocable: counts.revocable.len() as u64,
    })
}

fn shown(inside: &Inside, which: &[What]) -> Result<Vec<AccessRow>, Fault> {
    let now = inside.ops().now();
    let rows = inside.ops().access_rows(&inside.live, inside.open.place, which)?;
    Ok(rows.iter().map(|access| rows::row(access, now)).collect())
}
