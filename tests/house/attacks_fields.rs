//! Attacks with what a person or a client can write: into every field of every form, and under every
//! name that a page of the workspace shows. Generated from the scenes and from the list of routes.
//!
//! L: `nothing_written_into_any_field_…`, `no_name_of_anything_…`, `what_a_program_says_…`

use std::collections::BTreeSet;

use http::StatusCode;

use crate::attacks_markup::skeleton;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
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
    let mut tried = 0;
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
            for text in PAYLOADS {
                let what = format!("{field} of {path}");
                for answer in answers(&house, &scene, &with(&scene, &field, text)).await {
                    known.holds(&answer, text, &what);
                }
            }
            tried += 1;
        }
    }
    assert!(tried > 150, "only {tried} fields");
}

/// Names that are taken: short enough, and with nothing that hides.
fn names() -> impl Iterator<Item = &'static str> {
    let short = |name: &&str| name.chars().count() <= 60 && !name.chars().any(char::is_control);
    let more = ["Zq</td></tr></table><td>", "Zq</option></select><b>"].into_iter();
    let hides = |name: &&str| !name.contains(['\u{2028}', '\u{202e}']);
    PAYLOADS.iter().copied().chain(more).filter(short).filter(hides)
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
        if !route.path.contains("/activity/export.") {
            let answer = browser.get(&world.filled(&route.path)).await;
            pages.push((route.path, answer));
        }
    }
    pages
}

#[tokio::test]
async fn no_name_of_anything_becomes_markup_on_any_page_of_the_workspace() {
    let harmless = pages_of("Zplain").await;
    for name in names() {
        let first = name.split(['<', '"', '\'', '&', '=']).find(|part| !part.is_empty()).unwrap();
        let mut shown = 0;
        for ((path, hostile), (_, harmless)) in pages_of(name).await.iter().zip(&harmless) {
            assert_eq!(hostile.status, harmless.status, "{path}: {name}");
            assert_eq!(
                skeleton(&hostile.body),
                skeleton(&harmless.body),
                "{path} of {name}: {}",
                hostile.body
            );
            assert_text(hostile, name, path);
            shown += usize::from(hostile.body.contains(first));
        }
        assert!(shown > 25, "{name} is shown on {shown} pages alone");
    }
}
