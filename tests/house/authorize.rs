//! The authorization endpoint: RFC 6749 sections 3.1 and 4.1.1. What a request may say, and that
//! opening it changes nothing.

use countersign::domain::app::AppKind;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::listed_scopes;

#[tokio::test]
async fn an_empty_parameter_counts_as_absent() {
    let house = House::new().await;
    let url = format!("{}&prompt=&resource=&scope=", house.authorize_url("oauth_public", &[]));
    assert!(house.get(&url).await.location().starts_with("/consent/"));
}

#[tokio::test]
async fn unknown_scopes_are_dropped_while_a_known_one_remains() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let scope = [("scope", "no:such customers:readonly offline_access")];
    let (_, page) = browser.consent_page(&house.authorize_url("oauth_public", &scope)).await;
    assert_eq!(listed_scopes(&page.body), ["customers:readonly"]);
}

#[tokio::test]
async fn sending_the_request_twice_writes_nothing_and_both_can_be_answered() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let before = house.ops.audit_entries(None, 1000).unwrap().len();
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let first = browser.consent_page(&url).await;
    let second = browser.consent_page(&url).await;
    assert_eq!(house.ops.audit_entries(None, 1000).unwrap().len(), before);
    for (path, page) in [first, second] {
        let code = house.next_code("owner");
        let acme = house.company("acme");
        let answer = browser.answer(&page, &path, &acme, None, &code).await;
        assert!(answer.redirected("code").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_request_opened_in_another_browser_is_refused() {
    let house = House::new().await;
    let mut attacker = Browser::new(&house);
    let handle = attacker.get(&house.authorize_url("oauth_public", &[])).await.location();
    let mut victim = house.signed_in("owner").await;
    let answer = victim.get(&handle).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("Nothing was shared"));
    let mut changed = handle.clone();
    changed.pop();
    assert_eq!(attacker.get(&changed).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_request_waits_half_an_hour_and_no_longer() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&house.authorize_url("oauth_public", &[])).await;
    house.advance(1801);
    let code = house.code_now("owner");
    let answer = browser.answer(&page, &path, &house.company("acme"), None, &code).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert!(answer.headers.get("location").is_none());
}

#[tokio::test]
async fn a_state_too_long_for_a_url_is_refused_and_a_long_one_comes_back_untouched() {
    let house = House::new().await;
    let long = "s".repeat(3000);
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("state", &long)]);
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    assert_eq!(answer.redirected("state"), Some(long));
    let over = "s".repeat(7000);
    let answer = house.get(&house.authorize_url("oauth_public", &[("state", &over)])).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn the_path_that_older_clients_guess_is_the_same_endpoint() {
    let house = House::new().await;
    let guessed = |more: &[(&str, &str)]| {
        let url = house.authorize_url("oauth_public", more);
        url.strip_prefix("/oauth").unwrap().to_owned()
    };
    assert!(house.get(&guessed(&[])).await.location().starts_with("/consent/"));
    let refused = house.get(&guessed(&[("scope", "no:such")])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_scope"));
    let unknown = house.get(&guessed(&[("client_id", "nobody")])).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn unrecognized_parameters_are_ignored() {
    let house = House::new().await;
    let more = "nonce=n&display=popup&login_hint=a%40b.example&acr_values=x&x%0Ay=z&=&%FF=%FF";
    let url = format!("{}&{more}", house.authorize_url("oauth_public", &[]));
    assert!(house.get(&url).await.location().starts_with("/consent/"));
}

#[tokio::test]
async fn without_scope_an_app_asks_for_what_only_reads_or_for_what_it_was_registered_for() {
    let mut house = House::new().await;
    let limited = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        scopes: Some(ScopeSet::parse("customers:all products:readonly")),
        ..NewApp::of(AppKind::OauthPublic, "Two permissions")
    };
    house.register("limited", limited).await;
    let mut browser = house.signed_in("owner").await;
    for scope in ["", "offline_access", " offline_access "] {
        let (_, page) =
            browser.consent_page(&house.authorize_url("limited", &[("scope", scope)])).await;
        let mut listed = listed_scopes(&page.body);
        listed.sort();
        assert_eq!(listed, ["customers:all", "products:readonly"], "{scope:?}");
        let (_, page) =
            browser.consent_page(&house.authorize_url("oauth_public", &[("scope", scope)])).await;
        let listed = listed_scopes(&page.body);
        assert!(listed.contains(&"customers:readonly".to_owned()), "{scope:?}");
        assert!(listed.iter().all(|scope| !scope.ends_with(":all")), "{scope:?}: {listed:?}");
    }
}

#[tokio::test]
async fn scopes_are_told_apart_by_case() {
    let house = House::new().await;
    let url = house.authorize_url("oauth_public", &[("scope", "CUSTOMERS:READONLY")]);
    assert_eq!(house.get(&url).await.redirected("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn every_prompt_but_none_leads_to_the_consent_page() {
    let house = House::new().await;
    for prompt in ["consent", "login", "select_account", "login consent", "unheard-of"] {
        let url = house.authorize_url("oauth_public", &[("prompt", prompt)]);
        assert!(house.get(&url).await.location().starts_with("/consent/"), "{prompt}");
    }
}

#[tokio::test]
async fn consent_is_never_remembered() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_confidential", &[("scope", "customers:readonly")]);
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    let code = answer.redirected("code").unwrap();
    assert_eq!(house.redeem("oauth_confidential", &code).await.status, StatusCode::OK);
    let (path, page) = browser.follow(&url).await;
    assert!(path.starts_with("/consent/"), "{path}");
    assert_eq!(page.status, StatusCode::OK);
    let silent = house.authorize_url("oauth_confidential", &[("prompt", "none")]);
    let answer = browser.get(&silent).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("interaction_required"));
}

#[tokio::test]
async fn a_sealed_request_with_any_changed_character_is_refused() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let handle = browser.get(&house.authorize_url("oauth_public", &[])).await.location();
    let start = "/consent/".len();
    for at in (start..handle.len()).step_by(29).chain([handle.len() - 1]) {
        let mut changed = handle.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let answer = browser.get(&changed).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "changed at {at}");
    }
    let untouched = browser.get(&handle).await.location();
    assert!(untouched.starts_with("/sign-in?resume="), "{untouched}");
}

#[tokio::test]
async fn opening_a_request_consumes_nothing_and_cancelling_it_does() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&house.authorize_url("oauth_public", &[])).await;
    for _ in 0..3 {
        assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    }
    let cancelled = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    assert_eq!(cancelled.redirected("error").as_deref(), Some("access_denied"));
    let code = house.next_code("owner");
    let allowed = browser.answer(&page, &path, &house.company("acme"), None, &code).await;
    assert_eq!(allowed.status, StatusCode::BAD_REQUEST);
    assert!(allowed.headers.get("location").is_none());
    assert_eq!(browser.get(&path).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_browser_gets_one_host_bound_cookie_and_keeps_it() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let url = house.authorize_url("oauth_public", &[]);
    let first = browser.get(&url).await;
    let cookie = first.header("set-cookie");
    assert!(cookie.starts_with("__Host-cs_browser="), "{cookie}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute}: {cookie}");
    }
    assert!(browser.get(&url).await.headers.get("set-cookie").is_none());
}
