//! Attacks with tokens: used where another kind belongs, guessed from others, used again.
//!
//! O, 4.6, 4.10: `each_kind_of_token_…`, `nothing_that_resembles_…`, `nothing_forged_…`, `a_token_for_one_surface_…`
//! E, I (restart): `nothing_that_was_used_up_…`, `a_clock_that_goes_back_…`
//! G: `a_client_without_a_secret_…`, `a_revocation_that_could_not_be_kept_…`

use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering;

use countersign::base::clock::Clock as _;
use countersign::domain::app::AppKind;
use countersign::domain::audit::Origin;
use countersign::http::Peer;
use http::StatusCode;
use http::header;

use crate::disk::Disk;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::encoded;
use crate::harness::request;
use crate::hostile;
use crate::registering::REGISTER;
use crate::registering::asking;
use crate::registering::public;
use crate::scenes;

const SCOPE: &str = "customers:readonly";
const MANAGED: &str = "Managed";
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A house in which every kind of token exists.
async fn house() -> House {
    House::with(&[("clients.registration", "initial_token")]).await
}

/// Sends a registration, or a question about the one that there is, from another network each time.
async fn registering(house: &House, method: &str, token: &str) -> Answer {
    static NETWORK: AtomicU16 = AtomicU16::new(0);
    let [high, low] = NETWORK.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let apps = house.ops.apps().unwrap();
    // The first of them is the one whose token is among the kinds.
    let own = apps.iter().find(|listed| listed.app.name == MANAGED);
    let mut body = public();
    if own.is_none() {
        body["client_name"] = MANAGED.into();
    }
    let path = match own {
        Some(client) if method == "GET" => format!("{REGISTER}/{}", client.app.id),
        _ => REGISTER.to_owned(),
    };
    let mut request = asking(method, &path, Some(token), &body.to_string());
    request.extensions_mut().insert(Peer(([10, high, low, 1], 443).into()));
    house.send(request).await
}

/// One of each kind of token that there is, all good.
async fn kinds(house: &House) -> Vec<(&'static str, String)> {
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let setup = scenes::set(house, "/setup/{link}").await.action;
    let session = house.signed_in("viewer").await.cookies["__Host-cs_session"].clone();
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let form =
        [("response_type", "code"), ("redirect_uri", crate::harness::CALLBACK), ("scope", SCOPE)];
    let initial = house.ops.create_initial_token("fleet", None, None, Origin::default()).await;
    let initial = initial.unwrap().plain.expose().to_owned();
    let registration = registering(house, "POST", &initial).await;
    let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await.json();
    let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPE);
    let api_token = house.ops.create_app(new, MACHINE).await.unwrap().secret.unwrap();
    vec![
        ("access", text("access_token")),
        ("refresh", text("refresh_token")),
        ("client access", house.client_token().await),
        ("api token", api_token.expose().to_owned()),
        ("secret", house.app("api_credentials").client_secret.clone().unwrap()),
        (
            "pushed",
            pushed["request_uri"].as_str().unwrap().strip_prefix(PREFIX).unwrap().to_owned(),
        ),
        ("link", setup.strip_prefix("/setup/").unwrap().to_owned()),
        ("session", session),
        ("initial", initial),
        ("registration", registration.text("registration_access_token")),
        ("code", code),
        ("recovery code", house.user("viewer").recovery_codes[5].clone()),
        ("id", house.app("api_credentials").client_id.clone()),
    ]
}

/// Every place that takes a token, with the kinds that it takes.
const PLACES: [(&str, &[&str]); 10] = [
    ("bearer", &["access", "client access", "api token"]),
    ("introspection", &["access", "client access", "api token"]),
    ("session cookie", &["session"]),
    ("request_uri", &["pushed"]),
    ("setup", &["link"]),
    ("client secret", &["secret"]),
    ("register", &["initial"]),
    ("manage", &["registration"]),
    ("code", &["code"]),
    ("refresh token", &["refresh"]),
];

