//! Attacks by whoever lost a right and still holds what came of it.
//!
//! F, 4.14: `whoever_lost_their_right_…` (every ending against every use), `whoever_is_slowed_…`,
//! `nothing_that_could_not_be_kept_is_granted`.

use countersign::base::clock::Clock as _;
use countersign::base::id::AppId;
use countersign::domain::app::AppKind;
use countersign::domain::company::Place;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::issue_recovery::Account;
use http::StatusCode;

use crate::disk::Disk;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::members::give;
use crate::scenes;

const SCOPE: &str = "customers:readonly";

/// What somebody holds: of each kind of grant and use, one that is good now.
struct Held<'h> {
    code: String,
    access: String,
    refresh: String,
    client_access: String,
    /// With the id of its app.
    api_token: (AppId, String),
    browser: Browser<'h>,
}

impl<'h> Held<'h> {
    async fn by_owner(house: &'h House) -> Self {
        let acme = house.company("acme");
        let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let browser = house.signed_in("owner").await;
        let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
        let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPE);
        let made = house.ops.create_app(new, MACHINE).await.unwrap();
        Self {
            api_token: (made.app.id, made.secret.unwrap().expose().to_owned()),
            code,
            access: text("access_token"),
            refresh: text("refresh_token"),
            client_access: house.client_token().await,
            browser,
        }
    }
}

/// Every use of what is held. `true`: it went through.
async fn uses(house: &House, held: &mut Held<'_>) -> Vec<(&'static str, bool)> {
    let ok = |status: StatusCode| status == StatusCode::OK;
    let call = |token: &str| {
        let token = token.to_owned();
        async move { ok(house.call(&token, "/customers").await.status) }
    };
    let introspect = |token: &str| {
        let token = token.to_owned();
        async move {
            let form = [("token", token.as_str())];
            house.as_app_at("/oauth/introspect", "resource_server", &form).await.json()["active"]
                == true
        }
    };
    let push = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", SCOPE)];
    let url = house.authorize_url("oauth_public", &[("scope", SCOPE)]);
    let consent = held.browser.follow(&url).await;
    vec![
        ("call", call(&held.access).await),
        ("introspection", introspect(&held.access).await),
        ("call of the app", call(&held.client_access).await),
        ("introspection of the app", introspect(&held.client_access).await),
        ("call by the API token", call(&held.api_token.1).await),
        ("introspection of the API token", introspect(&held.api_token.1).await),
        ("code", ok(house.redeem("oauth_public", &held.code).await.status)),
        ("refresh", ok(house.refresh("oauth_public", &held.refresh).await.status)),
        (
            "client credentials",
            ok(house
                .as_app("api_credentials", &[("grant_type", "client_credentials")])
                .await
                .status),
        ),
        (
            "push",
            house.as_app_at("/oauth/par", "oauth_confidential", &push).await.status
                == StatusCode::CREATED,
        ),
        ("consent", consent.0.starts_with("/consent/") && ok(consent.1.status)),
        ("session", ok(held.browser.get("/").await.status)),
    ]
}

const PERSON: [&str; 11] = [
    "call by the API token",
    "introspection of the API token",
    "call",
    "introspection",
    "call of the app",
    "introspection of the app",
    "code",
    "refresh",
    "client credentials",
    "consent",
    "session",
];

/// Each way in which a right ends, and every use that it must end. The person's are the app's too:
/// the owner delegated them.
const ENDINGS: [(&str, &[&str]); 11] = [
    ("nothing", &[]),
    ("the person is disabled", &PERSON),
    ("the person is erased", &PERSON),
    (
        "the person leaves the company",
        &[
            "call",
            "introspection",
            "call of the app",
            "introspection of the app",
            "call by the API token",
            "introspection of the API token",
            "code",
            "refresh",
            "client credentials",
        ],
    ),
    ("the company blocks the public app", &["call", "introspection", "code", "refresh"]),
    (
        "the company blocks the API credentials",
        &["call of the app", "introspection of the app", "client credentials"],
    ),
    ("the API token is revoked", &["call by the API token", "introspection of the API token"]),
    ("the public app is revoked", &["call", "introspection", "code", "refresh", "consent"]),
    ("the confidential app is revoked", &["push"]),
    (
        "the API credentials are revoked",
        &["call of the app", "introspection of the app", "client credentials"],
    ),
    ("the connection ends", &["call", "introspection", "refresh"]),
];

async fn end(house: &House, how: &str, held: &Held<'_>) {
    let (owner, origin) = (house.user_id("owner"), MACHINE);
    let acme: Place = house.company("acme").parse().unwrap();
    let revoke = |kind: &str| {
        let id = house.app(kind).client_id.parse().unwrap();
        async move { house.ops.revoke_app(id, MACHINE).await.map(drop).unwrap() }
    };
    match how {
        "nothing" => {}
        "the person is disabled" => {
            house.ops.disable_user(owner, origin).await.unwrap();
        }
        "the person is erased" => {
            // The last owner of a company is not erased.
            for slug in ["acme", "acme-test"] {
                give(house, "partner", slug, "owner").await;
            }
            let account = Account { user: owner, place: None };
            house.ops.erase_person(account, origin).await.unwrap();
        }
        "the person leaves the company" => {
            house.ops.remove_role(owner, acme, origin).await.unwrap();
        }
        "the public app is revoked" => revoke("oauth_public").await,
        "the confidential app is revoked" => revoke("oauth_confidential").await,
        "the API credentials are revoked" => revoke("api_credentials").await,
        "the company blocks the public app" | "the company blocks the API credentials" => {
            let public = how.contains("public");
            let kind = if public { "oauth_public" } else { "api_credentials" };
            let app = house.app(kind).client_id.parse().unwrap();
            let company = house.company("acme").parse().unwrap();
            house.ops.block(company, app, None, "", origin).await.unwrap();
        }
        "the API token is revoked" => {
            house.ops.revoke_app(held.api_token.0, origin).await.unwrap();
        }
        "the connection ends" => {
            let form = [("token", held.refresh.as_str())];
            house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
        }
        other => panic!("nobody says how {other}"),
    }
}

