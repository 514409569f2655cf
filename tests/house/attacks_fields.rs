//! Attacks with what a person or a client can write: into every field of every form, and under every
//! name that a page of the workspace shows. Generated from the scenes and from the list of routes.
//!
//! L: `nothing_written_into_any_field_…`, `no_name_of_anything_…`, `what_a_program_says_…`,
//! `what_a_clients_document_says_…`

use std::collections::BTreeSet;

use countersign::app::sandbox_guide::GuideApp;
use http::StatusCode;
use serde_json::json;

use crate::activity::ACTIVITY;
use crate::activity::reference;
use crate::attacks_markup::skeleton;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::Page;
use crate::harness::encoded;
use crate::registering::REDIRECT;
use crate::registering::REGISTER;
use crate::registering::asking;
use crate::scenes;
use crate::scenes::Scene;
use crate::worlds;
use crate::worlds::World;

/// What tries to become something else than text, several attempts in each.
const PAYLOADS: &[&str] = &[
    "Zq\"><script>alert(1)</script><img src=x onerror=alert(1)>",
    "Zq'><svg onload=alert(1)></title></textarea></select><b id=x>",
    "Zq\" onmouseover=\"alert(1)\" x='y' autofocus onfocus='alert(1)",
    "javascript:alert(1)//<a href=javascript:alert(1)>Zq</a>",
    "Zq{{ 7*191 }}{% raw %}<%= 7*191 %>${7*191}#{7*191}",
    "Zq&lt;b&gt;&#x3c;b&#x3e;&quot; onload=&quot;alert(1)",
    "Zq\u{2028}\u{2029}\u{202e}\u{0}<!--<b>",
    "Zq\r\nSet-Cookie: x=y\r\nLocation: //evil.example\r\n\r\n<b>",
    "=HYPERLINK(\"//evil.example\";\"Zq\")",
];

/// By what they are found where they are shown.
const START: &str = "Zq";

/// Texts that attack nothing: taken, missing, too long, refused.
const HARMLESS: &[&str] =
    &["Zplain", "", "Zplain\u{200b}", "2026-13-77", "Zplain words, as many as a passphrase has"];

/// Where a form is final: left empty, so that it stays and shows again what stands in the others.
const FINAL: &[&str] = &["code", "password"];

/// Fields that stand in a form for a choice that a scene does not make.
const CHOSEN: &[(&str, &str, &str)] = &[
    ("expires", "never", "reason"),
    ("expires", "on", "expires_on"),
    ("name", "Zq", "typed_name"),
];

/// The elements with attributes of pages that only harmless texts were sent to.
#[derive(Default)]
struct Known(BTreeSet<String>);

impl Known {
    fn learn(&mut self, answer: &Answer) {
        self.0.extend(skeleton(&answer.body));
    }

    /// Whether a page has nothing that these have not, and shows `text` as text.
    fn holds(&self, answer: &Answer, text: &str, what: &str) {
        for element in skeleton(&answer.body) {
            assert!(self.0.contains(&element), "{what} makes <{element}> of {text:?}");
        }
        assert_text(answer, text, what);
    }
}

/// Whether `text` stands on a page as nothing but text, and nowhere in a header.
fn assert_text(answer: &Answer, text: &str, what: &str) {
    let special = text.contains(['<', '"', '\'']);
    assert!(!special || !answer.body.contains(text), "{what} shows {text:?} as it is");
    assert!(!answer.body.contains("1337"), "{what} works out {text:?}");
    for attribute in ["href=\"", "src=\"", "action=\"", "formaction=\""] {
        for target in answer.body.split(attribute).skip(1) {
            let target = target.split('"').next().unwrap().to_lowercase();
            assert!(!target.starts_with("javascript:"), "{what} leads to {target}");
        }
    }
    assert!(!answer.headers.contains_key("x"), "{what}");
    let cookies = answer.headers.get_all("set-cookie");
    assert!(cookies.iter().all(|cookie| cookie.to_str().unwrap().starts_with("__Host-cs_")));
    assert!(!answer.header("location").contains("evil.example"), "{what}: {answer:?}");
}

/// A form of `scene` with `text` in `field`, and nothing that would make it final.
fn with(scene: &Scene, field: &str, text: &str) -> Vec<(String, String)> {
    let mut form = scene.form_with(field, text);
    for (name, value) in &mut form {
        if FINAL.contains(&name.as_str()) && name != field {
            value.clear();
        }
        let chosen = CHOSEN.iter().find(|(of, _, chosen)| of == name && *chosen == field);
        if let Some((_, choice, _)) = chosen {
            *value = (*choice).to_owned();
        }
    }
    form
}

/// The fields of a form, those that a choice adds among them.
fn fields(scene: &Scene) -> BTreeSet<String> {
    let names = || scene.form.iter().map(|(name, _)| name.as_str());
    let added = CHOSEN.iter().filter(|(of, ..)| names().any(|name| name == *of));
    let all = names().chain(added.map(|(_, _, field)| *field));
    all.filter(|name| *name != "csrf").map(str::to_owned).collect()
}

