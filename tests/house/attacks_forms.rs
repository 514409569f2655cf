//! Attacks on people's browsers: forms sent from elsewhere, sessions planted, pages skipped.
//!
//! J: `a_session_…`, `an_authorization_request_…`, `what_was_asked_for_…`
//! K, 4.7: `no_form_is_accepted_…`, `a_form_sent_again_…`, `consent_is_never_remembered_…`
//! I (stages): `no_stage_is_skipped_…`

use axum::body::Body;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::encoded;
use crate::harness::request;
use crate::scenes;
use crate::scenes::Scene;

type Form = Vec<(String, String)>;

#[track_caller]
fn assert_not_accepted(answer: &Answer, of: &str) {
    let refused = matches!(answer.status.as_u16(), 400 | 403 | 404 | 405);
    let sent_away = answer.header("location").starts_with("/sign-in");
    assert!(refused || sent_away, "{of}: {answer:?}");
    assert!(answer.headers.get("set-cookie").is_none(), "{of}: {answer:?}");
    assert!(answer.headers.get("clear-site-data").is_none(), "{of}: {answer:?}");
}

/// The form with tags that are not its own.
fn wrongly_tagged(own: &Scene, other: &Scene, sign_out: &Scene) -> Vec<(&'static str, Form)> {
    let tag = own.tag();
    let mut without = own.form.clone();
    without.retain(|(name, _)| name != "csrf");
    let mut behind = own.form_with("csrf", "x");
    behind.push(("csrf".to_owned(), tag.to_owned()));
    vec![
        ("no tag", without),
        ("an empty tag", own.form_with("csrf", "")),
        ("a shortened tag", own.form_with("csrf", &tag[..tag.len() - 1])),
        ("a longer tag", own.form_with("csrf", &format!("{tag}A"))),
        ("a tag in another case", own.form_with("csrf", &tag.to_ascii_uppercase())),
        ("another person's tag", own.form_with("csrf", other.tag())),
        ("another form's tag", own.form_with("csrf", sign_out.tag())),
        ("the tag behind another", behind),
    ]
}

/// Requests in which a page of another site, or none at all, sends the form.
async fn sent_from_elsewhere(house: &House, own: &Scene, other: &Scene) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for site in ["cross-site", "same-site", "none", "", "same-origin, same-origin"] {
        let headers = [("cookie", own.cookies.as_str()), ("sec-fetch-site", site)];
        answers.push((format!("site {site:?}"), own.send_with(house, &own.form, &headers).await));
    }
    let bare = own.send_with(house, &own.form, &[]).await;
    answers.push(("no cookies".to_owned(), bare));
    let theirs = [("cookie", other.cookies.as_str())];
    answers.push(("others' cookies".to_owned(), own.send_with(house, &own.form, &theirs).await));
    let pairs: Vec<(&str, &str)> = own.form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = encoded(&pairs);
    for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x", ""] {
        let request = request("POST", &own.action)
            .header(header::COOKIE, &own.cookies)
            .header(header::CONTENT_TYPE, kind);
        let answer = house.send(request.body(Body::from(body.clone())).unwrap()).await;
        answers.push((format!("as {kind:?}"), answer));
    }
    answers
}

#[tokio::test]
async fn no_form_is_accepted_that_was_not_sent_by_the_page_it_was_shown_on() {
    let house = House::quick().await;
    let sign_out = scenes::set_for(&house, "/sign-out", "viewer").await;
    for scene in scenes::all() {
        let other = scenes::set_for(&house, &scene, "viewer").await;
        let own = scenes::set(&house, &scene).await;
        for (what, form) in wrongly_tagged(&own, &other, &sign_out) {
            let is_own_form = what == "another form's tag" && scene == "/sign-out";
            if !is_own_form {
                assert_not_accepted(
                    &own.send(&house, &form).await,
                    &format!("{scene} with {what}"),
                );
            }
        }
        for (what, answer) in sent_from_elsewhere(&house, &own, &other).await {
            assert_not_accepted(&answer, &format!("{scene} with {what}"));
        }
        let genuine = own.send(&house, &own.form).await;
        assert_eq!(genuine.status, own.accepted, "{scene}: {genuine:?}");
    }
}

