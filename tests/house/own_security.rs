//! The page of one's own security: each change needs a fresh second factor, and is told.

use countersign::base::clock::Clock as _;
use countersign::crypto::totp;
use countersign::domain::audit::EventKind;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::authenticator::SECURITY;
use crate::scenes;

const PASSWORD: &str = "/settings/security/password";
const TOTP: &str = "/settings/security/totp";
const CODES: &str = "/settings/security/recovery-codes";
const END_OTHERS: &str = "/settings/security/sessions/end";
const NEW: &str = "quiet-otter-plays-banjo";

async fn change_password(browser: &mut Browser<'_>, old: &str, new: &str, code: &str) -> Answer {
    let page = browser.get(PASSWORD).await;
    let fields = [
        ("current_password", old),
        ("new_password", new),
        ("new_password_again", new),
        ("code", code),
    ];
    browser.submit(&page, PASSWORD, &fields).await
}

/// Whether the password of the owner is `password`.
async fn opens(house: &House, password: &str) -> bool {
    let mut browser = Browser::new(house);
    let page = browser.get("/sign-in").await;
    let email = house.user("owner").email.clone();
    let fields = [("email", email.as_str()), ("password", password)];
    browser.submit(&page, "/sign-in", &fields).await.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn a_password_is_changed_by_the_old_one_and_a_code_and_other_browsers_are_signed_out() {
    let house = House::new().await;
    let old = house.user("owner").password.clone();
    let mut browser = house.signed_in("owner").await;
    let mut elsewhere = house.signed_in("owner").await;
    let mut viewer = house.signed_in("viewer").await;
    let code = house.next_code("owner");
    let done = change_password(&mut browser, &old, NEW, &code).await;
    assert_eq!(done.location(), SECURITY);
    let page = browser.get(SECURITY).await;
    assert!(page.body.contains("Your password was changed."), "{page:?}");
    assert_eq!(elsewhere.get("/").await.location(), "/sign-in");
    assert_eq!(viewer.get("/").await.status, StatusCode::OK, "somebody else");
    assert!(!opens(&house, &old).await && opens(&house, NEW).await);
    let happened = house.happened(6);
    assert!(happened.contains(&EventKind::PasswordSet), "{happened:?}");
    assert!(happened.contains(&EventKind::SessionsEnded), "{happened:?}");
}

#[tokio::test]
async fn a_password_is_not_changed_without_the_old_one_or_without_a_fresh_code() {
    let house = House::new().await;
    let old = house.user("owner").password.clone();
    let mut browser = house.signed_in("owner").await;
    let fresh = house.next_code("owner");
    let email = house.user("owner").email.clone();
    for (old, new, code) in [
        ("not the password", NEW, fresh.as_str()),
        ("", NEW, &fresh),
        (&old, NEW, "000000"),
        (&old, NEW, ""),
        (&old, "short", &fresh),
        (&old, "password1234", &fresh),
        (&old, &email, &fresh),
    ] {
        let refused = change_password(&mut browser, old, new, code).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{old} {new} {code}");
        assert!(!refused.body.contains(NEW), "no password is shown");
        house.advance(1);
    }
    assert!(opens(&house, &old).await && !opens(&house, NEW).await);
    let page = browser.get(PASSWORD).await;
    let fields = [
        ("current_password", old.as_str()),
        ("new_password", NEW),
        ("new_password_again", "quiet-otter-plays-banjo!"),
        ("code", fresh.as_str()),
    ];
    let refused = browser.submit(&page, PASSWORD, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "they differ");
}

#[tokio::test]
async fn guesses_at_the_old_password_are_counted_like_those_at_the_sign_in() {
    let house = House::new().await;
    let old = house.user("owner").password.clone();
    let mut browser = house.signed_in("owner").await;
    for _ in 0..3 {
        let refused = change_password(&mut browser, "not the password", NEW, "000000").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let code = house.code_now("owner");
    let slowed = change_password(&mut browser, &old, NEW, &code).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(opens(&house, &old).await, "another browser is not slowed");
}

#[tokio::test]
async fn a_slowed_guess_is_answered_alike_by_every_question_about_ones_own_security() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    browser.add_passkey("owner").await;
    let removal = format!("{SECURITY}/factors/totp/remove");
    let mut pages = Vec::new();
    for path in [CODES, END_OTHERS, &removal] {
        pages.push((path, browser.get(path).await));
    }
    for _ in 0..4 {
        browser.submit(&pages[0].1, CODES, &[("code", "000000")]).await;
    }
    for (path, page) in &pages {
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let slowed = browser.submit(page, path, &[("code", "000000")]).await;
        assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS, "{path}: {slowed:?}");
    }
}

