//! Consent: what is offered, what is granted, and what a decision needs.

use countersign::domain::audit::EventKind;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::hidden_fields;
use crate::harness::listed_scopes;
use crate::harness::offered_places;

const SCOPES: &str = "customers:readonly customer_invoices:all";

fn url(house: &House) -> String {
    house.authorize_url("oauth_public", &[("scope", SCOPES)])
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first_and_comes_back() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let (path, page) = browser.follow(&url(&house)).await;
    assert!(path.starts_with("/sign-in?resume="), "{path}");
    let user = house.user("owner");
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let answer = browser.submit(&page, "/sign-in", &fields).await;
    let page = browser.get(&answer.location()).await;
    let code = house.next_code("owner");
    let answer = browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
    assert!(answer.location().starts_with("/consent/"), "{answer:?}");
    assert_eq!(browser.get(&answer.location()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_person_is_offered_exactly_the_places_where_something_can_be_granted() {
    let house = House::new().await;
    let id = |slug: &str| house.company(slug);
    for (name, expected) in [
        ("owner", vec![id("acme"), id("acme-test")]),
        ("viewer", vec![id("acme"), id("acme-test")]),
        ("partner", vec![id("acme"), id("bakery"), id("clinic"), house.firm()]),
        ("junior", vec![id("acme"), id("bakery"), house.firm()]),
    ] {
        let mut browser = house.signed_in(name).await;
        let (_, page) = browser.consent_page(&url(&house)).await;
        let mut offered = offered_places(&page.body);
        let mut expected = expected;
        offered.sort();
        expected.sort();
        assert_eq!(offered, expected, "{name}");
        assert_eq!(page.body.contains("Clinic"), name == "partner", "{name}");
        // A firm comes with the companies that it reaches for this person.
        let reached = page.body.contains("Acme Trading, Bakery");
        assert_eq!(reached, expected.contains(&house.firm()), "{name}");
    }
}

#[tokio::test]
async fn shown_is_what_can_be_granted_and_granted_is_what_is_ticked() {
    let house = House::new().await;
    let mut browser = house.signed_in("viewer").await;
    let (_, page) = browser.consent_page(&url(&house)).await;
    assert_eq!(listed_scopes(&page.body), ["customers:readonly", "customer_invoices:readonly"]);
    let acme = house.company("acme");
    let answer = browser.allow(&url(&house), &acme, Some(&["customers:readonly"])).await;
    let code = answer.redirected("code").unwrap();
    let tokens = house.redeem("oauth_public", &code).await.json();
    assert_eq!(tokens["scope"], "customers:readonly");
    let crafted = ["customers:readonly", "customer_invoices:all", "exports:fec", "no:such"];
    let answer = browser.allow(&url(&house), &acme, Some(&crafted)).await;
    let tokens = house.redeem("oauth_public", &answer.redirected("code").unwrap()).await.json();
    assert_eq!(tokens["scope"], "customer_invoices:readonly customers:readonly");
}

#[tokio::test]
async fn a_place_that_was_not_offered_cannot_be_chosen() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    for place in [house.company("bakery"), house.company("clinic"), house.firm(), String::new()] {
        let answer = browser.allow(&url(&house), &place, None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{place}");
    }
}

#[tokio::test]
async fn a_wrong_code_keeps_every_choice_and_the_right_one_then_works() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&url(&house)).await;
    let test = house.company("acme-test");
    let ticked = ["customers:readonly"];
    let again = browser.answer(&page, &path, &test, Some(&ticked), "000000").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let checked = |value: &str| {
        let input = again.body.split("<input").find(|input| input.contains(value)).unwrap();
        input[..input.find('>').unwrap()].contains("checked")
    };
    assert!(checked(&test) && checked("customers:readonly"));
    assert!(!checked(&house.company("acme")) && !checked("customer_invoices:all"));
    let code = house.next_code("owner");
    let answer = browser.answer(&again, &path, &test, Some(&ticked), &code).await;
    assert!(answer.redirected("code").is_some());
}

#[tokio::test]
async fn a_code_that_was_used_already_is_not_good_again_and_says_when_the_next_comes() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let used = house.code_now("owner");
    let (path, page) = browser.consent_page(&url(&house)).await;
    let answer = browser.answer(&page, &path, &house.company("acme"), None, &used).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("30 s") || answer.body.contains("second"), "{}", answer.body);
}

