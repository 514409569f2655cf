//! Clients that prove themselves by an assertion which they sign (`private_key_jwt`).

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use countersign::app::sandbox_guide::GuideApp;
use countersign::base::clock::Clock as _;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::Page;
use crate::harness::Signer;
use crate::harness::VERIFIER;

/// As ChatGPT is known: RS256, keys at a URL, and the token endpoint as audience.
const CHATGPT: &str = "https://chatgpt.com/oauth/client.json";
const KEYS: &str = "https://chatgpt.com/oauth/jwks.json";
const BACK: &str = "https://chatgpt.com/connector_platform_oauth_redirect";
const TOKEN: &str = "https://cs.example/oauth/token";
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SCOPE: &str = "customers:readonly";

fn document() -> Value {
    json!({
        "client_id": CHATGPT, "client_name": "ChatGPT", "client_uri": "https://chatgpt.com",
        "redirect_uris": [BACK, "https://chatgpt.com/connector/oauth/abc"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "RS256", "jwks_uri": KEYS,
    })
}

async fn elsewhere(key: &Signer) -> Elsewhere {
    let elsewhere = Elsewhere::of(&["chatgpt.com"]).await;
    elsewhere.put(CHATGPT, Page::json(&document()));
    elsewhere.put(KEYS, Page::json(&key.jwks()));
    elsewhere
}

fn known(mut house: House) -> House {
    let (kind, client_id) = ("chatgpt".to_owned(), CHATGPT.to_owned());
    house.guide.apps.push(GuideApp { kind, client_id, ..GuideApp::default() });
    house
}

async fn house(elsewhere: &Elsewhere) -> House {
    known(House::beside(elsewhere, &[]).await)
}

/// Good claims, each time with another id.
fn claims(house: &House) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (now, id) = (house.clock.now().seconds(), NEXT.fetch_add(1, Ordering::Relaxed));
    json!({
        "iss": CHATGPT, "sub": CHATGPT, "aud": TOKEN, "iat": now, "exp": now + 300,
        "jti": id.to_string(),
    })
}

async fn code(house: &House) -> String {
    let url = house.authorize_url("chatgpt", &[("redirect_uri", BACK), ("scope", SCOPE)]);
    let mut browser = house.signed_in("owner").await;
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    answer.redirected("code").unwrap_or_else(|| panic!("{answer:?}"))
}

async fn redeem(house: &House, code: &str, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
        ("client_id", CHATGPT),
        ("client_assertion_type", KIND),
        ("client_assertion", assertion),
    ];
    house.post("/oauth/token", &form).await
}

async fn connected(house: &House, key: &Signer) -> Answer {
    let code = code(house).await;
    let tokens = redeem(house, &code, &key.sign(&claims(house))).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    tokens
}

/// Whether an assertion proves the client, by a question that changes nothing.
async fn ask(house: &House, assertion: &str) -> Answer {
    let form = [("client_assertion_type", KIND), ("client_assertion", assertion), ("token", "x")];
    house.post("/oauth/introspect", &form).await
}

fn refused() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[tokio::test]
async fn chatgpt_connects_with_an_assertion_whose_audience_is_the_token_endpoint() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = house(&elsewhere).await;
    let tokens = connected(&house, &key).await;
    let me = house.call(&tokens.text("access_token"), "/me").await;
    assert_eq!(me.json()["app"]["client_id"], CHATGPT);
    let refresh = tokens.text("refresh_token");
    let assertion = key.sign(&claims(&house));
    let signed = [("client_assertion_type", KIND), ("client_assertion", assertion.as_str())];
    let refreshed = house.refresh_with("chatgpt", &refresh, &signed).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    let unsigned = house.refresh("chatgpt", &refreshed.text("refresh_token")).await;
    assert_eq!(unsigned.refusal(), refused(), "its name alone is not enough");
}

#[tokio::test]
async fn an_assertion_is_taken_at_every_endpoint_that_clients_authenticate_at() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = house(&elsewhere).await;
    let tokens = connected(&house, &key).await;
    for (path, audience) in [
        ("/oauth/introspect", ISSUER.to_owned()),
        ("/oauth/introspect", format!("{ISSUER}/oauth/introspect")),
        ("/oauth/introspect", TOKEN.to_owned()),
        ("/oauth/revoke", format!("{ISSUER}/oauth/revoke")),
    ] {
        let mut claims = claims(&house);
        claims["aud"] = json!([audience]);
        let assertion = key.sign(&claims);
        let token = tokens.text("access_token");
        let form =
            [("client_assertion_type", KIND), ("client_assertion", &assertion), ("token", &token)];
        let answer = house.post(path, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {audience}: {answer:?}");
        if path == "/oauth/introspect" {
            assert_eq!(answer.json()["client_id"], CHATGPT, "it sees its own token");
        }
    }
    let me = house.call(&tokens.text("access_token"), "/me").await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED, "it was revoked");
}

