//! Who calls, as upstreams are told: the headers, the signed assertion (checked by a library that is not
//! ours), and the keys that sign it.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use countersign::crypto::keyring::Keyring;
use countersign::crypto::keyring::MasterKey;
use countersign::domain::audit::EventKind;
use countersign::domain::role::RoleName;
use countersign::gateway::Upstream;
use countersign::store::Store;
use countersign::store::tables::SigningKeys;
use countersign::store::tables::last_id;
use http::StatusCode;
use jsonwebtoken::Algorithm;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::Validation;
use serde_json::Value;
use serde_json::json;

use crate::disk::Disk;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;

const SCOPE: &str = "customers:readonly customer_invoices:all companies:readonly";
const API: &str = "https://cs.example/api/external/v2";
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Answers what it is told, as JSON.
fn telling() -> Upstream {
    Arc::new(|permitted| {
        Box::pin(async move {
            let headers = permitted.into_request().headers().clone();
            let told = headers.iter().map(|(name, value)| {
                (name.as_str().to_owned(), json!(value.to_str().unwrap_or_default()))
            });
            axum::Json(told.collect::<serde_json::Map<_, _>>()).into_response()
        })
    })
}

async fn told(house: &House, token: &str, path: &str) -> Value {
    let answer = house.call(token, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

fn assertion(told: &Value) -> String {
    told["x-countersign-assertion"].as_str().unwrap().to_owned()
}

async fn keys(house: &House) -> Vec<Value> {
    let answer = house.get("/.well-known/jwks.json").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["keys"].as_array().unwrap().clone()
}

fn kid(assertion: &str) -> String {
    let header = jsonwebtoken::decode_header(assertion).unwrap();
    assert_eq!(header.alg, Algorithm::EdDSA);
    assert_eq!(header.typ.as_deref(), Some("countersign-assertion+jwt"));
    header.kid.unwrap()
}

/// The claims, if one of `keys` signed them for the API; nothing is said of their time.
fn checked_for(audience: &str, assertion: &str, keys: &[Value]) -> Option<Value> {
    let kid = kid(assertion);
    let key = keys.iter().find(|key| key["kid"] == kid.as_str())?;
    assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert_eq!((&key["alg"], &key["use"]), (&json!("EdDSA"), &json!("sig")));
    let key = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[ISSUER]);
    rules.validate_exp = false;
    Some(jsonwebtoken::decode::<Value>(assertion, &key, &rules).ok()?.claims)
}

fn checked(assertion: &str, keys: &[Value]) -> Option<Value> {
    checked_for(API, assertion, keys)
}

#[tokio::test]
async fn an_upstream_is_told_who_calls_where_and_what_they_may() {
    let house = House::new().await.in_front_of(telling());
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let token = tokens["access_token"].as_str().unwrap();
    let told = told(&house, token, "/customers").await;
    let user = house.user_id("owner").to_string();
    let scopes = "companies:readonly customer_invoices:all customers:readonly";
    let client = house.app("oauth_public").client_id.clone();
    assert_eq!(told["x-countersign-user"], user.as_str());
    assert_eq!(told["x-countersign-user-email"], "owner@acme.example");
    assert_eq!(told["x-countersign-client"], client.as_str());
    assert_eq!(told["x-countersign-company"], house.company("acme").as_str());
    assert_eq!(told["x-countersign-company-slug"], "acme");
    assert_eq!(told["x-countersign-scopes"], scopes);
    assert_eq!(told.get("x-countersign-firm"), None);
    let reference = told["x-countersign-token"].as_str().unwrap();
    assert!(token.contains(reference) && reference.len() == 22, "the public part alone");
    assert!(told["x-request-id"].as_str().unwrap().starts_with("req_"));

    let claims = checked(&assertion(&told), &keys(&house).await).unwrap();
    let now = house.ops.now().seconds();
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER, "aud": API, "sub": user, "client_id": client,
            "company": {"id": house.company("acme"), "slug": "acme"},
            "scope": scopes, "iat": now, "exp": now + 60, "jti": claims["jti"],
        })
    );
    assert!(!serde_json::to_string(&told).unwrap().contains(token));
}

#[tokio::test]
async fn an_app_that_calls_in_its_own_right_is_nobodys_user() {
    let house = House::new().await.in_front_of(telling());
    let told = told(&house, &house.client_token().await, "/customers").await;
    let client = house.app("api_credentials").client_id.as_str();
    assert_eq!(told["x-countersign-client"], client);
    for name in ["x-countersign-user", "x-countersign-user-email", "x-countersign-firm"] {
        assert_eq!(told.get(name), None, "{name}");
    }
    let claims = checked(&assertion(&told), &keys(&house).await).unwrap();
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(client), &json!(client)));
}

