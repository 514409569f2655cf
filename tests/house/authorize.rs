//! The authorization endpoint: RFC 6749 section 4.1.1, RFC 7636, RFC 9207, RFC 8707.

use http::StatusCode;

use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::encoded;

#[tokio::test]
async fn an_unknown_client_gets_a_page_and_never_a_redirect() {
    let house = House::new().await;
    let credentials = house.app("api_credentials").client_id.clone();
    for client in ["", "nobody", "cs_app_0000000000000000000000", credentials.as_str()] {
        let url = house.authorize_url("oauth_public", &[("client_id", client)]);
        let answer = house.get(&url).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{client}");
        assert!(answer.headers.get("location").is_none());
        assert!(answer.body.contains("Nothing was shared"));
        assert!(client.is_empty() || !answer.body.contains(client), "the page echoes {client}");
    }
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_the_clients_gets_a_page_and_never_a_redirect() {
    let house = House::new().await;
    for uri in [
        "https://evil.example/callback",
        "http://127.0.0.1:5555/callback/",
        "http://127.0.0.1:5555/Callback",
        "http://127.0.0.1:5555/callback?x=1",
        "http://127.0.0.1:5555/callback#x",
        "http://127.0.0.1:5555@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://localhost:5555/callback",
        "http://127.0.0.2/callback",
        "https://127.0.0.1/callback",
        "http://127.0.0.1:5555/x/../callback",
        "http://127.0.0.1:5555//callback",
        "http://127.0.0.1:5555/%63allback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:5555\\@evil.example/callback",
        "javascript:alert(1)",
        "//evil.example/callback",
        "/callback",
    ] {
        for (prompt, response_type) in [("", "code"), ("none", "code"), ("", "token")] {
            let more =
                [("redirect_uri", uri), ("prompt", prompt), ("response_type", response_type)];
            let answer = house.get(&house.authorize_url("oauth_public", &more)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri} {prompt} {response_type}");
            assert!(answer.headers.get("location").is_none(), "{uri}");
            assert!(!answer.body.contains("evil.example"), "the page echoes {uri}");
        }
    }
}

#[tokio::test]
async fn every_other_error_is_told_to_the_client_with_state_and_iss() {
    let house = House::new().await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "tooshort", "invalid_request"),
        ("scope", "no:such", "invalid_scope"),
        ("prompt", "none", "interaction_required"),
        ("resource", "https://elsewhere.example/", "invalid_target"),
        ("request", "eyJ", "request_not_supported"),
        ("request_uri", "https://evil.example/request", "invalid_request_uri"),
    ] {
        let answer = house.get(&house.authorize_url("oauth_public", &[(name, value)])).await;
        assert!(answer.location().starts_with(&format!("{CALLBACK}?")), "{name}={value}");
        assert_eq!(answer.redirected("error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(answer.redirected("state").as_deref(), Some("s-1"), "{name}={value}");
        assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER), "{name}={value}");
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_an_error_except_resource() {
    let house = House::new().await;
    let url = house.authorize_url("oauth_public", &[]);
    let twice = house.get(&format!("{url}&scope=customers:all&scope=products:all")).await;
    assert_eq!(twice.redirected("error").as_deref(), Some("invalid_request"));
    for name in ["client_id", "redirect_uri"] {
        let answer = house.get(&format!("{url}&{name}=x")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(answer.headers.get("location").is_none(), "{name}");
    }
    let resources = encoded(&[
        ("resource", "https://cs.example/api/external/v2"),
        ("resource", "https://cs.example/companies/acme/mcp"),
    ]);
    let answer = house.get(&format!("{url}&{resources}")).await;
    assert!(answer.location().starts_with("/consent/"), "{answer:?}");
}

#[tokio::test]
async fn whether_a_company_exists_is_told_to_nobody_who_cannot_reach_it() {
    let house = House::new().await;
    let url = |slug: &str| {
        let resource = format!("https://cs.example/companies/{slug}/mcp");
        house.authorize_url("oauth_public", &[("resource", &resource)])
    };
    for slug in ["clinic", "nobody"] {
        assert!(house.get(&url(slug)).await.location().starts_with("/consent/"), "{slug}");
    }
    let mut junior = house.signed_in("junior").await;
    let mut pages = Vec::new();
    for slug in ["clinic", "nobody"] {
        let (_, page) = junior.follow(&url(slug)).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{slug}");
        let reference = page.header("x-request-id").to_owned();
        pages.push(page.body.replace(&reference, ""));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn resources_of_two_companies_are_refused() {
    let house = House::new().await;
    let resources = encoded(&[
        ("resource", "https://cs.example/companies/bakery/mcp"),
        ("resource", "https://cs.example/companies/acme/mcp"),
    ]);
    let url = format!("{}&{resources}", house.authorize_url("oauth_public", &[]));
    assert_eq!(house.get(&url).await.redirected("error").as_deref(), Some("invalid_target"));
}

#[tokio::test]
async fn an_mcp_resource_needs_pkce_from_confidential_clients_too() {
    let house = House::new().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let answer = house.get(&house.authorize_url("oauth_confidential", &without)).await;
    assert!(answer.location().starts_with("/consent/"));
    let mcp = ("resource", "https://cs.example/companies/acme/mcp");
    let answer =
        house.get(&house.authorize_url("oauth_confidential", &[without[0], without[1], mcp])).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
}

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
    assert_eq!(crate::harness::listed_scopes(&page.body), ["customers:readonly"]);
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
