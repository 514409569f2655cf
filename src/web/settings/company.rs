//! `/settings/companies/{slug}/…`: which firm looks after a company, and who of the firm sees it.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::company::Company;
use crate::http::parameters::Parameters;
use crate::ops::administration::books::Books;
use crate::ops::administration::books::CompanyHere;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::settings::company_form::CompanyAsk;
use crate::view::pages::settings::company_form::CompanyForm;
use crate::view::pages::settings::places::CompanyActs;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::books;
use crate::web::verify;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// The company of the path, if the person sees it and `act` is offered for it; with all they see,
/// and the path of the act.
fn found(
    inside: &Inside,
    slug: &str,
    act: fn(CompanyActs) -> Option<String>,
) -> Result<(Books, CompanyHere, String), Box<Response>> {
    let books = books::seen(inside)?;
    let here = books.companies.iter().find(|here| here.company.slug.as_str() == slug).cloned();
    let Some(here) = here else {
        return Err(Box::new(inside.refuse(ErrorKind::NotFound)));
    };
    match act(books::acts(&books, &here)) {
        Some(action) => Ok((books, here, action)),
        None => Err(Box::new(inside.refuse(ErrorKind::NotAllowed))),
    }
}

struct Asked {
    ask: CompanyAsk,
    company: Company,
    action: String,
    choices: Vec<Choice>,
}

fn for_link(inside: &Inside, slug: &str) -> Result<Asked, Box<Response>> {
    let (books, here, action) = found(inside, slug, |acts| acts.link)?;
    let firms = books::firms_for(&books, &here);
    let choices = firms.map(|firm| Choice {
        value: firm.firm.id.to_string(),
        title: firm.firm.name.clone(),
        chosen: false,
    });
    let choices = choices.collect();
    Ok(Asked { ask: CompanyAsk::Firm, company: here.company, action, choices })
}

fn for_confide(inside: &Inside, slug: &str) -> Result<Asked, Box<Response>> {
    let (_, here, action) = found(inside, slug, |acts| acts.confide)?;
    let company = here.company;
    let members = inside.told(inside.ops().firm_members(&inside.live, company.id))?;
    let choices = members.into_iter().map(|(user, name)| Choice {
        value: user.to_string(),
        title: name,
        chosen: company.confidential && company.confided_to.contains(&user),
    });
    let choices = choices.collect();
    Ok(Asked { ask: CompanyAsk::Members, company, action, choices })
}

/// The form; with what was sent, if anything was.
fn page(
    inside: &Inside,
    asked: &Asked,
    sent: Option<&Parameters>,
    mistakes: Mistakes,
) -> CompanyForm {
    let field = match asked.ask {
        CompanyAsk::Firm => "firm",
        CompanyAsk::Members => "member",
    };
    let kept = |choice: &Choice| match sent {
        Some(sent) => Choice { chosen: sent.all(field).contains(&choice.value), ..choice.clone() },
        None => choice.clone(),
    };
    CompanyForm {
        frame: inside.frame_asking(Section::Companies, &asked.action),
        ask: asked.ask,
        name: asked.company.name.clone(),
        csrf: inside.tag(&asked.action),
        action: asked.action.clone(),
        back: Section::Companies.path().to_owned(),
        choices: asked.choices.iter().map(kept).collect(),
        mistakes,
    }
}

fn ask(inside: &Inside, asked: Result<Asked, Box<Response>>) -> Response {
    match asked {
        Ok(asked) => inside.show(&page(inside, &asked, None, Mistakes::default())),
        Err(page) => *page,
    }
}

/// What the act did, or the page to show instead.
fn answered(
    sent: &Sent,
    asked: &Asked,
    outcome: Outcome<Company, Refusal>,
) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    if let Err(Failure::Refused(Refusal::Code(why))) = &outcome {
        let mistakes = Mistakes::code(verify::code_error(*why));
        let page = page(inside, asked, Some(&sent.fields), mistakes);
        return Err(Box::new(inside.visitor.show(&page, verify::status_of(*why))));
    }
    inside.told(outcome)?;
    Ok(inside.done(Section::Companies.path(), &Flash::Saved))
}

