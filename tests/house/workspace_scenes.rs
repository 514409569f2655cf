//! The forms of the workspace, each with the page on which it stands and what its owner would send:
//! one line a form, from which every check of forms is generated.

use countersign::base::clock::Clock as _;
use countersign::crypto::totp;
use countersign::domain::app::AppKind;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::domain::user::Email;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::invite::NewInvitation;

use crate::harness::Authenticator;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::authenticator::asked_to_make;
use crate::harness::hidden_fields;
use crate::scenes;
use crate::scenes::Scene;

/// The place of a fresh verification code among the fields.
const CODE: &str = "(code)";

/// A form: its route, the page that it stands on, and its visible fields. What stands in braces is
/// filled in by [`Things`].
type Form = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CODED: &[(&str, &str)] = &[("code", CODE)];
const INVITED: &[(&str, &str)] =
    &[("name", "Some Body"), ("email", "some@acme.example"), ("role", "viewer")];
const ROLE: &[(&str, &str)] = &[("name", "Role {app}"), ("permission", "customers:readonly")];
const PERSON_ROLE: &str = "/settings/people/{person}/change_role";

/// Forms that are answered by a page that asks once more.
pub const FIRST_STEPS: &[&str] = &[
    "/settings/people/invite",
    "/settings/people/invite/change",
    "/settings/people/{person}/change_role",
    "/settings/people/{person}/change_role/change",
    "/settings/roles/create",
    "/settings/roles/create/change",
    "/settings/roles/{role}",
    "/settings/roles/{role}/change",
];

/// Forms on the summary that answers another form, below whose path they are posted: what follows it,
/// and the visible fields.
const FOLLOWING: &[(&str, &[(&str, &str)])] = &[("/confirm", CODED), ("/change", &[])];

/// The scene of a form on the summary that answers the form at `first`.
async fn following(
    house: &House,
    first: &str,
    (below, fields): (&str, &[(&str, &str)]),
) -> Option<Scene> {
    let scene = Box::pin(set(house, first)).await?;
    let answer = scene.send(house, &scene.form).await;
    assert!(answer.status.is_success(), "{first}: {answer:?}");
    let action = format!("{}{below}", scene.action);
    let mut form = hidden_fields(&answer.body, &action);
    let code = house.next_code("owner");
    let value = |value: &str| if value == CODE { code.clone() } else { value.to_owned() };
    form.extend(fields.iter().map(|(field, text)| ((*field).to_owned(), value(text))));
    Some(Scene { action, form, ..scene })
}
/// What the owner's authenticator makes when it is asked on the page.
const NEW_PASSKEY: &str = "(passkey)";
/// The owner's password, which may be chosen anew.
const PASSWORD: &str = "(password)";

const FORMS: &[Form] = &[
    (
        "/settings/security/password",
        "/settings/security/password",
        &[
            ("current_password", PASSWORD),
            ("new_password", PASSWORD),
            ("new_password_again", PASSWORD),
            ("code", CODE),
        ],
    ),
    (
        "/settings/security/passkeys/add",
        "/settings/security/passkeys/add",
        &[("name", "Laptop"), ("credential", NEW_PASSKEY), ("code", CODE)],
    ),
    (
        "/settings/security/factors/{factor}/remove",
        "/settings/security/factors/{factor}/remove",
        &[("code", CODE)],
    ),
    ("/settings/security/recovery-codes", "/settings/security/recovery-codes", &[("code", CODE)]),
    ("/settings/security/sessions/end", "/settings/security/sessions/end", &[("code", CODE)]),
    (
        "/settings/app-connect/api-credentials/{app}/revoke",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("code", CODE)],
    ),
    ("/settings/app-connect/activity/verify", "/settings/app-connect/activity", &[]),
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
        "/settings/data/end-all-access",
        "/settings/data/end-all-access",
        &[("typed_name", "Acme Trading"), ("code", CODE)],
    ),
    (
        "/settings/data/end-all-access-everywhere",
        "/settings/data/end-all-access-everywhere",
        &[("typed_name", "cs.example"), ("code", CODE)],
    ),
    (
        "/settings/switch",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("place", "{company}")],
    ),
    (
        "/settings/language",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("language", "fr")],
    ),
];

/// The scene of the form at `route`, if it is one of the workspace. Whoever it is for, the owner sends
/// it, from a session of their own each time and about things made for it.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    for next in FOLLOWING {
        if let Some(first) = route.strip_suffix(next.0) {
            return following(house, first, *next).await;
        }
    }
    if route == TOTP {
        return Some(totp(house).await);
    }
    let (route, page, fields) = FORMS.iter().find(|form| form.0 == route)?;
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    let things = Things::made(house, &mut browser, route).await;
    let page = browser.get(&things.put_into(page)).await;
    assert!(page.status.is_success(), "{route}: {page:?}");
    let code = house.next_code("owner");
    let value = |value: &str| match value {
        CODE => code.clone(),
        PASSWORD => house.user("owner").password.clone(),
        NEW_PASSKEY => Authenticator::default().create(&asked_to_make(&page.body).unwrap()),
        value => things.put_into(value),
    };
    let fields: Vec<(&str, String)> =
        fields.iter().map(|(field, text)| (*field, value(text))).collect();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(field, value)| (*field, value.as_str())).collect();
    Some(Scene::of(&browser, &page, &things.put_into(route), &fields))
}

const TOTP: &str = "/settings/security/totp";

/// Another authenticator app, for somebody new each time: the owner's is known to the house.
async fn totp(house: &House) -> Scene {
    let (mut browser, seed) = scenes::member(house).await;
    house.advance(30);
    let page = browser.get(TOTP).await;
    let code = |seed: &[u8]| totp::code(seed, totp::step_at(house.clock.now()));
    let (proof, new) = (code(&seed), code(&scenes::seed_on(&page.body)));
    Scene::of(&browser, &page, TOTP, &[("code", &proof), ("new_code", &new)])
}

/// What stands in place of the braces.
struct Things(Vec<(&'static str, String)>);

impl Things {
    async fn made(house: &House, browser: &mut Browser<'_>, route: &str) -> Self {
        let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
        let app = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
        let mut things =
            vec![("{app}", app.to_string()), ("{company}", house.company("acme-test"))];
        if route.contains("{role}") {
            things.push(("{role}", own_role(house).await));
        }
        if route.contains("{person}") {
            things.push(("{person}", person(house, route).await));
        }
        if route.contains("{factor}") {
            browser.add_passkey("owner").await;
            let passkeys = house.ops.own_security(&browser.live()).unwrap().passkeys;
            things.push(("{factor}", passkeys.last().unwrap().id.to_string()));
        }
        Self(things)
    }

    fn put_into(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, thing))
    }
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
    let open = house.ops.open_link(&link.token.text()).unwrap().unwrap();
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
