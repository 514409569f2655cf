//! What keeps secrets from being told by time, files from being reached by a request, and what is released
//! from being weaker than what is tested.

use super::File;
use super::files;
use super::module_of;
use super::source;
use super::source::Source;
use super::source::Token;

/// Calls whose result proves something or is secret. Nothing is compared with one by `==` or `!=`.
const SECRET: [&str; 9] =
    ["expose", "mac", "hmac_sha256", "form_tag", "bind", "tag", "sign", "sign_checkpoint", "check"];
/// Where a comparison in constant time is written: everybody else calls it.
const COMPARERS: [&str; 2] = ["base/secret.rs", "crypto/digest.rs"];
/// Types that hold what proves something: their `==` is written by hand, in constant time, or there is none.
const HOLDERS: [&str; 6] =
    ["Secret", "PlainToken", "HashedToken", "TokenKey", "MasterKey", "PassphraseKey"];
/// Modules that see what a request says, and never a file or a path of one.
const DOORS: [&str; 8] = ["domain", "view", "ops", "http", "oauth", "web", "gateway", "sandbox"];

fn code(file: &File) -> Vec<Token> {
    let source = Source::read(&file.text, super::depth_of(&file.path));
    let tokens = source::tokens(&file.text).into_iter();
    tokens.filter(|token| !source.is_test(token.line)).collect()
}

/// The words of `tokens` on one side of a comparison, up to where its expression ends; `outwards` are the
/// brackets that open and close on the way.
fn side<'a>(tokens: impl Iterator<Item = &'a Token>, outwards: [&str; 2]) -> Vec<&'a str> {
    let ends = ["{", "}", ";", ",", "|", "=", "if", "let", "return", "match", "while"];
    let mut texts = tokens.map(|token| token.text.as_str()).peekable();
    let (mut taken, mut depth) = (Vec::new(), 0_usize);
    while let Some(text) = texts.next() {
        let ends_here = ends.contains(&text) || (text == "&" && texts.peek() == Some(&"&"));
        if text == outwards[0] {
            depth += 1;
        } else if text == outwards[1] && depth > 0 {
            depth -= 1;
        } else if depth == 0 && (ends_here || text == outwards[1]) {
            break;
        }
        taken.push(text);
    }
    taken
}

/// Whether a secret is called for in `words`, written in the order of the source, and not only its length.
fn calls_a_secret(words: &[&str]) -> bool {
    let mut calls = words
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[1] == "(" && SECRET.contains(&pair[0]));
    let of_length = words.contains(&"len") || words.contains(&"is_empty");
    calls.next().is_some() && !of_length
}

/// The lines on which something secret is compared by an operator.
fn compared(tokens: &[Token]) -> Vec<usize> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut lines = Vec::new();
    for at in 1..tokens.len() {
        let is = text(at) == "=" && text(at + 1) == "=" || text(at) == "!" && text(at + 1) == "=";
        if !is || ["=", "<", ">", "!"].contains(&text(at - 1)) {
            continue;
        }
        let mut before = side(tokens[..at].iter().rev(), [")", "("]);
        before.reverse();
        let after = side(tokens[at + 2..].iter(), ["(", ")"]);
        if calls_a_secret(&before) || calls_a_secret(&after) {
            lines.push(tokens[at].line);
        }
    }
    lines
}

/// The types that hold a secret and compare it as the compiler would.
fn derived(tokens: &[Token]) -> Vec<String> {
    let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    let mut found = Vec::new();
    for (at, _) in texts.iter().enumerate().filter(|(_, text)| **text == "struct") {
        let name = texts.get(at + 1).copied().unwrap_or_default();
        let attributes = texts[..at].iter().rev().take_while(|text| !["}", ";"].contains(text));
        if HOLDERS.contains(&name) && attributes.into_iter().any(|text| *text == "PartialEq") {
            found.push(name.to_owned());
        }
    }
    found
}

/// Whether a function or a type is declared, such as `fn bind`.
fn declared(tokens: &[Token], text: &str) -> bool {
    tokens.windows(2).any(|two| format!("{} {}", two[0].text, two[1].text) == text)
}

/// The lines on which a file, or a path to one, is named.
fn files_named(tokens: &[Token]) -> Vec<usize> {
    let paths = tokens.windows(3).filter(|three| {
        let texts = [&three[0], &three[1], &three[2]].map(|token| token.text.as_str());
        matches!(texts, ["std" | "tokio", "::", "fs"] | ["std", "::", "path"])
    });
    paths.map(|three| three[0].line).collect()
}

