//! Attacks on the way from a code to a token.
//!
//! C, 4.5: `a_code_is_redeemed_only_where_all_of_it_fits`, `a_replay_…`, `no_code_that_resembles_…`
//! D, 4.8: `only_a_well_formed_s256_challenge_…`, `only_the_verifier_itself_…`, `a_challenge_that_was_sent_…`, `a_challenge_that_is_always_the_same_…`

use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::VERIFIER;
use crate::hostile;

const SCOPE: &str = "customers:readonly";
const API: &str = "https://cs.example/api/external/v2";

/// The credentials of clients: the code's own first.
async fn clients(house: &House) -> Vec<Vec<(String, String)>> {
    let new = NewApp {
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Another assistant")
    };
    let other = house.ops.create_app(new, MACHINE).await.unwrap().app.id.to_string();
    let id = |client: &str| ("client_id".to_owned(), client.to_owned());
    let own = house.app("oauth_public").client_id.clone();
    let mut all = vec![vec![id(&own)], vec![id(&other)], vec![]];
    for kind in ["oauth_confidential", "api_credentials", "resource_server"] {
        let app = house.app(kind);
        let secret = app.client_secret.clone().unwrap();
        all.push(vec![id(&app.client_id), ("client_secret".to_owned(), secret.clone())]);
        all.push(vec![id(&own), ("client_secret".to_owned(), secret)]);
    }
    all
}

