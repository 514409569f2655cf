//! `connection.revoked`: for each connection that an act ended, whichever act it was, and once.

use countersign::base::entropy::SystemEntropy;
use countersign::base::id::AppId;
use countersign::base::id::ConnectionId;
use countersign::base::id::RawId;
use countersign::domain::connection::Connection;
use countersign::ops::administration::issue_recovery::Account;
use countersign::ops::connections;
use countersign::store::Store;
use countersign::store::changes::Changes;
use countersign::store::fault::Fault;
use countersign::store::reader::Reader;
use countersign::store::table::TableId;
use countersign::store::writer::Decision;
use countersign::store::writer::Operation;
use serde_json::Value;

use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::webhooks::URL;
use crate::webhooks::acme;
use crate::webhooks::body;
use crate::webhooks::connect;
use crate::webhooks::deliver;
use crate::webhooks::elsewhere;
use crate::webhooks::endpoint;

/// The ends that were told, by cause and connection.
fn told(elsewhere: &Elsewhere) -> Vec<(String, String)> {
    let all = elsewhere.asked();
    let ends = all.iter().map(|one| body(one)).filter(|one| one["type"] == "connection.revoked");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    ends.map(|one| (text(&one["data"]["cause"]), text(&one["data"]["connection"]))).collect()
}

fn public(house: &House) -> AppId {
    house.app("oauth_public").client_id.parse().unwrap()
}

fn newest(house: &House) -> ConnectionId {
    house.ops.connections().unwrap().iter().map(|connection| connection.id).max().unwrap()
}

/// Two connections of the owner's with one app, and an endpoint that is told.
async fn connected(elsewhere: &Elsewhere) -> House {
    let house = House::beside(elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    house.advance(60);
    connect(&house).await;
    house
}

#[tokio::test]
async fn an_app_that_is_revoked_or_deleted_ends_each_of_its_connections_once() {
    for (cause, deleted) in [("app_revoked", false), ("app_deleted", true)] {
        let elsewhere = elsewhere().await;
        let house = connected(&elsewhere).await;
        match deleted {
            false => house.ops.revoke_app(public(&house), MACHINE).await.map(drop),
            true => house.ops.delete_app(public(&house), MACHINE).await.map(drop),
        }
        .unwrap();
        deliver(&house).await;
        let ends = told(&elsewhere);
        assert_eq!(ends.len(), 2, "{ends:?}");
        assert!(ends.iter().all(|(why, _)| why == cause) && ends[0].1 != ends[1].1, "{ends:?}");
        // Whatever is done with what is over tells nothing more.
        house.ops.delete_app(public(&house), MACHINE).await.unwrap();
        house.ops.end_connection(newest(&house), MACHINE).await.unwrap();
        house.ops.end_all_access(None, MACHINE).await.unwrap();
        deliver(&house).await;
        assert_eq!(told(&elsewhere).len(), 2);
    }
}

#[tokio::test]
async fn an_app_that_came_back_and_ended_again_ends_what_it_got_meanwhile() {
    let elsewhere = elsewhere().await;
    let house = connected(&elsewhere).await;
    house.ops.revoke_app(public(&house), MACHINE).await.unwrap();
    house.ops.restore_app(public(&house), MACHINE).await.unwrap();
    deliver(&house).await;
    assert_eq!(told(&elsewhere).len(), 2);
    house.advance(60);
    connect(&house).await;
    house.ops.revoke_app(public(&house), MACHINE).await.unwrap();
    deliver(&house).await;
    let ends = told(&elsewhere);
    assert_eq!(ends.len(), 3);
    assert_eq!(ends[2].1, newest(&house).to_string());
}

#[tokio::test]
async fn the_end_of_all_access_tells_of_every_connection_here_and_everywhere() {
    let elsewhere = elsewhere().await;
    let house = connected(&elsewhere).await;
    house.ops.end_all_access(Some(acme(&house)), MACHINE).await.unwrap();
    deliver(&house).await;
    let ends = told(&elsewhere);
    assert_eq!(ends.len(), 2);
    assert!(ends.iter().all(|(why, _)| why == "ended_by_operator"), "{ends:?}");
    house.advance(60);
    connect(&house).await;
    house.ops.end_all_access(None, MACHINE).await.unwrap();
    deliver(&house).await;
    assert_eq!(told(&elsewhere).len(), 3);
}

#[tokio::test]
async fn a_person_who_is_erased_takes_their_connections_along() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    let acme = house.company("acme");
    house.tokens("oauth_public", "viewer", &acme, "customers:readonly").await;
    let account = Account { user: house.user_id("viewer"), place: None };
    house.ops.erase_person(account, MACHINE).await.unwrap();
    deliver(&house).await;
    let ends = told(&elsewhere);
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].0, "person_erased");
}

