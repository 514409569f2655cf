//! Registering an OAuth app: the form, the summary, the act.

use axum::response::Response;

use crate::base::id::UserId;
use crate::domain::app::AppKind;
use crate::http::parameters::Parameters;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::check::CheckAct;
use crate::view::pages::connect::check::CheckLine;
use crate::view::pages::connect::oauth_app_form::ClientType;
use crate::view::pages::connect::oauth_app_form::OauthAppForm;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::workspace::Section;
use crate::web::access::scopes;
use crate::web::access::upkeep;
use crate::web::connect::saved;
use crate::web::connect::saved::Fresh;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const FORM: &str = "/settings/app-connect/oauth-apps/create";
const CHANGE: &str = "/settings/app-connect/oauth-apps/create/again";
const CONFIRM: &str = "/settings/app-connect/oauth-apps/create/confirm";
/// Redirect URIs of one app.
const URIS: usize = 20;
/// Letters of a name and a purpose that are taken (`display_name`, `app_rules`).
const NAME: usize = 60;
const PURPOSE: usize = 200;

/// What was chosen.
struct Chosen {
    new: NewApp,
    uris: String,
    website: String,
    review_days: u32,
    type_known: bool,
}

/// The form.
pub(super) async fn ask(inside: Inside) -> Response {
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let mut new = NewApp::of(AppKind::OauthPublic, "");
    new.owner = Some(inside.live.user.id);
    new.pkce_required = true;
    let (uris, website) = (String::new(), String::new());
    let chosen = Chosen { new, uris, website, review_days: 180, type_known: true };
    inside.show(&form(&inside, &chosen, Mistakes::default()))
}

/// The summary, or the form with what is wrong.
pub(super) async fn check(sent: Sent) -> Response {
    let Sent { inside, fields, .. } = sent;
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let chosen = read(&inside, &fields);
    match mistakes(&inside, &chosen) {
        Some(mistakes) => inside.show_again(&form(&inside, &chosen, mistakes)),
        None => inside.show(&summary(&inside, &chosen, Mistakes::default())),
    }
}

/// The form again, from the summary.
pub(super) async fn again(sent: Sent) -> Response {
    let Sent { inside, fields, .. } = sent;
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let chosen = read(&inside, &fields);
    inside.show(&form(&inside, &chosen, Mistakes::default()))
}

/// Registers, and leads to what is shown once. All that the summary carried is checked anew.
pub(super) async fn create(sent: Sent) -> Response {
    let by = sent.by();
    let Sent { inside, fields, .. } = sent;
    let chosen = read(&inside, &fields);
    if let Some(mistakes) = mistakes(&inside, &chosen) {
        return inside.show_again(&form(&inside, &chosen, mistakes));
    }
    match inside.ops().create_app(chosen.new.clone(), by).await {
        Ok(created) => saved::lead(&inside, created, Fresh::Created),
        Err(Failure::Refused(Refusal::Code(why))) => {
            let page = summary(&inside, &chosen, Mistakes::code(verify::code_error(why)));
            inside.visitor.show(&page, verify::status_of(why))
        }
        Err(failure) => inside.tell(failure),
    }
}

fn read(inside: &Inside, fields: &Parameters) -> Chosen {
    let (kind, type_known) = match fields.first("client_type") {
        "public" => (AppKind::OauthPublic, true),
        "confidential" => (AppKind::OauthConfidential, true),
        _ => (AppKind::OauthPublic, false),
    };
    let uris = fields.first("redirect_uris").replace("\r\n", "\n");
    let website = fields.first("website").trim().to_owned();
    let lines = uris.lines().map(str::trim).filter(|line| !line.is_empty());
    let new = NewApp {
        website: Some(website.clone()).filter(|website| !website.is_empty()),
        purpose: fields.first("purpose").to_owned(),
        place: Some(inside.open.place),
        owner: fields.first("owner").parse().ok(),
        scopes: Some(scopes::sent(&fields.all("permission"))),
        required: scopes::sent(&fields.all("required")),
        redirect_uris: lines.map(str::to_owned).collect(),
        pkce_required: fields.first("pkce") == "yes",
        review_days: upkeep::review_days(fields),
        ..NewApp::of(kind, fields.first("name"))
    };
    Chosen { new, uris, website, review_days: upkeep::review_days(fields), type_known }
}

fn mistakes(inside: &Inside, chosen: &Chosen) -> Option<Mistakes> {
    let mut wrong = Vec::new();
    if !chosen.type_known {
        wrong.push((Field::ClientType, Problem::Missing));
    }
    if chosen.new.redirect_uris.len() > URIS {
        wrong.push((Field::RedirectUris, Problem::TooMany));
    }
    let owner = |id: UserId| {
        let offered = upkeep::owners(inside, Some(id), false);
        offered.iter().any(|choice| choice.chosen)
    };
    if !chosen.new.owner.is_some_and(owner) {
        wrong.push((Field::Owner, Problem::Unknown));
    }
    if let Err(why) = inside.ops().try_app(&chosen.new) {
        wrong.push(mistake(&why, &chosen.new));
    }
    (!wrong.is_empty()).then(|| Mistakes::fields(wrong))
}

