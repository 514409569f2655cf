//! Exports: who may take what out, what is never in it, and when it stops.

use axum::body::Body;
use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::link::Lost;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::issue_recovery::Account;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use countersign::ops::prove_factor::Proof;
use countersign::ops::takeout::Taken;
use countersign::store::Store;
use countersign::store::reader::Reader;
use countersign::store::table::Table;
use countersign::store::tables;
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::harness::posting;
use crate::members::give;
use crate::members::inside;
use crate::members::person;
use crate::members::place;
use crate::registering;

const DATA: &str = "/settings/data";
const HERE: &str = "/settings/data/export";
const EVERYWHERE: &str = "/settings/data/export-everywhere";
const FILES: [&str; 6] = [
    "people.csv",
    "people.jsonl",
    "apps.csv",
    "apps.jsonl",
    "connections.csv",
    "connections.jsonl",
];
const SCOPE: &str = "customers:readonly";

async fn take(browser: &mut Browser<'_>, action: &str, file: &str) -> Answer {
    let page = browser.get(DATA).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    browser.submit(&page, action, &[("file", file)]).await
}

async fn take_person(browser: &mut Browser<'_>, who: &str) -> Answer {
    let path = person(browser.house, who);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    browser.submit(&page, &format!("{path}/export"), &[]).await
}

fn exports(house: &House) -> usize {
    let kinds = house.happened(1000);
    kinds.into_iter().filter(|kind| *kind == EventKind::DataExported).count()
}

async fn app(house: &House, kind: AppKind, slug: &str, name: &str, delegator: &str) {
    let new = house.acting(kind, slug, delegator, SCOPE);
    let new = NewApp { name: name.to_owned(), ..new };
    house.ops.create_app(new, MACHINE).await.unwrap();
}

