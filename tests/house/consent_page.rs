//! What the consent page says and how its two forms stand: RFC 6749 section 10.2, RFC 9700 sections
//! 4.7, 4.11 and 4.16.

use countersign::domain::app::AppKind;
use countersign::domain::company::Environment;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_company::NewCompany;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::harness::offered_places;

const ON_THIS_COMPUTER: &str = "goes to a program on your own computer";

#[tokio::test]
async fn the_page_names_the_client_its_host_and_the_host_that_the_browser_goes_to() {
    let mut house = House::new().await;
    let new = NewApp {
        website: Some("https://books.example/about".to_owned()),
        redirect_uris: vec!["https://callback.books-login.example/cb".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, "Bookkeeping & Sons")
    };
    house.register("books", new).await;
    let mut browser = house.signed_in("owner").await;
    let more = [("redirect_uri", "https://callback.books-login.example/cb")];
    let (_, page) = browser.consent_page(&house.authorize_url("books", &more)).await;
    for said in ["Bookkeeping &amp; Sons", ">books.example<", ">callback.books-login.example<"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(page.body.contains("owner@acme.example"));
    assert!(!page.body.contains(ON_THIS_COMPUTER));
}

#[tokio::test]
async fn a_program_on_ones_own_computer_is_pointed_out() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (_, page) = browser.consent_page(&house.authorize_url("oauth_public", &[])).await;
    assert!(page.body.contains(ON_THIS_COMPUTER));
    assert!(page.body.contains(">127.0.0.1<"));
}

#[tokio::test]
async fn a_company_that_the_request_fixes_is_one_locked_choice() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let mcp = [("resource", "https://cs.example/companies/acme/mcp")];
    let (_, page) = browser.consent_page(&house.authorize_url("oauth_public", &mcp)).await;
    let radios: Vec<&str> =
        page.body.split("<input").filter(|input| input.contains("name=\"context\"")).collect();
    assert_eq!(radios.len(), 1);
    let radio = &radios[0][..radios[0].find('>').unwrap()];
    assert!(radio.contains("type=\"radio\"") && radio.contains("checked"), "{radio}");
    assert!(radio.contains(&house.company("acme")), "{radio}");
    assert!(page.body.contains("cannot be changed here"));
}

#[tokio::test]
async fn the_choice_stands_by_name_and_the_firms_after_their_companies() {
    let house = House::new().await;
    let firm = house.firm().parse().ok();
    let mut made = Vec::new();
    for name in ["zinc Works", "Yarn Shop", "abacus Ltd"] {
        let new =
            NewCompany { firm, ..NewCompany::named(name.to_owned(), Environment::Production) };
        made.push(house.ops.create_company(new, MACHINE).await.unwrap().id);
    }
    // One of them is reached twice: by a role in it, and through the firm.
    let (person, owner) = (house.user_id("partner"), RoleName("owner".to_owned()));
    house.ops.grant_role(person, Place::Company(made[1]), owner, MACHINE).await.unwrap();
    let mut browser = house.signed_in("partner").await;
    let (_, page) = browser.consent_page(&house.authorize_url("oauth_public", &[])).await;
    let offered = offered_places(&page.body);
    let at = |place: &str| offered.iter().position(|one| one == place).unwrap();
    let made: Vec<usize> = made.iter().map(|id| at(&id.to_string())).collect();
    assert!(made[2] < made[1] && made[1] < made[0], "{offered:?}");
    assert_eq!(at(&house.firm()), offered.len() - 1);
    // What the firm reaches is told beside it, and is the last mention of each.
    let told = |name: &str| page.body.rfind(name).unwrap();
    assert!(told(&format!("value=\"{}\"", house.firm())) < told("abacus Ltd"), "{}", page.body);
    assert!(told("abacus Ltd") < told("Yarn Shop") && told("Yarn Shop") < told("zinc Works"));
    let mut once = offered.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), offered.len());
}

#[tokio::test]
async fn allow_and_cancel_are_forms_of_their_own_with_tags_of_their_own() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&house.authorize_url("oauth_public", &[])).await;
    let cancel = format!("{path}/cancel");
    let allow_tag = hidden_fields(&page.body, &path)[0].1.clone();
    let cancel_tag = hidden_fields(&page.body, &cancel)[0].1.clone();
    let crossed = browser.post(&cancel, &[("csrf", &allow_tag)]).await;
    assert_eq!(crossed.status, StatusCode::FORBIDDEN);
    let (acme, code) = (house.company("acme"), house.next_code("owner"));
    let form = [
        ("csrf", cancel_tag.as_str()),
        ("context", &acme),
        ("scope", "customers:readonly"),
        ("code", &code),
    ];
    assert_eq!(browser.post(&path, &form).await.status, StatusCode::FORBIDDEN);
    let cancelled = browser.post(&cancel, &[("csrf", &cancel_tag)]).await;
    assert_eq!(cancelled.redirected("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn the_tag_of_one_request_does_not_answer_another() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[]);
    let (_, first) = browser.consent_page(&url).await;
    let (second_path, second) = browser.consent_page(&url).await;
    let tag_of = |page: &str| {
        let start = page.find("action=\"/consent/").unwrap() + "action=\"".len();
        let path = &page[start..start + page[start..].find('"').unwrap()];
        hidden_fields(page, path)[0].1.clone()
    };
    let tags = [tag_of(&first.body), tag_of(&second.body)];
    assert_ne!(tags[0], tags[1]);
    let form = [("csrf", tags[0].as_str()), ("context", ""), ("code", "")];
    assert_eq!(browser.post(&second_path, &form).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn sign_in_on_the_way_of_a_request_posts_to_this_server_alone() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let (path, page) = browser.follow(&house.authorize_url("oauth_public", &[])).await;
    assert!(path.starts_with("/sign-in?resume="), "{path}");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(page.headers.get("cross-origin-opener-policy").is_none());
}

#[tokio::test]
async fn everything_that_the_page_loads_comes_from_this_server() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let (_, page) = browser.consent_page(&house.authorize_url("oauth_confidential", &[])).await;
    for attribute in ["src=\"", "href=\"", "action=\""] {
        for value in page.body.split(attribute).skip(1) {
            assert!(value.starts_with('/') && !value.starts_with("//"), "{attribute}{value:.40}");
        }
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("img-src 'self'"));
    assert!(!policy.contains("https:") && !policy.contains('*'), "{policy}");
}
