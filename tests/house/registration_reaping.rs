//! Clients that registered themselves and that nobody uses are removed; the others never are.

use countersign::domain::app::AppStatus;
use countersign::domain::audit::EventKind;
use countersign::domain::audit::Origin;
use countersign::ops::Ops;
use http::StatusCode;
use serde_json::json;

use crate::harness::House;
use crate::registering::Client;
use crate::registering::OPEN;
use crate::registering::REDIRECT;
use crate::registering::confidential;
use crate::registering::public;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// What the server does every minute while it runs.
async fn keep_house(house: &House) {
    house.ops.flush().await.unwrap();
    house.ops.sweep().await.unwrap();
}

fn is_known(ops: &Ops, client: &Client) -> bool {
    ops.find_app(&client.id).is_ok_and(|app| app.status == AppStatus::Active)
}

/// Whether every endpoint answers as if it had never been.
async fn assert_gone(house: &House, kind: &str, client: &Client) {
    for (path, form) in [
        ("/oauth/token", vec![("grant_type", "refresh_token"), ("refresh_token", "x")]),
        ("/oauth/token", vec![("grant_type", "authorization_code"), ("code", "x")]),
        ("/token", vec![("grant_type", "client_credentials")]),
        ("/oauth/revoke", vec![("token", "x")]),
        ("/oauth/introspect", vec![("token", "x")]),
        ("/oauth/par", vec![("response_type", "code"), ("redirect_uri", REDIRECT)]),
    ] {
        let answer = house.as_app_at(path, kind, &form).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()), "{kind} at {path}");
    }
    let mut browser = house.signed_in("owner").await;
    let page = browser.get(&house.authorize_url(kind, &[("redirect_uri", REDIRECT)])).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{page:?}");
    assert!(page.headers.get("location").is_none() && page.body.contains("Nothing was shared"));
    assert_eq!(client.read(house).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_that_nobody_used_goes_after_a_day() {
    let mut house = House::open_to_clients().await;
    let mut clients = Vec::new();
    for (kind, body) in [("public", public()), ("secret", confidential())] {
        clients.push((kind, house.lets_in(kind, &body).await));
    }
    house.advance(DAY - 1);
    keep_house(&house).await;
    for (kind, client) in &clients {
        assert!(is_known(&house.ops, client), "{kind} went too early");
    }
    house.advance(2);
    keep_house(&house).await;
    for (kind, client) in &clients {
        assert!(house.ops.find_app(&client.id).is_err(), "{kind} left something behind");
        assert_gone(&house, kind, client).await;
    }
    let reaped = house.ops.audit_entries(None, 50).unwrap();
    let reaped = reaped.iter().filter(|entry| entry.event.kind == EventKind::ClientReaped);
    let causes: Vec<_> = reaped.filter_map(|entry| entry.event.cause.clone()).collect();
    assert_eq!(causes, ["\"app.example\", never used", "\"app.example\", never used"]);
}

#[tokio::test]
async fn a_client_that_was_reaped_registers_anew_under_another_id() {
    let mut house = House::open_to_clients().await;
    let first = house.lets_in("public", &public()).await;
    house.advance(DAY + 1);
    keep_house(&house).await;
    house.guide.apps.pop();
    let second = house.lets_in("public", &public()).await;
    assert_ne!(first.id, second.id);
    house.connected("public", REDIRECT).await;
}

#[tokio::test]
async fn consent_alone_is_no_use_but_a_redeemed_code_is() {
    let mut house = House::open_to_clients().await;
    let asked = house.lets_in("asked", &public()).await;
    let used = house.lets_in("used", &public()).await;
    house.code_for("asked", REDIRECT).await;
    house.connected("used", REDIRECT).await;
    house.advance(DAY + 1);
    keep_house(&house).await;
    assert!(!is_known(&house.ops, &asked));
    assert!(is_known(&house.ops, &used));
}

#[tokio::test]
async fn an_idle_client_goes_only_when_none_of_its_connections_lives() {
    let mut house = House::quick_with(&[OPEN, ("clients.registration_idle", "10days")]).await;
    let client = house.lets_in("public", &public()).await;
    let tokens = house.connected("public", REDIRECT).await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    keep_house(&house).await;
    house.advance(89 * DAY);
    keep_house(&house).await;
    assert!(is_known(&house.ops, &client), "its refresh token still lives");
    let renewed = house.refresh("public", &refresh).await;
    assert_eq!(renewed.status, StatusCode::OK, "{renewed:?}");
    keep_house(&house).await;
    house.advance(89 * DAY);
    keep_house(&house).await;
    assert!(is_known(&house.ops, &client));
    house.advance(10 * DAY);
    keep_house(&house).await;
    assert!(!is_known(&house.ops, &client));
    assert_gone(&house, "public", &client).await;
    // Its name stays for the history that points to it.
    let listed = house.ops.apps().unwrap();
    let left = listed.iter().find(|listed| listed.app.id.to_string() == client.id).unwrap();
    assert_eq!(left.app.name, "app.example");
    assert!(left.app.redirect_uris.is_empty() && left.app.secrets.is_empty());
    assert!(house.ops.connections().unwrap().iter().any(|c| c.app == left.app.id));
}

#[tokio::test]
async fn a_client_whose_connections_ended_goes_when_it_was_idle_for_long() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let tokens = house.connected("public", REDIRECT).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let answer = house.as_app_at("/oauth/revoke", "public", &[("token", refresh)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    keep_house(&house).await;
    house.advance(90 * DAY - HOUR);
    keep_house(&house).await;
    assert!(is_known(&house.ops, &client));
    house.advance(2 * HOUR);
    keep_house(&house).await;
    assert!(!is_known(&house.ops, &client));
    assert!(house.happened(20).contains(&EventKind::ClientReaped));
}

#[tokio::test]
async fn a_shortened_lifetime_of_refresh_tokens_takes_no_client_whose_connection_lives() {
    let long = [OPEN, ("tokens.refresh", "300days"), ("clients.registration_idle", "1days")];
    let short = [OPEN, ("tokens.refresh", "2days"), ("clients.registration_idle", "1days")];
    let mut house = House::on_disk().await.restarted(&long);
    let client = house.lets_in("public", &public()).await;
    let tokens = house.connected("public", REDIRECT).await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    keep_house(&house).await;
    let house = house.restarted(&short);
    keep_house(&house).await;
    house.advance(200 * DAY);
    keep_house(&house).await;
    assert!(is_known(&house.ops, &client));
    assert_eq!(house.refresh("public", &refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn apps_that_somebody_here_registered_are_never_reaped() {
    let house = House::open_to_clients().await;
    let before = house.ops.apps().unwrap().len();
    house.advance(400 * DAY);
    keep_house(&house).await;
    let apps = house.ops.apps().unwrap();
    assert_eq!(apps.len(), before);
    assert!(apps.iter().all(|listed| listed.app.status == AppStatus::Active));
}

#[tokio::test]
async fn many_go_in_pieces_and_leave_no_row() {
    let settings = [OPEN, ("clients.registration_limit", "500")];
    let mut house = House::quick_with(&settings).await;
    let kept = house.lets_in("kept", &public()).await;
    house.connected("kept", REDIRECT).await;
    for number in 0..450 {
        if number % 25 == 0 {
            house.advance(60);
        }
        let mut body = public();
        body["client_name"] = json!(format!("Client {number}"));
        assert_eq!(house.registers(&body).await.status, StatusCode::CREATED, "{number}");
    }
    let before = house.ops.apps().unwrap().len();
    house.advance(DAY + HOUR);
    keep_house(&house).await;
    assert_eq!(house.ops.apps().unwrap().len(), before - 450);
    assert!(is_known(&house.ops, &kept));
}

#[tokio::test]
async fn a_use_that_is_noted_late_brings_no_client_back() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let id = client.id.parse().unwrap();
    house.ops.note_use(id);
    client.delete(&house).await;
    keep_house(&house).await;
    assert_eq!(house.ops.last_use(id).unwrap(), None);
    assert!(house.ops.find_app(&client.id).is_err());
}

#[tokio::test]
async fn a_revoked_client_that_was_never_used_goes_like_any_other() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    house.ops.revoke_app(client.id.parse().unwrap(), Origin::default()).await.unwrap();
    house.advance(DAY + 1);
    keep_house(&house).await;
    assert_gone(&house, "public", &client).await;
}
