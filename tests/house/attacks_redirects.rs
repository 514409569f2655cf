//! Attacks that make this server send a browser, and a code, somewhere else.
//!
//! A, 4.1: `no_hostile_redirect_uri_…`, `a_redirect_uri_sent_twice_…`, `the_redirect_uri_of_a_pushed_…`
//! B, 4.11: `whatever_a_request_says_…`, `a_page_to_return_to_…`
//! 4.3: `nothing_but_a_code_…`; 4.4: `every_way_back_…`; 4.12: `every_form_is_answered_with_303_…`

use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;
use crate::harness::encoded;
use crate::hostile::LOOPBACK;
use crate::hostile::REDIRECTS;
use crate::routes;
use crate::scenes;

const REGISTERED: &str = "https://app.example/cb";

/// An app with a web address, and its secret.
async fn web_app(house: &House, uris: &[&str]) -> (String, String) {
    let new = NewApp {
        redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        ..NewApp::of(AppKind::OauthConfidential, "Web app")
    };
    let made = house.ops.create_app(new, MACHINE).await.unwrap();
    (made.app.id.to_string(), made.secret.unwrap().expose().to_owned())
}

#[track_caller]
fn assert_stays(answer: &Answer, of: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{of}: {answer:?}");
    for name in ["location", "refresh", "content-location", "link"] {
        assert!(answer.headers.get(name).is_none(), "{of}: {answer:?}");
    }
    assert!(!answer.body.contains("evil"), "the answer echoes {of}");
}

/// What makes the authorization endpoint answer: well, and with each error of its own.
const WAYS: &[(&str, &str)] = &[
    ("state", "x"),
    ("prompt", "none"),
    ("prompt", "consent"),
    ("response_type", "token"),
    ("response_type", ""),
    ("response_mode", "form_post"),
    ("response_mode", "fragment"),
    ("code_challenge", ""),
    ("code_challenge_method", "plain"),
    ("scope", "no:such"),
    ("resource", "https://evil.example/"),
    ("request", "eyJhbGciOiJub25lIn0.e30."),
    ("request_uri", "https://evil.example/request"),
];

#[tokio::test]
async fn no_hostile_redirect_uri_is_ever_followed_on_any_way_to_an_answer() {
    let house = House::new().await;
    let (web, secret) = web_app(&house, &[REGISTERED]).await;
    let loopback = house.app("oauth_public").client_id.clone();
    let of_web = REDIRECTS.iter().map(|uri| (&web, *uri));
    let all = of_web.chain(LOOPBACK.iter().map(|uri| (&loopback, *uri)));
    let mut tried = 0;
    for (client, uri) in all {
        for way in WAYS {
            let more = [("client_id", client.as_str()), ("redirect_uri", uri), *way];
            let url = house.authorize_url("oauth_public", &more);
            for url in [url.clone(), url.replacen("/oauth/authorize", "/authorize", 1)] {
                assert_stays(&house.get(&url).await, &format!("{uri} with {way:?}"));
                tried += 1;
            }
        }
        let mut pushed =
            vec![("response_type", "code"), ("client_id", client), ("redirect_uri", uri)];
        if client == &web {
            pushed.push(("client_secret", &secret));
        }
        let answer = house.post("/oauth/par", &pushed).await;
        assert_stays(&answer, uri);
        assert_eq!(answer.error(), "invalid_request");
    }
    assert!(tried > 2000);
    for (client, uri) in [(&web, REGISTERED), (&loopback, CALLBACK)] {
        let more = [("client_id", client.as_str()), ("redirect_uri", uri)];
        let answer = house.get(&house.authorize_url("oauth_public", &more)).await;
        assert!(answer.location().starts_with("/consent/"));
    }
}

#[tokio::test]
async fn a_redirect_uri_sent_twice_or_left_out_is_never_guessed() {
    let house = House::new().await;
    let (two, _) = web_app(&house, &[REGISTERED, "https://app.example/other"]).await;
    let without = house.authorize_url("oauth_public", &[("client_id", &two), ("redirect_uri", "")]);
    assert_stays(&house.get(&without).await, "two registered and none named");
    let good = encoded(&[("redirect_uri", REGISTERED)]);
    for other in [REGISTERED, "https://evil.example/cb", ""] {
        let bad = encoded(&[("redirect_uri", other)]);
        for (first, second) in [(&good, &bad), (&bad, &good)] {
            for error in ["", "&prompt=none", "&response_type=token"] {
                let url = format!("{without}&{first}&{second}{error}");
                assert_stays(&house.get(&url).await, &url);
            }
        }
    }
    let nested = format!("{without}&redirect_uri[]={REGISTERED}&redirect_uri%00={REGISTERED}");
    assert_stays(&house.get(&nested).await, "names that only resemble redirect_uri");
    let twice = format!("{without}&{good}&client_id=x");
    assert_stays(&house.get(&twice).await, "two clients");
}

#[tokio::test]
async fn the_redirect_uri_of_a_pushed_request_cannot_be_replaced_when_it_is_opened() {
    let house = House::new().await;
    let form =
        [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "customers:readonly")];
    let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await.json();
    let client = house.app("oauth_confidential").client_id.as_str();
    let url = encoded(&[
        ("client_id", client),
        ("request_uri", pushed["request_uri"].as_str().unwrap()),
        ("redirect_uri", "https://evil.example/"),
        ("state", "evil"),
        ("scope", "customers:all"),
    ]);
    let mut browser = house.signed_in("owner").await;
    let url = format!("/oauth/authorize?{url}");
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    assert!(answer.location().starts_with(CALLBACK), "{answer:?}");
    assert!(!answer.location().contains("evil"));
}

