//! Attacks by being quick (E, W): everything that is good once has one winner, however many try at
//! the same moment: a thousand rounds of 32 tries each, on two threads, over one house.
//!
//! The tries of a round go through the real router, unless a test says why not. Password hashing
//! costs next to nothing here (`House::quick`). What a round needs beforehand may be made by an
//! operation, and form tags are made as pages make them.

use std::collections::BTreeSet;

use axum::body::Body;
use countersign::domain::app::AppKind;
use countersign::domain::app_life::Overlap;
use countersign::domain::audit::Origin;
use countersign::domain::company::Place;
use countersign::domain::scope::ScopeSet;
use countersign::http::Peer;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use http::header;

use crate::harness;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::posting;
use crate::storm::ROUNDS;
use crate::storm::SCOPE;
use crate::storm::TRIES;
use crate::storm::allow;
use crate::storm::checked;
use crate::storm::live;
use crate::storm::redeeming;
use crate::storm::refreshing;
use crate::storm::send_at_once;
use crate::storm::stay_active;
use crate::storm::tag;
use crate::storm::won;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_is_redeemed_once() {
    let house = House::quick().await;
    let mut browser = house.signed_in("owner").await;
    for round in 0..ROUNDS {
        stay_active(&mut browser, round).await;
        let code = house.next_code("owner");
        let code = allow(&house, &live(&browser), checked(&house).await, &code).await.unwrap();
        let tries = (0..TRIES).map(|_| redeeming(&house, code.expose()));
        let answers = send_at_once(&house, tries).await;
        assert_eq!(won(&answers, StatusCode::OK).len(), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refresh_token_has_one_successor_and_every_try_gets_it() {
    let house = House::quick().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
    for round in 0..ROUNDS {
        house.advance(1);
        let tries = (0..TRIES).map(|_| refreshing(&house, &token));
        let answers = send_at_once(&house, tries).await;
        assert_eq!(won(&answers, StatusCode::OK).len(), TRIES, "round {round}: {answers:?}");
        let distinct: BTreeSet<&str> = answers.iter().map(|answer| answer.body.as_str()).collect();
        assert_eq!(distinct.len(), 1, "round {round}: {distinct:?}");
        token = answers[0].json()["refresh_token"].as_str().unwrap().to_owned();
    }
    assert_eq!(house.refresh("oauth_public", &token).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_beats_every_refresh_in_flight() {
    let house = House::quick().await;
    let mut browser = house.signed_in("owner").await;
    for round in 0..ROUNDS {
        stay_active(&mut browser, round).await;
        let code = house.next_code("owner");
        let code = allow(&house, &live(&browser), checked(&house).await, &code).await.unwrap();
        let tokens = house.redeem("oauth_public", code.expose()).await.json();
        let token = tokens["refresh_token"].as_str().unwrap();
        let client = house.app("oauth_public").client_id.as_str();
        let revoking = posting("/oauth/revoke", &[("token", token), ("client_id", client)], &[]);
        let mut requests: Vec<_> = (1..TRIES).map(|_| refreshing(&house, token)).collect();
        requests.insert(round % TRIES, revoking);
        let answers = send_at_once(&house, requests).await;
        let mut left: Vec<String> = vec![token.to_owned()];
        for answer in won(&answers, StatusCode::OK).iter().filter(|answer| !answer.body.is_empty())
        {
            let call = house.call(&answer.text("access_token"), "/customers").await;
            assert_eq!(call.status, StatusCode::UNAUTHORIZED, "round {round}");
            left.push(answer.text("refresh_token"));
        }
        left.dedup();
        for token in &left {
            let after = house.refresh("oauth_public", token).await;
            assert_eq!(after.error(), "invalid_grant", "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_outlives_the_app_that_is_revoked_while_it_is_issued() {
    let house = House::quick().await;
    let place: Place = house.company("acme").parse().unwrap();
    for round in 0..ROUNDS {
        let new = NewApp {
            place: Some(place),
            delegated_by: Some(house.user_id("owner")),
            scopes: Some(ScopeSet::parse(SCOPE)),
            ..NewApp::of(AppKind::ApiCredentials, "Short-lived")
        };
        let made = house.ops.create_app(new, Origin::default()).await.unwrap();
        let (id, secret) = (made.app.id.to_string(), made.secret.unwrap());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret.expose()),
        ];
        let tries = (0..TRIES).map(|number| {
            let mut request = posting("/oauth/token", &form, &[]);
            // From an address each: losers on the same one are soon made to wait.
            let number = u8::try_from(number).unwrap();
            request.extensions_mut().insert(Peer(([192, 0, 2, number], 443).into()));
            request
        });
        let revoking = house.ops.revoke_app(made.app.id, Origin::default());
        let (answers, revoked) = tokio::join!(send_at_once(&house, tries), revoking);
        revoked.unwrap();
        for answer in won(&answers, StatusCode::OK) {
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            let call = house.call(&token, "/me").await;
            assert_eq!(call.status, StatusCode::UNAUTHORIZED, "round {round}");
        }
        let again = house.post("/oauth/token", &form).await;
        assert_eq!(again.error(), "invalid_client", "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_consent_form_is_answered_once() {
    let house = House::quick().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("scope", SCOPE)]);
    let acme = house.company("acme");
    for round in 0..ROUNDS {
        stay_active(&mut browser, round).await;
        let path = browser.get(&url).await.location();
        let handle = path.strip_prefix("/consent/").unwrap();
        let (allow, cancel) =
            (tag(&browser, "consent-allow", handle), tag(&browser, "consent-cancel", handle));
        let code = house.next_code("owner");
        let approving =
            [("csrf", allow.as_str()), ("context", &acme), ("scope", SCOPE), ("code", &code)];
        let cookies = browser.cookie_header();
        let headers = [("cookie", cookies.as_str())];
        let tries = (0..TRIES).map(|number| {
            if (number + round) % 4 == 0 {
                posting(&format!("{path}/cancel"), &[("csrf", &cancel)], &headers)
            } else {
                posting(&path, &approving, &headers)
            }
        });
        let answers = send_at_once(&house, tries).await;
        assert_eq!(won(&answers, StatusCode::SEE_OTHER).len(), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_pushed_request_is_answered_once_however_often_it_was_opened() {
    let house = House::quick().await;
    let mut browser = house.signed_in("owner").await;
    let form = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", SCOPE)];
    for round in 0..ROUNDS {
        stay_active(&mut browser, round).await;
        let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await.json();
        let uri = pushed["request_uri"].as_str().unwrap();
        let url = house.authorize_url("oauth_confidential", &[("request_uri", uri)]);
        let cookies = browser.cookie_header();
        let opening = (0..TRIES).map(|_| {
            harness::request("GET", &url)
                .header(header::COOKIE, &cookies)
                .body(Body::empty())
                .unwrap()
        });
        let opened = send_at_once(&house, opening).await;
        let headers = [("cookie", cookies.as_str())];
        let tries: Vec<_> = opened
            .iter()
            .map(|answer| {
                let path = answer.location();
                let cancel =
                    tag(&browser, "consent-cancel", path.strip_prefix("/consent/").unwrap());
                posting(&format!("{path}/cancel"), &[("csrf", &cancel)], &headers)
            })
            .collect();
        let answers = send_at_once(&house, tries).await;
        assert_eq!(won(&answers, StatusCode::SEE_OTHER).len(), 1, "round {round}");
    }
}

/// A secret that is replaced at once ends with the tokens that it got. It takes a tenth of the rounds: each
/// leaves an app with another secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_outlives_the_secret_that_is_replaced_while_it_is_used() {
    let house = House::quick().await;
    let app = house.app("api_credentials").clone();
    let mut secret = app.client_secret.unwrap();
    let mut issued = 0;
    for round in 0..ROUNDS / 10 {
        // Whoever guesses is made to wait for a minute.
        house.advance(61);
        let form = |secret: &str| {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &app.client_id),
                ("client_secret", secret),
            ];
            posting("/oauth/token", &form, &[])
        };
        let tries: Vec<_> = (0..TRIES)
            .map(|number| {
                let (mut request, number) = (form(&secret), u8::try_from(number).unwrap());
                request.extensions_mut().insert(Peer(([192, 0, 2, number], 443).into()));
                request
            })
            .collect();
        let id = app.client_id.parse().unwrap();
        let rotating = house.ops.rotate_secret(id, Overlap::Now, Origin::default());
        let (answers, rotated) = if round % 2 == 0 {
            tokio::join!(send_at_once(&house, tries), rotating)
        } else {
            let (rotated, answers) = tokio::join!(rotating, send_at_once(&house, tries));
            (answers, rotated)
        };
        for answer in &answers {
            if answer.status == StatusCode::OK {
                let call = house.call(&answer.text("access_token"), "/me").await;
                assert_eq!(call.status, StatusCode::UNAUTHORIZED, "round {round}");
                issued += 1;
            } else {
                assert_eq!(answer.error(), "invalid_client", "round {round}");
            }
        }
        assert_eq!(house.send(form(&secret)).await.error(), "invalid_client", "round {round}");
        secret = rotated.unwrap().secret.unwrap().expose().to_owned();
        let token = house.send(form(&secret)).await.text("access_token");
        assert_eq!(house.call(&token, "/me").await.status, StatusCode::OK, "round {round}");
    }
    assert!(issued > 0, "nothing was ever issued before the secret was replaced");
}
