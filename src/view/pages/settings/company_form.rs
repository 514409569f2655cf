//! Which firm looks after a company, and who of the firm sees it.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/companies/…/link` and `…/confide`: posts `csrf`, `firm` or any number of `member`, and
/// `code` to `action`.
#[derive(Clone, Serialize)]
pub struct CompanyForm {
    /// The frame.
    pub frame: Frame,
    /// What is asked.
    pub ask: CompanyAsk,
    /// The company's name.
    pub name: String,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// The firms, or the members of the firm.
    pub choices: Vec<Choice>,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// What the form asks. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyAsk {
    /// Which firm looks after it: one of the choices.
    Firm,
    /// Which members of its firm see it: any of the choices.
    Members,
}

impl Page for CompanyForm {
    const TEMPLATE: &'static str = "settings/company_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let choice = |value: &str, title: &str, chosen| Choice {
            value: value.to_owned(),
            title: title.to_owned(),
            chosen,
        };
        let firm = Self {
            frame: sample::frame(Section::Companies),
            ask: CompanyAsk::Firm,
            name: "Acme Trading".to_owned(),
            csrf: sample::csrf(),
            action: "/settings/companies/acme/link".to_owned(),
            back: Section::Companies.path().to_owned(),
            choices: vec![choice("f_1", "Ledgerwise", true), choice("f_2", "Northgate", false)],
            mistakes: Mistakes::default(),
        };
        let wrong =
            Self { mistakes: Mistakes::fields([(Field::Firm, Problem::Unknown)]), ..firm.clone() };
        let members = Self {
            ask: CompanyAsk::Members,
            name: sample::LONG_NAME.to_owned(),
            action: "/settings/companies/acme/confide".to_owned(),
            choices: vec![choice("u_1", "Pat Partner", true), choice("u_2", "June", false)],
            ..firm.clone()
        };
        let coded = Self { mistakes: Mistakes::code(CodeError::Wrong), ..members.clone() };
        let alone = Self { choices: Vec::new(), ..members.clone() };
        vec![
            ("firm", firm),
            ("firm-wrong", wrong),
            ("members", members),
            ("members-code-wrong", coded),
            ("members-none", alone),
        ]
    }
}
