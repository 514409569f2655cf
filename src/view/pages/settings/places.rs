//! The companies and the firms that a person reaches.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/companies`.
#[derive(Clone, Serialize)]
pub struct Companies {
    /// The frame.
    pub frame: Frame,
    /// The companies.
    pub rows: Vec<CompanyRow>,
    /// The pages before and after.
    pub paging: Paging,
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
    /// The person's role in it; empty for none.
    pub role: String,
    /// The firm that looks after it.
    pub firm: Option<String>,
    /// Confidential towards its firm.
    pub confidential: bool,
    /// What reaches it; none when the person does not administer it.
    pub counts: Option<Counts>,
    /// What the person may do with it.
    pub acts: CompanyActs,
}

/// How much reaches a company.
#[derive(Clone, Copy, Serialize)]
pub struct Counts {
    /// How many people.
    pub people: u64,
    /// How many apps, connections and tokens.
    pub access: u64,
}

/// Where something is done with a company; none when the person may not, or when it makes no sense.
#[derive(Clone, Default, Serialize)]
pub struct CompanyActs {
    /// Where a firm is chosen for it.
    pub link: Option<String>,
    /// Where its firm is taken from it.
    pub unlink: Option<String>,
    /// Where it is said who of its firm sees it.
    pub confide: Option<String>,
    /// Where it is opened to its whole firm.
    pub open: Option<String>,
}

/// `/settings/firms`.
#[derive(Clone, Serialize)]
pub struct Firms {
    /// The frame.
    pub frame: Frame,
    /// The firms.
    pub rows: Vec<FirmRow>,
    /// The pages before and after.
    pub paging: Paging,
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
    /// How many members it has; none when the person does not administer it.
    pub people: Option<u64>,
}

impl Page for Companies {
    const TEMPLATE: &'static str = "settings/companies.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, slug: &str, test| CompanyRow {
            name: name.to_owned(),
            slug: slug.to_owned(),
            test,
            role: "Owner".to_owned(),
            firm: None,
            confidential: false,
            counts: Some(Counts { people: 4, access: 7 }),
            acts: CompanyActs::default(),
        };
        let at = |slug: &str, word: &str| Some(format!("/settings/companies/{slug}/{word}"));
        let full = Self {
            frame: sample::frame(Section::Companies),
            rows: vec![
                CompanyRow {
                    firm: Some("Ledgerwise".to_owned()),
                    acts: CompanyActs {
                        link: at("acme", "link"),
                        unlink: at("acme", "unlink"),
                        confide: at("acme", "confide"),
                        open: None,
                    },
                    ..row("Acme Trading", "acme", false)
                },
                CompanyRow {
                    role: String::new(),
                    counts: None,
                    acts: CompanyActs { link: at("acme-test", "link"), ..CompanyActs::default() },
                    ..row("Acme Trading (test)", "acme-test", true)
                },
                CompanyRow {
                    firm: Some("Northgate Audit".to_owned()),
                    confidential: true,
                    counts: Some(Counts { people: 1, access: 1 }),
                    acts: CompanyActs {
                        link: at("clinic", "link"),
                        unlink: at("clinic", "unlink"),
                        confide: at("clinic", "confide"),
                        open: at("clinic", "open"),
                    },
                    ..row(sample::LONG_NAME, "clinic", false)
                },
            ],
            paging: Paging { previous: None, next: Some("?page=2".to_owned()) },
            may_create: true,
        };
        let empty = Self { rows: Vec::new(), paging: Paging::default(), ..full.clone() };
        let seen = Self { may_create: false, ..empty.clone() };
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
            people: Some(4),
        };
        let full = Self {
            frame: sample::frame(Section::Firms),
            rows: vec![
                row("Ledgerwise", &["Acme Trading", "Bakery"]),
                FirmRow { role: String::new(), hidden: 0, people: None, ..row("Northgate", &[]) },
            ],
            paging: Paging::default(),
            may_create: true,
        };
        let empty = Self { rows: Vec::new(), may_create: false, ..full.clone() };
        vec![("full", full), ("empty", empty)]
    }
}
