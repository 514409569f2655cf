//! Webhooks: signed, told with the commit of what happened, tried again, never lost, and never sent to
//! where a server must not go.

use countersign::base::id::RawId;
use countersign::domain::company::Place;
use countersign::domain::webhook::Attempted;
use countersign::domain::webhook::EndpointStatus;
use countersign::domain::webhook::Topic;
use countersign::ops::webhooks::manage::CreatedEndpoint;
use countersign::ops::webhooks::manage::LoggedAttempt;
use countersign::ops::webhooks::manage::NewEndpoint;
use http::StatusCode;
use ring::hmac;
use serde_json::Value;

use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::Page;

pub const URL: &str = "https://hooks.example/in?tenant=7";
pub const DAY: u64 = 86_400;

pub async fn elsewhere() -> Elsewhere {
    let elsewhere = Elsewhere::of(&["hooks.example", "other.example"]).await;
    elsewhere.put(URL, Page::of(204, "", b""));
    elsewhere
}

pub fn acme(house: &House) -> Place {
    Place::Company(house.company("acme").parse().unwrap())
}

pub async fn endpoint(house: &House, url: &str, topics: &[Topic]) -> CreatedEndpoint {
    let (place, url, topics) = (acme(house), url.to_owned(), topics.to_vec());
    let new = NewEndpoint { place, url, topics, note: String::new() };
    house.ops.create_webhook(new, MACHINE).await.unwrap()
}

/// Tells of what ended, and sends all that is due now.
pub async fn deliver(house: &House) {
    house.ops.tell_of_ends().await.unwrap();
    loop {
        let claims = house.ops.claim_webhooks().unwrap();
        if claims.is_empty() {
            return;
        }
        for claim in claims {
            claim.deliver().await.unwrap();
        }
    }
}

pub async fn connect(house: &House) -> Value {
    house.tokens("oauth_public", "owner", &house.company("acme"), "customers:all").await
}

pub fn log(house: &House, id: RawId) -> Vec<LoggedAttempt> {
    house.ops.webhook_log(id).unwrap()
}

pub fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let start = format!("{name}: ");
    request.lines().find_map(|line| line.strip_prefix(&start)).unwrap()
}

pub fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Whether a receiver that holds `secret` takes the request, by the specification alone.
pub fn is_signed(request: &str, secret: &str) -> bool {
    let key = secret.strip_prefix("whsec_").unwrap();
    let key = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
    let body = request.split_once("\r\n\r\n").unwrap().1;
    let (id, time) = (header(request, "webhook-id"), header(request, "webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    header(request, "webhook-signature").split(' ').any(|signature| {
        let tag = signature.strip_prefix("v1,").unwrap();
        let tag = data_encoding::BASE64.decode(tag.as_bytes()).unwrap();
        hmac::verify(&key, format!("{id}.{time}.{body}").as_bytes(), &tag).is_ok()
    })
}

#[tokio::test]
async fn a_connection_is_told_with_a_signature_that_its_receiver_can_check() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let made = endpoint(&house, URL, &[]).await;
    let tokens = connect(&house).await;
    deliver(&house).await;
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with("POST /in?tenant=7 HTTP/1.1\r\n"), "{}", asked[0]);
    assert_eq!(header(&asked[0], "content-type"), "application/json");
    assert!(is_signed(&asked[0], made.secret.expose()));
    let other = endpoint(&house, URL, &[]).await;
    assert!(!is_signed(&asked[0], other.secret.expose()), "each has a secret of its own");
    let told = body(&asked[0]);
    assert_eq!(told["type"], "connection.created");
    assert_eq!(told["data"]["company"], house.company("acme"));
    assert_eq!(told["data"]["scope"], "customers:all");
    for secret in ["access_token", "refresh_token"] {
        assert!(!asked[0].contains(tokens[secret].as_str().unwrap()), "{secret}");
    }
    let form = [("token", tokens["refresh_token"].as_str().unwrap())];
    house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
    deliver(&house).await;
    let told = body(&elsewhere.asked()[1]);
    assert_eq!(told["type"], "connection.revoked");
    assert_eq!(told["data"]["cause"], "revoked_by_client");
    let outcomes = log(&house, made.listed.id).into_iter().map(|line| line.attempt.outcome);
    assert!(
        outcomes.eq([Attempted::Delivered { status: 204 }, Attempted::Delivered { status: 204 }])
    );
}

