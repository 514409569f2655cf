//! The activity: who sees what, page by page, filtered, and as a file.

use countersign::app::sandbox_guide::GuideUser;
use countersign::base::id::RequestId;
use countersign::crypto::digest;
use countersign::domain::app::AppKind;
use countersign::domain::audit::Event;
use countersign::domain::audit::EventKind;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::refusals::Record;
use countersign::store::Store;
use data_encoding::HEXLOWER;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;

pub const ACTIVITY: &str = "/settings/app-connect/activity";

/// The reference of an answer.
pub fn reference(answer: &Answer) -> String {
    answer.header("x-request-id").to_owned()
}

/// The text of a page, without its head and its navigation.
fn main_of(answer: &Answer) -> &str {
    answer.body.split("<main").nth(1).unwrap_or_else(|| panic!("no page: {answer:?}"))
}

/// How many rows a page has.
fn rows(answer: &Answer) -> usize {
    let list = main_of(answer).split("<table class=\"list\">").nth(1).unwrap_or_default();
    list.matches("<th scope=\"row\">").count()
}

/// The address of a link by its relation.
fn link(answer: &Answer, rel: &str) -> Option<String> {
    let rest = answer.body.split(&format!("rel=\"{rel}\" href=\"")).nth(1)?;
    Some(rest.split('"').next()?.replace("&amp;", "&").replace("&#x3d;", "="))
}

async fn made(house: &House, name: &str, place: &str, delegator: &str) -> String {
    let new = house.acting(AppKind::ApiCredentials, place, delegator, "customers:readonly");
    let new = NewApp { name: name.to_owned(), ..new };
    house.ops.create_app(new, MACHINE).await.unwrap().app.id.to_string()
}

/// A browser in which this person has a company or firm open.
pub async fn opened<'h>(house: &'h House, name: &str, place: &str) -> Browser<'h> {
    let mut browser = house.signed_in(name).await;
    let page = browser.get(ACTIVITY).await;
    if page.body.contains("/settings/switch") {
        browser.submit(&page, "/settings/switch", &[("place", place)]).await;
    }
    browser
}

/// So many entries of acme, by hand: `about` changes each.
async fn entries(
    store: &Store,
    house: &House,
    count: usize,
    about: impl Fn(usize, Event) -> Event,
) {
    let place = house.company("acme").parse().unwrap();
    let now = house.ops.now();
    let event =
        |at| about(at, Event::new(EventKind::SecretUsedInBrowser, now, MACHINE).place(place));
    store.submit(Record((0..count).map(event).collect())).await.unwrap();
}

