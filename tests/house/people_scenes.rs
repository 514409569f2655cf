//! The forms about people, roles, webhooks and all access: one line a form, as in `workspace_scenes.rs`.

use countersign::base::clock::Clock as _;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::domain::user::Email;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::invite::NewInvitation;
use countersign::ops::webhooks::manage::NewEndpoint;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::scenes::CODE;
use crate::scenes::CODED;
use crate::scenes::Fields;
use crate::scenes::Scene;
use crate::scenes::Things;

/// A form: its route, the page that it stands on, and its visible fields.
type Form = (&'static str, &'static str, Fields);

const INVITED: &[(&str, &str)] =
    &[("name", "Some Body"), ("email", "some@acme.example"), ("role", "viewer")];
const ROLE: &[(&str, &str)] = &[("name", "Role {number}"), ("permission", "customers:readonly")];
const PERSON_ROLE: &str = "/settings/people/{person}/change_role";

/// Forms that are answered by a page that asks once more.
const FIRST_STEPS: &[&str] = &[
    "/settings/people/invite",
    "/settings/people/invite/change",
    "/settings/people/{person}/change_role",
    "/settings/people/{person}/change_role/change",
    "/settings/roles/create",
    "/settings/roles/create/change",
    "/settings/roles/{role}",
    "/settings/roles/{role}/change",
];

const FORMS: &[Form] = &[
    ("/settings/data/export", "/settings/data", &[("file", "people.csv")]),
    ("/settings/data/export-everywhere", "/settings/data", &[("file", "apps.jsonl")]),
    ("/settings/people/{person}/export", "/settings/people/{person}", &[]),
    ("/settings/people/invite", "/settings/people/invite", INVITED),
    (PERSON_ROLE, PERSON_ROLE, &[("role", "accountant")]),
    ("/settings/people/{person}/link", "/settings/people/{person}/link", &[("saved", "yes")]),
    ("/settings/people/{person}/invite_again", "/settings/people/{person}/invite_again", CODED),
    ("/settings/people/{person}/end_sessions", "/settings/people/{person}/end_sessions", CODED),
    ("/settings/people/{person}/password_link", "/settings/people/{person}/password_link", CODED),
    ("/settings/people/{person}/factor_link", "/settings/people/{person}/factor_link", CODED),
    ("/settings/people/{person}/enable", "/settings/people/{person}/enable", CODED),
    ("/settings/people/{person}/disable", "/settings/people/{person}/disable", CODED),
    ("/settings/people/{person}/remove_person", "/settings/people/{person}/remove_person", CODED),
    (
        "/settings/people/{person}/erase",
        "/settings/people/{person}/erase",
        &[("typed_name", "Some Body"), ("code", CODE)],
    ),
    ("/settings/roles/create", "/settings/roles/create", ROLE),
    ("/settings/roles/{role}", "/settings/roles/{role}", ROLE),
    ("/settings/roles/{role}/delete", "/settings/roles/{role}/delete", CODED),
    (
        "/settings/webhooks/create",
        "/settings/webhooks/create",
        &[("url", "https://hooks.example/in"), ("event", "connection.created"), ("code", CODE)],
    ),
    (
        "/settings/webhooks/{webhook}/secret",
        "/settings/webhooks/{webhook}/secret",
        &[("saved", "yes")],
    ),
    ("/settings/webhooks/{webhook}/test", "/settings/webhooks/{webhook}", &[]),
    ("/settings/webhooks/{webhook}/retry", "/settings/webhooks/{webhook}", &[]),
    ("/settings/webhooks/{webhook}/rotate", "/settings/webhooks/{webhook}/rotate", CODED),
    ("/settings/webhooks/{webhook}/delete", "/settings/webhooks/{webhook}/delete", CODED),
    (
        "/settings/data/end-all-access",
        "/settings/data/end-all-access",
        &[("typed_name", "Acme Trading"), ("code", CODE)],
    ),
    (
        "/settings/data/end-all-access-everywhere",
        "/settings/data/end-all-access-everywhere",
        &[("typed_name", "cs.example"), ("code", CODE)],
    ),
];

/// Forms that are answered by a file.
const FILES: &[&str] = &[
    "/settings/data/export",
    "/settings/data/export-everywhere",
    "/settings/people/{person}/export",
];

/// What the form is answered with where it is accepted: only the first step of two shows the second,
/// before anything is done, and a file has no page to go on to.
fn accepted(route: &str) -> StatusCode {
    let stays = FIRST_STEPS.contains(&route) || FILES.contains(&route);
    if stays { StatusCode::OK } else { StatusCode::SEE_OTHER }
}

