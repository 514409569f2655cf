//! The form that registers or changes an OAuth app, and the page that sums it up.

use axum::response::Response;

use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::logo::NotALogo;
use crate::domain::scope::ScopeSet;
use crate::ops::access::of_app::OauthAppFacts;
use crate::ops::administration::app_logo::LogoChange;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::check::CheckAct;
use crate::view::pages::connect::check::CheckLine;
use crate::view::pages::connect::oauth_app_form::ClientType;
use crate::view::pages::connect::oauth_app_form::OauthAppForm;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::workspace::Section;
use crate::web::access::entered;
use crate::web::access::entered::Entered;
use crate::web::access::known_clients;
use crate::web::access::known_clients::Known;
use crate::web::access::mcp_server;
use crate::web::access::oauth_app;
use crate::web::access::scopes;
use crate::web::access::upkeep;
use crate::web::workspace::inside::Inside;

/// Redirect URIs of one app.
const URIS: usize = 20;
/// Letters of a name and a purpose that are taken (`display_name`, `app_rules`).
const NAME: usize = 60;
const PURPOSE: usize = 200;

/// The fields that can be wrong, as they stand in the form.
const FIELDS: [Field; 8] = [
    Field::Name,
    Field::ClientType,
    Field::RedirectUris,
    Field::Website,
    Field::Logo,
    Field::Permissions,
    Field::Owner,
    Field::Purpose,
];

/// The form: where it is posted to, and of which app it is.
pub(super) struct Draft {
    /// The form's path; its summary posts to `confirm` below it, "Change" to `again`.
    base: String,
    back: String,
    app: Option<App>,
    owner: Option<String>,
}

impl Draft {
    /// A form for a new app.
    pub(super) fn new() -> Self {
        let list = Section::OauthApps.path();
        Self { base: format!("{list}/create"), back: list.to_owned(), app: None, owner: None }
    }

    /// A form for what an app is to be from now on.
    pub(super) fn change(facts: OauthAppFacts) -> Self {
        let back = oauth_app::home_of(facts.app.id);
        let base = format!("{back}/change");
        Self { base, back, app: Some(facts.app), owner: facts.owner }
    }

    /// The app that is changed.
    pub(super) fn app(&self) -> Option<&App> {
        self.app.as_ref()
    }

    /// What is wrong, as far as that can be said before anybody is asked for a code.
    pub(super) fn mistakes(&self, inside: &Inside, entered: &Entered) -> Option<Mistakes> {
        let mut wrong = Vec::new();
        if !entered.type_known {
            wrong.push((Field::ClientType, Problem::Missing));
        }
        if entered.new.redirect_uris.len() > URIS {
            wrong.push((Field::RedirectUris, Problem::TooMany));
        }
        if let Err(why) = &entered.logo {
            wrong.push((Field::Logo, logo_problem(*why)));
        }
        if !self.may_answer(inside, entered.new.owner) {
            wrong.push((Field::Owner, Problem::Unknown));
        }
        if let Err(why) = inside.ops().try_app(&entered.new) {
            wrong.push(mistake(&why, &entered.new));
        }
        wrong.sort_by_key(|(field, _)| FIELDS.iter().position(|one| one == field));
        (!wrong.is_empty()).then(|| Mistakes::fields(wrong))
    }

    /// Who answers for it now may stay; otherwise it is somebody that the form offers.
    fn may_answer(&self, inside: &Inside, owner: Option<UserId>) -> bool {
        let stays = self.app.as_ref().is_some_and(|app| app.owner == owner);
        stays || owner.is_some() && self.owners(inside, owner).iter().any(|choice| choice.chosen)
    }

    fn owners(&self, inside: &Inside, chosen: Option<UserId>) -> Vec<Choice> {
        let now = self.app.as_ref().map(|app| app.owner);
        let mut choices = upkeep::owners(inside, chosen, now == Some(None));
        if let Some(Some(id)) = now
            && choices.iter().all(|choice| choice.value != id.to_string())
        {
            let title = self.owner.clone().unwrap_or_else(|| "—".to_owned());
            choices.push(Choice { value: id.to_string(), title, chosen: chosen == Some(id) });
        }
        choices
    }

