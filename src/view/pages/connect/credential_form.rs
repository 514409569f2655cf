//! The forms that make or change API credentials and API tokens.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::permission::TickArea;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// Posts `csrf`, `name`, `place`, every ticked `permission`, `expires` (`month`, `quarter`, `year`, `on`,
/// `never`), `mcp` (`yes`), `expires_on`, `reason`, `owner`, `purpose` and `review` (days) to `action`, which
/// answers with the page that sums it up.
#[derive(Clone, Serialize)]
pub struct AccessForm {
    /// The frame.
    pub frame: Frame,
    /// What is made or changed.
    pub act: FormAct,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// Ready-made choices of permissions: links that fill the form.
    pub templates: Vec<TemplateLink>,
    /// The name.
    pub name: String,
    /// The companies and firms to choose from; a test company first. Empty when it cannot be
    /// chosen any more.
    pub places: Vec<Choice>,
    /// What can be delegated: the permissions that the person holds.
    pub areas: Vec<TickArea>,
    /// It is made for MCP; none where that cannot be chosen.
    pub mcp: Option<bool>,
    /// When it ends.
    pub expires: ExpiryChoice,
    /// The day, if on a day of its own: `2027-02-19`.
    pub expires_on: String,
    /// Why it never ends.
    pub reason: String,
    /// Who is responsible.
    pub owners: Vec<Choice>,
    /// What it is for.
    pub purpose: String,
    /// After how many days somebody looks at it again.
    pub review_days: u64,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// What is made or changed. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FormAct {
    /// API credentials are made.
    CreateCredentials,
    /// API credentials are changed.
    ChangeCredentials,
    /// An API token is made.
    GenerateToken,
    /// A production app is made from one of a test company.
    PublishCredentials,
}

/// A ready-made choice of permissions.
#[derive(Clone, Serialize)]
pub struct TemplateLink {
    /// Which.
    pub template: Template,
    /// The same page, filled with it.
    pub href: String,
    /// It was chosen.
    pub chosen: bool,
}

/// Ready-made choices of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Nothing ticked.
    Own,
    /// Everything that only looks.
    ReadOnly,
    /// Customers, products and invoice drafts.
    Invoicing,
    /// Ledger and balances.
    Reporting,
}

/// When it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryChoice {
    /// After 30 days.
    Month,
    /// After 90 days.
    Quarter,
    /// After a year.
    Year,
    /// On a day of its own.
    On,
    /// Never; asks for a reason.
    Never,
}

impl Page for AccessForm {
    const TEMPLATE: &'static str = "connect/access_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let template = |template, name: &str, chosen| TemplateLink {
            template,
            href: format!("/settings/app-connect/api-credentials/create?template={name}"),
            chosen,
        };
        let new = Self {
            frame: sample::frame(Section::ApiCredentials),
            act: FormAct::CreateCredentials,
            csrf: sample::csrf(),
            action: "/settings/app-connect/api-credentials/create".to_owned(),
            back: Section::ApiCredentials.path().to_owned(),
            templates: vec![
                template(Template::Own, "own", true),
                template(Template::ReadOnly, "read-only", false),
                template(Template::Invoicing, "invoicing", false),
                template(Template::Reporting, "reporting", false),
            ],
            name: String::new(),
            places: sample::places(),
            areas: sample::ticks(false),
            mcp: Some(true),
            expires: ExpiryChoice::Quarter,
            expires_on: String::new(),
            reason: String::new(),
            owners: sample::people(),
            purpose: String::new(),
            review_days: 90,
            mistakes: Mistakes::default(),
        };
        let filled = Self {
            name: "Nightly warehouse sync".to_owned(),
            areas: sample::ticks(true),
            expires: ExpiryChoice::On,
            expires_on: "2027-06-30".to_owned(),
            purpose: "Sends orders from the shop as drafts".to_owned(),
            ..new.clone()
        };
        let wrong = Self {
            name: sample::LONG_NAME.to_owned(),
            expires: ExpiryChoice::Never,
            mistakes: Mistakes::fields([
                (Field::Name, Problem::TooLong),
                (Field::Place, Problem::Unknown),
                (Field::Permissions, Problem::NotYours),
                (Field::ExpiresOn, Problem::InThePast),
                (Field::Reason, Problem::Missing),
                (Field::Owner, Problem::Unknown),
                (Field::Purpose, Problem::Missing),
                (Field::Review, Problem::TooFar),
            ]),
            ..filled.clone()
        };
        let change = Self {
            act: FormAct::ChangeCredentials,
            templates: Vec::new(),
            places: Vec::new(),
            ..filled.clone()
        };
        let publish = Self { act: FormAct::PublishCredentials, ..change.clone() };
        let token = Self {
            frame: sample::frame(Section::ApiTokens),
            act: FormAct::GenerateToken,
            templates: Vec::new(),
            expires: ExpiryChoice::Year,
            ..filled.clone()
        };
        let nothing = Self {
            areas: Vec::new(),
            expires: ExpiryChoice::Month,
            templates: Vec::new(),
            ..new.clone()
        };
        vec![
            ("create", new),
            ("create-filled", filled),
            ("create-wrong", wrong),
            ("create-nothing-to-delegate", nothing),
            ("change", change),
            ("publish", publish),
            ("token", token),
        ]
    }
}
