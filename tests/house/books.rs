//! Companies and firms in the workspace: who adds them, who gives a company into a firm's care, who of
//! the firm sees it, and what an address or a form of somebody else's never does.

use countersign::base::id::CompanyId;
use countersign::domain::audit::EventKind;
use countersign::domain::company::Company;
use countersign::domain::company::Environment;
use countersign::domain::company::Place;
use countersign::ops::administration::create_company::NewCompany;
use countersign::ops::administration::create_firm::NewFirm;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use countersign::ops::prove_factor::Proof;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::members::grant;

const COMPANIES: &str = "/settings/companies";
const ACTS: [&str; 4] = ["link", "unlink", "confide", "open"];

fn at(slug: &str, act: &str) -> String {
    format!("{COMPANIES}/{slug}/{act}")
}

fn company(house: &House, slug: &str) -> Company {
    house.ops.find_company(slug).unwrap()
}

fn id(house: &House, slug: &str) -> CompanyId {
    company(house, slug).id
}

/// Vic, who otherwise only looks at Acme, owns Bakery and its firm has nothing to say to him.
async fn bakers(house: &House) -> Browser<'_> {
    grant(house, "viewer", Place::Company(id(house, "bakery")), "owner").await;
    house.signed_in("viewer").await
}

/// A firm that nobody belongs to.
async fn other_firm(house: &House) -> countersign::domain::company::Firm {
    let (name, environment) = ("Northgate".to_owned(), Environment::Production);
    house.ops.create_firm(NewFirm { name, slug: None, environment }, MACHINE).await.unwrap()
}

