//! A form that makes or changes access: for whom, where, and what it offers; how what was typed is
//! understood, and how it is summed up.

use axum::response::Response;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app_life;
use crate::domain::company::Place;
use crate::domain::scope::ScopeSet;
use crate::ops::administration::app_facts;
use crate::ops::administration::owners::PossibleOwner;
use crate::ops::failure::Fault;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::check::CheckAct;
use crate::view::pages::connect::check::CheckLine;
use crate::view::pages::connect::credential_form::AccessForm;
use crate::view::pages::connect::credential_form::FormAct;
use crate::view::pages::connect::credential_form::Template;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::workspace::Section;
use crate::web::connect::entered::Entered;
use crate::web::connect::permissions;
use crate::web::connect::template;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::inside::OpenPlace;

/// The form, before anything is typed.
pub(super) struct Draft {
    pub(super) act: FormAct,
    section: Section,
    /// The form's path; its summary posts to `confirm` below it, "Change" to `again`.
    base: String,
    back: String,
    places: Vec<Offered>,
    /// What is changed or published.
    app: Option<App>,
}

/// A company or firm to choose, with what the person may pass on and whom they may name there.
struct Offered {
    open: OpenPlace,
    held: ScopeSet,
    owners: Vec<PossibleOwner>,
}

/// What was understood.
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) scopes: ScopeSet,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) reason: String,
    pub(super) owner: UserId,
    pub(super) purpose: String,
    pub(super) review_days: u32,
    pub(super) mcp: bool,
}

impl Draft {
    /// A form for new API credentials or a new API token.
    pub(super) fn new(inside: &Inside, act: FormAct) -> Result<Self, Fault> {
        let section = match act {
            FormAct::GenerateToken => Section::ApiTokens,
            _ => Section::ApiCredentials,
        };
        let path = section.path();
        let (base, back) = (format!("{path}/create"), path.to_owned());
        let mut places = inside.places().to_vec();
        // Offer first what is not real.
        places.sort_by_key(|at| !at.shown().test);
        Ok(Self { act, section, base, back, places: offered(inside, places)?, app: None })
    }

    /// A form for what `app` is to be from now on.
    pub(super) fn change(inside: &Inside, app: App, home: String) -> Result<Self, Fault> {
        let own = inside.places().iter().filter(|at| Some(at.place) == app.place);
        let mut places = offered(inside, own.cloned().collect())?;
        for at in &mut places {
            // What it has may stay, whoever holds it.
            at.held = at.held.union(&closure(inside, &app));
            at.owners.extend(inside.ops().kept_owner(app.owner, &at.owners)?);
        }
        let (act, base) = (FormAct::ChangeCredentials, format!("{home}/change"));
        Ok(Self { act, section: Section::ApiCredentials, base, back: home, places, app: Some(app) })
    }

    /// A form for a production app like the test app `app`.
    pub(super) fn publish(inside: &Inside, app: App, home: String) -> Result<Self, Fault> {
        let real = inside.places().iter().filter(|at| !at.shown().test);
        let places = offered(inside, real.cloned().collect())?;
        let (act, base) = (FormAct::PublishCredentials, format!("{home}/publish"));
        Ok(Self { act, section: Section::ApiCredentials, base, back: home, places, app: Some(app) })
    }

    /// What the form holds before anything is typed.
    pub(super) fn initial(&self, inside: &Inside, template: Template) -> Entered {
        let catalogue = inside.ops().catalogue();
        let me = inside.live.user.id.to_string();
        match &self.app {
            Some(app) => {
                let filled = Entered::of_app(app, &closure(inside, app));
                let owned = self.owners().any(|owner| owner.id.to_string() == filled.owner);
                let owner = if owned { filled.owner } else { me };
                Entered { owner, ..filled }
            }
            None => {
                let ticked = template::ticked(template, catalogue, &self.offered());
                let permissions = ticked.iter().map(ToString::to_string).collect();
                // Where the person works: something real is never made in another place by oversight.
                let place = inside.open.place.to_string();
                Entered { owner: me, place, permissions, ..Entered::nothing() }
            }
        }
    }