#[tokio::test]
async fn only_those_of_the_company_that_take_it_are_told() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, "https://other.example/", &[Topic::ReviewDue]).await;
    let place = Place::Firm(house.firm().parse().unwrap());
    let new = NewEndpoint { place, url: URL.to_owned(), topics: vec![], note: String::new() };
    house.ops.create_webhook(new, MACHINE).await.unwrap();
    connect(&house).await;
    deliver(&house).await;
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failure_is_tried_again_with_the_same_id_and_body_and_given_up_after_three_days() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::of(500, "", b"down"));
    let house = House::beside(&elsewhere, &[]).await;
    let made = endpoint(&house, URL, &[]).await;
    connect(&house).await;
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), 1, "not again before its time");
    let mut hours = 0;
    while log(&house, made.listed.id)[0].attempt.again_at.is_some() {
        house.advance(3600);
        hours += 1;
        deliver(&house).await;
    }
    assert!((72..110).contains(&hours), "{hours}");
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), log(&house, made.listed.id).len());
    for again in &asked {
        assert_eq!(header(again, "webhook-id"), header(&asked[0], "webhook-id"));
        assert_eq!(body(again), body(&asked[0]));
        assert!(is_signed(again, made.secret.expose()));
    }
    assert_ne!(header(&asked[0], "webhook-timestamp"), header(&asked[9], "webhook-timestamp"));
    house.advance(10 * DAY);
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), asked.len(), "it is given up");
}

#[tokio::test]
async fn one_that_fails_for_days_is_disabled_until_somebody_enables_it() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::of(503, "", b""));
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    for _ in 0..3 {
        connect(&house).await;
        deliver(&house).await;
        house.advance(2 * DAY + DAY / 2);
    }
    let status = || house.ops.find_webhook(id).unwrap().endpoint.status;
    deliver(&house).await;
    assert!(matches!(status(), EndpointStatus::Disabled { gone: false, .. }), "{:?}", status());
    let asked = elsewhere.asked().len();
    connect(&house).await;
    house.advance(DAY);
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), asked, "it is sent nothing");
    elsewhere.put(URL, Page::of(200, "", b""));
    house.ops.enable_webhook(id, MACHINE).await.unwrap();
    house.ops.test_webhook(id, MACHINE).await.unwrap();
    deliver(&house).await;
    assert_eq!(body(elsewhere.asked().last().unwrap())["type"], "webhook.test");
    assert_eq!(status(), EndpointStatus::Active);
}

#[tokio::test]
async fn one_that_says_it_is_gone_is_disabled_at_once() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::of(410, "", b""));
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    connect(&house).await;
    deliver(&house).await;
    let status = house.ops.find_webhook(id).unwrap().endpoint.status;
    assert!(matches!(status, EndpointStatus::Disabled { gone: true, .. }), "{status:?}");
}

#[tokio::test]
async fn a_restart_loses_nothing_that_was_not_delivered() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    let made = endpoint(&house, URL, &[]).await;
    connect(&house).await;
    let house = house.restarted_beside(&elsewhere);
    deliver(&house).await;
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), 1);
    assert!(is_signed(&asked[0], made.secret.expose()));
    let house = house.restarted_beside(&elsewhere);
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), 1, "what arrived is not sent again");
}

#[tokio::test]
async fn a_delivery_that_is_cut_short_is_made_again() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    let claims = house.ops.claim_webhooks().unwrap();
    assert_eq!(claims.len(), 1);
    assert_eq!(house.ops.claim_webhooks().unwrap().len(), 0, "one at a time");
    drop(claims);
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::of(307, "location: https://other.example/\r\n", b""));
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    connect(&house).await;
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), 1);
    let Attempted::Failed { status, .. } = &log(&house, id)[0].attempt.outcome else { panic!() };
    assert_eq!(*status, Some(307));
}

