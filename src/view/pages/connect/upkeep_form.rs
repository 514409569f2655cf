//! Who is responsible for a connection, for what, and when somebody looks again.

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

/// Posts `csrf`, `owner`, `purpose`, `review` (days) and every kept `permission` to `action`. Gives no access, so it asks for
/// no code.
#[derive(Clone, Serialize)]
pub struct UpkeepForm {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// The name of what it is about.
    pub name: String,
    /// Who may be responsible.
    pub owners: Vec<Choice>,
    /// What it may do, to take from it.
    pub areas: Vec<TickArea>,
    /// What it is for.
    pub purpose: String,
    /// After how many days somebody looks at it again.
    pub review_days: u64,
    /// What was wrong.
    pub mistakes: Mistakes,
}

impl Page for UpkeepForm {
    const TEMPLATE: &'static str = "connect/upkeep_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let form = Self {
            frame: sample::frame(Section::OauthConnections),
            csrf: sample::csrf(),
            action: "/settings/app-connect/oauth-connections/c_01JD9/change".to_owned(),
            back: "/settings/app-connect/oauth-connections/c_01JD9".to_owned(),
            name: "Tidewater Reports".to_owned(),
            owners: sample::people(),
            areas: sample::ticks(true),
            purpose: "Monthly reports for the board".to_owned(),
            review_days: 90,
            mistakes: Mistakes::default(),
        };
        let mistakes = Mistakes::fields([(Field::Purpose, Problem::TooLong)]);
        let wrong = Self { mistakes, ..form.clone() };
        vec![("form", form), ("wrong", wrong)]
    }
}
