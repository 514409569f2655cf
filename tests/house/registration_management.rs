//! Managing a registration (RFC 7592): with its own token, under the same policy as at first, and
//! never into another type of client. CVE-2026-15572, CVE-2026-9792 and their like (Q).

use countersign::domain::audit::EventKind;
use countersign::domain::audit::Origin;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::House;
use crate::harness::ISSUER;
use crate::registering::Client;
use crate::registering::REDIRECT;
use crate::registering::REGISTER;
use crate::registering::SCOPE;
use crate::registering::asking;
use crate::registering::confidential;
use crate::registering::public;

const META: &str = "invalid_client_metadata";

#[tokio::test]
async fn a_client_reads_what_it_registered_but_never_its_secret_again() {
    let mut house = House::open_to_clients().await;
    for (kind, body) in [("public", public()), ("secret", confidential())] {
        let client = house.lets_in(kind, &body).await;
        assert_eq!(client.uri, format!("{ISSUER}{}", client.path()));
        let answer = client.read(&house).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut expected = client.told.clone();
        expected.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(answer.json(), expected, "{kind}");
    }
}

#[tokio::test]
async fn an_update_replaces_all_and_what_it_leaves_out_is_gone() {
    let mut house = House::open_to_clients().await;
    let mut body = public();
    body["client_name"] = json!("Ledger");
    body["contacts"] = json!(["ops@app.example"]);
    let client = house.lets_in("public", &body).await;
    body.as_object_mut().unwrap().remove("contacts");
    body["client_name"] = json!("Ledger Two");
    body["redirect_uris"] = json!(["https://app.example/other", "http://127.0.0.1/cb"]);
    let answer = client.update(&house, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let told = answer.json();
    assert_eq!(told["client_name"], "Ledger Two");
    assert_eq!(told["redirect_uris"], body["redirect_uris"]);
    assert!(told.get("contacts").is_none());
    assert_eq!(told["client_id"], client.told["client_id"]);
    assert_eq!(told["registration_access_token"], client.told["registration_access_token"]);
    assert_eq!(client.read(&house).await.json(), told);
    let old = house.get(&house.authorize_url("public", &[("redirect_uri", REDIRECT)])).await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST);
    house.connected("public", "https://app.example/other").await;
    assert!(house.happened(20).contains(&EventKind::ClientUpdated));
}

async fn refused(house: &House, client: &Client, body: &Value, code: &str) {
    let before = client.read(house).await.json();
    let answer = client.put(house, body).await;
    assert_eq!(answer.refusal(), (400, code.to_owned()), "{body}: {answer:?}");
    assert_eq!(client.read(house).await.json(), before, "{body}");
}

#[tokio::test]
async fn an_update_names_itself_and_sets_nothing_that_is_ours() {
    let mut house = House::open_to_clients().await;
    let other = house.lets_in("other", &public()).await;
    let client = house.lets_in("public", &public()).await;
    refused(&house, &client, &public(), META).await;
    for (name, value) in [
        ("client_id", json!(other.id)),
        ("client_id", json!("")),
        ("client_id_issued_at", json!(1)),
        ("client_secret_expires_at", json!(0)),
        ("registration_access_token", json!(client.token)),
        ("registration_client_uri", json!(client.uri)),
        ("client_secret", json!("chosen")),
        ("redirect_uris", json!([])),
        ("client_name", json!("a\u{202e}b")),
    ] {
        let mut body = public();
        body["client_id"] = json!(client.id);
        body[name] = value;
        let code = if name == "redirect_uris" { "invalid_redirect_uri" } else { META };
        refused(&house, &client, &body, code).await;
    }
}

#[tokio::test]
async fn a_client_repeats_its_secret_and_never_chooses_it() {
    let mut house = House::open_to_clients().await;
    let other = house.lets_in("other", &confidential()).await;
    let client = house.lets_in("secret", &confidential()).await;
    let mut body = confidential();
    body["client_id"] = json!(client.id);
    for wrong in [json!("mine"), other.told["client_secret"].clone()] {
        body["client_secret"] = wrong;
        refused(&house, &client, &body, META).await;
    }
    body["client_secret"] = client.told["client_secret"].clone();
    let answer = client.put(&house, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.json().get("client_secret").is_none());
    house.connected("secret", REDIRECT).await;
}

