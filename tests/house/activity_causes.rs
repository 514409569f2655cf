//! Looking references up: the exact cause of each refusal, and what is there to mend it by; and what is
//! counted besides.

use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::usage::Usage;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::activity::ACTIVITY;
use crate::activity::opened;
use crate::activity::reference;
use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;

/// What stands in the card of a reference's page.
struct Told(String);

impl Told {
    fn says(&self, text: &str) -> &Self {
        assert!(self.0.contains(text), "{text}: {}", self.0);
        self
    }

    fn lacks(&self, who: &[&str]) {
        for holder in ["The token", "The person’s role", "The app"] {
            let line = self.0.split(&format!("<li>{holder}")).nth(1).unwrap();
            let lacks = line.split("</li>").next().unwrap().contains("lacks it");
            assert_eq!(lacks, who.contains(&holder), "{holder}: {}", self.0);
        }
    }
}

/// What the owner of acme is told about the request that got this answer.
async fn told(house: &House, answer: &Answer) -> Told {
    told_in(house, "owner", &house.company("acme"), answer).await
}

async fn told_in(house: &House, name: &str, place: &str, answer: &Answer) -> Told {
    let mut browser = opened(house, name, place).await;
    let page = browser.get(&format!("{ACTIVITY}/{}", reference(answer))).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    Told(page.body.split("<main").nth(1).unwrap().to_owned())
}

async fn refused_authorization(house: &House, kind: &str, more: &[(&str, &str)]) -> Answer {
    let answer = house.get(&house.authorize_url(kind, more)).await;
    assert_ne!(answer.status, StatusCode::OK);
    answer
}

/// An app of acme with one redirect URI.
async fn with_oauth_app() -> House {
    let mut house = House::quick().await;
    let new = NewApp {
        place: Some(house.company("acme").parse().unwrap()),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Acme's own")
    };
    house.register("own", new).await;
    house
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_stands_beside_those_that_are() {
    let house = with_oauth_app().await;
    let sent = "https://joe:s3cret@evil.example/callback/?code=s3cret#s3cret";
    let answer = refused_authorization(&house, "own", &[("redirect_uri", sent)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let told = told(&house, &answer).await;
    told.says(CALLBACK).says("https://…@evil.example/callback/?code=…#…");
    told.says("Addresses must match letter by letter").says("redirect-mismatch");
    assert!(!told.0.contains("s3cret"));
    assert!(!house.ops.audit_lines(1..1000).unwrap().concat().contains("s3cret"));
}

#[tokio::test]
async fn the_page_of_a_cause_opens_the_app_where_its_page_is_open_to_whoever_looks() {
    let mut house = with_oauth_app().await;
    let new = NewApp {
        place: Some(house.company("bakery").parse().unwrap()),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..NewApp::of(AppKind::OauthPublic, "Bakery's own")
    };
    house.register("theirs", new).await;
    house.tokens("oauth_public", "owner", &house.company("acme"), "customers:readonly").await;
    let sent = [("redirect_uri", "https://evil.example/")];
    for (kind, opens) in [("own", true), ("oauth_public", true), ("theirs", false)] {
        let answer = refused_authorization(&house, kind, &sent).await;
        let mut browser = opened(&house, "owner", &house.company("acme")).await;
        let path = format!("{ACTIVITY}/{}?of=installation", reference(&answer));
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{kind}: {page:?}");
        let app = format!("/settings/app-connect/oauth-apps/{}", house.app(kind).client_id);
        assert_eq!(page.body.contains(&format!("href=\"{app}\"")), opens, "{kind}");
        let status = browser.get(&app).await.status;
        assert_eq!(status == StatusCode::OK, opens, "{kind}: {status}");
    }
}

#[tokio::test]
async fn a_redirect_uri_that_changed_stands_beside_the_one_of_the_request() {
    let house = House::quick().await;
    let code =
        house.code("oauth_public", "owner", &house.company("acme"), "customers:readonly").await;
    let answer = house
        .redeem_with("oauth_public", &code, &[("redirect_uri", "https://other.example/?s3cret")])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let told = told(&house, &answer).await;
    told.says(CALLBACK).says("https://other.example/?…").says("Sent with the request for access");
    assert!(!told.0.contains("s3cret") && !told.0.contains(&code));
}

#[tokio::test]
async fn a_permission_that_the_token_lacks_is_the_tokens_lack() {
    let house = House::quick().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, "customers:readonly").await;
    let answer = house.call(tokens["access_token"].as_str().unwrap(), "/products").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let told = told(&house, &answer).await;
    told.says("it was not asked for, or was unticked").says("products:readonly");
    told.lacks(&["The token"]);
}

#[tokio::test]
async fn a_permission_that_the_role_lost_is_the_roles_lack() {
    let house = House::quick().await;
    let acme: Place = house.company("acme").parse().unwrap();
    let scope = "customers:readonly customer_invoices:all";
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), scope).await;
    let owner = house.user_id("owner");
    let other = house.user_id("viewer");
    let role = |name: &str| RoleName(name.to_owned());
    house.ops.grant_role(other, acme, role("owner"), MACHINE).await.unwrap();
    house.ops.grant_role(owner, acme, role("viewer"), MACHINE).await.unwrap();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let answer = house.post_with("/api/external/v2/customer_invoices", &[], &headers).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    let told = told_in(&house, "viewer", &house.company("acme"), &answer).await;
    told.says("role does not include").lacks(&["The person’s role"]);
}