fn mistake(why: &Refusal, new: &NewApp) -> (Field, Problem) {
    let text = |text: &str, most: usize| match text.trim().chars().count() {
        0 => Problem::Missing,
        count if count > most => Problem::TooLong,
        _ => Problem::NotValid,
    };
    match why {
        Refusal::App(AppRefusal::RedirectUriMissing) => (Field::RedirectUris, Problem::Missing),
        Refusal::App(AppRefusal::RedirectUri { .. }) => (Field::RedirectUris, Problem::UriNotValid),
        Refusal::App(AppRefusal::Website) => (Field::Website, Problem::NotValid),
        Refusal::App(AppRefusal::Purpose) => (Field::Purpose, text(&new.purpose, PURPOSE)),
        Refusal::App(AppRefusal::ScopesMissing) => (Field::Permissions, Problem::Missing),
        Refusal::App(_) => (Field::Permissions, Problem::NotValid),
        _ => (Field::Name, text(&new.name, NAME)),
    }
}

fn form(inside: &Inside, chosen: &Chosen, mistakes: Mistakes) -> OauthAppForm {
    let (new, none) = (&chosen.new, crate::domain::scope::ScopeSet::default());
    let ticked = new.scopes.as_ref().unwrap_or(&none);
    OauthAppForm {
        frame: inside.frame(Section::OauthApps),
        changing: false,
        csrf: inside.tag(FORM),
        action: FORM.to_owned(),
        back: Section::OauthApps.path().to_owned(),
        name: new.name.clone(),
        client_type: match new.kind {
            AppKind::OauthConfidential => ClientType::Confidential,
            _ => ClientType::Public,
        },
        redirect_uris: chosen.uris.clone(),
        website: chosen.website.clone(),
        areas: scopes::ticks(inside.ops().catalogue(), |_| true, ticked, &new.required),
        pkce: new.pkce_required,
        owners: upkeep::owners(inside, new.owner, false),
        purpose: new.purpose.clone(),
        review_days: chosen.review_days.into(),
        mistakes,
    }
}

fn summary(inside: &Inside, chosen: &Chosen, mistakes: Mistakes) -> Check {
    let (new, catalogue) = (&chosen.new, inside.ops().catalogue());
    let asked = new.scopes.clone().unwrap_or_default();
    let areas = scopes::held(catalogue, &asked, &new.required, None);
    let writes = areas.iter().any(|area| area.permissions.iter().any(|one| one.writes));
    Check {
        frame: inside.frame(Section::OauthApps),
        act: CheckAct::RegisterApp,
        name: new.name.trim().to_owned(),
        csrf: inside.tag(CONFIRM),
        action: CONFIRM.to_owned(),
        change_csrf: inside.tag(CHANGE),
        change_action: CHANGE.to_owned(),
        lines: lines(inside, chosen),
        areas,
        writes,
        test: inside.open.shown().test,
        carried: carried(chosen),
        mistakes,
    }
}

fn lines(inside: &Inside, chosen: &Chosen) -> Vec<CheckLine> {
    let new = &chosen.new;
    let owners = upkeep::owners(inside, new.owner, false);
    let owner = owners.into_iter().find(|choice| choice.chosen).map(|choice| choice.title);
    let mut lines = vec![
        (Field::Place, inside.open.shown().name),
        (Field::RedirectUris, new.redirect_uris.join("\n")),
        (Field::Website, chosen.website.clone()),
        (Field::Owner, owner.unwrap_or_default()),
        (Field::Purpose, new.purpose.trim().to_owned()),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    lines.into_iter().map(|(field, value)| CheckLine { field, value }).collect()
}

fn carried(chosen: &Chosen) -> Vec<Carried> {
    let new = &chosen.new;
    let kind = if new.kind == AppKind::OauthConfidential { "confidential" } else { "public" };
    let owner = new.owner.map(|owner| owner.to_string()).unwrap_or_default();
    let review = chosen.review_days.to_string();
    let mut pairs = vec![
        ("name", new.name.as_str()),
        ("client_type", kind),
        ("redirect_uris", chosen.uris.as_str()),
        ("website", chosen.website.as_str()),
        ("owner", owner.as_str()),
        ("purpose", new.purpose.as_str()),
        ("review", review.as_str()),
    ];
    if new.pkce_required {
        pairs.push(("pkce", "yes"));
    }
    let asked = new.scopes.clone().unwrap_or_default();
    let permissions = asked.iter().map(|scope| ("permission", scope.as_str()));
    pairs.extend(permissions);
    pairs.extend(new.required.iter().map(|scope| ("required", scope.as_str())));
    let carry =
        |(name, value): (&str, &str)| Carried { name: name.to_owned(), value: value.to_owned() };
    pairs.into_iter().map(carry).collect()
}