#[tokio::test]
async fn a_connection_that_ended_by_itself_and_was_deleted_then_is_told_once() {
    let elsewhere = elsewhere().await;
    let house = House::beside(&elsewhere, &[]).await;
    endpoint(&house, URL, &[]).await;
    let tokens = connect(&house).await;
    let stolen = tokens["refresh_token"].as_str().unwrap();
    house.refresh("oauth_public", stolen).await;
    house.advance(3600);
    assert_eq!(house.refresh("oauth_public", stolen).await.error(), "invalid_grant");
    deliver(&house).await;
    house.ops.end_connection(newest(&house), MACHINE).await.unwrap();
    deliver(&house).await;
    let ends = told(&elsewhere);
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].0, "refresh_replayed");
}

#[tokio::test]
async fn what_is_only_kept_away_is_not_told_as_ended() {
    let elsewhere = elsewhere().await;
    let house = connected(&elsewhere).await;
    house.ops.disable_user(house.user_id("owner"), MACHINE).await.unwrap();
    house.ops.enable_user(house.user_id("owner"), MACHINE).await.unwrap();
    deliver(&house).await;
    assert_eq!(told(&elsewhere), []);
}

#[tokio::test]
async fn what_ended_before_a_stop_is_told_after_it() {
    let elsewhere = elsewhere().await;
    let house = House::on_disk_beside(&elsewhere).await;
    endpoint(&house, URL, &[]).await;
    connect(&house).await;
    house.ops.revoke_app(public(&house), MACHINE).await.unwrap();
    let house = house.restarted_beside(&elsewhere);
    deliver(&house).await;
    assert_eq!(told(&elsewhere).len(), 1);
}

/// Copies of a connection, as if so many people had approved the app.
struct Crowd(Connection, usize);

impl Operation for Crowd {
    type Outcome = ();

    fn decide(self, _: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for _ in 0..self.1 {
            let id = RawId::make(self.0.consented_at, &SystemEntropy::new());
            let copy = Connection { id: ConnectionId::from_raw(id), ..self.0.clone() };
            connections::create(&mut changes, &copy)?;
        }
        Ok(Decision { changes, outcome: () })
    }
}

#[tokio::test]
async fn the_end_of_thousands_writes_no_message_in_its_own_commit() {
    const CROWD: usize = 2500;
    let store = Store::in_memory().unwrap();
    let house = House::quick_over(store.clone()).seeded().await;
    let rows = |table| store.read(|reader| reader.state().count(table)).unwrap();
    connect(&house).await;
    let one = house.ops.connections().unwrap().pop().unwrap();
    store.submit(Crowd(one, CROWD)).await.unwrap();
    endpoint(&house, URL, &[]).await;
    house.ops.revoke_app(public(&house), MACHINE).await.unwrap();
    assert_eq!((rows(TableId::WebhookOutbox), rows(TableId::WebhookOver)), (0, 1));
    house.ops.tell_of_ends().await.unwrap();
    assert_eq!(rows(TableId::WebhookOutbox), CROWD as u64 + 1);
    assert_eq!((rows(TableId::WebhookUntold), rows(TableId::WebhookOver)), (0, 0));
    assert!(house.ops.connections().unwrap().iter().all(|one| !one.is_active()));
}
