//! The companies and the firms that a person reaches.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/companies`.
#[derive(Clone, Serialize)]
pub struct Companies {
    /// The frame.
    pub frame: Frame,
    /// The companies.
    pub rows: Vec<CompanyRow>,
    /// The person may add companies.
    pub may_create: bool,
}

/// A company.
#[derive(Clone, Serialize)]
pub struct CompanyRow {
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Nothing in it is real.
    pub test: bool,
    /// The person's role in it.
    pub role: String,
    /// The firms that look after it.
    pub firms: Vec<String>,
    /// Confidential towards its firm.
    pub confidential: bool,
    /// How many people reach it.
    pub people: u64,
    /// How many apps, connections and tokens reach it.
    pub access: u64,
    /// Where it is made confidential or not; none when the person may not.
    pub confidential_href: Option<String>,
}

/// `/settings/firms`.
#[derive(Clone, Serialize)]
pub struct Firms {
    /// The frame.
    pub frame: Frame,
    /// The firms.
    pub rows: Vec<FirmRow>,
    /// The person may add firms.
    pub may_create: bool,
}

/// A firm.
#[derive(Clone, Serialize)]
pub struct FirmRow {
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The person's role in it; empty for none.
    pub role: String,
    /// The companies that it looks after, as far as the person may see them.
    pub companies: Vec<String>,
    /// How many of them the person may not see.
    pub hidden: u64,
    /// How many members it has.
    pub people: u64,
}

impl Page for Companies {
    const TEMPLATE: &'static str = "settings/companies.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, slug: &str, test| CompanyRow {
            name: name.to_owned(),
            slug: slug.to_owned(),
            test,
            role: "Owner".to_owned(),
            firms: Vec::new(),
            confidential: false,
            people: 4,
            access: 7,
            confidential_href: None,
        };
        let full = Self {
            frame: sample::frame(Section::Companies),
            rows: vec![
                CompanyRow {
                    firms: vec!["Ledgerwise".to_owned()],
                    confidential_href: Some("/settings/companies/acme/confidential".to_owned()),
                    ..row("Acme Trading", "acme", false)
                },
                row("Acme Trading (test)", "acme-test", true),
                CompanyRow {
                    firms: vec!["Ledgerwise".to_owned(), "Northgate Audit".to_owned()],
                    confidential: true,
                    people: 1,
                    access: 1,
                    confidential_href: Some("/settings/companies/clinic/open".to_owned()),
                    ..row(sample::LONG_NAME, "clinic", false)
                },
            ],
            may_create: true,
        };
        let empty = Self { rows: Vec::new(), ..full.clone() };
        let seen = Self { may_create: false, rows: Vec::new(), ..full.clone() };
        vec![("full", full), ("empty", empty), ("may-not-create", seen)]
    }
}

impl Page for Firms {
    const TEMPLATE: &'static str = "settings/firms.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, companies: &[&str]| FirmRow {
            name: name.to_owned(),
            slug: "ledgerwise".to_owned(),
            role: "Accountant".to_owned(),
            companies: companies.iter().map(|&one| one.to_owned()).collect(),
            hidden: 1,
            people: 4,
        };
        let full = Self {
            frame: sample::frame(Section::Firms),
            rows: vec![
                row("Ledgerwise", &["Acme Trading", "Bakery"]),
                FirmRow { role: String::new(), hidden: 0, people: 1, ..row("Northgate", &[]) },
            ],
            may_create: true,
        };
        let empty = Self { rows: Vec::new(), may_create: false, ..full.clone() };
        vec![("full", full), ("empty", empty)]
    }
}