#[tokio::test]
async fn a_client_that_nobody_knows_yet_pushes_its_request_with_an_assertion() {
    let key = Signer::p256("k1");
    let elsewhere = elsewhere(&key).await;
    elsewhere.put(
        CHATGPT,
        Page::json(&{
            let mut document = document();
            document["token_endpoint_auth_signing_alg"] = json!("ES256");
            document
        }),
    );
    let house = house(&elsewhere).await;
    let assertion = key.sign(&claims(&house));
    let form = [
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("client_id", CHATGPT),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("client_assertion_type", KIND),
        ("client_assertion", &assertion),
    ];
    let pushed = house.post("/oauth/par", &form).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
    assert_eq!(house.post("/oauth/par", &form).await.refusal(), refused(), "it was used");
    let unknown = ask(&house, &key.sign(&claims(&house))).await;
    assert_eq!(unknown.refusal(), refused(), "elsewhere nobody unknown is fetched for");
}

#[tokio::test]
async fn an_assertion_is_good_once_even_when_it_is_sent_many_times_at_once() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = house(&elsewhere).await;
    connected(&house, &key).await;
    let assertion = key.sign(&claims(&house));
    assert_eq!(ask(&house, &assertion).await.status, StatusCode::OK);
    assert_eq!(ask(&house, &assertion).await.refusal(), refused());
    house.ops.flush().await.unwrap();
    let event = &house.ops.audit_entries(None, 1).unwrap()[0].event;
    assert_eq!(event.cause.as_deref(), Some("client: AssertionReplayed"));
    for _ in 0..20 {
        let assertion = key.sign(&claims(&house));
        let all = (0..16).map(|_| ask(&house, &assertion));
        let answers = futures_util::future::join_all(all).await;
        let won = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn a_used_assertion_stays_used_after_a_restart_and_goes_when_it_has_ended() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = known(House::on_disk_beside(&elsewhere).await);
    connected(&house, &key).await;
    let assertion = key.sign(&claims(&house));
    assert_eq!(ask(&house, &assertion).await.status, StatusCode::OK);
    let house = house.restarted_beside(&elsewhere);
    assert_eq!(ask(&house, &assertion).await.refusal(), refused());
    // To the last moment at which it would count.
    house.advance(359);
    house.ops.sweep().await.unwrap();
    assert_eq!(ask(&house, &assertion).await.refusal(), refused());
    house.ops.flush().await.unwrap();
    let event = &house.ops.audit_entries(None, 1).unwrap()[0].event;
    assert_eq!(event.cause.as_deref(), Some("client: AssertionReplayed"));
    house.advance(1);
    assert_eq!(ask(&house, &assertion).await.refusal(), refused());
    house.ops.flush().await.unwrap();
    let event = &house.ops.audit_entries(None, 1).unwrap()[0].event;
    assert_eq!(event.cause.as_deref(), Some("client: AssertionClaims(Expired)"));
}

