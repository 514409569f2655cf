//! What reaches a company through its firm, and keeping it away.

use axum::extract::Path;
use axum::extract::RawQuery;
use axum::response::Response;

use crate::base::id::CompanyId;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::http::parameters::Parameters;
use crate::ops::access::Kind;
use crate::ops::access::kind_of;
use crate::ops::administration::reaching::Reaching;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::connect::through_firm::FirmAccess;
use crate::view::pages::connect::through_firm::ThroughFirm;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::parts::permission::Extent;
use crate::view::pages::parts::status::Status;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::access::rows;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const HOME: &str = Section::ThroughFirm.path();

/// The page, for those who administer the open company.
pub(super) async fn show(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let sent = Parameters::of_query(query.as_deref());
    let cursor = Some(sent.first("cursor")).filter(|cursor| !cursor.is_empty());
    page(&inside, cursor).map_or_else(|page| *page, |page| inside.show(&page))
}

fn page(inside: &Inside, cursor: Option<&str>) -> Result<ThroughFirm, Box<Response>> {
    let company = company(inside)?;
    let may_block = may_block(inside, company.id)?;
    let frame = inside.frame(Section::ThroughFirm);
    let Some(firm) = company.firm else {
        let (firms, paging) = (Vec::new(), Paging::default());
        return Ok(ThroughFirm { frame, firms, paging, may_block });
    };
    let found =
        inside.told(inside.ops().reaching_through_firm(&inside.live, company.id, cursor))?;
    let failed = |fault| Box::new(inside.fail(&fault));
    let name = inside.ops().firm_name(firm).map_err(failed)?;
    let members = inside.told(inside.ops().members_who_see(&inside.live, company.id))?;
    let rows = found.rows.iter().map(|one| row(inside, one));
    let rows = rows.collect::<Result<_, _>>().map_err(failed)?;
    let firm = FirmAccess { firm: name, confidential: company.confidential, members, rows };
    let turned = |cursor: Option<String>| cursor.map(|cursor| format!("?cursor={cursor}"));
    let paging = Paging { previous: turned(found.previous), next: turned(found.next) };
    Ok(ThroughFirm { frame, firms: vec![firm], paging, may_block })
}

/// Whether the person may keep something away from the company: nobody may who administers it only
/// through its firm.
fn may_block(inside: &Inside, company: CompanyId) -> Result<bool, Box<Response>> {
    let governs = inside.ops().may_govern(&inside.live, Place::Company(company));
    governs.map_err(|fault| Box::new(inside.fail(&fault)))
}

/// The open company, if the person administers it.
fn company(inside: &Inside) -> Result<Company, Box<Response>> {
    match (&inside.open.facts, inside.open.administers) {
        (PlaceFacts::Company(company), true) => Ok(Company::clone(company)),
        (PlaceFacts::Company(_), false) => Err(Box::new(inside.refuse(ErrorKind::NotAllowed))),
        _ => Err(Box::new(inside.refuse(ErrorKind::NotFound))),
    }
}

fn row(inside: &Inside, one: &Reaching) -> Result<AccessRow, crate::ops::failure::Fault> {
    let (ops, now) = (inside.ops(), inside.ops().now());
    let (read, write) = ops.extent(&one.scopes);
    let word = if one.blocked { "unblock" } else { "block" };
    let kind = match one.what {
        Blocked::Connection(_) => AccessKind::OauthConnection,
        Blocked::App(_) => rows::kind(kind_of(&one.app).unwrap_or(Kind::ApiCredentials)),
    };
    let last_used = ops.last_use_of(one.what)?;
    Ok(AccessRow {
        name: one.app.name.clone(),
        quoted: one.app.registration.is_by_itself(),
        href: format!("{HOME}/{}/{word}", one.what),
        kind,
        place: None,
        by: ops.user_name(one.person)?,
        purpose: String::new(),
        extent: Extent { read, write },
        last_used: last_used.map(|at| Moment::at(at, now)),
        expires: one.ends.map(Day::last_before),
        statuses: vec![if one.blocked { Status::Blocked } else { Status::Active }],
    })
}

/// Asks whether to keep it away.
pub(super) async fn ask_block(Path(what): Path<String>, inside: Inside) -> Response {
    ask(&inside, &what, true)
}

/// Asks whether to let it reach the company again.
pub(super) async fn ask_unblock(Path(what): Path<String>, inside: Inside) -> Response {
    ask(&inside, &what, false)
}

/// Keeps it away.
pub(super) async fn block(Path(what): Path<String>, sent: Sent) -> Response {
    set(sent, &what, true).await
}

/// Lets it reach the company again.
pub(super) async fn unblock(Path(what): Path<String>, sent: Sent) -> Response {
    set(sent, &what, false).await
}

type Named = (CompanyId, Blocked, String);

/// What the path names, if it reaches the open company through its firm.
fn named(inside: &Inside, what: &str) -> Result<Named, Box<Response>> {
    let company = company(inside)?;
    if !may_block(inside, company.id)? {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    }
    let unknown = || Box::new(inside.refuse(ErrorKind::NotFound));
    let what: Blocked = what.parse().map_err(|_| unknown())?;
    let found = inside.told(inside.ops().reaching_one(&inside.live, company.id, what))?;
    Ok((company.id, what, found.app.name.clone()))
}

fn question(what: Blocked, name: &str, block: bool) -> Question {
    let (act, word) = if block {
        (ConfirmAct::BlockThroughFirm, "block")
    } else {
        (ConfirmAct::UnblockThroughFirm, "unblock")
    };
    Question::of(act, Section::ThroughFirm, name, &format!("{HOME}/{what}/{word}"), HOME)
}

fn ask(inside: &Inside, what: &str, block: bool) -> Response {
    match named(inside, what) {
        Ok((_, what, name)) => inside.ask(question(what, &name, block)),
        Err(page) => *page,
    }
}

async fn set(sent: Sent, what: &str, block: bool) -> Response {
    let by = sent.by();
    let Sent { inside, fields, .. } = sent;
    let (company, what, name) = match named(&inside, what) {
        Ok(named) => named,
        Err(page) => return *page,
    };
    let outcome = if block {
        inside.ops().block(company, what, None, "", by).await
    } else {
        inside.ops().unblock(company, what, None, by).await
    };
    let flash = if block { Flash::Blocked(name.clone()) } else { Flash::Unblocked(name.clone()) };
    match inside.answered(question(what, &name, block), &fields, outcome) {
        Ok(_) => inside.done(HOME, &flash),
        Err(page) => *page,
    }
}