#[tokio::test]
async fn a_client_never_becomes_one_of_another_type() {
    let mut house = House::open_to_clients().await;
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}]});
    let of = |method: &str| {
        let mut body = json!({"redirect_uris": [REDIRECT], "token_endpoint_auth_method": method});
        if method == "private_key_jwt" {
            body["jwks"] = keys.clone();
        }
        body
    };
    let methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
    for from in methods {
        let client = house.lets_in(from, &of(from)).await;
        for to in methods {
            let has_secret = |method: &str| method.starts_with("client_secret");
            let mut body = of(to);
            body["client_id"] = json!(client.id);
            if from == to || (has_secret(from) && has_secret(to)) {
                let answer = client.put(&house, &body).await;
                assert_eq!(answer.status, StatusCode::OK, "{from} to {to}: {answer:?}");
                assert!(answer.json().get("client_secret").is_none());
            } else {
                refused(&house, &client, &body, META).await;
            }
        }
    }
    // Left out, it would mean a secret.
    let client = house.lets_in("quiet", &public()).await;
    let mut silent = confidential();
    silent["client_id"] = json!(client.id);
    refused(&house, &client, &silent, META).await;
}

#[tokio::test]
async fn the_policy_is_asked_again_at_every_update() {
    let settings = [
        ("clients.registration", "allow_list"),
        ("clients.registration_redirects", "https://app.example/cb"),
    ];
    let mut house = House::quick_with(&settings).await;
    let client = house.lets_in("public", &public()).await;
    for uris in [json!(["https://evil.example/cb"]), json!([REDIRECT, "http://localhost/cb"])] {
        let mut body = public();
        body["client_id"] = json!(client.id);
        body["redirect_uris"] = uris;
        refused(&house, &client, &body, "invalid_redirect_uri").await;
    }
}

