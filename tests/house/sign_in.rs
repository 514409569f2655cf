//! Signing in: levels, guessing, sessions.

use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;

async fn guess(browser: &mut Browser<'_>, email: &str, password: &str) -> StatusCode {
    let page = browser.get("/sign-in").await;
    let fields = [("email", email), ("password", password)];
    browser.submit(&page, "/sign-in", &fields).await.status
}

#[tokio::test]
async fn a_password_alone_reaches_nothing_but_the_second_step() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.password("owner").await;
    assert_eq!(browser.get("/").await.location(), "/sign-in/verify");
    assert_eq!(browser.get("/sign-in/recovery-codes").await.location(), "/sign-in");
    assert_eq!(browser.get("/sign-in/enrol").await.location(), "/sign-in/verify");
    let (path, _) = browser.follow(&house.authorize_url("oauth_public", &[])).await;
    assert!(path.starts_with("/sign-in/verify"), "{path}");
}

#[tokio::test]
async fn the_session_gets_a_new_id_at_every_level_and_the_old_one_dies() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.password("owner").await;
    let half = browser.cookies.clone();
    let page = browser.get("/sign-in/verify").await;
    let code = house.next_code("owner");
    browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
    assert_ne!(half["__Host-cs_session"], browser.cookies["__Host-cs_session"]);
    let mut old = Browser::new(&house);
    old.cookies = half;
    assert_eq!(old.get("/").await.location(), "/sign-in");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sessions_cookies_are_host_bound_secure_and_http_only() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let answer = browser.password("owner").await;
    let lines: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.starts_with("__Host-"), "{line}");
        for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Domain") && line.len() < 4096);
    }
}