/// Whether a place takes this text.
async fn is_taken(house: &House, place: &str, text: &str) -> bool {
    let ok = |answer: Answer| answer.status == StatusCode::OK;
    let header_safe = text.bytes().all(|byte| byte.is_ascii_graphic());
    match place {
        "bearer" => header_safe && ok(house.call(text, "/me").await),
        "introspection" => {
            let form = [("token", text)];
            let answer = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
            assert!(answer.status == StatusCode::OK || text.is_empty(), "{answer:?}");
            answer.json()["active"] == true
        }
        "session cookie" => {
            let cookie = format!("__Host-cs_session={text}");
            let request = request("GET", "/").header(header::COOKIE, cookie);
            header_safe && ok(house.send(request.body(axum::body::Body::empty()).unwrap()).await)
        }
        "register" => {
            header_safe && registering(house, "POST", text).await.status == StatusCode::CREATED
        }
        "manage" => header_safe && ok(registering(house, "GET", text).await),
        "request_uri" => {
            let client = house.app("oauth_confidential").client_id.as_str();
            let uri = format!("{PREFIX}{text}");
            let query = encoded(&[("client_id", client), ("request_uri", &uri)]);
            let answer = house.get(&format!("/oauth/authorize?{query}")).await;
            answer.status == StatusCode::SEE_OTHER
        }
        "setup" => {
            let set = percent_encoding::NON_ALPHANUMERIC;
            let segment = percent_encoding::utf8_percent_encode(text, set);
            ok(house.get(&format!("/setup/{segment}")).await)
        }
        "client secret" => {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &house.app("api_credentials").client_id),
                ("client_secret", text),
            ];
            ok(house.post("/oauth/token", &form).await)
        }
        "code" => ok(house.redeem("oauth_public", text).await),
        _ => ok(house.refresh("oauth_public", text).await),
    }
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn each_kind_of_token_is_taken_where_it_belongs_and_nowhere_else() {
    let house = house().await;
    let kinds = kinds(&house).await;
    for (place, takes) in PLACES {
        for (kind, text) in kinds.iter().filter(|(kind, _)| !takes.contains(kind)) {
            assert!(!is_taken(&house, place, text).await, "{place} takes a {kind}");
        }
    }
    for (place, takes) in PLACES {
        for (kind, text) in kinds.iter().filter(|(kind, _)| takes.contains(kind)) {
            assert!(is_taken(&house, place, text).await, "{place} does not take a {kind}");
        }
    }
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn nothing_that_resembles_a_token_is_taken_for_it() {
    let house = house().await;
    let kinds = kinds(&house).await;
    for (place, takes) in PLACES {
        let (_, text) = kinds.iter().find(|(kind, _)| takes.contains(kind)).unwrap();
        for other in hostile::resembling(text) {
            assert!(!is_taken(&house, place, &other).await, "{place} takes {other:?} for {text}");
        }
        assert!(is_taken(&house, place, text).await, "{place}: another text used it up");
    }
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn nothing_forged_around_the_id_of_a_token_is_taken_for_it() {
    let house = house().await;
    let kinds = kinds(&house).await;
    for (place, takes) in PLACES {
        for (_, text) in kinds.iter().filter(|(kind, _)| takes.contains(kind)) {
            for forged in hostile::forged(text) {
                assert!(
                    !is_taken(&house, place, &forged).await,
                    "{place} takes {forged} for {text}"
                );
            }
            assert!(is_taken(&house, place, text).await, "{place}: a forgery used it up");
        }
    }
}

#[tokio::test]
async fn revoking_takes_no_other_kind_of_token_away() {
    let house = house().await;
    let kinds = kinds(&house).await;
    let of_others = [
        "api token",
        "secret",
        "pushed",
        "link",
        "session",
        "initial",
        "registration",
        "code",
        "recovery code",
        "id",
    ];
    for (_, text) in kinds.iter().filter(|(kind, _)| of_others.contains(kind)) {
        for app in ["api_credentials", "oauth_public", "oauth_confidential", "resource_server"] {
            let answer = house.as_app_at("/oauth/revoke", app, &[("token", text)]).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
        }
    }
    for (place, takes) in PLACES {
        for (kind, text) in kinds.iter().filter(|(kind, _)| takes.contains(kind)) {
            assert!(is_taken(&house, place, text).await, "{kind} was revoked");
        }
    }
}

#[tokio::test]
async fn a_token_for_one_surface_is_worth_nothing_at_another() {
    let house = House::new().await;
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::harness::CALLBACK),
        ("code_verifier", crate::harness::VERIFIER),
        ("resource", "https://cs.example/companies/acme/mcp"),
    ];
    let tokens = house.as_app("oauth_public", &form).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    for (route, _) in crate::routes::calls() {
        let request = request(route.method, &route.path)
            .header(header::AUTHORIZATION, format!("Bearer {access}"));
        let answer = house.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{route:?}");
        assert!(answer.header("www-authenticate").contains("invalid_token"), "{route:?}");
    }
    assert!(!is_taken(&house, "introspection", access).await);
}

/// Uses up one of each thing that is good once, and returns what it takes to try again.
struct UsedUp {
    code: String,
    refresh: String,
    successor: String,
    link: String,
    totp: String,
    recovery: String,
    request_uri: String,
    consent: scenes::Scene,
    /// The cookies of a browser that signed out.
    signed_out: String,
}

