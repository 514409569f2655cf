//! The guide at `/docs`: anybody reads it, in their language, and every link in it leads somewhere.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::body::Body;
use countersign::domain::audit::EventKind;
use countersign::view::guide::chapter::Chapter;
use countersign::view::guide::reason::Reason;
use countersign::web::reasons;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::request;

async fn read(house: &House, chapter: Chapter, language: &str) -> Answer {
    let request = request("GET", chapter.path()).header(header::ACCEPT_LANGUAGE, language);
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}: {answer:?}", chapter.path());
    answer
}

/// The values of an attribute, in order.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let begin = format!(" {attribute}=\"");
    html.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn anybody_reads_every_chapter_in_the_language_that_they_prefer() {
    let house = House::empty();
    for chapter in Chapter::ALL {
        let english = read(&house, chapter, "de").await;
        assert!(english.body.contains("<html lang=\"en\">"), "{}", chapter.path());
        assert!(english.body.contains("Sign in"), "{}", chapter.path());
        let french = read(&house, chapter, "fr-CH, en;q=0.5").await;
        assert!(french.body.contains("<html lang=\"fr\">"), "{}", chapter.path());
        assert_eq!(french.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn the_guide_names_the_addresses_of_this_installation() {
    let house = House::new().await;
    let page = read(&house, Chapter::ApiCredentials, "en").await;
    let issuer = house.ops.settings().issuer.to_string();
    assert!(page.body.contains(&format!("curl {issuer}/oauth/token")), "{}", page.body);
    assert!(!page.body.contains("{{"));
}

#[tokio::test]
async fn who_is_signed_in_keeps_their_frame_in_the_guide() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let page = browser.get("/docs").await;
    assert!(page.body.contains("owner@acme.example") && page.body.contains("/sign-out"));
    assert!(!read(&house, Chapter::Overview, "en").await.body.contains("owner@acme.example"));
}

#[tokio::test]
async fn a_stranger_chooses_the_language_of_the_guide_and_stays_in_the_chapter() {
    let house = House::empty();
    let mut browser = Browser::new(&house);
    let page = browser.get("/docs/oauth").await;
    let answer = browser.submit(&page, "/docs/language", &[("language", "fr")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/docs/oauth");
    assert!(browser.get("/docs/oauth").await.body.contains("<html lang=\"fr\">"));
    assert!(browser.get("/sign-in").await.body.contains("<html lang=\"fr\">"));
}

#[tokio::test]
async fn the_choice_of_a_language_leads_to_no_page_but_a_chapter() {
    let house = House::empty();
    for page in ["https://evil.example", "//evil.example", "/sign-out", "/docs/../sign-out", ""] {
        let mut browser = Browser::new(&house);
        let guide = browser.get("/docs/oauth").await;
        let fields = [("language", "fr"), ("page", page)];
        let answer = browser.submit(&guide, "/docs/language", &fields).await;
        assert_eq!(answer.header("location"), "/docs", "{page}");
    }
}

#[tokio::test]
async fn no_other_site_chooses_the_language_and_no_other_language_is_kept() {
    let house = House::empty();
    let mut browser = Browser::new(&house);
    let page = browser.get("/docs").await;
    let answer = browser.submit(&page, "/docs/language", &[("language", "fr; Path=/x")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("set-cookie"), "");
    let forged = [("csrf", "forged"), ("language", "fr"), ("page", "/docs")];
    let answer = browser.post("/docs/language", &forged).await;
    assert_eq!(answer.header("set-cookie"), "");
    assert!(browser.get("/docs").await.body.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn every_link_of_the_guide_leads_to_an_anchor_that_is_there() {
    let house = House::new().await;
    let mut pages = BTreeMap::new();
    for language in ["en", "fr"] {
        pages.clear();
        for chapter in Chapter::ALL {
            pages.insert(chapter.path(), read(&house, chapter, language).await.body);
        }
        for (path, html) in &pages {
            for link in values(html, "href") {
                let whole =
                    if link.starts_with('#') { format!("{path}{link}") } else { link.into() };
                let (page, anchor) = whole.split_once('#').unwrap_or((&whole, ""));
                let Some(target) = pages.get(page) else {
                    assert!(!page.starts_with("/docs"), "{path}: {link}");
                    continue;
                };
                let ids = values(target, "id");
                assert!(anchor.is_empty() || ids.contains(&anchor), "{path}: {link}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_page_leads_to_what_to_do() {
    let house = House::new().await;
    let errors = read(&house, Chapter::Errors, "en").await.body;
    for (path, anchor) in [
        ("/oauth/authorize?client_id=nobody", "unknown-client"),
        ("/consent/nothing", "request-expired"),
        ("/nowhere", "not_found"),
        ("/setup/cs_link_x", "link-used"),
    ] {
        let page = house.get(path).await;
        let links = values(&page.body, "href");
        let link = links.iter().find(|link| link.starts_with("/docs/errors#"));
        let link = link.unwrap_or_else(|| panic!("{path}: {page:?}"));
        if path != "/consent/nothing" {
            assert_eq!(*link, format!("/docs/errors#{anchor}"), "{path}");
        }
        let id = link.split_once('#').unwrap().1;
        assert!(values(&errors, "id").contains(&id), "{path}");
    }
}

#[tokio::test]
async fn what_the_activity_records_of_a_refusal_leads_to_its_section() {
    let house = House::new().await;
    let errors = read(&house, Chapter::Errors, "en").await.body;
    let anchors = values(&errors, "id");
    house.grant("api_credentials", &[("scope", "customer_invoices:all nothing:all")]).await;
    house.redeem("oauth_public", "cs_code_nothing").await;
    house
        .get(&house.authorize_url("oauth_public", &[("redirect_uri", "https://evil.example")]))
        .await;
    let client_id = house.app("api_credentials").client_id.clone();
    let wrong = [("grant_type", "client_credentials"), ("client_secret", "wrong")];
    let wrong: Vec<_> = wrong.into_iter().chain([("client_id", client_id.as_str())]).collect();
    house.post("/oauth/token", &wrong).await;
    let token = house.client_token().await;
    house.get_as(&token, "/companies/acme/mcp").await;
    house.ops.flush_all_refusals().await.unwrap();
    let refused =
        [EventKind::TokenRefused, EventKind::CallRefused, EventKind::AuthorizationRefused];
    let mut seen = BTreeSet::new();
    for entry in house.ops.audit_entries(None, 20).unwrap() {
        let event = entry.event;
        if refused.contains(&event.kind) {
            let anchor = reasons::docs_anchor(event.kind, event.cause.as_deref()).unwrap();
            let id = anchor.strip_prefix("/docs/errors#").unwrap();
            assert!(anchors.contains(&id), "{:?}: {anchor}", event.cause);
            seen.insert(id.to_owned());
        }
    }
    for id in ["scope-beyond-grant", "code-ended", "redirect-mismatch", "wrong-secret"] {
        assert!(seen.contains(id), "{id} among {seen:?}");
    }
}

/// Every `"code"` that a door writes to programs.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for folder in ["oauth", "gateway", "gateway/mcp", "sandbox"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let text: String =
                text.split("#[cfg(test)]").next().unwrap().split_whitespace().collect();
            for begin in [
                "bad(\"",
                "code:\"",
                "error\":\"",
                "refuse(StatusCode::",
                "Some(\"in",
                "body(status,\"",
            ] {
                for rest in text.split(begin).skip(1) {
                    let rest = match begin {
                        "refuse(StatusCode::" => {
                            rest.split_once(",\"").map_or("", |(_, code)| code)
                        }
                        _ => rest,
                    };
                    let code = rest.split('"').next().unwrap();
                    let code = if begin == "Some(\"in" { format!("in{code}") } else { code.into() };
                    let is_code =
                        code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    codes.extend((is_code && !code.is_empty()).then_some(code));
                }
            }
        }
    }
    codes
}

#[test]
fn every_code_that_programs_are_told_is_explained() {
    let codes = codes();
    for known in
        ["invalid_grant", "invalid_client", "insufficient_scope", "forbidden", "bad_gateway"]
    {
        assert!(codes.contains(known), "the reading of the source misses {known}: {codes:?}");
    }
    for code in codes {
        assert!(Reason::of_code(&code).is_some(), "{code} has no section");
    }
}