#[tokio::test]
async fn a_session_ends_after_an_hour_without_activity_and_after_twelve_in_all() {
    let house = House::new().await;
    let mut idle = house.signed_in("owner").await;
    house.advance(3599);
    assert_eq!(idle.get("/").await.status, StatusCode::OK);
    house.advance(3601);
    assert_eq!(idle.get("/").await.location(), "/sign-in");
    let mut busy = house.signed_in("owner").await;
    for _ in 0..14 {
        house.advance(3000);
        assert_eq!(busy.get("/").await.status, StatusCode::OK);
    }
    house.advance(3000);
    assert_eq!(busy.get("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn sign_out_ends_the_session_on_the_server_and_clears_the_browser() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let stolen = browser.cookies.clone();
    let home = browser.get("/").await;
    let answer = browser.submit(&home, "/sign-out", &[]).await;
    assert_eq!(answer.location(), "/sign-in?notice=signed-out");
    assert!(answer.header("clear-site-data").contains("storage"));
    let mut thief = Browser::new(&house);
    thief.cookies = stolen;
    assert_eq!(thief.get("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn a_disabled_person_is_out_at_the_next_request_and_cannot_tell_why() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    house.ops.disable_user(house.user_id("owner"), MACHINE).await.unwrap();
    assert_eq!(browser.get("/").await.location(), "/sign-in");
    let answer = browser.password("owner").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_session_that_ended_because_its_person_was_disabled_stays_ended() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let mut half = Browser::new(&house);
    half.password("owner").await;
    let mut other = house.signed_in("viewer").await;
    let owner = house.user_id("owner");
    house.ops.disable_user(owner, MACHINE).await.unwrap();
    house.ops.enable_user(owner, MACHINE).await.unwrap();
    assert_eq!(browser.get("/").await.location(), "/sign-in");
    assert_eq!(half.get("/sign-in/verify").await.location(), "/sign-in");
    assert_eq!(other.get("/").await.status, StatusCode::OK);
    browser.sign_in("owner").await;
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_with_the_same_bytes() {
    let house = House::new().await;
    let mut pages = Vec::new();
    for email in ["owner@acme.example", "nobody@acme.example", "not an address"] {
        let mut browser = Browser::new(&house);
        let page = browser.get("/sign-in").await;
        let fields = [("email", email), ("password", "wrong password here")];
        let answer = browser.submit(&page, "/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let tag = crate::harness::hidden_fields(&answer.body, "/sign-in")[0].1.clone();
        pages.push(answer.body.replace(email, "").replace(&tag, ""));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
}

#[tokio::test]
async fn guesses_are_slowed_whatever_the_case_of_the_address() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    for email in ["viewer@acme.example", "Viewer@acme.example", "VIEWER@ACME.example"] {
        assert_eq!(guess(&mut browser, email, "wrong password").await, unprocessable);
    }
    let right = house.user("viewer").password.clone();
    let slowed = guess(&mut browser, "viewer@acme.example", &right).await;
    assert_eq!(slowed, StatusCode::TOO_MANY_REQUESTS);
    house.advance(2);
    assert_eq!(guess(&mut browser, "viewer@acme.example", &right).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn passwords_and_codes_share_one_counter() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let email = house.user("viewer").email.clone();
    guess(&mut browser, &email, "wrong password").await;
    guess(&mut browser, &email, "wrong password").await;
    browser.password("viewer").await;
    let page = browser.get("/sign-in/verify").await;
    let first = browser.submit(&page, "/sign-in/verify", &[("code", "000000")]).await;
    assert_eq!(first.status, StatusCode::UNPROCESSABLE_ENTITY);
    let second = browser.submit(&page, "/sign-in/verify", &[("code", "000000")]).await;
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn strangers_use_up_their_budget_and_the_owners_own_browser_still_gets_in() {
    let house = House::with(&[("attempts.strangers_per_day", "20")]).await;
    let mut own = house.signed_in("viewer").await;
    let mut evaluated = 0;
    for _ in 0..40 {
        house.advance(6);
        let mut stranger = Browser::new(&house);
        let status = guess(&mut stranger, "viewer@acme.example", "wrong password").await;
        evaluated += usize::from(status == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(evaluated <= 20, "{evaluated} guesses were evaluated");
    let right = house.user("viewer").password.clone();
    let mut stranger = Browser::new(&house);
    let status = guess(&mut stranger, "viewer@acme.example", &right).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let home = own.get("/").await;
    own.submit(&home, "/sign-out", &[]).await;
    own.sign_in("viewer").await;
    house.advance(86400);
    let mut stranger = Browser::new(&house);
    let status = guess(&mut stranger, "viewer@acme.example", &right).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_leaves_a_trace() {
    let house = House::new().await;
    let recovery = house.user("viewer").recovery_codes[3].clone();
    for expected in [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY] {
        let mut browser = Browser::new(&house);
        browser.password("viewer").await;
        let page = browser.get("/sign-in/verify").await;
        let answer = browser.submit(&page, "/sign-in/verify", &[("code", &recovery)]).await;
        assert_eq!(answer.status, expected);
    }
    let kinds: Vec<String> = house
        .ops
        .audit_entries(None, 50)
        .unwrap()
        .iter()
        .map(|entry| serde_json::to_value(entry.event.kind).unwrap().as_str().unwrap().to_owned())
        .collect();
    assert!(kinds.contains(&"recovery_code_used".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn forms_need_the_tag_of_the_browser_that_they_were_shown_in() {
    let house = House::new().await;
    let mut victim = Browser::new(&house);
    let mut attacker = Browser::new(&house);
    let page = attacker.get("/sign-in").await;
    victim.get("/sign-in").await;
    let user = house.user("owner");
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let answer = victim.submit(&page, "/sign-in", &fields).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(victim.post("/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_from_another_site_cannot_replace_or_take_away_the_browsers_cookies() {
    let house = House::new().await;
    for path in
        ["/sign-in", "/sign-in/verify", "/sign-in/enrol", "/sign-in/recovery-codes", "/sign-out"]
    {
        let headers = [("sec-fetch-site", "cross-site")];
        let answer = house.post_with(path, &[("csrf", "x")], &headers).await;
        assert!(answer.headers.get("set-cookie").is_none(), "{path}: {answer:?}");
        assert!(answer.headers.get("clear-site-data").is_none(), "{path}");
    }
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_that_the_browser_had() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.password("owner").await;
    let mut before = Browser::new(&house);
    before.cookies = browser.cookies.clone();
    browser.password("owner").await;
    assert_eq!(before.get("/sign-in/verify").await.location(), "/sign-in");
    assert_eq!(browser.get("/sign-in/verify").await.status, StatusCode::OK);
}

#[tokio::test]
async fn redirects_on_the_way_of_a_request_keep_the_opener() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let to_consent = browser.get(&house.authorize_url("oauth_public", &[])).await;
    let to_sign_in = browser.get(&to_consent.location()).await;
    for answer in [to_consent, to_sign_in] {
        assert!(answer.headers.get("cross-origin-opener-policy").is_none(), "{answer:?}");
    }
}
