//! The house (`ARCHITECTURE.md`): a module names only modules on lower floors, never a sibling on
//! its own floor, never upwards. This file holds the table and fails on what breaks it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at a surprise")]

#[path = "architecture/proofs.rs"]
mod proofs;
#[path = "architecture/source.rs"]
mod source;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use source::Source;

/// Every module of the crate and its floor.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("crypto", 1),
    ("telemetry", 1),
    ("domain", 2),
    ("config", 3),
    ("store", 3),
    ("view", 3),
    ("tls", 3),
    ("outbound", 3),
    ("ops", 4),
    ("http", 5),
    ("oauth", 6),
    ("web", 6),
    ("gateway", 6),
    ("admin", 6),
    ("sandbox", 6),
    ("server", 7),
    ("app", 8),
    ("cli", 9),
    ("main", 10),
];

/// Modules of the table that nobody has built yet.
const TO_COME: &[&str] = &[];

/// Who may name a module, where being above it is not enough.
const ONLY_FOR: &[(&str, &[&str])] = &[
    // Doors, `http` and `server` reach what is stored through an operation; `app` wires it.
    ("store", &["ops", "app"]),
];

/// Words that a module's code (not its tests) never uses.
const NEVER: &[(&str, &[&str])] = &[
    ("base", &["async", "await", "tokio", "http", "axum", "hyper", "redb", "minijinja"]),
    (
        "crypto",
        &["async", "await", "tokio", "http", "axum", "hyper", "redb", "SystemTime", "SystemRandom"],
    ),
    (
        "domain",
        &[
            "async",
            "await",
            "tokio",
            "http",
            "axum",
            "hyper",
            "redb",
            "minijinja",
            "SystemTime",
            "Instant",
            "Clock",
            "Entropy",
        ],
    ),
    ("store", &["http", "axum", "hyper", "minijinja"]),
    ("view", &["async", "await", "tokio", "axum", "hyper", "redb"]),
    ("ops", &["http", "axum", "hyper", "redb", "minijinja"]),
    ("http", &["redb", "minijinja"]),
];

/// Crates that only these modules use.
const KEPT_IN: &[(&str, &[&str])] = &[
    ("redb", &["store"]),
    ("minijinja", &["view"]),
    ("pulldown_cmark", &["view"]),
    ("figment", &["config"]),
    ("clap", &["cli"]),
    ("argon2", &["crypto"]),
    ("ciborium", &["crypto"]),
    ("instant_acme", &["tls"]),
    ("rcgen", &["tls"]),
    ("rustls", &["tls", "server", "outbound"]),
    ("hyper", &["server", "outbound"]),
    ("rmcp", &["sandbox"]),
];

/// A file longer than this, tests not counted, is to be divided. There are no exceptions.
const LONGEST_FILE: usize = 450;

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// What is wrong with the file at `path` (below `src`) that contains `text`.
fn faults(path: &str, text: &str) -> Vec<String> {
    faults_of(path, &Source::read(text, depth_of(path)))
}

fn faults_of(path: &str, source: &Source) -> Vec<String> {
    let module = module_of(path);
    let Some(floor_here) = floor(module) else {
        return vec![format!("{path}: the module `{module}` has no floor")];
    };
    let mut faults = Vec::new();
    for named in &source.modules {
        let at = format!("{path}:{}", named.line);
        let other = named.text.as_str();
        let only_for = ONLY_FOR.iter().find(|(name, _)| *name == other);
        match floor(other) {
            _ if other == module => {}
            None => faults.push(format!("{at}: `{other}` is no module of the house")),
            Some(above) if above >= floor_here => {
                faults.push(format!(
                    "{at}: `{module}` (floor {floor_here}) names `{other}` (floor {above})"
                ));
            }
            Some(_) if only_for.is_some_and(|(_, callers)| !callers.contains(&module)) => {
                faults.push(format!("{at}: `{module}` names `{other}`, which it may not"));
            }
            Some(_) => {}
        }
    }
    for line in &source.lumped {
        faults.push(format!(
            "{path}:{line}: one `use crate::…` path a line, no braces, not the root"
        ));
    }
    faults.extend(words_out_of_place(path, module, source));
    if source.lines > LONGEST_FILE {
        faults
            .push(format!("{path}: {} lines without tests, at most {LONGEST_FILE}", source.lines));
    }
    faults
}

fn words_out_of_place(path: &str, module: &str, source: &Source) -> Vec<String> {
    let never = NEVER.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, words)| words);
    source
        .words
        .iter()
        .filter(|word| !source.is_test(word.line))
        .filter(|word| {
            let text = word.text.as_str();
            let kept = KEPT_IN.iter().find(|(name, _)| *name == text);
            never.contains(&text) || kept.is_some_and(|(_, keepers)| !keepers.contains(&module))
        })
        .map(|word| format!("{path}:{}: `{}` has no place in `{module}`", word.line, word.text))
        .collect()
}

/// The module a file belongs to: its first folder, or its own name at the top.
fn module_of(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// How many modules a file lies below the crate's root.
fn depth_of(path: &str) -> usize {
    let parts = path.split('/').count();
    if path.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// A file of the source tree.
struct File {
    path: String,
    text: String,
    /// Then it counts no lines and may use what it likes, but keeps to the floors.
    only_for_tests: bool,
}

/// All source files but `lib.rs`, which only lists the modules.
fn files() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&src, &mut paths);
    let name = |path: &Path| path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<File> = paths
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).unwrap()))
        .filter(|(path, _)| path != "lib.rs")
        .map(|(path, text)| File { path, text, only_for_tests: false })
        .collect();
    let tests: Vec<String> =
        files.iter().flat_map(|file| tests_of(&file.path, &file.text)).collect();
    for file in &mut files {
        let stem = file.path.trim_end_matches(".rs");
        file.only_for_tests = tests.iter().any(|test| Path::new(stem).starts_with(test));
    }
    files
}

