//! The workspace's frame and its one gate: who gets in, where they are, and what an act needs.

use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;

fn revoking(house: &House) -> String {
    let app = house.app("api_credentials").client_id.clone();
    format!("/settings/app-connect/api-credentials/{app}/revoke")
}

async fn issue(house: &House) -> Answer {
    house.as_app("api_credentials", &[("grant_type", "client_credentials")]).await
}

/// The companies and firms that the switcher of a page offers.
fn places(html: &str) -> Vec<String> {
    let select = html.split("id=\"switch-place\"").nth(1).unwrap();
    let options = select.split("</select>").next().unwrap().split("value=\"").skip(1);
    options.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn whoever_is_not_signed_in_returns_to_the_page_after_the_sign_in() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let path = revoking(&house);
    let (at, page) = browser.follow(&path).await;
    assert!(at.starts_with("/sign-in?resume=~"), "{at}");
    let user = house.user("owner");
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let answer = browser.submit(&page, "/sign-in", &fields).await;
    let page = browser.get(&answer.location()).await;
    let code = house.next_code("owner");
    let answer = browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
    assert_eq!(answer.location(), path);
}

#[tokio::test]
async fn a_sign_in_never_returns_anywhere_but_to_the_workspace() {
    for elsewhere in ["//evil.example/", "https://evil.example/", "/oauth/authorize?x", "/settings"]
    {
        let resume = format!("~{}", countersign::base::encoding::base64url(elsewhere.as_bytes()));
        let house = House::new().await;
        let mut browser = Browser::new(&house);
        browser.sign_in("owner").await;
        let answer = browser.get(&format!("/sign-in?resume={resume}")).await;
        assert_eq!(answer.location(), "/", "{elsewhere}");
    }
}

#[tokio::test]
async fn an_act_asks_for_a_fresh_code_and_spends_it() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.sign_in("owner").await;
    let path = revoking(&house);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    for (code, status) in [("", 422), ("000000", 422)] {
        let answer = browser.submit(&page, &path, &[("code", code)]).await;
        assert_eq!(answer.status.as_u16(), status, "{code}");
        assert!(issue(&house).await.status.is_success());
    }
    house.advance(30);
    let code = house.next_code("owner");
    let answer = browser.submit(&page, &path, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(!issue(&house).await.status.is_success());
    let answer = browser.submit(&page, &path, &[("code", &code)]).await;
    assert_eq!(answer.status.as_u16(), 422, "the code is spent");
}

#[tokio::test]
async fn a_viewer_ends_nothing_that_is_not_their_own() {
    let house = House::new().await;
    let mut viewer = Browser::new(&house);
    viewer.sign_in("viewer").await;
    let path = revoking(&house);
    assert_eq!(viewer.get(&path).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_is_good_for_the_path_that_it_was_shown_for() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.sign_in("owner").await;
    let path = revoking(&house);
    let page = browser.get(&path).await;
    let mut fields = crate::harness::hidden_fields(&page.body, "/settings/switch");
    let code = house.next_code("owner");
    fields.push(("code".to_owned(), code));
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(browser.post(&path, &fields).await.status, StatusCode::FORBIDDEN);
    assert!(issue(&house).await.status.is_success());
}

#[tokio::test]
async fn what_was_done_is_told_once_and_only_by_us() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.sign_in("owner").await;
    let path = revoking(&house);
    let page = browser.get(&path).await;
    let other = places(&page.body).pop().expect("another company");
    let answer = browser.submit(&page, "/settings/switch", &[("place", &other)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let told = browser.cookies["__Host-cs_told"].clone();
    assert!(browser.get(&path).await.body.contains("role=\"status\""));
    assert!(!browser.get(&path).await.body.contains("role=\"status\""));
    let mut stranger = Browser::new(&house);
    stranger.sign_in("owner").await;
    stranger.cookies.insert("__Host-cs_told".to_owned(), told);
    assert!(!stranger.get(&path).await.body.contains("role=\"status\""));
}

#[tokio::test]
async fn nobody_switches_to_a_company_that_they_do_not_reach() {
    let house = House::new().await;
    let mut owner = Browser::new(&house);
    owner.sign_in("owner").await;
    let page = owner.get(&revoking(&house)).await;
    let bakery = house.company("bakery");
    let answer = owner.submit(&page, "/settings/switch", &[("place", &bakery)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_speak_the_language_that_was_chosen() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.sign_in("owner").await;
    let path = revoking(&house);
    let page = browser.get(&path).await;
    assert!(page.body.contains("<html lang=\"en\">"));
    let answer = browser.submit(&page, "/settings/language", &[("language", "fr")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&path).await.body.contains("<html lang=\"fr\">"));
}
