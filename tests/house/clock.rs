//! The machine's clock is wrong: set back an hour, standing still, ten years ahead. Nothing lives longer
//! for it, and nothing that has ended is good again.
//!
//! A server that runs never looks at the machine's clock (`base::clock`), so a wrong one counts when it
//! starts: time then goes on from the machine's clock or from what was noted last, whichever is later.

use std::time::Duration;

use countersign::base::clock::Clock as _;
use countersign::base::clock::Timestamp;
use countersign::domain::app::AppKind;
use countersign::domain::app_life::Overlap;
use countersign::domain::audit::Origin;
use countersign::domain::link::Lost;
use countersign::http::Peer;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::issue_recovery::Account;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::Authenticator;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;
use crate::harness::authenticator::asked;
use crate::harness::request;
use crate::registering::REGISTER;
use crate::registering::asking;
use crate::registering::public;
use crate::scenes;
use crate::scenes::Scene;

const SCOPE: &str = "customers:readonly";
const SETTINGS: [(&str, &str); 1] = [("clients.registration", "initial_token")];
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;
/// What no answer has.
const NEVER: StatusCode = StatusCode::IM_A_TEAPOT;
const VERIFY: &str = "/sign-in/verify";

/// Everything that lives for a time, and for how long.
const LIVES: [(&str, u64); 16] = [
    ("token of an app", HOUR),
    ("token of a person", DAY),
    ("refresh token", 90 * DAY),
    ("connection", YEAR),
    ("code", MINUTE),
    ("pushed request", 90),
    ("consent page", 30 * MINUTE),
    ("idle session", HOUR),
    ("busy session", 12 * HOUR),
    ("invitation", DAY),
    ("recovery link", HOUR),
    ("API token with a date", 2 * HOUR),
    ("initial access token with a date", 2 * HOUR),
    ("kept answer", MINUTE),
    ("passkey's challenge", 10 * MINUTE),
    ("former secret", HOUR),
];

/// One thing that lives.
struct Thing {
    text: String,
    scene: Option<Scene>,
    ends: Timestamp,
}

fn after(house: &House, seconds: u64) -> Timestamp {
    house.clock.now().plus(Duration::from_secs(seconds))
}

async fn text_of(
    house: &House,
    what: &str,
    passkey: &mut Authenticator,
) -> (String, Option<Scene>) {
    let acme = house.company("acme");
    let connect = || house.tokens("oauth_public", "owner", &acme, SCOPE);
    let text = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let plain = match what {
        "token of an app" => house.client_token().await,
        "token of a person" => text(&connect().await, "access_token"),
        "refresh token" => text(&connect().await, "refresh_token"),
        "kept answer" => {
            let first = text(&connect().await, "refresh_token");
            assert_eq!(house.refresh("oauth_public", &first).await.status, StatusCode::OK);
            first
        }
        "connection" => {
            let mut newest = text(&connect().await, "refresh_token");
            for _ in 0..4 {
                house.advance(80 * DAY);
                let next = house.refresh("oauth_public", &newest).await;
                newest = next.text("refresh_token");
            }
            newest
        }
        "code" => house.code("oauth_public", "owner", &acme, SCOPE).await,
        "pushed request" => {
            let form = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", SCOPE)];
            let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
            pushed.text("request_uri")
        }
        "idle session" => house.signed_in("viewer").await.cookies["__Host-cs_session"].clone(),
        "busy session" => {
            let cookie = house.signed_in("viewer").await.cookies["__Host-cs_session"].clone();
            for _ in 0..14 {
                house.advance(50 * MINUTE);
                assert_eq!(home(house, &cookie).await.status, StatusCode::OK);
            }
            cookie
        }
        "invitation" => scenes::set(house, "/setup/{link}").await.action,
        "recovery link" => {
            let account = Account { user: house.user_id("viewer"), place: None };
            let link = house.ops.issue_recovery(account, Lost::Password, MACHINE).await.unwrap();
            link.url.expose().strip_prefix(ISSUER).unwrap().to_owned()
        }
        "API token with a date" => {
            let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPE);
            let new = NewApp { expires_at: Some(after(house, 2 * HOUR)), ..new };
            let made = house.ops.create_app(new, MACHINE).await.unwrap();
            made.secret.unwrap().expose().to_owned()
        }
        "initial access token with a date" => {
            let end = Some(after(house, 2 * HOUR));
            let name = format!("fleet {}", house.ops.unique());
            let made = house.ops.create_initial_token(&name, end, None, Origin::default()).await;
            made.unwrap().plain.expose().to_owned()
        }
        "former secret" => {
            let new = house.acting(AppKind::ApiCredentials, "acme", "owner", SCOPE);
            let made = house.ops.create_app(new, MACHINE).await.unwrap();
            house.ops.rotate_secret(made.app.id, Overlap::Hour, MACHINE).await.unwrap();
            format!("{} {}", made.app.id, made.secret.unwrap().expose())
        }
        "consent page" => {
            let scene = scenes::set(house, "/consent/{handle}").await;
            return (String::new(), Some(scene));
        }
        _ => {
            let mut browser = Browser::new(house);
            browser.password("owner").await;
            let page = browser.get(VERIFY).await;
            let answer = passkey.get(&asked(&page.body).unwrap());
            let scene = Scene::of(&browser, &page, VERIFY, &[("passkey", &answer)]);
            return (String::new(), Some(scene));
        }
    };
    (plain, None)
}

