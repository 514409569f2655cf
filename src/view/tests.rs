//! Every page in every state: rendered strictly and held to what the floor promises.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

use minijinja::Value;
use minijinja::value::Serde;

use crate::view::assets;
use crate::view::markup::Tag;
use crate::view::markup::tags;
use crate::view::pages::*;
use crate::view::renderer::ENGLISH;
use crate::view::renderer::Views;
use crate::view::texts::Texts;

/// A sample, rendered, and the same with every text replaced by hostile markup.
struct Rendered {
    name: String,
    html: String,
    hostile: String,
}

fn all_pages() -> Vec<Rendered> {
    rendered_with(&Views::new().unwrap())
}

fn rendered_with(views: &Views) -> Vec<Rendered> {
    let mut all = Vec::new();
    samples_of::<Consent>(views, &mut all);
    samples_of::<EnrolTotp>(views, &mut all);
    samples_of::<ErrorPage>(views, &mut all);
    samples_of::<Home>(views, &mut all);
    samples_of::<RecoveryCodes>(views, &mut all);
    samples_of::<Setup>(views, &mut all);
    samples_of::<SignIn>(views, &mut all);
    samples_of::<Verify>(views, &mut all);
    all
}

fn samples_of<P: Page>(views: &Views, all: &mut Vec<Rendered>) {
    let page = P::TEMPLATE.trim_start_matches("pages/").trim_end_matches(".html");
    for (name, sample) in P::samples() {
        let name = format!("{page}-{name}");
        let html = views.render(&sample).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let mut values = serde_json::to_value(&sample).unwrap();
        spoil(&mut values);
        let hostile = views.render_value(P::TEMPLATE, Value::from(Serde(values))).unwrap();
        all.push(Rendered { name, html, hostile });
    }
}

const HOSTILE: &str = r#""'><img src=x onerror=alert(1)></title></script>{{ 7919*7907 }}&lt;"#;

/// Puts hostile markup into every text of a page, leaving the words of its enums.
fn spoil(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if !is_word_of_an_enum(text) => text.push_str(HOSTILE),
        serde_json::Value::Array(items) => items.iter_mut().for_each(spoil),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(spoil),
        _ => {}
    }
}

fn is_word_of_an_enum(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

/// Runs `check` on all pages, naming the one that fails.
fn on_each(check: impl Fn(&str, &[Tag])) {
    for page in all_pages() {
        check(&page.name, &tags(&page.html));
    }
}

#[test]
fn every_page_is_one_well_formed_document_with_one_heading_and_a_title() {
    on_each(|name, tags| {
        for (element, count) in [("html", 1), ("h1", 1), ("title", 1), ("main", 1)] {
            assert_eq!(
                tags.iter().filter(|tag| tag.name == element).count(),
                count,
                "{name} {element}"
            );
        }
        assert!(tags.iter().any(|tag| tag.name == "html" && tag.is("lang", "en")), "{name}");
        assert!(
            tags.iter().any(|tag| tag.name == "title" && !tag.text.starts_with(" –")),
            "{name}"
        );
    });
}

#[test]
fn no_page_needs_more_than_the_strictest_content_security_policy() {
    on_each(|name, tags| {
        for tag in tags {
            assert_ne!(tag.name, "style", "{name}");
            assert!(
                tag.name != "script" || (tag.get("src").is_some() && tag.text.is_empty()),
                "{name}"
            );
            for attribute in tag.attributes.keys() {
                let inline = attribute == "style" || attribute.starts_with("on");
                assert!(!inline, "{name}: <{} {attribute}>", tag.name);
            }
        }
    });
}

#[test]
fn no_page_leads_or_posts_outside_this_server() {
    on_each(|name, tags| {
        for tag in tags {
            for attribute in ["href", "src", "action", "formaction", "poster", "data", "srcset"] {
                let Some(target) = tag.get(attribute) else { continue };
                let inside = target.starts_with('#')
                    || (target.starts_with('/') && !target.starts_with("//"));
                assert!(inside, "{name}: <{} {attribute}={target}>", tag.name);
            }
        }
    });
}

#[test]
fn pages_refer_to_assets_that_are_served() {
    on_each(|name, tags| {
        for tag in tags {
            for target in [tag.get("href"), tag.get("src")].into_iter().flatten() {
                let served = !target.starts_with("/assets/") || assets::at(target).is_some();
                assert!(served, "{name}: {target}");
            }
        }
    });
}

#[test]
fn ids_are_unique_and_every_reference_has_its_target() {
    on_each(|name, tags| {
        let ids: Vec<&str> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        for tag in tags {
            for attribute in ["for", "form", "aria-describedby", "aria-labelledby", "data-letters"]
            {
                for id in
                    tag.get(attribute).unwrap_or_default().split(' ').filter(|id| !id.is_empty())
                {
                    assert!(unique.contains(id), "{name}: <{} {attribute}={id}>", tag.name);
                }
            }
            if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix('#')) {
                assert!(unique.contains(id), "{name}: #{id}");
            }
        }
    });
}

