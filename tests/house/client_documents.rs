//! Clients that are known by the URL of a document: what the well-known ones publish is taken, and
//! nothing that a document does or says reaches further than its own consent page.

use countersign::app::sandbox_guide::GuideApp;
use countersign::domain::audit::EventKind;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::Page;
use crate::harness::Signer;
use crate::harness::VERIFIER;

const URL: &str = "https://app.example/oauth/client.json";
const BACK: &str = "https://app.example/callback";
const SCOPE: &str = "customers:readonly";

/// The documents of well-known clients: their URL, what stands in it, where they are sent back to.
fn well_known() -> Vec<(&'static str, Value, &'static str)> {
    let document = |url: &str, name: &str, redirect_uris: Value| {
        json!({
            "client_id": url, "client_name": name, "redirect_uris": redirect_uris,
            "client_uri": "https://elsewhere.example", "logo_uri": "https://cdn.example/logo.svg",
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"], "token_endpoint_auth_method": "none",
            "application_type": "native", "software_id": "x", "scope": "everything",
        })
    };
    let claude = "https://claude.ai/oauth/mcp-oauth-client-metadata";
    let code = "https://claude.ai/oauth/claude-code-client-metadata";
    let vscode = "https://vscode.dev/oauth/client-metadata.json";
    vec![
        (
            claude,
            document(
                claude,
                "Claude",
                json!([
                    "https://claude.ai/api/mcp/auth_callback",
                    "https://claude.com/api/mcp/auth_callback"
                ]),
            ),
            "https://claude.ai/api/mcp/auth_callback",
        ),
        (
            code,
            document(
                code,
                "Claude Code",
                json!(["http://localhost/callback", "http://127.0.0.1/callback"]),
            ),
            "http://localhost:54321/callback",
        ),
        (
            vscode,
            document(
                vscode,
                "Visual Studio Code",
                json!([
                    "https://vscode.dev/redirect",
                    "https://insiders.vscode.dev/redirect",
                    "http://127.0.0.1/",
                    "http://127.0.0.1:33418/",
                    "vscode://vscode.mcp/redirect",
                ]),
            ),
            "http://127.0.0.1:33418/",
        ),
    ]
}

async fn elsewhere() -> Elsewhere {
    Elsewhere::of(&["app.example", "claude.ai", "vscode.dev", "other.example"]).await
}

fn document(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({"client_id": URL, "client_name": "An App", "redirect_uris": [BACK]});
    change(&mut document);
    document
}

fn of_house(house: &mut House, kind: &str, url: &str) {
    let (kind, client_id) = (kind.to_owned(), url.to_owned());
    house.guide.apps.push(GuideApp { kind, client_id, ..GuideApp::default() });
}

/// A house in which the client at [`URL`] is called `app`.
async fn house(elsewhere: &Elsewhere, settings: &[(&str, &str)]) -> House {
    let mut house = House::beside(elsewhere, settings).await;
    of_house(&mut house, "app", URL);
    house
}

fn asking(house: &House, kind: &str, back: &str) -> String {
    house.authorize_url(kind, &[("redirect_uri", back), ("scope", SCOPE)])
}

/// From the first request to the tokens.
async fn connect(house: &House, kind: &str, back: &str) -> Answer {
    let mut browser = house.signed_in("owner").await;
    let answer = browser.allow(&asking(house, kind, back), &house.company("acme"), None).await;
    let code = answer.redirected("code").unwrap_or_else(|| panic!("{answer:?}"));
    house.redeem_with(kind, &code, &[("redirect_uri", back)]).await
}

fn apps(house: &House) -> usize {
    house.ops.apps().unwrap().len()
}

/// That the answer is a page of ours which leads nowhere.
fn assert_page(answer: &Answer, says: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(answer.header("location"), "");
    assert!(answer.body.contains(says), "{says}: {}", answer.body);
    assert!(!answer.body.contains("app.example"), "nothing that was sent is shown");
}

const UNUSABLE: &str = "description cannot be used";