#[tokio::test]
async fn a_call_through_a_firm_names_the_firm_and_the_company_it_is_about() {
    let house = House::new().await.in_front_of(telling());
    let tokens = house.tokens("oauth_public", "partner", &house.firm(), SCOPE).await;
    let token = tokens["access_token"].as_str().unwrap();
    let mut seen = Vec::new();
    for slug in ["bakery", "acme"] {
        let path = format!("/companies/{}/customers", house.company(slug));
        let told = told(&house, token, &path).await;
        assert_eq!(told["x-countersign-firm"], house.firm().as_str());
        assert_eq!(told["x-countersign-company-slug"], slug);
        let claims = checked(&assertion(&told), &keys(&house).await).unwrap();
        assert_eq!(claims["company"], json!({"id": house.company(slug), "slug": slug}));
        assert_eq!(claims["firm"], json!({"id": house.firm()}));
        seen.push(assertion(&told));
    }
    assert_ne!(seen[0], seen[1], "one company's assertion is not another's");
}

#[tokio::test]
async fn an_assertion_is_handed_out_for_a_few_seconds_and_never_after_what_it_says_has_changed() {
    let house = House::new().await.in_front_of(telling());
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let token = tokens["access_token"].as_str().unwrap();
    let first = assertion(&told(&house, token, "/customers").await);
    house.advance(14);
    assert_eq!(assertion(&told(&house, token, "/customers").await), first);
    house.advance(1);
    let second = assertion(&told(&house, token, "/customers").await);
    assert_ne!(second, first);
    let viewer = RoleName("viewer".to_owned());
    let place = house.ops.find_company("acme").unwrap().id;
    let place = countersign::domain::company::Place::Company(place);
    let owner = house.user_id("owner");
    house.ops.grant_role(owner, place, viewer, MACHINE).await.unwrap();
    let told = told(&house, token, "/customers").await;
    let scopes = "companies:readonly customer_invoices:readonly customers:readonly";
    assert_eq!(told["x-countersign-scopes"], scopes);
    let claims = checked(&assertion(&told), &keys(&house).await).unwrap();
    assert_eq!(claims["scope"], scopes);
}

