//! Changing OAuth apps in the workspace, and apps that go from hand to hand. Attackers first.

use countersign::app::sandbox_guide::GuideApp;
use countersign::domain::app::App;
use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::app_logo::LogoChange;
use countersign::ops::administration::change_app::Asked;
use countersign::ops::administration::change_oauth_app;
use countersign::ops::administration::change_oauth_app::OauthAppChange;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::logos::APPS;
use crate::registering;
use crate::worlds;

const CREDENTIALS: &str = "/settings/app-connect/api-credentials";

async fn signed_in<'a>(house: &'a House, name: &str, slug: &str) -> Browser<'a> {
    let mut browser = house.signed_in(name).await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company(slug));
    browser
}

/// A public app of a company that may ask for anything, and is found as `mine`.
async fn mine(house: &mut House, slug: &str) -> App {
    let new = NewApp {
        place: Some(house.company(slug).parse().unwrap()),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Mine")
    };
    let app = house.ops.create_app(new, MACHINE).await.unwrap().app;
    let (kind, client_id) = ("mine".to_owned(), app.id.to_string());
    house.guide.apps.push(GuideApp { kind, client_id, ..GuideApp::default() });
    app
}

fn fields<'a>(permissions: &[&'a str], uris: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("name", "Mine"), ("redirect_uris", uris), ("review", "90")];
    fields.extend([("pkce", "yes"), ("owner", "")]);
    fields.extend(permissions.iter().map(|scope| ("permission", *scope)));
    fields
}

fn now(house: &House, app: &App) -> App {
    house.ops.find_app(&app.id.to_string()).unwrap()
}

fn change_path(app: &App) -> String {
    format!("{APPS}/{}/change", app.id)
}

async fn confirm(browser: &mut Browser<'_>, name: &str, page: &Answer, path: &str) -> Answer {
    let code = browser.house.next_code(name);
    browser.submit(page, path, &[("code", &code)]).await
}