#[tokio::test]
async fn no_code_no_access() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&url(&house)).await;
    let code = house.next_code("partner");
    for code in ["", " ", code.as_str()] {
        let answer = browser.answer(&page, &path, &house.company("acme"), None, code).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code:?}");
    }
}

#[tokio::test]
async fn cancel_and_unticking_everything_tell_the_client_that_access_was_denied() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&url(&house)).await;
    let cancelled = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    let (path, page) = browser.consent_page(&url(&house)).await;
    let acme = house.company("acme");
    let unticked = browser.answer(&page, &path, &acme, Some(&[]), "").await;
    for answer in [cancelled, unticked] {
        assert!(answer.location().starts_with(CALLBACK));
        assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
        assert_eq!(answer.redirected("state").as_deref(), Some("s-1"));
        assert_eq!(answer.redirected("iss").as_deref(), Some("https://cs.example"));
    }
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&url(&house)).await;
    let code = house.next_code("owner");
    let acme = house.company("acme");
    assert!(browser.answer(&page, &path, &acme, None, &code).await.redirected("code").is_some());
    let code = house.next_code("owner");
    let again = browser.answer(&page, &path, &acme, None, &code).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let cancel = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    assert_eq!(cancel.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_form_without_its_tag_or_from_elsewhere_is_refused() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&url(&house)).await;
    let code = house.next_code("owner");
    let acme = house.company("acme");
    let form = [("context", acme.as_str()), ("scope", "customers:readonly"), ("code", &code)];
    assert_eq!(browser.post(&path, &form).await.status, StatusCode::FORBIDDEN);
    let tag = hidden_fields(&page.body, &path)[0].1.clone();
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    let mut tagged = form.to_vec();
    tagged.push(("csrf", &tag));
    for site in ["cross-site", "same-site", "none"] {
        let headers = [("cookie", cookies.as_str()), ("sec-fetch-site", site)];
        let answer = house.post_with(&path, &tagged, &headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site}");
    }
    let mut other = house.signed_in("partner").await;
    assert_ne!(other.post(&path, &tagged).await.status, StatusCode::SEE_OTHER);
    let answer = browser.post(&path, &tagged).await;
    assert!(answer.redirected("code").is_some(), "{answer:?}");
}

#[tokio::test]
async fn an_mcp_resource_fixes_the_company_and_always_yields_a_company_token() {
    let house = House::new().await;
    let mcp = [("resource", "https://cs.example/companies/bakery/mcp"), ("scope", SCOPES)];
    let url = house.authorize_url("oauth_public", &mcp);
    let mut partner = house.signed_in("partner").await;
    let (_, page) = partner.consent_page(&url).await;
    assert_eq!(offered_places(&page.body), [house.company("bakery")]);
    let mut owner = house.signed_in("owner").await;
    let (_, answer) = owner.follow(&url).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.body.contains("Bakery"), "the page names the company");
}

#[tokio::test]
async fn the_page_keeps_its_opener_and_is_never_framed_or_kept() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (_, page) = browser.consent_page(&url(&house)).await;
    assert!(page.headers.get("cross-origin-opener-policy").is_none());
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("form-action"));
    let home = browser.get("/").await;
    assert!(home.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(home.header("cross-origin-opener-policy"), "same-origin");
}

#[tokio::test]
async fn a_recovery_code_gives_consent_once() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let recovery = house.user("owner").recovery_codes[0].clone();
    let acme = house.company("acme");
    let (path, page) = browser.consent_page(&url(&house)).await;
    let longer = browser.answer(&page, &path, &acme, None, &format!("{recovery}A")).await;
    assert_eq!(longer.status, StatusCode::UNPROCESSABLE_ENTITY, "with a letter behind it");
    let answer = browser.answer(&page, &path, &acme, None, &recovery.to_lowercase()).await;
    assert!(answer.redirected("code").is_some(), "{answer:?}");
    assert_eq!(house.happened(2), [EventKind::ConsentGiven, EventKind::RecoveryCodeUsed]);
    browser.allow(&url(&house), &acme, None).await;
    assert_eq!(house.happened(2), [EventKind::ConsentGiven, EventKind::ConsentGiven]);
    let (path, page) = browser.consent_page(&url(&house)).await;
    let again = browser.answer(&page, &path, &acme, None, &recovery).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}