    /// The form, filled in.
    pub(super) fn form(
        &self,
        inside: &Inside,
        entered: &Entered,
        chosen: Template,
        mistakes: Mistakes,
    ) -> AccessForm {
        let (catalogue, offered) = (inside.ops().catalogue(), self.offered());
        let templates = match self.act {
            FormAct::CreateCredentials => template::links(&self.base, chosen, catalogue, &offered),
            _ => Vec::new(),
        };
        AccessForm {
            frame: inside.frame(self.section),
            act: self.act,
            csrf: inside.tag(&self.base),
            action: self.base.clone(),
            back: self.back.clone(),
            templates,
            name: entered.name.clone(),
            places: self.place_choices(entered),
            areas: permissions::ticks(catalogue, &offered, &entered.ticked()),
            mcp: self.offers_mcp(inside).then_some(entered.mcp),
            expires: entered.expires,
            expires_on: entered.expires_on.clone(),
            reason: entered.reason.clone(),
            owners: self.owner_choices(entered),
            purpose: entered.purpose.clone(),
            review_days: entered.review_days().into(),
            mistakes,
        }
    }

    /// What is there was made for MCP or not; what is new may be, where there is an MCP at all.
    fn offers_mcp(&self, inside: &Inside) -> bool {
        self.act != FormAct::ChangeCredentials && inside.visitor.state.connect.mcp.is_some()
    }

    fn understood_mcp(
        &self,
        inside: &Inside,
        entered: &Entered,
        at: Option<&Offered>,
    ) -> Result<bool, Problem> {
        let mcp = entered.mcp && self.offers_mcp(inside);
        let firm = at.is_some_and(|at| matches!(at.open.place, Place::Firm(_)));
        let token = self.act == FormAct::GenerateToken;
        if mcp && firm && token { Err(Problem::NotForFirms) } else { Ok(mcp) }
    }

    /// The form again, with what is wrong in it.
    pub(super) fn again(&self, inside: &Inside, entered: &Entered, mistakes: Mistakes) -> Response {
        inside.show_again(&self.form(inside, entered, Template::Own, mistakes))
    }

    /// What `entered` means.
    pub(super) fn understood(
        &self,
        inside: &Inside,
        entered: &Entered,
    ) -> Result<Chosen, Mistakes> {
        let at = self.chosen(entered);
        let name = entered.understood_name();
        let scopes = self.understood_scopes(inside, entered, at);
        let end = entered.understood_end(inside.ops().now());
        let reason = entered.understood_reason();
        let owner = at.and_then(|at| owner_in(at, entered)).ok_or(Problem::Unknown);
        let (purpose, review) = (entered.understood_purpose(), entered.understood_review());
        let place = at.map(|at| at.open.place).ok_or(Problem::Unknown);
        let mcp = self.understood_mcp(inside, entered, at);
        let wrong = [
            (Field::Name, name.as_ref().err()),
            (Field::Place, place.as_ref().err()),
            (Field::Permissions, scopes.as_ref().err()),
            (Field::ExpiresOn, end.as_ref().err()),
            (Field::Reason, reason.as_ref().err()),
            (Field::Owner, owner.as_ref().err()),
            (Field::Purpose, purpose.as_ref().err()),
            (Field::Review, review.as_ref().err()),
            (Field::Mcp, mcp.as_ref().err()),
        ];
        let wrong = wrong.into_iter().filter_map(|(field, problem)| Some((field, *problem?)));
        let mistakes = Mistakes::fields(wrong.collect::<Vec<_>>());
        let chosen = || {
            Some(Chosen {
                name: name.ok()?,
                place: place.ok()?,
                scopes: scopes.ok()?,
                expires_at: end.ok()?,
                reason: reason.ok()?,
                owner: owner.ok()?,
                purpose: purpose.ok()?,
                review_days: review.ok()?,
                mcp: mcp.ok()?,
            })
        };
        chosen().ok_or(mistakes)
    }

    /// The summary of `chosen`, which asks for the second factor.
    pub(super) fn summary(
        &self,
        inside: &Inside,
        entered: &Entered,
        chosen: &Chosen,
        mistakes: Mistakes,
    ) -> Check {
        let catalogue = inside.ops().catalogue();
        let all = catalogue.closure(&chosen.scopes);
        let (action, change_action) =
            (format!("{}/confirm", self.base), format!("{}/again", self.base));
        let test = self.at(chosen.place).is_some_and(|at| at.open.shown().test);
        Check {
            frame: inside.frame_asking(self.section, &action),
            act: check_act(self.act),
            name: chosen.name.clone(),
            csrf: inside.tag(&action),
            action,
            change_csrf: inside.tag(&change_action),
            change_action,
            lines: self.lines(inside, chosen),
            areas: permissions::held(catalogue, &all, &all),
            writes: permissions::write(catalogue, &all),
            test,
            carried: entered.carried(),
            mistakes,
        }
    }