/// Asks which firm is to look after a company.
pub(super) async fn ask_link(Path(slug): Path<String>, inside: Inside) -> Response {
    ask(&inside, for_link(&inside, &slug))
}

/// Gives it into the firm's care.
pub(super) async fn link(Path(slug): Path<String>, sent: Sent) -> Response {
    linked(&sent, &slug).await.unwrap_or_else(|page| *page)
}

async fn linked(sent: &Sent, slug: &str) -> Result<Response, Box<Response>> {
    let asked = for_link(&sent.inside, slug)?;
    let value = sent.fields.first("firm");
    let offered = asked.choices.iter().any(|choice| choice.value == value);
    let Some(firm) = value.parse::<FirmId>().ok().filter(|_| offered) else {
        let mistakes = Mistakes::fields([(Field::Firm, Problem::Unknown)]);
        let page = page(&sent.inside, &asked, Some(&sent.fields), mistakes);
        return Err(Box::new(sent.inside.show_again(&page)));
    };
    let ops = sent.inside.ops();
    let outcome = ops.link_company(asked.company.id, Some(firm), sent.by()).await;
    answered(sent, &asked, outcome)
}

/// Asks who of its firm sees a company.
pub(super) async fn ask_confide(Path(slug): Path<String>, inside: Inside) -> Response {
    ask(&inside, for_confide(&inside, &slug))
}

/// Makes it confidential except for them.
pub(super) async fn confide(Path(slug): Path<String>, sent: Sent) -> Response {
    confided(&sent, &slug).await.unwrap_or_else(|page| *page)
}

async fn confided(sent: &Sent, slug: &str) -> Result<Response, Box<Response>> {
    let asked = for_confide(&sent.inside, slug)?;
    let members = sent.fields.all("member");
    let members: Result<Vec<UserId>, _> = members.iter().map(|value| value.parse()).collect();
    let Ok(members) = members else {
        return Err(Box::new(sent.inside.refuse(ErrorKind::NotFound)));
    };
    let ops = sent.inside.ops();
    let outcome = ops.set_confidential(asked.company.id, true, members, sent.by()).await;
    answered(sent, &asked, outcome)
}

fn question(
    inside: &Inside,
    slug: &str,
    act: ConfirmAct,
) -> Result<(Question, Company), Box<Response>> {
    let (_, here, action) = match act {
        ConfirmAct::UnmarkConfidential => found(inside, slug, |acts| acts.open)?,
        _ => found(inside, slug, |acts| acts.unlink)?,
    };
    let back = Section::Companies.path();
    let question = Question::of(act, Section::Companies, &here.company.name, &action, back);
    Ok((question, here.company))
}

/// Asks whether a firm is to look after a company no more.
pub(super) async fn ask_unlink(Path(slug): Path<String>, inside: Inside) -> Response {
    let asked = question(&inside, &slug, ConfirmAct::UnlinkCompany);
    asked.map_or_else(|page| *page, |(question, _)| inside.ask(question))
}

/// Takes a company from its firm.
pub(super) async fn unlink(Path(slug): Path<String>, sent: Sent) -> Response {
    confirmed(&sent, &slug, ConfirmAct::UnlinkCompany).await.unwrap_or_else(|page| *page)
}

/// Asks whether to open a company to its whole firm.
pub(super) async fn ask_open(Path(slug): Path<String>, inside: Inside) -> Response {
    let asked = question(&inside, &slug, ConfirmAct::UnmarkConfidential);
    asked.map_or_else(|page| *page, |(question, _)| inside.ask(question))
}

/// Opens it.
pub(super) async fn open(Path(slug): Path<String>, sent: Sent) -> Response {
    confirmed(&sent, &slug, ConfirmAct::UnmarkConfidential).await.unwrap_or_else(|page| *page)
}

async fn confirmed(sent: &Sent, slug: &str, act: ConfirmAct) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let (question, company) = question(inside, slug, act)?;
    let ops = inside.ops();
    let outcome = match act {
        ConfirmAct::UnmarkConfidential => {
            ops.set_confidential(company.id, false, Vec::new(), sent.by()).await
        }
        _ => ops.link_company(company.id, None, sent.by()).await,
    };
    inside.answered(question, &sent.fields, outcome)?;
    Ok(inside.done(Section::Companies.path(), &Flash::Saved))
}