#[tokio::test]
async fn a_permission_that_the_app_lacks_is_the_apps_lack() {
    let mut house = House::quick().await;
    let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
    house.register("narrow", new).await;
    let answer = house.grant("narrow", &[("scope", "products:readonly")]).await;
    assert_eq!(answer.error(), "invalid_scope");
    told(&house, &answer).await.says("The app was not given the permission").lacks(&["The app"]);
}

#[tokio::test]
async fn each_refusal_is_told_by_its_own_sentence() {
    let mut house = with_oauth_app().await;
    let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
    let ended = house.register("ended", new).await;
    let secret = house.app("api_credentials").client_id.clone();
    let mut asked: Vec<(Answer, &str)> = Vec::new();
    for (more, sentence) in [
        ([("code_challenge", "")], "The PKCE proof is missing"),
        ([("scope", "nonsense:all")], "None of the permissions that the program asked for"),
        ([("resource", "https://elsewhere.example/")], "is none of this server’s"),
        ([("response_type", "token")], "could not be read"),
    ] {
        asked.push((refused_authorization(&house, "own", &more).await, sentence));
        house.advance(61);
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", secret.as_str()),
        ("client_secret", "wrong"),
    ];
    asked.push((house.post("/oauth/token", &form).await, "The client secret is wrong"));
    let revoked = house.grant("ended", &[]).await.text("access_token");
    house.ops.revoke_app(ended, MACHINE).await.unwrap();
    let call = house.call(&revoked, "/customers").await;
    assert_eq!(call.status, StatusCode::UNAUTHORIZED);
    let again = house.grant("ended", &[]).await;
    asked.push((again, "was revoked or deleted"));
    for (answer, sentence) in &asked {
        told(&house, answer).await.says(sentence);
    }
}

#[tokio::test]
async fn what_a_connection_was_refused_is_found_where_the_connection_belongs() {
    let house = House::quick().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, "customers:readonly").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    house.refresh("oauth_public", refresh).await;
    house.advance(120);
    let replayed = house.refresh("oauth_public", refresh).await;
    assert_eq!(replayed.status, StatusCode::BAD_REQUEST);
    told(&house, &replayed).await.says("A refresh token that was used before came again");
}

