//! The form that adds a company or a firm.

use serde::Serialize;

use crate::view::pages::BooksChoice;
use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::PlaceKind;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// Posts `csrf`, `name`, `slug`, `environment` (`production`, `test`), for a company `firm`, and `code`
/// to `action`.
#[derive(Clone, Serialize)]
pub struct PlaceForm {
    /// The frame.
    pub frame: Frame,
    /// Company or firm.
    pub kind: PlaceKind,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// The name.
    pub name: String,
    /// Its name in addresses, which stays for good.
    pub slug: String,
    /// Real books or a test company; for a firm, which of its companies its tokens reach.
    pub environment: BooksChoice,
    /// The firms that may look after the company; empty when there is nothing to choose.
    pub firms: Vec<Choice>,
    /// Whether the company may have none.
    pub without_firm: bool,
    /// What was wrong.
    pub mistakes: Mistakes,
}

impl Page for PlaceForm {
    const TEMPLATE: &'static str = "settings/place_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let company = Self {
            frame: sample::frame(Section::Companies),
            kind: PlaceKind::Company,
            csrf: sample::csrf(),
            action: "/settings/companies/create".to_owned(),
            back: Section::Companies.path().to_owned(),
            name: String::new(),
            slug: String::new(),
            environment: BooksChoice::Test,
            firms: Vec::new(),
            without_firm: false,
            mistakes: Mistakes::default(),
        };
        let wrong = Self {
            name: "Acme Trading".to_owned(),
            slug: "Acme!".to_owned(),
            mistakes: Mistakes::fields([
                (Field::Slug, Problem::NotValid),
                (Field::Environment, Problem::Missing),
            ]),
            firms: vec![Choice {
                value: "firm_01JD7Q9V2M8K".to_owned(),
                title: "Ledgerwise".to_owned(),
                chosen: true,
            }],
            without_firm: true,
            ..company.clone()
        };
        let coded = Self {
            name: "Acme Trading".to_owned(),
            mistakes: Mistakes::code(CodeError::Wrong),
            ..company.clone()
        };
        let firm = Self {
            frame: sample::frame(Section::Firms),
            kind: PlaceKind::Firm,
            action: "/settings/firms/create".to_owned(),
            back: Section::Firms.path().to_owned(),
            ..company.clone()
        };
        vec![("company", company), ("company-wrong", wrong), ("code-wrong", coded), ("firm", firm)]
    }
}