/// The browser of a scene, so that what an answer says to it counts on the next page.
fn browser<'h>(house: &'h House, scene: &Scene) -> Browser<'h> {
    let pairs = scene.cookies.split("; ").filter_map(|pair| pair.split_once('='));
    let cookies = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Browser { house, cookies }
}

/// The answer to a form, and the page that it leads to.
async fn answers(house: &House, scene: &Scene, form: &[(String, String)]) -> Vec<Answer> {
    let mut browser = browser(house, scene);
    let form: Vec<(&str, &str)> =
        form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = browser.post(&scene.action, &form).await;
    let next = answer.header("location").to_owned();
    let leads_here = answer.status == StatusCode::SEE_OTHER && next.starts_with('/');
    let mut answers = vec![answer];
    if leads_here {
        answers.push(browser.get(&next).await);
    }
    answers
}

#[tokio::test]
async fn nothing_written_into_any_field_of_any_form_becomes_markup() {
    let house = House::quick().await;
    let mut known = Known::default();
    let long = format!("Zq{}", "<b>".repeat(800));
    let payloads: Vec<&str> = PAYLOADS.iter().copied().chain([long.as_str()]).collect();
    let (mut tried, mut shown) = (0, 0);
    for path in scenes::all() {
        // What was guessed wrong in the form before is no longer held against anybody.
        house.advance(3600);
        let scene = scenes::set(&house, &path).await;
        for field in fields(&scene) {
            for text in HARMLESS {
                for answer in answers(&house, &scene, &with(&scene, &field, text)).await {
                    known.learn(&answer);
                }
            }
            for text in &payloads {
                let what = format!("{field} of {path}");
                for answer in answers(&house, &scene, &with(&scene, &field, text)).await {
                    known.holds(&answer, text, &what);
                    shown += usize::from(answer.body.contains(START));
                }
            }
            tried += 1;
        }
    }
    assert!(tried > 150 && shown > 500, "only {tried} fields, shown {shown} times");
}

/// Names that are taken: short enough, and with nothing that hides.
fn names() -> impl Iterator<Item = &'static str> {
    let short = |name: &&str| name.chars().count() <= 60 && !name.chars().any(char::is_control);
    let more = ["Zq</td></tr></table><td>", "Zq</option></select><b>"].into_iter();
    let hides = |name: &&str| !name.contains(['\u{2028}', '\u{202e}']);
    PAYLOADS.iter().copied().chain(more).filter(short).filter(hides)
}

