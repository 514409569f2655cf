//! Webhooks in the workspace, from link to link: an administrator makes one, sees how it stands and what
//! was tried, and ends it. Who may not is attacked in `attacks_workspace`.

use countersign::domain::audit::EventKind;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::Page;
use crate::harness::hidden_fields;
use crate::webhooks::URL;
use crate::webhooks::connect;
use crate::webhooks::deliver;
use crate::webhooks::elsewhere;
use crate::webhooks::is_signed;

const LIST: &str = "/settings/webhooks";
const CREATE: &str = "/settings/webhooks/create";
const EVENT: (&str, &str) = ("event", "connection.created");

async fn owner(house: &House) -> Browser<'_> {
    let mut browser = house.signed_in("owner").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    browser
}

/// Sends the form of a new one.
async fn create(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(CREATE).await;
    let code = browser.house.next_code("owner");
    browser.submit(&page, CREATE, &[fields, &[("code", &code)]].concat()).await
}

/// Makes one; its page and its secret.
async fn made(browser: &mut Browser<'_>) -> (String, String) {
    let sent = create(browser, &[("url", URL), EVENT]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    secret(browser, sent.location()).await
}

/// The page of the webhook whose secret is shown at `path`, and the secret.
async fn secret(browser: &mut Browser<'_>, path: String) -> (String, String) {
    let shown = browser.get(&path).await;
    let secret = shown.body.split("value=\"whsec_").nth(1).unwrap().split('"').next().unwrap();
    let secret = format!("whsec_{}", secret.replace("&#x2f;", "/"));
    let kept = browser.submit(&shown, &path, &[("saved", "yes")]).await;
    let page = kept.location();
    let again = browser.get(&path).await;
    assert!(!again.body.contains("whsec_"), "it is shown once");
    (page, secret)
}

#[tokio::test]
async fn an_administrator_makes_one_and_its_receiver_can_check_what_comes() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let mut browser = owner(&house).await;
    assert!(browser.get(LIST).await.body.contains("No webhooks yet"));
    let (page, secret) = made(&mut browser).await;
    assert!(house.happened(3).contains(&EventKind::WebhookChanged));
    assert!(browser.get(LIST).await.body.contains("Nothing sent yet"));
    connect(&house).await;
    deliver(&house).await;
    assert!(is_signed(&elsewhere.asked()[0], &secret));
    let mut browser = owner(&house).await;
    let shown = browser.get(&page).await.body;
    for text in ["Works", "connection.created", "Delivered", "Status 204", "hooks.example"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains("whsec_") && !shown.contains("Try again now"), "{shown}");
}

#[tokio::test]
async fn a_receiver_that_fails_is_seen_and_tried_again_and_turned_on_again() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let mut browser = owner(&house).await;
    let (page, _) = made(&mut browser).await;
    elsewhere.put(URL, Page::of(503, "", b""));
    let shown = browser.get(&page).await;
    browser.submit(&shown, &format!("{page}/test"), &[]).await;
    deliver(&house).await;
    assert!(browser.get(LIST).await.body.contains("Failing"));
    let shown = browser.get(&page).await;
    for text in ["Failing since", "webhook.test", "Status 503", "Attempt 1", "Try again now"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    elsewhere.put(URL, Page::of(410, "", b""));
    let again = browser.submit(&shown, &format!("{page}/retry"), &[]).await;
    assert_eq!(again.location(), page);
    deliver(&house).await;
    let shown = browser.get(&page).await;
    assert!(shown.body.contains("Gone") && shown.body.contains("Enable again"), "{}", shown.body);
    assert!(!shown.body.contains("Send a test"), "{}", shown.body);
    browser.submit(&shown, &format!("{page}/retry"), &[]).await;
    assert!(browser.get(&page).await.body.contains("Send a test"));
}

#[tokio::test]
async fn a_new_secret_and_the_end_take_a_code_and_a_secret_is_shown_once() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let mut browser = owner(&house).await;
    let (page, first) = made(&mut browser).await;
    house.advance(60);
    for act in ["rotate", "delete"] {
        let question = browser.get(&format!("{page}/{act}")).await;
        let refused =
            browser.submit(&question, &format!("{page}/{act}"), &[("code", "000000")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    }
    house.advance(60);
    let question = browser.get(&format!("{page}/rotate")).await;
    let code = house.next_code("owner");
    let turned = browser.submit(&question, &format!("{page}/rotate"), &[("code", &code)]).await;
    let (_, second) = secret(&mut browser, turned.location()).await;
    assert_ne!(first, second);
    house.advance(60);
    let question = browser.get(&format!("{page}/delete")).await;
    let code = house.next_code("owner");
    let gone = browser.submit(&question, &format!("{page}/delete"), &[("code", &code)]).await;
    assert_eq!(gone.location(), LIST);
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.ops.webhooks(None).unwrap(), []);
}

#[tokio::test]
async fn what_is_no_address_or_takes_nothing_is_said_beside_the_field_and_nothing_is_made() {
    let house = House::new().await;
    let mut browser = owner(&house).await;
    for fields in [
        &[("url", "http://hooks.example/"), EVENT] as &[_],
        &[("url", "https://user@hooks.example/"), EVENT],
        &[("url", ""), EVENT],
        &[("url", URL)],
        &[("url", URL), ("event", "webhook.test")],
    ] {
        let again = create(&mut browser, fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(again.body.contains("aria-invalid") || again.body.contains("events-error"));
        let kept = fields[0].1.replace('/', "&#x2f;");
        assert!(again.body.contains(&kept) || again.body.contains(fields[0].1), "{}", again.body);
    }
    assert_eq!(house.ops.webhooks(None).unwrap(), []);
    for _ in 0..10 {
        house.advance(60);
        let sent = create(&mut browser, &[("url", URL), EVENT]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    }
    assert!(!browser.get(LIST).await.body.contains(CREATE), "there are as many as there may be");
    house.advance(60);
    let eleventh = create(&mut browser, &[("url", URL), EVENT]).await;
    assert_eq!(eleventh.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!hidden_fields(&eleventh.body, CREATE).is_empty());
    assert_eq!(house.ops.webhooks(None).unwrap().len(), 10);
}
