//! `/settings/people/invite`: the form, the last look, and the link.

use axum::response::Response;

use crate::domain::role::RoleName;
use crate::domain::user::Email;
use crate::http::parameters::Parameters;
use crate::ops::administration::invite::NewInvitation;
use crate::ops::administration::names;
use crate::ops::administration::people_here::Waiting;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles::RoleHere;
use crate::ops::failure::Failure;
use crate::view::pages::CodeError;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::check::CheckAct;
use crate::view::pages::connect::check::CheckLine;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::settings::people::RoleForm;
use crate::view::pages::workspace::Section;
use crate::web::settings::link;
use crate::web::settings::role_form;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const FORM: &str = "/settings/people/invite";
const CONFIRM: &str = "/settings/people/invite/confirm";
const CHANGE: &str = "/settings/people/invite/change";

/// Shows the form.
pub(super) async fn form(inside: Inside) -> Response {
    match roles(&inside) {
        Ok(roles) => {
            inside.show(&page(&inside, &roles, &Parameters::default(), Mistakes::default()))
        }
        Err(page) => *page,
    }
}

fn roles(inside: &Inside) -> Result<Vec<RoleHere>, Box<Response>> {
    inside.told(inside.ops().roles_to_give(&inside.live, inside.open.place))
}

fn page(inside: &Inside, roles: &[RoleHere], sent: &Parameters, mistakes: Mistakes) -> RoleForm {
    RoleForm {
        frame: inside.frame(Section::People),
        inviting: true,
        csrf: inside.tag(FORM),
        action: FORM.to_owned(),
        back: Section::People.path().to_owned(),
        name: sent.first("name").to_owned(),
        email: sent.first("email").to_owned(),
        roles: role_form::choices(roles, sent.first("role")),
        mistakes,
    }
}

/// Shows the form again as it was sent.
pub(super) async fn change(sent: Sent) -> Response {
    match roles(&sent.inside) {
        Ok(roles) => {
            sent.inside.show(&page(&sent.inside, &roles, &sent.fields, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

/// What the form says, or what is wrong with it.
fn read(
    inside: &Inside,
    roles: &[RoleHere],
    sent: &Parameters,
) -> Result<(NewInvitation, RoleHere), Mistakes> {
    let mut faults = Vec::new();
    let name = names::checked(sent.first("name"));
    if name.is_err() {
        let empty = sent.first("name").trim().is_empty();
        faults.push((Field::Name, if empty { Problem::Missing } else { Problem::NotValid }));
    }
    let email = sent.first("email").parse::<Email>();
    if email.is_err() {
        let empty = sent.first("email").trim().is_empty();
        faults.push((Field::Email, if empty { Problem::Missing } else { Problem::NotValid }));
    }
    let role = role_form::chosen(roles, sent.first("role"));
    if role.is_none() {
        let empty = sent.first("role").is_empty();
        faults.push((Field::Role, if empty { Problem::Missing } else { Problem::NotYours }));
    }
    match (name, email, role) {
        (Ok(name), Ok(email), Some(role)) => {
            let place = inside.open.place;
            Ok((NewInvitation { email, name, role: role.name.clone(), place }, role.clone()))
        }
        _ => Err(Mistakes::fields(faults)),
    }
}

/// Sums up what was chosen and asks for the code.
pub(super) async fn check(sent: Sent) -> Response {
    summed_up(&sent).map_or_else(|page| *page, |(page, _)| sent.inside.show(&page))
}

fn summed_up(sent: &Sent) -> Result<(Check, NewInvitation), Box<Response>> {
    let inside = &sent.inside;
    let roles = roles(inside)?;
    let again = |mistakes| {
        let page = page(inside, &roles, &sent.fields, mistakes);
        Box::new(inside.show_again(&page))
    };
    let (new, role) = read(inside, &roles, &sent.fields).map_err(again)?;
    match inside.ops().may_invite(&inside.live, &new) {
        Err(Failure::Refused(Refusal::AlreadyMember(_))) => {
            return Err(again(Mistakes::fields([(Field::Email, Problem::Taken)])));
        }
        outcome => inside.told(outcome)?,
    }
    Ok((summary(inside, &new, &role, Mistakes::default()), new))
}

fn summary(inside: &Inside, new: &NewInvitation, role: &RoleHere, mistakes: Mistakes) -> Check {
    let line = |field, value: &str| CheckLine { field, value: value.to_owned() };
    let place = inside.open.shown();
    let (areas, writes) = role_form::areas(inside.ops(), &role.allows);
    let RoleName(role_name) = &new.role;
    Check {
        frame: inside.frame(Section::People),
        act: CheckAct::InvitePerson,
        name: new.name.clone(),
        csrf: inside.tag(CONFIRM),
        action: CONFIRM.to_owned(),
        change_csrf: inside.tag(CHANGE),
        change_action: CHANGE.to_owned(),
        lines: vec![
            line(Field::Email, new.email.as_str()),
            line(Field::Place, &place.name),
            line(Field::Role, &role.title),
        ],
        areas,
        writes,
        test: place.test,
        carried: vec![
            role_form::carried("name", &new.name),
            role_form::carried("email", new.email.as_str()),
            role_form::carried("role", role_name),
        ],
        mistakes,
    }
}

/// Invites.
pub(super) async fn confirm(sent: Sent) -> Response {
    let (page, new) = match summed_up(&sent) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let inside = &sent.inside;
    match inside.ops().invite(new, sent.by()).await {
        Ok(invited) => {
            let url = invited.link.url;
            link::keep(inside, link::Made::Invitation, &invited.id.to_string(), url)
        }
        Err(Failure::Refused(Refusal::Code(why))) => {
            let error: CodeError = verify::code_error(why);
            let page = Check { mistakes: Mistakes::code(error), ..page };
            inside.visitor.show(&page, verify::status_of(why))
        }
        Err(failure) => inside.tell(failure),
    }
}

/// Invites once more, as before.
pub(super) fn again(waiting: &Waiting, inside: &Inside) -> NewInvitation {
    NewInvitation {
        email: waiting.invitation.email.clone(),
        name: waiting.invitation.name.clone(),
        role: waiting.invitation.role.clone(),
        place: inside.open.place,
    }
}
