//! The guide: whole in every language, with anchors that are there.

use std::collections::BTreeSet;

use crate::base::clock::Timestamp;
use crate::view::guide::api::ApiDescription;
use crate::view::guide::api::ApiFacts;
use crate::view::guide::api::ApiGroup;
use crate::view::guide::chapter::Chapter;
use crate::view::guide::document::Document;
use crate::view::guide::library::Library;
use crate::view::guide::reason::Reason;
use crate::view::language::Language;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::status::Status;
use crate::view::pages::workspace::Section;

fn library(language: Language) -> Library {
    Library::of(language).unwrap()
}

/// Where links may lead: chapters with all their anchors, and pages beside them.
fn targets(language: Language) -> BTreeSet<String> {
    let mut targets: BTreeSet<String> =
        ["/openapi.json", "/sign-in", "/"].map(str::to_owned).into();
    targets.extend(Section::ALL.map(|section| section.path().to_owned()));
    for (chapter, document) in library(language).chapters() {
        targets.insert(chapter.path().to_owned());
        let anchors = document.sections.iter();
        targets.extend(anchors.map(|section| format!("{}#{}", chapter.path(), section.id)));
    }
    targets
}

#[test]
fn every_link_of_every_chapter_leads_to_what_is_there() {
    for language in Language::ALL {
        let targets = targets(language);
        for (chapter, document) in library(language).chapters() {
            for link in &document.links {
                let whole = match link.strip_prefix('#') {
                    Some(_) => format!("{}{link}", chapter.path()),
                    None => link.clone(),
                };
                assert!(targets.contains(&whole), "{language:?} {}: {link}", chapter.path());
            }
        }
    }
}

#[test]
fn chapters_have_the_same_sections_gaps_and_links_in_every_language() {
    let (english, french) = (library(Language::English), library(Language::French));
    for ((chapter, one), (_, other)) in english.chapters().zip(french.chapters()) {
        let anchors = |document: &Document| -> Vec<(u8, String)> {
            document.sections.iter().map(|section| (section.level, section.id.clone())).collect()
        };
        assert_eq!(anchors(one), anchors(other), "{}", chapter.path());
        assert_eq!(one.slots(), other.slots(), "{}", chapter.path());
        assert_eq!(one.links, other.links, "{}", chapter.path());
        assert_ne!(one.body, other.body, "{} was not translated", chapter.path());
    }
}

#[test]
fn examples_are_the_same_in_every_language() {
    let examples = |chapter: Chapter, language| -> Vec<String> {
        let parts = chapter.source(language).split("```").map(str::to_owned);
        parts.skip(1).step_by(2).collect()
    };
    for chapter in Chapter::ALL {
        let english = examples(chapter, Language::English);
        assert_eq!(english, examples(chapter, Language::French), "{}", chapter.path());
    }
}

#[test]
fn every_reason_has_its_section_and_every_section_its_reason() {
    let library = library(Language::English);
    let errors = library.called(Chapter::Errors.word()).unwrap();
    let sections = errors.sections.iter().filter(|section| section.level == 3);
    let sections: Vec<&str> = sections.map(|section| section.id.as_str()).collect();
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.anchor()).collect();
    let unique: BTreeSet<&str> = reasons.iter().copied().collect();
    assert_eq!(unique.len(), reasons.len());
    assert_eq!(sections.iter().copied().collect::<BTreeSet<_>>(), unique);
}

#[test]
fn every_reason_says_what_to_do_and_who_can_mend_it() {
    for (language, labels) in [
        (Language::English, ["**What to do:**", "**Who can mend it:**"]),
        (Language::French, ["**Que faire\u{a0}:**", "**Qui peut y remédier\u{a0}:**"]),
    ] {
        for section in Chapter::Errors.source(language).split("\n### ").skip(1) {
            for label in labels {
                assert_eq!(section.matches(label).count(), 1, "{language:?} {label}: {section}");
            }
        }
    }
}

#[test]
fn every_state_is_explained() {
    let targets = targets(Language::English);
    let now = Moment::at(Timestamp::from_seconds(1), Timestamp::from_seconds(1));
    for status in [
        Status::Active,
        Status::Idle(31),
        Status::Expiring,
        Status::Expired,
        Status::Rotating(now.clone()),
        Status::Revoked,
        Status::Deleted(now),
        Status::NeedsReconnecting,
        Status::ReviewDue,
        Status::NeedsDelegator,
        Status::Blocked,
        Status::Unreviewed,
        Status::Approved,
        Status::NeverUsed,
    ] {
        let word = serde_json::to_value(&status).unwrap()["kind"].as_str().unwrap().to_owned();
        let anchor = format!("/docs/troubleshooting#status-{}", word.replace('_', "-"));
        assert!(targets.contains(&anchor), "{anchor}");
    }
}

fn everything() -> ApiFacts {
    ApiFacts { issuer: "https://x".to_owned(), api: true, mcp: true, registration: true }
}

#[test]
fn the_description_of_the_api_is_the_same_in_every_language() {
    let description = ApiDescription::new().unwrap();
    let english = description.groups(&everything(), Language::English);
    let french = description.groups(&everything(), Language::French);
    for (one, other) in english.iter().zip(&french) {
        assert_ne!(one.title, other.title);
        let ids = |group: &ApiGroup| -> Vec<String> {
            group.operations.iter().map(|operation| operation.id.clone()).collect()
        };
        assert_eq!(ids(one), ids(other));
    }
}

#[test]
fn what_is_turned_off_is_not_described() {
    let description = ApiDescription::new().unwrap();
    let paths = |facts: &ApiFacts| description.openapi(facts)["paths"].to_string();
    assert!(paths(&everything()).contains("/oauth/register"));
    let nothing = ApiFacts { issuer: "https://x".to_owned(), ..ApiFacts::default() };
    for gone in ["/oauth/register", "/api/external", "/mcp", "/connections", "/forward-auth"] {
        assert!(!paths(&nothing).contains(gone), "{gone}");
    }
    assert!(paths(&nothing).contains("/oauth/token"));
}
