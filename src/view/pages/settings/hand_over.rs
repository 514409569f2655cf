//! Before somebody leaves: which apps would stop, and who takes them over.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/people/…/remove_person`: posts `csrf`, one `take_over.<n>` an app (a person's value,
/// or empty to let it stop) and `code` to `action`.
#[derive(Clone, Serialize)]
pub struct HandOver {
    /// The frame.
    pub frame: Frame,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// Who leaves.
    pub name: String,
    /// The apps whose permissions they delegated.
    pub apps: Vec<AppToHandOver>,
    /// How many connections of theirs end.
    pub connections: u64,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// An app that would stop.
#[derive(Clone, Serialize)]
pub struct AppToHandOver {
    /// The name of its field.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Those who hold every permission of it.
    pub successors: Vec<Choice>,
}

impl Page for HandOver {
    const TEMPLATE: &'static str = "settings/hand_over.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let app = |field: &str, name: &str, successors| AppToHandOver {
            field: field.to_owned(),
            name: name.to_owned(),
            successors,
        };
        let full = Self {
            frame: sample::frame(Section::People),
            csrf: sample::csrf(),
            action: "/settings/people/u_01/remove_person".to_owned(),
            back: "/settings/people/u_01".to_owned(),
            name: "Sam Okafor".to_owned(),
            apps: vec![
                app("take_over.1", "Invoice drafting", sample::people()),
                app("take_over.2", "Bank feed", Vec::new()),
            ],
            connections: 1,
            mistakes: Mistakes::default(),
        };
        let wrong = Self { mistakes: Mistakes::code(CodeError::Wrong), ..full.clone() };
        let nothing = Self { apps: Vec::new(), connections: 0, ..full.clone() };
        vec![("apps", full), ("code-wrong", wrong), ("nothing", nothing)]
    }
}
