//! `/settings/roles`: what each role allows, and the roles of one's own.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::RawId;
use crate::domain::catalogue::Access;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::http::parameters::Parameters;
use crate::ops::administration::names;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles::RoleHere;
use crate::ops::administration::roles::RoleOrigin as Origin;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::check::CheckAct;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::permission::Tick;
use crate::view::pages::parts::permission::TickArea;
use crate::view::pages::settings::roles::MatrixArea;
use crate::view::pages::settings::roles::MatrixRow;
use crate::view::pages::settings::roles::OwnRole;
use crate::view::pages::settings::roles::RoleColumn;
use crate::view::pages::settings::roles::RoleOrigin;
use crate::view::pages::settings::roles::Roles;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::role_form;
use crate::web::verify;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const CREATE: &str = "/settings/roles/create";

/// Lists them.
pub(super) async fn list(inside: Inside) -> Response {
    let roles = match here(&inside) {
        Ok(roles) => roles,
        Err(page) => return *page,
    };
    let mut areas: Vec<MatrixArea> = Vec::new();
    for permission in inside.ops().catalogue().permissions() {
        let row = MatrixRow {
            title: permission.title.clone(),
            writes: permission.access == Access::Write,
            held: roles.iter().map(|role| role.allows.contains(&permission.name)).collect(),
        };
        match areas.iter_mut().find(|area| area.title == permission.area) {
            Some(area) => area.permissions.push(row),
            None => {
                areas.push(MatrixArea { title: permission.area.clone(), permissions: vec![row] });
            }
        }
    }
    inside.show(&Roles {
        frame: inside.frame(Section::Roles),
        roles: roles.iter().map(column).collect(),
        areas,
        may_create: inside.open.administers,
    })
}

/// The roles, for whoever administers the open company or firm.
fn here(inside: &Inside) -> Result<Vec<RoleHere>, Box<Response>> {
    if !inside.open.administers {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    }
    inside.told(inside.ops().roles_of(&inside.live, inside.open.place))
}

fn href(name: &RoleName) -> Option<String> {
    name.own_id().map(|id| format!("{}/{id}", Section::Roles.path()))
}

fn column(role: &RoleHere) -> RoleColumn {
    RoleColumn {
        title: role.title.clone(),
        origin: match role.origin {
            Origin::BuiltIn => RoleOrigin::BuiltIn,
            Origin::Configured => RoleOrigin::Configured,
            Origin::Own => RoleOrigin::Own,
        },
        people: role.held_by,
        href: href(&role.name),
    }
}

/// Which role a form is about: a new one, or one that is there.
struct About {
    role: Option<RoleHere>,
    action: String,
    held: ScopeSet,
}

fn about(inside: &Inside, id: Option<&str>) -> Result<About, Box<Response>> {
    let roles = here(inside)?;
    let standing = inside.told(inside.ops().standing(&inside.live, inside.open.place))?;
    let held = standing.held;
    let Some(id) = id else {
        return Ok(About { role: None, action: CREATE.to_owned(), held });
    };
    let name = id.parse::<RawId>().ok().map(RoleName::own);
    let role = roles.into_iter().find(|role| Some(&role.name) == name.as_ref());
    match role {
        Some(role) => {
            let action = href(&role.name).unwrap_or_default();
            Ok(About { role: Some(role), action, held })
        }
        None => Err(Box::new(inside.refuse(ErrorKind::NotFound))),
    }
}

fn page(
    inside: &Inside,
    about: &About,
    (name, ticked): (&str, &ScopeSet),
    mistakes: Mistakes,
) -> OwnRole {
    let people = about.role.as_ref().map_or(0, |role| role.held_by);
    let unused = about.role.is_some() && people == 0;
    OwnRole {
        frame: inside.frame(Section::Roles),
        changing: about.role.is_some(),
        csrf: inside.tag(&about.action),
        action: about.action.clone(),
        delete: unused.then(|| format!("{}/delete", about.action)),
        name: name.to_owned(),
        areas: ticks(inside, &about.held, ticked),
        people,
        mistakes,
    }
}

fn ticks(inside: &Inside, held: &ScopeSet, ticked: &ScopeSet) -> Vec<TickArea> {
    let mut areas: Vec<TickArea> = Vec::new();
    for permission in inside.ops().catalogue().permissions() {
        if !held.contains(&permission.name) {
            continue;
        }
        let tick = Tick {
            value: permission.name.to_string(),
            title: permission.title.clone(),
            hint: permission.description.clone(),
            writes: permission.access == Access::Write,
            checked: ticked.contains(&permission.name),
            required: false,
        };
        match areas.iter_mut().find(|area| area.title == permission.area) {
            Some(area) => area.permissions.push(tick),
            None => {
                areas.push(TickArea { title: permission.area.clone(), permissions: vec![tick] });
            }
        }
    }
    areas
}

fn ticked(sent: &Parameters) -> ScopeSet {
    sent.all("permission").iter().filter_map(|name| name.parse::<ScopeName>().ok()).collect()
}

fn show(inside: &Inside, id: Option<&str>, sent: Option<&Parameters>) -> Response {
    let about = match about(inside, id) {
        Ok(about) => about,
        Err(page) => return *page,
    };
    let (name, scopes) = match (sent, &about.role) {
        (Some(sent), _) => (sent.first("name").to_owned(), ticked(sent)),
        (None, Some(role)) => (role.title.clone(), role.allows.clone()),
        (None, None) => (String::new(), ScopeSet::default()),
    };
    inside.show(&page(inside, &about, (&name, &scopes), Mistakes::default()))
}