/// Makes one, in a house that may go on for years meanwhile.
async fn make(house: &House, what: &str, life: u64, passkey: &mut Authenticator) -> Thing {
    let begun = house.clock.now();
    let (text, scene) = text_of(house, what, passkey).await;
    // Who signs in and consents waits half a minute for the next code. A session begins before that with
    // the password, and a consent page when it is opened; everything else after it.
    let begins = match what {
        "connection" => house.clock.now().minus(Duration::from_secs(320 * DAY)),
        "busy session" => house.clock.now().minus(Duration::from_secs(14 * 50 * MINUTE + 30)),
        "consent page" => house.clock.now().minus(Duration::from_secs(30)),
        _ => house.clock.now(),
    };
    assert!(begins >= begun, "{what}");
    Thing { text, scene, ends: begins.plus(Duration::from_secs(life)) }
}

async fn home(house: &House, cookie: &str) -> Answer {
    let cookie = format!("__Host-cs_session={cookie}");
    let home = request("GET", "/").header(header::COOKIE, cookie);
    house.send(home.body(axum::body::Body::empty()).unwrap()).await
}

/// Whether it is good now.
async fn is_good(house: &House, what: &str, thing: &Thing) -> bool {
    let Thing { text, scene, .. } = thing;
    let (answer, good) = match what {
        "token of an app" | "token of a person" | "API token with a date" => {
            (house.call(text, "/me").await, StatusCode::OK)
        }
        "refresh token" | "connection" | "kept answer" => {
            (house.refresh("oauth_public", text).await, StatusCode::OK)
        }
        "code" => (house.redeem("oauth_public", text).await, StatusCode::OK),
        "pushed request" => {
            let url = house.authorize_url("oauth_confidential", &[("request_uri", text)]);
            (house.get(&url).await, StatusCode::SEE_OTHER)
        }
        "idle session" | "busy session" => (home(house, text).await, StatusCode::OK),
        "invitation" | "recovery link" => (house.get(text).await, StatusCode::OK),
        "initial access token with a date" => {
            let mut request = asking("POST", REGISTER, Some(text), &public().to_string());
            request.extensions_mut().insert(Peer(([192, 0, 2, 1], 443).into()));
            (house.send(request).await, StatusCode::CREATED)
        }
        "former secret" => {
            let (id, secret) = text.split_once(' ').unwrap();
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
            ];
            (house.post("/oauth/token", &form).await, StatusCode::OK)
        }
        "consent page" => {
            let scene = scene.as_ref().unwrap();
            let form = scene.form_with("code", &house.code_now("owner"));
            let answer = scene.send(house, &form).await;
            let code = answer.header("location").contains("code=");
            (answer, if code { StatusCode::SEE_OTHER } else { NEVER })
        }
        _ => {
            let scene = scene.as_ref().unwrap();
            let answer = scene.send(house, &scene.form).await;
            let inside = answer.header("location") == "/";
            (answer, if inside { StatusCode::SEE_OTHER } else { NEVER })
        }
    };
    assert!(!answer.status.is_server_error(), "{what}: {answer:?}");
    answer.status == good
}

/// Stopped, and started while the machine's clock says `wall`.
async fn started_at(house: House, wall: Timestamp) -> House {
    house.ops.note_time().await.unwrap();
    started_after_a_kill_at(house, wall)
}

/// Killed, so that nothing was noted at the end, and started while the machine's clock says `wall`.
fn started_after_a_kill_at(house: House, wall: Timestamp) -> House {
    house.clock.set(wall.max(house.ops.last_noted().unwrap()));
    house.restarted(&SETTINGS)
}

async fn house() -> (House, Authenticator) {
    let house = House::on_disk().await.restarted(&SETTINGS);
    let passkey = house.signed_in("owner").await.add_passkey("owner").await;
    (house, passkey)
}

#[tokio::test]
async fn nothing_lives_longer_for_a_clock_that_is_set_back_or_stands_still_over_restarts() {
    let (mut house, mut passkey) = house().await;
    let frozen = house.clock.now();
    for (what, life) in LIVES {
        let early = make(&house, what, life, &mut passkey).await;
        // An hour back, in the middle of its life.
        let middle = early.ends.minus(Duration::from_secs(life / 2)).max(house.clock.now());
        house.clock.set(middle);
        house = started_at(house, middle.minus(Duration::from_secs(HOUR))).await;
        house.clock.set(early.ends.minus(Duration::from_secs(1)));
        assert!(is_good(&house, what, &early).await, "{what} ended early");
        let late = make(&house, what, life, &mut passkey).await;
        house.clock.set(late.ends);
        assert!(!is_good(&house, what, &late).await, "{what} lives too long");
        // Standing still since the beginning.
        house = started_at(house, frozen).await;
        house.ops.sweep().await.unwrap();
        assert!(!is_good(&house, what, &late).await, "{what} is good again");
    }
}

