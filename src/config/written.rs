//! The configuration as text: the example file, the reference, and what is in effect.

use figment::value::Value;

use crate::config::catalogue::DEFAULT_LISTS;
use crate::config::entry::Field;
use crate::config::known::Known;
use crate::config::layer::DEFAULT;
use crate::config::layer::Effective;
use crate::config::lists::LISTS;
use crate::config::lists::TableList;
use crate::config::table::Key;
use crate::config::table::variable;
use crate::config::value::quoted;
use crate::config::value::to_toml;
use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::role::RoleGrant;

const OPENING: &str = "\
# Countersign's configuration. Every key stands here with its default: keep what you change.
#
# A key can also be given in the environment, COUNTERSIGN__SECTION__KEY (lists with commas), or by
# a flag; the environment overrides the file, a flag overrides both. `countersign config check`
# finds every fault, `countersign config print` shows what is in effect and where it was given.
#
# Spans of time carry their unit: \"30s\", \"15min\", \"24h\", \"90days\". Relative paths start at the
# folder in which the server is started. Secrets never stand here: they have files of their own.
";

const LISTS_OPENING: &str = "\
# Permissions and roles. A list given here replaces the default list as a whole. Without [[roles]],
# the default roles apply and keep those of their permissions that exist.
";

/// The text of `config.toml.example`: every key with its documentation and its default.
#[must_use]
pub fn example() -> String {
    let mut out = OPENING.to_owned();
    for section in Known::new().sections() {
        out.push('\n');
        if !section.path.is_empty() {
            comment(&mut out, section.doc);
            out.push_str(&format!("[{}]\n", section.path));
        }
        for (at, key) in section.keys.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            comment(&mut out, key.doc);
            if let Some(bounds) = &key.bounds {
                out.push_str(&format!("# {}: {bounds}.\n", bounds_word(key)));
            }
            out.push_str(&format!("{} = {}\n", key.name, key.default));
        }
        if !section.path.is_empty() {
            lists_of(&mut out, section.path);
        }
    }
    out.push('\n');
    out.push_str(LISTS_OPENING);
    lists_of(&mut out, "");
    out.push('\n');
    out.push_str(DEFAULT_LISTS);
    out
}

/// What tables the lists of a section hold; all of it comment.
fn lists_of(out: &mut String, section: &str) {
    for list in LISTS.iter().filter(|list| list.section() == section) {
        out.push_str(if section.is_empty() { "#\n" } else { "\n" });
        comment(out, list.doc);
        out.push_str(&format!("# [[{}]]\n", list.path));
        for Field { name, doc } in list.fields {
            out.push_str(&format!("#   {name:<12}  {doc}\n"));
        }
        if !list.sample.is_empty() {
            out.push_str(&format!("#\n# [[{}]]\n", list.path));
            comment(out, list.sample);
        }
    }
}

/// The reference of all keys, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for section in Known::new().sections() {
        if !section.path.is_empty() {
            out.push_str(&format!("### `[{}]`\n\n{}\n\n", section.path, sentence(section.doc)));
        }
        out.push_str("| key | default | bounds | environment | meaning |\n|---|---|---|---|---|\n");
        for key in &section.keys {
            out.push_str(&format!(
                "| `{}` | `{}` | {} | `{}` | {} |\n",
                key.name,
                key.default,
                key.bounds.as_deref().unwrap_or_default(),
                variable(key.path),
                sentence(key.doc).replace('|', "\\|"),
            ));
        }
        out.push('\n');
    }
    for TableList { path, fields, .. } in LISTS {
        out.push_str(&format!("### `[[{path}]]`\n\n| key | meaning |\n|---|---|\n"));
        for Field { name, doc } in *fields {
            out.push_str(&format!("| `{name}` | {doc} |\n"));
        }
        out.push('\n');
    }
    out
}

/// What is in effect, as a file that would give the same; beside what is not a default, where it
/// was given.
pub(super) fn effective(from: &Effective, catalogue: &Catalogue) -> String {
    let mut out = String::new();
    for section in Known::new().sections() {
        if !section.path.is_empty() {
            out.push_str(&format!("\n[{}]\n", section.path));
        }
        for key in &section.keys {
            let value = from.value(key.path).map(to_toml).unwrap_or_default();
            out.push_str(&format!("{} = {value}{}\n", key.name, remark(from, key.path)));
        }
    }
    for list in LISTS.iter().filter(|list| !list.section().is_empty()) {
        for table in list.tables(from) {
            out.push_str(&format!("\n[[{}]]{}\n", list.path, remark(from, list.path)));
            for field in list.fields {
                if let Some(value) = table.find_ref(field.name) {
                    out.push_str(&format!("{} = {}\n", field.name, to_toml(value)));
                }
            }
        }
    }
    for permission in catalogue.permissions() {
        out.push_str(&format!("\n[[permissions]]{}\n", remark(from, "permissions")));
        let access = if permission.access == Access::Read { "read" } else { "write" };
        line(&mut out, "name", permission.name.as_str());
        line(&mut out, "title", &permission.title);
        if !permission.description.is_empty() {
            line(&mut out, "description", &permission.description);
        }
        line(&mut out, "area", &permission.area);
        line(&mut out, "access", access);
        list(&mut out, "includes", permission.includes.iter().map(ToString::to_string));
        list(&mut out, "renamed_from", permission.renamed_from.iter().map(ToString::to_string));
    }
    for role in catalogue.roles() {
        out.push_str(&format!("\n[[roles]]{}\n", remark(from, "roles")));
        line(&mut out, "name", &role.name.0);
        line(&mut out, "title", &role.title);
        list(&mut out, "permissions", role.grants.iter().map(grant));
        out.push_str(&format!("administers = {}\n", role.administers));
    }
    out
}

fn grant(grant: &RoleGrant) -> String {
    match grant {
        RoleGrant::Everything => "*".to_owned(),
        RoleGrant::EndingWith(suffix) => format!("*{suffix}"),
        RoleGrant::One(name) => name.to_string(),
    }
}

fn remark(from: &Effective, key: &str) -> String {
    match from.source(key) {
        DEFAULT => String::new(),
        source => format!("  # {}", source.replace(char::is_control, " ")),
    }
}

fn line(out: &mut String, key: &str, text: &str) {
    out.push_str(&format!("{key} = {}\n", quoted(text)));
}

fn list(out: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let items: Vec<Value> = items.map(Value::from).collect();
    if !items.is_empty() {
        out.push_str(&format!("{key} = {}\n", to_toml(&Value::from(items))));
    }
}

fn comment(out: &mut String, doc: &[&str]) {
    for line in doc {
        out.push_str(&format!("# {}\n", line.trim()));
    }
}

fn sentence(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn bounds_word(key: &Key) -> &'static str {
    if key.bounds.as_ref().is_some_and(|bounds| bounds.starts_with('"')) {
        "One of"
    } else {
        "Bounds"
    }
}
