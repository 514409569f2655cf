//! The description of the API: `/openapi.json`, and the chapter that shows the same to people.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

pub use crate::view::guide::api_source::ParameterPlace;
pub use crate::view::guide::api_source::Proof;

use crate::view::guide::api_source::Body;
use crate::view::guide::api_source::Needs;
use crate::view::guide::api_source::Operation;
use crate::view::guide::api_source::Parameter;
use crate::view::guide::api_source::Schema;
use crate::view::guide::api_source::Source;
use crate::view::guide::fault::GuideFault;
use crate::view::language::Language;

/// What this installation has, as far as its description depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiFacts {
    /// The origin of this server.
    pub issuer: String,
    /// Whether an API is protected.
    pub api: bool,
    /// Whether companies have MCP servers.
    pub mcp: bool,
    /// Whether clients may register themselves.
    pub registration: bool,
}

/// The description, read once.
#[derive(Debug)]
pub struct ApiDescription(Source);

/// The operations of one kind, for people.
#[derive(Debug, Clone, Serialize)]
pub struct ApiGroup {
    /// Its anchor.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Its operations.
    pub operations: Vec<ApiOperation>,
}

/// An operation, for people.
#[derive(Debug, Clone, Serialize)]
pub struct ApiOperation {
    /// Its anchor.
    pub id: String,
    /// The method; `*` for any.
    pub method: String,
    /// The path.
    pub path: String,
    /// Where it is answered too.
    pub also: Vec<String>,
    /// What it does, in a few words.
    pub summary: String,
    /// More about it; may be empty.
    pub text: String,
    /// What a caller proves itself with.
    pub proof: Proof,
    /// What it takes.
    pub parameters: Vec<ApiParameter>,
    /// What it answers.
    pub answers: Vec<ApiAnswer>,
}

/// A parameter, for people.
#[derive(Debug, Clone, Serialize)]
pub struct ApiParameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: ParameterPlace,
    /// Whether it must be there.
    pub required: bool,
    /// The values that it may have; empty: any.
    pub values: Vec<String>,
    /// What it means.
    pub text: String,
}

/// An answer, for people.
#[derive(Debug, Clone, Serialize)]
pub struct ApiAnswer {
    /// The status, in digits.
    pub status: String,
    /// What it means.
    pub text: String,
    /// The members of its JSON object that need explaining.
    pub members: Vec<ApiMember>,
}

/// A member of an answer, for people.
#[derive(Debug, Clone, Serialize)]
pub struct ApiMember {
    /// Its name.
    pub name: String,
    /// Whether it may be missing.
    pub optional: bool,
    /// What it means.
    pub text: String,
}

impl ApiDescription {
    /// Reads the embedded description.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn new() -> Result<Self, GuideFault> {
        Source::read(include_str!("api.toml")).map(Self)
    }

    fn operations(&self, facts: &ApiFacts) -> impl Iterator<Item = &Operation> {
        let is_there = |needs: Needs| match needs {
            Needs::Api => facts.api,
            Needs::Mcp => facts.mcp,
            Needs::Registration => facts.registration,
        };
        self.0.operation.iter().filter(move |operation| operation.needs.is_none_or(is_there))
    }

    /// The operations that are there, for people, in `language`.
    #[must_use]
    pub fn groups(&self, facts: &ApiFacts, language: Language) -> Vec<ApiGroup> {
        let group = |group: &super::api_source::Group| ApiGroup {
            id: group.id.clone(),
            title: group.title.said(language).to_owned(),
            operations: self
                .operations(facts)
                .filter(|operation| operation.group == group.id)
                .map(|operation| self.shown(operation, language))
                .collect(),
        };
        let groups = self.0.group.iter().map(group);
        groups.filter(|group| !group.operations.is_empty()).collect()
    }

    fn shown(&self, operation: &Operation, language: Language) -> ApiOperation {
        let parameters = self.0.parameters(operation).map(|(place, parameter)| ApiParameter {
            name: parameter.name.clone(),
            place,
            required: parameter.required,
            values: parameter.values.clone(),
            text: parameter.text.said(language).to_owned(),
        });
        let answers = self.0.answers(operation).map(|answer| ApiAnswer {
            status: answer.status.to_string(),
            text: answer.text.said(language).to_owned(),
            members: self.members(answer.status, answer.schema.as_deref(), language),
        });
        ApiOperation {
            id: operation.id.clone(),
            method: if operation.takes_any() {
                "*".to_owned()
            } else {
                operation.methods().join(", ").to_ascii_uppercase()
            },
            path: operation.path.clone(),
            also: operation.also.clone(),
            summary: operation.summary.said(language).to_owned(),
            text: operation
                .text
                .as_ref()
                .map(|text| text.said(language).to_owned())
                .unwrap_or_default(),
            proof: operation.proof,
            parameters: parameters.collect(),
            answers: answers.collect(),
        }
    }

    /// Errors all have the same members, which one chapter explains.
    fn members(&self, status: u16, schema: Option<&str>, language: Language) -> Vec<ApiMember> {
        let schema = schema.filter(|_| status < 400).and_then(|name| self.0.schema.get(name));
        let members = schema.map(|schema| schema.member.as_slice()).unwrap_or_default();
        let shown = |member: &super::api_source::Member| ApiMember {
            name: member.name.clone(),
            optional: member.optional,
            text: member.text.said(language).to_owned(),
        };
        members.iter().map(shown).collect()
    }

    /// The description as OpenAPI 3.1, in English.
    #[must_use]
    pub fn openapi(&self, facts: &ApiFacts) -> Value {
        let mut paths = Map::new();
        for operation in self.operations(facts) {
            let methods = operation.methods();
            let several = methods.len() > 1;
            for method in methods {
                let id = &operation.id;
                let id = if several { format!("{id}_{method}") } else { id.clone() };
                let item = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
                if let Some(item) = item.as_object_mut() {
                    item.insert(method.to_owned(), self.described(operation, &id));
                }
            }
        }
        let tags = self.0.group.iter().map(
            |group| json!({"name": group.id, "description": group.title.said(Language::English)}),
        );
        let schemas = self.0.schema.iter().map(|(name, schema)| (name.clone(), object(schema)));
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Countersign",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "The endpoints of this server. The guide is at /docs.",
            },
            "servers": [{"url": facts.issuer}],
            "tags": tags.collect::<Vec<_>>(),
            "paths": paths,
            "components": {
                "schemas": schemas.collect::<Map<_, _>>(),
                "securitySchemes": security_schemes(),
            },
        })
    }

    fn described(&self, operation: &Operation, id: &str) -> Value {
        let said = Language::English;
        let mut described = Map::new();
        let mut say = |name: &str, value: Value| described.insert(name.to_owned(), value);
        say("operationId", json!(id));
        say("tags", json!([operation.group]));
        say("summary", json!(operation.summary.said(said)));
        if let Some(text) = &operation.text {
            say("description", json!(text.said(said)));
        }
        if !operation.also.is_empty() {
            say("x-also-at", json!(operation.also));
        }
        say("security", security(operation.proof));
        let (inside, beside): (Vec<_>, Vec<_>) =
            self.0.parameters(operation).partition(|(place, _)| *place == ParameterPlace::Body);
        let beside: Vec<Value> = beside.into_iter().map(parameter).collect();
        if !beside.is_empty() {
            say("parameters", json!(beside));
        }
        if let Some(body) = operation.body {
            say("requestBody", request_body(body, inside.into_iter().map(|(_, one)| one)));
        }
        let answers = self.0.answers(operation).map(|answer| {
            let mut response = json!({"description": answer.text.said(said)});
            if let (Some(name), Some(members)) = (&answer.schema, response.as_object_mut()) {
                let content = json!({"application/json": {"schema": schema_of(name)}});
                members.insert("content".to_owned(), content);
            }
            (answer.status.to_string(), response)
        });
        say("responses", Value::Object(answers.collect()));
        Value::Object(described)
    }
}

