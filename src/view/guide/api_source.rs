//! The description of the API as it is written (`api.toml`): the one source of `/openapi.json` and of
//! the chapter "API reference".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::view::guide::fault::GuideFault;
use crate::view::language::Language;

/// A text in every language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    en: String,
    fr: String,
}

impl Text {
    /// What it says in `language`.
    pub(super) fn said(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::French => &self.fr,
        }
    }
}

/// What an operation is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) title: Text,
}

/// What must be turned on for an operation to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Needs {
    /// The API behind the gateway.
    Api,
    /// The MCP servers behind the gateway.
    Mcp,
    /// A policy that lets clients register themselves.
    Registration,
}

/// What a caller proves itself with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nothing.
    #[default]
    None,
    /// As a client; a public one names itself only.
    Client,
    /// As a client that has a secret or a key.
    Proven,
    /// An access token.
    Bearer,
    /// An initial access token, where the policy asks for one.
    Initial,
    /// The registration access token.
    Registration,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Body {
    Form,
    Json,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterPlace {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In the body.
    Body,
}

/// A parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameter {
    pub(super) name: String,
    place: Option<ParameterPlace>,
    #[serde(default = "text_kind")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) values: Vec<String>,
    pub(super) text: Text,
}

/// An answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) schema: Option<String>,
    pub(super) text: Text,
}

/// An operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) needs: Option<Needs>,
    method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) also: Vec<String>,
    #[serde(default, rename = "security")]
    pub(super) proof: Proof,
    pub(super) body: Option<Body>,
    #[serde(default)]
    shared: Vec<String>,
    pub(super) summary: Text,
    pub(super) text: Option<Text>,
    #[serde(default)]
    parameter: Vec<Parameter>,
    #[serde(default)]
    answers: Vec<String>,
    #[serde(default)]
    answer: Vec<Answer>,
}

/// The methods of what takes any.
const ANY: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Operation {
    /// Whether it is there by every method.
    pub(super) fn takes_any(&self) -> bool {
        self.method == "*"
    }

    /// The methods that it is there by.
    pub(super) fn methods(&self) -> Vec<&str> {
        if self.takes_any() { ANY.to_vec() } else { self.method.split(' ').collect() }
    }
}

/// A member of a JSON object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) name: String,
    #[serde(default = "text_kind")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) optional: bool,
    pub(super) text: Text,
}

/// A JSON object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) member: Vec<Member>,
}

fn text_kind() -> String {
    "string".to_owned()
}

/// The whole description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) group: Vec<Group>,
    shared: BTreeMap<String, Vec<Parameter>>,
    answers: BTreeMap<String, Vec<Answer>>,
    pub(super) operation: Vec<Operation>,
    pub(super) schema: BTreeMap<String, Schema>,
}

impl Source {
    /// Reads the description, and checks that it names nothing that it does not have.
    pub(super) fn read(text: &str) -> Result<Self, GuideFault> {
        let wrong = GuideFault::Description;
        let source: Self = toml::from_str(text).map_err(|cause| wrong(cause.to_string()))?;
        for operation in &source.operation {
            let of = |what: &str| wrong(format!("{}: no such {what}", operation.id));
            if !source.group.iter().any(|group| group.id == operation.group) {
                return Err(of("group"));
            }
            if !operation.shared.iter().all(|name| source.shared.contains_key(name)) {
                return Err(of("shared parameters"));
            }
            if !operation.answers.iter().all(|name| source.answers.contains_key(name)) {
                return Err(of("shared answers"));
            }
            let mut schemas = source.answers(operation).filter_map(|answer| answer.schema.as_ref());
            if !schemas.all(|name| source.schema.contains_key(name)) {
                return Err(of("schema"));
            }
        }
        Ok(source)
    }

    /// All answers of an operation by their status; its own says more than a shared one.
    pub(super) fn answers<'s>(
        &'s self,
        operation: &'s Operation,
    ) -> impl Iterator<Item = &'s Answer> {
        let shared = operation.answers.iter().filter_map(|name| self.answers.get(name)).flatten();
        let all = shared.chain(&operation.answer);
        all.map(|answer| (answer.status, answer)).collect::<BTreeMap<_, _>>().into_values()
    }

    /// All parameters of an operation, its own first, each with its place.
    pub(super) fn parameters<'s>(
        &'s self,
        operation: &'s Operation,
    ) -> impl Iterator<Item = (ParameterPlace, &'s Parameter)> {
        let usual = match operation.body {
            Some(_) => ParameterPlace::Body,
            None => ParameterPlace::Query,
        };
        let shared = operation.shared.iter().filter_map(|name| self.shared.get(name)).flatten();
        let all = operation.parameter.iter().chain(shared);
        all.map(move |parameter| (parameter.place.unwrap_or(usual), parameter))
    }
}
