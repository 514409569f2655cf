//! Client authentication: RFC 6749 section 2.3, the same at every endpoint that asks for it.

use axum::body::Body;
use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::authenticate_client::AuthenticatedClient;
use countersign::ops::authenticate_client::ClientRefusal;
use countersign::ops::authenticate_client::PresentedClient;
use countersign::ops::failure::Failure;
use countersign::ops::issue_to_client::ClientGrantRequest;
use countersign::ops::redeem_code::CodeRequest;
use countersign::ops::refresh::RefreshRequest;
use countersign::ops::token_refusal::TokenRefusal;
use http::StatusCode;
use http::header;

use crate::disk::Disk;
use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::VERIFIER;
use crate::harness::basic;
use crate::harness::encoded;
use crate::harness::request;

/// Every endpoint that authenticates clients, with a form that is otherwise well made.
const ENDPOINTS: [(&str, &[(&str, &str)]); 6] = [
    ("/oauth/token", &[("grant_type", "authorization_code"), ("code", "x")]),
    ("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]),
    ("/oauth/token", &[("grant_type", "client_credentials")]),
    ("/oauth/revoke", &[("token", "x")]),
    ("/oauth/introspect", &[("token", "x")]),
    ("/oauth/par", &[("response_type", "code"), ("redirect_uri", CALLBACK)]),
];

const NO_CLIENT: (u16, &str) = (401, "invalid_client");
const MALFORMED: (u16, &str) = (400, "invalid_request");

fn named(house: &House, kind: &str) -> (String, String) {
    let app = house.app(kind);
    (app.client_id.clone(), app.client_secret.clone().unwrap_or_default())
}

fn refusal(answer: &Answer) -> (u16, String) {
    assert!(!answer.body.contains("access_token"), "{answer:?}");
    answer.refusal()
}

fn owned((status, error): (u16, &str)) -> (u16, String) {
    (status, error.to_owned())
}

/// Sends `form` to `path` with what the body and the header say of the client.
async fn send(
    house: &House,
    (path, form): (&str, &[(&str, &str)]),
    body: &[(&str, &str)],
    header: Option<&str>,
) -> Answer {
    let form: Vec<_> = form.iter().chain(body).copied().collect();
    let headers: Vec<_> = header.map(|header| ("authorization", header)).into_iter().collect();
    house.post_with(path, &form, &headers).await
}

#[tokio::test]
async fn a_secret_is_taken_by_basic_and_in_the_body_at_every_endpoint() {
    let house = House::new().await;
    for (endpoint, kind) in [
        (ENDPOINTS[2], "api_credentials"),
        (ENDPOINTS[3], "api_credentials"),
        (ENDPOINTS[4], "resource_server"),
        (ENDPOINTS[5], "oauth_confidential"),
    ] {
        let (id, secret) = named(&house, kind);
        let header = basic(&id, &secret);
        for header in [header.clone(), header.replacen("Basic", "bAsIc", 1)] {
            let answer = send(&house, endpoint, &[], Some(&header)).await;
            assert!(answer.status.is_success(), "{endpoint:?} {answer:?}");
        }
        let body = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
        let answer = send(&house, endpoint, &body, None).await;
        assert!(answer.status.is_success(), "{endpoint:?} {answer:?}");
    }
}

#[tokio::test]
async fn basic_parts_are_form_url_decoded() {
    let house = House::new().await;
    let (id, secret) = named(&house, "api_credentials");
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pair = format!("{}:{}", escaped(&id), escaped(&secret));
    let header = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
    let answer = send(&house, ENDPOINTS[2], &[], Some(&header)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn a_client_authenticates_in_one_way_only() {
    let house = House::new().await;
    let (id, secret) = named(&house, "api_credentials");
    let header = basic(&id, &secret);
    for endpoint in ENDPOINTS {
        let twice = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
        let secret_only = [("client_secret", secret.as_str())];
        let another = [("client_id", house.app("oauth_public").client_id.as_str())];
        for body in [&twice[..], &secret_only, &another] {
            let answer = send(&house, endpoint, body, Some(&header)).await;
            assert_eq!(refusal(&answer), owned(MALFORMED), "{endpoint:?} {body:?}");
        }
        let request = request("POST", endpoint.0)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, &header)
            .header(header::AUTHORIZATION, &header);
        let answer = house.send(request.body(Body::from(encoded(endpoint.1))).unwrap()).await;
        assert_eq!(refusal(&answer), owned(MALFORMED), "{endpoint:?}");
    }
    let same = [("client_id", id.as_str())];
    let answer = send(&house, ENDPOINTS[2], &same, Some(&header)).await;
    assert_eq!(answer.status, StatusCode::OK, "its own name may stand in the body too");
}

#[tokio::test]
async fn a_secret_in_the_url_is_not_read() {
    let house = House::new().await;
    let (id, secret) = named(&house, "api_credentials");
    let credentials = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    for (path, form) in ENDPOINTS {
        let answer = house.post(&format!("{path}?{}", encoded(&credentials)), form).await;
        assert_eq!(refusal(&answer), owned(NO_CLIENT), "{path}");
    }
    let all = [&credentials[..], ENDPOINTS[2].1].concat();
    let answer = house.post(&format!("/oauth/token?{}", encoded(&all)), &[]).await;
    assert_eq!(refusal(&answer), owned(MALFORMED));
}

#[tokio::test]
async fn a_confidential_client_that_proves_nothing_is_refused_everywhere() {
    let house = House::new().await;
    for kind in ["oauth_confidential", "api_credentials", "resource_server"] {
        let (id, _) = named(&house, kind);
        for endpoint in ENDPOINTS {
            let answer = send(&house, endpoint, &[("client_id", &id)], None).await;
            assert_eq!(refusal(&answer), owned(NO_CLIENT), "{kind} {endpoint:?}");
            let without = send(&house, endpoint, &[], None).await;
            assert_eq!(refusal(&without), owned(NO_CLIENT), "{endpoint:?}");
        }
    }
}

#[tokio::test]
async fn a_public_client_gives_its_name_and_no_secret() {
    let house = House::new().await;
    let (id, _) = named(&house, "oauth_public");
    let code = house.code("oauth_public", "owner", &house.company("acme"), "customers:all").await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let secret = [("client_id", id.as_str()), ("client_secret", "anything")];
    let answer = send(&house, ("/oauth/token", &form), &secret, None).await;
    assert_eq!(refusal(&answer), owned(NO_CLIENT));
    let header = basic(&id, "anything");
    let answer = send(&house, ("/oauth/token", &form), &[], Some(&header)).await;
    assert_eq!(refusal(&answer), owned(NO_CLIENT));
    let empty = [("client_id", id.as_str()), ("client_secret", "")];
    let answer = send(&house, ("/oauth/token", &form), &empty, None).await;
    assert_eq!(answer.status, StatusCode::OK, "an empty parameter is absent: {answer:?}");
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_with_a_client_is_answered_alike() {
    let house = House::new().await;
    let (id, secret) = named(&house, "api_credentials");
    let (other, other_secret) = named(&house, "oauth_confidential");
    let revoked = house.app("resource_server").client_id.parse().unwrap();
    let (revoked_id, revoked_secret) = named(&house, "resource_server");
    house.ops.revoke_app(revoked, MACHINE).await.unwrap();
    let re_cased = secret.to_uppercase();
    let extended = format!("{secret}0");
    let wrong = [
        (id.as_str(), "wrong"),
        (id.as_str(), &secret[..secret.len() - 1]),
        (id.as_str(), extended.as_str()),
        (id.as_str(), re_cased.as_str()),
        (id.as_str(), other_secret.as_str()),
        (other.as_str(), secret.as_str()),
        (revoked_id.as_str(), revoked_secret.as_str()),
        ("nobody", secret.as_str()),
        ("cs_app_0000000000000000000000", secret.as_str()),
        ("\u{fffd}", "\u{0}"),
    ];
    for endpoint in ENDPOINTS {
        let mut told = Vec::new();
        for (id, secret) in wrong {
            let body = [("client_id", id), ("client_secret", secret)];
            let answer = send(&house, endpoint, &body, None).await;
            assert_eq!(refusal(&answer), owned(NO_CLIENT), "{endpoint:?} {id}");
            told.push(answer.body);
            let answer = send(&house, endpoint, &[], Some(&basic(id, secret))).await;
            assert_eq!(refusal(&answer), owned(NO_CLIENT), "{endpoint:?} {id}");
            told.push(answer.body);
        }
        assert!(told.iter().all(|body| body == &told[0]), "{told:?}");
    }
}

#[tokio::test]
async fn a_401_answers_the_authorization_header_with_a_challenge_and_only_that() {
    let house = House::new().await;
    let (id, _) = named(&house, "api_credentials");
    let (public, _) = named(&house, "oauth_public");
    for endpoint in ENDPOINTS {
        for header in [
            basic(&id, "wrong"),
            basic(&id, ""),
            basic("nobody", "secret"),
            "Basic".to_owned(),
            "Basic ###".to_owned(),
            "Basic YQ==".to_owned(),
            "Bearer x".to_owned(),
            String::new(),
        ] {
            let answer = send(&house, endpoint, &[], Some(&header)).await;
            assert_eq!(refusal(&answer), owned(NO_CLIENT), "{endpoint:?} {header}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Basic realm="), "{endpoint:?} {header}: {challenge}");
        }
        let body = [("client_id", id.as_str()), ("client_secret", "wrong")];
        let answer = send(&house, endpoint, &body, None).await;
        assert_eq!(answer.header("www-authenticate"), "", "{endpoint:?}");
    }
    // A client that has no secret may not ask here, however it says its name.
    let answer = send(&house, ENDPOINTS[4], &[], Some(&basic(&public, ""))).await;
    assert_eq!(refusal(&answer), owned(NO_CLIENT));
    assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{answer:?}");
}

#[tokio::test]
async fn an_assertion_that_nobody_signed_proves_nothing_and_stands_beside_no_secret() {
    let house = House::new().await;
    let (id, secret) = named(&house, "api_credentials");
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for endpoint in ENDPOINTS {
        for more in [
            &[("client_assertion_type", kind), ("client_assertion", "e30.e30.e30")][..],
            &[("client_assertion", "e30.e30.e30")],
            &[("client_assertion_type", kind)],
        ] {
            let own = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
            let answer = send(&house, endpoint, &[&own[..1], more].concat(), None).await;
            assert_eq!(refusal(&answer), owned(NO_CLIENT), "{endpoint:?} {more:?}");
            let answer = send(&house, endpoint, &[&own[..], more].concat(), None).await;
            let twice = (400, "invalid_request".to_owned());
            assert_eq!(answer.refusal(), twice, "{endpoint:?} {more:?}");
        }
    }
}

#[tokio::test]
async fn an_app_cannot_authenticate_after_its_expiry_date() {
    let house = House::new().await;
    let end = house.ops.now().plus(std::time::Duration::from_secs(600));
    let new = NewApp { expires_at: Some(end), ..NewApp::of(AppKind::ResourceServer, "Books") };
    let created = house.ops.create_app(new, MACHINE).await.unwrap();
    let secret = created.secret.unwrap();
    let header = basic(&created.app.id.to_string(), secret.expose());
    house.advance(599);
    let answer = send(&house, ENDPOINTS[4], &[], Some(&header)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    house.advance(1);
    for endpoint in ENDPOINTS {
        let answer = send(&house, endpoint, &[], Some(&header)).await;
        assert_eq!(refusal(&answer), owned(NO_CLIENT), "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_failed_authentication_of_a_known_client_is_written_down() {
    let house = House::new().await;
    let (id, _) = named(&house, "api_credentials");
    let answer = send(&house, ENDPOINTS[2], &[], Some(&basic(&id, "wrong"))).await;
    house.ops.flush().await.unwrap();
    let newest = house.ops.audit_entries(None, 1).unwrap();
    let event = &newest[0].event;
    assert_eq!(event.cause.as_deref(), Some("client: WrongSecret"));
    assert_eq!(event.app.unwrap().to_string(), id);
    assert_eq!(event.reference.unwrap().to_string(), answer.header("x-request-id"));
    let before = newest[0].sequence;
    send(&house, ENDPOINTS[2], &[], Some(&basic("nobody", "wrong"))).await;
    house.ops.flush().await.unwrap();
    let newest = house.ops.audit_entries(None, 1).unwrap();
    assert_eq!(newest[0].sequence, before, "a stranger writes nothing");
}

fn authenticated(house: &House, kind: &str) -> AuthenticatedClient {
    let app = house.app(kind);
    let secret = app.client_secret.as_deref().map(Into::into);
    let presented = PresentedClient { id: app.client_id.clone(), secret };
    house.ops.authenticate_client(&presented).unwrap()
}

#[tokio::test]
async fn a_client_that_is_revoked_while_its_request_waits_gets_nothing() {
    let house = House::new().await;
    let acme = house.company("acme");
    let code = house.code("oauth_public", "owner", &acme, "customers:all").await;
    let tokens = house.tokens("oauth_public", "owner", &acme, "customers:all").await;
    let (public, credentials) =
        (authenticated(&house, "oauth_public"), authenticated(&house, "api_credentials"));
    for client in [&public, &credentials] {
        house.ops.revoke_app(client.app().id, MACHINE).await.unwrap();
    }
    let request = CodeRequest {
        code,
        redirect_uri: Some(CALLBACK.to_owned()),
        verifier: Some(VERIFIER.to_owned()),
        resources: Vec::new(),
    };
    let redeemed = house.ops.redeem_code(public.clone(), request, Default::default()).await;
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let request = RefreshRequest { token, ..RefreshRequest::default() };
    let refreshed = house.ops.refresh(public, request, Default::default()).await;
    let issued = house.ops.issue_to_client(credentials, ClientGrantRequest::default()).await;
    for outcome in [redeemed, refreshed, issued] {
        let Err(Failure::Refused(why)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(why, TokenRefusal::Client(ClientRefusal::Revoked));
    }
}

#[tokio::test]
async fn such_a_client_is_told_as_any_other() {
    let (house, disk) = Disk::house().await;
    let (id, secret) = named(&house, "api_credentials");
    let app = house.app("api_credentials").client_id.parse().unwrap();
    let header = basic(&id, &secret);
    disk.hold();
    // The token request finds the client as it was; the writer takes it after the revocation.
    let (revoked, answer, ()) = futures_util::join!(
        house.ops.revoke_app(app, MACHINE),
        send(&house, ENDPOINTS[2], &[], Some(&header)),
        async { disk.release() },
    );
    assert!(revoked.is_ok());
    assert_eq!(refusal(&answer), owned(NO_CLIENT));
    assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{answer:?}");
}
