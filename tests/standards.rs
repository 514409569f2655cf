//! The documents name the tests that hold what they say, and are held to that: every row of
//! `docs/standards.md` names a test, every row of `docs/attacks.md` and every threat of
//! `docs/threat-model.md` too, every row of `docs/asvs.md` a test or a deviation, and every test, file or folder of tests that any document names exists.

#![expect(clippy::indexing_slicing, reason = "a test may stop at a surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const STANDARDS: &str = "docs/standards.md";
const ATTACKS: &str = "docs/attacks.md";
const THREATS: &str = "docs/threat-model.md";
const ASVS: &str = "docs/asvs.md";
/// Where the tests stand that [`ATTACKS`] names by their module.
const HOUSE: &str = "tests/house";
const HEADS: [[&str; 3]; 3] = [
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
/// only its file is named.
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
            found.push((at + 1, all.unwrap_or_else(|| format!("{HOUSE}/{module}.rs::{test}"))));
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
                let named = tests.split(", ").filter(|name| !root().join(name).is_file());
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
    assert!(held > 130, "the tables were not found");
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

#[test]
fn whatever_a_document_names_of_tests_and_sources_exists() {
    let mut faults = Vec::new();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = read(&format!("docs/{name}")).unwrap_or_default();
        for (line, path) in paths(&text).filter(|_| name.ends_with(".md")) {
            let fault = match path.split_once("::") {
                None if root().join(path).exists() => None,
                None => Some(format!("{line}: there is no {path}")),
                Some(_) => fault(line, path, read),
            };
            faults.extend(fault.map(|fault| format!("docs/{name}:{fault}")));
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