#[tokio::test]
async fn nobody_changes_an_app_of_another_company_or_without_administering_its_own() {
    let mut house = House::new().await;
    let (here, elsewhere) = (mine(&mut house, "acme").await, mine(&mut house, "bakery").await);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let page = owner.get(&change_path(&here)).await;
    assert_eq!(page.status, StatusCode::OK);
    let path = change_path(&elsewhere);
    assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
    let tag = crate::harness::hidden_fields(&page.body, &change_path(&here));
    let tag = tag.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    for path in [path.clone(), format!("{path}/again"), format!("{path}/confirm")] {
        let form = [("csrf", tag.as_str()), ("name", "Stolen")];
        let answer = owner.post(&path, &form).await;
        assert!(answer.status.is_client_error(), "{path}: {answer:?}");
    }
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    assert_eq!(viewer.get(&change_path(&here)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(now(&house, &elsewhere).name, "Mine");
}

#[tokio::test]
async fn who_only_answers_for_an_app_does_not_change_what_others_are_asked_about() {
    let mut house = House::new().await;
    let acme = house.company("acme");
    let keeper = worlds::join(&mut house, "keeper", &[(&acme, "viewer")]).await;
    let app = mine(&mut house, "acme").await;
    let to = NewApp {
        owner: Some(keeper),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Mine")
    };
    let to = NewApp { scopes: Some(ScopeSet::parse("customers:readonly")), ..to };
    let (seen, logo) = (change_oauth_app::version_of(&app), LogoChange::Keep);
    let change = OauthAppChange { to, logo, seen };
    house.ops.change_oauth_app(app.id, change, Asked::Code, MACHINE).await.unwrap();
    let mut keeper = signed_in(&house, "keeper", "acme").await;
    let page = keeper.get(&format!("{APPS}/{}", app.id)).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let change = format!("href=\"{}\"", change_path(&app));
    assert!(!page.body.contains(&change), "{}", page.body);
    assert_eq!(keeper.get(&change_path(&app)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_permission_taken_from_an_app_is_taken_from_its_tokens_at_once_and_only_given_with_a_code()
 {
    let mut house = House::new().await;
    let app = mine(&mut house, "acme").await;
    let both = "customers:readonly products:readonly";
    let tokens = house.tokens("mine", "owner", &house.company("acme"), both).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.call(&token, "/products").await.status, StatusCode::OK);
    let (mut owner, path) = (signed_in(&house, "owner", "acme").await, change_path(&app));
    let page = owner.get(&path).await;
    let less = fields(&["customers:readonly"], CALLBACK);
    let answer = owner.submit(&page, &path, &less).await;
    assert_eq!(answer.location(), format!("{APPS}/{}", app.id), "what reduces it asks nothing");
    assert_eq!(house.call(&token, "/products").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    let page = owner.get(&path).await;
    let more = fields(&["customers:readonly", "products:readonly"], CALLBACK);
    let summary = owner.submit(&page, &path, &more).await;
    assert_eq!(summary.status, StatusCode::OK, "what widens it asks: {summary:?}");
    let confirming = format!("{path}/confirm");
    let refused = owner.submit(&summary, &confirming, &[("code", "000000")]).await;
    assert!(refused.status.is_client_error());
    assert_eq!(house.call(&token, "/products").await.status, StatusCode::FORBIDDEN);
    let answer = confirm(&mut owner, "owner", &summary, &confirming).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_eq!(house.call(&token, "/products").await.status, StatusCode::OK);
    let entries = house.ops.audit_entries(None, 1000).unwrap();
    let changed = entries.iter().filter(|entry| entry.event.kind == EventKind::AppChanged);
    assert_eq!(changed.count(), 2);
}

#[tokio::test]
async fn each_thing_that_people_see_or_are_led_by_is_changed_with_a_code() {
    let mut house = House::new().await;
    let app = mine(&mut house, "acme").await;
    let (mut owner, path) = (signed_in(&house, "owner", "acme").await, change_path(&app));
    let me = house.user_id("owner").to_string();
    let uris = format!("{CALLBACK}\nhttps://evil.example/cb");
    for (field, value) in [
        ("name", "Claude"),
        ("website", "https://claude.ai"),
        ("redirect_uris", uris.as_str()),
        ("owner", me.as_str()),
        ("required", "customers:readonly"),
    ] {
        let page = owner.get(&path).await;
        let mut form = fields(&["customers:readonly"], CALLBACK);
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let answer = owner.submit(&page, &path, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{field} was changed without a code");
        assert_eq!(now(&house, &app), app, "{field}");
    }
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_not_undone_unseen() {
    let mut house = House::new().await;
    let app = mine(&mut house, "acme").await;
    let (mut owner, path) = (signed_in(&house, "owner", "acme").await, change_path(&app));
    let old = owner.get(&path).await;
    let page = owner.get(&path).await;
    let less = fields(&["customers:readonly"], CALLBACK);
    owner.submit(&page, &path, &less).await;
    let mut stale = fields(&["customers:readonly", "products:readonly"], CALLBACK);
    stale.push(("purpose", "Kept in the form"));
    let answer = owner.submit(&old, &path, &stale).await;
    assert_eq!(answer.status.as_u16(), 422, "{answer:?}");
    assert!(answer.body.contains("Somebody changed this app"));
    assert!(answer.body.contains("Kept in the form"), "nothing that was typed is lost");
    for forged in ["", "x"] {
        let mut form = less.clone();
        form.push(("seen", forged));
        assert_eq!(owner.submit(&page, &path, &form).await.status.as_u16(), 422);
    }
    let again = owner.submit(&answer, &path, &stale).await;
    assert_eq!(again.status, StatusCode::OK, "who has seen it may: {again:?}");
}

#[tokio::test]
async fn an_address_taken_from_an_app_is_sent_no_code_and_redeems_none() {
    let mut house = House::new().await;
    let app = mine(&mut house, "acme").await;
    let acme = house.company("acme");
    let code = house.code("mine", "owner", &acme, "customers:readonly").await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let url = house.authorize_url("mine", &[("scope", "customers:readonly")]);
    let (path, page) = owner.consent_page(&url).await;
    let to = NewApp {
        scopes: Some(ScopeSet::parse("customers:readonly")),
        redirect_uris: vec!["https://mine.example/cb".to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Mine")
    };
    let (seen, logo) = (change_oauth_app::version_of(&app), LogoChange::Keep);
    let change = OauthAppChange { to, logo, seen };
    house.ops.change_oauth_app(app.id, change, Asked::Code, MACHINE).await.unwrap();
    let code_of_owner = house.next_code("owner");
    let answer = owner.answer(&page, &path, &acme, None, &code_of_owner).await;
    assert!(!answer.header("location").starts_with(CALLBACK), "{answer:?}");
    assert_eq!(house.redeem("mine", &code).await.refusal(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn what_a_program_says_of_itself_is_changed_by_nobody_here() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("said", &registering::public()).await;
    let (email, password, seed) = house.new_operator().await;
    let mut operator = house.entered(&email, &password, &seed).await;
    let path = format!("{APPS}/{}/change", client.id);
    assert_eq!(operator.get(&path).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_form_is_filled_for_a_known_program_and_names_the_address_for_mcp() {
    let house = House::new().await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let page = owner.get(&format!("{APPS}/create")).await;
    assert!(page.body.contains("?client=claude") && page.body.contains("?client=cursor"));
    assert!(!page.body.contains("auth_callback"));
    let page = owner.get(&format!("{APPS}/create?client=claude")).await;
    assert!(page.body.contains("https://claude.ai/api/mcp/auth_callback"));
    assert!(page.body.contains("/companies/acme/mcp"));
    let page = owner.get(&format!("{APPS}/create?client=%22%3E%3Cb%3E")).await;
    assert!(page.status.is_success() && !page.body.contains("auth_callback"));
}

/// Credentials of the owner in a company or firm, made in the workspace.
async fn made(owner: &mut Browser<'_>, list: &str, place: &str) -> Answer {
    let me = owner.house.user_id("owner").to_string();
    let form = format!("{list}/create");
    let page = owner.get(&form).await;
    let fields = [
        ("name", "Agent"),
        ("place", place),
        ("permission", "customers:readonly"),
        ("expires", "quarter"),
        ("owner", &me),
        ("purpose", "Answers questions"),
        ("review", "90"),
        ("mcp", "yes"),
    ];
    let summary = owner.submit(&page, &form, &fields).await;
    if summary.status != StatusCode::OK {
        return summary;
    }
    confirm(owner, "owner", &summary, &format!("{form}/confirm")).await
}

#[tokio::test]
async fn credentials_are_made_for_mcp_where_that_is_ticked() {
    let house = House::new().await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let answer = made(&mut owner, CREDENTIALS, &house.company("acme")).await;
    let home = answer.location().replace("/saved", "");
    let id = home.rsplit('/').next().unwrap();
    assert!(house.ops.find_app(id).unwrap().mcp);
    assert!(owner.get(&home).await.body.contains("Made for MCP"));
    let change = owner.get(&format!("{home}/change")).await;
    assert!(!change.body.contains("name=\"mcp\""), "it stays as it was made");
}

#[tokio::test]
async fn an_app_is_handed_only_to_who_holds_its_permissions_by_who_administers_its_company() {
    let mut house = House::new().await;
    let acme = house.company("acme");
    let admin = worlds::join(&mut house, "admin", &[(&acme, "admin")]).await;
    let weak = worlds::join(&mut house, "weak", &[(&acme, "viewer")]).await;
    let bakery = house.company("bakery");
    let strange = worlds::join(&mut house, "strange", &[(&bakery, "owner")]).await;
    let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:all");
    let created = house.ops.create_app(new, MACHINE).await.unwrap();
    let path = format!("{CREDENTIALS}/{}/hand_over", created.app.id);
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    assert!(viewer.get(&path).await.status.is_client_error());
    let mut outsider = signed_in(&house, "strange", "bakery").await;
    assert_eq!(outsider.get(&path).await.status, StatusCode::NOT_FOUND);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let page = owner.get(&path).await;
    assert!(page.body.contains(&admin.to_string()), "{}", page.body);
    assert!(!page.body.contains(&weak.to_string()) && !page.body.contains(&strange.to_string()));
    for nobody in [String::new(), weak.to_string(), strange.to_string(), "x".to_owned()] {
        let code = house.next_code("owner");
        let fields = [("successor", nobody.as_str()), ("code", code.as_str())];
        let answer = owner.submit(&page, &path, &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{nobody}: {answer:?}");
    }
    let (admin, code) = (admin.to_string(), house.next_code("owner"));
    let fields = [("successor", admin.as_str()), ("code", code.as_str())];
    let answer = owner.submit(&page, &path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let app = house.ops.find_app(&created.app.id.to_string()).unwrap();
    assert_eq!(app.delegated_by.map(|user| user.to_string()), Some(admin));
    assert_eq!(app.secrets, created.app.secrets, "its secrets stay");
    assert!(owner.get(&answer.location()).await.body.contains("was handed over"));
}
