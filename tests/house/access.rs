//! What has access, in the workspace: lists, connections, OAuth apps. Attackers first.

use countersign::base::id::CompanyId;
use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::company::Place;
use countersign::domain::scope::ScopeSet;
use countersign::ops::access::AccessFilter;
use countersign::ops::access::LOOKED_AT;
use countersign::ops::access::List;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use countersign::ops::prove_factor::Proof;
use countersign::view::pages::parts::moment::Day;
use http::StatusCode;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::registering;
use crate::worlds::join;

const LIST: &str = "/settings/app-connect/oauth-connections";
const APPS: &str = "/settings/app-connect/oauth-apps";
const SCOPE: &str = "companies:readonly customers:readonly";
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
const MONTH: u64 = 31 * 24 * 3600;

/// A connection of `name` in `place`, with its tokens.
struct Connected {
    id: String,
    access: String,
    refresh: String,
}

async fn connect(house: &House, name: &str, place: &str) -> Connected {
    let tokens = house.tokens("oauth_public", name, place, SCOPE).await;
    let id = house.ops.connections().unwrap().pop().unwrap().id.to_string();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    Connected { id, access: text("access_token"), refresh: text("refresh_token") }
}

async fn signed_in<'a>(house: &'a House, name: &str, slug: &str) -> Browser<'a> {
    let mut browser = house.signed_in(name).await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company(slug));
    browser
}

/// Confirms at `path` with a fresh code.
async fn confirm(browser: &mut Browser<'_>, house: &House, name: &str, path: &str) -> Answer {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {page:?}");
    let code = house.next_code(name);
    browser.submit(&page, path, &[("code", &code)]).await
}

#[tokio::test]
async fn a_connection_of_another_company_is_as_unknown_as_none() {
    let house = House::new().await;
    let bakery = connect(&house, "partner", &house.firm()).await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    for word in ["", "/change", "/review", "/delete"] {
        let path = format!("{LIST}/{}{word}", bakery.id);
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND, "{word}");
    }
    assert!(!owner.get(LIST).await.body.contains(&bakery.id));
}

#[tokio::test]
async fn a_viewer_sees_and_ends_what_is_their_own_and_nothing_else() {
    let house = House::new().await;
    let acme = house.company("acme");
    let (own, other) =
        (connect(&house, "viewer", &acme).await, connect(&house, "owner", &acme).await);
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    let page = viewer.get(LIST).await;
    assert!(page.body.contains(&own.id) && !page.body.contains(&other.id), "{page:?}");
    for word in ["", "/change", "/delete"] {
        let path = format!("{LIST}/{}{word}", other.id);
        assert_eq!(viewer.get(&path).await.status, StatusCode::FORBIDDEN, "{word}");
    }
    assert_eq!(viewer.get(APPS).await.status, StatusCode::FORBIDDEN);
    assert_eq!(viewer.get(&format!("{APPS}/create")).await.status, StatusCode::FORBIDDEN);
    let path = format!("{LIST}/{}/delete", own.id);
    let answer = confirm(&mut viewer, &house, "viewer", &path).await;
    assert_eq!(answer.location(), LIST);
    assert!(!viewer.get(LIST).await.body.contains(&own.id));
}

