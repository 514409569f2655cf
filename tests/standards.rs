//! The documents name the tests that hold what they say, and are held to that: every row of
//! `docs/standards.md` names a test, every row of `docs/attacks.md` (which has one for each mistake and
//! section that is listed here) and every threat of `docs/threat-model.md` too, and every decision of
//! `SECURITY.md` and every promise and every case of `docs/storage-format.md`; every row of `docs/asvs.md` a
//! test or a deviation; and every test, file or folder of tests that any document names exists.

#![expect(clippy::indexing_slicing, reason = "a test may stop at a surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const STANDARDS: &str = "docs/standards.md";
const ATTACKS: &str = "docs/attacks.md";
const THREATS: &str = "docs/threat-model.md";
const DECISIONS: &str = "SECURITY.md";
const DATA_FILE: &str = "docs/storage-format.md";
const ASVS: &str = "docs/asvs.md";
/// Where the tests stand that [`ATTACKS`] names by their module.
const HOUSE: &str = "tests/house";
const HEADS: [[&str; 3]; 6] = [
    ["Decision", "File", "Where it is held"],
    ["Promise", "Why it holds", "Where it is held"],
    ["While", "Afterwards", "Where it is held"],
    ["Section", "Requirement", "Where it is held"],
    ["Threat", "What stops it", "Where it is held"],
    ["Requirement", "In our words", "Where it is held"],
];

/// A requirement of the document: its line, and the tests named for it.
#[derive(Debug, PartialEq, Eq)]
struct Row<'a> {
    line: usize,
    tests: Vec<&'a str>,
}

/// The cells of a table's line; `\|` is no border.
fn cells(line: &str) -> Vec<&str> {
    let inside = line.trim().trim_start_matches('|').trim_end_matches('|');
    let mut start = 0;
    let mut cells = Vec::new();
    for (at, _) in inside.match_indices('|') {
        if !inside[..at].ends_with('\\') {
            cells.push(inside[start..at].trim());
            start = at + 1;
        }
    }
    cells.push(inside[start..].trim());
    cells
}

/// The rows of every table in `document`, or what is wrong with its tables.
fn rows(document: &str) -> Result<Vec<Row<'_>>, Vec<String>> {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let tables = document.lines().enumerate().filter(|(_, line)| line.trim().starts_with('|'));
    for (at, line) in tables {
        let cells = cells(line);
        let is_border = cells.iter().all(|cell| cell.bytes().all(|byte| b"-: ".contains(&byte)));
        match cells[..] {
            [_, _, _] if is_border || HEADS.iter().any(|head| cells == *head) => {}
            [section, requirement, held]
                if !(section.is_empty() || requirement.is_empty() || held.is_empty()) =>
            {
                let names = held.split([',', ' ']).map(|name| name.trim_matches('`'));
                let tests = names.filter(|name| !name.is_empty() && *name != "<br>").collect();
                rows.push(Row { line: at + 1, tests });
            }
            _ => faults.push(format!("{}: a row has three cells, none of them empty", at + 1)),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Whether `source` has a test of this name: a function with `#[test]` or its like above it.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let starts = [format!("fn {name}("), format!("async fn {name}(")];
    lines.iter().enumerate().any(|(at, line)| {
        let above = lines[..at].iter().rev();
        let mut attributes = above.take_while(|line| line.starts_with(['#', '/']));
        let marks = ["#[test]", "#[tokio::test"];
        starts.iter().any(|start| line.starts_with(start))
            && attributes.any(|line| marks.iter().any(|mark| line.starts_with(mark)))
    })
}

/// What is wrong with `file::test` in a line, where `read` gives the text of a file.
fn fault(line: usize, test: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let Some((file, name)) = test.split_once("::") else {
        return Some(format!("{line}: `{test}` is not file::test"));
    };
    match read(file) {
        None => Some(format!("{line}: there is no file {file}")),
        Some(source) if has_test(&source, name) => None,
        Some(_) => Some(format!("{line}: there is no test {name} in {file}")),
    }
}

/// What is wrong with the tables of `document`.
fn faults(document: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let rows = match rows(document) {
        Ok(rows) => rows,
        Err(faults) => return faults,
    };
    let named = rows.iter().flat_map(|row| row.tests.iter().map(|test| (row.line, *test)));
    named.filter_map(|(line, test)| fault(line, test, &read)).collect()
}

/// The tests that the last cells of tables name as `` `module::test` ``, then `` `test` `` for more of
/// the same module: the line of each and `file::test`. A module alone stands for all its tests, and
/// only its file is named. What has a slash is a file itself, and no module of the house.
fn short_names(document: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in document.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let mut module = "";
        for name in cells(line).last().unwrap_or(&"").split('`').skip(1).step_by(2) {
            let test = name.split_once("::").map_or(name, |(named, test)| {
                module = named;
                test
            });
            let all = module.is_empty().then(|| format!("{HOUSE}/{name}.rs"));
            let one = match module {
                file if file.contains('/') => format!("{file}::{test}"),
                module => format!("{HOUSE}/{module}.rs::{test}"),
            };
            found.push((at + 1, all.unwrap_or(one)));
        }
    }
    found
}

