//! The forms of the workspace, each with the page on which it stands and what its owner would send:
//! one line a form, from which every check of forms is generated.

use countersign::base::clock::Clock as _;
use countersign::crypto::totp;
use countersign::domain::app::AppKind;

use crate::harness::Authenticator;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::authenticator::asked_to_make;
use crate::scenes;
use crate::scenes::Scene;

/// The place of a fresh verification code among the fields.
const CODE: &str = "(code)";

/// A form: its route, the page that it stands on, and its visible fields. What stands in braces is
/// filled in by [`Things`].
type Form = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

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
    if route == TOTP {
        return Some(totp(house).await);
    }
    let (route, page, fields) = FORMS.iter().find(|form| form.0 == route)?;
    let mut browser: Browser<'_> = house.signed_in("owner").await;
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