/// The scene of the form at `route`, if it is one of these. The owner sends it, from a session of their
/// own each time and about things made for it.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    for next in FOLLOWING {
        if let Some(first) = route.strip_suffix(next.0).filter(|first| FIRST_STEPS.contains(first))
        {
            return following(house, first, *next).await;
        }
    }
    let (route, page, fields) = FORMS.iter().find(|form| form.0 == route)?;
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    let about = about(house, route).await;
    let page = browser.get(&about.put_into(page)).await;
    assert!(page.status.is_success(), "{route}: {page:?}");
    let fields = about.filled(house, fields);
    let scene = Scene::of(&browser, &page, &about.put_into(route), &fields);
    Some(Scene { accepted: accepted(route), ..scene })
}

/// What stands in place of the braces.
async fn about(house: &House, route: &str) -> Things {
    let mut things = vec![("{number}", house.ops.unique())];
    if route.contains("{role}") {
        things.push(("{role}", own_role(house).await));
    }
    if route.contains("{webhook}") {
        things.push(("{webhook}", webhook(house).await));
    }
    if route.contains("{person}") {
        things.push(("{person}", person(house, route).await));
    }
    Things::of(things)
}

/// Forms on the summary that answers another form, below whose path they are posted: what follows it,
/// and the visible fields.
const FOLLOWING: &[(&str, Fields)] = &[("/confirm", CODED), ("/change", &[])];

/// The scene of a form on the summary that answers the form at `first`.
async fn following(house: &House, first: &str, (below, fields): (&str, Fields)) -> Option<Scene> {
    let scene = Box::pin(set(house, first)).await?;
    let answer = scene.send(house, &scene.form).await;
    assert!(answer.status.is_success(), "{first}: {answer:?}");
    let action = format!("{}{below}", scene.action);
    let mut form = hidden_fields(&answer.body, &action);
    let fields = Things::default().filled(house, fields);
    form.extend(fields.into_iter().map(|(field, value)| (field.to_owned(), value)));
    let accepted = accepted(&format!("{first}{below}"));
    Some(Scene { action, form, accepted, ..scene })
}

/// Somebody whom the form at `route` can be about: a new member of Acme each time, with all that can
/// be lost and a session; or an invitation.
async fn person(house: &House, route: &str) -> String {
    let place = house.company("acme").parse().unwrap();
    let role = RoleName("viewer".to_owned());
    let number = house.ops.users().unwrap().len();
    let email: Email = format!("some{number}@acme.example").parse().unwrap();
    let name = "Some Body".to_owned();
    if route.ends_with("/invite_again") || route.ends_with("/link") {
        let new = NewInvitation { email, name, role, place };
        return house.ops.invite(new, MACHINE).await.unwrap().id.to_string();
    }
    let new = NewUser { email, name: name.clone(), password: None, operator: false };
    let user = house.ops.create_user(new, MACHINE).await.unwrap().id;
    house.ops.grant_role(user, place, role, MACHINE).await.unwrap();
    let link = house.ops.welcome(user, MACHINE).await.unwrap();
    let open = house.ops.open_link(link.token.text()).unwrap().unwrap();
    house.ops.accept_invitation(&open, name, "quiet-otter-plays".into(), MACHINE).await.unwrap();
    house.ops.provision_factors(user, MACHINE).await.unwrap();
    if route.ends_with("/enable") {
        house.ops.disable_user(user, MACHINE).await.unwrap();
    }
    user.to_string()
}

/// A role of Acme's own that nobody holds.
async fn own_role(house: &House) -> String {
    let place = house.company("acme").parse().unwrap();
    let scopes = ScopeSet::parse("customers:readonly");
    let title = format!("Role {}", house.clock.now().millis());
    let name = house.ops.save_role(place, None, &title, &scopes, MACHINE).await.unwrap();
    name.own_id().unwrap().to_owned()
}

/// A webhook of Acme's, for which a message waits.
async fn webhook(house: &House) -> String {
    let place = house.company("acme").parse().unwrap();
    if let Some(first) = house.ops.webhooks(Some(place)).unwrap().first() {
        house.ops.delete_webhook(first.id, MACHINE).await.unwrap();
    }
    let url = "https://hooks.example/in".to_owned();
    let new = NewEndpoint { place, url, topics: Vec::new(), note: String::new() };
    let id = house.ops.create_webhook(new, MACHINE).await.unwrap().listed.id;
    house.ops.test_webhook(id, MACHINE).await.unwrap();
    id.to_string()
}
