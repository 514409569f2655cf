//! Attacks with names and values that a page shows: none becomes markup, none misleads.
//!
//! L: `what_people_and_programs_are_called_…`, `what_is_typed_…`, `what_a_client_sends_…`,
//! `no_name_hides_or_turns_…`, `only_our_own_files_…`

use countersign::domain::app::AppKind;
use countersign::domain::company::Environment;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_company::NewCompany;
use countersign::ops::administration::create_firm::NewFirm;
use countersign::ops::administration::create_user::NewUser;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::hostile::MARKUP;
use crate::scenes;

/// The elements of a page with the names of their attributes: what a browser builds of it, apart
/// from texts, values and order (lists are ordered by name).
pub fn skeleton(html: &str) -> Vec<String> {
    let mut elements = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut element = String::new();
        let mut quote = None;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            match quote {
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if c == '"' || c == '\'' => quote = Some(c),
                None if c == '>' => {
                    end = at;
                    break;
                }
                None => element.push(c),
            }
        }
        elements.push(element.split_whitespace().collect::<Vec<_>>().join(" "));
        rest = &rest[end.min(rest.len())..];
    }
    elements.sort();
    elements
}

#[track_caller]
fn assert_alike(hostile: &Answer, harmless: &Answer, payload: &str) {
    assert_eq!(hostile.status, harmless.status, "{payload}");
    assert_eq!(skeleton(&hostile.body), skeleton(&harmless.body), "{payload}: {}", hostile.body);
    assert!(!hostile.body.contains("href=\"javascript:"), "{payload}");
}

/// A house in which everything that has a name is called `name`, and the pages that show it.
async fn pages_of(name: &str) -> Vec<(&'static str, Answer)> {
    let house = House::new().await;
    let origin = MACHINE;
    let (owner, environment) = (house.user_id("owner"), Environment::Production);
    let firm = NewFirm { name: name.to_owned(), slug: "a-firm".parse().ok(), environment };
    let firm = house.ops.create_firm(firm, origin).await.unwrap();
    let company = NewCompany {
        slug: "a-company".parse().ok(),
        firm: Some(firm.id),
        ..NewCompany::named(format!("{name} B"), environment)
    };
    let company = house.ops.create_company(company, origin).await.unwrap();
    for place in [Place::Firm(firm.id), Place::Company(company.id)] {
        let role = RoleName("owner".to_owned());
        house.ops.grant_role(owner, place, role, origin).await.unwrap();
    }
    let app = NewApp {
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        purpose: name.to_owned(),
        ..NewApp::of(AppKind::OauthPublic, name)
    };
    let app = house.ops.create_app(app, origin).await.unwrap().app.id.to_string();
    let user = NewUser {
        email: "guest@acme.example".parse().unwrap(),
        name: name.to_owned(),
        password: None,
        operator: false,
    };
    let user = house.ops.create_user(user, origin).await.unwrap();
    let link = house.ops.welcome(user.id, origin).await.unwrap();
    let link = link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned();
    let url =
        house.authorize_url("oauth_public", &[("client_id", &app), ("scope", "customers:all")]);
    let mut stranger = Browser::new(&house);
    let sign_in = stranger.follow(&url).await.1;
    let mut browser = house.signed_in("owner").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), company.id.to_string());
    let (path, consent) = browser.consent_page(&url).await;
    let acme = house.company("acme");
    let again = browser.answer(&consent, &path, &acme, None, "000000").await;
    vec![
        ("sign-in", sign_in),
        ("consent", consent),
        ("consent again", again),
        ("home", browser.get("/").await),
        ("confide", browser.get("/settings/companies/a-company/confide").await),
        ("unlink", browser.get("/settings/companies/a-company/unlink").await),
        ("invitation", browser.get(&link).await),
    ]
}

#[tokio::test]
async fn what_people_and_programs_are_called_never_becomes_markup() {
    let harmless = pages_of("Zplain").await;
    for payload in MARKUP.iter().filter(|payload| payload.chars().count() <= 56) {
        for ((page, hostile), (_, harmless)) in pages_of(payload).await.iter().zip(&harmless) {
            let first = payload.split(['<', '"', '\'', '&', '>']).next().unwrap();
            assert!(hostile.body.contains(first), "{page} does not show {payload}");
            assert_alike(hostile, harmless, &format!("{page}: {payload}"));
        }
    }
}

#[tokio::test]
async fn what_is_typed_into_a_form_never_becomes_markup_when_it_is_shown_again() {
    let house = House::empty();
    let purpose = countersign::domain::link::LinkPurpose::FirstOwner;
    let link = house.ops.issue_link(purpose, Default::default()).await.unwrap();
    let link = link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned();
    let mut browser = Browser::new(&house);
    let page = browser.get(&link).await;
    let mut setup = async |value: &str| {
        let fields = [
            ("name", value),
            ("email", value),
            ("company", value),
            ("environment", value),
            ("password", value),
        ];
        browser.submit(&page, &link, &fields).await
    };
    let harmless = setup("plain").await;
    assert_eq!(harmless.status, StatusCode::UNPROCESSABLE_ENTITY);
    for payload in MARKUP {
        let answer = setup(payload).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{payload}");
        for open in ["<script", "<img", "<svg onload", "<iframe", "<base", "<meta http-equiv"] {
            assert_eq!(
                answer.body.to_lowercase().matches(open).count(),
                harmless.body.to_lowercase().matches(open).count(),
                "{payload}: {}",
                answer.body
            );
        }
    }
    let house = House::new().await;
    let sign_in = scenes::set(&house, "/sign-in").await;
    let typed = |value: &str| {
        let mut form = sign_in.form_with("email", value);
        form.retain(|(name, _)| name != "password");
        form
    };
    let harmless = sign_in.send(&house, &typed("plain")).await;
    for payload in MARKUP {
        assert_alike(&sign_in.send(&house, &typed(payload)).await, &harmless, payload);
    }
}