/// Every form that fits in some parts and not in others; the flag says whether all of it fits.
async fn forms(house: &House, code: &str) -> Vec<(bool, Vec<(String, String)>)> {
    let redirects = [CALLBACK, "", "http://127.0.0.1:5556/callback", "https://evil.example/"];
    let verifiers = [VERIFIER, "", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"];
    let resources = ["", API, "https://cs.example/companies/bakery/mcp", "https://evil.example/"];
    let mut forms = Vec::new();
    for (number, client) in clients(house).await.into_iter().enumerate() {
        for (of_redirect, redirect) in redirects.iter().enumerate() {
            for (of_verifier, verifier) in verifiers.iter().enumerate() {
                for (of_resource, resource) in resources.iter().enumerate() {
                    let fits =
                        number == 0 && of_redirect < 2 && of_verifier == 0 && of_resource < 2;
                    let mut form = client.clone();
                    for (name, value) in [
                        ("grant_type", "authorization_code"),
                        ("code", code),
                        ("redirect_uri", redirect),
                        ("code_verifier", verifier),
                        ("resource", resource),
                    ] {
                        form.push((name.to_owned(), value.to_owned()));
                    }
                    forms.push((fits, form));
                }
            }
        }
    }
    forms
}

async fn post(house: &House, form: &[(String, String)]) -> Answer {
    let form: Vec<(&str, &str)> =
        form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    house.post("/oauth/token", &form).await
}

async fn code(house: &House) -> String {
    house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn a_code_is_redeemed_only_where_all_of_it_fits_and_nobody_else_uses_it_up() {
    let house = House::new().await;
    let code = code(&house).await;
    let forms = forms(&house, &code).await;
    for (_, form) in forms.iter().filter(|(fits, _)| !fits) {
        let answer = post(&house, form).await;
        assert!(answer.status.is_client_error(), "{form:?}: {answer:?}");
        let expected = [
            "invalid_grant",
            "invalid_client",
            "invalid_target",
            "invalid_request",
            "unauthorized_client",
        ];
        assert!(expected.contains(&answer.error().as_str()), "{form:?}: {answer:?}");
        assert!(!answer.body.contains("token\":"), "{form:?}");
    }
    assert_eq!(forms.iter().filter(|(fits, _)| *fits).count(), 4);
    let (_, fitting) = forms.iter().find(|(fits, _)| *fits).unwrap();
    assert_eq!(post(&house, fitting).await.status, StatusCode::OK);
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn a_replay_by_anybody_who_lacks_a_part_ends_nothing() {
    let house = House::new().await;
    let code = code(&house).await;
    let tokens = house.redeem("oauth_public", &code).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for (fits, form) in forms(&house, &code).await {
        if !fits {
            assert!(post(&house, &form).await.status.is_client_error(), "{form:?}");
        }
    }
    let next = house.refresh("oauth_public", refresh).await;
    assert_eq!(next.status, StatusCode::OK, "a partial replay ended the connection");
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
    let next = next.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(house.refresh("oauth_public", &next).await.error(), "invalid_grant");
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn a_code_is_nobodys_after_its_minute() {
    let house = House::new().await;
    let code = code(&house).await;
    house.advance(61);
    for (_, form) in forms(&house, &code).await {
        assert!(post(&house, &form).await.status.is_client_error(), "{form:?}");
    }
}

#[tokio::test]
async fn no_code_that_resembles_the_right_one_is_taken() {
    let house = House::new().await;
    let code = code(&house).await;
    for text in hostile::resembling(&code) {
        let answer = house.redeem("oauth_public", &text).await;
        assert!(answer.status.is_client_error(), "{text}: {answer:?}");
    }
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_a_well_formed_s256_challenge_starts_anything() {
    let house = House::new().await;
    let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let mut tries: Vec<(String, String)> = Vec::new();
    for challenge in [
        &good[..42],
        &format!("{good}A"),
        &format!("{good}="),
        &format!("{good}\n"),
        &good.replace('-', "+"),
        &good.replace('E', "\u{c9}"),
        &format!(" {good}"),
        "null",
        "0",
        &good.repeat(200),
        &format!("{}N", &good[..42]),
    ] {
        tries.push((challenge.to_owned(), "S256".to_owned()));
    }
    for method in [
        "plain",
        "PLAIN",
        "s256",
        "S256 ",
        "S256\n",
        "plain\nS256",
        "S256\nplain",
        "S256 plain",
        "S256,plain",
        "S512",
        "none",
        "sha256",
        "S256\u{0}",
        "\u{ff33}256",
    ] {
        tries.push((good.to_owned(), method.to_owned()));
    }
    for kind in ["oauth_public", "oauth_confidential"] {
        for (challenge, method) in &tries {
            let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", method)];
            let answer = house.get(&house.authorize_url(kind, &more)).await;
            let error = if answer.status == StatusCode::SEE_OTHER {
                answer.redirected("error")
            } else {
                None
            };
            let refused = error.as_deref() == Some("invalid_request")
                || answer.status == StatusCode::URI_TOO_LONG;
            assert!(refused, "{kind} {challenge:?} {method:?}: {answer:?}");
        }
        let bare = [("code_challenge", good), ("code_challenge_method", "")];
        let answer = house.get(&house.authorize_url(kind, &bare)).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"), "{kind}");
        let twice = format!("{}&code_challenge_method=plain", house.authorize_url(kind, &[]));
        assert_eq!(house.get(&twice).await.redirected("error").as_deref(), Some("invalid_request"));
    }
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let answer = house.get(&house.authorize_url("oauth_public", &without)).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn only_the_verifier_itself_proves_a_challenge() {
    let house = House::new().await;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for kind in ["oauth_public", "oauth_confidential"] {
        let code = house.code(kind, "owner", &house.company("acme"), SCOPE).await;
        let mut wrong = hostile::resembling(VERIFIER);
        wrong.extend([challenge.to_owned(), String::new(), "a".repeat(42), "a".repeat(128)]);
        wrong.extend(["a".repeat(129), "a".repeat(20_000), format!("{VERIFIER}\u{0}")]);
        for verifier in wrong {
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", verifier.as_str()),
            ];
            let answer = house.as_app(kind, &form).await;
            assert_eq!(answer.error(), "invalid_grant", "{kind} {verifier:?}");
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("code_verifier", VERIFIER),
        ];
        assert_eq!(house.as_app(kind, &form).await.error(), "invalid_request");
        assert_eq!(house.redeem(kind, &code).await.status, StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn a_challenge_that_is_always_the_same_is_noticed_and_nothing_is_refused() {
    let house = House::new().await;
    let acme = house.company("acme");
    let noticed = |house: &House| {
        let kinds = house.happened(1000);
        kinds.into_iter().filter(|kind| *kind == EventKind::ChallengeRepeated).count()
    };
    for (already, kind) in ["oauth_public", "oauth_confidential"].into_iter().enumerate() {
        for round in 1..=5 {
            house.tokens(kind, "owner", &acme, "customers:readonly").await;
            assert_eq!(noticed(&house), already + usize::from(round >= 3), "{kind} {round}");
        }
    }
    house.advance(86_400);
    house.tokens("oauth_public", "owner", &acme, "customers:readonly").await;
    assert_eq!(noticed(&house), 2, "another day, another count");
}

#[tokio::test]
async fn a_challenge_that_was_sent_cannot_be_taken_away_again() {
    let house = House::new().await;
    let form = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", SCOPE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await.json();
    let uri = pushed["request_uri"].as_str().unwrap();
    let bare = [("request_uri", uri), ("code_challenge", ""), ("code_challenge_method", "")];
    let url = house.authorize_url("oauth_confidential", &bare);
    let mut browser = house.signed_in("owner").await;
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    let code = answer.redirected("code").unwrap();
    let without =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(house.confidential(&without).await.error(), "invalid_grant");
    assert_eq!(house.redeem("oauth_confidential", &code).await.status, StatusCode::OK);
}
