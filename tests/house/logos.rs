//! Logos of OAuth apps: what is refused, how one travels through the form, and how it is served.

use countersign::base::encoding;
use countersign::domain::app::App;
use countersign::domain::app::AppKind;
use countersign::domain::logo::Logo;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::harness::request;
use crate::workspace_scenes::LOGO;

pub const APPS: &str = "/settings/app-connect/oauth-apps";
const CREATE: &str = "/settings/app-connect/oauth-apps/create";
const JPEG: &[u8] = include_bytes!("../../src/domain/logo/samples/plain.jpg");
const BOUNDARY: &str = "----form-boundary-7";

/// What the form of an OAuth app is sent with.
pub fn portal(house: &House) -> Vec<(&'static str, String)> {
    vec![
        ("name", "Portal".to_owned()),
        ("client_type", "public".to_owned()),
        ("redirect_uris", "https://portal.example/cb".to_owned()),
        ("website", "https://portal.example".to_owned()),
        ("permission", "customers:readonly".to_owned()),
        ("pkce", "yes".to_owned()),
        ("owner", house.user_id("owner").to_string()),
        ("purpose", "Shows invoices".to_owned()),
        ("review", "90".to_owned()),
    ]
}

fn multipart(fields: &[(String, String)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(format!("--{BOUNDARY}\r\n{part}").as_bytes());
    }
    let (name, bytes) = file.unwrap_or_default();
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"{name}\"\r\n\
         Content-Type: image/png\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [&body, head.as_bytes(), bytes, end.as_bytes()].concat()
}

/// Sends the form on `page` with these fields and this file.
async fn send(
    browser: &mut Browser<'_>,
    page: &Answer,
    action: &str,
    fields: &[(&str, String)],
    file: Option<(&str, &[u8])>,
) -> Answer {
    let mut form = hidden_fields(&page.body, action);
    form.retain(|(name, _)| !fields.iter().any(|(field, _)| field == name));
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let asked = request("POST", action)
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .header(header::COOKIE, browser.cookie_header())
        .header("sec-fetch-site", "same-origin");
    let answer = browser.house.send(asked.body(multipart(&form, file).into()).unwrap()).await;
    browser.keep(&answer);
    answer
}

fn apps(house: &House) -> Vec<App> {
    let all = house.ops.apps().unwrap().into_iter().map(|listed| listed.app);
    all.filter(|app| app.name == "Portal").collect()
}

async fn owner(house: &House) -> Browser<'_> {
    let mut browser = house.signed_in("owner").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    browser
}