#[tokio::test]
async fn a_form_put_into_an_address_does_nothing() {
    let house = House::quick().await;
    for scene in scenes::all() {
        let own = scenes::set(&house, &scene).await;
        let pairs: Vec<(&str, &str)> =
            own.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let url = format!("{}?{}", own.action, encoded(&pairs));
        let request = request("GET", &url).header(header::COOKIE, &own.cookies);
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_ne!(answer.status, StatusCode::SEE_OTHER, "{scene}: {answer:?}");
        assert!(answer.headers.get("set-cookie").is_none(), "{scene}");
        for (name, value) in &own.form {
            let is_secret = name == "password" || name == "code";
            assert!(!is_secret || !answer.body.contains(value), "{scene} shows {name}");
        }
        let genuine = own.send(&house, &own.form).await;
        assert_eq!(genuine.status, own.accepted, "{scene}: {genuine:?}");
    }
}

#[tokio::test]
async fn a_form_sent_again_by_whoever_kept_it_does_nothing_again() {
    let house = House::quick().await;
    for scene in scenes::all() {
        let own = scenes::set(&house, &scene).await;
        let first = own.send(&house, &own.form).await;
        let mut browser = Browser::new(&house);
        for pair in own.cookies.split("; ") {
            let (name, value) = pair.split_once('=').unwrap();
            browser.cookies.insert(name.to_owned(), value.to_owned());
        }
        browser.keep(&first);
        let later = Scene { cookies: browser.cookie_header(), ..own.clone() };
        let before = house.ops.audit_entries(None, 1000).unwrap().len();
        let again = later.send(&house, &own.form).await;
        assert!(!again.header("location").contains("code="), "{scene}: {again:?}");
        let cookies = again.headers.get_all("set-cookie").iter();
        let sessions = cookies.filter(|line| line.to_str().unwrap().contains("cs_session=cs_"));
        assert_eq!(sessions.count(), 0, "{scene} makes another session: {again:?}");
        let first = before as u64 + 1;
        let news = house.ops.audit_lines(first..first + 1000).unwrap().concat();
        for done in ["consent", "signed_in", "password_set", "second_factor", "signed_out"] {
            assert!(!news.contains(&format!("\"{done}")), "{scene} did it again: {news}");
        }
    }
}

#[tokio::test]
async fn a_session_planted_by_an_attacker_is_never_the_victims() {
    let house = House::new().await;
    let mut attacker = Browser::new(&house);
    attacker.password("viewer").await;
    let planted = attacker.cookies.clone();
    let mut victim = Browser::new(&house);
    victim.cookies = planted.clone();
    victim.sign_in("owner").await;
    assert_ne!(victim.cookies["__Host-cs_session"], planted["__Host-cs_session"]);
    attacker.cookies = planted.clone();
    assert_eq!(attacker.get("/").await.location(), "/sign-in");
    let twice =
        format!("{}; __Host-cs_session={}", victim.cookie_header(), planted["__Host-cs_session"]);
    let request = request("GET", "/").header(header::COOKIE, twice);
    assert_eq!(house.send(request.body(Body::empty()).unwrap()).await.location(), "/sign-in");
}

#[tokio::test]
async fn a_session_is_not_found_by_a_cookie_that_only_resembles_it() {
    let house = House::new().await;
    let browser = house.signed_in("owner").await;
    let session = browser.cookies["__Host-cs_session"].clone();
    for name in
        ["cs_session", "__host-cs_session", "__Host-CS_SESSION", "__Secure-cs_session", "session"]
    {
        let request = request("GET", "/").header(header::COOKIE, format!("{name}={session}"));
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.location(), "/sign-in", "{name}");
    }
    let query = house.get(&format!("/?__Host-cs_session={session}")).await;
    assert_eq!(query.location(), "/sign-in");
}