/// The files and folders, without `.rs`, that `path` declares for tests only.
fn tests_of(path: &str, text: &str) -> Vec<String> {
    let folder = path.trim_end_matches("/mod.rs").trim_end_matches(".rs").to_owned();
    let modules = Source::read(text, depth_of(path)).test_modules;
    modules.into_iter().map(|module| format!("{folder}/{module}")).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    into.sort();
}

#[test]
fn no_module_names_a_sibling_or_a_module_above_it() {
    let mut faults = Vec::new();
    for file in files() {
        let mut source = Source::read(&file.text, depth_of(&file.path));
        if file.only_for_tests {
            source.is_only_for_tests();
        }
        faults.extend(faults_of(&file.path, &source));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_module_has_a_floor_and_every_floor_its_modules() {
    let files = files();
    let there: Vec<&str> = files.iter().map(|file| module_of(&file.path)).collect();
    for module in &there {
        assert!(floor(module).is_some(), "`{module}` has no floor");
        assert!(!TO_COME.contains(module), "`{module}` has come: take it off the list");
    }
    for (module, _) in FLOORS {
        assert!(there.contains(module) || TO_COME.contains(module), "`{module}` is missing");
    }
}

/// The checker itself: what must be caught, and what must not.
#[test]
fn the_checker_catches_each_kind_of_fault() {
    let caught = [
        ("domain/token.rs", "use crate::store::Store;"),
        ("domain/token.rs", "fn f() { crate::ops::redeem(); }"),
        ("domain/token.rs", "fn f() -> Box<dyn crate::web::Page> {}"),
        ("oauth/token.rs", "use crate::web::forms;"),
        ("oauth/token.rs", "use crate::store::Store;"),
        ("server/run.rs", "use crate::store::Store;"),
        ("view/mod.rs", "use super::ops::Ops;"),
        ("view/pages/consent.rs", "use super::super::super::ops::Ops;"),
        ("view/page.rs", "mod inner { use super::super::super::ops::Ops; }"),
        ("web/mod.rs", "use crate::domain::{scope, token};"),
        ("web/mod.rs", "use crate::{domain, base};"),
        ("web/mod.rs", "use crate::*;"),
        ("web/mod.rs", "use crate::nowhere::X;"),
        ("nowhere/mod.rs", ""),
        ("domain/token.rs", "pub async fn f() {}"),
        ("domain/token.rs", "use http::Method;"),
        ("domain/token.rs", "fn f() { std::time::SystemTime::now(); }"),
        ("ops/redeem.rs", "use axum::body::Body;"),
        ("web/mod.rs", "use redb::Database;"),
        ("base/id.rs", "#[cfg(test)] mod tests { use crate::store::Store; }"),
        ("main.rs", "use countersign::nowhere::run;"),
    ];
    for (path, text) in caught {
        assert_eq!(faults(path, text).len(), 1, "{path}: {text}: {:?}", faults(path, text));
    }
    let long = "//\n".repeat(LONGEST_FILE + 1);
    assert_eq!(faults("web/mod.rs", &long).len(), 1);
}

#[test]
fn the_checker_lets_pass_what_is_in_order() {
    let fine = [
        ("ops/redeem.rs", "use crate::store::Store;\nuse crate::domain::token::Token;"),
        ("app/mod.rs", "use crate::store::Store;"),
        ("view/pages/consent.rs", "use super::super::Page;\nuse super::list::List;"),
        ("view/page.rs", "mod inner { use super::super::Page; use super::X; }"),
        ("ops/mod.rs", "pub(in crate::ops) struct X;"),
        (
            "base/id.rs",
            "/// See [`crate::store::Store`].\n// use crate::store;\n/* crate::ops::x /* */ */",
        ),
        ("base/id.rs", r##"const X: &str = r#"use crate::store::X; " "#; const C: char = '"';"##),
        ("base/id.rs", "fn f<'a>(x: &'a str) -> char { '\\'' }"),
        ("domain/token.rs", "#[cfg(test)]\nmod tests { use tokio::time; async fn f() {} }"),
        ("server/run.rs", "use http::Method;\nuse crate::http::Peer;"),
        ("main.rs", "use countersign::cli::run;"),
    ];
    for (path, text) in fine {
        assert!(faults(path, text).is_empty(), "{path}: {text}: {:?}", faults(path, text));
    }
    let tests = "fn f() {}\n".repeat(LONGEST_FILE);
    let long = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{tests}}}\n");
    assert!(faults("web/mod.rs", &long).is_empty());
}

#[test]
fn a_file_that_is_only_for_tests_is_known_by_its_declaration() {
    let text = "#[cfg(test)]\nmod harness;\n#[cfg(test)] #[path = \"x\"] mod tests;\nmod real;";
    assert_eq!(tests_of("server/mod.rs", text), ["server/harness", "server/tests"]);
    assert_eq!(tests_of("config/file.rs", "#[cfg(test)] mod tests;"), ["config/file/tests"]);
}