fn parameter((place, one): (ParameterPlace, &Parameter)) -> Value {
    json!({
        "name": one.name,
        "in": place,
        "required": one.required,
        "description": one.text.said(Language::English),
        "schema": values_of(one),
    })
}

fn request_body<'a>(body: Body, members: impl Iterator<Item = &'a Parameter>) -> Value {
    let media = match body {
        Body::Form => "application/x-www-form-urlencoded",
        Body::Json => "application/json",
    };
    let mut properties = Map::new();
    let mut required = Vec::new();
    for member in members {
        let mut schema = values_of(member);
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), json!(member.text.said(Language::English)));
        }
        properties.insert(member.name.clone(), schema);
        required.extend(member.required.then(|| member.name.clone()));
    }
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"required": true, "content": {media: {"schema": schema}}})
}

fn values_of(parameter: &Parameter) -> Value {
    if parameter.values.is_empty() {
        return schema_of(&parameter.kind);
    }
    json!({"type": "string", "enum": parameter.values})
}

fn object(schema: &Schema) -> Value {
    let properties = schema.member.iter().map(|member| {
        let mut inner = schema_of(&member.kind);
        if let Some(inner) = inner.as_object_mut() {
            let text = json!(member.text.said(Language::English));
            inner.insert("description".to_owned(), text);
        }
        (member.name.clone(), inner)
    });
    let required = schema.member.iter().filter(|member| !member.optional);
    let required: Vec<&str> = required.map(|member| member.name.as_str()).collect();
    let properties: Map<_, _> = properties.collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// `Place[]`: a list of what is called so; `Place?`: or null.
fn schema_of(kind: &str) -> Value {
    if let Some(of) = kind.strip_suffix("[]") {
        return json!({"type": "array", "items": schema_of(of)});
    }
    if let Some(of) = kind.strip_suffix('?') {
        return json!({"anyOf": [schema_of(of), {"type": "null"}]});
    }
    match kind {
        "uri" => json!({"type": "string", "format": "uri"}),
        named if named.starts_with(|letter: char| letter.is_ascii_uppercase()) => {
            json!({"$ref": format!("#/components/schemas/{named}")})
        }
        plain => json!({"type": plain}),
    }
}

fn security(proof: Proof) -> Value {
    match proof {
        Proof::None => json!([]),
        Proof::Client => json!([{"clientBasic": []}, {}]),
        Proof::Proven => json!([{"clientBasic": []}, {}]),
        Proof::Bearer => json!([{"accessToken": []}]),
        Proof::Initial => json!([{"initialToken": []}, {}]),
        Proof::Registration => json!([{"registrationToken": []}]),
    }
}

fn security_schemes() -> Value {
    let bearer = |text: &str| json!({"type": "http", "scheme": "bearer", "description": text});
    json!({
        "clientBasic": {
            "type": "http",
            "scheme": "basic",
            "description": "client_id and client_secret, both form-url-encoded. Or in the body.",
        },
        "accessToken": bearer("An access token or an API token."),
        "initialToken": bearer("An initial access token, where the policy asks for one."),
        "registrationToken": bearer("The registration access token of the client."),
    })
}
