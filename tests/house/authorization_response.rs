//! The answer to an authorization request: RFC 6749 section 4.1.2, RFC 9207 section 2, RFC 9700
//! sections 4.2 and 4.12.

use http::StatusCode;

use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::hidden_fields;

const SCOPE: [(&str, &str); 1] = [("scope", "customers:readonly")];

#[tokio::test]
async fn a_code_comes_with_state_and_iss_and_with_nothing_else() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &SCOPE);
    let location = browser.allow(&url, &house.company("acme"), None).await.location();
    assert!(location.starts_with(&format!("{CALLBACK}?code=")), "{location}");
    let parsed = url::Url::parse(&location).unwrap();
    let names: Vec<String> = parsed.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    assert!(parsed.query_pairs().any(|pair| pair == ("state".into(), "s-1".into())));
    assert!(parsed.query_pairs().any(|pair| pair == ("iss".into(), ISSUER.into())));
    assert_eq!(parsed.fragment(), None);
}

#[tokio::test]
async fn without_state_the_answer_has_none() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[SCOPE[0], ("state", "")]);
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    assert!(answer.redirected("code").is_some());
    assert_eq!(answer.redirected("state"), None);
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
}

/// RFC 6749 section 10.10: at most one guess in 2^128 may be right.
#[tokio::test]
async fn every_code_is_another_and_long_enough_not_to_be_guessed() {
    let house = House::new().await;
    let mut codes = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE[0].1).await;
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        assert!(code.len() >= 43 && code.bytes().all(legal), "{code}");
        assert!(codes.insert(code));
    }
}

#[tokio::test]
async fn the_answer_is_kept_by_nobody_and_tells_no_referrer() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &SCOPE);
    let (path, page) = browser.consent_page(&url).await;
    let cancelled = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    let allowed = browser.allow(&url, &house.company("acme"), None).await;
    for answer in [cancelled, allowed] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.body.is_empty());
    }
}

/// A 307 would send the person's password or code on to the client.
#[tokio::test]
async fn every_answer_that_leads_on_is_303_to_get_and_to_post() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let user = house.user("owner");
    let url = house.authorize_url("oauth_public", &SCOPE);
    let mut answers = vec![browser.get(&url).await];
    let (_, page) = browser.follow(&url).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    answers.push(browser.submit(&page, "/sign-in", &fields).await);
    let page = browser.get(&answers[1].location()).await;
    let code = house.next_code("owner");
    answers.push(browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await);
    let (path, page) = browser.consent_page(&url).await;
    answers.push(browser.submit(&page, &format!("{path}/cancel"), &[]).await);
    answers.push(browser.allow(&url, &house.company("acme"), None).await);
    answers.push(browser.allow(&url, &house.company("acme"), Some(&[])).await);
    answers.push(browser.get(&house.authorize_url("oauth_public", &[("scope", "no:such")])).await);
    let (_, page) = browser.consent_page(&url).await;
    let sign_out = hidden_fields(&page.body, "/sign-out");
    let form: Vec<(&str, &str)> =
        sign_out.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    answers.push(browser.post("/sign-out", &form).await);
    assert_eq!(answers.len(), 8);
    for answer in answers {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        assert!(!answer.header("location").contains(&user.password));
    }
}