/// Names by which servers have been told where to go next.
const NEXT: [&str; 22] = [
    "next",
    "resume",
    "return",
    "return_to",
    "returnTo",
    "redirect",
    "redirect_to",
    "redirect_uri",
    "redirect_url",
    "rd",
    "url",
    "uri",
    "continue",
    "callback",
    "goto",
    "dest",
    "destination",
    "post_logout_redirect_uri",
    "target",
    "notice",
    "from",
    "rurl",
];
const ELSEWHERE: [&str; 8] = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    ".evil.example",
    "@evil.example",
];

#[track_caller]
fn assert_stays_here(answer: &Answer, of: &str) {
    let location = answer.header("location");
    let here = location.is_empty() || location == "/" || location.starts_with("/sign-in");
    assert!(here, "{of}: {location}");
    assert!(!location.contains("evil") && !answer.body.contains("evil"), "{of}: {answer:?}");
    assert!(answer.headers.get("refresh").is_none(), "{of}");
}

#[tokio::test]
async fn whatever_a_request_says_of_where_to_go_next_it_stays_here() {
    let house = House::new().await;
    let mut half = Browser::new(&house);
    half.password("viewer").await;
    let full = house.signed_in("owner").await;
    let visitors = [String::new(), half.cookie_header(), full.cookie_header()];
    for route in routes::concrete() {
        for target in ELSEWHERE {
            let parameters: Vec<(&str, &str)> = NEXT.iter().map(|name| (*name, target)).collect();
            let query = encoded(&parameters);
            for cookies in &visitors {
                house.advance(1);
                let url = format!("{}?{query}", route.path);
                let request = crate::harness::request(route.method, &url)
                    .header(header::COOKIE, cookies)
                    .header(header::REFERER, target)
                    .header("x-forwarded-host", "evil.example")
                    .header("x-forwarded-proto", "http")
                    .header("x-original-url", target)
                    .header("forwarded", "host=evil.example")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(axum::body::Body::from(query.clone()));
                let answer = house.send(request.unwrap()).await;
                assert_stays_here(&answer, &format!("{} {} {target}", route.method, route.path));
            }
        }
    }
}

#[tokio::test]
async fn a_page_to_return_to_after_a_form_is_one_of_ours_whatever_the_form_says() {
    let house = House::quick().await;
    for scene in scenes::all() {
        for target in ELSEWHERE {
            let set = scenes::set(&house, &scene).await;
            let mut form = set.form.clone();
            form.retain(|(name, _)| name != "resume");
            form.extend(NEXT.iter().map(|name| ((*name).to_owned(), target.to_owned())));
            let answer = set.send(&house, &form).await;
            assert_eq!(answer.status, set.accepted, "{scene}: {answer:?}");
            if answer.status == StatusCode::OK {
                continue;
            }
            let location = answer.header("location");
            let to_client = scene.starts_with("/consent") && location.starts_with(CALLBACK);
            assert!(
                to_client
                    || location.starts_with("/sign-in")
                    || location.starts_with("/settings/")
                    || location == "/"
                    || (scene == "/docs/language" && location == "/docs/oauth")
                    || (location.is_empty() && answer.status == StatusCode::OK),
                "{scene}: {location}"
            );
            assert!(!location.contains("evil"), "{scene}: {location}");
        }
    }
}

#[tokio::test]
async fn every_form_is_answered_with_303_and_nothing_is_sent_on_again() {
    let house = House::quick().await;
    for scene in scenes::all() {
        let set = scenes::set(&house, &scene).await;
        let answer = set.send(&house, &set.form).await;
        assert_eq!(answer.status, set.accepted, "{scene}");
        // What only asks answers with its page: nothing can be sent on from there unseen.
        assert_eq!(answer.status == StatusCode::OK, answer.header("location").is_empty());
    }
}

#[tokio::test]
async fn every_way_back_to_a_client_names_this_server() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let allowed = browser.allow(&url, &house.company("acme"), None).await;
    let (path, page) = browser.consent_page(&url).await;
    let cancelled = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    let mut answers = vec![allowed, cancelled];
    for way in WAYS.iter().filter(|way| !matches!(**way, ("state", _) | ("prompt", "consent"))) {
        answers.push(house.get(&house.authorize_url("oauth_public", &[*way])).await);
    }
    for answer in answers {
        assert!(answer.location().starts_with(CALLBACK), "{answer:?}");
        assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER), "{answer:?}");
        assert_eq!(answer.location().matches("iss=").count(), 1);
        assert!(answer.redirected("state").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn nothing_but_a_code_ever_stands_in_an_address_that_a_browser_keeps() {
    let house = House::quick().await;
    for scene in scenes::all() {
        let set = scenes::set(&house, &scene).await;
        let answer = set.send(&house, &set.form).await;
        let location = answer.header("location");
        for prefix in [
            "cs_at_",
            "cs_rt_",
            "cs_ct_",
            "cs_ses_",
            "cs_sec_",
            "cs_par_",
            "cs_link_",
            "access_token",
        ] {
            assert!(!location.contains(prefix), "{scene}: {location}");
        }
        assert_eq!(location.contains("cs_code_"), scene == "/consent/{handle}", "{location}");
        assert!(!location.contains('#'), "{scene}: {location}");
    }
}