#[test]
fn every_field_has_a_label() {
    on_each(|name, tags| {
        let labelled: BTreeSet<&str> = tags
            .iter()
            .filter(|tag| tag.name == "label")
            .filter_map(|tag| tag.get("for"))
            .collect();
        let fields = tags.iter().filter(|tag| {
            ["input", "select", "textarea"].contains(&tag.name.as_str())
                && !tag.is("type", "hidden")
        });
        for field in fields {
            let id = field.get("id").unwrap_or_default();
            assert!(labelled.contains(id), "{name}: <{} id={id}>", field.name);
        }
    });
}

#[test]
fn every_form_posts_with_exactly_one_token() {
    on_each(|name, tags| {
        for (at, form) in tags.iter().enumerate().filter(|(_, tag)| tag.name == "form") {
            assert!(form.is("method", "post"), "{name}");
            let tokens = tags
                .iter()
                .filter(|tag| tag.inside_form == Some(at) && tag.is("name", "csrf"))
                .count();
            assert_eq!(tokens, 1, "{name}: {:?}", form.get("action"));
        }
    });
}

#[test]
fn a_page_with_an_error_says_so_in_its_title_and_moves_the_focus_to_it() {
    on_each(|name, tags| {
        let focused: Vec<&Tag> =
            tags.iter().filter(|tag| tag.attributes.contains_key("autofocus")).collect();
        assert!(focused.len() <= 1, "{name}: two want the focus");
        assert!(focused.iter().all(|tag| tag.name != "button"), "{name}: a button has the focus");
        let wrong = tags.iter().any(|tag| tag.is("aria-invalid", "true"));
        let summary = focused.iter().any(|tag| tag.is("role", "group"));
        assert!(!wrong || summary, "{name}: a faulty field, and no summary");
    });
}

#[test]
fn what_a_page_carries_never_becomes_markup() {
    for page in all_pages() {
        let shape = |html: &str| -> Vec<(String, Vec<String>)> {
            tags(html)
                .into_iter()
                .map(|tag| (tag.name, tag.attributes.into_keys().collect()))
                .collect()
        };
        assert_eq!(shape(&page.html), shape(&page.hostile), "{}", page.name);
        assert!(!page.hostile.contains("<img"), "{}", page.name);
        assert!(!page.hostile.contains("62615533"), "{}: a text was run as a template", page.name);
    }
}

#[test]
fn no_text_is_escaped_twice() {
    for page in all_pages() {
        assert!(!page.html.contains("&amp;"), "{}", page.name);
    }
}

#[test]
fn every_text_of_the_catalogue_is_shown_by_some_page() {
    let said = Arc::new(Mutex::new(BTreeSet::new()));
    let ears = Arc::clone(&said);
    let views = Views::with_listener(move |key| {
        ears.lock().unwrap().insert(key.to_owned());
    })
    .unwrap();
    rendered_with(&views);
    let texts = Texts::parse(ENGLISH).unwrap();
    let said = said.lock().unwrap();
    let unused: Vec<&str> = texts.keys().filter(|key| !said.contains(*key)).collect();
    assert!(unused.is_empty(), "nothing shows {unused:?}");
}

#[test]
fn templates_hold_no_text_of_their_own() {
    for (name, source) in crate::view::renderer::TEMPLATES {
        let mut words = String::new();
        let mut rest = *source;
        while let Some((before, after)) = rest.split_once(['<', '{']) {
            words.push_str(before);
            let opened = rest.as_bytes()[before.len()];
            rest = match (opened, after.as_bytes().first()) {
                (b'{', Some(b'{')) => after.split_once("}}").unwrap().1,
                (b'{', Some(b'#')) => after.split_once("#}").unwrap().1,
                (b'{', _) => after.split_once("%}").unwrap().1,
                _ => end_of_tag(after),
            };
        }
        // A macro may write an attribute: that is not text.
        let texts: Vec<&str> = words
            .split_whitespace()
            .filter(|word| !word.contains("=\"") && word.chars().any(char::is_alphabetic))
            .collect();
        assert!(texts.is_empty(), "{name}: {texts:?}");
    }
}

/// What follows the tag, stepping over the template's own expressions inside it.
fn end_of_tag(mut rest: &str) -> &str {
    loop {
        let (before, after) = rest.split_once(['>', '{']).unwrap();
        if rest.as_bytes()[before.len()] == b'>' {
            return after;
        }
        let end = if after.starts_with('{') { "}}" } else { "%}" };
        rest = after.split_once(end).unwrap().1;
    }
}

#[test]
#[ignore = "writes pages for looking at"]
fn writes_all_samples() {
    let folder = std::env::temp_dir().join("countersign-pages");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for asset in assets::all() {
        std::fs::write(folder.join(asset.path.trim_start_matches('/')), asset.body).unwrap();
    }
    for page in all_pages() {
        let html = page.html.replace("\"/assets/", "\"assets/");
        std::fs::write(folder.join(format!("{}.html", page.name)), html).unwrap();
    }
}