/// What the list of an address shows, page by page to its end: the rows of each page.
async fn pages(browser: &mut Browser<'_>, path: &str) -> Vec<usize> {
    let mut path = path.to_owned();
    let mut seen = Vec::new();
    loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        seen.push(rows(&page));
        match link(&page, "next") {
            Some(next) => path = format!("{ACTIVITY}{next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn nobody_sees_the_entries_of_another_company() {
    let mut house = House::new().await;
    let new = house.acting(AppKind::ApiCredentials, "bakery", "partner", "customers:readonly");
    let new = NewApp { name: "Bakery sync".to_owned(), ..new };
    let foreign = house.register("bakery_sync", new).await.to_string();
    let refused = house.grant("bakery_sync", &[("scope", "customers:all")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    for path in ["", "/export.csv", "/export.jsonl"] {
        let seen = owner.get(&format!("{ACTIVITY}{path}")).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(!seen.body.contains("Bakery sync") && !seen.body.contains(&foreign), "{path}");
        assert!(seen.body.len() > 500, "something is there: {seen:?}");
    }
    let filtered = owner.get(&format!("{ACTIVITY}?app={foreign}")).await;
    assert_eq!(rows(&filtered), 0);
    assert!(!filtered.body.contains("Bakery sync"));
    let export = owner.get(&format!("{ACTIVITY}/export.jsonl?app={foreign}")).await;
    assert_eq!((export.status, export.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn a_reference_of_another_company_is_answered_like_one_that_does_not_exist() {
    let mut house = House::new().await;
    let new = house.acting(AppKind::ApiCredentials, "bakery", "partner", "customers:readonly");
    house.register("foreign", new).await;
    let own = reference(&house.grant("api_credentials", &[("scope", "nonsense:all")]).await);
    let other = reference(&house.grant("foreign", &[("scope", "nonsense:all")]).await);
    let none = RequestId::make(house.ops.now(), &countersign::base::entropy::SystemEntropy::new());
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let mut asked = Vec::new();
    for reference in [&other, &none.to_string()] {
        let answer = owner.get(&format!("{ACTIVITY}/reference?reference={reference}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        asked.push(answer.body.replace(reference.as_str(), ""));
    }
    assert_eq!(asked[0], asked[1]);
    for nonsense in ["", "x", "req_0", "%3Cscript%3E", "../../etc"] {
        let answer = owner.get(&format!("{ACTIVITY}/reference?reference={nonsense}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nonsense}");
        assert!(!answer.body.contains("<script>"));
    }
    assert_eq!(owner.get(&format!("{ACTIVITY}/{own}")).await.status, StatusCode::OK);
    let mut viewer = opened(&house, "viewer", &house.company("acme")).await;
    assert_eq!(viewer.get(&format!("{ACTIVITY}/{own}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_does_not_administer_sees_what_they_did_themselves_and_nothing_else() {
    let house = House::new().await;
    made(&house, "Somebody else's", "acme", "owner").await;
    let mut viewer = opened(&house, "viewer", &house.company("acme")).await;
    let page = viewer.get(ACTIVITY).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Somebody else"), "{page:?}");
    assert!(main_of(&page).contains("Someone signed in") || rows(&page) > 0, "{page:?}");
    assert!(!main_of(&page).contains("Calls, last 30 days"));
    assert!(!main_of(&page).contains("Verify the chain"));
    for path in ["/export.csv", "/export.jsonl"] {
        let export = viewer.get(&format!("{ACTIVITY}{path}")).await;
        assert!(export.body.contains("signed_in") && !export.body.contains("app_created"));
    }
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    assert!(owner.get(ACTIVITY).await.body.contains("Somebody else"));
}

#[tokio::test]
async fn only_who_administers_has_the_chain_walked() {
    let house = House::new().await;
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let page = owner.get(ACTIVITY).await;
    let verify = format!("{ACTIVITY}/verify");
    assert_eq!(owner.post(&verify, &[]).await.status, StatusCode::FORBIDDEN, "without its tag");
    assert_eq!(owner.submit(&page, &verify, &[]).await.status, StatusCode::SEE_OTHER);
    let told = owner.get(ACTIVITY).await;
    assert!(main_of(&told).contains("entries are there and unchanged"), "{told:?}");
    let mut viewer = opened(&house, "viewer", &house.company("acme")).await;
    let page = viewer.get(ACTIVITY).await;
    let fields = crate::harness::hidden_fields(&page.body, "/settings/switch");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(viewer.post(&verify, &fields).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_cursor_of_another_list_filter_company_or_person_opens_nothing() {
    let store = Store::in_memory().unwrap();
    let house = House::quick_over(store.clone()).seeded().await;
    entries(&store, &house, 120, |_, event| event).await;
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let page = owner.get(ACTIVITY).await;
    let next = link(&page, "next").expect("a second page");
    let cursor = next.split("after=").nth(1).unwrap().to_owned();
    assert_eq!(owner.get(&format!("{ACTIVITY}{next}")).await.status, StatusCode::OK);
    let mut changed = cursor.clone().into_bytes();
    changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for query in [
        format!("?after={changed}"),
        format!("?after={}", &cursor[..cursor.len() - 2]),
        format!("?after={cursor}&outcome=refused"),
        "?after=AAAA".to_owned(),
    ] {
        let answer = owner.get(&format!("{ACTIVITY}{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.body.contains("This page of the list cannot be opened"));
    }
    let page = owner.get(ACTIVITY).await;
    let other = house.company("acme-test");
    owner.submit(&page, "/settings/switch", &[("place", &other)]).await;
    assert_eq!(owner.get(&format!("{ACTIVITY}{next}")).await.status, StatusCode::BAD_REQUEST);
    let mut viewer = opened(&house, "viewer", &house.company("acme")).await;
    assert_eq!(viewer.get(&format!("{ACTIVITY}{next}")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_list_is_read_to_its_end_and_back_in_pages() {
    let store = Store::in_memory().unwrap();
    let house = House::quick_over(store.clone()).seeded().await;
    entries(&store, &house, 120, |_, event| event).await;
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let mine = format!("{ACTIVITY}?what=secret_used_in_browser");
    assert_eq!(pages(&mut owner, &mine).await, [50, 50, 20]);
    let first = owner.get(&mine).await;
    assert_eq!(link(&first, "prev"), None);
    let second = owner.get(&format!("{ACTIVITY}{}", link(&first, "next").unwrap())).await;
    let back = owner.get(&format!("{ACTIVITY}{}", link(&second, "prev").unwrap())).await;
    assert_eq!(rows(&back), 50);
    assert_eq!(link(&back, "prev"), None);
    assert_eq!(link(&back, "next"), link(&first, "next"));
}

#[tokio::test]
async fn each_filter_leaves_what_it_says_and_all_of_it() {
    let store = Store::in_memory().unwrap();
    let house = House::quick_over(store.clone()).seeded().await;
    let owner_id = house.user_id("owner");
    let app = house.app("api_credentials").client_id.parse().unwrap();
    entries(&store, &house, 7, |_, event| event.app(app)).await;
    entries(&store, &house, 5, |_, event| event.user(owner_id)).await;
    entries(&store, &house, 3, |_, event| event.app(app).user(owner_id)).await;
    let other = |event: Event| Event { kind: EventKind::ChallengeRepeated, ..event };
    entries(&store, &house, 2, |_, event| other(event).app(app)).await;
    house.advance(3 * 24 * 3600);
    entries(&store, &house, 4, |_, event| event).await;
    let today = house.ops.now().rfc3339()[..10].to_owned();
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let client = house.app("api_credentials").client_id.clone();
    let what = "what=secret_used_in_browser";
    for (query, count) in [
        (what.to_owned(), 19),
        (format!("{what}&app={client}"), 10),
        (format!("{what}&person={owner_id}"), 8),
        (format!("{what}&person={owner_id}&app={client}"), 3),
        (format!("{what}&outcome=refused"), 19),
        (format!("{what}&outcome=done"), 0),
        ("what=challenge_repeated&outcome=done".to_owned(), 2),
        ("what=challenge_repeated&outcome=refused".to_owned(), 0),
        (format!("{what}&from={today}"), 4),
        (format!("{what}&from={today}&to={today}"), 4),
        (format!("{what}&to=2001-01-01"), 0),
        (format!("{what}&from=2099-01-01"), 0),
        // What cannot be read asks for nothing.
        (format!("{what}&from=yesterday&app=x&person=%00&outcome=maybe"), 19),
    ] {
        let page = owner.get(&format!("{ACTIVITY}?{query}")).await;
        assert_eq!(rows(&page), count, "{query}");
        let export = owner.get(&format!("{ACTIVITY}/export.jsonl?{query}")).await;
        assert_eq!(export.body.lines().count(), count, "{query}");
    }
}

#[tokio::test]
async fn a_search_for_two_things_at_once_looks_at_so_many_rows_and_goes_on_from_there() {
    let store = Store::in_memory().unwrap();
    let house = House::quick_over(store.clone()).seeded().await;
    let owner_id = house.user_id("owner");
    let app = house.app("api_credentials").client_id.parse().unwrap();
    entries(&store, &house, 1, |_, event| event.app(app).user(owner_id)).await;
    entries(&store, &house, 10_000, |_, event| event.user(owner_id)).await;
    entries(&store, &house, 1, |_, event| event.app(app).user(owner_id)).await;
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let client = house.app("api_credentials").client_id.clone();
    let what = "what=secret_used_in_browser";
    let query = format!("{ACTIVITY}?app={client}&person={owner_id}&{what}");
    let seen = pages(&mut owner, &query).await;
    assert_eq!(seen.iter().sum::<usize>(), 2, "{seen:?}");
    assert!((3..=4).contains(&seen.len()), "{seen:?}");
    let export = owner.get(&query.replace("activity?", "activity/export.jsonl?")).await;
    assert_eq!(export.body.lines().count(), 2);
}

#[tokio::test]
async fn a_spreadsheet_takes_nothing_for_a_formula() {
    let house = House::quick().await;
    let name = "=HYPERLINK(\"https://evil.example/\",\"open\")";
    made(&house, name, "acme", "owner").await;
    let guest = NewUser {
        email: "guest@acme.example".parse().unwrap(),
        name: "+cmd|' /C calc'!A0".to_owned(),
        password: None,
        operator: false,
    };
    let guest = house.ops.create_user(guest, MACHINE).await.unwrap();
    let role = RoleName("viewer".to_owned());
    let place = house.company("acme").parse().unwrap();
    house.ops.grant_role(guest.id, place, role, MACHINE).await.unwrap();
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let export = owner.get(&format!("{ACTIVITY}/export.csv")).await;
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"activity.csv\"");
    assert!(export.body.contains("\"'=HYPERLINK(\"\"https://evil.example/\"\""), "{}", export.body);
    assert!(export.body.contains("\"'+cmd|' /C calc'!A0\""), "{}", export.body);
    for cell in export.body.split("\",\"") {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
}

#[tokio::test]
async fn every_exported_line_proves_itself_and_continues_the_chain() {
    let house = House::quick().await;
    house.grant("api_credentials", &[("scope", "nonsense:all")]).await;
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let export = owner.get(&format!("{ACTIVITY}/export.jsonl")).await;
    assert_eq!(export.header("content-type"), "application/jsonl");
    let mut last = 0;
    let chain = house.ops.audit_entries(None, 1000).unwrap();
    assert!(export.body.lines().count() > 5);
    for line in export.body.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let sequence = json["sequence"].as_u64().unwrap();
        assert!(sequence > last, "oldest first");
        last = sequence;
        let event = line.split("\"event\":").nth(1).unwrap().strip_suffix('}').unwrap();
        let previous = json["previous"].as_str().unwrap();
        let mut bytes = HEXLOWER.decode(previous.as_bytes()).unwrap();
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(event.as_bytes());
        let hash = HEXLOWER.encode(&digest::sha256(&bytes));
        assert_eq!(json["hash"], hash.as_str());
        let entry = chain.iter().find(|entry| entry.sequence == sequence).unwrap();
        assert_eq!(entry.hash, hash);
    }
}

#[tokio::test]
async fn an_export_is_in_the_trail_with_who_took_what_of_it() {
    let house = House::new().await;
    let acme = house.company("acme");
    let mut owner = opened(&house, "owner", &acme).await;
    let query = "export.csv?from=2026-09-01&to=2026-09-30&outcome=done";
    assert_eq!(owner.get(&format!("{ACTIVITY}/{query}")).await.status, StatusCode::OK);
    let entries = house.ops.audit_entries(None, 1000).unwrap();
    let exported = entries.iter().map(|entry| &entry.event);
    let exported: Vec<_> = exported.filter(|event| event.kind == EventKind::DataExported).collect();
    assert_eq!(exported.len(), 1, "{exported:?}");
    assert_eq!(exported[0].by, Some(house.user_id("owner")));
    assert_eq!(exported[0].place, Some(acme.parse().unwrap()));
    let cause = exported[0].cause.as_deref().unwrap();
    for part in ["activity csv", "from 2026-09-01T", "until 2026-10-01T", "outcome done"] {
        assert!(cause.contains(part), "{part}: {cause}");
    }
    // Nobody who is refused leaves an entry.
    let mut stranger = Browser::new(&house);
    stranger.get(&format!("{ACTIVITY}/export.csv")).await;
    assert_eq!(house.ops.audit_entries(None, 1000).unwrap().len(), entries.len());
}

#[tokio::test]
async fn the_filter_offers_those_who_come_through_the_firm_and_the_programs_of_no_place() {
    let mut house = House::new().await;
    let page = opened(&house, "owner", &house.company("acme")).await.get(ACTIVITY).await;
    let partner = format!("<option value=\"{}\"", house.user_id("partner"));
    assert!(main_of(&page).contains(&partner), "{page:?}");
    add_operator(&mut house).await;
    let mut operator = opened(&house, "operator", &house.company("acme")).await;
    let page = operator.get(&format!("{ACTIVITY}?of=installation")).await;
    let program = format!("<option value=\"{}\"", house.app("resource_server").client_id);
    assert!(main_of(&page).contains(&program), "{page:?}");
}

#[tokio::test]
async fn an_export_of_somebody_who_signed_out_meanwhile_goes_no_further() {
    let house = House::quick().await;
    let mut owner = house.signed_in("owner").await;
    let live = house.ops.session(&owner.cookies["__Host-cs_session"]).unwrap().unwrap();
    let place = house.company("acme").parse().unwrap();
    let all = countersign::ops::activity::ActivityFilter::default();
    assert!(house.ops.export_activity(&live, place, &all, 0).is_ok());
    assert!(
        house
            .ops
            .export_activity(&live, house.company("bakery").parse().unwrap(), &all, 0)
            .is_err()
    );
    let page = owner.get("/").await;
    owner.submit(&page, "/sign-out", &[]).await;
    assert!(house.ops.export_activity(&live, place, &all, 0).is_err());
}

/// A viewer of acme who administers the installation.
async fn add_operator(house: &mut House) {
    let (email, password) = ("operator@acme.example", "a long and boring password of 2026");
    let hash = house.ops.hash_new_password(password.into(), &[]).await.unwrap();
    let new = NewUser {
        email: email.parse().unwrap(),
        name: "Olga Operator".to_owned(),
        password: Some(hash),
        operator: true,
    };
    let user = house.ops.create_user(new, MACHINE).await.unwrap();
    let provisioned = house.ops.provision_factors(user.id, MACHINE).await.unwrap();
    let place = house.company("acme").parse().unwrap();
    house.ops.grant_role(user.id, place, RoleName("viewer".to_owned()), MACHINE).await.unwrap();
    house.guide.users.push(GuideUser {
        email: email.to_owned(),
        password: password.to_owned(),
        totp_secret: provisioned.totp_secret,
        role: "viewer".to_owned(),
        recovery_codes: provisioned.recovery_codes,
    });
}

#[tokio::test]
async fn all_of_the_installation_is_shown_to_its_operators_and_to_nobody_else() {
    let mut house = House::quick().await;
    add_operator(&mut house).await;
    made(&house, "Bakery sync", "bakery", "partner").await;
    let everywhere = format!("{ACTIVITY}?of=installation");
    let export = format!("{ACTIVITY}/export.csv?of=installation");
    let mut operators = 0;
    for name in ["owner", "viewer", "partner", "junior", "operator"] {
        let mut browser = house.signed_in(name).await;
        let live = house.ops.session(&browser.cookies["__Host-cs_session"]).unwrap().unwrap();
        let status = if live.user.operator { StatusCode::OK } else { StatusCode::NOT_FOUND };
        operators += usize::from(live.user.operator);
        for path in [&everywhere, &export] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, status, "{name}: {path}");
            assert_eq!(answer.body.contains("Bakery sync"), live.user.operator, "{name}");
        }
        let link = browser.get(ACTIVITY).await.body.contains("Show the whole installation");
        assert_eq!(link, live.user.operator);
    }
    // The owner of the sandbox is one too.
    assert_eq!(operators, 2);
}
