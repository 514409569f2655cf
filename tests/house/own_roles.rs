//! Roles that a company makes for itself: never more than their maker, and nothing anywhere else.

use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use countersign::ops::prove_factor::Proof;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CONFIG_FILE;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::members::place;

const READ: &str = "customers:readonly";

async fn own_role(house: &House, slug: &str, scope: &str) -> RoleName {
    let scopes = ScopeSet::parse(scope);
    house.ops.save_role(place(house, slug), None, "Month end", &scopes, MACHINE).await.unwrap()
}

async fn create(browser: &mut Browser<'_>, who: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get("/settings/roles/create").await;
    let summary = browser.submit(&page, "/settings/roles/create", fields).await;
    if summary.status != StatusCode::OK {
        return summary;
    }
    let code = browser.house.next_code(who);
    browser.submit(&summary, "/settings/roles/create/confirm", &[("code", &code)]).await
}

#[tokio::test]
async fn a_role_of_ones_own_allows_what_it_says_until_it_is_changed() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    owner.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    let fields = [("name", "Month end"), ("permission", READ)];
    let answer = create(&mut owner, "owner", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let again = create(&mut owner, "owner", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "the name is taken");
    let list = owner.get("/settings/roles").await;
    let id = list.body.split("/settings/roles/").filter_map(|rest| rest.split('"').next());
    let id = id.skip(1).find(|id| !id.is_empty() && *id != "create").unwrap().to_owned();
    let (acme, viewer) = (place(&house, "acme"), house.user_id("viewer"));
    let role = RoleName(format!("own/{id}"));
    house.ops.grant_role(viewer, acme, role.clone(), MACHINE).await.unwrap();
    let tokens = house.tokens("oauth_public", "viewer", &acme.to_string(), READ).await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(token, "/customers").await.status, StatusCode::OK);
    let scopes = ScopeSet::parse("products:readonly");
    house.ops.save_role(acme, Some(role.clone()), "Month end", &scopes, MACHINE).await.unwrap();
    assert_ne!(house.call(token, "/customers").await.status, StatusCode::OK);
    let held = house.ops.delete_role(acme, role, MACHINE).await;
    assert!(matches!(held, Err(Failure::Refused(Refusal::RoleHeld))));
}

#[tokio::test]
async fn a_role_of_one_company_is_none_in_another() {
    let house = House::new().await;
    let role = own_role(&house, "acme-test", READ).await;
    let viewer = house.user_id("viewer");
    let given = house.ops.grant_role(viewer, place(&house, "acme"), role, MACHINE).await;
    assert!(matches!(given, Err(Failure::Refused(Refusal::UnknownRole(_)))), "{given:?}");
}

#[tokio::test]
async fn a_viewer_makes_no_role_and_nobody_one_of_what_does_not_exist() {
    let house = House::new().await;
    let mut viewer = house.signed_in("viewer").await;
    for path in ["/settings/roles", "/settings/roles/create"] {
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut owner = house.signed_in("owner").await;
    owner.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    let fields = [("name", "Month end"), ("permission", "moon:walk")];
    let answer = create(&mut owner, "owner", &fields).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

/// An administrator who only looks, in the place of the built-in one.
const LOOKING_ADMIN: &str = r#"
[[roles]]
name = "owner"
title = "Owner"
permissions = ["*"]
administers = true

[[roles]]
name = "admin"
title = "Administrator"
permissions = ["*:readonly"]
administers = true

[[roles]]
name = "viewer"
title = "Viewer"
permissions = ["*:readonly"]
"#;

#[tokio::test]
async fn nobody_makes_a_role_that_allows_more_than_they_hold() {
    let house = House::on_disk().await;
    std::fs::write(house.folder().join(CONFIG_FILE), LOOKING_ADMIN).unwrap();
    let house = house.restarted(&[]);
    let acme = place(&house, "acme");
    let admin = RoleName("admin".to_owned());
    house.ops.grant_role(house.user_id("viewer"), acme, admin, MACHINE).await.unwrap();
    let mut browser = house.signed_in("viewer").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), acme.to_string());
    let writing = [("name", "Clerk"), ("permission", "customers:all")];
    let refused = create(&mut browser, "viewer", &writing).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let own = own_role(&house, "acme", READ).await;
    for name in [None, Some(own)] {
        let by = browser.confirming("/x", Proof::given(&house.next_code("viewer"), ""));
        let scopes = ScopeSet::parse("customers:readonly customers:all");
        let made = house.ops.save_role(acme, name.clone(), "Clerk", &scopes, by).await;
        let beyond = matches!(made, Err(Failure::Refused(Refusal::BeyondOwn)));
        assert!(beyond, "{name:?}: {made:?}");
    }
    let looking = [("name", "Clerk"), ("permission", READ)];
    let made = create(&mut browser, "viewer", &looking).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
}

#[test]
fn a_role_of_ones_own_is_called_like_none_of_a_configuration() {
    let id = countersign::base::id::RawId::from_bytes([7; 16]);
    let name = RoleName::own(id);
    assert!(name.is_own() && name.0.contains('/'));
    for configured in ["owner", "own", "own-role", "own:role"] {
        assert!(!RoleName(configured.to_owned()).is_own());
    }
}
