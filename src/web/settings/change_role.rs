//! `/settings/people/{person}/change_role`: the form, the last look, and the change.

use axum::extract::Path;
use axum::response::Response;

use crate::ops::administration::people_here::MemberPage;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles::RoleHere;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::check::CheckAct;
use crate::view::pages::connect::check::CheckLine;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::settings::people::RoleForm;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::people;
use crate::web::settings::person::Whom;
use crate::web::settings::role_form;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Whose role, and the roles to choose from.
struct Asked {
    found: Box<MemberPage>,
    roles: Vec<RoleHere>,
    href: String,
}

fn asked(inside: &Inside, person: &str) -> Result<Asked, Box<Response>> {
    let found = match Whom::find(inside, person)? {
        Whom::Member(found) if found.touches => found,
        _ => return Err(Box::new(inside.refuse(ErrorKind::NotAllowed))),
    };
    let roles = inside.told(inside.ops().roles_to_give(&inside.live, inside.open.place))?;
    Ok(Asked { found, roles, href: people::href(person) })
}

fn page(inside: &Inside, asked: &Asked, chosen: &str, mistakes: Mistakes) -> RoleForm {
    let action = format!("{}/change_role", asked.href);
    let user = &asked.found.member.user;
    RoleForm {
        frame: inside.frame(Section::People),
        inviting: false,
        csrf: inside.tag(&action),
        action,
        back: asked.href.clone(),
        name: user.name.clone(),
        email: user.email.to_string(),
        roles: role_form::choices(&asked.roles, chosen),
        mistakes,
    }
}

/// Shows the form.
pub(super) async fn form(Path(person): Path<String>, inside: Inside) -> Response {
    match asked(&inside, &person) {
        Ok(asked) => {
            let held = asked.found.member.role.0.clone();
            inside.show(&page(&inside, &asked, &held, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

/// Shows the form again as it was sent.
pub(super) async fn change(Path(person): Path<String>, sent: Sent) -> Response {
    match asked(&sent.inside, &person) {
        Ok(asked) => {
            let chosen = sent.fields.first("role");
            sent.inside.show(&page(&sent.inside, &asked, chosen, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

/// Sums up what was chosen and asks for the code.
pub(super) async fn check(Path(person): Path<String>, sent: Sent) -> Response {
    summed_up(&sent, &person).map_or_else(|page| *page, |(page, _, _)| sent.inside.show(&page))
}

fn summed_up(sent: &Sent, person: &str) -> Result<(Check, Asked, RoleHere), Box<Response>> {
    let inside = &sent.inside;
    let asked = asked(inside, person)?;
    let value = sent.fields.first("role");
    let Some(role) = role_form::chosen(&asked.roles, value).cloned() else {
        let problem = if value.is_empty() { Problem::Missing } else { Problem::NotYours };
        let mistakes = Mistakes::fields([(Field::Role, problem)]);
        return Err(Box::new(inside.show_again(&page(inside, &asked, value, mistakes))));
    };
    let place = inside.open.shown();
    let line = |field, value: &str| CheckLine { field, value: value.to_owned() };
    let (areas, writes) = role_form::areas(inside.ops(), &role.allows);
    let action = format!("{}/change_role/confirm", asked.href);
    let change_action = format!("{}/change_role/change", asked.href);
    let page = Check {
        frame: inside.frame(Section::People),
        act: CheckAct::ChangeRoleOf,
        name: asked.found.member.user.name.clone(),
        csrf: inside.tag(&action),
        action,
        change_csrf: inside.tag(&change_action),
        change_action,
        lines: vec![line(Field::Place, &place.name), line(Field::Role, &role.title)],
        areas,
        writes,
        test: place.test,
        carried: vec![role_form::carried("role", &role.name.0)],
        mistakes: Mistakes::default(),
    };
    Ok((page, asked, role))
}

/// Changes it.
pub(super) async fn confirm(Path(person): Path<String>, sent: Sent) -> Response {
    let (page, asked, role) = match summed_up(&sent, &person) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let inside = &sent.inside;
    let (user, place) = (asked.found.member.user.id, inside.open.place);
    match inside.ops().grant_role(user, place, role.name, sent.by()).await {
        Ok(_) => inside.done(&asked.href, &Flash::Saved),
        Err(Failure::Refused(Refusal::Code(why))) => {
            let page = Check { mistakes: Mistakes::code(verify::code_error(why)), ..page };
            inside.visitor.show(&page, verify::status_of(why))
        }
        Err(failure) => inside.tell(failure),
    }
}