#[tokio::test]
async fn no_token_but_its_own_manages_a_registration() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let other = house.lets_in("other", &confidential()).await;
    let made = house.ops.create_initial_token("x", None, None, Origin::default()).await.unwrap();
    let access = house.connected("public", REDIRECT).await["access_token"].clone();
    let longer = format!("{}0", client.token);
    let nobody = house.app("oauth_public").client_id.clone();
    let wrong = [
        None,
        Some(""),
        Some("x"),
        Some(&client.token[..client.token.len() - 1]),
        Some(longer.as_str()),
        Some(other.token.as_str()),
        Some(made.plain.expose()),
        access.as_str(),
        other.told["client_secret"].as_str(),
    ];
    let mut body = public();
    body["client_id"] = json!(client.id);
    let mut bodies = std::collections::BTreeSet::new();
    for method in ["GET", "PUT", "DELETE"] {
        let own = wrong.iter().map(|token| (client.path(), *token));
        let none = ["cs_app_0", "x", nobody.as_str(), "%00"]
            .map(|id| (format!("{REGISTER}/{id}"), Some(client.token.as_str())));
        for (path, token) in own.chain(none) {
            let answer = house.send(asking(method, &path, token, &body.to_string())).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {token:?}");
            assert!(answer.header("www-authenticate").starts_with("Bearer "));
            bodies.insert(answer.body);
        }
    }
    assert_eq!(bodies.len(), 1, "refusals can be told from each other: {bodies:?}");
    assert_eq!(client.read(&house).await.status, StatusCode::OK);
    assert_eq!(other.read(&house).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_approved_before_a_change_that_people_see_is_over() {
    let mut house = House::open_to_clients().await;
    let changes = [
        ("client_name", json!("Another name")),
        ("redirect_uris", json!([REDIRECT, "https://app.example/more"])),
    ];
    for (name, value) in changes {
        let client = house.lets_in("public", &public()).await;
        let tokens = house.connected("public", REDIRECT).await;
        let code = house.code_for("public", REDIRECT).await;
        let mut browser = house.signed_in("owner").await;
        let url = house.authorize_url("public", &[("redirect_uri", REDIRECT), ("scope", SCOPE)]);
        let (path, page) = browser.consent_page(&url).await;
        let mut body = public();
        body[name] = value;
        assert_eq!(client.update(&house, &body).await.status, StatusCode::OK);
        let late = house.redeem_with("public", &code, &[("redirect_uri", REDIRECT)]).await;
        assert_eq!(late.refusal(), (400, "invalid_grant".to_owned()), "{name}");
        let refresh = tokens["refresh_token"].as_str().unwrap();
        assert_eq!(house.refresh("public", refresh).await.error(), "invalid_grant", "{name}");
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(house.call(access, "/customers").await.status, StatusCode::UNAUTHORIZED);
        let verification = house.next_code("owner");
        let place = house.company("acme");
        let answer = browser.answer(&page, &path, &place, None, &verification).await;
        assert!(answer.headers.get("location").is_none(), "{name}: {answer:?}");
        house.connected("public", REDIRECT).await;
        house.guide.apps.pop();
    }
}

#[tokio::test]
async fn details_that_nobody_sees_end_nothing() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let tokens = house.connected("public", REDIRECT).await;
    let mut body = public();
    body["software_version"] = json!("2");
    body["scope"] = json!("products:readonly");
    assert_eq!(client.update(&house, &body).await.status, StatusCode::OK);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::OK);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(house.refresh("public", refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_changes_ten_times_a_day_and_writes_nothing_when_nothing_changes() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let entries = house.ops.audit_entries(None, 1).unwrap()[0].sequence;
    for _ in 0..20 {
        house.advance(60);
        assert_eq!(client.update(&house, &public()).await.status, StatusCode::OK);
    }
    assert_eq!(house.ops.audit_entries(None, 1).unwrap()[0].sequence, entries);
    let change = async |number: u32| {
        let mut body = public();
        body["software_version"] = json!(number.to_string());
        client.update(&house, &body).await
    };
    for number in 0..10 {
        assert_eq!(change(number).await.status, StatusCode::OK, "{number}");
    }
    let refused = change(10).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    house.advance(24 * 3600 - 20 * 60 - 60);
    house.ops.sweep().await.unwrap();
    house.advance(20 * 60);
    assert_eq!(change(11).await.status, StatusCode::OK, "on the next day");
}

#[tokio::test]
async fn deleting_ends_all_that_hangs_on_it_and_the_token_itself() {
    let mut house = House::open_to_clients().await;
    for connected in [false, true] {
        let client = house.lets_in("public", &public()).await;
        let code = house.code_for("public", REDIRECT).await;
        let tokens = if connected { Some(house.connected("public", REDIRECT).await) } else { None };
        let answer = client.delete(&house).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("cache-control"), "no-store");
        for answer in [client.read(&house).await, client.delete(&house).await] {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(client.update(&house, &public()).await.status, StatusCode::UNAUTHORIZED);
        let late = house.redeem_with("public", &code, &[("redirect_uri", REDIRECT)]).await;
        assert_eq!(late.refusal(), (401, "invalid_client".to_owned()));
        if let Some(tokens) = tokens {
            let access = tokens["access_token"].as_str().unwrap();
            assert_eq!(house.call(access, "/customers").await.status, StatusCode::UNAUTHORIZED);
            let refresh = tokens["refresh_token"].as_str().unwrap();
            let refused = house.refresh("public", refresh).await;
            assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
        }
        assert!(house.happened(5).contains(&EventKind::ClientDeleted));
        house.guide.apps.pop();
    }
}

#[tokio::test]
async fn a_client_that_an_administrator_revoked_manages_nothing_any_more() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    house.ops.revoke_app(client.id.parse().unwrap(), Origin::default()).await.unwrap();
    for answer in [client.read(&house).await, client.update(&house, &public()).await] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(client.delete(&house).await.status, StatusCode::UNAUTHORIZED);
}