#[tokio::test]
async fn an_assertion_that_says_or_is_signed_otherwise_proves_nothing_and_uses_nothing_up() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = house(&elsewhere).await;
    let code = code(&house).await;
    let with = |name: &str, value: Value| {
        let mut claims = claims(&house);
        claims[name] = value;
        key.sign(&claims)
    };
    let now = house.clock.now().seconds();
    let good = claims(&house);
    let rsa = key.jwk()["n"].as_str().unwrap().to_owned();
    let hmac = {
        // The public key taken for a shared one.
        let part =
            |value: &Value| countersign::base::encoding::base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({"alg": "HS256", "kid": "k1"})), part(&good));
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, rsa.as_bytes());
        let tag = ring::hmac::sign(&secret, signed.as_bytes());
        format!("{signed}.{}", countersign::base::encoding::base64url(tag.as_ref()))
    };
    let own = Signer::p256("k1");
    let header = json!({"alg": "RS256", "kid": "k1"});
    let unsigned = key.sign(&good).rsplit_once('.').unwrap().0.to_owned();
    for (what, assertion) in [
        ("another audience", with("aud", json!("https://other.example/oauth/token"))),
        ("an audience that resembles ours", with("aud", json!("https://cs.example/"))),
        ("another endpoint", with("aud", json!("https://cs.example/oauth/revoke"))),
        ("another issuer", with("iss", json!("https://other.example/c"))),
        ("another subject", with("sub", json!("https://other.example/c"))),
        ("one that ended", with("exp", json!(now - 60))),
        ("one for too long", with("exp", json!(now + 661))),
        ("one from the future", with("iat", json!(now + 61))),
        ("one not yet good", with("nbf", json!(now + 61))),
        ("no id", with("jti", Value::Null)),
        ("no end", with("exp", Value::Null)),
        ("alg none", key.sign_with(&json!({"alg": "none"}), &good)),
        ("no signature", format!("{unsigned}.")),
        ("an HMAC with the public key", hmac),
        ("another RSA algorithm", key.sign_with(&json!({"alg": "PS256", "kid": "k1"}), &good)),
        (
            "a header that must be understood",
            key.sign_with(&json!({"alg": "RS256", "kid": "k1", "crit": ["x"]}), &good),
        ),
        ("a key in the header", own.sign_with(&json!({"alg": "ES256", "jwk": own.jwk()}), &good)),
        (
            "keys at the header's URL",
            own.sign_with(&json!({"alg": "ES256", "kid": "k1", "jku": KEYS}), &good),
        ),
        ("somebody else's signature", own.sign_with(&header, &good)),
        ("a changed claim", key.sign(&good).replacen('.', ".e", 1)),
        ("rubbish", "a.b.c".to_owned()),
    ] {
        let answer = redeem(&house, &code, &assertion).await;
        assert_eq!(answer.refusal(), refused(), "{what}: {answer:?}");
    }
    let other = [("client_id", "cs_app_0"), ("client_assertion_type", KIND)];
    let assertion = key.sign(&good);
    let form = [&other[..], &[("client_assertion", assertion.as_str()), ("token", "x")]].concat();
    assert_eq!(
        house.post("/oauth/introspect", &form).await.refusal(),
        refused(),
        "another client_id"
    );
    let both = [("client_id", CHATGPT), ("client_secret", "s"), ("client_assertion_type", KIND)];
    let form = [&both[..], &[("client_assertion", assertion.as_str()), ("token", "x")]].concat();
    let twice = house.post("/oauth/introspect", &form).await;
    assert_eq!(twice.refusal(), (400, "invalid_request".to_owned()), "two ways at once");
    let tokens = redeem(&house, &code, &assertion).await;
    assert_eq!(
        tokens.status,
        StatusCode::OK,
        "the code and the assertion are still good: {tokens:?}"
    );
}

#[tokio::test]
async fn a_new_key_is_found_by_its_name_and_nobody_makes_the_server_ask_again_and_again() {
    let old = Signer::rsa("old");
    let elsewhere = elsewhere(&old).await;
    let house = house(&elsewhere).await;
    connected(&house, &old).await;
    let asked = || elsewhere.asked().iter().filter(|head| head.contains("jwks.json")).count();
    assert_eq!(asked(), 1);
    let new = Signer::p256("new");
    elsewhere.put(KEYS, Page::json(&json!({"keys": [old.jwk(), new.jwk()]})));
    assert_eq!(ask(&house, &new.sign(&claims(&house))).await.status, StatusCode::OK);
    assert_eq!(asked(), 2, "an unknown name lets the keys be fetched anew");
    for kid in 0..20 {
        let unknown = Signer::p256(&format!("unknown-{kid}"));
        assert_eq!(ask(&house, &unknown.sign(&claims(&house))).await.refusal(), refused());
    }
    assert_eq!(asked(), 2, "but not more often than once a minute");
    elsewhere.put(KEYS, Page::json(&new.jwks()));
    assert_eq!(ask(&house, &old.sign(&claims(&house))).await.status, StatusCode::OK);
    house.advance(301);
    let withdrawn = ask(&house, &old.sign(&claims(&house))).await;
    assert_eq!(withdrawn.refusal(), refused(), "a key that was withdrawn ends with the cache");
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_our_trouble_for_a_moment_and_no_verdict() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = house(&elsewhere).await;
    connected(&house, &key).await;
    house.advance(3601);
    elsewhere.put(KEYS, Page::of(503, "", b""));
    let assertion = key.sign(&claims(&house));
    let answer = ask(&house, &assertion).await;
    assert_eq!(answer.refusal(), (503, "temporarily_unavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
    elsewhere.put(KEYS, Page::json(&key.jwks()));
    assert_eq!(ask(&house, &assertion).await.status, StatusCode::OK, "it was not used up");
    house.advance(3601);
    let mut public = document();
    public["token_endpoint_auth_method"] = json!("none");
    elsewhere.put(CHATGPT, Page::json(&public));
    let answer = ask(&house, &key.sign(&claims(&house))).await;
    assert_eq!(answer.refusal(), refused(), "a document without keys is a verdict");
}

#[tokio::test]
async fn another_installation_of_the_same_client_ends_no_connection() {
    let key = Signer::rsa("k1");
    let elsewhere = elsewhere(&key).await;
    let house = house(&elsewhere).await;
    let first = connected(&house, &key).await;
    connected(&house, &key).await;
    let me = house.call(&first.text("access_token"), "/me").await;
    assert_eq!(me.status, StatusCode::OK, "{me:?}");
}
