//! What endpoints are told after a restore: nothing twice, nothing lost, and nothing that is not so.

use countersign::domain::app::AppKind;

use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::restore::backup;
use crate::restore::restore;
use crate::restore::restored;
use crate::webhooks::DAY;
use crate::webhooks::URL;
use crate::webhooks::body;
use crate::webhooks::connect;
use crate::webhooks::deliver;
use crate::webhooks::elsewhere;
use crate::webhooks::endpoint;

/// What the endpoint was told: topic and connection.
fn told(elsewhere: &Elsewhere) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let told = elsewhere.asked();
    let told = told.iter().map(|request| body(request));
    told.map(|told| (text(&told["type"]), text(&told["data"]["connection"]))).collect()
}

fn topics(elsewhere: &Elsewhere) -> Vec<String> {
    told(elsewhere).into_iter().map(|(topic, _)| topic).collect()
}

#[tokio::test]
async fn what_was_delivered_is_not_sent_again_what_waited_is_and_what_is_gone_is_told_to_be_over() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    let file = backup(&house);
    deliver(&house).await;
    assert_eq!(topics(&elsewhere), ["connection.created"], "it waited when the backup was made");
    house.advance(1);
    connect(&house).await;
    house.advance(1);
    let (house, _) = restored(house, &file);
    let house = house.restarted_beside(&elsewhere);
    deliver(&house).await;
    let told = told(&elsewhere);
    let (first, rest) = told.split_first().unwrap();
    assert_eq!(rest.len(), 2, "{told:?}");
    assert_eq!([&*rest[0].0, &*rest[1].0], ["connection.created", "connection.revoked"]);
    assert_eq!(rest[0].1, rest[1].1, "the connection that was made after the backup");
    assert_ne!(first.1, rest[0].1);
}

#[tokio::test]
async fn what_came_near_is_not_announced_again_nor_what_has_ended() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    deliver(&house).await;
    let file = backup(&house);
    house.advance(352 * DAY);
    house.ops.announce_what_is_due().await.unwrap();
    deliver(&house).await;
    let before = topics(&elsewhere);
    assert!(before.contains(&"connection.expiring".to_owned()), "{before:?}");
    let (house, _) = restored(house, &file);
    let house = house.restarted_beside(&elsewhere);
    house.ops.announce_what_is_due().await.unwrap();
    deliver(&house).await;
    assert_eq!(topics(&elsewhere), before);
}

#[tokio::test]
async fn an_announcement_that_waits_is_dropped_if_what_it_is_about_has_ended() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    endpoint(&house, URL, &[]).await;
    let new = house.acting(AppKind::ApiToken, "acme", "owner", "customers:readonly");
    let app = house.ops.create_app(new, MACHINE).await.unwrap().app;
    let file = backup(&house);
    house.advance(352 * DAY);
    house.ops.announce_what_is_due().await.unwrap();
    let waiting = house.ops.claim_webhooks().unwrap().len();
    assert_eq!(waiting, 1, "an announcement waits");
    house.ops.revoke_app(app.id, MACHINE).await.unwrap();
    let (house, _) = restored(house, &file);
    let house = house.restarted_beside(&elsewhere);
    deliver(&house).await;
    let about = |request: &String| body(request)["data"]["app"] == app.id.to_string();
    assert_eq!(elsewhere.asked().iter().filter(|request| about(request)).count(), 0);
}

#[tokio::test]
async fn without_the_former_file_every_connection_is_told_to_be_over() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    deliver(&house).await;
    let file = backup(&house);
    let now = house.ops.now();
    let (house, _) = house.while_stopped(|folder, settings| {
        std::fs::remove_file(folder.join(countersign::app::installation::DATA_FILE)).unwrap();
        restore(folder, settings, &file, now).unwrap()
    });
    let house = house.restarted_beside(&elsewhere);
    deliver(&house).await;
    assert_eq!(topics(&elsewhere), ["connection.created", "connection.revoked"]);
}