async fn use_up(house: &House) -> UsedUp {
    let acme = house.company("acme");
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let tokens = house.redeem("oauth_public", &code).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let next = house.refresh("oauth_public", &refresh).await.json();
    let setup = scenes::set(house, "/setup/{link}").await;
    setup.send(house, &setup.form).await;
    let form =
        [("response_type", "code"), ("redirect_uri", crate::harness::CALLBACK), ("scope", SCOPE)];
    let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await.json();
    let request_uri = pushed["request_uri"].as_str().unwrap().to_owned();
    let url = house.authorize_url("oauth_confidential", &[("request_uri", &request_uri)]);
    house.signed_in("owner").await.allow(&url, &acme, None).await;
    let sign_out = scenes::set_for(house, "/sign-out", "viewer").await;
    sign_out.send(house, &sign_out.form).await;
    let recovery = house.user("owner").recovery_codes[0].clone();
    let mut browser = Browser::new(house);
    browser.password("owner").await;
    let page = browser.get("/sign-in/verify").await;
    browser.submit(&page, "/sign-in/verify", &[("code", &recovery)]).await;
    let consent = scenes::set(house, "/consent/{handle}").await;
    assert!(consent.send(house, &consent.form).await.redirected("code").is_some());
    UsedUp {
        code,
        refresh,
        successor: next["refresh_token"].as_str().unwrap().to_owned(),
        link: setup.action,
        totp: house.code_now("owner"),
        recovery,
        request_uri,
        consent,
        signed_out: sign_out.cookies,
    }
}

#[tokio::test]
async fn nothing_that_was_used_up_is_good_again_after_a_restart() {
    let house = House::on_disk().await;
    let used = use_up(&house).await;
    let house = house.restarted(&[]);
    let mut browser = Browser::new(&house);
    browser.password("owner").await;
    for code in [&used.totp, &used.recovery] {
        let page = browser.get("/sign-in/verify").await;
        let answer = browser.submit(&page, "/sign-in/verify", &[("code", code)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
    }
    assert_eq!(house.get(&used.link).await.status, StatusCode::NOT_FOUND);
    let again = used.consent.send(&house, &used.consent.form).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "{again:?}");
    let url = house.authorize_url("oauth_confidential", &[("request_uri", &used.request_uri)]);
    assert_eq!(house.get(&url).await.status, StatusCode::BAD_REQUEST);
    let home = request("GET", "/").header(header::COOKIE, &used.signed_out);
    let home = house.send(home.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(home.location(), "/sign-in");
    house.advance(61);
    assert_eq!(house.refresh("oauth_public", &used.refresh).await.error(), "invalid_grant");
    assert_eq!(house.refresh("oauth_public", &used.successor).await.error(), "invalid_grant");
    assert_eq!(house.redeem("oauth_public", &used.code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_no_second_successor() {
    let house = House::on_disk().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let early = house.clock.now();
    house.advance(3600);
    let next = house.refresh("oauth_public", &first).await.json();
    house.clock.set(early);
    let earlier = house.restarted(&[]);
    let again = earlier.refresh("oauth_public", &first).await;
    if again.status == StatusCode::OK {
        assert_eq!(again.json()["refresh_token"], next["refresh_token"]);
    } else {
        assert_eq!(again.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn a_client_without_a_secret_revokes_its_own_tokens_and_no_others() {
    let house = House::new().await;
    let acme = house.company("acme");
    let own = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let others = house.tokens("oauth_confidential", "owner", &acme, SCOPE).await;
    let of_app = house.client_token().await;
    let text = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    for hint in ["access_token", "refresh_token", "nonsense", ""] {
        for token in [&text(&others, "access_token"), &text(&others, "refresh_token"), &of_app] {
            let form = [("token", token.as_str()), ("token_type_hint", hint)];
            let answer = house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
        }
    }
    assert_eq!(house.call(&text(&others, "access_token"), "/me").await.status, StatusCode::OK);
    assert_eq!(house.call(&of_app, "/me").await.status, StatusCode::OK);
    assert!(is_taken(&house, "bearer", &text(&own, "access_token")).await);
    let form = [("token", &*text(&own, "refresh_token")), ("token_type_hint", "access_token")];
    house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
    assert!(!is_taken(&house, "bearer", &text(&own, "access_token")).await);
}

#[tokio::test]
async fn a_revocation_that_could_not_be_kept_is_never_answered_with_200() {
    for (kind, name) in [("oauth_public", "refresh_token"), ("oauth_confidential", "access_token")]
    {
        let (house, disk) = Disk::house().await;
        let tokens = house.tokens(kind, "owner", &house.company("acme"), SCOPE).await;
        disk.fill();
        let form = [("token", tokens[name].as_str().unwrap())];
        let answer = house.as_app_at("/oauth/revoke", kind, &form).await;
        assert!(answer.status.is_server_error(), "{kind} {name}: {answer:?}");
        assert_eq!(house.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
}