#[tokio::test]
async fn a_deleted_connection_stops_at_once_and_cannot_refresh() {
    let house = House::new().await;
    let connected = connect(&house, "owner", &house.company("acme")).await;
    assert_eq!(house.call(&connected.access, "/customers").await.status, StatusCode::OK);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let path = format!("{LIST}/{}", connected.id);
    let page = owner.get(&path).await;
    assert!(page.body.contains("customers:readonly") && page.body.contains("Olive Owner"));
    let answer = confirm(&mut owner, &house, "owner", &format!("{path}/delete")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_eq!(house.call(&connected.access, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh("oauth_public", &connected.refresh).await.error(), "invalid_grant");
    assert!(house.happened(6).contains(&EventKind::ConnectionEnded));
    assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_taken_from_a_connection_stops_for_tokens_that_are_out() {
    let house = House::new().await;
    let connected = connect(&house, "owner", &house.company("acme")).await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let path = format!("{LIST}/{}/change", connected.id);
    let page = owner.get(&path).await;
    let me = house.user_id("owner").to_string();
    // A forged permission is not given.
    let fields = [
        ("owner", me.as_str()),
        ("permission", "companies:readonly"),
        ("permission", "customer_invoices:all"),
        ("purpose", "Looks only"),
        ("review", "30"),
    ];
    let answer = owner.submit(&page, &path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_eq!(house.call(&connected.access, "/customers").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.call(&connected.access, "/companies").await.status, StatusCode::OK);
    let refreshed = house.refresh("oauth_public", &connected.refresh).await;
    assert_eq!(refreshed.json()["scope"], "companies:readonly");
    let page = owner.get(&format!("{LIST}/{}", connected.id)).await;
    assert!(page.body.contains("Looks only") && !page.body.contains("customer_invoices"));
}

#[tokio::test]
async fn whoever_consents_answers_for_a_connection_and_looks_at_it_again_after_ninety_days() {
    let house = House::new().await;
    let connected = connect(&house, "viewer", &house.company("acme")).await;
    let made = house.ops.connections().unwrap().pop().unwrap();
    assert_eq!(made.owner, Some(house.user_id("viewer")));
    assert_eq!((made.review_days, made.review_due), (90, Some(made.consented_at.plus(DAY * 90))));
    house.clock.advance(DAY * 90);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let page = owner.get(&format!("{LIST}/{}", connected.id)).await;
    assert!(page.body.contains("Review due") && page.body.contains("Vic Viewer"), "{page:?}");
}

#[tokio::test]
async fn nobody_takes_the_owner_from_a_connection_or_names_a_stranger() {
    let mut house = House::new().await;
    let bakery = house.company("bakery");
    let stranger = join(&mut house, "baker", &[(&bakery, "viewer")]).await.to_string();
    let connected = connect(&house, "owner", &house.company("acme")).await;
    let before = house.ops.connections().unwrap();
    let mut owner = signed_in(&house, "owner", "acme").await;
    let path = format!("{LIST}/{}/change", connected.id);
    let page = owner.get(&path).await;
    for wrong in ["", "nobody", &stranger] {
        let fields = [("owner", wrong), ("permission", "customers:readonly"), ("purpose", "Mine")];
        let answer = owner.submit(&page, &path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(answer.body.contains("Mine"), "what was typed is kept");
        assert_eq!(house.ops.connections().unwrap(), before, "{wrong}");
    }
}

#[tokio::test]
async fn who_administers_nothing_is_told_nobodys_name_by_the_form_of_their_own_connection() {
    let house = House::new().await;
    let own = connect(&house, "viewer", &house.company("acme")).await;
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    let page = viewer.get(&format!("{LIST}/{}/change", own.id)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Olive Owner"), "{page:?}");
}

#[tokio::test]
async fn idle_connections_end_together_but_not_one_that_was_used_meanwhile_or_is_anothers() {
    let house = House::new().await;
    let acme = house.company("acme");
    let (idle, used) =
        (connect(&house, "viewer", &acme).await, connect(&house, "owner", &acme).await);
    let elsewhere = connect(&house, "partner", &house.firm()).await;
    house.advance(MONTH);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let path = format!("{LIST}/idle");
    let page = owner.get(&path).await;
    assert!(page.body.contains("Revoke 2 idle connections?"), "{page:?}");
    assert!(!page.body.contains(&elsewhere.id));
    let refreshed = house.refresh("oauth_public", &used.refresh).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    let code = house.next_code("owner");
    let named = [&idle.id, &used.id, &elsewhere.id].map(|id| ("connection", id.as_str()));
    let fields: Vec<(&str, &str)> = [("code", code.as_str())].into_iter().chain(named).collect();
    let answer = owner.submit(&page, &path, &fields).await;
    assert_eq!(answer.location(), LIST, "{answer:?}");
    let refused = house.refresh("oauth_public", &idle.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    let live = house.refresh("oauth_public", &elsewhere.refresh).await;
    assert_eq!(live.status, StatusCode::OK, "{live:?}");
    let told = owner.get(LIST).await;
    assert!(told.body.contains(&used.id) && !told.body.contains(&idle.id));
}

#[tokio::test]
async fn a_forged_or_foreign_cursor_is_a_bad_request() {
    let house = House::new().await;
    many(&house, 60).await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let credentials = "/settings/app-connect/api-credentials";
    let page = owner.get(credentials).await;
    let next = href(&page, "next");
    assert_eq!(owner.get(&format!("{credentials}{next}")).await.status, StatusCode::OK);
    for wrong in [
        format!("{credentials}?cursor=AAAA"),
        format!("{credentials}{}x", next),
        format!("/settings/app-connect{next}"),
        format!("{credentials}{next}&q=other"),
    ] {
        assert_eq!(owner.get(&wrong).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    let stolen = viewer.get(&format!("{credentials}{next}")).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
}

/// The address of the page before or after.
fn href(page: &Answer, rel: &str) -> String {
    let link = page.body.split(&format!("rel=\"{rel}\" href=\"")).nth(1).unwrap();
    link.split('"').next().unwrap().replace("&amp;", "&")
}

async fn many(house: &House, count: usize) {
    for number in 0..count {
        let mut new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
        new.name = format!("Job {number:04}");
        house.ops.create_app(new, MACHINE).await.unwrap();
        house.clock.advance(std::time::Duration::from_millis(1));
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_end_and_back_and_filters_find_what_they_name() {
    let house = House::new().await;
    many(&house, 120).await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let credentials = "/settings/app-connect/api-credentials";
    let mut page = owner.get(credentials).await;
    let mut names = jobs(&page);
    assert_eq!((names.len(), names[0].as_str()), (50, "Job 0119"));
    while page.body.contains("rel=\"next\"") {
        page = owner.get(&format!("{credentials}{}", href(&page, "next"))).await;
        names.extend(jobs(&page));
    }
    assert_eq!(names.len(), 120);
    let back = owner.get(&format!("{credentials}{}", href(&page, "prev"))).await;
    assert_eq!(jobs(&back).len(), 50);
    let found = owner.get(&format!("{credentials}?q=0042")).await;
    assert_eq!(jobs(&found), ["Job 0042"]);
    let nothing = owner.get(&format!("{credentials}?status=idle")).await;
    assert!(jobs(&nothing).is_empty() && nothing.body.contains("Nothing here matches"));
}

fn jobs(page: &Answer) -> Vec<String> {
    let rows = page.body.split("<th scope=\"row\">").skip(1);
    let names = rows.filter_map(|row| row.find("Job ").map(|at| row[at..at + 8].to_owned()));
    names.collect()
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_rows_and_a_large_place_is_counted_aside() {
    let house = House::quick().await;
    many(&house, LOOKED_AT + 300).await;
    let browser = house.signed_in("owner").await;
    let live = house.ops.session(&browser.cookies["__Host-cs_session"]).unwrap().unwrap();
    let acme = house.company("acme").parse().unwrap();
    let all = AccessFilter::all(List::ApiCredentials);
    let page = house.ops.access(&live, acme, &all, None).unwrap();
    assert!(page.looked_at <= 51 && page.total.is_none() && page.counts.is_none(), "{page:?}");
    let named = AccessFilter { query: "nobody has this name".to_owned(), ..all.clone() };
    let first = house.ops.access(&live, acme, &named, None).unwrap();
    assert_eq!((first.looked_at, first.rows.len()), (LOOKED_AT, 0));
    let rest = house.ops.access(&live, acme, &named, first.next.as_deref()).unwrap();
    assert!(rest.looked_at < LOOKED_AT && rest.next.is_none());
    house.ops.flush().await.unwrap();
    let counted = house.ops.access(&live, acme, &all, None).unwrap();
    // The sandbox has one of its own.
    assert_eq!(counted.total, Some(LOOKED_AT as u64 + 301));
}

#[tokio::test]
async fn a_program_that_registered_itself_cannot_speak_on_our_pages_and_is_judged() {
    let mut house = House::open_to_clients().await;
    let acme = house.company("acme");
    join(&mut house, "admin", &[(&acme, "admin")]).await;
    let body = json!({
        "redirect_uris": [registering::REDIRECT],
        "token_endpoint_auth_method": "none",
        "client_name": "<b onmouseover=alert(1)>Acme & Bank</b>",
    });
    let client = house.lets_in("stranger", &body).await;
    let tokens = house.connected("stranger", registering::REDIRECT).await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    // Somebody who administers the company, and not the installation.
    let mut admin = signed_in(&house, "admin", "acme").await;
    let path = format!("{APPS}/{}", client.id);
    for page in [APPS, LIST, &path] {
        let page = admin.get(page).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        assert!(!page.body.contains("<b onmouse"), "{page:?}");
        assert!(page.body.contains("app.example"), "its host is named");
    }
    // Approving is the operator's; blocking for the company is its own.
    assert_eq!(admin.get(&format!("{path}/approve")).await.status, StatusCode::FORBIDDEN);
    let answer = confirm(&mut admin, &house, "admin", &format!("{path}/block")).await;
    assert_eq!(answer.location(), path, "{answer:?}");
    assert_eq!(house.call(&access, "/customers").await.status, StatusCode::FORBIDDEN);
    assert!(admin.get(&path).await.body.contains("Blocked"));
    confirm(&mut admin, &house, "admin", &format!("{path}/unblock")).await;
    assert_eq!(house.call(&access, "/customers").await.status, StatusCode::OK);
    // Of a company in which it has nothing, nobody learns of it.
    let mut elsewhere = signed_in(&house, "partner", "bakery").await;
    assert_eq!(elsewhere.get(&path).await.status, StatusCode::NOT_FOUND);
    // Who administers the company only through its firm sees it, and lets it neither in nor out.
    let mut partner = signed_in(&house, "partner", "acme").await;
    assert_eq!(partner.get(&path).await.status, StatusCode::OK);
    for word in ["block", "unblock"] {
        let asked = partner.get(&format!("{path}/{word}")).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN, "{word}");
    }
    judged_by_the_operator(&house, &path, &access).await;
}

async fn judged_by_the_operator(house: &House, path: &str, access: &str) {
    let (email, password, seed) = house.new_operator().await;
    let mut operator = house.entered(&email, &password, &seed).await;
    operator.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    for (word, status) in
        [("approve", StatusCode::OK), ("block", StatusCode::FORBIDDEN), ("unblock", StatusCode::OK)]
    {
        let path = format!("{path}/{word}");
        let page = operator.get(&path).await;
        let code = house.next_code_of(&seed);
        let answer = operator.submit(&page, &path, &[("code", &code)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{word}: {answer:?}");
        let call = house.call(access, "/customers").await.status;
        assert_eq!(call.is_success(), status.is_success(), "{word}: {call}");
    }
    assert!(operator.get(path).await.body.contains("Approved"));
}

fn registration() -> Vec<(&'static str, &'static str)> {
    vec![
        ("name", "Partner portal"),
        ("client_type", "confidential"),
        ("redirect_uris", "https://portal.example/cb\r\nhttps://portal.example/other"),
        ("website", "https://portal.example"),
        ("permission", "customers:readonly"),
        ("required", "customers:readonly"),
        ("pkce", "yes"),
        ("purpose", "Reports"),
        ("review", "90"),
    ]
}

#[tokio::test]
async fn an_app_is_registered_from_the_form_to_its_secret_shown_once() {
    let house = House::new().await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let (form, me) = (format!("{APPS}/create"), house.user_id("owner").to_string());
    let page = owner.get(&form).await;
    let mut fields = registration();
    fields.push(("owner", &me));
    let summary = owner.submit(&page, &form, &fields).await;
    assert_eq!(summary.status, StatusCode::OK, "{summary:?}");
    assert!(
        summary.body.contains("Partner portal") && summary.body.contains("portal.example/other")
    );
    let confirm = format!("{form}/confirm");
    let wrong = owner.submit(&summary, &confirm, &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = house.next_code("owner");
    let answer = owner.submit(&wrong, &confirm, &[("code", &code)]).await;
    let saved = answer.location();
    assert!(saved.ends_with("/saved"), "{answer:?}");
    let page = owner.get(&saved).await;
    let secret = page.body.split("cs_sec_").nth(1).unwrap();
    let secret = format!("cs_sec_{}", secret.split('"').next().unwrap());
    let file = owner.submit(&page, &format!("{saved}/env"), &[]).await;
    assert!(file.body.contains(&secret) && file.body.contains("COUNTERSIGN_CLIENT_ID="));
    let other = signed_in(&house, "owner", "acme").await.get(&saved).await;
    assert!(!other.body.contains(&secret), "another session never sees it");
    let again = owner.submit(&page, &saved, &[]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = owner.submit(&page, &saved, &[("saved", "yes")]).await;
    let detail = owner.get(&done.location()).await;
    assert!(detail.body.contains("Partner portal") && !detail.body.contains(&secret));
    assert!(!owner.get(&saved).await.body.contains(&secret));
}

#[tokio::test]
async fn what_cannot_be_registered_comes_back_with_everything_that_was_typed() {
    let house = House::new().await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let (form, me) = (format!("{APPS}/create"), house.user_id("owner").to_string());
    let stranger = house.user_id("partner").to_string();
    let page = owner.get(&form).await;
    for (field, value) in [
        ("name", ""),
        ("name", "\u{202e}Bank"),
        ("client_type", "both"),
        ("redirect_uris", ""),
        ("redirect_uris", "http://portal.example/cb"),
        ("redirect_uris", "https://*.portal.example/cb"),
        ("redirect_uris", "javascript:alert(1)"),
        ("website", "javascript:alert(1)"),
        ("permission", ""),
        ("permission", "everything:all"),
        ("required", "customer_invoices:all"),
        ("owner", &stranger),
    ] {
        let mut fields = registration();
        fields.push(("owner", &me));
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        if field == "permission" {
            fields.retain(|(name, _)| *name != "required");
        }
        for path in [form.clone(), format!("{form}/confirm")] {
            let tagged = tagged(&mut owner, &page, &path, &fields).await;
            assert_eq!(tagged.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {field} {value}");
            assert!(tagged.body.contains("Reports"), "{field}: what was typed is kept");
        }
    }
    assert!(house.ops.apps().unwrap().iter().all(|listed| listed.app.purpose != "Reports"));
}

/// Sends fields to a path of the registration with the tag that belongs there.
async fn tagged(
    owner: &mut Browser<'_>,
    page: &Answer,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    if !path.ends_with("/confirm") {
        return owner.submit(page, path, fields).await;
    }
    let good = owner.get("/settings/app-connect/oauth-apps/create").await;
    let me = owner.house.user_id("owner").to_string();
    let mut sound = registration();
    sound.push(("owner", &me));
    let summary = owner.submit(&good, "/settings/app-connect/oauth-apps/create", &sound).await;
    let tag = crate::harness::hidden_fields(&summary.body, path);
    let tag = tag.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    let code = owner.house.next_code("owner");
    let mut forged = fields.to_vec();
    forged.extend([("csrf", tag.as_str()), ("code", code.as_str())]);
    owner.post(path, &forged).await
}

#[tokio::test]
async fn an_app_of_another_company_is_as_unknown_as_none() {
    let house = House::new().await;
    let new = NewApp {
        place: Some(house.company("bakery").parse().unwrap()),
        redirect_uris: vec!["https://bakery.example/cb".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, "Bakery portal")
    };
    let app = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    let mut owner = signed_in(&house, "owner", "acme").await;
    for word in ["", "/saved", "/approve", "/block", "/unblock", "/revoke"] {
        let path = format!("{APPS}/{app}{word}");
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND, "{word}");
    }
    assert!(!owner.get(APPS).await.body.contains("Bakery portal"));
}

#[tokio::test]
async fn an_app_of_the_installation_is_rotated_deleted_and_restored_by_its_operator_alone() {
    let house = House::new().await;
    let id = house.app("oauth_confidential").client_id.clone();
    let home = format!("{APPS}/{id}");
    // A company that uses it judges it for itself: its secret is nobody's there.
    connect(&house, "partner", &house.company("bakery")).await;
    let mut partner = signed_in(&house, "partner", "bakery").await;
    for word in ["rotate", "delete", "restore", "saved"] {
        let answer = partner.get(&format!("{home}/{word}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{word}: {answer:?}");
    }
    let mut operator = signed_in(&house, "owner", "acme").await;
    for word in ["rotate", "delete"] {
        let link = format!("{home}/{word}");
        assert!(operator.get(&home).await.body.contains(&link), "{word} is offered");
        assert_eq!(operator.get(&link).await.status, StatusCode::OK, "{word}");
    }
    let question = operator.get(&format!("{home}/rotate")).await;
    let code = house.next_code("owner");
    let fields = [("overlap", "now"), ("code", code.as_str())];
    let answer = operator.submit(&question, &format!("{home}/rotate"), &fields).await;
    assert_eq!(answer.location(), format!("{home}/saved"), "{answer:?}");
    assert!(operator.get(&format!("{home}/saved")).await.body.contains("cs_sec_"));
    let question = operator.get(&format!("{home}/delete")).await;
    let code = house.next_code("owner");
    let name = house.app("oauth_confidential").name.clone();
    let fields = [("typed_name", name.as_str()), ("code", code.as_str())];
    let answer = operator.submit(&question, &format!("{home}/delete"), &fields).await;
    assert_eq!(answer.location(), APPS, "{answer:?}");
    let answer = confirm(&mut operator, &house, "owner", &format!("{home}/restore")).await;
    assert_eq!(answer.location(), format!("{home}/saved"), "{answer:?}");
}

#[tokio::test]
async fn what_reaches_a_company_through_its_firm_is_kept_away_and_let_in_again() {
    let house = House::new().await;
    let firm = connect(&house, "partner", &house.firm()).await;
    let customers = format!("/companies/{}/customers", house.company("acme"));
    assert_eq!(house.call(&firm.access, &customers).await.status, StatusCode::OK);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let home = "/settings/app-connect/through-firm";
    let page = owner.get(home).await;
    assert!(page.body.contains("Ledgerwise") && page.body.contains(&firm.id), "{page:?}");
    confirm(&mut owner, &house, "owner", &format!("{home}/{}/block", firm.id)).await;
    assert_eq!(house.call(&firm.access, &customers).await.status, StatusCode::FORBIDDEN);
    confirm(&mut owner, &house, "owner", &format!("{home}/{}/unblock", firm.id)).await;
    assert_eq!(house.call(&firm.access, &customers).await.status, StatusCode::OK);
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    assert_eq!(viewer.get(home).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_reaches_a_company_through_its_firm_comes_in_pages_that_cost_what_they_show() {
    let house = House::quick().await;
    let firm: Place = house.firm().parse().unwrap();
    let acme: CompanyId = house.company("acme").parse().unwrap();
    let reader = house.user_id("partner");
    for number in 0..130 {
        let new = NewApp {
            place: Some(firm),
            delegated_by: Some(reader),
            scopes: Some(ScopeSet::parse("customers:readonly")),
            ..NewApp::of(AppKind::ApiCredentials, format!("Firm job {number}"))
        };
        house.ops.create_app(new, MACHINE).await.unwrap();
        house.clock.advance(std::time::Duration::from_millis(1));
    }
    let owner = signed_in(&house, "owner", "acme").await;
    let live = owner.live();
    let (mut seen, mut cursor) = (0, None);
    loop {
        let page = house.ops.reaching_through_firm(&live, acme, cursor.as_deref()).unwrap();
        assert!(page.looked_at <= 51 && page.rows.len() <= 50, "{}", page.looked_at);
        seen += page.rows.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // The sandbox has one of its own.
    assert!((130..=132).contains(&seen), "{seen}");
    let mut owner = owner;
    let home = "/settings/app-connect/through-firm";
    let page = owner.get(home).await;
    let next = href(&page, "next");
    assert_eq!(owner.get(&format!("{home}{next}")).await.status, StatusCode::OK);
    let forged = owner.get(&format!("{home}{next}x")).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
    // Who does not administer the company is told nothing of it.
    let viewer = house.signed_in("viewer").await.live();
    let refused = house.ops.reaching_through_firm(&viewer, acme, None);
    assert!(matches!(refused, Err(Failure::Refused(Refusal::NotAllowed))), "{refused:?}");
    let counted = house.ops.company_counts(&viewer, acme);
    assert!(matches!(counted, Err(Failure::Refused(Refusal::NotAllowed))), "{counted:?}");
    assert!(house.ops.firm_members(&viewer, acme).is_err());
    assert!(house.ops.members_who_see(&viewer, acme).is_err());
}

#[tokio::test]
async fn what_a_company_blocks_of_its_firm_is_not_the_firms_to_let_in_again() {
    let mut house = House::new().await;
    let acme = house.company("acme");
    let its_firm = house.firm();
    join(&mut house, "junior-admin", &[(&its_firm, "admin")]).await;
    let firm = connect(&house, "partner", &house.firm()).await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let home = "/settings/app-connect/through-firm";
    let (block, unblock) =
        (format!("{home}/{}/block", firm.id), format!("{home}/{}/unblock", firm.id));
    let asked = owner.get(&block).await;
    let code = house.next_code("owner");
    owner.submit(&asked, &block, &[("code", &code)]).await;
    let customers = format!("/companies/{acme}/customers");
    let question = owner.get(&unblock).await;
    assert_eq!(question.status, StatusCode::OK);
    for name in ["partner", "junior-admin"] {
        let mut admin = signed_in(&house, name, "acme").await;
        let page = admin.get(home).await;
        assert!(page.body.contains("Blocked") && !page.body.contains("/unblock"), "{page:?}");
        assert_eq!(admin.get(&unblock).await.status, StatusCode::FORBIDDEN, "{name}");
        let proof = Proof::given(&house.next_code(name), "");
        let by = admin.confirming(&unblock, proof);
        let what = firm.id.parse().unwrap();
        let lifted = house.ops.unblock(acme.parse::<CompanyId>().unwrap(), what, None, by).await;
        assert!(matches!(lifted, Err(Failure::Refused(Refusal::NotAllowed))), "{name}: {lifted:?}");
        assert_eq!(house.call(&firm.access, &customers).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_mcp_page_names_the_address_and_says_that_a_private_host_is_out_of_reach() {
    let house = House::new().await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let home = "/settings/app-connect/mcp-server";
    let page = owner.get(home).await;
    assert!(page.body.contains("/companies/acme/mcp") && page.body.contains("acme-test/mcp"));
    let answer = owner.submit(&page, &format!("{home}/check"), &[]).await;
    assert_eq!(answer.location(), home);
    assert!(owner.get(home).await.body.contains("Checked"));
    let page = owner.get("/settings/integrations").await;
    assert!(page.body.contains("claude mcp add --transport http"));
    for path in ["/settings/app-connect", "/settings/app-connect/reviews"] {
        assert_eq!(owner.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_list_and_the_page_behind_it_tell_the_same_end_and_the_first_token() {
    let house = House::new().await;
    let connected = connect(&house, "owner", &house.company("acme")).await;
    let end = house.ops.connections().unwrap().pop().unwrap().absolute_end;
    let day = Day::last_before(end).iso;
    house.advance(3 * 3600);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let (list, page) =
        (owner.get(LIST).await, owner.get(&format!("{LIST}/{}", connected.id)).await);
    for shown in [&list, &page] {
        assert!(shown.body.contains(&format!("datetime=\"{day}\"")), "{day}: {shown:?}");
    }
    let told = |page: &Answer, label: &str| {
        let after = page.body.split(&format!(">{label}<")).nth(1).unwrap().to_owned();
        after.split("<dt").next().unwrap().to_owned()
    };
    assert!(told(&page, "Last token").contains("3 hours ago"), "{page:?}");
    assert!(told(&page, "Last call").contains("Never"), "{page:?}");
    house.refresh("oauth_public", &connected.refresh).await;
    let page = owner.get(&format!("{LIST}/{}", connected.id)).await;
    assert!(!told(&page, "Last token").contains("hours ago"), "{page:?}");
    assert!(told(&page, "Last call").contains("Never"), "a new token is no call: {page:?}");
}

#[tokio::test]
async fn a_connection_tells_when_and_from_where_it_was_used() {
    let house = House::new().await;
    let connected = connect(&house, "owner", &house.company("acme")).await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    let path = format!("{LIST}/{}", connected.id);
    assert!(owner.get(&path).await.body.contains("Never"));
    house.call(&connected.access, "/customers").await;
    house.ops.flush().await.unwrap();
    let page = owner.get(&path).await;
    assert!(!page.body.contains("Never used"), "{page:?}");
}

/// The number beside "Reviews" in the navigation.
fn badge(page: &Answer) -> Option<&str> {
    let (_, after) = page.body.split_once("<span class=\"count\">")?;
    after.split('<').next()
}

#[tokio::test]
async fn the_navigation_counts_the_reviews_that_are_due_to_those_who_do_them() {
    let house = House::new().await;
    let mut owner = signed_in(&house, "owner", "acme").await;
    assert_eq!(badge(&owner.get(APPS).await), None, "nothing is due yet");
    let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
    let app = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    house.advance(91 * 24 * 3600);
    let mut owner = signed_in(&house, "owner", "acme").await;
    let page = owner.get("/settings/app-connect/reviews").await;
    let due: usize = badge(&page).unwrap().parse().unwrap();
    assert!(due > 0, "the badge says as much as the page");
    let mut elsewhere = signed_in(&house, "owner", "acme-test").await;
    assert_ne!(badge(&elsewhere.get("/settings/security").await), badge(&page), "another company");
    let mut viewer = signed_in(&house, "viewer", "acme").await;
    assert_eq!(badge(&viewer.get("/settings/security").await), None, "not theirs to do");
    let path = format!("/settings/app-connect/api-credentials/{app}/review");
    let answer = confirm(&mut owner, &house, "owner", &path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let left = badge(&owner.get(APPS).await).map_or(0, |due| due.parse().unwrap());
    assert_eq!(left, due - 1, "a review counts at once");
}
