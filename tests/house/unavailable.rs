//! While the data file fails every door says so, and that it may pass; when it works again, so does
//! the server, and nothing that was answered is lost.

use http::StatusCode;

use crate::disk::Disk;
use crate::harness::Answer;
use crate::harness::Browser;

const SCOPE: &str = "customers:readonly";

fn says_try_again(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1, "{answer:?}");
}

#[tokio::test]
async fn while_the_disk_is_full_every_door_answers_503_with_retry_after() {
    let (house, disk) = Disk::house().await;
    let token = house.client_token().await;
    let grant = [("grant_type", "client_credentials")];
    assert_eq!(house.get("/readyz").await.status, StatusCode::OK);
    disk.fill();
    for _ in 0..2 {
        let refused = house.as_app("api_credentials", &grant).await;
        says_try_again(&refused);
        assert_eq!(refused.error(), "temporarily_unavailable");
    }
    says_try_again(
        &house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &token)]).await,
    );
    says_try_again(
        &house.as_app_at("/oauth/introspect", "resource_server", &[("token", &token)]).await,
    );
    says_try_again(&house.call(&token, "/products").await);
    says_try_again(&house.get(&house.authorize_url("oauth_public", &[])).await);
    says_try_again(&Browser::new(&house).password("owner").await);
    assert_eq!(house.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn when_there_is_room_again_the_server_goes_on_by_itself_and_nothing_is_lost() {
    let (house, disk) = Disk::house().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let text = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let consumed = text(&tokens, "refresh_token");
    let next = house.refresh("oauth_public", &consumed).await.json();
    let revoked = house.client_token().await;
    house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &revoked)]).await;
    disk.fill();
    says_try_again(&house.refresh("oauth_public", &text(&next, "refresh_token")).await);
    disk.mend(&house).await;
    // What was answered is answered again; what was revoked stays so; what was told to try again works.
    let again = house.refresh("oauth_public", &consumed).await.json();
    assert_eq!(text(&again, "refresh_token"), text(&next, "refresh_token"));
    assert_eq!(house.call(&revoked, "/products").await.status, StatusCode::UNAUTHORIZED);
    let rotated = house.refresh("oauth_public", &text(&next, "refresh_token")).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    assert!(house.ops.verify_audit().unwrap().is_ok());
}

#[tokio::test]
async fn a_refusal_that_could_not_be_written_down_is_written_later() {
    let (house, disk) = Disk::house().await;
    let app = house.app("api_credentials").client_id.clone();
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", &app),
        ("client_secret", "cs_secret_wrong"),
    ];
    disk.fill();
    assert_eq!(house.post("/oauth/token", &wrong).await.status, StatusCode::UNAUTHORIZED);
    disk.mend(&house).await;
    let entries = || house.ops.audit_entries(None, 1).unwrap()[0].sequence;
    let before = entries();
    house.ops.flush_refusals().await.unwrap();
    assert_eq!(entries(), before + 1);
}
