//! Webhooks against receivers that do not behave, and against those who listen: what comes back is not
//! read, what was sent is not good for anything later, and secrets change.

use std::time::Duration;

use countersign::domain::webhook::Attempted;
use countersign::domain::webhook::Endpoint;
use countersign::domain::webhook::EndpointStatus;
use countersign::domain::webhook::Topic;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::Page;
use crate::webhooks::DAY;
use crate::webhooks::URL;
use crate::webhooks::body;
use crate::webhooks::connect;
use crate::webhooks::deliver;
use crate::webhooks::elsewhere;
use crate::webhooks::endpoint;
use crate::webhooks::header;
use crate::webhooks::is_signed;
use crate::webhooks::log;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_name_that_moved_inside_since_the_last_message_is_not_dialled_again() {
    let elsewhere = elsewhere().await;
    let only = [("outbound.allow_networks", "127.0.0.1/32")];
    let house = House::beside(&elsewhere, &only).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    house.ops.test_webhook(id, MACHINE).await.unwrap();
    deliver(&house).await;
    assert_eq!(elsewhere.asked().len(), 1);
    for inside in ["10.0.0.1", "::ffff:10.0.0.1", "169.254.169.254", "::1"] {
        let answers = vec![vec![inside.parse().unwrap()]];
        elsewhere.resolver.answers.lock().unwrap().insert("hooks.example".to_owned(), answers);
        house.advance(1);
        house.ops.test_webhook(id, MACHINE).await.unwrap();
        deliver(&house).await;
        let Attempted::Failed { status: None, why } = &log(&house, id)[0].attempt.outcome else {
            panic!("{inside} was dialled");
        };
        assert!(why.contains("not on the public Internet"), "{why}");
    }
    assert_eq!(elsewhere.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_an_answer_nothing_but_its_status_is_waited_for() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    let huge = b"HTTP/1.1 200 X\r\ncontent-length: 9999999999999\r\n\r\n".to_vec();
    let endless = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for answer in [Page::Drip(huge, SECOND), Page::Drip(endless, SECOND)] {
        elsewhere.put(URL, answer);
        house.advance(1);
        house.ops.test_webhook(id, MACHINE).await.unwrap();
        let since = tokio::time::Instant::now();
        deliver(&house).await;
        let outcome = &log(&house, id)[0].attempt.outcome;
        assert_eq!(*outcome, Attempted::Delivered { status: 200 });
        // Paused time leaps to the next drop while the store's thread works; the body never ends.
        assert!(since.elapsed() < 10 * SECOND, "{:?}", since.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_without_an_end_or_one_that_drips_is_a_failure() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    let large = [b"HTTP/1.1 200 X\r\nx: ".as_slice(), &vec![b'x'; 1 << 20]].concat();
    let drip = b"HTTP/1.1 200 X\r\nx:".to_vec();
    for answer in [Page::Bytes(large), Page::Drip(drip, SECOND)] {
        elsewhere.put(URL, answer);
        house.advance(1);
        house.ops.test_webhook(id, MACHINE).await.unwrap();
        let since = tokio::time::Instant::now();
        deliver(&house).await;
        let outcome = &log(&house, id)[0].attempt.outcome;
        assert!(matches!(outcome, Attempted::Failed { status: None, .. }), "{outcome:?}");
        assert!(since.elapsed() < 16 * SECOND, "{:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_message_that_somebody_kept_is_of_another_time_or_of_nobody() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let made = endpoint(&house, URL, &[]).await;
    connect(&house).await;
    deliver(&house).await;
    let (kept, secret) = (elsewhere.asked().remove(0), made.secret.expose().to_owned());
    let time = header(&kept, "webhook-timestamp").to_owned();
    assert_eq!(time, house.ops.now().seconds().to_string(), "it says when it was sent");
    assert!(is_signed(&kept, &secret));
    // Whoever sends it again later has to say another time, which nobody signed.
    let later = (house.ops.now().seconds() + 600).to_string();
    let again =
        kept.replace(&format!("webhook-timestamp: {time}"), &format!("webhook-timestamp: {later}"));
    assert!(again != kept && !is_signed(&again, &secret));
    let other = kept.replace("connection.created", "connection.revoked");
    assert!(other != kept && !is_signed(&other, &secret));
    let id = header(&kept, "webhook-id").to_owned();
    let other = kept.replace(&format!("webhook-id: {id}"), "webhook-id: msg_other");
    assert!(other != kept && !is_signed(&other, &secret));
}

#[tokio::test]
async fn a_new_secret_signs_at_once_and_the_former_one_for_a_day_more() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let first = endpoint(&house, URL, &[]).await;
    let id = first.listed.id;
    let second = house.ops.rotate_webhook(id, MACHINE).await.unwrap();
    assert_ne!(first.secret.expose(), second.secret.expose());
    let sent = async || {
        house.advance(1);
        house.ops.test_webhook(id, MACHINE).await.unwrap();
        deliver(&house).await;
        elsewhere.asked().pop().unwrap()
    };
    let both = sent().await;
    assert!(is_signed(&both, first.secret.expose()) && is_signed(&both, second.secret.expose()));
    house.advance(DAY);
    let one = sent().await;
    assert!(!is_signed(&one, first.secret.expose()) && is_signed(&one, second.secret.expose()));
    // A second change ends what the first had left over.
    house.ops.rotate_webhook(id, MACHINE).await.unwrap();
    let third = house.ops.rotate_webhook(id, MACHINE).await.unwrap();
    let last = sent().await;
    assert!(!is_signed(&last, second.secret.expose()) && is_signed(&last, third.secret.expose()));
}

#[tokio::test]
async fn messages_come_in_the_order_of_what_they_tell() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    let mut ends = Vec::new();
    for _ in 0..3 {
        let tokens = connect(&house).await;
        house.advance(1);
        ends.push(tokens["refresh_token"].as_str().unwrap().to_owned());
    }
    for token in ends {
        house.as_app_at("/oauth/revoke", "oauth_public", &[("token", &token)]).await;
        house.advance(1);
    }
    deliver(&house).await;
    let told: Vec<_> = elsewhere.asked().iter().map(|one| body(one)).collect();
    assert_eq!(told.len(), 6);
    let times: Vec<_> = told.iter().map(|one| one["timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let of = |topic: &str| {
        let those = told.iter().filter(|one| one["type"] == topic);
        those.map(|one| one["data"]["connection"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("connection.created"), of("connection.revoked"));
}

#[tokio::test]
async fn what_waits_is_sent_at_once_when_somebody_asks_for_it() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::of(500, "", b""));
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[]).await.listed.id;
    connect(&house).await;
    for _ in 0..4 {
        deliver(&house).await;
        house.advance(1800);
    }
    let tried = elsewhere.asked().len();
    elsewhere.put(URL, Page::of(204, "", b""));
    deliver(&house).await;
    assert_eq!((elsewhere.asked().len(), house.ops.webhook_waiting(id).unwrap()), (tried, 1));
    house.ops.retry_webhook(id, MACHINE).await.unwrap();
    deliver(&house).await;
    assert_eq!((elsewhere.asked().len(), house.ops.webhook_waiting(id).unwrap()), (tried + 1, 0));
    assert_eq!(house.ops.find_webhook(id).unwrap().endpoint.failing_since, None);
}

#[tokio::test]
async fn nothing_is_put_into_the_outbox_of_one_that_is_disabled() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::of(410, "", b""));
    let house = House::beside(&elsewhere, &[]).await;
    let id = endpoint(&house, URL, &[Topic::ReviewDue]).await.listed.id;
    house.ops.test_webhook(id, MACHINE).await.unwrap();
    deliver(&house).await;
    let status = house.ops.find_webhook(id).unwrap().endpoint.status;
    assert!(matches!(status, EndpointStatus::Disabled { gone: true, .. }), "{status:?}");
    let tested = house.ops.test_webhook(id, MACHINE).await;
    assert!(matches!(tested, Err(Failure::Refused(Refusal::WebhookDisabled))));
    let retried = house.ops.retry_webhook(id, MACHINE).await;
    assert!(matches!(retried, Err(Failure::Refused(Refusal::WebhookDisabled))));
    assert_eq!(house.ops.webhook_waiting(id).unwrap(), 0);
}

#[tokio::test]
async fn an_endpoint_that_was_stored_before_there_were_former_secrets_is_still_read() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    let made = endpoint(&house, URL, &[]).await.listed.endpoint;
    let mut written = serde_json::to_value(&made).unwrap();
    for field in ["former", "failing_since", "delivered_at", "note"] {
        assert!(written.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    let read: Endpoint = serde_json::from_value(written).unwrap();
    assert_eq!(read, made);
}
