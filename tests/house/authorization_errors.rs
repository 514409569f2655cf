//! The two error worlds of the authorization endpoint: RFC 6749 sections 3.1 and 4.1.2.1, RFC 9207.
//! Until client and redirect URI are proven a refusal is a page; after that the client is told.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;
use crate::harness::encoded;

const WEEK: u64 = 7 * 24 * 3600;

async fn with_ended_client() -> House {
    let mut house = House::new().await;
    let new = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Ended")
    };
    let id = house.register("ended", new).await;
    house.ops.revoke_app(id, MACHINE).await.unwrap();
    house
}

fn assert_page(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
    assert!(answer.headers.get("location").is_none(), "{what}");
    assert!(answer.header("content-type").starts_with("text/html"), "{what}");
    assert!(answer.body.contains(answer.header("x-request-id")), "{what}: no reference");
}

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
async fn a_repeated_parameter_is_one_however_it_is_written_and_whatever_it_is() {
    let house = House::new().await;
    let url = house.authorize_url("oauth_public", &[]);
    for again in ["client%5Fid=x", "%63lient_id=", "redirect_uri=", "redirect%5Furi=x"] {
        assert_page(&house.get(&format!("{url}&{again}")).await, again);
    }
    for again in ["state=s-1", "state=", "code%5Fchallenge=x", "x=1&x=1", "prompt=none&prompt="] {
        let answer = house.get(&format!("{url}&{again}")).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"), "{again}");
    }
    let two_states = house.get(&format!("{url}&state=s-2")).await;
    assert_eq!(two_states.redirected("state"), None);
}

/// A request in which everything is wrong, mended fault by fault: the answer always tells the next
/// one, and nobody is told anything before the redirect URI is proven.
#[tokio::test]
async fn faults_are_told_in_a_fixed_order_and_to_nobody_before_the_redirect_uri_is_proven() {
    let house = with_ended_client().await;
    let (good, ended) = (&house.app("oauth_public").client_id, &house.app("ended").client_id);
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let faults = [
        ("client_id", "nobody", ended.as_str(), None),
        ("redirect_uri", "https://evil.example/", CALLBACK, None),
        ("ui_locales", "repeated", "", Some("invalid_request")),
        ("request", "eyJ", "", Some("request_not_supported")),
        ("request_uri", "https://evil.example/r", "", Some("invalid_request_uri")),
        ("response_type", "token", "code", Some("unsupported_response_type")),
        ("response_mode", "fragment", "query", Some("invalid_request")),
        ("prompt", "none", "consent", Some("interaction_required")),
        ("client_id", ended, good, Some("unauthorized_client")),
        ("resource", "https://elsewhere.example/", "", Some("invalid_target")),
        ("code_challenge_method", "plain", "S256", Some("invalid_request")),
        ("code_challenge", "x", challenge, Some("invalid_request")),
        ("scope", "no:such", "customers:readonly", Some("invalid_scope")),
    ];
    let first = faults.iter().rev().map(|(name, faulty, ..)| (*name, *faulty));
    let mut sent: BTreeMap<&str, &str> = first.collect();
    for (name, _, mended, error) in faults {
        let pairs: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, *value)).collect();
        let again = if sent["ui_locales"].is_empty() { "" } else { "&ui_locales=x" };
        let answer = house.get(&format!("/oauth/authorize?{}{again}", encoded(&pairs))).await;
        match error {
            None => assert_page(&answer, name),
            Some(error) => {
                assert!(answer.location().starts_with(CALLBACK), "{name}: {answer:?}");
                assert_eq!(answer.redirected("error").as_deref(), Some(error), "{name}");
            }
        }
        sent.insert(name, mended);
    }
    let pairs: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, *value)).collect();
    let answer = house.get(&format!("/oauth/authorize?{}", encoded(&pairs))).await;
    assert!(answer.location().starts_with("/consent/"), "{answer:?}");
}

#[tokio::test]
async fn a_client_that_was_stopped_or_has_expired_is_told_that_it_is_not_authorized() {
    let mut house = with_ended_client().await;
    let expiring = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        expires_at: Some(house.ops.now().plus(Duration::from_secs(WEEK))),
        ..NewApp::of(AppKind::OauthPublic, "For a week")
    };
    house.register("expiring", expiring).await;
    let url = house.authorize_url("expiring", &[]);
    assert!(house.get(&url).await.location().starts_with("/consent/"));
    house.advance(WEEK);
    for url in [url, house.authorize_url("ended", &[])] {
        let answer = house.get(&url).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("unauthorized_client"));
        assert_eq!(answer.redirected("state").as_deref(), Some("s-1"));
        assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    }
}