#[tokio::test]
async fn nothing_leaves_for_whoever_does_not_administer_and_no_export_is_noted() {
    let house = House::quick().await;
    give(&house, "viewer", "acme", "owner").await;
    give(&house, "junior", "acme", "accountant").await;
    let mut demoted = inside(&house, "viewer").await;
    let (data, one) = (demoted.get(DATA).await, demoted.get(&person(&house, "junior")).await);
    assert!(!data.body.contains(EVERYWHERE), "no operator");
    give(&house, "viewer", "acme", "viewer").await;
    for file in FILES {
        let answer = demoted.submit(&data, HERE, &[("file", file)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{file}: {answer:?}");
    }
    let action = format!("{}/export", person(&house, "junior"));
    let answer = demoted.submit(&one, &action, &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert_eq!(demoted.get(DATA).await.status, StatusCode::FORBIDDEN);
    assert_eq!(exports(&house), 0);
}

#[tokio::test]
async fn only_an_operator_takes_the_installation_out_and_nobody_another_company() {
    let house = House::quick().await;
    give(&house, "viewer", "acme", "owner").await;
    let mut owner = inside(&house, "viewer").await;
    for taken in Taken::ALL {
        for of in [None, Some(place(&house, "bakery"))] {
            let by = owner.confirming(HERE, Proof::given("", ""));
            let refused = house.ops.begin_takeout(taken, of, "csv", by).await.unwrap_err();
            assert!(matches!(refused, Failure::Refused(_)), "{refused:?}");
            let refused = house.ops.takeout_part(&owner.live(), taken, of, None);
            assert!(matches!(refused, Err(Failure::Refused(_))), "{refused:?}");
        }
    }
    let page = owner.get(DATA).await;
    let bakery = house.company("bakery");
    for file in FILES {
        let answer = owner.submit(&page, HERE, &[("file", file), ("place", &bakery)]).await;
        assert!(answer.status.is_client_error(), "{file}: {answer:?}");
    }
    for file in ["", "people", "people.exe", "secrets.csv", "../people.csv", "people.csv.jsonl"] {
        let answer = owner.submit(&page, HERE, &[("file", file)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{file}: {answer:?}");
    }
    assert_eq!(exports(&house), 0);
}

#[tokio::test]
async fn an_export_holds_what_is_of_its_company_and_nothing_of_another() {
    let house = House::quick().await;
    give(&house, "viewer", "acme", "owner").await;
    give(&house, "owner", "bakery", "owner").await;
    for slug in ["acme", "bakery"] {
        app(&house, AppKind::ApiCredentials, slug, &format!("Sync of {slug}"), "owner").await;
        app(&house, AppKind::ApiToken, slug, &format!("Token of {slug}"), "owner").await;
        house.tokens("oauth_public", "owner", &house.company(slug), SCOPE).await;
    }
    let (acme, bakery) = (house.company("acme"), house.company("bakery"));
    let mut owner = inside(&house, "viewer").await;
    for file in FILES {
        let answer = take(&mut owner, HERE, file).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}: {answer:?}");
        assert!(answer.body.contains(&acme), "{file}: {}", answer.body);
        for theirs in [bakery.as_str(), "Bakery", "of bakery"] {
            assert!(!answer.body.contains(theirs), "{file} holds {theirs}: {}", answer.body);
        }
    }
    let apps = take(&mut owner, HERE, "apps.jsonl").await;
    for name in ["Sync of acme", "Token of acme"] {
        assert!(apps.body.contains(name), "{name}: {}", apps.body);
    }
    let mut operator = inside(&house, "owner").await;
    for (file, both) in FILES.into_iter().zip([["Acme Trading", "Bakery"]; 6]) {
        let answer = take(&mut operator, EVERYWHERE, file).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}: {answer:?}");
        for name in both {
            assert!(answer.body.contains(name), "{file} lacks {name}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_file_has_a_name_is_kept_nowhere_and_says_the_same_in_both_formats() {
    let house = House::quick().await;
    app(&house, AppKind::ApiCredentials, "acme", "=HYPERLINK(\"https://evil.example/\")", "owner")
        .await;
    house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let mut owner = inside(&house, "owner").await;
    let now = owner.live().session.seen_at.rfc3339();
    let day = now.split('T').next().unwrap();
    for (action, of) in [(HERE, "acme"), (EVERYWHERE, "installation")] {
        for taken in Taken::ALL {
            let word = taken.word();
            let csv = take(&mut owner, action, &format!("{word}.csv")).await;
            let lines = take(&mut owner, action, &format!("{word}.jsonl")).await;
            let named = |end: &str| format!("attachment; filename=\"{word}-{of}-{day}.{end}\"");
            assert_eq!(csv.header("content-disposition"), named("csv"));
            assert_eq!(lines.header("content-disposition"), named("jsonl"));
            for answer in [&csv, &lines] {
                assert_eq!(answer.header("cache-control"), "no-store");
            }
            let head = csv.body.lines().next().unwrap().replace('"', "");
            let mut names: Vec<&str> = head.split(',').collect();
            names.sort_unstable();
            assert!(lines.body.lines().count() > 0);
            assert_eq!(csv.body.matches("\r\n").count(), lines.body.lines().count() + 1);
            for line in lines.body.lines() {
                let row: Value = serde_json::from_str(line).unwrap();
                let mut own: Vec<&String> = row.as_object().unwrap().keys().collect();
                own.sort_unstable();
                assert_eq!(own, names, "{word}");
            }
            for cell in csv.body.split("\",\"") {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            }
        }
    }
    let apps = take(&mut owner, HERE, "apps.csv").await;
    assert!(apps.body.contains("\"'=HYPERLINK("), "{}", apps.body);
}

#[tokio::test]
async fn an_export_is_in_the_trail_with_who_took_what() {
    let house = House::quick().await;
    let mut owner = inside(&house, "owner").await;
    for (action, of) in [(HERE, Some(place(&house, "acme"))), (EVERYWHERE, None)] {
        take(&mut owner, action, "people.csv").await;
        let newest = house.ops.audit_entries(None, 1).unwrap().remove(0).event;
        assert_eq!(newest.kind, EventKind::DataExported);
        assert_eq!(newest.by, Some(house.user_id("owner")));
        assert_eq!(newest.cause.as_deref(), Some("people csv"));
        assert_eq!(newest.place, of);
    }
    take_person(&mut owner, "viewer").await;
    let newest = house.ops.audit_entries(None, 1).unwrap().remove(0).event;
    assert_eq!(
        (newest.kind, newest.user),
        (EventKind::DataExported, Some(house.user_id("viewer")))
    );
    assert_eq!(newest.by, Some(house.user_id("owner")));
}

#[tokio::test]
async fn an_export_of_somebody_who_was_signed_out_or_demoted_meanwhile_stops() {
    let house = House::quick().await;
    for number in 0..300 {
        app(&house, AppKind::ApiCredentials, "acme", &format!("App {number}"), "owner").await;
    }
    give(&house, "viewer", "acme", "owner").await;
    for sign_out in [true, false] {
        let mut owner = inside(&house, "viewer").await;
        let page = owner.get(DATA).await;
        let mut form = hidden_fields(&page.body, HERE);
        form.push(("file".to_owned(), "apps.jsonl".to_owned()));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let cookies = owner.cookie_header();
        let headers = [("cookie", cookies.as_str()), ("sec-fetch-site", "same-origin")];
        let request = || posting(HERE, &form, &headers);
        let whole = house.router.clone().oneshot(request()).await.unwrap();
        let whole = whole.into_body().collect().await.unwrap().to_bytes();
        assert!(whole.split(|byte| *byte == b'\n').count() > 300);
        let mut body: Body = house.router.clone().oneshot(request()).await.unwrap().into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.iter().filter(|byte| **byte == b'\n').count(), 256);
        if sign_out {
            let page = owner.get("/").await;
            owner.submit(&page, "/sign-out", &[]).await;
        } else {
            give(&house, "viewer", "acme", "viewer").await;
        }
        assert!(body.frame().await.unwrap().is_err(), "cut, not ended");
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn what_is_stored_about_a_person_leaves_as_far_as_whoever_takes_it_may_see_it() {
    let house = House::quick().await;
    give(&house, "viewer", "acme", "owner").await;
    for slug in ["acme", "bakery"] {
        give(&house, "junior", slug, "owner").await;
        house.tokens("oauth_public", "junior", &house.company(slug), SCOPE).await;
        app(&house, AppKind::ApiToken, slug, &format!("Token of {slug}"), "junior").await;
    }
    let parts = |answer: &Answer| {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.json()
    };
    let mut owner = inside(&house, "viewer").await;
    let answer = take_person(&mut owner, "junior").await;
    let here = parts(&answer);
    for theirs in [house.company("bakery").as_str(), "Bakery", "of bakery"] {
        assert!(!answer.body.contains(theirs), "{theirs}: {}", answer.body);
    }
    assert!(here.get("sessions").is_none(), "the account is used elsewhere too");
    for part in ["roles", "connections", "apps", "activity"] {
        assert!(!here[part].as_array().unwrap().is_empty(), "{part}: {here}");
    }
    let mut operator = inside(&house, "owner").await;
    let all = parts(&take_person(&mut operator, "junior").await);
    assert_eq!(all["account"][0]["email"], house.user("junior").email.as_str());
    assert_eq!(all["roles"].as_array().unwrap().len(), 3, "{all}");
    assert_eq!(all["connections"].as_array().unwrap().len(), 2, "{all}");
    assert_eq!(all["apps"].as_array().unwrap().len(), 2, "{all}");
    assert!(!all["sessions"].as_array().unwrap().is_empty());
    assert!(all["second_factors"].as_array().unwrap().iter().any(|one| one["kind"] == "totp"));
    let id = house.user_id("junior").to_string();
    let mut last = 0;
    for entry in all["activity"].as_array().unwrap() {
        let event = &entry["event"];
        assert!(event["user"] == id.as_str() || event["by"] == id.as_str(), "{event}");
        assert!(entry["sequence"].as_u64().unwrap() > last, "oldest first");
        last = entry["sequence"].as_u64().unwrap();
    }
    let elsewhere = format!("{}/export", person(&house, "partner"));
    let by = owner.confirming(&elsewhere, Proof::given("", ""));
    let acme = place(&house, "acme");
    let refused = house.ops.begin_person_takeout(house.user_id("partner"), acme, by).await;
    assert!(matches!(refused, Err(Failure::Refused(Refusal::UnknownUser))), "{refused:?}");
}

/// Every text that stands in the rows of a table under one of these names.
fn hidden<T: Table>(reader: &Reader<'_>, names: &[&str], found: &mut Vec<String>)
where
    T::Row: Serialize,
{
    let before = found.len();
    for (_, row) in reader.all::<T>().unwrap() {
        collect(&serde_json::to_value(row).unwrap(), names, false, found);
    }
    assert!(found.len() > before, "nothing secret in {}", T::ID.name());
}

fn collect(value: &Value, names: &[&str], inside: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if inside => {
            found.push(text.clone());
            found.extend(text.split_once(':').map(|(_, mac)| mac.to_owned()));
        }
        Value::Array(all) => all.iter().for_each(|one| collect(one, names, inside, found)),
        Value::Object(all) => {
            for (name, one) in all {
                collect(one, names, inside || names.contains(&name.as_str()), found);
            }
        }
        _ => {}
    }
}

/// All that must never leave, as it is stored.
fn stored_secrets(store: &Store) -> Vec<String> {
    let mut found = Vec::new();
    store
        .read(|reader| {
            hidden::<tables::Users>(reader, &["password"], &mut found);
            let factors = ["sealed_seed", "hash", "credential", "key"];
            hidden::<tables::Factors>(reader, &factors, &mut found);
            hidden::<tables::Sessions>(reader, &["hash"], &mut found);
            hidden::<tables::Apps>(reader, &["hash"], &mut found);
            hidden::<tables::Links>(reader, &["hash"], &mut found);
            hidden::<tables::Codes>(reader, &["hash"], &mut found);
            hidden::<tables::SelfRegistered>(reader, &["access"], &mut found);
            hidden::<tables::InitialTokens>(reader, &["hash"], &mut found);
            let hash = |hash| serde_json::to_value(hash).unwrap();
            for (_, row) in reader.all::<tables::AccessTokens>()? {
                collect(&hash(row.hash), &[], true, &mut found);
            }
            for (_, row) in reader.all::<tables::RefreshTokens>()? {
                collect(&hash(row.hash), &[], true, &mut found);
            }
            Ok(())
        })
        .unwrap();
    found
}

#[tokio::test]
async fn no_secret_and_no_hash_of_one_is_in_any_export() {
    let store = Store::in_memory().unwrap();
    let house = House::over(store.clone(), &[registering::OPEN]).seeded().await;
    let acme = house.company("acme");
    let mut secrets: Vec<String> = Vec::new();
    for user in &house.guide.users {
        secrets.extend([user.password.clone(), user.totp_secret.clone()]);
        secrets.extend(user.recovery_codes.iter().cloned());
    }
    secrets.extend(house.guide.apps.iter().filter_map(|app| app.client_secret.clone()));
    for kind in [AppKind::ApiCredentials, AppKind::ApiToken] {
        let new = house.acting(kind, "acme", "owner", SCOPE);
        let made = house.ops.create_app(new, MACHINE).await.unwrap();
        secrets.push(made.secret.unwrap().expose().to_owned());
    }
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    secrets.extend(
        ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().into()),
    );
    secrets.push(house.client_token().await);
    secrets.push(house.code("oauth_public", "owner", &acme, SCOPE).await);
    let told = house.registers(&registering::confidential()).await.json();
    for name in ["client_secret", "registration_access_token"] {
        secrets.push(told[name].as_str().unwrap().to_owned());
    }
    house.ops.create_initial_token("fleet", None, None, MACHINE).await.unwrap();
    let account = Account { user: house.user_id("viewer"), place: None };
    house.ops.issue_recovery(account, Lost::Password, MACHINE).await.unwrap();
    let mut owner = inside(&house, "owner").await;
    owner.add_passkey("owner").await;
    secrets.push(owner.cookies["__Host-cs_session"].clone());
    secrets.extend(stored_secrets(&store).into_iter().filter(|text| text.len() > 5));
    let mut bodies = Vec::new();
    for file in FILES {
        for action in [HERE, EVERYWHERE] {
            bodies.push((format!("{action} {file}"), take(&mut owner, action, file).await));
        }
    }
    for who in ["owner", "viewer"] {
        bodies.push((who.to_owned(), take_person(&mut owner, who).await));
    }
    assert!(secrets.len() > 80, "{}", secrets.len());
    for (what, answer) in &bodies {
        assert_eq!(answer.status, StatusCode::OK, "{what}: {answer:?}");
        assert!(answer.body.len() > 300, "{what}: {}", answer.body);
        for secret in &secrets {
            assert!(!answer.body.contains(secret.as_str()), "{what} holds {secret}");
        }
    }
}
