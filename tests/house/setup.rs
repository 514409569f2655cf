//! The first run and invitations: one-time links, enrolment of the second factor.

use countersign::base::clock::Clock as _;
use countersign::crypto::totp;
use countersign::domain::audit::Origin;
use countersign::domain::link::LinkPurpose;
use countersign::ops::administration::create_user::NewUser;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;

const PASSWORD: &str = "quiet-otter-plays-banjo";

async fn first_link(house: &House) -> String {
    let link = house.ops.issue_link(LinkPurpose::FirstOwner, Origin::default()).await.unwrap();
    link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned()
}

async fn fill_in(browser: &mut Browser<'_>, link: &str, more: &[(&str, &str)]) -> Answer {
    let page = browser.get(link).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let mut fields = vec![
        ("name", "Dana Reyes"),
        ("email", "dana@acme.example"),
        ("company", "Acme Trading"),
        ("environment", "production"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    for (name, value) in more {
        fields.retain(|(key, _)| key != name);
        fields.push((name, value));
    }
    browser.submit(&page, link, &fields).await
}

fn code_on(house: &House, page: &Answer) -> String {
    let compact: String = page.body.split_whitespace().collect();
    let letters = compact
        .split(|c: char| !(c.is_ascii_uppercase() || ('2'..='7').contains(&c)))
        .find(|word| word.len() == 32)
        .map(str::to_owned)
        .or_else(|| {
            let start = page.body.find("secret=")? + 7;
            page.body.get(start..start + 32).map(str::to_owned)
        });
    let letters = letters.unwrap_or_else(|| grouped(&page.body));
    let seed = data_encoding::BASE32_NOPAD.decode(letters.as_bytes()).unwrap();
    totp::code(&seed, totp::step_at(house.clock.now()))
}

/// The secret as the page groups it by four.
fn grouped(html: &str) -> String {
    let words = html.split(|c: char| !(c.is_ascii_uppercase() || ('2'..='7').contains(&c)));
    let groups: Vec<&str> = words.filter(|word| word.len() == 4).collect();
    groups.into_iter().take(8).collect()
}

#[tokio::test]
async fn the_first_run_makes_owner_and_company_enrols_a_factor_and_shows_codes_once() {
    let house = House::empty();
    let link = first_link(&house).await;
    let mut browser = Browser::new(&house);
    let answer = fill_in(&mut browser, &link, &[]).await;
    assert_eq!(answer.location(), "/sign-in/enrol");
    let page = browser.get("/sign-in/enrol").await;
    assert!(page.body.contains("<svg"), "no QR code");
    let wrong = browser.submit(&page, "/sign-in/enrol", &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = code_on(&house, &page);
    let answer = browser.submit(&page, "/sign-in/enrol", &[("code", &code)]).await;
    assert_eq!(answer.location(), "/sign-in/recovery-codes");
    let codes = browser.get("/sign-in/recovery-codes").await;
    assert_eq!(browser.get("/").await.location(), "/sign-in/recovery-codes");
    assert_eq!(browser.get("/sign-in/recovery-codes").await.body, codes.body);
    let unsaved = browser.submit(&codes, "/sign-in/recovery-codes", &[]).await;
    assert_eq!(unsaved.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = [("saved", "yes")];
    let answer = browser.submit(&codes, "/sign-in/recovery-codes", &saved).await;
    assert_eq!(answer.location(), "/");
    let home = browser.get("/").await;
    assert!(home.body.contains("Acme Trading"), "{home:?}");
    let again = browser.get("/sign-in/recovery-codes").await;
    assert_ne!(again.body, codes.body);
    let shown = codes
        .body
        .split(['<', '>'])
        .find(|text| text.trim().len() == 27 && text.matches('-').count() == 3);
    assert!(!again.body.contains(shown.unwrap().trim()), "the codes were shown again");
    assert_eq!(browser.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_is_good_for_a_day_and_for_nothing_else() {
    let house = House::empty();
    let link = first_link(&house).await;
    for other in ["/setup/x", "/setup/cs_link_x", &format!("{link}x"), &link.to_uppercase()] {
        assert_eq!(house.get(other).await.status, StatusCode::NOT_FOUND, "{other}");
    }
    assert_eq!(house.get(&link).await.status, StatusCode::OK);
    let second = first_link(&house).await;
    assert_eq!(house.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get(&second).await.status, StatusCode::OK);
    house.advance(86401);
    assert_eq!(house.get(&second).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn bad_input_keeps_what_was_typed_and_names_each_fault() {
    let house = House::empty();
    let link = first_link(&house).await;
    let mut browser = Browser::new(&house);
    for (name, value) in [
        ("name", ""),
        ("email", "nobody"),
        ("company", "***"),
        ("password", "short"),
        ("password", "password1234"),
        ("password_again", "another password"),
    ] {
        let answer = fill_in(&mut browser, &link, &[(name, value)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}={value}");
        assert!(name == "name" || answer.body.contains("Dana Reyes"), "{name}={value}");
        assert!(!answer.body.contains(PASSWORD), "the page echoes the password");
    }
    assert_eq!(fill_in(&mut browser, &link, &[]).await.location(), "/sign-in/enrol");
}

#[tokio::test]
async fn an_invited_person_chooses_a_password_and_enrols() {
    let house = House::new().await;
    let new = NewUser {
        email: "new@acme.example".parse().unwrap(),
        name: "New Person".to_owned(),
        password: None,
        operator: false,
    };
    let user = house.ops.create_user(new, Origin::default()).await.unwrap();
    let link = house.ops.welcome(user.id, Origin::default()).await.unwrap();
    let link = link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned();
    let mut browser = Browser::new(&house);
    let answer = fill_in(&mut browser, &link, &[]).await;
    assert_eq!(answer.location(), "/sign-in/enrol");
    assert_eq!(house.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_has_only_a_password_cannot_replace_a_second_factor() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.password("owner").await;
    let page = browser.get("/sign-in/verify").await;
    let tag = crate::harness::hidden_fields(&page.body, "/sign-in/verify")[0].1.clone();
    let form = [("csrf", tag.as_str()), ("code", "000000")];
    assert_eq!(browser.post("/sign-in/enrol", &form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/sign-in/enrol").await.location(), "/sign-in/verify");
}