#[tokio::test]
async fn another_authenticator_app_takes_the_place_of_the_one_there_was() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let page = browser.get(TOTP).await;
    let seed = scenes::seed_on(&page.body);
    let new_code = |house: &House| totp::code(&seed, totp::step_at(house.clock.now()));
    let code = house.next_code("owner");
    let wrong = [("code", code.as_str()), ("new_code", "000000")];
    let refused = browser.submit(&page, TOTP, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(scenes::seed_on(&refused.body), seed, "the page shows the same key again");
    let wrong = [("code", "000000"), ("new_code", &new_code(&house))];
    let refused = browser.submit(&page, TOTP, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = [("code", code.as_str()), ("new_code", &new_code(&house))];
    assert_eq!(browser.submit(&page, TOTP, &right).await.location(), SECURITY);
    let old = house.next_code("owner");
    let page = browser.get(END_OTHERS).await;
    let refused = browser.submit(&page, END_OTHERS, &[("code", &old)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "the old app");
    house.advance(1);
    let new = new_code(&house);
    assert_eq!(browser.submit(&page, END_OTHERS, &[("code", &new)]).await.location(), SECURITY);
    let again = browser.get(TOTP).await;
    assert_ne!(scenes::seed_on(&again.body), seed, "each page has a key of its own");
}

#[tokio::test]
async fn new_recovery_codes_are_shown_until_they_are_saved_and_end_the_old_ones() {
    let house = House::new().await;
    let old = house.user("owner").recovery_codes.clone();
    let mut browser = house.signed_in("owner").await;
    let before = browser.cookies["__Host-cs_session"].clone();
    let page = browser.get(CODES).await;
    let code = house.next_code("owner");
    let made = browser.submit(&page, CODES, &[("code", &code)]).await;
    let shown_at = made.location();
    assert!(shown_at.starts_with("/sign-in/recovery-codes?resume=~"), "{shown_at}");
    assert_ne!(browser.cookies["__Host-cs_session"], before, "the session has a new id");
    assert!(browser.get(SECURITY).await.location().starts_with("/sign-in/recovery-codes"));
    let page = browser.get(&shown_at).await;
    let codes: Vec<String> = page
        .body
        .split("<li><code>")
        .skip(1)
        .filter_map(|rest| rest.split('<').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| !old.contains(code)));
    let path = "/sign-in/recovery-codes";
    let saved = browser.submit(&page, path, &[("saved", "yes")]).await;
    assert_eq!(saved.location(), SECURITY);
    assert!(!browser.get(path).await.body.contains(&codes[0]), "shown once");
    let page = browser.get(END_OTHERS).await;
    let refused = browser.submit(&page, END_OTHERS, &[("code", &old[0])]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "an old one");
    let done = browser.submit(&page, END_OTHERS, &[("code", &codes[0])]).await;
    assert_eq!(done.location(), SECURITY);
}

#[tokio::test]
async fn the_page_tells_what_there_is_and_shows_no_markup_of_others() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    browser.add_passkey("owner").await;
    let mut odd = Browser::new(&house);
    odd.password("owner").await;
    let page = browser.get(SECURITY).await;
    for told in ["Laptop", "Authenticator app", "10 recovery codes are left", "This one"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let path = "/settings/security/passkeys/add";
    let page = browser.get(path).await;
    for name in ["", "\u{202e}txt", &"x".repeat(61)] {
        let code = house.code_now("owner");
        let fields = [("name", name), ("credential", "{}"), ("code", &code)];
        let refused = browser.submit(&page, path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
    }
    let fields = [("name", "<b>mine</b>"), ("credential", "{}"), ("code", "000000")];
    let refused = browser.submit(&page, path, &fields).await;
    assert!(!refused.body.contains("<b>mine"), "{}", refused.body);
}

#[tokio::test]
async fn nobody_removes_a_factor_that_is_somebody_elses() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    owner.add_passkey("owner").await;
    let id = house.ops.own_security(&owner.live()).unwrap().passkeys[0].id;
    let path = format!("{SECURITY}/factors/{id}/remove");
    let mut viewer = house.signed_in("viewer").await;
    viewer.add_passkey("viewer").await;
    assert_eq!(viewer.get(&path).await.status, StatusCode::NOT_FOUND);
    let code = house.next_code("viewer");
    let tag = viewer.get(END_OTHERS).await;
    let sent = viewer.post(&path, &[("csrf", &tag.body), ("code", &code)]).await;
    assert!(sent.status.is_client_error(), "{sent:?}");
    assert_eq!(house.ops.own_security(&owner.live()).unwrap().passkeys.len(), 1);
}