#[tokio::test]
async fn flows_that_are_not_offered_are_refused() {
    let house = House::new().await;
    for kind in ["token", "id_token", "code token", "code id_token", "none", "CODE", "code code"] {
        let url = house.authorize_url("oauth_public", &[("response_type", kind)]);
        let error = house.get(&url).await.redirected("error");
        assert_eq!(error.as_deref(), Some("unsupported_response_type"), "{kind}");
    }
    for mode in ["fragment", "form_post", "web_message", "jwt", "QUERY"] {
        let url = house.authorize_url("oauth_public", &[("response_mode", mode)]);
        let error = house.get(&url).await.redirected("error");
        assert_eq!(error.as_deref(), Some("invalid_request"), "{mode}");
    }
    let query = house.authorize_url("oauth_public", &[("response_mode", "query")]);
    assert!(house.get(&query).await.location().starts_with("/consent/"));
}

/// RFC 6749 appendix A.7 and A.8: printable ASCII without `"` and `\`.
#[tokio::test]
async fn errors_stand_in_the_query_in_the_characters_that_the_rfc_allows() {
    let house = with_ended_client().await;
    let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    for (kind, name, value) in [
        ("oauth_public", "response_type", "token"),
        ("oauth_public", "response_type", ""),
        ("oauth_public", "code_challenge", ""),
        ("oauth_public", "code_challenge_method", "plain"),
        ("oauth_public", "scope", "no:such"),
        ("oauth_public", "prompt", "none"),
        ("oauth_public", "resource", "https://elsewhere.example/"),
        ("oauth_public", "request", "eyJ"),
        ("oauth_public", "request_uri", "https://evil.example/request"),
        ("ended", "scope", "customers:readonly"),
    ] {
        let answer = house.get(&house.authorize_url(kind, &[(name, value)])).await;
        assert!(!answer.location().contains('#'), "{name}={value}");
        let (error, said) = (answer.redirected("error"), answer.redirected("error_description"));
        let (error, said) = (error.unwrap(), said.unwrap());
        assert!(error.bytes().chain(said.bytes()).all(allowed), "{name}={value}: {said}");
        assert!(said.len() > 20, "{name}={value}: {said}");
    }
}

#[tokio::test]
async fn the_state_comes_back_exactly_and_only_if_it_was_sent() {
    let house = House::new().await;
    for state in
        ["a b+c&d=e%20#?/", "{\"x\":[1,'2']}", "<script>", "é\u{2028}\u{1f980}", "\r\nX: y"]
    {
        let more = [("state", state), ("scope", "no:such")];
        let answer = house.get(&house.authorize_url("oauth_public", &more)).await;
        assert_eq!(answer.redirected("state").as_deref(), Some(state));
    }
    let more = [("state", ""), ("scope", "no:such")];
    let answer = house.get(&house.authorize_url("oauth_public", &more)).await;
    assert!(!answer.location().contains("state"), "{answer:?}");
}

#[tokio::test]
async fn nothing_but_the_state_is_echoed() {
    let house = House::new().await;
    for canary in [
        ("scope", "CANARY"),
        ("resource", "https://CANARY.example/"),
        ("code_challenge", "CANARY"),
        ("response_type", "CANARY"),
        ("response_mode", "CANARY"),
        ("prompt", "none CANARY"),
        ("request_uri", "https://CANARY.example/"),
        ("client_id", "CANARY"),
        ("redirect_uri", "https://CANARY.example/"),
    ] {
        let answer = house.get(&house.authorize_url("oauth_public", &[canary])).await;
        let said = format!("{:?} {}", answer.headers, answer.body).to_lowercase();
        assert!(!said.contains("canary"), "{canary:?}: {said}");
    }
}

#[tokio::test]
async fn an_error_is_kept_by_nobody_and_tells_no_referrer() {
    let house = House::new().await;
    for (name, value) in [("scope", "no:such"), ("client_id", "nobody")] {
        let answer = house.get(&house.authorize_url("oauth_public", &[(name, value)])).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{name}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{name}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{name}");
    }
}

/// RFC 9207 section 2: an https URL without query and fragment, the one in the metadata.
#[tokio::test]
async fn iss_is_the_issuer_of_the_metadata_byte_for_byte() {
    let house = House::new().await;
    let metadata = house.get("/.well-known/oauth-authorization-server").await.json();
    let answer = house.get(&house.authorize_url("oauth_public", &[("scope", "no:such")])).await;
    let iss = answer.redirected("iss").unwrap();
    assert_eq!(metadata["issuer"], iss);
    assert!(iss.starts_with("https://") && !iss.contains(['?', '#']), "{iss}");
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
}
