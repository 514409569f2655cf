//! Proof key for code exchange: RFC 7636 section 4, RFC 9700 sections 2.1.1 and 4.8.

use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use ring::digest;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::VERIFIER;

/// Made from [`VERIFIER`] (RFC 7636 appendix B).
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const WITHOUT: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

fn s256(verifier: &str) -> String {
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(hash.as_ref())
}

/// The code of a request with this challenge, redeemed with this verifier.
async fn redeem(house: &House, kind: &str, challenge: &str, verifier: Option<&str>) -> Answer {
    let mut browser = house.signed_in("owner").await;
    let more = [("code_challenge", challenge), ("scope", "customers:readonly")];
    let url = house.authorize_url(kind, &more);
    let code = browser.allow(&url, &house.company("acme"), None).await.redirected("code").unwrap();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    house.as_app(kind, &form).await
}

#[tokio::test]
async fn a_public_client_must_send_a_challenge_and_is_told_so() {
    let house = House::new().await;
    for more in [&WITHOUT[..], &WITHOUT[..1]] {
        let answer = house.get(&house.authorize_url("oauth_public", more)).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
        assert!(answer.redirected("error_description").unwrap().contains("code_challenge"));
    }
}

#[tokio::test]
async fn a_confidential_client_must_send_one_only_if_it_was_registered_so() {
    let mut house = House::new().await;
    let strict = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        pkce_required: true,
        ..NewApp::of(AppKind::OauthConfidential, "Strict")
    };
    house.register("strict", strict).await;
    let answer = house.get(&house.authorize_url("strict", &WITHOUT)).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
    let with = house.get(&house.authorize_url("strict", &[])).await;
    assert!(with.location().starts_with("/consent/"));
    let lenient = house.get(&house.authorize_url("oauth_confidential", &WITHOUT)).await;
    assert!(lenient.location().starts_with("/consent/"));
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
async fn only_s256_is_a_method_and_without_one_plain_is_meant_and_refused() {
    let house = House::new().await;
    for method in ["", "plain", "PLAIN", "s256", "S256 ", "S256\n", "S512", "sha256"] {
        for kind in ["oauth_public", "oauth_confidential"] {
            let url = house.authorize_url(kind, &[("code_challenge_method", method)]);
            let answer = house.get(&url).await;
            let error = answer.redirected("error");
            assert_eq!(error.as_deref(), Some("invalid_request"), "{kind} {method:?}");
            let said = answer.redirected("error_description").unwrap();
            assert!(said.contains("S256"), "{kind} {method:?}: {said}");
        }
    }
}

#[tokio::test]
async fn a_challenge_that_no_verifier_can_have_made_is_refused() {
    let house = House::new().await;
    // The last letter carries two bits that belong to no byte; they are zero.
    let loose = format!("{}N", &CHALLENGE[..42]);
    for challenge in [
        "x",
        &CHALLENGE[..42],
        &format!("{CHALLENGE}A"),
        &format!("{CHALLENGE}="),
        &format!("{CHALLENGE} "),
        &CHALLENGE.replace('-', "+"),
        &loose,
    ] {
        for kind in ["oauth_public", "oauth_confidential"] {
            let url = house.authorize_url(kind, &[("code_challenge", challenge)]);
            let error = house.get(&url).await.redirected("error");
            assert_eq!(error.as_deref(), Some("invalid_request"), "{kind} {challenge}");
        }
    }
}

#[tokio::test]
async fn a_challenge_that_was_sent_binds_the_code_of_every_client() {
    let house = House::new().await;
    for kind in ["oauth_public", "oauth_confidential"] {
        for verifier in [None, Some(CHALLENGE)] {
            let refused = redeem(&house, kind, CHALLENGE, verifier).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{kind} {verifier:?}");
            assert_eq!(refused.error(), "invalid_grant", "{kind} {verifier:?}");
        }
        let good = redeem(&house, kind, CHALLENGE, Some(VERIFIER)).await;
        assert_eq!(good.status, StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn a_verifier_has_43_to_128_unreserved_characters() {
    let house = House::new().await;
    let of = |letter: &str, length: usize| letter.repeat(length);
    for (verifier, good) in [
        (of("a", 42), false),
        (of("a", 43), true),
        (of("~", 128), true),
        (of("a", 129), false),
        (format!("{}+", of("a", 43)), false),
        (format!("{} ", of("a", 43)), false),
        (format!("{}é", of("a", 43)), false),
        (of("-._~", 11), true),
    ] {
        let answer = redeem(&house, "oauth_public", &s256(&verifier), Some(&verifier)).await;
        assert_eq!(answer.status == StatusCode::OK, good, "{verifier}");
        assert!(good || answer.error() == "invalid_grant", "{verifier}");
    }
}

#[tokio::test]
async fn the_challenge_travels_to_nobody() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let (path, page) = browser.consent_page(&url).await;
    assert!(!path.contains(CHALLENGE) && !page.body.contains(CHALLENGE));
    let handle = path.strip_prefix("/consent/").unwrap();
    let sealed = data_encoding::BASE64URL_NOPAD.decode(handle.as_bytes()).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(CHALLENGE));
    let code = house.next_code("owner");
    let answer = browser.answer(&page, &path, &house.company("acme"), None, &code).await;
    assert!(!answer.location().contains(CHALLENGE));
}