#[tokio::test]
async fn ten_years_ahead_everything_has_ended_and_no_start_makes_it_good_again() {
    let (house, mut passkey) = house().await;
    let mut things = Vec::new();
    for (what, life) in LIVES {
        things.push((what, make(&house, what, life, &mut passkey).await));
    }
    let right = house.clock.now();
    let wrong = right.plus(Duration::from_secs(10 * YEAR));
    house.clock.set(wrong);
    for (what, thing) in &things {
        assert!(!is_good(&house, what, thing).await, "{what} after ten years");
    }
    for path in ["/", "/sign-in", "/readyz", "/.well-known/oauth-authorization-server"] {
        assert!(!house.get(path).await.status.is_server_error(), "{path}");
    }
    house.ops.sweep().await.unwrap();
    let house = started_after_a_kill_at(house, right);
    assert!(house.clock.now() >= wrong, "what the trail tells was gone back behind");
    for (what, thing) in &things {
        assert!(!is_good(&house, what, thing).await, "{what} is good again");
    }
}

/// What leaves nothing in the trail, so that nothing keeps the time from going back: a token of an app, a
/// pushed request, a consent page, a session that has gone as far as the password, a refresh.
#[tokio::test]
async fn what_was_issued_by_a_clock_that_was_ahead_is_good_neither_at_the_next_start_nor_when_its_time_comes()
 {
    let (mut house, _) = house().await;
    let acme = house.company("acme");
    for ahead in [3 * HOUR, 10 * YEAR] {
        let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        house.ops.note_time().await.unwrap();
        let right = house.clock.now();
        let wrong = right.plus(Duration::from_secs(ahead.min(80 * DAY)));
        house.clock.set(wrong);
        let form = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", SCOPE)];
        let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
        let token = house.client_token().await;
        let pushed = house
            .authorize_url("oauth_confidential", &[("request_uri", &pushed.text("request_uri"))]);
        let mut half = Browser::new(&house);
        let opened = half.get(&pushed).await.location();
        half.password("owner").await;
        let cookies = half.cookies.clone();
        let next = house.refresh("oauth_public", refresh).await;
        assert_eq!(next.status, StatusCode::OK, "{ahead}");
        let next = next.text("refresh_token");

        house = started_after_a_kill_at(house, right);
        assert_eq!(house.clock.now(), right, "{ahead}: something kept the time from going back");
        let mut browser = Browser::new(&house);
        browser.sign_in("owner").await;
        let page = browser.get(&opened).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{ahead}: {opened}");
        for now in [house.clock.now(), wrong.plus(Duration::from_secs(5))] {
            house.clock.set(now);
            let call = house.call(&token, "/me").await;
            assert_eq!(call.status, StatusCode::UNAUTHORIZED, "{ahead}");
            assert_eq!(house.get(&pushed).await.status, StatusCode::BAD_REQUEST, "{ahead}");
            let mut half = Browser::new(&house);
            half.cookies.clone_from(&cookies);
            assert_eq!(half.get(VERIFY).await.location(), "/sign-in", "{ahead}");
            // A replay: what it was rotated to is gone, so nobody can tell who holds it.
            for text in [refresh, &next] {
                let refused = house.refresh("oauth_public", text).await;
                assert_eq!(refused.error(), "invalid_grant", "{ahead}");
            }
        }
    }
}

#[tokio::test]
async fn a_wait_after_wrong_guesses_is_neither_shortened_nor_made_endless() {
    let mut house = House::on_disk().await;
    let email = house.user("viewer").email.clone();
    let right = house.user("viewer").password.clone();
    let frozen = house.clock.now();
    let guess = async |house: &House, password: &str| {
        let mut browser = Browser::new(house);
        let page = browser.get("/sign-in").await;
        let form = [("email", email.as_str()), ("password", password)];
        browser.submit(&page, "/sign-in", &form).await.status
    };
    for _ in 0..3 {
        assert_eq!(guess(&house, "wrong password").await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    for wall in [frozen.minus(Duration::from_secs(HOUR)), frozen] {
        house = started_at(house, wall).await;
        assert_eq!(guess(&house, &right).await, StatusCode::TOO_MANY_REQUESTS);
    }
    house.advance(2);
    assert_eq!(guess(&house, &right).await, StatusCode::SEE_OTHER);
    for _ in 0..3 {
        guess(&house, "wrong password").await;
    }
    house.clock.set(frozen.plus(Duration::from_secs(10 * YEAR)));
    assert_eq!(guess(&house, &right).await, StatusCode::SEE_OTHER);
}