/// The form of a new role.
pub(super) async fn new(inside: Inside) -> Response {
    show(&inside, None, None)
}

/// The form of a role that is there.
pub(super) async fn one(Path(role): Path<String>, inside: Inside) -> Response {
    show(&inside, Some(&role), None)
}

/// The form of a new role again.
pub(super) async fn change_new(sent: Sent) -> Response {
    show(&sent.inside, None, Some(&sent.fields))
}

/// The form of a role that is there again.
pub(super) async fn change_one(Path(role): Path<String>, sent: Sent) -> Response {
    show(&sent.inside, Some(&role), Some(&sent.fields))
}

/// What the form says, summed up; the form again if something is wrong with it.
fn summed_up(
    sent: &Sent,
    id: Option<&str>,
) -> Result<(Check, About, String, ScopeSet), Box<Response>> {
    let inside = &sent.inside;
    let about = about(inside, id)?;
    let (name, scopes) = (sent.fields.first("name"), ticked(&sent.fields));
    let mut faults = Vec::new();
    let title = names::checked(name);
    if title.is_err() {
        let empty = name.trim().is_empty();
        faults.push((Field::Name, if empty { Problem::Missing } else { Problem::NotValid }));
    }
    if scopes.is_empty() {
        faults.push((Field::Permissions, Problem::Missing));
    } else if !inside.ops().catalogue().closure(&scopes).is_subset(&about.held) {
        faults.push((Field::Permissions, Problem::NotYours));
    }
    let (Ok(title), true) = (title, faults.is_empty()) else {
        let page = page(inside, &about, (name, &scopes), Mistakes::fields(faults));
        return Err(Box::new(inside.show_again(&page)));
    };
    let closure = inside.ops().catalogue().closure(&scopes);
    let (areas, writes) = role_form::areas(inside.ops(), &closure);
    let confirm = format!("{}/confirm", about.action);
    let change = format!("{}/change", about.action);
    let mut carried = vec![role_form::carried("name", &title)];
    carried.extend(scopes.iter().map(|scope| role_form::carried("permission", scope.as_str())));
    let check = Check {
        frame: inside.frame(Section::Roles),
        act: CheckAct::SaveRole,
        name: title.clone(),
        csrf: inside.tag(&confirm),
        action: confirm,
        change_csrf: inside.tag(&change),
        change_action: change,
        lines: Vec::new(),
        areas,
        writes,
        test: inside.open.shown().test,
        carried,
        mistakes: Mistakes::default(),
    };
    Ok((check, about, title, scopes))
}

/// Sums a new role up.
pub(super) async fn check_new(sent: Sent) -> Response {
    summed_up(&sent, None).map_or_else(|page| *page, |(check, ..)| sent.inside.show(&check))
}

/// Sums a changed role up.
pub(super) async fn check_one(Path(role): Path<String>, sent: Sent) -> Response {
    summed_up(&sent, Some(&role)).map_or_else(|page| *page, |(check, ..)| sent.inside.show(&check))
}

/// Makes a role.
pub(super) async fn confirm_new(sent: Sent) -> Response {
    save(sent, None).await.unwrap_or_else(|page| *page)
}

/// Changes a role.
pub(super) async fn confirm_one(Path(role): Path<String>, sent: Sent) -> Response {
    save(sent, Some(role)).await.unwrap_or_else(|page| *page)
}

async fn save(sent: Sent, id: Option<String>) -> Result<Response, Box<Response>> {
    let (check, about, title, scopes) = summed_up(&sent, id.as_deref())?;
    let inside = &sent.inside;
    let (place, name) = (inside.open.place, about.role.as_ref().map(|role| role.name.clone()));
    match inside.ops().save_role(place, name, &title, &scopes, sent.by()).await {
        Ok(_) => Ok(inside.done(Section::Roles.path(), &Flash::Saved)),
        Err(Failure::Refused(Refusal::Code(why))) => {
            let check = Check { mistakes: Mistakes::code(verify::code_error(why)), ..check };
            Err(Box::new(inside.visitor.show(&check, verify::status_of(why))))
        }
        Err(Failure::Refused(Refusal::RoleTaken)) => {
            let mistakes = Mistakes::fields([(Field::Name, Problem::Taken)]);
            let page = page(inside, &about, (&title, &scopes), mistakes);
            Err(Box::new(inside.show_again(&page)))
        }
        Err(failure) => Err(Box::new(inside.tell(failure))),
    }
}

fn question(inside: &Inside, id: &str) -> Result<(Question, RoleName), Box<Response>> {
    let about = about(inside, Some(id))?;
    let Some(role) = about.role.filter(|role| role.held_by == 0) else {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    };
    let action = format!("{}/delete", about.action);
    let (act, section) = (ConfirmAct::DeleteRole, Section::Roles);
    Ok((Question::of(act, section, &role.title, &action, &about.action), role.name))
}

/// Asks whether to delete a role.
pub(super) async fn ask_delete(Path(role): Path<String>, inside: Inside) -> Response {
    question(&inside, &role).map_or_else(|page| *page, |(question, _)| inside.ask(question))
}

/// Deletes a role.
pub(super) async fn delete(Path(role): Path<String>, sent: Sent) -> Response {
    deleted(&sent, &role).await.unwrap_or_else(|page| *page)
}

async fn deleted(sent: &Sent, id: &str) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let (question, name) = question(inside, id)?;
    let outcome = inside.ops().delete_role(inside.open.place, name, sent.by()).await;
    let role = inside.answered(question, &sent.fields, outcome)?;
    Ok(inside.done(Section::Roles.path(), &Flash::Removed(role.title)))
}
