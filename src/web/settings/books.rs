//! `/settings/companies` and `/settings/firms`: what there is, and what may be done with it.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::http::parameters::Parameters;
use crate::ops::administration::books::Books;
use crate::ops::administration::books::CompanyHere;
use crate::ops::administration::books::FirmHere;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::settings::places::Companies;
use crate::view::pages::settings::places::CompanyActs;
use crate::view::pages::settings::places::CompanyRow;
use crate::view::pages::settings::places::Counts;
use crate::view::pages::settings::places::FirmRow;
use crate::view::pages::settings::places::Firms;
use crate::view::pages::workspace::Section;
use crate::web::workspace::inside::Inside;

/// As many as a page shows.
const SHOWN: usize = 50;

/// What the person sees, or the page that refuses it.
pub(super) fn seen(inside: &Inside) -> Result<Books, Box<Response>> {
    inside.told(inside.ops().books_of(&inside.live))
}

/// Which page is asked for, from 0.
fn asked(query: Option<&str>) -> usize {
    let page: usize = Parameters::of_query(query).first("page").parse().unwrap_or(1);
    page.saturating_sub(1)
}

fn on_page<T>(all: &[T], page: usize) -> (&[T], Paging) {
    let from = page.saturating_mul(SHOWN).min(all.len());
    let to = from.saturating_add(SHOWN).min(all.len());
    let at = |page: usize| format!("?page={page}");
    let previous = (page > 0).then(|| at(page));
    let next = (to < all.len()).then(|| at(page.saturating_add(2)));
    (all.get(from..to).unwrap_or_default(), Paging { previous, next })
}

/// Lists the companies.
pub(super) async fn companies(inside: Inside, RawQuery(query): RawQuery) -> Response {
    listed(&inside, query.as_deref()).unwrap_or_else(|page| *page)
}

fn listed(inside: &Inside, query: Option<&str>) -> Result<Response, Box<Response>> {
    let books = seen(inside)?;
    let (shown, paging) = on_page(&books.companies, asked(query));
    let rows = shown.iter().map(|here| company(inside, &books, here));
    Ok(inside.show(&Companies {
        frame: inside.frame(Section::Companies),
        rows: rows.collect::<Result<_, _>>()?,
        paging,
        may_create: may_add_company(inside, &books),
    }))
}

/// Whether there is anywhere where the person may add a company.
pub(super) fn may_add_company(inside: &Inside, books: &Books) -> bool {
    inside.live.user.operator || books.firms.iter().any(|here| here.governs)
}

fn company(
    inside: &Inside,
    books: &Books,
    here: &CompanyHere,
) -> Result<CompanyRow, Box<Response>> {
    let counts = if here.administers {
        let counted = inside.told(inside.ops().company_counts(&inside.live, here.company.id))?;
        counted.map(|counted| Counts { people: counted.people, access: counted.access })
    } else {
        None
    };
    Ok(CompanyRow {
        name: here.company.name.clone(),
        slug: here.company.slug.to_string(),
        test: here.company.environment.is_test(),
        role: here.role.clone(),
        firm: here.firm.clone(),
        confidential: here.company.confidential,
        counts,
        acts: acts(books, here),
    })
}

/// What the person may do with a company: only that is offered and taken.
pub(super) fn acts(books: &Books, here: &CompanyHere) -> CompanyActs {
    if !here.governs {
        return CompanyActs::default();
    }
    let (company, slug) = (&here.company, here.company.slug.as_str());
    let at = |word: &str, sensible: bool| sensible.then(|| href(slug, word));
    let cared_for = company.firm.is_some();
    CompanyActs {
        link: at("link", firms_for(books, here).next().is_some()),
        unlink: at("unlink", cared_for),
        confide: at("confide", cared_for),
        open: at("open", cared_for && company.confidential),
    }
}

/// The firms into whose care the person may give a company.
pub(super) fn firms_for<'b>(
    books: &'b Books,
    here: &'b CompanyHere,
) -> impl Iterator<Item = &'b FirmHere> {
    let other = |firm: &&FirmHere| firm.governs && here.company.firm != Some(firm.firm.id);
    books.firms.iter().filter(other)
}

/// Where something is done with the company that is called `slug`.
pub(super) fn href(slug: &str, word: &str) -> String {
    format!("{}/{slug}/{word}", Section::Companies.path())
}

/// Lists the firms.
pub(super) async fn firms(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let books = match seen(&inside) {
        Ok(books) => books,
        Err(page) => return *page,
    };
    let (shown, paging) = on_page(&books.firms, asked(query.as_deref()));
    inside.show(&Firms {
        frame: inside.frame(Section::Firms),
        rows: shown.iter().map(firm).collect(),
        paging,
        may_create: inside.live.user.operator,
    })
}

fn firm(here: &FirmHere) -> FirmRow {
    FirmRow {
        name: here.firm.name.clone(),
        slug: here.firm.slug.to_string(),
        role: here.role.clone(),
        companies: here.companies.clone(),
        hidden: here.hidden,
        people: here.people,
    }
}