/// Sends the form at `path` with the visible `fields` and a fresh code.
async fn send(browser: &mut Browser<'_>, who: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    let code = browser.house.next_code(who);
    let fields = [fields, &[("code", code.as_str())]].concat();
    browser.submit(&page, path, &fields).await
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure<Refusal>>) -> Refusal {
    match outcome {
        Err(Failure::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

/// The links of the navigation.
fn offered(html: &str) -> Vec<String> {
    let navigation = html.split("<nav").filter(|part| part.contains("/settings/security"));
    let part = navigation.last().and_then(|part| part.split("</nav>").next()).unwrap();
    let links = part.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_navigation_offers_nothing_that_refuses() {
    let house = House::new().await;
    for who in ["owner", "viewer", "partner", "junior"] {
        let mut browser = house.signed_in(who).await;
        for place in [house.company("acme"), house.company("bakery"), house.firm()] {
            browser.cookies.insert("__Host-cs_place".to_owned(), place);
            let links = offered(&browser.get("/settings/app-connect").await.body);
            assert!(links.len() > 5, "{who}: {links:?}");
            for link in links {
                let page = browser.get(&link).await;
                assert_eq!(page.status, StatusCode::OK, "{who} at {link}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_administers_nothing_sees_neither_companies_nor_firms() {
    let house = House::new().await;
    for who in ["viewer", "junior"] {
        let mut browser = house.signed_in(who).await;
        let paths = [COMPANIES, "/settings/firms", "/settings/companies/create"];
        for path in paths.into_iter().chain(["/settings/firms/create"]) {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{who} {path}");
        }
        for act in ACTS {
            let status = browser.get(&at("acme", act)).await.status;
            assert_eq!(status, StatusCode::FORBIDDEN, "{who} {act}");
        }
    }
}

#[tokio::test]
async fn a_list_tells_nothing_of_companies_and_firms_that_a_person_does_not_reach() {
    let house = House::new().await;
    other_firm(&house).await;
    let mut baker = bakers(&house).await;
    let page = baker.get(COMPANIES).await.body;
    assert!(page.contains("Bakery") && page.contains("Acme Trading") && !page.contains("Clinic"));
    let page = baker.get("/settings/firms").await.body;
    assert!(page.contains("Ledgerwise") && !page.contains("Northgate"), "{page}");
    // Whom else the firm looks after, and how many, is the firm's own.
    assert!(!page.contains("Clinic") && !page.contains("may not see)"), "{page}");
    assert!(!page.contains("that you may not see"), "{page}");
    let mut operator = house.signed_in("owner").await;
    let page = operator.get(COMPANIES).await.body;
    assert!(page.contains("Bakery") && page.contains("Clinic"), "{page}");
    assert!(operator.get("/settings/firms").await.body.contains("Northgate"));
}

#[tokio::test]
async fn an_administrator_of_another_company_changes_nothing_about_one() {
    let house = House::new().await;
    let mut baker = bakers(&house).await;
    let page = baker.get(&at("bakery", "confide")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for (slug, status) in [("acme", StatusCode::FORBIDDEN), ("clinic", StatusCode::NOT_FOUND)] {
        let before = company(&house, slug);
        for act in ACTS {
            assert_eq!(baker.get(&at(slug, act)).await.status, status, "{slug} {act}");
            // A form of their own, sent to another's address.
            let mut form = hidden_fields(&page.body, &at("bakery", "confide"));
            form.push(("code".to_owned(), house.next_code("viewer")));
            let form: Vec<(&str, &str)> =
                form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = baker.post(&at(slug, act), &form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{slug} {act}");
        }
        assert_eq!(company(&house, slug), before);
    }
}

/// Behind the doors: the act itself refuses, whatever form led to it.
#[tokio::test]
async fn a_firms_administrator_decides_nothing_over_a_company_by_their_role_in_the_firm() {
    let house = House::new().await;
    let other = other_firm(&house).await.id;
    grant(&house, "partner", Place::Firm(other), "owner").await;
    let mut partner = house.signed_in("partner").await;
    let before = company(&house, "bakery");
    let page = partner.get(COMPANIES).await;
    assert!(page.body.contains("Bakery") && !page.body.contains("/bakery/"), "{}", page.body);
    for act in ACTS {
        let status = partner.get(&at("bakery", act)).await.status;
        assert_eq!(status, StatusCode::FORBIDDEN, "{act}");
    }
    let by = || partner.confirming("/x", Proof::given(&house.next_code("partner"), ""));
    let ops = &house.ops;
    for firm in [None, Some(other)] {
        let why = refused(ops.link_company(before.id, firm, by()).await);
        assert_eq!(why, Refusal::NotAllowed, "{firm:?}");
    }
    let confided = vec![house.user_id("partner")];
    let why = refused(ops.set_confidential(before.id, true, confided, by()).await);
    assert_eq!(why, Refusal::NotAllowed);
    let clinic = id(&house, "clinic");
    let why = refused(ops.set_confidential(clinic, false, Vec::new(), by()).await);
    assert_eq!(why, Refusal::NotAllowed);
    let foreign = id(&house, "acme-test");
    let why = refused(ops.link_company(foreign, Some(other), by()).await);
    assert_eq!(why, Refusal::OutOfReach);
    assert_eq!(company(&house, "bakery"), before);
}

#[tokio::test]
async fn nobody_gives_a_company_to_a_firm_that_they_do_not_administer() {
    let house = House::new().await;
    let other = other_firm(&house).await.id;
    let mut baker = bakers(&house).await;
    assert_eq!(baker.get(&at("bakery", "link")).await.status, StatusCode::FORBIDDEN);
    let bakery = id(&house, "bakery");
    for (role, why) in [("", Refusal::OutOfReach), ("accountant", Refusal::NotAllowed)] {
        if !role.is_empty() {
            grant(&house, "viewer", Place::Firm(other), role).await;
        }
        let by = baker.confirming("/x", Proof::given(&house.next_code("viewer"), ""));
        assert_eq!(refused(house.ops.link_company(bakery, Some(other), by).await), why);
    }
    grant(&house, "viewer", Place::Firm(other), "owner").await;
    let path = at("bakery", "link");
    let page = baker.get(&path).await;
    let (firm, code) = (house.firm(), house.next_code("viewer"));
    let answer = baker.submit(&page, &path, &[("firm", &firm), ("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "a firm that was not offered");
    let answer = send(&mut baker, "viewer", &path, &[("firm", &other.to_string())]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(company(&house, "bakery").firm, Some(other));
}

#[tokio::test]
async fn a_company_is_confided_to_nobody_but_members_of_its_firm() {
    let house = House::new().await;
    let mut baker = bakers(&house).await;
    let before = company(&house, "bakery");
    let path = at("bakery", "confide");
    let owner = house.user_id("owner").to_string();
    let partner = house.user_id("partner").to_string();
    assert!(!baker.get(&path).await.body.contains(&owner));
    for stranger in [owner.as_str(), "cs_user_0", "<b>"] {
        let members = [("member", partner.as_str()), ("member", stranger)];
        let answer = send(&mut baker, "viewer", &path, &members).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{stranger}");
    }
    assert_eq!(company(&house, "bakery"), before);
    let twice = [("member", partner.as_str()), ("member", partner.as_str())];
    let answer = send(&mut baker, "viewer", &path, &twice).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(company(&house, "bakery").confided_to, [house.user_id("partner")]);
}

#[tokio::test]
async fn what_an_owner_says_of_the_firm_holds_from_the_next_call_on_and_is_recorded() {
    let house = House::new().await;
    let mut baker = bakers(&house).await;
    let tokens = house.tokens("oauth_public", "junior", &house.firm(), "customers:readonly").await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let calls = format!("/companies/{}/customers", house.company("bakery"));
    let partner = house.user_id("partner").to_string();
    let (owner, listed) = (house.user_id("viewer"), [("member", partner.as_str())]);
    type Step<'a> = (&'a str, &'a [(&'a str, &'a str)], StatusCode, EventKind);
    let steps: [Step<'_>; 3] = [
        ("confide", &listed, StatusCode::FORBIDDEN, EventKind::CompanyConfided),
        ("open", &[], StatusCode::OK, EventKind::CompanyOpened),
        ("unlink", &[], StatusCode::FORBIDDEN, EventKind::CompanyUnlinked),
    ];
    assert_eq!(house.call(&access, &calls).await.status, StatusCode::OK);
    for (act, fields, status, kind) in steps {
        let answer = send(&mut baker, "viewer", &at("bakery", act), fields).await;
        assert_eq!(answer.location(), COMPANIES, "{act}: {}", answer.body);
        assert_eq!(house.call(&access, &calls).await.status, status, "{act}");
        let entries = house.ops.audit_entries(None, 20).unwrap();
        let entry = entries.iter().find(|entry| entry.event.kind == kind).expect(act);
        assert_eq!(entry.event.by, Some(owner), "{act}");
        assert_eq!(entry.event.place, Some(Place::Company(id(&house, "bakery"))), "{act}");
    }
}

#[tokio::test]
async fn the_firm_link_needs_a_fresh_code_and_spends_it() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let before = company(&house, "bakery");
    for (act, fields) in [("confide", &[][..]), ("unlink", &[][..])] {
        let path = at("bakery", act);
        let page = owner.get(&path).await;
        for code in ["", "000000"] {
            let fields: Vec<_> = [fields, &[("code", code)][..]].concat();
            let answer = owner.submit(&page, &path, &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{act} {code}");
            house.advance(30);
        }
    }
    assert_eq!(company(&house, "bakery"), before);
    let page = owner.get(&at("bakery", "unlink")).await;
    let code = house.next_code("owner");
    let answer = owner.submit(&page, &at("bakery", "unlink"), &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = owner.get(&at("acme", "unlink")).await;
    let answer = owner.submit(&page, &at("acme", "unlink"), &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the code is spent");
    assert!(company(&house, "acme").firm.is_some());
}

const NEW: &str = "/settings/companies/create";

#[tokio::test]
async fn a_firms_administrator_adds_a_company_to_their_own_firm_and_nowhere_else() {
    let house = House::new().await;
    let other = other_firm(&house).await.id;
    let mut partner = house.signed_in("partner").await;
    let firm = house.firm();
    let fields = |firm| [("name", "Mill"), ("environment", "production"), ("firm", firm)];
    let foreign = other.to_string();
    assert!(!partner.get(NEW).await.body.contains(&foreign));
    for elsewhere in ["", foreign.as_str(), "cs_firm_0"] {
        let answer = send(&mut partner, "partner", NEW, &fields(elsewhere)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{elsewhere}");
    }
    let by = || partner.confirming(NEW, Proof::given(&house.next_code("partner"), ""));
    let mill = |firm| NewCompany { firm, ..NewCompany::named("Mill", Environment::Production) };
    let why = refused(house.ops.create_company(mill(None), by()).await);
    assert_eq!(why, Refusal::NotAllowed);
    let why = refused(house.ops.create_company(mill(Some(other)), by()).await);
    assert_eq!(why, Refusal::OutOfReach);
    assert!(house.ops.find_company("mill").is_err());
    let answer = send(&mut partner, "partner", NEW, &fields(&firm)).await;
    assert_eq!(answer.location(), COMPANIES, "{}", answer.body);
    assert_eq!(company(&house, "mill").firm.map(|firm| firm.to_string()), Some(firm));
    // They own it: somebody can invite others.
    partner.cookies.insert(
        "__Host-cs_place".to_owned(),
        house.ops.find_company("mill").unwrap().id.to_string(),
    );
    let people = partner.get("/settings/people").await;
    assert!(people.status.is_success() && people.body.contains("Mill"), "{}", people.body);
    assert!(partner.get(&at("mill", "confide")).await.status.is_success());
}

#[tokio::test]
async fn only_an_operator_adds_a_firm_or_a_company_of_no_firm() {
    let house = House::new().await;
    let mut baker = bakers(&house).await;
    for path in [NEW, "/settings/firms/create"] {
        assert_eq!(baker.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let firm = NewFirm { name: "Own".to_owned(), slug: None, environment: Environment::Production };
    let by = baker.confirming("/x", Proof::given(&house.next_code("viewer"), ""));
    assert_eq!(refused(house.ops.create_firm(firm, by).await), Refusal::NotAllowed);
    let mut operator = house.signed_in("owner").await;
    let fields = [("name", "Southgate"), ("environment", "test")];
    let answer = send(&mut operator, "owner", "/settings/firms/create", &fields).await;
    assert_eq!(answer.location(), "/settings/firms", "{}", answer.body);
    let page = operator.get("/settings/firms").await.body;
    assert!(page.contains("Southgate") && page.contains("southgate"), "{page}");
    let answer = send(&mut operator, "owner", NEW, &fields).await;
    let error = "This is in use already.";
    assert!(answer.body.contains(error), "firms and companies share slugs: {}", answer.body);
    let fields = [("name", "Lone"), ("environment", "test"), ("slug", "lone-wolf"), ("firm", "")];
    let answer = send(&mut operator, "owner", NEW, &fields).await;
    assert_eq!(answer.location(), COMPANIES, "{}", answer.body);
    let made = company(&house, "lone-wolf");
    assert!(made.firm.is_none() && made.environment.is_test());
}

#[tokio::test]
async fn a_form_with_faults_adds_nothing_and_comes_back_as_it_was_typed() {
    let house = House::new().await;
    let mut operator = house.signed_in("owner").await;
    let before = house.ops.companies().unwrap().len();
    for (name, slug, environment) in [
        ("", "mill", "test"),
        ("Mill\u{202e}", "mill", "test"),
        ("Mill", "Mill!", "test"),
        ("***", "", "test"),
        ("Mill", "acme", "test"),
        ("Mill", "mill", ""),
        ("Mill", "mill", "real"),
    ] {
        let fields = [("name", name), ("slug", slug), ("environment", environment)];
        let answer = send(&mut operator, "owner", NEW, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {slug} {environment}");
        assert!(answer.body.contains(&format!("value=\"{slug}\"")), "{}", answer.body);
    }
    assert_eq!(house.ops.companies().unwrap().len(), before);
}

#[tokio::test]
async fn a_long_list_of_companies_is_told_in_pages() {
    let house = House::new().await;
    for number in 0..60 {
        let new = NewCompany::named(format!("Client {number:02}"), Environment::Test);
        house.ops.create_company(new, MACHINE).await.unwrap();
    }
    let mut operator = house.signed_in("owner").await;
    let first = operator.get(COMPANIES).await.body;
    assert!(first.contains("Client 40") && !first.contains("Client 59"));
    assert!(first.contains("?page=2") && !first.contains("?page=3"));
    let second = operator.get(&format!("{COMPANIES}?page=2")).await.body;
    assert!(second.contains("Client 59") && !second.contains("Client 40"));
    for page in ["?page=0", "?page=9999999999999999999999", "?page=-1", "?page=77"] {
        let page = operator.get(&format!("{COMPANIES}{page}")).await;
        assert_eq!(page.status, StatusCode::OK);
    }
}
