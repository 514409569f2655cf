//! The page that asks once more, and what becomes of its answer.

use axum::response::Response;

use crate::http::parameters::Parameters;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::prove_factor::CodeRefusal;
use crate::view::pages::connect::confirm::Confirm;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::connect::confirm::Overlap;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::workspace::Section;
use crate::web::verify;
use crate::web::workspace::inside::Inside;

/// What is about to be done, and to what.
#[derive(Clone)]
pub struct Question {
    /// The page of the workspace that it belongs to.
    pub section: Section,
    /// The act.
    pub act: ConfirmAct,
    /// The name of what it is done to.
    pub name: String,
    /// How many it concerns, where the act's words count.
    pub count: u64,
    /// The path of the question, which its answer is posted to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// For a rotation: when the secret that is in use now was last used.
    pub last_used: Option<Moment>,
    /// For a hand-over: who can take it over.
    pub successors: Vec<Choice>,
    /// Whether the name has to be typed.
    pub type_name: bool,
    /// What the form carries along.
    pub carried: Vec<Carried>,
}

impl Question {
    /// A question about one thing.
    #[must_use]
    pub fn of(act: ConfirmAct, section: Section, name: &str, action: &str, back: &str) -> Self {
        Self {
            section,
            act,
            name: name.to_owned(),
            count: 1,
            action: action.to_owned(),
            back: back.to_owned(),
            last_used: None,
            successors: Vec::new(),
            type_name: false,
            carried: Vec::new(),
        }
    }
}

impl Inside {
    /// Asks.
    #[must_use]
    pub fn ask(&self, question: Question) -> Response {
        self.show(&self.page(question, &Parameters::default(), Mistakes::default()))
    }

    /// Asks again: what was sent stands in the form, with what is wrong.
    #[must_use]
    pub fn ask_again(&self, question: Question, sent: &Parameters, mistakes: Mistakes) -> Response {
        self.show_again(&self.page(question, sent, mistakes))
    }

    /// What the act did, or the page to show instead: the question again if only the second factor or
    /// the typed name was wrong.
    ///
    /// # Errors
    /// The page.
    pub fn answered<T>(
        &self,
        question: Question,
        sent: &Parameters,
        outcome: Outcome<T, Refusal>,
    ) -> Result<T, Box<Response>> {
        match outcome {
            Err(Failure::Refused(Refusal::Code(why))) => {
                Err(Box::new(self.code_refused(question, sent, why)))
            }
            outcome => self.told(outcome),
        }
    }

    /// Whether the name was typed as the question wants it; the question again if not.
    ///
    /// # Errors
    /// The page.
    pub fn name_typed(&self, question: &Question, sent: &Parameters) -> Result<(), Box<Response>> {
        if !question.type_name || sent.first("typed_name").trim() == question.name {
            return Ok(());
        }
        let mistakes = Mistakes::fields([(Field::TypedName, Problem::NameDiffers)]);
        Err(Box::new(self.ask_again(question.clone(), sent, mistakes)))
    }

    /// The question again, with what was wrong with the second factor.
    #[must_use]
    pub fn code_refused(
        &self,
        question: Question,
        sent: &Parameters,
        why: CodeRefusal,
    ) -> Response {
        let page = self.page(question, sent, Mistakes::code(verify::code_error(why)));
        self.visitor.show(&page, verify::status_of(why))
    }

    fn page(&self, question: Question, sent: &Parameters, mistakes: Mistakes) -> Confirm {
        Confirm {
            frame: self.frame_asking(question.section, &question.action),
            act: question.act,
            name: question.name,
            count: question.count,
            csrf: self.tag(&question.action),
            action: question.action,
            back: question.back,
            last_used: question.last_used,
            overlap: overlap(sent),
            successors: chosen(question.successors, sent.first("successor")),
            type_name: question.type_name,
            typed_name: sent.first("typed_name").to_owned(),
            carried: question.carried,
            mistakes,
        }
    }
}

fn chosen(choices: Vec<Choice>, value: &str) -> Vec<Choice> {
    let choose = |choice: Choice| Choice { chosen: choice.value == value, ..choice };
    choices.into_iter().map(choose).collect()
}

/// When the former secret is to stop; at once unless something else was chosen.
#[must_use]
pub fn overlap(sent: &Parameters) -> Overlap {
    overlap_of(sent.first("overlap")).unwrap_or(Overlap::Now)
}

/// The choice that `word` names.
#[must_use]
pub fn overlap_of(word: &str) -> Option<Overlap> {
    match word {
        "now" => Some(Overlap::Now),
        "hour" => Some(Overlap::Hour),
        "day" => Some(Overlap::Day),
        "week" => Some(Overlap::Week),
        _ => None,
    }
}
