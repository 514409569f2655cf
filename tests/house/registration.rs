//! Dynamic client registration (RFC 7591): what is answered, and whom the policy lets in.

use axum::body::Body;
use countersign::base::clock::Clock as _;
use countersign::domain::audit::EventKind;
use countersign::domain::audit::Origin;
use http::StatusCode;
use http::header;
use serde_json::Value;
use serde_json::json;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::request;
use crate::registering::REDIRECT;
use crate::registering::REGISTER;
use crate::registering::asking;
use crate::registering::confidential;
use crate::registering::public;

const METADATA: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn answers_201_with_all_that_was_registered_and_what_we_add() {
    let house = House::open_to_clients().await;
    let asked = json!({
        "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"],
        "client_name": "Ledger Assistant",
        "client_uri": "https://app.example/",
        "logo_uri": "https://app.example/logo.png",
        "tos_uri": "https://app.example/terms",
        "policy_uri": "https://app.example/privacy",
        "contacts": ["ops@app.example"],
        "scope": "customers:readonly made:up",
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "2.1",
        "application_type": "web",
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let answer = house.registers(&asked).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let told = answer.json();
    for (name, value) in asked.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
    assert_eq!(told["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(told["response_types"], json!(["code"]));
    assert_eq!(told["client_id_issued_at"], json!(house.clock.now().seconds()));
    assert_eq!(told["client_secret_expires_at"], json!(0));
    let id = answer.text("client_id");
    assert!(id.starts_with("cs_app_"), "{id}");
    assert_eq!(answer.text("registration_client_uri"), format!("{ISSUER}{REGISTER}/{id}"));
    for name in ["client_secret", "registration_access_token"] {
        let value = answer.text(name);
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{name}");
    }
    assert_eq!(told.as_object().unwrap().len(), asked.as_object().unwrap().len() + 8);
}

#[tokio::test]
async fn a_public_client_never_gets_a_secret() {
    let house = House::open_to_clients().await;
    for more in
        [json!({}), json!({"client_secret": "mine"}), json!({"client_secret_expires_at": 0})]
    {
        let mut body = public();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = house.registers(&body).await.json();
        assert_eq!(told["token_endpoint_auth_method"], "none");
        assert!(told.get("client_secret").is_none(), "{told}");
        assert!(told.get("client_secret_expires_at").is_none(), "{told}");
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_about_it_gets_a_secret_that_works_both_ways() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("quiet", &confidential()).await;
    assert_eq!(client.told["token_endpoint_auth_method"], "client_secret_basic");
    house.connected("quiet", REDIRECT).await;
    let secret = client.told["client_secret"].as_str().unwrap();
    let basic = crate::harness::basic(&client.id, secret);
    let form = [("token", "x")];
    let answer = house.post_with("/oauth/revoke", &form, &[("authorization", &basic)]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn the_guessed_path_answers_the_same() {
    let house = House::open_to_clients().await;
    let answer = house.send(asking("POST", "/register", None, &public().to_string())).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(answer.text("registration_client_uri").contains(REGISTER));
}

#[tokio::test]
async fn is_off_unless_configured_and_then_neither_answered_nor_advertised() {
    let house = House::quick().await;
    let token = house.ops.create_initial_token("x", None, None, Origin::default()).await.unwrap();
    for path in [REGISTER, "/register"] {
        let body = public().to_string();
        let answer = house.send(asking("POST", path, Some(token.plain.expose()), &body)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for method in ["GET", "PUT", "DELETE"] {
        let path = format!("{REGISTER}/{}", house.app("oauth_public").client_id);
        let answer = house.send(asking(method, &path, Some("cs_rat_x"), "{}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
    }
    assert!(house.get(METADATA).await.json().get("registration_endpoint").is_none());
    for mode in ["initial_token", "allow_list", "open"] {
        let house = House::quick_with(&[("clients.registration", mode)]).await;
        let document = house.get(METADATA).await.json();
        assert_eq!(document["registration_endpoint"], format!("{ISSUER}{REGISTER}"), "{mode}");
    }
}

#[tokio::test]
async fn an_allow_list_lets_in_whose_redirect_uris_all_stand_on_it() {
    let list = "https://app.example/cb, https://hosted.example/callback/*";
    let settings =
        [("clients.registration", "allow_list"), ("clients.registration_redirects", list)];
    let house = House::quick_with(&settings).await;
    for (uris, good) in [
        (json!(["https://app.example/cb"]), true),
        (json!(["https://hosted.example/callback/x1", "https://app.example/cb"]), true),
        (json!(["https://app.example/cb", "https://evil.example/cb"]), false),
        (json!(["https://hosted.example/callback/..%2fx"]), false),
        (json!(["https://hosted.example.evil.example/callback/x"]), false),
        (json!(["http://127.0.0.1/cb"]), false),
    ] {
        let answer = house.registers(&json!({"redirect_uris": uris})).await;
        if good {
            assert_eq!(answer.status, StatusCode::CREATED, "{uris}: {answer:?}");
        } else {
            assert_eq!(answer.refusal(), (400, "invalid_redirect_uri".to_owned()), "{uris}");
        }
    }
}

#[tokio::test]
async fn with_initial_tokens_only_their_holders_register_and_no_oftener_than_they_may() {
    let house = House::quick_with(&[("clients.registration", "initial_token")]).await;
    let body = public().to_string();
    let with = async |token: Option<&str>| house.send(asking("POST", REGISTER, token, &body)).await;
    let none = with(None).await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"countersign\"");
    let end = house.clock.now().plus(std::time::Duration::from_secs(60));
    let made = house.ops.create_initial_token("fleet", Some(end), Some(2), Origin::default()).await;
    let made = made.unwrap();
    let token = made.plain.expose().to_owned();
    let client = house.client_token().await;
    for wrong in ["x", &token[..token.len() - 1], &token.to_uppercase(), &client] {
        let refused = with(Some(wrong)).await;
        assert_eq!(refused.refusal(), (401, "invalid_token".to_owned()), "{wrong}");
        let challenge = refused.header("www-authenticate");
        assert_eq!(challenge, "Bearer realm=\"countersign\", error=\"invalid_token\"");
    }
    // A request that cannot be registered uses nothing up.
    let bad = house.send(asking("POST", REGISTER, Some(&token), "{}")).await;
    assert_eq!(bad.error(), "invalid_redirect_uri");
    for _ in 0..2 {
        assert_eq!(with(Some(&token)).await.status, StatusCode::CREATED);
    }
    assert_eq!(with(Some(&token)).await.status, StatusCode::UNAUTHORIZED, "used up");
    let mut tokens = Vec::new();
    for end in [Some(end), None] {
        let made = house.ops.create_initial_token("more", end, None, Origin::default()).await;
        tokens.push(made.unwrap());
    }
    house.advance(60);
    assert_eq!(with(Some(tokens[0].plain.expose())).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(with(Some(tokens[1].plain.expose())).await.status, StatusCode::CREATED);
    house.ops.revoke_initial_token(tokens[1].listed.id, Origin::default()).await.unwrap();
    assert_eq!(with(Some(tokens[1].plain.expose())).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_initial_token_for_one_client_lets_in_one_of_many_at_once() {
    let house = House::quick_with(&[("clients.registration", "initial_token")]).await;
    let made = house.ops.create_initial_token("one", None, Some(1), Origin::default()).await;
    let made = made.unwrap();
    let body = public().to_string();
    let tries = (0..20).map(|_| asking("POST", REGISTER, Some(made.plain.expose()), &body));
    let answers = crate::storm::send_at_once(&house, tries).await;
    assert_eq!(crate::storm::won(&answers, StatusCode::CREATED).len(), 1);
}

#[tokio::test]
async fn a_client_that_registered_itself_is_never_more_than_a_stranger() {
    let mut house = House::open_to_clients().await;
    let body = json!({
        "redirect_uris": [REDIRECT],
        "client_name": "Ledger Assistant",
        "client_uri": "https://claude.ai/",
        "logo_uri": "https://claude.ai/logo.svg",
        "grant_types": ["authorization_code", "client_credentials", "password"],
        "scope": "customers:all admin",
    });
    let client = house.lets_in("stranger", &body).await;
    let grants = json!(["authorization_code", "refresh_token"]);
    assert_eq!(client.told["grant_types"], grants, "nothing else is granted");
    let refused = house.as_app("stranger", &[("grant_type", "client_credentials")]).await;
    assert_eq!(refused.refusal(), (400, "unauthorized_client".to_owned()));
    let foreign = house.client_token().await;
    let asked = house.as_app_at("/oauth/introspect", "stranger", &[("token", &foreign)]).await;
    assert_eq!(asked.json(), json!({"active": false}));
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("stranger", &[("redirect_uri", REDIRECT)]);
    let (_, page) = browser.consent_page(&url).await;
    for shown in
        ["“<bdi>Ledger Assistant</bdi>”", "app.example", "Unregistered", "registered itself"]
    {
        assert!(page.body.contains(shown), "{shown} is not on the page");
    }
    for hidden in ["claude.ai", "logo", "Reviewed"] {
        assert!(!page.body.contains(hidden), "{hidden} is on the page");
    }
    // Scopes that it did not register can be asked for: clients begin small and step up.
    assert!(page.body.contains("products:readonly"));
}

#[tokio::test]
async fn a_confidential_client_that_registered_itself_must_use_pkce_too() {
    let mut house = House::open_to_clients().await;
    house.lets_in("quiet", &confidential()).await;
    let mut browser = house.signed_in("owner").await;
    let without =
        [("redirect_uri", REDIRECT), ("code_challenge", ""), ("code_challenge_method", "")];
    let answer = browser.get(&house.authorize_url("quiet", &without)).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn an_unreviewed_client_is_told_nothing_by_a_redirect_before_somebody_signed_in() {
    let mut house = House::open_to_clients().await;
    house.lets_in("stranger", &public()).await;
    let long = "s".repeat(7000);
    let wrong = [
        ("scope", "no:such", "invalid_scope"),
        ("prompt", "none", "interaction_required"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("resource", "https://elsewhere.example/", "invalid_target"),
        ("request", "eyJ", "request_not_supported"),
        ("state", long.as_str(), "invalid_request"),
    ];
    let mut signed_in = house.signed_in("owner").await;
    let mut half_way = Browser::new(&house);
    half_way.password("viewer").await;
    for (name, value, error) in wrong {
        let url = house.authorize_url("stranger", &[("redirect_uri", REDIRECT), (name, value)]);
        for browser in [&mut Browser::new(&house), &mut half_way] {
            let answer = browser.get(&url).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}: {answer:?}");
            assert!(answer.headers.get("location").is_none(), "{name}");
            assert!(!answer.body.contains("app.example"), "{name}");
        }
        let told = signed_in.get(&url).await;
        assert_eq!(told.redirected("error").as_deref(), Some(error), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn refusals_are_json_with_constant_words_and_echo_nothing() {
    let house = House::open_to_clients().await;
    for (body, code) in [
        ("{\"redirect_uris\":[\"https://CANARY.example/\"]}", "invalid_redirect_uri"),
        ("{\"redirect_uris\":[]}", "invalid_redirect_uri"),
        ("{\"client_name\":\"CANARY\"}", "invalid_redirect_uri"),
        ("{\"redirect_uris\":[\"https://a.example/\"],\"client_name\":\"CANARY\\u202e\"}", META),
        ("{\"redirect_uris\":[\"https://a.example/\"],\"logo_uri\":\"http://CANARY\"}", META),
        ("{\"redirect_uris\":\"CANARY\"}", META),
        ("CANARY", META),
        ("", META),
        ("{\"redirect_uris\":[\"https://a.example/\"],\"jwks_uri\":\"https://CANARY/k\"}", META),
        (
            "{\"redirect_uris\":[\"https://a.example/\"],\"token_endpoint_auth_method\":\"CANARY\"}",
            META,
        ),
        ("{\"redirect_uris\":[\"https://a.example/\"],\"grant_types\":[\"CANARY\"]}", META),
        ("{\"redirect_uris\":[\"https://a.example/\"],\"response_types\":[\"token\"]}", META),
    ] {
        let answer = house.send(asking("POST", REGISTER, None, body)).await;
        assert_eq!(answer.refusal(), (400, code.to_owned()), "{body}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.body.contains("CANARY"), "{answer:?}");
        assert_eq!(answer.json().as_object().unwrap().len(), 2, "{answer:?}");
    }
}

const META: &str = "invalid_client_metadata";

#[tokio::test]
async fn only_json_is_read() {
    let house = House::open_to_clients().await;
    for (kind, status) in [
        ("application/json", 201),
        ("Application/JSON; charset=utf-8", 201),
        ("application/x-www-form-urlencoded", 400),
        ("text/plain", 400),
        ("application/jsonp", 400),
        ("", 400),
    ] {
        let request = request("POST", REGISTER).header(header::CONTENT_TYPE, kind);
        let answer = house.send(request.body(Body::from(public().to_string())).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}: {answer:?}");
    }
}

#[tokio::test]
async fn registrations_and_the_tokens_for_them_are_written_to_the_trail() {
    let house = House::open_to_clients().await;
    house.registers(&json!({"redirect_uris": [REDIRECT], "client_name": "Ledger"})).await;
    let made = house.ops.create_initial_token("fleet", None, None, Origin::default()).await;
    house.ops.revoke_initial_token(made.unwrap().listed.id, Origin::default()).await.unwrap();
    assert_eq!(
        house.happened(3),
        [
            EventKind::RegistrationTokenRevoked,
            EventKind::RegistrationTokenCreated,
            EventKind::ClientRegistered
        ]
    );
    let entries = house.ops.audit_entries(None, 3).unwrap();
    assert_eq!(entries[2].event.cause.as_deref(), Some("as \"Ledger\""));
}

#[tokio::test]
async fn a_signing_client_registers_with_its_keys_and_gets_no_secret() {
    let house = House::open_to_clients().await;
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}]});
    let body = json!({
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": keys,
    });
    let told: Value = house.registers(&body).await.json();
    assert_eq!(told["jwks"], keys);
    assert!(told.get("client_secret").is_none() && told.get("client_secret_expires_at").is_none());
}