#[tokio::test]
async fn an_assertion_may_be_bound_to_its_one_request() {
    let house = House::with(&[("identity.assertion", "request")]).await.in_front_of(telling());
    let token = house.client_token().await;
    let acme = house.company("acme");
    let keys = keys(&house).await;
    let mut seen = Vec::new();
    for path in ["/customers".to_owned(), format!("/companies/{acme}/customers")] {
        let told = told(&house, &token, &path).await;
        let claims = checked(&assertion(&told), &keys).unwrap();
        assert_eq!((&claims["method"], &claims["path"]), (&json!("GET"), &json!("/customers")));
        assert_eq!(claims["jti"], told["x-request-id"]);
        seen.push(assertion(&told));
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn without_assertions_the_headers_remain_and_no_key_is_made() {
    let house = House::with(&[("identity.assertion", "off")]).await.in_front_of(telling());
    let told = told(&house, &house.client_token().await, "/customers").await;
    assert_eq!(told.get("x-countersign-assertion"), None);
    assert_eq!(told["x-countersign-company-slug"], "acme");
    assert_eq!(keys(&house).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_was_changed_signed_by_another_key_or_meant_for_another_is_refused() {
    let (house, other) = (House::new().await, House::new().await);
    let (house, other) = (house.in_front_of(telling()), other.in_front_of(telling()));
    let good = assertion(&told(&house, &house.client_token().await, "/customers").await);
    let foreign = assertion(&told(&other, &other.client_token().await, "/customers").await);
    let keys = keys(&house).await;
    assert!(checked(&good, &keys).is_some());
    assert_eq!(checked(&foreign, &keys), None, "no such kid");
    assert_eq!(checked_for("https://cs.example/companies/acme/mcp", &good, &keys), None);
    let parts: Vec<&str> = good.split('.').collect();
    let from: Vec<&str> = foreign.split('.').collect();
    for mixed in [
        [parts[0], parts[1], from[2]],
        [parts[0], from[1], parts[2]],
        [parts[0], from[1], from[2]],
        [parts[0], parts[1], ""],
    ] {
        assert_eq!(checked(&mixed.join("."), &keys), None);
    }
}

#[tokio::test]
async fn the_keys_are_for_everybody_and_may_be_kept_for_less_than_they_overlap() {
    let house = House::new().await;
    let answer = house.get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("content-type"), "application/json");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    let members: Vec<&String> = keys[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"], "nothing private");
    let metadata = house.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata.get("jwks_uri"), None, "clients have nothing to check");
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_until_all_it_signed_is_over() {
    let house = House::new().await.in_front_of(telling());
    let told = async || {
        let token = house.client_token().await;
        assertion(&told(&house, &token, "/customers").await)
    };
    let first = kid(&told().await);
    house.advance(90 * DAY - HOUR - 1);
    house.ops.keep_signing_keys().await.unwrap();
    assert_eq!(keys(&house).await.len(), 1);
    house.advance(1);
    house.ops.keep_signing_keys().await.unwrap();
    assert_eq!(house.happened(1), [EventKind::KeysChanged]);
    let kept = keys(&house).await;
    assert_eq!(kept.len(), 2, "published, and not signing yet");
    assert_eq!(kid(&told().await), first);
    house.advance(HOUR - 1);
    let last = told().await;
    assert_eq!(kid(&last), first);
    house.advance(1);
    let next = told().await;
    assert_ne!(kid(&next), first);
    assert!(checked(&next, &kept).is_some(), "a copy of the keys an hour old knows it");
    house.advance(HOUR - 1);
    house.ops.keep_signing_keys().await.unwrap();
    assert!(checked(&last, &keys(&house).await).is_some());
    house.advance(1);
    house.ops.keep_signing_keys().await.unwrap();
    assert_eq!(checked(&last, &keys(&house).await), None);
    assert_eq!(keys(&house).await.len(), 1);
    assert_eq!(kid(&told().await), kid(&next));
}

#[tokio::test]
async fn a_restart_keeps_the_keys() {
    let house = House::on_disk().await.in_front_of(telling());
    let before = assertion(&told(&house, &house.client_token().await, "/customers").await);
    let house = house.restarted(&[]).in_front_of(telling());
    let kept = keys(&house).await;
    assert!(checked(&before, &kept).is_some());
    let after = assertion(&told(&house, &house.client_token().await, "/customers").await);
    assert_eq!(kid(&after), kid(&before));
}

#[tokio::test]
async fn keys_changed_by_command_count_at_once_and_end_no_token() {
    let house = House::on_disk().await.in_front_of(telling());
    let (app, tokens) = (house.client_token().await, async |house: &House| {
        house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await
    });
    let before = tokens(&house).await;
    let old = assertion(&told(&house, &app, "/customers").await);
    house.advance(1);
    let made = house.ops.rotate_keys(false, Default::default()).await.unwrap();
    assert_eq!(house.happened(2), [EventKind::KeysChanged, EventKind::KeysChanged]);
    let house = house.restarted(&[]).in_front_of(telling());
    let new = assertion(&told(&house, &app, "/customers").await);
    assert_eq!((kid(&new), made.token), (made.signing.unwrap().to_string(), 2));
    assert!(checked(&old, &keys(&house).await).is_some(), "the old one is still published");
    let refresh = before["refresh_token"].as_str().unwrap();
    let refreshed = house.refresh("oauth_public", refresh).await;
    assert_eq!(refreshed.status, StatusCode::OK, "hashed under the old key: {refreshed:?}");
    let house = house.restarted(&[]).in_front_of(telling());
    let access = refreshed.text("access_token");
    told(&house, &access, "/customers").await;
    tokens(&house).await;
    house.ops.rotate_keys(true, Default::default()).await.unwrap();
    assert_eq!(keys(&house).await.len(), 1, "the others were destroyed");
    assert_eq!(checked(&new, &keys(&house).await), None);
}

#[tokio::test]
async fn a_key_lies_sealed_in_the_file_and_opens_under_no_other_name() {
    let store = Store::in_memory().unwrap();
    let house = House::over(store.clone(), &[]);
    house.ops.keep_signing_keys().await.unwrap();
    house.ops.change_signing_key(false, Default::default()).await.unwrap();
    let rows = store.read(|reader| reader.all::<SigningKeys>()).unwrap();
    assert_eq!(rows.len(), 2);
    let ring = Keyring::new(&MasterKey::new([7; 32]), &[]);
    let stranger = Keyring::new(&MasterKey::new([8; 32]), &[]);
    for (at, (_, row)) in rows.iter().enumerate() {
        let sealed = data_encoding::BASE64URL_NOPAD.decode(row.sealed.as_bytes()).unwrap();
        for (other, (key, _)) in rows.iter().enumerate() {
            let mut bound = last_id(key).unwrap().bytes().to_vec();
            bound.push(1);
            let opened = ring.open("signing_keys", &bound, &sealed);
            assert_eq!(opened.is_ok(), at == other);
            assert!(stranger.open("signing_keys", &bound, &sealed).is_err());
            assert!(ring.open("totp seed", &bound, &sealed).is_err());
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_takes_no_published_key_away() {
    let (house, disk) = Disk::house().await;
    let before = keys(&house).await;
    disk.break_down();
    assert_eq!(keys(&house).await, before);
    assert_eq!(before.len(), 1);
}
