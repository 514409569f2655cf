//! Reading our own HTML in tests: tags, attributes, nesting. Strict, and no more than pages need.

use std::collections::BTreeMap;

/// Elements that have no end tag.
const VOID: [&str; 7] = ["br", "hr", "img", "input", "link", "meta", "rect"];

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::view) struct Tag {
    pub(in crate::view) name: String,
    pub(in crate::view) attributes: BTreeMap<String, String>,
    /// The `id` or, without one, the order of the form that stands around the tag.
    pub(in crate::view) inside_form: Option<usize>,
    /// The text up to the next tag.
    pub(in crate::view) text: String,
}

impl Tag {
    pub(in crate::view) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }

    pub(in crate::view) fn is(&self, attribute: &str, value: &str) -> bool {
        self.get(attribute) == Some(value)
    }
}

/// All start tags in order. Fails the test on a document that is not well formed.
pub(in crate::view) fn tags(html: &str) -> Vec<Tag> {
    let body = html.trim_start();
    let mut rest = body.strip_prefix("<!doctype html>").expect("a doctype");
    let mut tags = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut form = None;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "a stray > in {before:?}");
        if let Some(closing) = after.strip_prefix('/') {
            let (name, behind) = closing.split_once('>').expect("an end tag ends");
            assert_eq!(open.pop().as_deref(), Some(name), "</{name}> closes something else");
            if name == "form" {
                form = None;
            }
            rest = behind;
            continue;
        }
        let (mut tag, behind, closed) = start_tag(after);
        if tag.name == "form" {
            assert_eq!(form, None, "a form inside a form");
            form = Some(tags.len());
        }
        tag.inside_form = form;
        tag.text = behind.split('<').next().unwrap_or_default().to_owned();
        if !closed && !VOID.contains(&tag.name.as_str()) {
            open.push(tag.name.clone());
        }
        tags.push(tag);
        rest = behind;
    }
    assert!(open.is_empty(), "left open: {open:?}");
    tags
}

/// One start tag, what follows it, and whether it closed itself.
fn start_tag(text: &str) -> (Tag, &str, bool) {
    let end = text.find(|letter: char| letter.is_whitespace() || "/>".contains(letter)).unwrap();
    let (name, mut rest) = text.split_at(end);
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        let closed = rest.starts_with("/>");
        if let Some(behind) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            let tag = Tag { name: name.into(), attributes, inside_form: None, text: String::new() };
            return (tag, behind, closed);
        }
        let end = rest
            .find(|letter: char| letter.is_whitespace() || "=/>".contains(letter))
            .unwrap_or_else(|| panic!("<{name} does not end"));
        let (attribute, behind) = rest.split_at(end);
        assert!(!attribute.is_empty(), "<{name}: no attribute at {behind:.20}");
        let (value, behind) = match behind.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').expect("a quoted value ends"),
            None => ("", behind),
        };
        assert!(!value.contains('<'), "<{name} {attribute}: a tag inside a value");
        let former = attributes.insert(attribute.to_owned(), value.to_owned());
        assert_eq!(former, None, "<{name}: {attribute} twice");
        rest = behind;
    }
}
