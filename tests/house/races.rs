//! Everything that is good once has one winner, however many try at the same moment.

use futures_util::future::join_all;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::hidden_fields;

const TRIES: usize = 32;
const SCOPE: &str = "customers:readonly";

fn winners(statuses: &[StatusCode], won: StatusCode) -> usize {
    assert!(statuses.iter().all(|status| !status.is_server_error()), "{statuses:?}");
    statuses.iter().filter(|status| **status == won).count()
}

#[tokio::test]
async fn one_code_is_redeemed_once() {
    let house = House::new().await;
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let tries = (0..TRIES).map(|_| house.redeem("oauth_public", &code));
    let statuses: Vec<_> = join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!(winners(&statuses, StatusCode::OK), 1);
}

#[tokio::test]
async fn one_refresh_token_has_one_successor() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let answers = join_all((0..TRIES).map(|_| house.refresh("oauth_public", token))).await;
    let successors: std::collections::BTreeSet<String> =
        answers.iter().map(|answer| answer.json()["refresh_token"].to_string()).collect();
    assert_eq!(successors.len(), 1, "{successors:?}");
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
}

#[tokio::test]
async fn revocation_beats_every_refresh_in_flight() {
    let house = House::new().await;
    let form = |token: String| async {
        let (house, token) = (&house, token);
        house.as_app_at("/oauth/revoke", "oauth_public", &[("token", &token)]).await
    };
    for place in 0..TRIES {
        let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
        let token = tokens["refresh_token"].as_str().unwrap().to_owned();
        let before = join_all((0..place).map(|_| house.refresh("oauth_public", &token)));
        let after = join_all((place..TRIES).map(|_| house.refresh("oauth_public", &token)));
        let (before, revoked, after) = futures_util::join!(before, form(token.clone()), after);
        assert_eq!(revoked.status, StatusCode::OK);
        for answer in before.iter().chain(&after) {
            assert!(!answer.status.is_server_error(), "{answer:?}");
            if answer.status == StatusCode::OK {
                let call = house.call(&answer.text("access_token"), "/customers").await;
                assert_eq!(call.status, StatusCode::UNAUTHORIZED);
                let next = house.refresh("oauth_public", &answer.text("refresh_token")).await;
                assert_eq!(next.error(), "invalid_grant");
            }
        }
    }
}

#[tokio::test]
async fn one_step_of_an_authenticator_is_good_once() {
    let house = House::new().await;
    let browsers = half_signed_in(&house).await;
    let code = house.next_code("owner");
    assert_eq!(race_to_verify(browsers, &code).await, 1);
}

#[tokio::test]
async fn one_recovery_code_is_good_once() {
    let house = House::new().await;
    let browsers = half_signed_in(&house).await;
    let code = house.user("owner").recovery_codes[0].clone();
    assert_eq!(race_to_verify(browsers, &code).await, 1);
}

async fn half_signed_in(house: &House) -> Vec<Browser<'_>> {
    let mut browsers = Vec::new();
    for _ in 0..TRIES {
        let mut browser = Browser::new(house);
        browser.password("owner").await;
        browsers.push(browser);
    }
    browsers
}

async fn race_to_verify(browsers: Vec<Browser<'_>>, code: &str) -> usize {
    let tries = browsers.into_iter().map(|mut browser| async move {
        let page = browser.get("/sign-in/verify").await;
        browser.submit(&page, "/sign-in/verify", &[("code", code)]).await.status
    });
    winners(&join_all(tries).await, StatusCode::SEE_OTHER)
}

#[tokio::test]
async fn one_consent_is_given_once() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("scope", SCOPE)]);
    let (path, page) = browser.consent_page(&url).await;
    let tag = hidden_fields(&page.body, &path)[0].1.clone();
    let code = house.next_code("owner");
    let acme = house.company("acme");
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    let form =
        [("csrf", tag.as_str()), ("context", &acme), ("scope", SCOPE), ("code", code.as_str())];
    let headers = [("cookie", cookies.as_str())];
    let tries = (0..TRIES).map(|_| house.post_with(&path, &form, &headers));
    let statuses: Vec<_> = join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!(winners(&statuses, StatusCode::SEE_OTHER), 1);
}

#[tokio::test]
async fn one_setup_link_makes_one_owner() {
    let house = House::empty();
    let purpose = countersign::domain::link::LinkPurpose::FirstOwner;
    let link = house.ops.issue_link(purpose, Default::default()).await.unwrap();
    let link = link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned();
    let tries = (0..8).map(|n| {
        let (house, link) = (&house, link.clone());
        async move {
            let mut browser = Browser::new(house);
            let page = browser.get(&link).await;
            let email = format!("owner{n}@acme.example");
            let company = format!("Company {n}");
            let fields = [
                ("name", "Dana Reyes"),
                ("email", email.as_str()),
                ("company", company.as_str()),
                ("password", "quiet-otter-plays-banjo"),
                ("password_again", "quiet-otter-plays-banjo"),
            ];
            browser.submit(&page, &link, &fields).await.status
        }
    });
    assert_eq!(winners(&join_all(tries).await, StatusCode::SEE_OTHER), 1);
    assert_eq!(house.ops.users().unwrap().len(), 1);
}

#[tokio::test]
async fn guesses_made_at_once_are_all_counted() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let page = browser.get("/sign-in").await;
    let tag = hidden_fields(&page.body, "/sign-in")[0].1.clone();
    let cookie = format!("__Host-cs_browser={}", browser.cookies["__Host-cs_browser"]);
    let form = [("csrf", tag.as_str()), ("email", "owner@acme.example"), ("password", "wrong one")];
    let headers = [("cookie", cookie.as_str())];
    let tries = (0..TRIES).map(|_| house.post_with("/sign-in", &form, &headers));
    let answers = join_all(tries).await;
    let evaluated =
        answers.iter().filter(|answer| answer.status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert!(evaluated <= 3, "{evaluated} guesses were evaluated at once");
}