#[tokio::test]
async fn what_a_client_sends_is_shown_on_no_page_of_ours() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let names = [
        "state",
        "scope",
        "resource",
        "client_id",
        "redirect_uri",
        "response_type",
        "prompt",
        "request",
        "request_uri",
        "error",
        "error_description",
        "error_uri",
        "error_hint",
        "login_hint",
        "client_name",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "ui_locales",
        "resume",
        "notice",
    ];
    for payload in MARKUP {
        for name in names {
            let mut urls = vec![house.authorize_url("oauth_public", &[(name, payload)])];
            let query = crate::harness::encoded(&[(name, payload)]);
            for path in crate::routes::paths(|door| door.is_for_people()) {
                urls.push(format!("{path}?{query}"));
            }
            // A file is the record, in which a refused redirect URI stands: no browser shows it.
            let is_file = |url: &str| url.contains("/activity/export.");
            for url in urls {
                let answer = browser.get(&url).await;
                if is_file(&url) {
                    assert!(answer.header("content-disposition").starts_with("attachment"));
                    continue;
                }
                assert!(!answer.body.contains(payload), "{url} shows {payload}");
                let location = answer.header("location");
                assert!(
                    !location.contains(['<', '>', '"', '\'', '\r', '\n', ' ']),
                    "{url}: {location}"
                );
            }
        }
        let answer = browser.get("/sign-in?resume=x").await;
        assert_eq!(answer.location(), "/consent/x");
    }
}

#[tokio::test]
async fn a_state_comes_back_as_a_value_and_nothing_else() {
    let house = House::new().await;
    let states = [
        "a&code=evil",
        "a#code=evil",
        "a\r\nSet-Cookie: x=y",
        "a&iss=evil",
        "a b+c%20d",
        "\u{e9}\u{0}",
    ];
    for state in states.iter().chain(MARKUP) {
        let more = [("prompt", "none"), ("state", state)];
        let answer = house.get(&house.authorize_url("oauth_public", &more)).await;
        assert_eq!(answer.redirected("state").as_deref(), Some(*state));
        assert_eq!(answer.redirected("iss").as_deref(), Some(crate::harness::ISSUER));
        assert!(answer.redirected("code").is_none(), "{state}");
        assert!(answer.headers.get("set-cookie").is_none());
    }
}

/// Characters that hide, reorder or break the text around them.
const MISLEADING: [char; 8] =
    ['\u{202e}', '\u{2066}', '\u{200b}', '\u{200f}', '\u{feff}', '\u{2028}', '\u{7f}', '\u{e0041}'];

#[tokio::test]
async fn no_name_hides_or_turns_the_text_around_it_however_it_is_given() {
    let house = House::new().await;
    for c in MISLEADING {
        let name = format!("Acme{c}Trading");
        let app = NewApp::of(AppKind::ResourceServer, name.as_str());
        assert!(house.ops.create_app(app, MACHINE).await.is_err(), "{name:?}");
        let scene = scenes::set(&house, "/setup/{link}").await;
        let answer = scene.send(&house, &scene.form_with("name", &name)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "a person called {name:?}");
    }
    let house = House::empty();
    let purpose = countersign::domain::link::LinkPurpose::FirstOwner;
    let link = house.ops.issue_link(purpose, Default::default()).await.unwrap();
    let link = link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned();
    let mut browser = Browser::new(&house);
    let page = browser.get(&link).await;
    for c in MISLEADING {
        let company = format!("Acme{c}Trading");
        let fields = [
            ("name", "Dana Reyes"),
            ("email", "dana@acme.example"),
            ("company", company.as_str()),
            ("password", "quiet-otter-plays-banjo"),
            ("password_again", "quiet-otter-plays-banjo"),
        ];
        let answer = browser.submit(&page, &link, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "a company called {company:?}");
    }
}

#[tokio::test]
async fn only_our_own_files_are_referred_to_and_no_page_holds_script_or_style() {
    for (page, answer) in pages_of("Zplain").await {
        let html = answer.body.to_lowercase();
        for part in [
            " onclick",
            " onload",
            " onerror",
            "style=\"",
            "<style",
            "javascript:",
            "http-equiv",
            "<base",
            "<iframe",
            "<object",
            "<embed",
        ] {
            assert!(!html.contains(part), "{page} has {part}");
        }
        for attribute in ["src=\"", "href=\"", "action=\""] {
            for target in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap())
            {
                let ours =
                    target.starts_with('/') && !target.starts_with("//") || target.starts_with('#');
                assert!(ours, "{page} leads to {target}");
            }
        }
        assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/assets/").count());
    }
}
