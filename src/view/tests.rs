//! Every page in every state: rendered strictly and held to what the floor promises.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

use minijinja::Value;
use minijinja::value::Serde;

use crate::view::assets;
use crate::view::guide::chapter::Chapter;
use crate::view::guide::document::Document;
use crate::view::guide::library::Library;
use crate::view::language::Language;
use crate::view::markup::Tag;
use crate::view::markup::tags;
use crate::view::pages::connect::activity::Activity;
use crate::view::pages::connect::assistants::Integrations;
use crate::view::pages::connect::assistants::McpServer;
use crate::view::pages::connect::check::Check;
use crate::view::pages::connect::choose_kind::ChooseKind;
use crate::view::pages::connect::confirm::Confirm;
use crate::view::pages::connect::connection::Connection;
use crate::view::pages::connect::credential::Credential;
use crate::view::pages::connect::credential_form::AccessForm;
use crate::view::pages::connect::list::AccessList;
use crate::view::pages::connect::oauth_app::OauthApp;
use crate::view::pages::connect::oauth_app_form::OauthAppForm;
use crate::view::pages::connect::oauth_apps::OauthApps;
use crate::view::pages::connect::reference::Reference;
use crate::view::pages::connect::reviews::Reviews;
use crate::view::pages::connect::shown_once::ShownOnce;
use crate::view::pages::connect::through_firm::ThroughFirm;
use crate::view::pages::connect::upkeep_form::UpkeepForm;
use crate::view::pages::settings::company_form::CompanyForm;
use crate::view::pages::settings::data::DataPage;
use crate::view::pages::settings::factors::AddPasskey;
use crate::view::pages::settings::factors::AddTotp;
use crate::view::pages::settings::factors::ChangePassword;
use crate::view::pages::settings::hand_over::HandOver;
use crate::view::pages::settings::people::People;
use crate::view::pages::settings::people::RoleForm;
use crate::view::pages::settings::person::Person;
use crate::view::pages::settings::place_form::PlaceForm;
use crate::view::pages::settings::places::Companies;
use crate::view::pages::settings::places::Firms;
use crate::view::pages::settings::roles::OwnRole;
use crate::view::pages::settings::roles::Roles;
use crate::view::pages::settings::security::Security;
use crate::view::pages::settings::webhook::Webhook;
use crate::view::pages::settings::webhooks::WebhookForm;
use crate::view::pages::settings::webhooks::Webhooks;
use crate::view::pages::*;
use crate::view::renderer::Views;
use crate::view::renderer::catalogue;
use crate::view::texts::Texts;

/// A page in one of its states.
struct Sample {
    name: String,
    template: &'static str,
    values: serde_json::Value,
}

impl Sample {
    fn html(&self, views: &Views, language: Language) -> String {
        let values = Value::from(Serde(&self.values));
        views
            .render_value(language, self.template, values)
            .unwrap_or_else(|fault| panic!("{} in {language:?}: {fault}", self.name))
    }

    /// The same with hostile markup in every text.
    fn spoiled(&self) -> Self {
        let mut values = self.values.clone();
        spoil(&mut values);
        Self { name: self.name.clone(), template: self.template, values }
    }
}

fn samples() -> Vec<Sample> {
    let mut all = Vec::new();
    samples_of::<AccessForm>(&mut all);
    samples_of::<AccessList>(&mut all);
    samples_of::<Activity>(&mut all);
    samples_of::<Check>(&mut all);
    samples_of::<ChooseKind>(&mut all);
    samples_of::<Confirm>(&mut all);
    samples_of::<Connection>(&mut all);
    samples_of::<Consent>(&mut all);
    samples_of::<Credential>(&mut all);
    samples_of::<ShownOnce>(&mut all);
    samples_of::<EnrolTotp>(&mut all);
    samples_of::<ErrorPage>(&mut all);
    samples_of::<GuidePage>(&mut all);
    samples_of::<Home>(&mut all);
    samples_of::<Integrations>(&mut all);
    samples_of::<McpServer>(&mut all);
    samples_of::<OauthApp>(&mut all);
    samples_of::<OauthAppForm>(&mut all);
    samples_of::<OauthApps>(&mut all);
    samples_of::<Join>(&mut all);
    samples_of::<Recover>(&mut all);
    samples_of::<RecoveryCodes>(&mut all);
    samples_of::<Reference>(&mut all);
    samples_of::<Reviews>(&mut all);
    samples_of::<ThroughFirm>(&mut all);
    samples_of::<UpkeepForm>(&mut all);
    samples_of::<DataPage>(&mut all);
    samples_of::<AddPasskey>(&mut all);
    samples_of::<AddTotp>(&mut all);
    samples_of::<ChangePassword>(&mut all);
    samples_of::<HandOver>(&mut all);
    samples_of::<People>(&mut all);
    samples_of::<RoleForm>(&mut all);
    samples_of::<Person>(&mut all);
    samples_of::<PlaceForm>(&mut all);
    samples_of::<CompanyForm>(&mut all);
    samples_of::<Companies>(&mut all);
    samples_of::<Firms>(&mut all);
    samples_of::<OwnRole>(&mut all);
    samples_of::<Roles>(&mut all);
    samples_of::<Security>(&mut all);
    samples_of::<Setup>(&mut all);
    samples_of::<SignIn>(&mut all);
    samples_of::<Verify>(&mut all);
    samples_of::<Webhook>(&mut all);
    samples_of::<WebhookForm>(&mut all);
    samples_of::<Webhooks>(&mut all);
    all
}