/// Every `tests/…` and `src/…` that the text of a document names, with its line.
fn paths(document: &str) -> impl Iterator<Item = (usize, &str)> {
    document.lines().enumerate().flat_map(|(at, line)| {
        let words = line.split([' ', ',', '(', ')', '`', '|', '[', ']', '"']);
        let words = words.map(|word| word.trim_end_matches(['.', ':', ';']));
        words
            .filter(|word| word.starts_with("tests/") || word.starts_with("src/"))
            .map(move |word| (at + 1, word))
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> Option<String> {
    fs::read_to_string(root().join(file)).ok()
}

#[test]
fn every_test_that_the_document_names_exists() {
    let document = read(STANDARDS).unwrap();
    assert!(rows(&document).is_ok_and(|rows| rows.len() > 50), "the tables were not found");
    let faults = faults(&document, read);
    assert!(faults.is_empty(), "{STANDARDS}:\n{}", faults.join("\n"));
}

#[test]
fn every_threat_is_answered_by_a_test_that_exists() {
    let document = read(THREATS).unwrap();
    let (_, threats) = document.split_once("## A stranger").unwrap();
    assert!(rows(threats).is_ok_and(|rows| rows.len() > 30), "the tables were not found");
    let faults = faults(threats, read);
    assert!(faults.is_empty(), "{THREATS}, lines from \"A stranger\" on:\n{}", faults.join("\n"));
}

/// The part of `document` below this heading.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let below = document.split_once(&format!("\n## {heading}\n")).map_or("", |(_, below)| below);
    below.split_once("\n## ").map_or(below, |(section, _)| section)
}

#[test]
fn every_decision_on_security_is_held_by_a_test_that_exists() {
    let document = read(DECISIONS).unwrap();
    let decisions = section(&document, "Decisions, and the files that hold them");
    assert!(rows(decisions).is_ok_and(|rows| rows.len() > 40), "the table was not found");
    let faults = faults(decisions, read);
    assert!(faults.is_empty(), "{DECISIONS}, lines of its table:\n{}", faults.join("\n"));
}

/// What `deny.toml` bans is not even in the lock file; so this holds where `cargo deny` is not at hand.
#[test]
fn one_tls_stack_and_one_cryptography_library_are_built_in() {
    let rules: toml::Table = read("deny.toml").unwrap().parse().unwrap();
    let lock: toml::Table = read("Cargo.lock").unwrap().parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let has = |name: &str| packages.iter().any(|package| package["name"].as_str() == Some(name));
    assert!(has("rustls") && has("ring"), "the packages were not found");
    let banned = rules["bans"]["deny"].as_array().unwrap();
    let banned = banned.iter().map(|ban| ban["crate"].as_str().unwrap());
    let found: Vec<&str> = banned.filter(|name| has(name)).collect();
    assert!(found.is_empty(), "Cargo.lock has what deny.toml bans: {found:?}");
}

#[test]
fn every_promise_and_case_of_the_data_file_is_held_by_a_test_that_exists() {
    let document = read(DATA_FILE).unwrap();
    for (heading, least) in [("What is promised", 4), ("Where power can fail", 10)] {
        let cases = section(&document, heading);
        assert!(rows(cases).is_ok_and(|rows| rows.len() >= least), "{heading}: no table");
        let faults = faults(cases, read);
        assert!(faults.is_empty(), "{DATA_FILE}, lines of {heading:?}:\n{}", faults.join("\n"));
    }
}

/// Whether a file is a check as a whole: one that clients or the packaging run, which has no tests by name.
fn is_a_check(path: &str) -> bool {
    let checks = path.ends_with(".test.mjs") || path.starts_with("packaging/check-");
    (checks || path.starts_with("packaging/test-")) && root().join(path).is_file()
}

/// How many rows of the verification standard are held by tests, and how many are deviations; or
/// what is wrong with them. A row names tests, a script, or says why not.
fn verified(document: &str) -> Result<(usize, usize), Vec<String>> {
    let said = |cell: &str| cell.starts_with("Deviation: ") || cell.starts_with("Not offered: ");
    let (mut held, mut deviations, mut faults) = (0, 0, Vec::new());
    for (at, line) in document.lines().enumerate().filter(|(_, line)| line.starts_with("| ")) {
        match cells(line)[..] {
            [_, _, "Where it is held"] => {}
            [_, _, why] if said(why) => deviations += 1,
            [_, _, tests] if !tests.is_empty() => {
                held += 1;
                let named = tests.split(", ").filter(|name| !is_a_check(name));
                faults.extend(named.filter_map(|name| fault(at + 1, name, read)));
            }
            _ => faults.push(format!("{}: neither a test nor a deviation", at + 1)),
        }
    }
    if faults.is_empty() { Ok((held, deviations)) } else { Err(faults) }
}

#[test]
fn every_requirement_of_the_asvs_has_its_test_or_its_reason() {
    let (held, deviations) = verified(&read(ASVS).unwrap()).unwrap_or_else(|faults| {
        panic!("{ASVS}:\n{}", faults.join("\n"));
    });
    assert!(held + deviations >= 187, "a requirement was left out: {held} and {deviations}");
    println!("ASVS 5.0: {held} held by tests, {deviations} deviations");
}

#[test]
fn a_requirement_with_neither_test_nor_reason_is_a_fault() {
    let none = verified("| 1.1.1 (L1) | It is so |  |").unwrap_err();
    assert_eq!(none, ["1: neither a test nor a deviation"]);
    let unknown = verified("| 1.1.1 (L1) | It is so | tests/none.rs::holds |").unwrap_err();
    assert_eq!(unknown, ["1: there is no file tests/none.rs"]);
    assert_eq!(verified("| 1.1.1 (L1) | It is so | Deviation: it is not. |"), Ok((0, 1)));
}

#[test]
fn every_attack_is_stopped_by_a_test_that_exists() {
    let document = read(ATTACKS).unwrap();
    let named = short_names(&document);
    let rows = document.lines().filter(|line| line.starts_with("| ")).count();
    let heads = document.matches("\n|---").count();
    let lines: BTreeSet<usize> = named.iter().map(|(line, _)| *line).collect();
    assert!(lines.len() > 40, "the tables were not found");
    assert_eq!(lines.len(), rows - heads, "a row names no test");
    let faults: Vec<String> = named
        .iter()
        .filter_map(|(line, test)| match test.split_once("::") {
            None if root().join(test).is_file() => None,
            _ => fault(*line, test, read),
        })
        .collect();
    assert!(faults.is_empty(), "{ATTACKS}:\n{}", faults.join("\n"));
}

/// What [`ATTACKS`] shows part by part: the mistakes of other servers, the sections of RFC 9700 on attacks,
/// and what stands beside those.
fn demanded() -> BTreeSet<String> {
    let letters = ('A'..='X').map(String::from);
    let sections = (1..=17).map(|section| format!("4.{section}"));
    letters.chain(sections).chain(["also".to_owned()]).collect()
}

/// Whether a test takes what it tries from a list: by itself, or by functions of its file that it calls.
fn is_generated(source: &str, test: &str) -> bool {
    const LISTS: [&str; 3] = ["routes::", "scenes::all()", "worlds::workspace()"];
    let body_of = |name: &str| {
        let (_, after) = source.split_once(&format!("fn {name}("))?;
        after.split_once("\n}\n").map(|(body, _)| body)
    };
    let names = source.split("fn ").skip(1).filter_map(|after| after.split_once('('));
    let functions: BTreeSet<&str> = names.map(|(name, _)| name).collect();
    let (mut seen, mut next) = (BTreeSet::new(), vec![test]);
    while let Some(name) = next.pop() {
        let Some(body) = body_of(name).filter(|_| seen.insert(name)) else { continue };
        if LISTS.iter().any(|list| body.contains(list)) {
            return true;
        }
        let called = functions.iter().filter(|name| body.contains(&format!("{name}(")));
        next.extend(called);
    }
    false
}

#[test]
fn every_mistake_of_others_and_every_section_on_attacks_has_its_tests() {
    let document = read(ATTACKS).unwrap();
    let named = short_names(&document);
    let (mut there, mut faults) = (BTreeSet::new(), Vec::new());
    for (at, line) in document.lines().enumerate().filter(|(_, line)| line.starts_with("| ")) {
        let [row, part, _] = cells(line)[..] else { continue };
        let tests: Vec<&str> = named
            .iter()
            .filter(|(line, _)| *line == at + 1)
            .map(|(_, test)| test.as_str())
            .collect();
        if !tests.is_empty() {
            there.insert(row.to_owned());
        }
        let says = ["every route", "every form"].iter().any(|every| part.contains(every));
        let generated = |test: &&str| {
            let (file, name) = test.split_once("::").unwrap_or_default();
            read(file).is_some_and(|source| is_generated(&source, name))
        };
        if says && !tests.iter().any(generated) {
            faults.push(format!("{}: no test of it is made from the list of routes", at + 1));
        }
    }
    let missing: Vec<String> = demanded().difference(&there).cloned().collect();
    assert!(missing.is_empty(), "{ATTACKS} shows nothing of {missing:?}");
    assert!(faults.is_empty(), "{ATTACKS}:\n{}", faults.join("\n"));
}

#[test]
fn a_test_is_generated_by_itself_or_by_what_it_calls() {
    let source = "fn lists() {\n    routes::all();\n}\n\nfn by_list() {\n    lists();\n}\n\nfn by_hand() {\n    one();\n}\n";
    assert!(is_generated(source, "by_list") && is_generated(source, "lists"));
    assert!(!is_generated(source, "by_hand") && !is_generated(source, "nothing"));
}

#[test]
fn whatever_a_document_names_of_tests_and_sources_exists() {
    let mut faults = Vec::new();
    let entries = fs::read_dir(root().join("docs")).unwrap();
    let documents = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let documents = documents.filter(|name| name.ends_with(".md"));
    let documents = documents.map(|name| format!("docs/{name}")).chain([DECISIONS.to_owned()]);
    for document in documents {
        for (line, path) in paths(&read(&document).unwrap()) {
            let fault = match path.split_once("::") {
                None if root().join(path).exists() => None,
                None => Some(format!("{line}: there is no {path}")),
                Some(_) => fault(line, path, read),
            };
            faults.extend(fault.map(|fault| format!("{document}:{fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn short_names_go_on_in_the_module_before_them() {
    let document = "| a `class` | `a::one`, `two`, `b::three` |\n| all | `c` (all) |";
    let expected = ["a.rs::one", "a.rs::two", "b.rs::three", "c.rs"];
    let named = short_names(document).into_iter().map(|(_, test)| test);
    assert!(named.eq(expected.map(|test| format!("{HOUSE}/{test}"))));
    let named = short_names("| a file | part | `src/a.rs::one`, `two`, `b::three` |").into_iter();
    let expected = ["src/a.rs::one", "src/a.rs::two", "tests/house/b.rs::three"];
    assert!(named.map(|(_, test)| test).eq(expected));
}

const SOURCE: &str = "
/// A promise.
#[tokio::test(start_paused = true)]
async fn holds_one_thing() {}

#[test]
/// Another.
fn holds_another() {}

fn helps() {}
";

fn faults_of(document: &str) -> Vec<String> {
    faults(document, |file| (file == "tests/a.rs").then(|| SOURCE.to_owned()))
}

#[test]
fn a_row_may_name_several_tests_in_code_marks_or_without() {
    let document = "\
| Section | Requirement | Where it is held |
|---|:--|---|
| 1 | `a\\|b` MUST be c | tests/a.rs::holds_one_thing, `tests/a.rs::holds_another` |
| 2 | It MAY | tests/a.rs::holds_another <br> tests/a.rs::holds_one_thing |

Text with a | in it.
";
    let tests: Vec<usize> = rows(document).unwrap().iter().map(|row| row.tests.len()).collect();
    assert_eq!(tests, [2, 2]);
    assert_eq!(faults_of(document), Vec::<String>::new());
}

#[test]
fn a_name_that_is_no_test_is_a_fault_with_its_line() {
    let document = "\
Text.
| 1 | It MUST | tests/a.rs::holds_one_thing, tests/a.rs::holds_one |
| 2 | It MUST | tests/b.rs::holds_one_thing |
| 3 | It MUST | tests/a.rs::helps |
| 4 | It MUST | by design |
";
    assert_eq!(
        faults_of(document),
        [
            "2: there is no test holds_one in tests/a.rs",
            "3: there is no file tests/b.rs",
            "4: there is no test helps in tests/a.rs",
            "5: `by` is not file::test",
            "5: `design` is not file::test",
        ]
    );
}

#[test]
fn a_row_without_a_test_or_of_another_shape_is_a_fault() {
    for row in ["| 1 | It MUST | |", "| 1 | It MUST |", "| 1 | a | b | tests/a.rs::holds_another |"]
    {
        assert_eq!(faults_of(row), ["1: a row has three cells, none of them empty"], "{row}");
    }
}
