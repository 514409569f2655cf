//! Attacks that make this server send a browser, and a code, somewhere else.
//!
//! A, 4.1: `no_hostile_redirect_uri_…`, `an_answer_goes_to_…`, `consent_is_answered_at_…`,
//! `a_redirect_uri_sent_twice_…`
//! B, 4.11: `whatever_a_request_says_…`, `a_page_to_return_to_…`, `a_stranger_is_led_on_…`, and
//! `harness/leading.rs`, which looks at every answer that any test gets
//! K: `no_kind_of_client_is_let_through_…`
//! 4.3: `nothing_but_a_code_…`; 4.4: `every_way_back_…`; 4.12: `every_form_is_answered_with_303_…`

use axum::body::Body;
use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use http::header;

use crate::client_kinds::Client;
use crate::client_kinds::Kinds;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;
use crate::harness::encoded;
use crate::harness::request;
use crate::hostile;
use crate::routes;
use crate::routes::Door;
use crate::scenes;
use crate::storm::tag;

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
    assert!(!hostile::echoed(&answer.body), "the answer echoes {of}");
}

/// It goes to where the client is registered, with this in the query, and with nothing that was sent later.
#[track_caller]
fn assert_goes_back(client: &Client, with: &str, answer: &Answer, of: &str) {
    let location = answer.location();
    assert!(location.starts_with(&format!("{}?{with}", client.back)), "{of}: {location}");
    assert!(!hostile::echoed(&location), "{of}: {location}");
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

/// The ways in which a stranger is answered too; the others are refused by the same step.
const WAYS_OF_STRANGERS: &[(&str, &str)] =
    &[("state", "x"), ("prompt", "none"), ("response_type", "token")];

#[test]
fn a_hostile_text_is_noticed_in_an_answer_and_four_letters_of_a_random_one_are_not() {
    for uri in hostile::redirects().filter(|uri| uri.contains("evil")) {
        let encoded = encoded(&[("next", uri)]);
        assert!(hostile::echoed(uri) || uri.contains("-evil"), "{uri}");
        assert!(hostile::echoed(&encoded) || !uri.contains("evil.example"), "{uri}");
    }
    assert!(!hostile::echoed("/consent/AfbaG_tYVievilzQD4Ie6V-evil"));
}

#[tokio::test]
async fn no_hostile_redirect_uri_is_ever_followed_on_any_way_to_an_answer() {
    assert!(hostile::redirects().count() >= 80);
    let kinds = Kinds::all().await;
    let house = &kinds.house;
    let owner = house.signed_in("owner").await.cookie_header();
    let paths = routes::paths(|door| door == Door::Authorize);
    assert!(paths.len() > 1, "{paths:?}");
    for client in &kinds.clients {
        for uri in hostile::redirects() {
            let of = |way| format!("{} to {uri:?} with {way:?}", client.kind);
            for path in &paths {
                let url = |way: &(&str, &str)| {
                    let url = client.url(house, &[("redirect_uri", uri), *way]);
                    url.replacen("/oauth/authorize", path, 1)
                };
                for way in WAYS {
                    let known = request("GET", &url(way)).header(header::COOKIE, &owner);
                    let known = house.send(known.body(Body::empty()).unwrap()).await;
                    assert_stays(&known, &of(way));
                }
                for way in WAYS_OF_STRANGERS {
                    assert_stays(&house.get(&url(way)).await, &of(way));
                }
            }
            let pushed = client.push(house, uri).await;
            assert_stays(&pushed, &of(&("", "pushed")));
            assert_eq!(pushed.error(), "invalid_request", "{}", of(&("", "pushed")));
        }
        let answer = house.get(&client.url(house, &[])).await;
        assert!(answer.location().starts_with("/consent/"), "{}: {answer:?}", client.kind);
        let pushed = client.push(house, client.back).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}: {pushed:?}", client.kind);
    }
}

#[tokio::test]
async fn an_answer_goes_to_the_address_that_was_checked_whatever_is_sent_later() {
    let kinds = Kinds::all().await;
    let house = &kinds.house;
    for client in &kinds.clients {
        let mut browser = house.signed_in("owner").await;
        let pushed = client.push(house, client.back).await.text("request_uri");
        for uri in hostile::redirects() {
            let of = format!("{} to {uri:?}", client.kind);
            // Beside a reference, and in the form that declines.
            let more = [("redirect_uri", uri), ("state", "evil")];
            let url = client.pushed_url(house, &pushed, &more);
            let opened = browser.get(&url).await.location();
            assert!(opened.starts_with("/consent/") && !hostile::echoed(&opened), "{of}: {opened}");
            let path = browser.get(&client.url(house, &[])).await.location();
            let handle = path.strip_prefix("/consent/").unwrap();
            let declining = tag(&browser, "consent-cancel", handle);
            let form = [("csrf", declining.as_str()), ("redirect_uri", uri), ("next", uri)];
            let query = encoded(&[("redirect_uri", uri)]);
            let declined = browser.post(&format!("{path}/cancel?{query}"), &form).await;
            assert_goes_back(client, "error=access_denied", &declined, &of);
        }
    }
}

