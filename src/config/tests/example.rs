//! `config.toml.example`, `docs/configuration.md` and `config print` tell the truth.

use super::given;
use crate::config::example;
use crate::config::known::Known;
use crate::config::reference;

const WRITTEN: &str = include_str!("../../../config.toml.example");
const DOCUMENT: &str = include_str!("../../../docs/configuration.md");
/// Stands in the document before what is generated.
const FROM_HERE: &str = "<!-- From here on written by: cargo test --lib config -- --ignored -->\n";

/// The document, with the reference of today.
fn document() -> String {
    let (ours, _) = DOCUMENT.split_once(FROM_HERE).unwrap();
    format!("{ours}{FROM_HERE}\n{}\n", reference().trim_end())
}

/// Run by hand after a change of the table: `cargo test --lib config -- --ignored`.
#[test]
#[ignore = "writes config.toml.example and the reference in docs/configuration.md"]
fn write_the_example_and_the_reference() {
    let path = |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::write(path("config.toml.example"), example()).unwrap();
    std::fs::write(path("docs/configuration.md"), document()).unwrap();
}

#[test]
fn the_reference_of_the_document_is_what_the_table_of_keys_gives() {
    assert!(DOCUMENT == document(), "run: cargo test --lib config -- --ignored");
}

#[test]
fn the_example_is_what_the_table_of_keys_gives() {
    assert!(WRITTEN == example(), "run: cargo test --lib config -- --ignored");
}

#[test]
fn the_example_gives_exactly_the_defaults() {
    let of_the_example = given().file(WRITTEN).loaded();
    let defaults = given().loaded();
    let (one, other) = (of_the_example.settings, defaults.settings);
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

#[test]
fn every_key_of_the_example_has_a_comment() {
    let settings = WRITTEN.split("[[permissions]]\nname").next().unwrap();
    let lines: Vec<_> = settings.lines().collect();
    let mut keys = 0;
    for pair in lines.windows(2).filter(|pair| !pair[1].starts_with('#') && pair[1].contains('=')) {
        assert!(pair[0].starts_with("# "), "{} has no comment", pair[1]);
        keys += 1;
    }
    assert_eq!(keys, Known::new().keys().count());
    assert!(WRITTEN.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn every_key_stands_in_the_reference_with_its_variable() {
    let reference = reference();
    for key in Known::new().keys() {
        assert!(reference.contains(&format!("| `{}` | `{}` |", key.name, key.default)), "{key:?}");
    }
    assert!(reference.contains("`COUNTERSIGN__SERVER__LIMITS__BODY_BYTES`"));
}

#[test]
fn what_is_printed_gives_the_same_configuration_again() {
    let first = given()
        .file("[[permissions]]\nname = \"a:all\"\ntitle = \"A \\\"b\\\" \\\\\"\narea = \"A\"\naccess = \"write\"\n")
        .variable("COUNTERSIGN__SERVER__LISTEN", "0.0.0.0:8443")
        .loaded();
    let printed = first.print();
    assert!(
        printed.contains("listen = [\"0.0.0.0:8443\"]  # COUNTERSIGN__SERVER__LISTEN\n"),
        "{printed}"
    );
    assert!(printed.contains("shutdown_grace = \"30s\"\n"), "{printed}");
    let second = given().file(&printed).loaded();
    assert_eq!(format!("{:?}", first.settings), format!("{:?}", second.settings));
}
