//! The invented books of the sandbox's companies: the same at every start.

use serde::Serialize;

use crate::domain::company::Slug;
use crate::sandbox::money::Money;
use crate::sandbox::money::Quantity;
use crate::sandbox::samples;
use crate::sandbox::samples::Sample;
use crate::sandbox::samples::SampleCustomer;
use crate::sandbox::samples::SampleProduct;

/// The fiscal year that the sample books cover.
pub(super) const YEAR: (&str, &str) = ("2026-01-01", "2026-12-31");

/// One company's books.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) products: Vec<Product>,
    pub(super) customers: Vec<Customer>,
    pub(super) invoices: Vec<Invoice>,
    capital: Money,
}

/// Something that is sold.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Product {
    pub(super) id: u64,
    pub(super) label: &'static str,
    pub(super) reference: String,
    pub(super) unit: &'static str,
    pub(super) unit_price: Money,
    pub(super) currency: &'static str,
    pub(super) vat_percent: u8,
}

/// Somebody who buys.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Customer {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) email: String,
    pub(super) city: &'static str,
    pub(super) country: &'static str,
    pub(super) payment_days: u8,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Not issued; a person still has to look at it.
    Draft,
    /// Issued, unpaid.
    Open,
    /// Paid.
    Paid,
}

/// One line of an invoice.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) product_id: Option<u64>,
    pub(super) label: String,
    pub(super) quantity: Quantity,
    pub(super) unit_price: Money,
    pub(super) vat_percent: u8,
    pub(super) amount: Money,
}

/// An invoice to a customer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Invoice {
    pub(super) id: u64,
    /// None before it is issued.
    pub(super) number: Option<String>,
    pub(super) status: Status,
    pub(super) customer_id: u64,
    pub(super) date: String,
    pub(super) deadline: String,
    pub(super) currency: &'static str,
    pub(super) amount_without_vat: Money,
    pub(super) vat: Money,
    pub(super) amount: Money,
    pub(super) lines: Vec<Line>,
}

/// One account of the trial balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Account {
    pub(super) number: &'static str,
    pub(super) label: &'static str,
    pub(super) debit: Money,
    pub(super) credit: Money,
}

impl Books {
    /// The books of `company`; empty for one that the sandbox did not begin with.
    pub(super) fn of(company: &Slug) -> Self {
        match company.as_str() {
            "acme" => Self::written(&samples::ACME),
            "acme-test" => Self::written(&samples::ACME_TEST),
            "bakery" => Self::written(&samples::BAKERY),
            "clinic" => Self::written(&samples::CLINIC),
            _ => Self::default(),
        }
    }

    fn written(from: &Sample) -> Self {
        let mut books = Self {
            products: numbered(from.base).zip(from.products).map(product).collect(),
            customers: numbered(from.base + 100).zip(from.customers).map(customer).collect(),
            invoices: Vec::new(),
            capital: Money(from.capital),
        };
        books.invoices = numbered(from.base + 200)
            .zip(from.invoices)
            .filter_map(|(id, (who, date, deadline, paid, lines))| {
                let number = Some(format!("{}-2026-{:04}", from.prefix, id - from.base - 200));
                let status = if *paid { Status::Paid } else { Status::Open };
                let lines =
                    lines.iter().filter_map(|(at, often)| books.line(*at, *often)).collect();
                let customer_id = books.customers.get(*who)?.id;
                let dates = ((*date).to_owned(), (*deadline).to_owned());
                Invoice::of(id, number, status, customer_id, dates, lines)
            })
            .collect();
        books
    }

    fn line(&self, product: usize, quantity: i64) -> Option<Line> {
        let product = self.products.get(product)?;
        product.line(product.label.to_owned(), Quantity(quantity * 1000), product.unit_price)
    }

    /// Every account with what is booked on it. Drafts are not booked.
    pub(super) fn trial_balance(&self) -> Vec<Account> {
        let sum = |paid: Option<bool>, of: fn(&Invoice) -> Money| {
            let counted = self
                .invoices
                .iter()
                .filter(|invoice| paid.is_none_or(|paid| paid == (invoice.status == Status::Paid)));
            Money(counted.map(|invoice| of(invoice).0).sum())
        };
        if self.invoices.is_empty() {
            return Vec::new();
        }
        let paid = sum(Some(true), |invoice| invoice.amount);
        let debit = |number, label, debit| Account { number, label, debit, credit: Money(0) };
        let credit = |number, label, credit| Account { number, label, debit: Money(0), credit };
        vec![
            credit("101000", "Capital", self.capital),
            debit("411000", "Customers", sum(Some(false), |invoice| invoice.amount)),
            credit("445710", "VAT collected", sum(None, |invoice| invoice.vat)),
            debit("512000", "Bank", Money(self.capital.0 + paid.0)),
            credit("707000", "Sales", sum(None, |invoice| invoice.amount_without_vat)),
        ]
    }
}