fn samples_of<P: Page>(all: &mut Vec<Sample>) {
    let page = P::TEMPLATE.trim_start_matches("pages/").trim_end_matches(".html").replace('/', "-");
    all.extend(P::samples().into_iter().map(|(name, sample)| Sample {
        name: format!("{page}-{name}"),
        template: P::TEMPLATE,
        values: serde_json::to_value(&sample).unwrap(),
    }));
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
    let views = Views::new().unwrap();
    for page in samples() {
        check(&page.name, &tags(&page.html(&views, Language::English)));
    }
}

/// The elements and attributes of a page, without their values.
fn shape(html: &str) -> Vec<(String, Vec<String>)> {
    tags(html).into_iter().map(|tag| (tag.name, tag.attributes.into_keys().collect())).collect()
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
                let inside = target.starts_with(['#', '?'])
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
fn pages_refer_to_sections_of_the_guide_that_are_there() {
    let library = Library::of(Language::English).unwrap();
    let is_there = |path: &str, anchor: &str| {
        let at = |(chapter, _): &(Chapter, &Document)| chapter.path() == path;
        library.chapters().find(at).is_some_and(|(_, document)| {
            anchor.is_empty() || document.sections.iter().any(|section| section.id == anchor)
        })
    };
    let links = Cell::new(0);
    on_each(|name, tags| {
        for link in tags.iter().filter_map(|tag| tag.get("href")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if path.starts_with("/docs") {
                assert!(is_there(path, anchor), "{name}: {link}");
                links.set(links.get() + 1);
            }
        }
    });
    assert!(links.get() > 100);
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
fn every_form_that_posts_has_exactly_one_token_and_one_that_asks_has_none() {
    on_each(|name, tags| {
        for (at, form) in tags.iter().enumerate().filter(|(_, tag)| tag.name == "form") {
            let posts = form.is("method", "post");
            assert!(posts || form.is("method", "get"), "{name}");
            let tokens = tags
                .iter()
                .filter(|tag| tag.inside_form == Some(at) && tag.is("name", "csrf"))
                .count();
            assert_eq!(tokens, usize::from(posts), "{name}: {:?}", form.get("action"));
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
    let views = Views::new().unwrap();
    for page in samples() {
        let hostile = page.spoiled().html(&views, Language::English);
        let harmless = page.html(&views, Language::English);
        assert_eq!(shape(&harmless), shape(&hostile), "{}", page.name);
        let images = |html: &str| html.matches("<img").count();
        assert_eq!(images(&hostile), images(&harmless), "{}", page.name);
        assert!(!hostile.contains("62615533"), "{}: a text was run as a template", page.name);
    }
}

#[test]
fn every_page_is_the_same_document_in_every_language() {
    let views = Views::new().unwrap();
    for page in samples() {
        let english = page.html(&views, Language::English);
        let french = page.html(&views, Language::French);
        assert!(french.contains("<html lang=\"fr\">"), "{}", page.name);
        assert_eq!(shape(&english), shape(&french), "{}", page.name);
    }
}

#[test]
fn a_page_is_rendered_in_the_language_that_is_asked_for_and_else_in_english() {
    let views = Views::new().unwrap();
    let (_, page) = Home::samples().remove(0);
    let english = views.render(&page).unwrap();
    assert!(english.contains("You are signed in"));
    assert_eq!(english, views.render_in(Language::English, &page).unwrap());
    assert!(views.render_in(Language::French, &page).unwrap().contains("Vous êtes connecté"));
}

#[test]
fn no_text_is_escaped_twice() {
    let views = Views::new().unwrap();
    for page in samples() {
        for language in Language::ALL {
            assert!(!page.html(&views, language).contains("&amp;"), "{}", page.name);
        }
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
    for page in samples() {
        page.html(&views, Language::English);
    }
    let texts = Texts::parse(catalogue(Language::English), Language::English).unwrap();
    let said = said.lock().unwrap();
    let unused: Vec<&str> = texts.keys().filter(|key| !said.contains(*key)).collect();
    assert!(unused.is_empty(), "nothing shows {unused:?}");
}

#[test]
fn every_template_is_a_page_or_a_part_of_one_and_uses_what_it_imports() {
    let pages: BTreeSet<&str> = samples().iter().map(|sample| sample.template).collect();
    for (name, source) in crate::view::renderer::TEMPLATES {
        let quoted = format!("\"{name}\"");
        let part = crate::view::renderer::TEMPLATES.iter().any(|(_, text)| text.contains(&quoted));
        assert!(pages.contains(name) || part, "nothing shows {name}");
        for line in source.lines().filter(|line| line.starts_with("{% from ")) {
            let (_, names) = line.split_once(" import ").unwrap();
            for import in names.trim_end_matches("%}").split(',') {
                let import = import.trim().rsplit(' ').next().unwrap();
                let calls = [format!("{import}("), format!("{import})")];
                let used = calls.iter().any(|call| source.contains(call.as_str()));
                assert!(used, "{name} imports {import} and does not use it");
            }
        }
    }
}

#[test]
fn every_class_of_the_style_sheet_is_worn_on_some_page() {
    let mut worn: BTreeSet<String> = BTreeSet::new();
    let views = Views::new().unwrap();
    for page in samples() {
        let html = page.html(&views, Language::English);
        for classes in html.split(" class=\"").skip(1) {
            let classes = classes.split('"').next().unwrap();
            worn.extend(classes.split_whitespace().map(str::to_owned));
        }
    }
    let sheet = assets::all().iter().find(|one| one.path.ends_with(".css")).unwrap();
    let sheet = String::from_utf8_lossy(sheet.body);
    for selectors in sheet.split('}').filter_map(|rule| rule.rsplit_once('{')) {
        let selectors = selectors.0.rsplit("*/").next().unwrap();
        for class in selectors.split('.').skip(1) {
            let name = |letter: char| !letter.is_ascii_alphanumeric() && letter != '-';
            let class = class.split(name).next().unwrap();
            let known = class.is_empty() || worn.contains(class);
            assert!(known || class.starts_with(|first: char| first.is_ascii_digit()), "{class}");
        }
    }
}

#[test]
fn every_label_that_the_documentation_promises_stands_in_the_catalogue() {
    let labels = include_str!("../../docs/ui.md").split("**").skip(1).step_by(2);
    let catalogue = catalogue(Language::English);
    let mut promised = 0;
    for label in labels {
        let label = label.replace("(n)", "({count})").replace(" n ", " {count} ");
        let said = if label.contains('…') {
            // A name stands there.
            label.split('…').all(|part| catalogue.contains(part.trim()))
        } else {
            catalogue.contains(&format!("\"{label}\""))
        };
        assert!(said, "no text says {label}");
        promised += 1;
    }
    assert!(promised > 60, "{promised}");
}

#[test]
fn every_language_says_every_text_with_the_same_placeholders() {
    let of = |language| Texts::parse(catalogue(language), language).unwrap();
    let (english, french) = (of(Language::English), of(Language::French));
    let (english, french) = (english.shape(), french.shape());
    let missing: Vec<&str> =
        english.keys().copied().filter(|key| !french.contains_key(key)).collect();
    assert!(missing.is_empty(), "not in French: {missing:?}");
    for (key, shape) in &french {
        assert_eq!(english.get(key), Some(shape), "{key}");
    }
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
    for inner in ["assets", "fr"] {
        std::fs::create_dir_all(folder.join(inner)).unwrap();
    }
    for asset in assets::all() {
        std::fs::write(folder.join(asset.path.trim_start_matches('/')), asset.body).unwrap();
    }
    let views = Views::new().unwrap();
    let places = [(Language::English, "", "\"assets/"), (Language::French, "fr/", "\"../assets/")];
    for page in samples() {
        for (language, inner, assets) in places {
            let html = page.html(&views, language).replace("\"/assets/", assets);
            std::fs::write(folder.join(format!("{inner}{}.html", page.name)), html).unwrap();
        }
    }
}
