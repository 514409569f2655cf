//! API credentials and API tokens in the workspace: attacks first, then what people do with them.
//!
//! Delegated, never elevated; another company's app is as unknown as one that does not exist; what the
//! summary carries along is believed no more than what was typed.

use countersign::base::id::AppId;
use countersign::domain::app::AppKind;
use countersign::domain::app::AppStatus;
use countersign::domain::audit::EventKind;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;

const LIST: &str = "/settings/app-connect/api-credentials";
const TOKENS: &str = "/settings/app-connect/api-tokens";
const CREATE: &str = "/settings/app-connect/api-credentials/create";

/// The fields of a form that would be accepted.
fn filled(house: &House, who: &str, place: &str) -> Vec<(&'static str, String)> {
    vec![
        ("name", "Nightly sync".to_owned()),
        ("place", house.company(place)),
        ("permission", "customers:readonly".to_owned()),
        ("expires", "quarter".to_owned()),
        ("owner", house.user_id(who).to_string()),
        ("purpose", "Sends orders as drafts".to_owned()),
        ("review", "90".to_owned()),
    ]
}

fn with(
    fields: &[(&'static str, String)],
    name: &'static str,
    value: &str,
) -> Vec<(&'static str, String)> {
    let mut fields = fields.to_vec();
    fields.retain(|(field, _)| *field != name);
    fields.push((name, value.to_owned()));
    fields
}

fn pairs<'a>(fields: &'a [(&str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// The summary that `fields` lead to.
async fn summary(
    browser: &mut Browser<'_>,
    form: &str,
    fields: &[(&'static str, String)],
) -> Answer {
    let page = browser.get(form).await;
    assert_eq!(page.status, StatusCode::OK, "{form}: {page:?}");
    let answer = browser.submit(&page, form, &pairs(fields)).await;
    assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.body);
    answer
}

/// Does what a page asks for, with a fresh code.
async fn confirm(
    browser: &mut Browser<'_>,
    who: &str,
    path: &str,
    more: &[(&str, &str)],
) -> Answer {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    confirm_on(browser, who, &page, path, more).await
}

async fn confirm_on(
    browser: &mut Browser<'_>,
    who: &str,
    page: &Answer,
    path: &str,
    more: &[(&str, &str)],
) -> Answer {
    let code = browser.house.next_code(who);
    let mut fields = vec![("code", code.as_str())];
    fields.extend(more);
    browser.submit(page, path, &fields).await
}

/// Somebody makes something, and sees its secret: its path, its client ID and its secret.
async fn make(
    browser: &mut Browser<'_>,
    who: &str,
    list: &str,
    fields: &[(&'static str, String)],
) -> (String, String, String) {
    let form = format!("{list}/create");
    let page = summary(browser, &form, fields).await;
    let answer = confirm_on(browser, who, &page, &format!("{form}/confirm"), &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let (id, secret) = shown(browser, &answer.location()).await;
    let home = answer.location().trim_end_matches("/saved").to_owned();
    (home, id, secret)
}

/// What the page that shows it once shows.
async fn shown(browser: &mut Browser<'_>, path: &str) -> (String, String) {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    (value_of(&page.body, "client-id").unwrap_or_default(), value_of(&page.body, "secret").unwrap())
}

/// The value of the read-only field with this id.
fn value_of(html: &str, id: &str) -> Option<String> {
    let tag = html.split("<input").find(|tag| tag.contains(&format!("id=\"{id}\"")))?;
    let rest = tag.split("value=\"").nth(1)?;
    rest.split('"').next().map(str::to_owned)
}

/// A token request with an ID and a secret.
async fn issue(house: &House, id: &str, secret: &str) -> Answer {
    let grant = ("grant_type", "client_credentials");
    house.post("/oauth/token", &[grant, ("client_id", id), ("client_secret", secret)]).await
}

async fn token_of(house: &House, id: &str, secret: &str) -> String {
    let answer = issue(house, id, secret).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn app_at(house: &House, home: &str) -> countersign::domain::app::App {
    let id: AppId = home.rsplit('/').next().unwrap().parse().unwrap();
    house.ops.apps().unwrap().into_iter().find(|listed| listed.app.id == id).unwrap().app
}

async fn acting(house: &House, kind: AppKind, place: &str, who: &str, scopes: &str) -> String {
    let new = house.acting(kind, place, who, scopes);
    let id = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    let list = if kind == AppKind::ApiToken { TOKENS } else { LIST };
    format!("{list}/{id}")
}

#[tokio::test]
async fn nobody_passes_on_what_they_do_not_hold_by_a_forged_field() {
    let house = House::new().await;
    let mut viewer = house.signed_in("viewer").await;
    let fields = filled(&house, "viewer", "acme");
    let page = viewer.get(CREATE).await;
    assert!(!page.body.contains("customers:all"), "it is not even offered");
    for (field, forged) in [
        ("permission", "customers:all".to_owned()),
        ("permission", "everything:all".to_owned()),
        ("permission", "<b>".to_owned()),
        ("place", house.company("bakery")),
        ("place", house.firm()),
        ("place", "x".to_owned()),
        ("owner", house.user_id("owner").to_string()),
    ] {
        let sent = with(&fields, field, &forged);
        let answer = viewer.submit(&page, CREATE, &pairs(&sent)).await;
        assert_eq!(answer.status.as_u16(), 422, "{field}={forged}");
        assert!(!answer.body.contains("create/confirm"), "{field}={forged}");
    }
}

#[tokio::test]
async fn what_the_summary_carries_along_is_checked_again() {
    let house = House::new().await;
    let mut viewer = house.signed_in("viewer").await;
    let before = house.ops.apps().unwrap().len();
    let page = summary(&mut viewer, CREATE, &filled(&house, "viewer", "acme")).await;
    let action = format!("{CREATE}/confirm");
    let carried = hidden_fields(&page.body, &action);
    for (field, forged) in [
        ("permission", "customers:all".to_owned()),
        ("place", house.company("clinic")),
        ("owner", house.user_id("owner").to_string()),
        ("expires", "on".to_owned()),
        ("name", "x".repeat(61)),
        ("name", "a\u{202e}b".to_owned()),
        ("purpose", String::new()),
        ("review", "100000".to_owned()),
    ] {
        let code = house.next_code("viewer");
        let mut sent = carried.clone();
        sent.retain(|(name, _)| name != field);
        sent.push((field.to_owned(), forged.clone()));
        sent.push(("code".to_owned(), code));
        let sent: Vec<(&str, &str)> =
            sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = viewer.post(&action, &sent).await;
        assert_eq!(answer.status.as_u16(), 422, "{field}={forged}: {}", answer.body);
    }
    assert_eq!(house.ops.apps().unwrap().len(), before);
}

#[tokio::test]
async fn a_role_that_was_reduced_between_the_form_and_the_code_passes_on_less() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = with(&filled(&house, "owner", "acme"), "permission", "customers:all");
    let page = summary(&mut owner, CREATE, &fields).await;
    let acme = house.company("acme").parse().unwrap();
    let viewer = RoleName("viewer".to_owned());
    house.ops.grant_role(house.user_id("owner"), acme, viewer, MACHINE).await.unwrap();
    let answer = confirm_on(&mut owner, "owner", &page, &format!("{CREATE}/confirm"), &[]).await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.body);
}

#[tokio::test]
async fn another_companys_app_is_as_unknown_as_one_that_does_not_exist() {
    let house = House::new().await;
    let credentials =
        acting(&house, AppKind::ApiCredentials, "bakery", "partner", "customers:readonly").await;
    let token = acting(&house, AppKind::ApiToken, "bakery", "partner", "customers:readonly").await;
    let nothing = format!("{LIST}/cs_app_0");
    let mut owner = house.signed_in("owner").await;
    for home in [&credentials, &token, &nothing] {
        for act in ["", "/saved", "/change", "/publish", "/rotate", "/delete", "/review"] {
            let answer = owner.get(&format!("{home}{act}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{home}{act}");
        }
    }
    // The same app under the list of the other kind is not there either.
    let own = acting(&house, AppKind::ApiToken, "acme", "owner", "customers:readonly").await;
    let elsewhere = own.replace("api-tokens", "api-credentials");
    assert_eq!(owner.get(&own).await.status, StatusCode::OK);
    assert_eq!(owner.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get(&format!("{elsewhere}/rotate")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_viewer_neither_sees_nor_touches_what_is_not_their_own() {
    let house = House::new().await;
    let home = acting(&house, AppKind::ApiCredentials, "acme", "owner", "customers:readonly").await;
    let mut viewer = house.signed_in("viewer").await;
    for act in ["", "/saved", "/change", "/rotate", "/revoke", "/delete", "/review"] {
        let answer = viewer.get(&format!("{home}{act}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{act}");
    }
}

#[tokio::test]
async fn who_only_answers_for_an_app_is_never_shown_a_secret_that_could_do_more_than_they() {
    let house = House::new().await;
    let new = NewApp {
        owner: Some(house.user_id("viewer")),
        ..house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:all")
    };
    let id = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    let home = format!("{LIST}/{id}");
    let mut viewer = house.signed_in("viewer").await;
    assert_eq!(viewer.get(&home).await.status, StatusCode::OK);
    assert_eq!(viewer.get(&format!("{home}/rotate")).await.status, StatusCode::NOT_FOUND);
    // What they restore does what they may do, and no more.
    let answer = confirm(&mut viewer, "viewer", &format!("{home}/revoke"), &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let answer = confirm(&mut viewer, "viewer", &format!("{home}/restore"), &[]).await;
    let (client, secret) = shown(&mut viewer, &answer.location()).await;
    let token = token_of(&house, &client, &secret).await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    assert_eq!(app_at(&house, &home).delegated_by, Some(house.user_id("viewer")));
    let draft = ("scope", "customers:all");
    let grant = ("grant_type", "client_credentials");
    let form = [grant, draft, ("client_id", &*client), ("client_secret", &*secret)];
    let granted = house.post("/oauth/token", &form).await.json();
    assert!(!granted["scope"].to_string().contains("customers:all"), "{granted}");
}

#[tokio::test]
async fn the_whole_way_from_the_form_to_a_call() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let page = owner.get(CREATE).await;
    let first = page.body.split("<option value=\"").find(|rest| rest.contains("company:"));
    assert!(first.is_none() || page.body.contains("selected"), "a place is chosen");
    let fields = filled(&house, "owner", "acme-test");
    let (home, id, secret) = make(&mut owner, "owner", LIST, &fields).await;
    assert!(secret.starts_with("cs_test_sec_"), "the secret says that it is for tests");
    let app = app_at(&house, &home);
    assert_eq!(app.delegated_by, Some(house.user_id("owner")));
    assert_eq!(
        app.review_due,
        Some(app.created_at.plus(std::time::Duration::from_secs(90 * 86_400)))
    );
    let token = token_of(&house, &id, &secret).await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    let page = owner.get(&home).await;
    assert!(page.body.contains(&secret[secret.len() - 4..]) && !page.body.contains(&secret));
}

#[tokio::test]
async fn a_secret_is_shown_to_its_maker_until_it_is_saved_and_to_nobody_else() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = filled(&house, "owner", "acme");
    let (home, _, secret) = make(&mut owner, "owner", LIST, &fields).await;
    let saved = format!("{home}/saved");
    let mut elsewhere = house.signed_in("owner").await;
    assert!(!elsewhere.get(&saved).await.body.contains(&secret), "another session");
    let page = owner.get(&saved).await;
    assert!(page.body.contains(&secret), "a reload shows it again");
    let file = owner.submit(&page, &format!("{saved}/env"), &[]).await;
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(file.header("cache-control"), "no-store");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"countersign.env\"");
    let line = format!("COUNTERSIGN_CLIENT_SECRET={secret}\n");
    assert!(file.body.ends_with(&line), "{}", file.body);
    let answer = owner.submit(&page, &saved, &[]).await;
    assert_eq!(answer.status.as_u16(), 422, "it has to be ticked");
    assert!(answer.body.contains(&secret), "and nothing is lost by that");
    let answer = owner.submit(&page, &saved, &[("saved", "yes")]).await;
    assert_eq!(answer.location(), home);
    assert!(!owner.get(&saved).await.body.contains(&secret));
    assert!(!house.ops.audit_lines(1..1000).unwrap().concat().contains(&secret));
}

#[tokio::test]
async fn every_value_comes_back_with_what_is_wrong() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let hostile = "\"><script>alert(1)</script>";
    let mut fields = with(&filled(&house, "owner", "acme"), "name", &"x".repeat(61));
    fields = with(&fields, "purpose", hostile);
    fields = with(&fields, "expires", "never");
    fields = with(&fields, "expires_on", "2031-02-03");
    let page = owner.get(CREATE).await;
    let answer = owner.submit(&page, CREATE, &pairs(&fields)).await;
    assert_eq!(answer.status.as_u16(), 422);
    let body = &answer.body;
    assert!(body.contains(&"x".repeat(61)), "the name");
    assert!(body.contains("&lt;script&gt;") && !body.contains("<script>alert"), "the purpose");
    assert!(body.contains("2031-02-03"), "the day");
    assert!(body.contains("value=\"customers:readonly\" checked"), "what was ticked");
    assert!(body.contains("id=\"reason-error\"") || body.contains("reason"), "the reason is asked");
    let long = with(&fields, "purpose", &"p".repeat(100_000));
    let answer = owner.submit(&page, CREATE, &pairs(&long)).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
}

#[tokio::test]
async fn change_leads_from_the_summary_back_to_the_form_as_it_was() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let page = summary(&mut owner, CREATE, &filled(&house, "owner", "acme-test")).await;
    let answer = owner.submit(&page, &format!("{CREATE}/again"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("value=\"Nightly sync\""));
    assert!(answer.body.contains("value=\"customers:readonly\" checked"));
}

#[tokio::test]
async fn a_template_ticks_only_what_the_person_holds() {
    let house = House::new().await;
    let ticked = |html: &str| -> Vec<String> {
        let boxes = html.split("name=\"permission\" value=\"").skip(1);
        let boxes = boxes.filter(|rest| rest.split('>').next().unwrap().contains(" checked"));
        boxes.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let mut owner = house.signed_in("owner").await;
    let mut viewer = house.signed_in("viewer").await;
    let path = format!("{CREATE}?template=invoicing");
    let of_owner = ticked(&owner.get(&path).await.body);
    assert!(of_owner.contains(&"customer_invoices:all".to_owned()), "{of_owner:?}");
    let of_viewer = ticked(&viewer.get(&path).await.body);
    assert!(of_viewer.iter().all(|scope| scope.ends_with(":readonly")), "{of_viewer:?}");
    let nothing = ticked(&owner.get(&format!("{CREATE}?template=%3Cb%3E")).await.body);
    assert!(nothing.is_empty(), "{nothing:?}");
}

#[tokio::test]
async fn with_an_overlap_both_secrets_work_and_then_the_new_one_alone() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = filled(&house, "owner", "acme");
    let (home, id, old) = make(&mut owner, "owner", LIST, &fields).await;
    let rotate = format!("{home}/rotate");
    let answer = confirm(&mut owner, "owner", &rotate, &[("overlap", "hour")]).await;
    assert_eq!(answer.location(), format!("{home}/saved"));
    let (_, new) = shown(&mut owner, &answer.location()).await;
    house.advance(3500);
    let under_old = token_of(&house, &id, &old).await;
    let under_new = token_of(&house, &id, &new).await;
    house.advance(100);
    assert_eq!(issue(&house, &id, &old).await.refusal().0, 401);
    assert_eq!(house.call(&under_old, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.call(&under_new, "/customers").await.status, StatusCode::OK);
    assert_eq!(issue(&house, &id, &new).await.status, StatusCode::OK);
}

#[tokio::test]
async fn rotating_now_ends_the_tokens_of_the_old_secret_too() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = filled(&house, "owner", "acme");
    let (home, id, old) = make(&mut owner, "owner", LIST, &fields).await;
    let token = token_of(&house, &id, &old).await;
    let rotate = format!("{home}/rotate");
    for overlap in ["", "year", "forever"] {
        let answer = confirm(&mut owner, "owner", &rotate, &[("overlap", overlap)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{overlap}");
    }
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    confirm(&mut owner, "owner", &rotate, &[("overlap", "now")]).await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(issue(&house, &id, &old).await.refusal().0, 401);
}

#[tokio::test]
async fn of_two_rotations_at_most_two_secrets_are_left_and_a_code_rotates_once() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = filled(&house, "owner", "acme");
    let (home, id, first) = make(&mut owner, "owner", LIST, &fields).await;
    let rotate = format!("{home}/rotate");
    let mut secrets = vec![first];
    for _ in 0..2 {
        let answer = confirm(&mut owner, "owner", &rotate, &[("overlap", "week")]).await;
        secrets.push(shown(&mut owner, &answer.location()).await.1);
    }
    let mut works = Vec::new();
    for secret in &secrets {
        works.push(issue(&house, &id, secret).await.status == StatusCode::OK);
    }
    assert_eq!(works, [false, true, true]);
    let page = owner.get(&rotate).await;
    let spent = house.code_now("owner");
    let answer = owner.submit(&page, &rotate, &[("overlap", "now"), ("code", &spent)]).await;
    assert_eq!(answer.status.as_u16(), 422, "the code was spent on the rotation before");
    assert_eq!(app_at(&house, &home).secrets.len(), 2);
}

#[tokio::test]
async fn deleting_asks_for_the_name_and_restoring_gives_a_new_secret_and_revives_nothing() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = filled(&house, "owner", "acme");
    let (home, id, old) = make(&mut owner, "owner", LIST, &fields).await;
    let token = token_of(&house, &id, &old).await;
    let delete = format!("{home}/delete");
    let answer = confirm(&mut owner, "owner", &delete, &[("typed_name", "Nightly")]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.body.contains("value=\"Nightly\""));
    let answer = confirm(&mut owner, "owner", &delete, &[("typed_name", "Nightly sync")]).await;
    assert_eq!(answer.location(), LIST);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let restore = format!("{home}/restore");
    let answer = confirm(&mut owner, "owner", &restore, &[]).await;
    let (_, new) = shown(&mut owner, &answer.location()).await;
    assert_eq!(issue(&house, &id, &new).await.status, StatusCode::OK);
    assert_eq!(issue(&house, &id, &old).await.refusal().0, 401);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let happened = house.happened(6);
    assert!(
        happened.contains(&EventKind::AppDeleted) && happened.contains(&EventKind::AppRestored)
    );
}

#[tokio::test]
async fn nothing_is_restored_after_ninety_days() {
    let house = House::new().await;
    let home = acting(&house, AppKind::ApiCredentials, "acme", "owner", "customers:readonly").await;
    let mut owner = house.signed_in("owner").await;
    let restore = format!("{home}/restore");
    assert_eq!(owner.get(&restore).await.status, StatusCode::NOT_FOUND, "it has not ended");
    confirm(&mut owner, "owner", &format!("{home}/delete"), &[("typed_name", "Acting")]).await;
    let page = owner.get(&restore).await;
    assert_eq!(page.status, StatusCode::OK);
    house.advance(90 * 86_400);
    let mut owner = house.signed_in("owner").await;
    assert_eq!(owner.get(&restore).await.status, StatusCode::NOT_FOUND);
    let id = app_at(&house, &home).id;
    assert!(house.ops.restore_app(id, MACHINE).await.is_err());
    assert!(matches!(app_at(&house, &home).status, AppStatus::Deleted { .. }));
}

#[tokio::test]
async fn less_applies_at_once_and_more_asks_for_a_code() {
    let house = House::new().await;
    let home = acting(&house, AppKind::ApiCredentials, "acme", "owner", "customers:all").await;
    let app = app_at(&house, &home);
    let mut owner = house.signed_in("owner").await;
    let change = format!("{home}/change");
    // As it was made, it has no owner and never ends: what the form adds, it asks for.
    let fields = filled(&house, "owner", "acme");
    let page = owner.get(&change).await;
    let never = with(&with(&fields, "expires", "never"), "reason", "The bank asks for it");
    let more = with(&never, "permission", "products:readonly");
    let answer = owner.submit(&page, &change, &pairs(&more)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(app_at(&house, &home), app, "nothing is done before the code");
    let answer = confirm_on(&mut owner, "owner", &answer, &format!("{change}/confirm"), &[]).await;
    assert_eq!(answer.location(), home, "{}", answer.body);
    // Less, and sooner: no code.
    let page = owner.get(&change).await;
    let less = with(&fields, "permission", "products:readonly");
    let answer = owner.submit(&page, &change, &pairs(&less)).await;
    assert_eq!(answer.location(), home, "{}", answer.body);
    let app = app_at(&house, &home);
    assert_eq!(app.name, "Nightly sync");
    assert!(app.expires_at.is_some() && app.no_expiry_reason.is_empty());
    // Later: a code.
    let page = owner.get(&change).await;
    let later = with(&less, "expires", "year");
    let answer = owner.submit(&page, &change, &pairs(&later)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(app_at(&house, &home), app);
}

#[tokio::test]
async fn a_forged_change_widens_nothing_that_the_person_does_not_hold() {
    let house = House::new().await;
    let new = NewApp {
        owner: Some(house.user_id("viewer")),
        ..house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly")
    };
    let id = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    let home = format!("{LIST}/{id}");
    let mut viewer = house.signed_in("viewer").await;
    let change = format!("{home}/change");
    let page = viewer.get(&change).await;
    assert_eq!(page.status, StatusCode::OK);
    let fields = with(&filled(&house, "viewer", "acme"), "permission", "customers:all");
    let answer = viewer.submit(&page, &change, &pairs(&fields)).await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.body);
    let delegated = app_at(&house, &home).delegation;
    assert!(!format!("{delegated:?}").contains("all"), "{delegated:?}");
}

#[tokio::test]
async fn a_review_is_due_after_its_interval_and_marking_it_sets_the_next() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = with(&filled(&house, "owner", "acme"), "review", "30");
    let (home, ..) = make(&mut owner, "owner", LIST, &fields).await;
    house.advance(30 * 86_400);
    let mut owner = house.signed_in("owner").await;
    assert!(owner.get(&home).await.body.contains("Review due"));
    let answer = confirm(&mut owner, "owner", &format!("{home}/review"), &[]).await;
    assert_eq!(answer.location(), home);
    assert!(!owner.get(&home).await.body.contains("Review due"));
}

#[tokio::test]
async fn an_app_of_somebody_who_left_says_so_and_is_taken_over_by_who_holds_all_of_it() {
    let house = House::new().await;
    let home =
        acting(&house, AppKind::ApiCredentials, "acme", "viewer", "customers:readonly").await;
    let mut owner = house.signed_in("owner").await;
    let take_over = format!("{home}/take_over");
    assert_eq!(owner.get(&take_over).await.status, StatusCode::NOT_FOUND, "nobody has left");
    let acme = house.company("acme").parse().unwrap();
    house.ops.remove_role(house.user_id("viewer"), acme, MACHINE).await.unwrap();
    let page = owner.get(&home).await;
    assert!(page.body.contains("Needs a delegator"), "{}", page.body);
    assert!(page.body.contains(&take_over));
    let answer = confirm(&mut owner, "owner", &take_over, &[]).await;
    assert_eq!(answer.location(), home, "{}", answer.body);
    let app = app_at(&house, &home);
    assert_eq!(app.delegated_by, Some(house.user_id("owner")));
    assert!(house.happened(3).contains(&EventKind::AppHandedOver));
}

#[tokio::test]
async fn publishing_makes_a_production_app_and_leaves_the_test_app_alone() {
    let house = House::new().await;
    let home =
        acting(&house, AppKind::ApiCredentials, "acme-test", "owner", "customers:readonly").await;
    let before = app_at(&house, &home);
    let mut owner = house.signed_in("owner").await;
    let publish = format!("{home}/publish");
    let page = owner.get(&publish).await;
    assert!(page.body.contains("value=\"Acting\""), "it begins with what the test app is");
    assert!(!page.body.contains("Begin with a test company"), "{}", page.body);
    let to_test = filled(&house, "owner", "acme-test");
    let answer = owner.submit(&page, &publish, &pairs(&to_test)).await;
    assert_eq!(answer.status.as_u16(), 422, "a test company is no production");
    let page = summary(&mut owner, &publish, &filled(&house, "owner", "acme")).await;
    let answer = confirm_on(&mut owner, "owner", &page, &format!("{publish}/confirm"), &[]).await;
    let (id, secret) = shown(&mut owner, &answer.location()).await;
    assert!(secret.starts_with("cs_sec_"), "{secret}");
    assert_eq!(issue(&house, &id, &secret).await.status, StatusCode::OK);
    assert_eq!(app_at(&house, &home), before);
    let real = answer.location().replace("/saved", "");
    assert_eq!(owner.get(&format!("{real}/publish")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_begins_in_the_company_that_is_open() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    for slug in ["acme", "acme-test"] {
        let open = house.company(slug);
        owner.cookies.insert("__Host-cs_place".to_owned(), open.clone());
        for form in [CREATE, &format!("{TOKENS}/create")] {
            let page = owner.get(form).await;
            assert!(page.body.contains("Begin with a test company"), "{}", page.body);
            let chosen = format!("<option value=\"{open}\" selected>");
            assert!(page.body.contains(&chosen), "{slug} {form}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn an_api_token_is_generated_used_and_deleted_for_good() {
    let house = House::new().await;
    let mut viewer = house.signed_in("viewer").await;
    let fields = filled(&house, "viewer", "acme");
    let (home, id, token) = make(&mut viewer, "viewer", TOKENS, &fields).await;
    assert!(id.is_empty() && token.starts_with("cs_api_"), "{id} {token}");
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    let saved = format!("{home}/saved");
    let page = viewer.get(&saved).await;
    let file = viewer.submit(&page, &format!("{saved}/env"), &[]).await;
    assert_eq!(file.body, format!("COUNTERSIGN_API_TOKEN={token}\n"));
    assert_eq!(viewer.get(&home).await.status, StatusCode::OK);
    let answer = confirm(&mut viewer, "viewer", &format!("{home}/delete"), &[]).await;
    assert_eq!(answer.location(), TOKENS, "{}", answer.body);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let id = app_at(&house, &home).id;
    assert!(house.ops.restore_app(id, MACHINE).await.is_err(), "a token is never restored");
}

#[tokio::test]
async fn each_secret_tells_when_it_was_used_itself() {
    let house = House::new().await;
    let mut owner = house.signed_in("owner").await;
    let fields = filled(&house, "owner", "acme");
    let (home, id, old) = make(&mut owner, "owner", LIST, &fields).await;
    let rotate = format!("{home}/rotate");
    let answer = confirm(&mut owner, "owner", &rotate, &[("overlap", "week")]).await;
    let (_, new) = shown(&mut owner, &answer.location()).await;
    let live = owner.live();
    let uses = || {
        let facts = house.ops.credential_for(&live, id.parse().unwrap()).unwrap();
        let secrets = facts.app.live_secrets(house.ops.now());
        let uses: Vec<_> = secrets.iter().map(|secret| facts.last_use_of(secret.id)).collect();
        uses
    };
    let first = house.ops.now();
    let token = token_of(&house, &id, &old).await;
    assert_eq!(uses(), [None, Some(first)], "the new one was not used yet");
    house.advance(60);
    let second = house.ops.now();
    token_of(&house, &id, &new).await;
    house.ops.flush().await.unwrap();
    assert_eq!(uses(), [Some(second), Some(first)], "as it was written down");
    house.advance(60);
    let third = house.ops.now();
    house.call(&token, "/customers").await;
    assert_eq!(
        uses(),
        [Some(second), Some(third)],
        "a token is a use of the secret that it came by"
    );
    house.ops.flush().await.unwrap();
    confirm(&mut owner, "owner", &rotate, &[("overlap", "now")]).await;
    assert_eq!(uses(), [None], "what is gone leaves nothing behind");
}