/// Registers the portal with a logo, through the form.
async fn registered(house: &House, logo: &[u8]) -> App {
    let mut browser = owner(house).await;
    let page = browser.get(CREATE).await;
    let summary = send(&mut browser, &page, CREATE, &portal(house), Some(("a.png", logo))).await;
    assert_eq!(summary.status, StatusCode::OK, "{}", summary.body);
    let (confirm, code) = (format!("{CREATE}/confirm"), house.next_code("owner"));
    let answer = browser.submit(&summary, &confirm, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    apps(house).pop().unwrap()
}

fn path_of(app: &App) -> String {
    format!("/logos/{}/{}", app.id, app.logo.as_ref().unwrap().file())
}

#[tokio::test]
async fn refuses_a_file_that_is_no_whole_picture_and_loses_nothing_else() {
    let house = House::new().await;
    let mut browser = owner(&house).await;
    let page = browser.get(CREATE).await;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".as_slice();
    let html = b"<!doctype html><script>alert(1)</script>".as_slice();
    let polyglot = [LOGO, html].concat();
    let mut wide = LOGO.to_vec();
    wide[16..20].copy_from_slice(&70_000_u32.to_be_bytes());
    let checksum = crc32fast::hash(&wide[12..29]).to_be_bytes();
    wide[29..33].copy_from_slice(&checksum);
    let large = vec![0x89; 64 * 1024 + 1];
    let files: [(&str, &[u8], &str); 8] = [
        ("logo.svg", svg, "not a whole"),
        ("logo.png", svg, "not a whole"),
        ("logo.png", html, "not a whole"),
        ("logo.png", &polyglot, "not a whole"),
        ("logo.png", &LOGO[..LOGO.len() - 1], "not a whole"),
        ("logo.gif", b"GIF89a", "not a whole"),
        ("logo.png", &wide, "1024 pixels"),
        ("logo.png", &large, "64 KB"),
    ];
    for (name, bytes, why) in files {
        let answer = send(&mut browser, &page, CREATE, &portal(&house), Some((name, bytes))).await;
        assert_eq!(answer.status.as_u16(), 422, "{name}: {}", answer.body);
        let (_, error) = answer.body.split_once("id=\"logo-error\">").unwrap();
        assert!(error.split('<').next().unwrap().contains(why), "{name}: {error}");
        for kept in ["value=\"Portal\"", "https://portal.example/cb", "value=\"Shows invoices\""] {
            assert!(answer.body.contains(kept), "{name}: {kept} was lost");
        }
    }
    let huge = vec![0; 400 * 1024];
    let answer = send(&mut browser, &page, CREATE, &portal(&house), Some(("a", &huge))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(apps(&house).is_empty());
}

#[tokio::test]
async fn what_the_summary_carries_along_is_looked_at_again() {
    let house = House::new().await;
    let mut browser = owner(&house).await;
    let page = browser.get(CREATE).await;
    let summary = send(&mut browser, &page, CREATE, &portal(&house), Some(("a", LOGO))).await;
    let confirm = format!("{CREATE}/confirm");
    let svg = encoding::base64url(b"<svg onload=\"alert(1)\"/>");
    for forged in ["!", "PHN2Zz4", svg.as_str()] {
        let code = house.next_code("owner");
        let fields = [("logo_kept", forged), ("code", code.as_str())];
        let answer = browser.submit(&summary, &confirm, &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{forged}");
    }
    assert!(apps(&house).is_empty());
    let code = house.next_code("owner");
    let chunk = [b"tEXt".as_slice(), b"x\0<script>alert(1)</script>"].concat();
    let length = u32::try_from(chunk.len() - 4).unwrap().to_be_bytes();
    let chunk = [&length, chunk.as_slice(), &crc32fast::hash(&chunk).to_be_bytes()].concat();
    let smuggled = encoding::base64url(&[&LOGO[..33], &chunk, &LOGO[33..]].concat());
    let fields = [("logo_kept", smuggled.as_str()), ("code", code.as_str())];
    let answer = browser.submit(&summary, &confirm, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let app = apps(&house).pop().unwrap();
    let kept = house.ops.logo(app.id, &app.logo.as_ref().unwrap().file()).unwrap().unwrap();
    assert_eq!(kept.bytes, LOGO, "what paints nothing was left behind");
}

#[tokio::test]
async fn a_logo_is_served_from_here_as_a_picture_and_under_its_own_name_alone() {
    let house = House::new().await;
    let app = registered(&house, JPEG).await;
    let path = path_of(&app);
    assert!(path.ends_with(".jpg"), "{path}: named by its bytes, whatever it was called");
    let answer = house.get(&path).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "image/jpeg");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(answer.header("content-security-policy").ends_with("sandbox"));
    assert!(answer.header("set-cookie").is_empty());
    let other = NewApp {
        place: Some(house.company("bakery").parse().unwrap()),
        redirect_uris: vec!["https://portal.example/cb".to_owned()],
        logo: Some(Logo::read(LOGO).unwrap()),
        ..NewApp::of(AppKind::OauthPublic, "Other")
    };
    let other = house.ops.create_app(other, MACHINE).await.unwrap().app;
    let file = app.logo.as_ref().unwrap().file();
    for wrong in [
        format!("/logos/{}/{file}", other.id),
        format!("/logos/{}/logo.jpg", app.id),
        path.replace(".jpg", ".svg"),
        path.replace(".jpg", ""),
        format!("/logos/{}/", app.id),
        "/logos/cs_app_0/0.png".to_owned(),
    ] {
        assert_eq!(house.get(&wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn the_logo_stands_where_people_decide_and_goes_when_it_is_taken_away() {
    let house = House::new().await;
    let app = registered(&house, LOGO).await;
    let image = format!("<img src=\"{}\" alt=\"\">", path_of(&app));
    let mut browser = owner(&house).await;
    let home = format!("{APPS}/{}", app.id);
    for path in [APPS, &home, &format!("{home}/change")] {
        assert!(browser.get(path).await.body.contains(&image), "{path}");
    }
    let change = format!("{home}/change");
    let page = browser.get(&change).await;
    let mut fields = portal(&house);
    fields.push(("logo_remove", "yes".to_owned()));
    let summary = send(&mut browser, &page, &change, &fields, None).await;
    assert_eq!(summary.status, StatusCode::OK, "it looks otherwise: {}", summary.body);
    let (confirm, code) = (format!("{change}/confirm"), house.next_code("owner"));
    let answer = browser.submit(&summary, &confirm, &[("code", &code)]).await;
    assert_eq!(answer.location(), home);
    assert!(apps(&house)[0].logo.is_none());
    assert_eq!(house.get(&path_of(&app)).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get(&home).await.body.contains("<img"));
}

#[tokio::test]
async fn change_leads_back_to_the_form_with_the_picture_that_was_chosen() {
    let house = House::new().await;
    let mut browser = owner(&house).await;
    let page = browser.get(CREATE).await;
    let summary = send(&mut browser, &page, CREATE, &portal(&house), Some(("a", LOGO))).await;
    assert!(summary.body.contains("PNG, 32 × 24"), "{}", summary.body);
    let form = browser.submit(&summary, &format!("{CREATE}/again"), &[]).await;
    assert!(form.body.contains("PNG, 32 × 24"), "{}", form.body);
    let summary = send(&mut browser, &form, CREATE, &portal(&house), None).await;
    assert!(summary.body.contains("PNG, 32 × 24"), "kept without being sent again");
    let summary = send(&mut browser, &form, CREATE, &portal(&house), Some(("b", JPEG))).await;
    assert!(summary.body.contains("JPG, 32 × 24"), "a new file counts first");
}
