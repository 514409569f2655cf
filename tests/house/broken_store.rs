//! A store that fails: 5xx, never a success, never a grant, and nothing is half done.

use http::StatusCode;

use crate::disk::Disk;
use crate::harness::Answer;

const SCOPE: &str = "customers:readonly";

fn assert_failed(answer: &Answer) {
    assert!(answer.status.is_server_error(), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    for word in ["access_token", "active", "space", "input/output"] {
        assert!(!answer.body.contains(word), "{word}: {answer:?}");
    }
}

#[tokio::test]
async fn a_revocation_that_is_not_durable_is_never_confirmed() {
    let (house, disk) = Disk::house().await;
    let token = house.client_token().await;
    disk.fill();
    for _ in 0..2 {
        let form = [("token", token.as_str())];
        let answer = house.as_app_at("/oauth/revoke", "api_credentials", &form).await;
        assert_failed(&answer);
        assert_eq!(answer.error(), "temporarily_unavailable");
    }
    disk.mend(&house).await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_grant_that_is_not_durable_is_never_answered() {
    let (house, disk) = Disk::house().await;
    let acme = house.company("acme");
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let connections = house.ops.connections().unwrap();
    disk.fill();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_failed(&house.redeem("oauth_public", &code).await);
    assert_failed(&house.refresh("oauth_public", refresh).await);
    let form = [("grant_type", "client_credentials")];
    assert_failed(&house.as_app("api_credentials", &form).await);
    assert_eq!(house.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    disk.mend(&house).await;
    assert_eq!(house.ops.connections().unwrap(), connections, "nothing was half done");
}

#[tokio::test]
async fn a_token_that_cannot_be_looked_up_is_neither_good_nor_bad() {
    let (house, disk) = Disk::house().await;
    let token = house.client_token().await;
    disk.break_down();
    let form = [("token", token.as_str())];
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        assert_failed(&house.as_app_at(path, "api_credentials", &form).await);
    }
    let form = [("grant_type", "client_credentials")];
    assert_failed(&house.as_app("api_credentials", &form).await);
    let call = house.call(&token, "/customers").await;
    assert_eq!(call.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(call.headers.get("www-authenticate").is_none(), "a client keeps its token");
    disk.mend(&house).await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
}