    fn lines(&self, inside: &Inside, chosen: &Chosen) -> Vec<CheckLine> {
        let at = self.at(chosen.place);
        let owner = at.and_then(|at| at.owners.iter().find(|owner| owner.id == chosen.owner));
        let review = app_life::days_after(inside.ops().now(), chosen.review_days);
        let end = match chosen.expires_at {
            Some(end) => (Field::Expires, Day::last_before(end).iso),
            None => (Field::Reason, chosen.reason.clone()),
        };
        let mut lines = vec![
            (Field::Place, at.map(|at| at.open.shown().name).unwrap_or_default()),
            end,
            (Field::Owner, owner.map(|owner| owner.name.clone()).unwrap_or_default()),
            (Field::Purpose, chosen.purpose.clone()),
            (Field::Review, Day::of(review).iso),
        ];
        if chosen.mcp {
            lines.push((Field::Mcp, "✓".to_owned()));
        }
        lines.into_iter().map(|(field, value)| CheckLine { field, value }).collect()
    }

    /// The permissions that were ticked, if the person may pass on each in the place that was chosen.
    fn understood_scopes(
        &self,
        inside: &Inside,
        entered: &Entered,
        at: Option<&Offered>,
    ) -> Result<ScopeSet, Problem> {
        let (ticked, catalogue) = (entered.ticked(), inside.ops().catalogue());
        if entered.permissions.is_empty() {
            return Err(Problem::Missing);
        }
        let read = ticked.len() == entered.permissions.len() || {
            let unique: std::collections::BTreeSet<&String> = entered.permissions.iter().collect();
            unique.len() == ticked.len()
        };
        let none = ScopeSet::default();
        let held = at.map_or(&none, |at| &at.held);
        // Where the place is wrong already, its permissions are no second fault.
        let may = at.is_none() || catalogue.closure(&ticked).is_subset(held);
        if read && catalogue.knows(&ticked) && may { Ok(ticked) } else { Err(Problem::NotYours) }
    }

    /// What can be ticked: what the person may pass on in any place that they can choose.
    fn offered(&self) -> ScopeSet {
        self.places.iter().fold(ScopeSet::default(), |all, at| all.union(&at.held))
    }

    fn owners(&self) -> impl Iterator<Item = &PossibleOwner> {
        self.places.iter().flat_map(|at| &at.owners)
    }

    fn chosen(&self, entered: &Entered) -> Option<&Offered> {
        if self.act == FormAct::ChangeCredentials {
            return self.places.first();
        }
        let place: Place = entered.place.parse().ok()?;
        self.at(place)
    }

    fn at(&self, place: Place) -> Option<&Offered> {
        self.places.iter().find(|at| at.open.place == place)
    }

    fn place_choices(&self, entered: &Entered) -> Vec<Choice> {
        if self.act == FormAct::ChangeCredentials {
            return Vec::new();
        }
        let choice = |at: &Offered| {
            let value = at.open.place.to_string();
            Choice { chosen: value == entered.place, title: at.open.shown().name, value }
        };
        self.places.iter().map(choice).collect()
    }

    fn owner_choices(&self, entered: &Entered) -> Vec<Choice> {
        let mut choices: Vec<Choice> = Vec::new();
        for owner in self.owners() {
            let value = owner.id.to_string();
            if choices.iter().all(|choice| choice.value != value) {
                let chosen = value == entered.owner;
                choices.push(Choice { value, title: owner.name.clone(), chosen });
            }
        }
        choices
    }
}

fn offered(inside: &Inside, places: Vec<OpenPlace>) -> Result<Vec<Offered>, Fault> {
    let mut offered = Vec::new();
    for open in places {
        // What is out of reach meanwhile is not offered.
        if let Ok(standing) = inside.ops().standing(&inside.live, open.place) {
            let owners = inside.ops().possible_owners(&inside.live, open.place)?;
            offered.push(Offered { open, held: standing.held, owners });
        }
    }
    Ok(offered)
}

fn owner_in(at: &Offered, entered: &Entered) -> Option<UserId> {
    at.owners.iter().map(|owner| owner.id).find(|id| id.to_string() == entered.owner)
}

fn closure(inside: &Inside, app: &App) -> ScopeSet {
    inside.ops().catalogue().closure(&app_facts::delegated(app))
}

const fn check_act(act: FormAct) -> CheckAct {
    match act {
        FormAct::CreateCredentials => CheckAct::CreateCredentials,
        FormAct::ChangeCredentials => CheckAct::ChangeCredentials,
        FormAct::GenerateToken => CheckAct::GenerateToken,
        FormAct::PublishCredentials => CheckAct::PublishCredentials,
    }
}
