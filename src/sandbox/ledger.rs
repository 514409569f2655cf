//! The ledger's interface: which routes there are, which scope each needs, and their answers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use axum::body::Body;
use http::HeaderValue;
use http::Method;
use http::Response;
use http::StatusCode;
use http::header::ALLOW;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::json;

use crate::domain::company::Slug;
use crate::sandbox::books::Books;
use crate::sandbox::books::Invoice;
use crate::sandbox::books::YEAR;
use crate::sandbox::drafts;
use crate::sandbox::drafts::MOST_DRAFTS;
use crate::sandbox::drafts::Unprocessable;
use crate::sandbox::pages::Page;

/// Every route: method, path below the interface's base, and the scope that a call needs.
pub const ROUTES: &[(&str, &str, Option<&str>)] = &[
    ("GET", "/products", Some("products:readonly")),
    ("GET", "/customers", Some("customers:readonly")),
    ("GET", "/customer_invoices", Some("customer_invoices:readonly")),
    ("POST", "/customer_invoices", Some("customer_invoices:all")),
    ("GET", "/trial_balance", Some("trial_balance:readonly")),
];

/// The longest body that is read.
pub const LONGEST_BODY: usize = 64 * 1024;

/// The first draft's number lies above those of all sample invoices.
const FIRST_DRAFT: u64 = 900_001;

/// The sample ledger. Books never change; drafts are kept in memory and forgotten at a restart.
#[derive(Debug)]
pub struct Ledger {
    drafts: Mutex<Drafts>,
}

/// What the ledger lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// What the company sells.
    Products,
    /// Who buys.
    Customers,
    /// Invoices, drafts last.
    Invoices,
    /// Accounts with what is booked on them.
    TrialBalance,
}

#[derive(Debug)]
struct Drafts {
    next: u64,
    kept: BTreeMap<Slug, Vec<Invoice>>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger {
    /// The ledger without a draft.
    #[must_use]
    pub const fn new() -> Self {
        Self { drafts: Mutex::new(Drafts { next: FIRST_DRAFT, kept: BTreeMap::new() }) }
    }

    /// Answers one call in the books of `company`. `path` stands below the interface's base and
    /// below a company's prefix. Nothing that was sent is echoed in a refusal.
    #[must_use]
    pub fn respond(
        &self,
        company: &Slug,
        method: &Method,
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Response<Body> {
        let allowed = methods(path);
        if allowed.is_empty() {
            return refused(StatusCode::NOT_FOUND, "not_found", "There is nothing here.");
        }
        if !allowed.contains(&method.as_str()) {
            return not_allowed(&allowed);
        }
        if method == Method::POST {
            return self.draft(company, body);
        }
        let Ok(page) = Page::read(query) else {
            return refused(
                StatusCode::BAD_REQUEST,
                "bad_request",
                "limit must lie between 1 and 100, and cursor must be a next_cursor from a list.",
            );
        };
        let list = match path {
            "/products" => List::Products,
            "/customers" => List::Customers,
            "/trial_balance" => List::TrialBalance,
            _ => List::Invoices,
        };
        answer(StatusCode::OK, &self.list(company, list, page))
    }

    /// A page of one list.
    pub(super) fn list(&self, company: &Slug, list: List, page: Page) -> Value {
        let books = Books::of(company);
        match list {
            List::Products => page.of(&books.products),
            List::Customers => page.of(&books.customers),
            List::TrialBalance => balance(&books, page),
            List::Invoices => page.of(&self.invoices(company, books)),
        }
    }

    /// Keeps the draft that `body` asks for; answers it.
    pub(super) fn keep_draft(&self, company: &Slug, body: &[u8]) -> Result<Value, Unprocessable> {
        let mut drafts = self.drafts();
        let draft = drafts::read(body, drafts.next, &Books::of(company))?;
        let kept = json!(draft);
        drafts.keep(company, draft);
        Ok(kept)
    }

    fn draft(&self, company: &Slug, body: &[u8]) -> Response<Body> {
        if body.len() > LONGEST_BODY {
            let sentence = "An invoice takes at most 64 KiB.";
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", sentence);
        }
        match self.keep_draft(company, body) {
            Err(sentence) => refused(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", sentence),
            Ok(draft) => answer(StatusCode::CREATED, &draft),
        }
    }

    /// The company's invoices, drafts last.
    fn invoices(&self, company: &Slug, books: Books) -> Vec<Invoice> {
        let mut all = books.invoices;
        all.extend(self.drafts().kept.get(company).into_iter().flatten().cloned());
        all
    }

    fn drafts(&self) -> MutexGuard<'_, Drafts> {
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drafts {
    fn keep(&mut self, company: &Slug, draft: Invoice) {
        self.next += 1;
        let kept = self.kept.entry(company.clone()).or_default();
        if kept.len() >= MOST_DRAFTS {
            kept.remove(0);
        }
        kept.push(draft);
    }
}

fn balance(books: &Books, page: Page) -> Value {
    let mut list = page.of(&books.trial_balance());
    if let Some(members) = list.as_object_mut() {
        members.insert("period_start".to_owned(), YEAR.0.into());
        members.insert("period_end".to_owned(), YEAR.1.into());
    }
    list
}

/// The methods of a path; none if there is no such path.
fn methods(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|(_, at, _)| *at == path).map(|(method, _, _)| *method).collect()
}

fn not_allowed(allowed: &[&'static str]) -> Response<Body> {
    let sentence = "This path does not take this method.";
    let mut answer = refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", sentence);
    if let Ok(allow) = HeaderValue::try_from(allowed.join(", ")) {
        answer.headers_mut().insert(ALLOW, allow);
    }
    answer
}

fn refused(status: StatusCode, error: &'static str, message: &'static str) -> Response<Body> {
    answer(status, &json!({ "error": error, "message": message }))
}

fn answer(status: StatusCode, value: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(value.to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