    /// The form, filled in.
    pub(super) fn form(
        &self,
        inside: &Inside,
        entered: &Entered,
        known: Option<&Known>,
        mistakes: Mistakes,
    ) -> OauthAppForm {
        let (new, none) = (&entered.new, ScopeSet::default());
        let ticked = new.scopes.as_ref().unwrap_or(&none);
        let changing = self.app.is_some();
        let clients = || known_clients::links(inside, &self.base, known);
        OauthAppForm {
            frame: inside.frame(Section::OauthApps),
            changing,
            csrf: inside.tag(&self.base),
            action: self.base.clone(),
            back: self.back.clone(),
            clients: if changing { Vec::new() } else { clients() },
            mcp_url: known.and_then(|_| mcp_server::url(inside)),
            seen: entered.seen.clone(),
            name: new.name.clone(),
            logo: entered.logo_field(self.app.as_ref()),
            client_type: match new.kind {
                AppKind::OauthConfidential => ClientType::Confidential,
                _ => ClientType::Public,
            },
            redirect_uris: entered.uris.clone(),
            website: entered.website.clone(),
            areas: scopes::ticks(inside.ops().catalogue(), |_| true, ticked, &new.required),
            pkce: new.pkce_required,
            owners: self.owners(inside, new.owner),
            purpose: new.purpose.clone(),
            review_days: entered.review_days.into(),
            mistakes,
        }
    }

    /// The form again, with what is wrong.
    pub(super) fn again(&self, inside: &Inside, entered: &Entered, wrong: Mistakes) -> Response {
        inside.show_again(&self.form(inside, entered, None, wrong))
    }

    /// The page that sums it up.
    pub(super) fn summary(&self, inside: &Inside, entered: &Entered, mistakes: Mistakes) -> Check {
        let (new, catalogue) = (&entered.new, inside.ops().catalogue());
        let asked = new.scopes.clone().unwrap_or_default();
        let areas = scopes::held(catalogue, &asked, &new.required, None);
        let writes = areas.iter().any(|area| area.permissions.iter().any(|one| one.writes));
        let (action, change) = (format!("{}/confirm", self.base), format!("{}/again", self.base));
        Check {
            frame: inside.frame_asking(Section::OauthApps, &action),
            act: if self.app.is_some() { CheckAct::ChangeApp } else { CheckAct::RegisterApp },
            name: new.name.trim().to_owned(),
            csrf: inside.tag(&action),
            action,
            change_csrf: inside.tag(&change),
            change_action: change,
            lines: self.lines(inside, entered),
            areas,
            writes,
            test: inside.open.shown().test,
            carried: entered.carried(),
            mistakes,
        }
    }

    fn lines(&self, inside: &Inside, entered: &Entered) -> Vec<CheckLine> {
        let new = &entered.new;
        let owners = self.owners(inside, new.owner);
        let owner = owners.into_iter().find(|choice| choice.chosen).map(|choice| choice.title);
        let place = self.app.as_ref().is_none_or(|app| app.place.is_some());
        let logo = match &entered.logo {
            Ok(LogoChange::Put(logo)) => entered::described(logo),
            Ok(LogoChange::Remove) => "—".to_owned(),
            _ => String::new(),
        };
        let mut lines = vec![
            (Field::Place, if place { inside.open.shown().name } else { String::new() }),
            (Field::RedirectUris, new.redirect_uris.join("\n")),
            (Field::Website, entered.website.clone()),
            (Field::Logo, logo),
            (Field::Owner, owner.unwrap_or_default()),
            (Field::Purpose, new.purpose.trim().to_owned()),
        ];
        lines.retain(|(_, value)| !value.is_empty());
        lines.into_iter().map(|(field, value)| CheckLine { field, value }).collect()
    }
}

const fn logo_problem(why: NotALogo) -> Problem {
    match why {
        NotALogo::TooLarge => Problem::FileTooLarge,
        NotALogo::TooManyPixels => Problem::TooManyPixels,
        NotALogo::NotAPicture => Problem::NotAPicture,
    }
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
