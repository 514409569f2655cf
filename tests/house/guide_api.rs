//! `/openapi.json`: exactly the routes that programs use, and a description that holds together.

use std::collections::BTreeSet;

use countersign::domain::resource::API_PATH;
use serde_json::Value;

use crate::harness::House;
use crate::routes;
use crate::routes::Door;

async fn description(house: &House) -> Value {
    let answer = house.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    answer.json()
}

/// Method and path of what is described; `*` for what is there by any method.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let item = item.as_object().unwrap();
        for (method, operation) in item {
            let method = if item.len() == 5 { "*".to_owned() } else { method.to_uppercase() };
            all.insert((method.clone(), path.clone()));
            for also in operation["x-also-at"].as_array().into_iter().flatten() {
                all.insert((method.clone(), also.as_str().unwrap().to_owned()));
            }
        }
    }
    all
}

/// The routes that programs use, as the list of routes has them.
fn of_programs() -> BTreeSet<(String, String)> {
    let is_for_programs =
        |door: Door| !matches!(door, Door::Page | Door::OpenPage | Door::File | Door::Absent);
    let mut all = BTreeSet::new();
    for route in routes::all().into_iter().filter(|route| is_for_programs(route.door)) {
        let methods: &[&str] = match route.path.as_str() {
            routes::CONNECTIONS => &["GET"],
            routes::MCP => &["GET", "POST", "DELETE"],
            _ => &[route.method],
        };
        let named = |path: &str| {
            methods.iter().map(|one| ((*one).to_owned(), path.to_owned())).collect::<Vec<_>>()
        };
        match route.path.strip_prefix(API_PATH) {
            // The surface as such: there is nothing at its own address.
            Some("" | "/") => {}
            Some(below) => {
                let below = below.replace("{*path}", "{path}");
                all.extend(named(&format!("{API_PATH}{below}")));
            }
            None => all.extend(named(&route.path)),
        }
    }
    for (method, below, _) in countersign::gateway::OWN_ROUTES {
        all.insert(((*method).to_owned(), format!("{API_PATH}{below}")));
    }
    all
}

#[tokio::test]
async fn every_route_of_programs_is_described_and_nothing_else() {
    let house = House::with(&[("clients.registration", "open")]).await;
    assert_eq!(described(&description(&house).await), of_programs());
}

#[tokio::test]
async fn only_what_answers_is_described() {
    let house = House::with(&[("clients.registration", "off")]).await;
    let document = description(&house).await;
    assert!(!document["paths"].to_string().contains("/oauth/register"), "{document}");
    let issuer = house.ops.settings().issuer.to_string();
    assert_eq!(document["servers"][0]["url"], issuer);
    assert_eq!(document["openapi"], "3.1.0");
}

/// Everything called `name` in a document, however deep.
fn all_called<'d>(document: &'d Value, name: &str, into: &mut Vec<&'d Value>) {
    match document {
        Value::Object(members) => {
            for (key, value) in members {
                if key == name {
                    into.push(value);
                }
                all_called(value, name, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all_called(item, name, into)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_refers_to_nothing_that_it_does_not_hold() {
    let house = House::new().await;
    let document = description(&house).await;
    let mut references = Vec::new();
    all_called(&document, "$ref", &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = Vec::new();
    all_called(&document, "operationId", &mut ids);
    let unique: BTreeSet<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(unique.len(), ids.len());
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named = parameters.iter().filter(|one| one["in"] == "path");
            let named: BTreeSet<String> =
                named.map(|one| format!("{{{}}}", one["name"].as_str().unwrap())).collect();
            let braces = path.split('/').filter(|part| part.starts_with('{'));
            assert_eq!(named, braces.map(str::to_owned).collect(), "{path}");
            assert!(!operation["responses"].as_object().unwrap().is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn every_operation_stands_in_the_chapter_for_people() {
    let house = House::new().await;
    let document = description(&house).await;
    let page = house.get("/docs/reference").await.body;
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path), "{path}");
    }
}
