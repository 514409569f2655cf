//! `/settings/companies/create` and `/settings/firms/create`.

use axum::response::Response;

use crate::base::id::FirmId;
use crate::domain::company::Environment;
use crate::domain::company::Slug;
use crate::http::parameters::Parameters;
use crate::ops::administration::books::Books;
use crate::ops::administration::create_company::NewCompany;
use crate::ops::administration::create_firm::NewFirm;
use crate::ops::administration::names;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::view::pages::BooksChoice;
use crate::view::pages::ErrorKind;
use crate::view::pages::PlaceKind;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::settings::place_form::PlaceForm;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::books;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const COMPANY: &str = "/settings/companies/create";
const FIRM: &str = "/settings/firms/create";

/// Which form, with the firms to choose from.
struct Asked {
    kind: PlaceKind,
    section: Section,
    action: &'static str,
    firms: Vec<(FirmId, String)>,
    without_firm: bool,
}

/// What the form says.
struct Entered {
    name: String,
    slug: Option<Slug>,
    environment: Environment,
    firm: Option<FirmId>,
}

fn for_company(inside: &Inside) -> Result<Asked, Box<Response>> {
    let books: Books = books::seen(inside)?;
    if !books::may_add_company(inside, &books) {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    }
    let governed = books.firms.into_iter().filter(|here| here.governs);
    Ok(Asked {
        kind: PlaceKind::Company,
        section: Section::Companies,
        action: COMPANY,
        firms: governed.map(|here| (here.firm.id, here.firm.name)).collect(),
        without_firm: inside.live.user.operator,
    })
}

fn for_firm(inside: &Inside) -> Result<Asked, Box<Response>> {
    if !inside.live.user.operator {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    }
    Ok(Asked {
        kind: PlaceKind::Firm,
        section: Section::Firms,
        action: FIRM,
        firms: Vec::new(),
        without_firm: true,
    })
}

fn page(inside: &Inside, asked: &Asked, sent: &Parameters, mistakes: Mistakes) -> PlaceForm {
    let choice = |(id, name): &(FirmId, String)| {
        let value = id.to_string();
        Choice { chosen: sent.first("firm") == value, title: name.clone(), value }
    };
    PlaceForm {
        frame: inside.frame_asking(asked.section, asked.action),
        kind: asked.kind,
        csrf: inside.tag(asked.action),
        action: asked.action.to_owned(),
        back: asked.section.path().to_owned(),
        name: sent.first("name").to_owned(),
        slug: sent.first("slug").to_owned(),
        environment: match sent.first("environment") {
            "production" => BooksChoice::Production,
            _ => BooksChoice::Test,
        },
        firms: asked.firms.iter().map(choice).collect(),
        without_firm: asked.without_firm,
        mistakes,
    }
}

fn read(asked: &Asked, sent: &Parameters) -> Result<Entered, Mistakes> {
    let mut faults = Vec::new();
    let name = names::checked(sent.first("name"));
    if name.is_err() {
        faults.push((Field::Name, missing_or(sent.first("name"), Problem::NotValid)));
    }
    let slug = slug(sent.first("slug").trim(), name.as_deref().unwrap_or_default());
    if let Err(problem) = slug {
        faults.push((Field::Slug, problem));
    }
    let environment = environment(sent.first("environment"));
    if environment.is_none() {
        faults.push((Field::Environment, Problem::Missing));
    }
    let firm = firm(asked, sent.first("firm"));
    if let Err(problem) = firm {
        faults.push((Field::Firm, problem));
    }
    match (name, slug, environment, firm) {
        (Ok(name), Ok(slug), Some(environment), Ok(firm)) => {
            Ok(Entered { name, slug, environment, firm })
        }
        _ => Err(Mistakes::fields(faults)),
    }
}

fn missing_or(text: &str, problem: Problem) -> Problem {
    if text.trim().is_empty() { Problem::Missing } else { problem }
}

/// The name in addresses; none: it is made from the name, if that can be.
fn slug(text: &str, name: &str) -> Result<Option<Slug>, Problem> {
    match (text.is_empty(), text.parse()) {
        (true, _) if !name.is_empty() && Slug::from_name(name).is_none() => Err(Problem::Missing),
        (true, _) => Ok(None),
        (false, Ok(slug)) => Ok(Some(slug)),
        (false, Err(_)) => Err(Problem::NotValid),
    }
}

fn environment(word: &str) -> Option<Environment> {
    match word {
        "production" => Some(Environment::Production),
        "test" => Some(Environment::Test),
        _ => None,
    }
}

/// The firm that was chosen: one of those offered, or none where that is.
fn firm(asked: &Asked, value: &str) -> Result<Option<FirmId>, Problem> {
    if value.is_empty() {
        return if asked.without_firm { Ok(None) } else { Err(Problem::Missing) };
    }
    let found = asked.firms.iter().find(|(id, _)| id.to_string() == value);
    found.map(|(id, _)| Some(*id)).ok_or(Problem::Unknown)
}

/// Shows the form of a company.
pub(super) async fn new_company(inside: Inside) -> Response {
    new(&inside, for_company(&inside))
}

/// Shows the form of a firm.
pub(super) async fn new_firm(inside: Inside) -> Response {
    new(&inside, for_firm(&inside))
}

fn new(inside: &Inside, asked: Result<Asked, Box<Response>>) -> Response {
    match asked {
        Ok(asked) => {
            inside.show(&page(inside, &asked, &Parameters::default(), Mistakes::default()))
        }
        Err(page) => *page,
    }
}

/// Adds a company.
pub(super) async fn create_company(sent: Sent) -> Response {
    create(&sent, for_company(&sent.inside)).await.unwrap_or_else(|page| *page)
}

/// Adds a firm.
pub(super) async fn create_firm(sent: Sent) -> Response {
    create(&sent, for_firm(&sent.inside)).await.unwrap_or_else(|page| *page)
}

async fn create(
    sent: &Sent,
    asked: Result<Asked, Box<Response>>,
) -> Result<Response, Box<Response>> {
    let (inside, asked) = (&sent.inside, asked?);
    let again =
        |mistakes| Box::new(inside.show_again(&page(inside, &asked, &sent.fields, mistakes)));
    let entered = read(&asked, &sent.fields).map_err(again)?;
    match added(sent, &asked, entered).await {
        Ok(name) => Ok(inside.done(asked.section.path(), &Flash::Created(name))),
        Err(Failure::Refused(Refusal::Code(why))) => {
            let mistakes = Mistakes::code(verify::code_error(why));
            let page = page(inside, &asked, &sent.fields, mistakes);
            Err(Box::new(inside.visitor.show(&page, verify::status_of(why))))
        }
        Err(Failure::Refused(Refusal::SlugTaken(_))) => {
            Err(again(Mistakes::fields([(Field::Slug, Problem::Taken)])))
        }
        Err(failure) => Err(Box::new(inside.tell(failure))),
    }
}

async fn added(sent: &Sent, asked: &Asked, entered: Entered) -> Result<String, Failure<Refusal>> {
    let Entered { name, slug, environment, firm } = entered;
    let ops = sent.inside.ops();
    match asked.kind {
        PlaceKind::Company => {
            let new = NewCompany { slug, firm, ..NewCompany::named(name, environment) };
            Ok(ops.create_company(new, sent.by()).await?.name)
        }
        PlaceKind::Firm => {
            Ok(ops.create_firm(NewFirm { name, slug, environment }, sent.by()).await?.name)
        }
    }
}