#[tokio::test]
async fn whoever_lost_their_right_can_use_nothing_that_came_of_it() {
    for (how, ended) in ENDINGS {
        let house = House::new().await;
        let mut held = Held::by_owner(&house).await;
        end(&house, how, &held).await;
        for (name, went_through) in uses(&house, &mut held).await {
            assert_eq!(went_through, !ended.contains(&name), "{name} after: {how}");
        }
    }
}

#[tokio::test]
async fn an_app_whose_date_has_passed_gets_nothing_by_any_grant() {
    let house = House::new().await;
    let acme = house.company("acme");
    let end = house.clock.now().plus(std::time::Duration::from_secs(600));
    let new = NewApp {
        expires_at: Some(end),
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, "For a day")
    };
    let made = house.ops.create_app(new, MACHINE).await.unwrap();
    let (id, secret) = (made.app.id.to_string(), made.secret.unwrap());
    let client = [("client_id", id.as_str()), ("client_secret", secret.expose())];
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("client_id", &id), ("scope", SCOPE)]);
    let redeem = |code: String| {
        let (house, client) = (&house, client);
        async move {
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", crate::harness::VERIFIER),
            ];
            form.extend(client);
            house.post("/oauth/token", &form).await
        }
    };
    let code = browser.allow(&url, &acme, None).await.redirected("code").unwrap();
    let tokens = redeem(code).await.json();
    assert!(tokens["expires_in"].as_u64().unwrap() <= 600, "{tokens}");
    house.advance(455);
    let late = browser.allow(&url, &acme, None).await.redirected("code").unwrap();
    house.advance(58);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(redeem(late).await.error(), "invalid_client");
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    form.extend(client);
    assert_eq!(house.post("/oauth/token", &form).await.error(), "invalid_client");
    for path in ["/oauth/par", "/oauth/introspect", "/oauth/revoke"] {
        let mut form = vec![("token", access)];
        form.extend(client);
        assert_eq!(house.post(path, &form).await.error(), "invalid_client", "{path}");
    }
    let answer = browser.get(&url).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("unauthorized_client"));
}

#[tokio::test]
async fn a_request_that_waited_while_its_app_was_revoked_yields_no_code() {
    let house = House::new().await;
    let waiting = scenes::set(&house, "/consent/{handle}").await;
    let app = house.app("oauth_public").client_id.parse().unwrap();
    house.ops.revoke_app(app, MACHINE).await.unwrap();
    let answer = waiting.send(&house, &waiting.form).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert!(answer.headers.get("location").is_none(), "{answer:?}");
}

#[tokio::test]
async fn a_request_that_waited_while_its_person_lost_the_role_yields_no_code() {
    let house = House::new().await;
    let waiting = scenes::set(&house, "/consent/{handle}").await;
    let acme: Place = house.company("acme").parse().unwrap();
    house.ops.remove_role(house.user_id("owner"), acme, MACHINE).await.unwrap();
    let answer = waiting.send(&house, &waiting.form).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert!(answer.headers.get("location").is_none(), "{answer:?}");
}

#[tokio::test]
async fn whoever_is_slowed_down_gives_no_consent_and_keeps_what_works() {
    let house = House::new().await;
    let mut held = Held::by_owner(&house).await;
    let url = house.authorize_url("oauth_public", &[("scope", SCOPE)]);
    let (path, page) = held.browser.consent_page(&url).await;
    let acme = house.company("acme");
    for _ in 0..3 {
        held.browser.answer(&page, &path, &acme, None, "000000").await;
    }
    let code = house.code_now("owner");
    let answer = held.browser.answer(&page, &path, &acme, None, &code).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(house.call(&held.access, "/customers").await.status, StatusCode::OK);
    assert_eq!(house.refresh("oauth_public", &held.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_that_could_not_be_kept_is_granted() {
    let (house, disk) = Disk::house().await;
    let held = Held::by_owner(&house).await;
    let mut forms = Vec::new();
    // A stranger's language is kept by their browser alone.
    for scene in scenes::all().into_iter().filter(|scene| scene != "/docs/language") {
        forms.push(scenes::set(&house, &scene).await);
    }
    disk.fill();
    for form in forms {
        let answer = form.send(&house, &form.form).await;
        assert!(answer.status.is_server_error(), "{}: {answer:?}", form.action);
        assert!(answer.headers.get("location").is_none(), "{}", form.action);
        let cookies = answer.headers.get_all("set-cookie").iter();
        assert!(cookies.into_iter().all(|line| !line.to_str().unwrap().contains("session=cs_")));
    }
    let push = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", SCOPE)];
    for answer in [
        house.redeem("oauth_public", &held.code).await,
        house.refresh("oauth_public", &held.refresh).await,
        house.as_app("api_credentials", &[("grant_type", "client_credentials")]).await,
        house.as_app_at("/oauth/par", "oauth_confidential", &push).await,
    ] {
        assert!(answer.status.is_server_error(), "{answer:?}");
        assert!(!answer.body.contains("cs_"), "{answer:?}");
    }
}