/// The files of the crate in whose text one of `words` stands at all, and what is not a test in them.
fn files_with(words: &[&str]) -> Vec<(String, Vec<Token>)> {
    let files = files().into_iter().filter(|file| !file.only_for_tests);
    let found = files.filter(|file| words.iter().any(|word| file.text.contains(word)));
    found.map(|file| (file.path.clone(), code(&file))).collect()
}

#[test]
fn what_proves_something_is_compared_in_constant_time_and_by_no_operator() {
    let mut faults = Vec::new();
    let calls = SECRET.map(|name| format!("{name}("));
    let words: Vec<&str> = calls.iter().map(String::as_str).chain(HOLDERS).collect();
    let files = files_with(&words);
    let declares = |text: &str| files.iter().any(|(_, tokens)| declared(tokens, text));
    for name in SECRET.map(|name| ["fn", name]).iter().chain(&HOLDERS.map(|name| ["struct", name]))
    {
        assert!(declares(&name.join(" ")), "there is no `{}`", name.join(" "));
    }
    for (path, tokens) in files.iter().filter(|(path, _)| !COMPARERS.contains(&path.as_str())) {
        faults.extend(compared(tokens).iter().map(|line| format!("{path}:{line}: by an operator")));
        faults.extend(derived(tokens).iter().map(|name| format!("{path}: `{name}` derives it")));
    }
    assert!(faults.is_empty(), "compare with `digest::equal`:\n{}", faults.join("\n"));
}

#[test]
fn the_search_for_comparisons_finds_them() {
    let lines = |text: &str| compared(&source::tokens(text)).len();
    for bad in [
        "fn f() -> bool { given == kept.expose() }",
        "if token.mac() != other { }",
        "let ours = self.keys.sign_checkpoint(&payload)? == text;",
        "a && digest::hmac_sha256(key, bytes) == tag",
        "x.filter(|one| one.hash.mac() == presented.mac())",
    ] {
        assert_eq!(lines(bad), 1, "{bad}");
    }
    for good in [
        "digest::equal(&tag(keys, list), stated)",
        "if text.expose().len() == 6 { }",
        "let same = a == b; f(secret.expose());",
        "x >= y && tag(x).is_empty()",
        "matches!(kind, Kind::A) && name == other, kept.expose()",
    ] {
        assert_eq!(lines(good), 0, "{good}");
    }
    let holder = "#[derive(Clone, PartialEq, Eq)]\npub struct Secret(String);";
    assert_eq!(derived(&source::tokens(holder)), ["Secret"]);
    assert!(derived(&source::tokens("#[derive(PartialEq)] struct A; struct Secret;")).is_empty());
}

#[test]
fn nothing_that_sees_a_request_opens_a_file_or_joins_a_path() {
    let mut faults = Vec::new();
    let files = files_with(&["::fs", "std::path"]).into_iter();
    for (path, tokens) in files.filter(|(path, _)| DOORS.contains(&module_of(path))) {
        faults.extend(files_named(&tokens).iter().map(|line| format!("{path}:{line}")));
    }
    assert!(faults.is_empty(), "a file is named in:\n{}", faults.join("\n"));
    for named in ["use std::fs;", "std::path::Path::new(x)", "tokio::fs::read(x)"] {
        assert_eq!(files_named(&source::tokens(named)).len(), 1, "{named}");
    }
}

#[test]
fn what_is_released_is_what_is_tested_without_unsafe_code_and_with_checked_sums() {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    let lints = manifest["lints"].as_table().unwrap();
    assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("forbid"));
    let profiles = manifest["profile"].as_table().unwrap();
    assert_eq!(profiles["release"]["overflow-checks"].as_bool(), Some(true));
    assert_eq!(profiles["dist"]["inherits"].as_str(), Some("release"));
    assert!(profiles["dist"].get("overflow-checks").is_none());
    // One program: nothing is there in one build and missing in another, no route and no check.
    assert!(manifest.get("features").is_none());
    for (path, tokens) in files_with(&["debug_assertions"]) {
        let mut words = tokens.iter().map(|token| token.text.as_str());
        assert!(!words.any(|word| word == "debug_assertions"), "{path} differs when released");
    }
}