#[tokio::test]
async fn consent_is_answered_at_the_address_that_was_checked_whatever_its_form_says() {
    let kinds = Kinds::all().await;
    let house = &kinds.house;
    let acme = house.company("acme");
    for client in &kinds.clients {
        let mut browser = house.signed_in("owner").await;
        for uri in hostile::redirects() {
            let pushed = client.push(house, client.back).await.text("request_uri");
            let evil = [("redirect_uri", uri), ("state", "evil")];
            let url = client.pushed_url(house, &pushed, &evil);
            let (path, page) = browser.consent_page(&url).await;
            let code = house.next_code("owner");
            let mut fields = vec![("context", acme.as_str()), ("code", code.as_str())];
            fields.extend([("scope", "customers:readonly"), ("next", uri), evil[0], evil[1]]);
            let allowed = browser.submit(&page, &path, &fields).await;
            assert_goes_back(client, "code=", &allowed, &format!("{} to {uri:?}", client.kind));
        }
    }
}

#[tokio::test]
async fn no_kind_of_client_is_let_through_without_consent_however_often_it_was_given() {
    let kinds = Kinds::all().await;
    let house = &kinds.house;
    for client in &kinds.clients {
        let mut browser = house.signed_in("owner").await;
        for _ in 0..2 {
            let answer = browser.allow(&client.url(house, &[]), &house.company("acme"), None).await;
            assert!(answer.redirected("code").is_some(), "{}: {answer:?}", client.kind);
            let again = browser.get(&client.url(house, &[])).await;
            assert!(again.location().starts_with("/consent/"), "{}: {again:?}", client.kind);
            let silent = browser.get(&client.url(house, &[("prompt", "none")])).await;
            assert_eq!(
                silent.redirected("error").as_deref(),
                Some("interaction_required"),
                "{}",
                client.kind
            );
        }
    }
}

/// RFC 9700 section 4.11.2: a client that nobody here has looked at leads nobody anywhere unasked.
#[tokio::test]
async fn a_stranger_is_led_on_by_no_error_to_a_client_that_nobody_has_reviewed() {
    let kinds = Kinds::all().await;
    let house = &kinds.house;
    let errors = WAYS.iter().filter(|way| !matches!(**way, ("state", _) | ("prompt", "consent")));
    for way in errors {
        for client in &kinds.clients {
            let answer = house.get(&client.url(house, &[*way])).await;
            if client.is_reviewed {
                let location = answer.location();
                let back = format!("{}?error=", client.back);
                assert!(location.starts_with(&back), "{} {way:?}: {location}", client.kind);
            } else {
                let location = answer.header("location");
                let here = location.is_empty() || location.starts_with("/sign-in");
                assert!(here, "{} {way:?}: {location}", client.kind);
            }
        }
    }
}

#[tokio::test]
async fn a_sign_in_resumes_at_no_hostile_address() {
    let house = House::quick().await;
    for uri in hostile::redirects() {
        let scene = scenes::set(&house, "/sign-in").await;
        let mut form = scene.form_with("resume", uri);
        form.push(("redirect_uri".to_owned(), uri.to_owned()));
        let location = scene.send(&house, &form).await.location();
        assert!(location.starts_with("/sign-in/verify"), "{uri}: {location}");
        assert!(!hostile::echoed(&location), "{uri}: {location}");
        let query = encoded(&[("resume", uri)]);
        let page = house.get(&format!("/sign-in?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{uri}");
        assert!(!hostile::echoed(&page.body), "{uri}: {}", page.body);
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
    assert!(!hostile::echoed(location) && !hostile::echoed(&answer.body), "{of}: {answer:?}");
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
                let request = request(route.method, &url)
                    .header(header::COOKIE, cookies)
                    .header(header::REFERER, target)
                    .header("x-forwarded-host", "evil.example")
                    .header("x-forwarded-proto", "http")
                    .header("x-original-url", target)
                    .header("forwarded", "host=evil.example")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(query.clone()));
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
            assert!(!hostile::echoed(location), "{scene}: {location}");
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
