//! Changing what is said of a connection, and taking permissions from it.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::UserId;
use crate::domain::app_life::REVIEW_EVERY_DAYS;
use crate::domain::scope::ScopeSet;
use crate::http::parameters::Parameters;
use crate::ops::access::of_app::ConnectionFacts;
use crate::ops::administration::change_connection::ConnectionChange;
use crate::ops::administration::owners::PossibleOwner;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::view::pages::connect::upkeep_form::UpkeepForm;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::access::connections::found;
use crate::web::access::connections::home_of;
use crate::web::access::scopes;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// The form.
pub(super) async fn ask(Path(connection): Path<String>, inside: Inside) -> Response {
    let (inside, facts) = match found(inside, &connection) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let before = ConnectionChange {
        owner: facts.connection.owner,
        purpose: facts.connection.purpose.clone(),
        review_days: facts.connection.review_every(),
        keep: facts.connection.scopes.clone(),
    };
    inside.show(&form(&inside, &facts, &before, Mistakes::default()))
}

/// Changes it.
pub(super) async fn change(Path(connection): Path<String>, sent: Sent) -> Response {
    let (by, fields) = (sent.by(), sent.fields);
    let (inside, facts) = match found(sent.inside, &connection) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let change = read(&fields);
    let outcome = inside.ops().change_connection(facts.connection.id, change.clone(), by).await;
    let mistakes = match &outcome {
        Err(Failure::Refused(Refusal::App(AppRefusal::OwnerElsewhere))) => {
            let problem = if change.owner.is_none() { Problem::Missing } else { Problem::Unknown };
            Mistakes::fields([(Field::Owner, problem)])
        }
        Err(Failure::Refused(Refusal::App(AppRefusal::Purpose))) => {
            Mistakes::fields([(Field::Purpose, Problem::TooLong)])
        }
        _ => Mistakes::default(),
    };
    if !mistakes.fields.is_empty() {
        return inside.show_again(&form(&inside, &facts, &change, mistakes));
    }
    match inside.told(outcome) {
        Ok(connection) => inside.done(&home_of(connection.id), &Flash::Saved),
        Err(page) => *page,
    }
}

fn read(fields: &Parameters) -> ConnectionChange {
    ConnectionChange {
        owner: fields.first("owner").parse().ok(),
        purpose: fields.first("purpose").to_owned(),
        review_days: review_days(fields),
        keep: scopes::sent(&fields.all("permission")),
    }
}

/// After how many days somebody looks again: one of those that the form offers.
pub(super) fn review_days(fields: &Parameters) -> u32 {
    let days = fields.first("review").parse().unwrap_or(REVIEW_EVERY_DAYS);
    if [30, 90, 180, 365].contains(&days) { days } else { REVIEW_EVERY_DAYS }
}

fn form(
    inside: &Inside,
    facts: &ConnectionFacts,
    change: &ConnectionChange,
    mistakes: Mistakes,
) -> UpkeepForm {
    let home = home_of(facts.connection.id);
    let action = format!("{home}/change");
    let catalogue = inside.ops().catalogue();
    let listed = catalogue.maximal(&catalogue.known(&facts.connection.scopes));
    UpkeepForm {
        frame: inside.frame(Section::OauthConnections),
        csrf: inside.tag(&action),
        action,
        back: home,
        name: facts.app.name.clone(),
        areas: scopes::ticks(
            catalogue,
            |permission| listed.contains(&permission.name),
            &catalogue.closure(&change.keep),
            &ScopeSet::default(),
        ),
        owners: owners_of(inside, facts, change.owner),
        purpose: change.purpose.clone(),
        review_days: change.review_days.into(),
        mistakes,
    }
}

/// Who may be responsible in the open company or firm, and nobody where that may be.
pub(super) fn owners(inside: &Inside, chosen: Option<UserId>, nobody: bool) -> Vec<Choice> {
    let offered = inside.ops().possible_owners(&inside.live, inside.open.place);
    let nobody = nobody.then(|| Choice {
        value: String::new(),
        title: "—".to_owned(),
        chosen: chosen.is_none(),
    });
    let offered = offered.unwrap_or_default().into_iter();
    nobody.into_iter().chain(offered.map(|owner| choice(owner, chosen))).collect()
}

/// The same for a connection: whoever answers for it now may stay.
fn owners_of(inside: &Inside, facts: &ConnectionFacts, chosen: Option<UserId>) -> Vec<Choice> {
    let ops = inside.ops();
    let mut offered = ops.possible_owners(&inside.live, inside.open.place).unwrap_or_default();
    offered.extend(ops.kept_owner(facts.connection.owner, &offered).unwrap_or_default());
    offered.into_iter().map(|owner| choice(owner, chosen)).collect()
}

fn choice(owner: PossibleOwner, chosen: Option<UserId>) -> Choice {
    Choice { value: owner.id.to_string(), chosen: chosen == Some(owner.id), title: owner.name }
}