#[tokio::test]
async fn an_authorization_request_cannot_be_changed_or_carried_to_another_browser() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let handle = browser.get(&house.authorize_url("oauth_public", &[])).await.location();
    let sealed = handle.strip_prefix("/consent/").unwrap().to_owned();
    let mut tried = 0;
    for at in (0..sealed.len()).step_by(7).chain([sealed.len() - 1]) {
        let mut changed = sealed.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        for text in [changed.as_str(), &sealed[..at], &format!("{sealed}{}", &sealed[..at])] {
            if text == sealed || text.is_empty() {
                continue;
            }
            let answer = browser.get(&format!("/consent/{text}")).await;
            assert!(matches!(answer.status.as_u16(), 400 | 414), "{text}: {answer:?}");
            tried += 1;
        }
    }
    assert!(tried > 100);
    let mut other = house.signed_in("viewer").await;
    assert_eq!(other.get(&handle).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&handle).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_asked_for_is_not_changed_by_what_the_form_adds() {
    let house = House::new().await;
    let mut own = scenes::set(&house, "/consent/{handle}").await;
    let other = house.app("oauth_confidential").client_id.clone();
    for (name, value) in [
        ("client_id", other.as_str()),
        ("redirect_uri", "https://evil.example/"),
        ("state", "evil"),
        ("resource", "https://cs.example/companies/bakery/mcp"),
        ("scope", "ledger_entries:all"),
        ("scope", "customers:all"),
        ("user", "partner@ledgerwise.example"),
        ("code_challenge", "evil"),
    ] {
        own.form.push((name.to_owned(), value.to_owned()));
    }
    let answer = own.send(&house, &own.form).await;
    assert!(answer.location().starts_with(crate::harness::CALLBACK), "{answer:?}");
    assert_eq!(answer.redirected("state").as_deref(), Some("s-1"));
    let code = answer.redirected("code").unwrap();
    assert_eq!(house.redeem("oauth_confidential", &code).await.error(), "invalid_grant");
    let tokens = house.redeem("oauth_public", &code).await.json();
    assert_eq!(tokens["scope"], "customers:readonly");
}

#[tokio::test]
async fn consent_is_never_remembered_and_no_client_is_let_through_without_it() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    for kind in ["oauth_public", "oauth_confidential"] {
        let url = house.authorize_url(kind, &[("scope", "customers:readonly")]);
        for _ in 0..2 {
            assert!(browser.get(&url).await.location().starts_with("/consent/"), "{kind}");
            browser.allow(&url, &house.company("acme"), None).await;
        }
        for prompt in ["none", "none login", "login none consent"] {
            let more = [("scope", "customers:readonly"), ("prompt", prompt)];
            let answer = browser.get(&house.authorize_url(kind, &more)).await;
            assert_eq!(answer.redirected("error").as_deref(), Some("interaction_required"));
            assert!(answer.redirected("code").is_none());
        }
    }
}

#[tokio::test]
async fn no_stage_is_skipped_by_an_empty_form_or_by_going_straight_on() {
    let house = House::new().await;
    let mut half = Browser::new(&house);
    half.password("owner").await;
    let page = half.get("/sign-in/verify").await;
    for fields in [vec![], vec![("code", "")], vec![("code", " "), ("verified", "true")]] {
        let answer = half.submit(&page, "/sign-in/verify", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
    }
    let consent = half.get(&house.authorize_url("oauth_public", &[])).await.location();
    for path in ["/", consent.as_str()] {
        assert!(half.get(path).await.location().starts_with("/sign-in/verify"), "{path}");
    }
    let answer = half.post(&consent, &[("context", &house.company("acme"))]).await;
    assert!(answer.location().starts_with("/sign-in/verify"));
    assert_eq!(half.get("/sign-in/recovery-codes").await.location(), "/sign-in");
    let sign_in = scenes::set(&house, "/sign-in").await;
    for (field, value) in [("email", ""), ("password", ""), ("password", " ")] {
        let answer = sign_in.send(&house, &sign_in.form_with(field, value)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={value:?}");
    }
}