#[tokio::test]
async fn a_firms_call_that_names_no_company_is_the_firms_affair() {
    let house = House::quick().await;
    let tokens = house.tokens("oauth_public", "partner", &house.firm(), "customers:readonly").await;
    let answer = house.call(tokens["access_token"].as_str().unwrap(), "/customers").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    told_in(&house, "partner", &house.firm(), &answer).await.says("must name one");
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let page = owner.get(&format!("{ACTIVITY}/{}", reference(&answer))).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_of_many_equal_refusals_is_found_by_its_own_reference() {
    let house = House::quick().await;
    let mut references = Vec::new();
    for _ in 0..10 {
        let answer = house.grant("api_credentials", &[("scope", "nonsense:all")]).await;
        references.push(reference(&answer));
    }
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    // The time that signing in took may have been a minute.
    for reference in &references {
        let page = owner.get(&format!("{ACTIVITY}/{reference}")).await;
        assert_eq!(page.status, StatusCode::OK, "before it is written down: {reference}");
    }
    house.advance(61);
    house.ops.flush().await.unwrap();
    let entries = house.ops.audit_entries(None, 100).unwrap();
    let refused = entries.iter().filter(|entry| entry.event.kind == EventKind::TokenRefused);
    assert_eq!(refused.map(|entry| entry.event.count).collect::<Vec<_>>(), [9, 1]);
    for reference in &references {
        let page = owner.get(&format!("{ACTIVITY}/{reference}")).await;
        assert_eq!(page.status, StatusCode::OK, "after it was written down: {reference}");
    }
}

/// What was counted in the last thirty days.
fn counted(house: &House, place: &str, kind: Option<&str>) -> (u64, u64, u64, u64) {
    let app = kind.map(|kind| house.app(kind).client_id.parse().unwrap());
    let days = house.ops.chart_of(place.parse().unwrap(), app).unwrap();
    assert_eq!(days.len(), 30);
    let mut sum = Usage::default();
    days.iter().for_each(|day| sum.add(&day.usage));
    let Usage { issued, issue_refused, called, call_refused } = sum;
    (issued.count, issue_refused.count, called.count, call_refused.count)
}

#[tokio::test]
async fn issues_calls_and_refusals_are_counted_and_survive_a_restart() {
    let house = House::on_disk().await;
    let acme = house.company("acme");
    let token = house.client_token().await;
    for _ in 0..3 {
        assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    }
    house.call(&token, "/nothing/here").await;
    house.grant("api_credentials", &[("scope", "nonsense:all")]).await;
    assert_eq!(counted(&house, &acme, Some("api_credentials")), (1, 1, 3, 1), "in memory");
    assert_eq!(counted(&house, &acme, None), (0, 0, 0, 0), "the sum is told once it is written");
    house.ops.flush().await.unwrap();
    assert_eq!(counted(&house, &acme, Some("api_credentials")), (1, 1, 3, 1));
    house.advance(24 * 3600);
    house.client_token().await;
    house.ops.flush().await.unwrap();
    let house = house.restarted(&[]);
    assert_eq!(counted(&house, &acme, Some("api_credentials")), (2, 1, 3, 1));
    assert_eq!(counted(&house, &acme, None), (2, 1, 3, 1), "the sum of the company");
    assert_eq!(counted(&house, &house.company("bakery"), None), (0, 0, 0, 0));
    house.advance(31 * 24 * 3600);
    assert_eq!(counted(&house, &acme, None), (0, 0, 0, 0), "too long ago");
}

#[tokio::test]
async fn a_call_through_a_firm_counts_for_the_firm_and_for_the_company() {
    let house = House::quick().await;
    let bakery = house.company("bakery");
    let tokens = house.tokens("oauth_public", "partner", &house.firm(), "customers:readonly").await;
    let token = tokens["access_token"].as_str().unwrap();
    let answer = house.call_with(token, "/customers", &[("x-company-id", &bakery)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let refused = house.call_with(token, "/products", &[("x-company-id", &bakery)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    house.ops.flush().await.unwrap();
    assert_eq!(counted(&house, &bakery, Some("oauth_public")), (0, 0, 1, 1));
    assert_eq!(counted(&house, &house.firm(), Some("oauth_public")), (1, 0, 1, 1));
    assert_eq!(counted(&house, &house.company("acme"), None), (0, 0, 0, 0));
}

#[tokio::test]
async fn the_chart_shows_what_was_counted() {
    let house = House::quick().await;
    let token = house.client_token().await;
    for _ in 0..4 {
        house.call(&token, "/customers").await;
    }
    house.ops.flush().await.unwrap();
    let mut owner = opened(&house, "owner", &house.company("acme")).await;
    let page = owner.get(ACTIVITY).await.body;
    let tables: Vec<&str> = page.split("<table class=\"numbers\">").skip(1).collect();
    let last = |table: &str| -> Vec<String> {
        let row = table.split("</table>").next().unwrap().rsplit("<tr>").next().unwrap().to_owned();
        row.split("<td>").skip(1).map(|cell| cell.split('<').next().unwrap().to_owned()).collect()
    };
    assert_eq!(last(tables[0]), ["4", "0"]);
    assert_eq!(last(tables[1]), ["1", "0"]);
}
