//! Reading a draft of an invoice from a request body.

use serde::Deserialize;

use crate::sandbox::books::Books;
use crate::sandbox::books::Invoice;
use crate::sandbox::books::Line;
use crate::sandbox::books::Status;
use crate::sandbox::money::Money;
use crate::sandbox::money::Quantity;

/// More of them in one company push the oldest out: nobody can fill the memory.
pub(super) const MOST_DRAFTS: usize = 100;
const MOST_LINES: usize = 50;
const LONGEST_LABEL: usize = 200;
const USUAL_VAT: u8 = 20;
const HIGHEST_VAT: u8 = 30;

/// Why a body is no draft: a constant sentence, nothing that was sent.
pub(super) type Unprocessable = &'static str;

#[derive(Deserialize)]
struct Wanted {
    customer_id: u64,
    date: String,
    deadline: String,
    lines: Vec<WantedLine>,
}

#[derive(Deserialize)]
struct WantedLine {
    product_id: Option<u64>,
    label: Option<String>,
    quantity: String,
    unit_price: Option<String>,
    vat_percent: Option<u8>,
}

/// The draft numbered `id` that `body` asks for in these books.
pub(super) fn read(body: &[u8], id: u64, books: &Books) -> Result<Invoice, Unprocessable> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(
        |_| "The body must be a JSON object with customer_id, date, deadline and lines; quantities and prices are text.",
    )?;
    if !books.customers.iter().any(|customer| customer.id == wanted.customer_id) {
        return Err("customer_id names no customer of this company.");
    }
    if !is_date(&wanted.date) || !is_date(&wanted.deadline) {
        return Err("date and deadline must be dates such as 2026-03-01.");
    }
    if wanted.deadline < wanted.date {
        return Err("deadline must not lie before date.");
    }
    if wanted.lines.is_empty() || wanted.lines.len() > MOST_LINES {
        return Err("An invoice has 1 to 50 lines.");
    }
    let lines = wanted.lines.into_iter().map(|line| read_line(line, books));
    let lines = lines.collect::<Result<_, _>>()?;
    let dates = (wanted.date, wanted.deadline);
    Invoice::of(id, None, Status::Draft, wanted.customer_id, dates, lines).ok_or(TOO_MUCH)
}

const TOO_MUCH: Unprocessable = "The amount is larger than this ledger counts.";

fn read_line(wanted: WantedLine, books: &Books) -> Result<Line, Unprocessable> {
    let product = match wanted.product_id {
        None => None,
        Some(id) => {
            let found = books.products.iter().find(|product| product.id == id);
            Some(found.ok_or("product_id names no product of this company.")?)
        }
    };
    let label = wanted.label.or_else(|| product.map(|product| product.label.to_owned()));
    let label = label
        .filter(|label| !label.trim().is_empty() && label.chars().count() <= LONGEST_LABEL)
        .ok_or("A line needs a product_id or a label of at most 200 characters.")?;
    let quantity = Quantity::read(&wanted.quantity)
        .filter(|quantity| quantity.0 > 0)
        .ok_or("quantity must be a positive number with at most 3 decimals.")?;
    let unit_price = match (&wanted.unit_price, product) {
        (Some(text), _) => Money::read(text),
        (None, Some(product)) => Some(product.unit_price),
        (None, None) => None,
    };
    let unit_price = unit_price.ok_or("unit_price must be a number with at most 2 decimals.")?;
    let usual = product.map_or(USUAL_VAT, |product| product.vat_percent);
    let vat = wanted.vat_percent.unwrap_or(usual);
    if vat > HIGHEST_VAT {
        return Err("vat_percent must lie between 0 and 30.");
    }
    Line::of(wanted.product_id, label, quantity, unit_price, vat).ok_or(TOO_MUCH)
}

/// A day that exists, in the one spelling that sorts as text.
fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == text)
}
