//! The forms of `/settings/security`: the person's own password, factors and sessions.

use countersign::base::clock::Clock as _;
use countersign::crypto::totp;

use crate::harness::Authenticator;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::authenticator::asked_to_make;
use crate::scenes;
use crate::scenes::Scene;

const PASSWORD: &str = "/settings/security/password";
const TOTP: &str = "/settings/security/totp";
const PASSKEYS: &str = "/settings/security/passkeys/add";
const REMOVE: &str = "/settings/security/factors/{factor}/remove";
const CODES: &str = "/settings/security/recovery-codes";
const SESSIONS: &str = "/settings/security/sessions/end";

/// The scene of the form at `route`, if it is one of these.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    match route {
        TOTP => Some(totp(house).await),
        PASSWORD => {
            let password = house.user("owner").password.clone();
            let names = ["current_password", "new_password", "new_password_again"];
            Some(of(house, route, &names.map(|name| (name, password.as_str()))).await)
        }
        CODES | SESSIONS => Some(of(house, route, &[]).await),
        PASSKEYS => Some(passkey(house).await),
        REMOVE => Some(remove(house).await),
        _ => None,
    }
}

/// The form on the page at `path`, with these fields and a fresh code.
async fn of(house: &House, path: &str, fields: &[(&str, &str)]) -> Scene {
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    let page = browser.get(path).await;
    let code = house.next_code("owner");
    let mut fields = fields.to_vec();
    fields.push(("code", &code));
    Scene::of(&browser, &page, path, &fields)
}

async fn passkey(house: &House) -> Scene {
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    let page = browser.get(PASSKEYS).await;
    let made = Authenticator::default().create(&asked_to_make(&page.body).unwrap());
    let code = house.next_code("owner");
    let fields = [("name", "Laptop"), ("credential", &made), ("code", &code)];
    Scene::of(&browser, &page, PASSKEYS, &fields)
}

async fn remove(house: &House) -> Scene {
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    browser.add_passkey("owner").await;
    let passkeys = house.ops.own_security(&browser.live()).unwrap().passkeys;
    let path = REMOVE.replace("{factor}", &passkeys.last().unwrap().id.to_string());
    let page = browser.get(&path).await;
    let code = house.next_code("owner");
    Scene::of(&browser, &page, &path, &[("code", &code)])
}

/// Another authenticator app, for somebody new each time: the owner's is known to the house.
async fn totp(house: &House) -> Scene {
    let (mut browser, seed) = scenes::member(house).await;
    house.advance(30);
    let page = browser.get(TOTP).await;
    let code = |seed: &[u8]| totp::code(seed, totp::step_at(house.clock.now()));
    let (proof, new) = (code(&seed), code(&scenes::seed_on(&page.body)));
    Scene::of(&browser, &page, TOTP, &[("code", &proof), ("new_code", &new)])
}