/// Whether an answer is a file that no browser shows, with no formula in it.
fn assert_file(answer: &Answer) {
    assert!(answer.header("content-disposition").starts_with("attachment"), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let is_csv = answer.header("content-type").starts_with("text/csv");
    for line in answer.body.lines().filter(|_| is_csv) {
        let formula = line.starts_with("\"=") || line.contains(",\"=");
        assert!(!formula, "a spreadsheet would run {line}");
    }
}

/// Every page of the workspace in a house where all of a world is called `name`.
async fn pages_of(name: &str) -> Vec<(String, Answer)> {
    let mut house = House::quick().await;
    let acme = house.company("acme");
    let world = World::called(name, &mut house, acme.clone(), None, "owner").await;
    let mut browser = house.signed_in("owner").await;
    browser.cookies.insert("__Host-cs_place".to_owned(), acme);
    let mut pages = Vec::new();
    for route in worlds::workspace().filter(|route| route.method == "GET") {
        let answer = browser.get(&world.filled(&route.path)).await;
        if route.path.contains("/activity/export.") {
            assert_file(&answer);
        } else {
            pages.push((route.path, answer));
        }
    }
    pages
}

#[tokio::test]
async fn no_name_of_anything_becomes_markup_on_any_page_of_the_workspace() {
    let harmless = pages_of("Zplain").await;
    for name in names() {
        let shown = assert_alike(name, &pages_of(name).await, &harmless);
        assert!(shown > 25, "{name} is shown on {shown} pages alone");
    }
}

/// Whether pages that show `name` are built as those that show a harmless one; on how many it stands.
fn assert_alike(name: &str, hostile: &[(String, Answer)], harmless: &[(String, Answer)]) -> usize {
    let first = name.split(['<', '"', '\'', '&', '=']).find(|part| !part.is_empty()).unwrap();
    let mut shown = 0;
    assert_eq!(hostile.len(), harmless.len());
    for ((path, hostile), (_, harmless)) in hostile.iter().zip(harmless) {
        assert_eq!(hostile.status, harmless.status, "{path}: {name}: {hostile:?}");
        let (built, as_it_should) = (skeleton(&hostile.body), skeleton(&harmless.body));
        assert_eq!(built, as_it_should, "{path} of {name}: {}", hostile.body);
        assert_text(hostile, name, path);
        shown += usize::from(hostile.body.contains(first));
    }
    shown
}

/// The pages that tell of a program which calls itself `text` and sends it wherever something is sent.
async fn pages_about(text: &str) -> Vec<(String, Answer)> {
    let mut house = House::open_to_clients().await;
    let mut said = json!({
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
        "client_name": text,
        "software_id": text,
        "software_version": text,
        "contacts": [text],
    });
    house.lets_in("said", &said).await;
    house.connected("said", REDIRECT).await;
    let mut pages = Vec::new();
    let browser_says = scenes::set(&house, "/sign-in/verify").await;
    let headers = [
        ("cookie", browser_says.cookies.as_str()),
        ("user-agent", text),
        ("accept-language", text),
    ];
    let entered = browser_says.send_with(&house, &browser_says.form, &headers).await;
    assert_eq!(entered.location(), "/");
    let mut browser = browser(&house, &browser_says);
    browser.keep(&entered);
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    for name in ["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "jwks_uri"] {
        said[name] = json!(text);
        let answer = house.send(asking("POST", REGISTER, None, &said.to_string())).await;
        assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
    }
    for name in ["redirect_uri", "scope", "resource", "response_type", "code_challenge", "state"] {
        let url = house.authorize_url("said", &[("redirect_uri", REDIRECT), (name, text)]);
        let refused = browser.get(&url).await;
        let about = browser.get(&format!("{ACTIVITY}/{}", reference(&refused))).await;
        pages.push((format!("authorize with {name}"), refused));
        pages.push((format!("what is told of {name}"), about));
    }
    let refused = house.grant("api_credentials", &[("scope", text)]).await;
    pages.push((
        "what is told of a scope".to_owned(),
        browser.get(&format!("{ACTIVITY}/{}", reference(&refused))).await,
    ));
    let url = house.authorize_url("said", &[("redirect_uri", REDIRECT), ("state", "s")]);
    pages.push(("consent".to_owned(), browser.consent_page(&url).await.1));
    let app = house.app("said").client_id.clone();
    let connection = house.ops.connections().unwrap().pop().unwrap().id;
    let asked = |path: &str, names: &[&str]| {
        let pairs: Vec<(&str, &str)> = names.iter().map(|name| (*name, text)).collect();
        format!("{path}?{}", encoded(&pairs))
    };
    let list = "/settings/app-connect/oauth-connections";
    for path in [
        format!("/settings/app-connect/oauth-apps/{app}"),
        format!("/settings/app-connect/oauth-apps/{app}/block"),
        format!("{list}/{connection}"),
        asked(ACTIVITY, &["app", "person", "what", "outcome", "from", "to", "of"]),
        asked(&format!("{ACTIVITY}/reference"), &["reference"]),
        asked(list, &["q", "status", "sort", "owner"]),
        asked("/settings/app-connect/api-credentials", &["q", "status", "sort", "owner"]),
        asked("/settings/app-connect/api-credentials/create", &["template"]),
        ACTIVITY.to_owned(),
        "/settings/security".to_owned(),
        "/settings/app-connect/reviews".to_owned(),
        "/settings/app-connect".to_owned(),
    ] {
        let answer = browser.get(&path).await;
        pages.push((path, answer));
    }
    pages
}

#[tokio::test]
async fn what_a_program_says_of_itself_and_sends_never_becomes_markup_where_people_read_it() {
    let harmless = pages_about("Zplain").await;
    for text in names() {
        let shown = assert_alike(text, &pages_about(text).await, &harmless);
        assert!(shown > 5, "{text} is shown on {shown} pages alone");
    }
}

#[tokio::test]
async fn what_a_clients_document_says_never_becomes_markup_on_the_consent_page() {
    let elsewhere = Elsewhere::of(&["app.example"]).await;
    let mut house = House::beside(&elsewhere, &[]).await;
    let mut pages = Vec::new();
    for (number, name) in ["Zplain"].into_iter().chain(names()).enumerate() {
        let url = format!("https://app.example/oauth/{number}.json");
        let document = json!({
            "client_id": url, "client_name": name, "redirect_uris": [REDIRECT],
        });
        elsewhere.put(&url, Page::json(&document));
        let (kind, client_id) = (url.clone(), url);
        house.guide.apps.push(GuideApp { kind, client_id, ..GuideApp::default() });
        pages.push(name);
    }
    let mut browser = house.signed_in("owner").await;
    let mut harmless = Vec::new();
    for (number, name) in pages.into_iter().enumerate() {
        house.advance(60);
        let url = format!("https://app.example/oauth/{number}.json");
        let url = house.authorize_url(&url, &[("redirect_uri", REDIRECT)]);
        let page = vec![("consent".to_owned(), browser.consent_page(&url).await.1)];
        if harmless.is_empty() {
            harmless = page;
        } else {
            assert_eq!(assert_alike(name, &page, &harmless), 1, "{name} is not shown");
        }
    }
}