#[tokio::test]
async fn well_known_clients_connect_by_their_documents_and_are_named_by_their_url() {
    let elsewhere = elsewhere().await;
    for (url, document, back) in well_known() {
        elsewhere.put(url, Page::json(&document));
        let mut house = House::beside(&elsewhere, &[]).await;
        of_house(&mut house, "it", url);
        let tokens = connect(&house, "it", back).await;
        assert_eq!(tokens.status, StatusCode::OK, "{url}: {tokens:?}");
        let me = house.call(&tokens.text("access_token"), "/me").await;
        assert_eq!(me.json()["app"]["client_id"], url);
        let refreshed = house.refresh("it", &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{url}: {refreshed:?}");
    }
}

#[tokio::test]
async fn the_consent_page_says_that_nobody_here_knows_the_client_and_where_it_comes_from() {
    let elsewhere = elsewhere().await;
    let claims = document(|document| {
        document["client_uri"] = json!("https://your-bank.example");
        document["logo_uri"] = json!("https://app.example/logo.png");
        document["redirect_uris"] = json!(["https://other.example/callback"]);
    });
    elsewhere.put(URL, Page::json(&claims));
    let house = house(&elsewhere, &[]).await;
    let mut browser = house.signed_in("owner").await;
    let (_, page) =
        browser.consent_page(&asking(&house, "app", "https://other.example/callback")).await;
    for shown in
        ["“<bdi>An App</bdi>”", "app.example", "other.example", "Unregistered", "registered itself"]
    {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for not in ["your-bank", "logo.png", "Reviewed"] {
        assert!(!page.body.contains(not), "{not}");
    }
    assert_eq!(elsewhere.asked().len(), 1, "the document and nothing else was fetched");
}

#[tokio::test]
async fn a_document_that_cannot_be_used_leads_to_a_page_and_never_to_a_redirect() {
    let elsewhere = elsewhere().await;
    let house = house(&elsewhere, &[]).await;
    let json = "content-type: application/json\r\n";
    let wrong = |name: &str, value: Value| Page::json(&document(|document| document[name] = value));
    let large = document(|document| document["x"] = json!("x".repeat(6000)));
    let before = house.ops.audit_entries(None, 1).unwrap()[0].sequence;
    for (what, reply) in [
        ("another client_id", wrong("client_id", json!("https://app.example/oauth/other.json"))),
        ("no name", wrong("client_name", Value::Null)),
        ("a name that misleads", wrong("client_name", json!("Bank\u{202e}"))),
        ("a hostile redirect URI", wrong("redirect_uris", json!([BACK, "javascript:alert(1)"]))),
        ("no redirect URI", wrong("redirect_uris", json!([]))),
        ("a secret", wrong("client_secret", json!("s"))),
        ("a shared secret", wrong("token_endpoint_auth_method", json!("client_secret_basic"))),
        ("too much", Page::json(&large)),
        ("no JSON", Page::of(200, json, b"<html>")),
        (
            "a page",
            Page::of(200, "content-type: text/html\r\n", document(|_| {}).to_string().as_bytes()),
        ),
        ("a redirect", Page::of(302, "location: https://other.example/\r\n", b"")),
        ("nothing", Page::of(404, json, b"{}")),
        ("a failure", Page::of(500, json, b"{}")),
        ("rubbish", Page::Bytes(b"rubbish".to_vec())),
    ] {
        elsewhere.put(URL, reply);
        let answer = house.get(&asking(&house, "app", BACK)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}: {answer:?}");
        assert_page(&answer, UNUSABLE);
    }
    let after = house.ops.audit_entries(None, 1).unwrap()[0].sequence;
    assert_eq!((after, apps(&house)), (before, house.guide.apps.len() - 1), "and leaves nothing");
    // No failure is kept: once it is mended it is taken.
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let answer = house.get(&asking(&house, "app", BACK)).await;
    assert!(answer.location().starts_with("/consent/"));
}

#[tokio::test]
async fn a_client_id_that_is_no_url_of_a_document_is_fetched_from_nowhere() {
    let elsewhere = elsewhere().await;
    let house = house(&elsewhere, &[]).await;
    for id in [
        "https://app.example",
        "https://app.example/",
        "https://user@app.example/a",
        "https://app.example/a#b",
        "https://app.example/a/../b",
        "https://APP.example/a",
        "https://app.example:443/a",
        "https://",
    ] {
        let url = house.authorize_url("app", &[("client_id", id), ("redirect_uri", BACK)]);
        assert_page(&house.get(&url).await, UNUSABLE);
    }
    for id in ["http://app.example/a", "HTTPS://app.example/a", "//app.example/a"] {
        let url = house.authorize_url("app", &[("client_id", id), ("redirect_uri", BACK)]);
        assert_page(&house.get(&url).await, "not known here");
    }
    assert!(elsewhere.asked().is_empty() && elsewhere.resolver.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_document_is_kept_for_five_minutes_to_an_hour_as_its_server_says() {
    let elsewhere = elsewhere().await;
    let house = house(&elsewhere, &[]).await;
    let body = document(|_| {}).to_string();
    for (cache, fresh, over) in [
        ("", 299, 1),
        ("cache-control: no-store\r\n", 299, 1),
        ("cache-control: max-age=5\r\n", 299, 1),
        ("cache-control: private, max-age=1800\r\n", 1799, 1),
        ("cache-control: max-age=31536000\r\n", 3599, 1),
    ] {
        let headers = format!("content-type: application/json\r\n{cache}");
        elsewhere.put(URL, Page::of(200, &headers, body.as_bytes()));
        let before = elsewhere.asked().len();
        house.get(&asking(&house, "app", BACK)).await.location();
        house.advance(fresh);
        house.get(&asking(&house, "app", BACK)).await.location();
        assert_eq!(elsewhere.asked().len(), before + 1, "{cache}");
        house.advance(over);
        house.get(&asking(&house, "app", BACK)).await.location();
        assert_eq!(elsewhere.asked().len(), before + 2, "{cache}");
        house.advance(3600);
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_client_until_somebody_allows_it_access() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let house = house(&elsewhere, &[]).await;
    let created =
        || house.happened(500).iter().filter(|kind| **kind == EventKind::AppCreated).count();
    let (before, written) = (apps(&house), created());
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&asking(&house, "app", BACK)).await;
    let cancelled = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    assert_eq!(cancelled.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(apps(&house), before, "opened and cancelled");
    assert_eq!(house.ops.audit_entries(None, 1).unwrap()[0].event.app, None);
    for kept in [1, 1] {
        assert_eq!(connect(&house, "app", BACK).await.status, StatusCode::OK);
        assert_eq!(apps(&house), before + kept, "one app, however often it is allowed");
    }
    assert_eq!(created(), written + 1, "and written down once");
}

#[tokio::test]
async fn a_client_with_a_document_has_no_other_name() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let mut house = house(&elsewhere, &[]).await;
    let tokens = connect(&house, "app", BACK).await;
    let id = house.ops.find_app(URL).unwrap().id.to_string();
    of_house(&mut house, "by id", &id);
    let refused = house.refresh("by id", &tokens.text("refresh_token")).await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
    assert_page(&house.get(&asking(&house, "by id", BACK)).await, "not known here");
    let never = house.post(
        "/oauth/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("client_id", "https://app.example/never"),
        ],
    );
    assert_eq!(never.await.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(elsewhere.asked().len(), 1, "the token endpoint fetches for no stranger");
}

#[tokio::test]
async fn the_policy_says_which_documents_are_taken_and_is_asked_at_every_grant() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let off = house(&elsewhere, &[("clients.metadata_documents", "off")]).await;
    assert_page(&off.get(&asking(&off, "app", BACK)).await, "not known here");
    for (listed, taken) in [
        ("https://app.example/oauth/", true),
        ("https://app.example/oauth/client.json", true),
        ("https://app.example/other/", false),
        ("https://other.example/", false),
        ("", false),
    ] {
        let list =
            [("clients.metadata_documents", "allow_list"), ("clients.allowed_documents", listed)];
        let house = house(&elsewhere, &list).await;
        let answer = house.get(&asking(&house, "app", BACK)).await;
        if taken {
            assert!(answer.location().starts_with("/consent/"), "{listed}");
        } else {
            assert_page(&answer, UNUSABLE);
        }
    }
    assert_eq!(elsewhere.asked().len(), 2, "only what is allowed is fetched");

    let mut house = House::on_disk_beside(&elsewhere).await;
    of_house(&mut house, "app", URL);
    let tokens = connect(&house, "app", BACK).await;
    let house = house.restarted(&[]);
    let refused = house.refresh("app", &tokens.text("refresh_token")).await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a_pinned_document_is_used_as_it_is_and_never_fetched() {
    let elsewhere = elsewhere().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.json");
    std::fs::write(&file, document(|_| {}).to_string()).unwrap();
    // There is one to be found as well.
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let settings = [
        ("clients.metadata_documents", "allow_list"),
        ("clients.pinned_documents", file.to_str().unwrap()),
    ];
    let house = house(&elsewhere, &settings).await;
    let tokens = connect(&house, "app", BACK).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    house.advance(7200);
    assert!(house.get(&asking(&house, "app", BACK)).await.location().starts_with("/consent/"));
    assert!(elsewhere.asked().is_empty() && elsewhere.resolver.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_that_an_administrator_revoked_stays_so_whatever_its_document_says() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let house = house(&elsewhere, &[]).await;
    let tokens = connect(&house, "app", BACK).await;
    let mut open = house.signed_in("owner").await;
    let (path, page) = open.consent_page(&asking(&house, "app", BACK)).await;
    let app = house.ops.find_app(URL).unwrap().id;
    house.ops.revoke_app(app, MACHINE).await.unwrap();
    let code = house.next_code("owner");
    let allowed = open.answer(&page, &path, &house.company("acme"), None, &code).await;
    assert_ne!(allowed.status, StatusCode::SEE_OTHER, "nor by a page that was open before");
    elsewhere.put(URL, Page::json(&document(|document| document["client_name"] = json!("Anew"))));
    house.advance(3600);
    let refused = house.refresh("app", &tokens.text("refresh_token")).await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(
        house.call(&tokens.text("access_token"), "/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    let asked = house.signed_in("owner").await.get(&asking(&house, "app", BACK)).await;
    assert_eq!(asked.redirected("error").as_deref(), Some("unauthorized_client"));
}

#[tokio::test]
async fn a_document_that_changed_counts_from_the_next_request_and_is_shown_to_the_person() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let house = house(&elsewhere, &[]).await;
    let tokens = connect(&house, "app", BACK).await;
    let moved = document(|document| {
        document["client_name"] = json!("Another Name");
        document["redirect_uris"] = json!(["https://other.example/new"]);
    });
    elsewhere.put(URL, Page::json(&moved));
    house.advance(301);
    let former = house.get(&asking(&house, "app", BACK)).await;
    assert_page(&former, "return address does not match");
    let mut browser = house.signed_in("owner").await;
    let new = asking(&house, "app", "https://other.example/new");
    let (_, page) = browser.consent_page(&new).await;
    assert!(page.body.contains("Another Name") && !page.body.contains("An App"));
    assert_eq!(house.ops.find_app(URL).unwrap().name, "An App", "kept is what was allowed last");
    browser.allow(&new, &house.company("acme"), None).await.location();
    assert_eq!(house.ops.find_app(URL).unwrap().name, "Another Name");
    let refreshed = house.refresh("app", &tokens.text("refresh_token")).await;
    assert_eq!(refreshed.status, StatusCode::OK, "who connected before stays connected");
}

#[tokio::test]
async fn a_client_that_proves_itself_in_another_way_than_before_begins_anew() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let house = house(&elsewhere, &[]).await;
    let tokens = connect(&house, "app", BACK).await;
    let key = Signer::p256("one");
    let signing = document(|document| {
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["jwks"] = key.jwks();
    });
    elsewhere.put(URL, Page::json(&signing));
    house.advance(301);
    let refreshed = house.refresh("app", &tokens.text("refresh_token")).await;
    assert_eq!(refreshed.status, StatusCode::OK, "until somebody allows it as it is now");
    let mut browser = house.signed_in("owner").await;
    browser.allow(&asking(&house, "app", BACK), &house.company("acme"), None).await.location();
    let refused = house.refresh("app", &refreshed.text("refresh_token")).await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()), "now it has to sign");
    assert_eq!(
        house.call(&refreshed.text("access_token"), "/me").await.status,
        StatusCode::UNAUTHORIZED,
        "what it held under the former way has ended"
    );
}

#[tokio::test]
async fn a_public_client_pushes_its_request_before_anybody_knows_it() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&document(|_| {})));
    let house = house(&elsewhere, &[]).await;
    let form = [
        ("client_id", URL),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let before = apps(&house);
    let pushed = house.post("/oauth/par", &form).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
    assert_eq!(apps(&house), before);
    let url = format!(
        "/oauth/authorize?{}",
        crate::harness::encoded(&[
            ("client_id", URL),
            ("request_uri", &pushed.text("request_uri"))
        ])
    );
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    let code = browser.allow(&url, &house.company("acme"), None).await.redirected("code").unwrap();
    let more = [("redirect_uri", BACK), ("code_verifier", VERIFIER)];
    assert_eq!(house.redeem_with("app", &code, &more).await.status, StatusCode::OK);
}

#[tokio::test]
async fn documents_and_assertions_are_advertised_only_where_they_are_taken() {
    let elsewhere = elsewhere().await;
    let path = "/.well-known/oauth-authorization-server";
    let off = House::new().await.get(path).await.json();
    assert!(off.get("client_id_metadata_document_supported").is_none());
    assert!(!off.to_string().contains("private_key_jwt"));
    let on = house(&elsewhere, &[]).await.get(path).await.json();
    assert_eq!(on["client_id_metadata_document_supported"], true);
    for endpoint in ["token", "revocation", "introspection"] {
        let methods = &on[format!("{endpoint}_endpoint_auth_methods_supported")];
        assert!(methods.as_array().unwrap().contains(&json!("private_key_jwt")), "{endpoint}");
        let algorithms = &on[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        assert_eq!(*algorithms, json!(["RS256", "ES256"]), "{endpoint}");
    }
}