impl Product {
    /// A line that sells this product; `None` if the amount is beyond counting.
    pub(super) fn line(&self, label: String, quantity: Quantity, price: Money) -> Option<Line> {
        Line::of(Some(self.id), label, quantity, price, self.vat_percent)
    }
}

impl Line {
    /// A line with its amount; `None` if that is beyond counting.
    pub(super) fn of(
        product_id: Option<u64>,
        label: String,
        quantity: Quantity,
        unit_price: Money,
        vat_percent: u8,
    ) -> Option<Self> {
        let amount = unit_price.times(quantity)?;
        Some(Self { product_id, label, quantity, unit_price, vat_percent, amount })
    }
}

impl Invoice {
    /// An invoice with its totals; `None` if they are beyond counting.
    pub(super) fn of(
        id: u64,
        number: Option<String>,
        status: Status,
        customer_id: u64,
        (date, deadline): (String, String),
        lines: Vec<Line>,
    ) -> Option<Self> {
        let mut net = Money(0);
        let mut vat = Money(0);
        for line in &lines {
            net = net.plus(line.amount)?;
            vat = vat.plus(line.amount.percent(line.vat_percent)?)?;
        }
        Some(Self {
            id,
            number,
            status,
            customer_id,
            date,
            deadline,
            currency: CURRENCY,
            amount_without_vat: net,
            vat,
            amount: net.plus(vat)?,
            lines,
        })
    }
}

/// The only currency of the sample books.
pub(super) const CURRENCY: &str = "EUR";

fn numbered(base: u64) -> impl Iterator<Item = u64> {
    base + 1..
}

fn product((id, sample): (u64, &SampleProduct)) -> Product {
    let (label, unit, price, vat_percent) = *sample;
    Product {
        id,
        label,
        reference: format!("P{id}"),
        unit,
        unit_price: Money(price),
        currency: CURRENCY,
        vat_percent,
    }
}

fn customer((id, sample): (u64, &SampleCustomer)) -> Customer {
    let (name, mailbox, city, payment_days) = *sample;
    let email = format!("{mailbox}.example");
    Customer { id, name, email, city, country: "FR", payment_days }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANIES: [&str; 4] = ["acme", "acme-test", "bakery", "clinic"];

    fn books(slug: &str) -> Books {
        Books::of(&slug.parse().unwrap())
    }

    #[test]
    fn every_trial_balance_is_balanced() {
        for company in COMPANIES {
            let accounts = books(company).trial_balance();
            let debit: i64 = accounts.iter().map(|account| account.debit.0).sum();
            let credit: i64 = accounts.iter().map(|account| account.credit.0).sum();
            assert_eq!(debit, credit, "{company}");
            assert!(debit > 0, "{company}");
        }
    }

    #[test]
    fn every_sample_invoice_is_complete_and_belongs_to_a_customer_of_its_company() {
        let samples = [&samples::ACME, &samples::ACME_TEST, &samples::BAKERY, &samples::CLINIC];
        for (company, sample) in COMPANIES.iter().zip(samples) {
            let books = books(company);
            assert_eq!(books.invoices.len(), sample.invoices.len(), "{company}");
            for (invoice, written) in books.invoices.iter().zip(sample.invoices) {
                assert_eq!(invoice.lines.len(), written.4.len(), "{company}");
                assert!(books.customers.iter().any(|one| one.id == invoice.customer_id));
            }
        }
    }

    #[test]
    fn no_two_companies_share_an_identifier() {
        let mut ids: Vec<u64> = COMPANIES
            .iter()
            .map(|company| books(company))
            .flat_map(|books| {
                let customers = books.customers.into_iter().map(|one| one.id);
                customers.chain(books.invoices.into_iter().map(|one| one.id)).collect::<Vec<_>>()
            })
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn the_test_company_says_that_it_is_one_in_every_name() {
        let books = books("acme-test");
        assert!(books.customers.iter().all(|one| one.name.starts_with("Test ")));
        assert!(books.products.iter().all(|one| one.label.starts_with("Test ")));
        assert!(
            books.invoices.iter().all(|one| {
                one.number.as_ref().is_some_and(|number| number.starts_with("TEST-"))
            })
        );
    }
}