#[tokio::test]
async fn a_name_that_leads_into_the_machine_or_the_network_is_not_dialled() {
    let elsewhere = elsewhere().await;
    let public_only = [("outbound.allow_networks", "")];
    let house = House::beside(&elsewhere, &public_only).await;
    let urls = [
        URL,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://0.0.0.0/",
        "https://2130706433/",
    ];
    let mut made = Vec::new();
    for url in urls {
        made.push(endpoint(&house, url, &[]).await.listed.id);
    }
    connect(&house).await;
    deliver(&house).await;
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
    for id in made {
        let Attempted::Failed { status: None, why } = &log(&house, id)[0].attempt.outcome else {
            panic!("{id} was dialled");
        };
        assert!(why.contains("not on the public Internet"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_answer_holds_up_neither_requests_nor_others() {
    let elsewhere = elsewhere().await;
    elsewhere.put(
        "https://other.example/",
        Page::Drip(Vec::new(), std::time::Duration::from_secs(3600)),
    );
    let house = House::beside(&elsewhere, &[]).await;
    let slow = endpoint(&house, "https://other.example/", &[]).await.listed.id;
    let quick = endpoint(&house, URL, &[]).await.listed.id;
    connect(&house).await;
    let claims = house.ops.claim_webhooks().unwrap();
    assert_eq!(claims.len(), 2);
    let delivering =
        futures_util::future::join_all(claims.into_iter().map(|claim| claim.deliver()));
    let asking = async {
        elsewhere.until_asked(2).await;
        house.get("/healthz").await.status
    };
    let (delivered, status) = tokio::join!(delivering, asking);
    assert_eq!(status, StatusCode::OK);
    assert!(delivered.into_iter().all(|done| done.is_ok()));
    assert_eq!(log(&house, quick)[0].attempt.outcome, Attempted::Delivered { status: 204 });
    let Attempted::Failed { why, .. } = &log(&house, slow)[0].attempt.outcome else { panic!() };
    assert!(why.contains("fifteen seconds"), "{why}");
}

#[tokio::test]
async fn what_comes_near_is_told_once() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    deliver(&house).await;
    let told = || {
        let asked = elsewhere.asked();
        asked.iter().map(|one| body(one)["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    house.ops.announce_what_is_due().await.unwrap();
    deliver(&house).await;
    assert_eq!(told(), ["connection.created"], "nothing comes near yet");
    house.advance(352 * DAY);
    for _ in 0..3 {
        house.ops.announce_what_is_due().await.unwrap();
        deliver(&house).await;
    }
    let count = |topic: &str| told().iter().filter(|one| *one == topic).count();
    assert_eq!(count("connection.expiring"), 1, "{:?}", told());
    assert!(count("review.due") >= 1, "{:?}", told());
    let before = told().len();
    house.advance(DAY);
    house.ops.announce_what_is_due().await.unwrap();
    deliver(&house).await;
    assert_eq!(told().len(), before, "{:?}", told());
}

#[tokio::test]
async fn a_refused_request_tells_nobody() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    house.redeem("oauth_public", "cs_code_wrong").await;
    deliver(&house).await;
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn the_log_of_an_endpoint_is_bounded_and_its_secret_is_sealed() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    let made = endpoint(&house, URL, &[]).await;
    for _ in 0..105 {
        house.ops.test_webhook(made.listed.id, MACHINE).await.unwrap();
        house.advance(1);
        deliver(&house).await;
    }
    assert_eq!(log(&house, made.listed.id).len(), 100);
    house.ops.close();
    let file = std::fs::read(house.folder().join("countersign.redb")).unwrap();
    let secret = made.secret.expose().strip_prefix("whsec_").unwrap();
    let key = data_encoding::BASE64.decode(secret.as_bytes()).unwrap();
    for needle in [key.as_slice(), secret.as_bytes()] {
        assert!(!file.windows(needle.len()).any(|window| window == needle));
    }
}
