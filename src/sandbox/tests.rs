//! The ledger as its callers see it.

use axum::body::Body;
use http::Method;
use http::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;
use serde_json::json;

use crate::domain::company::Slug;
use crate::domain::scope::ScopeName;
use crate::sandbox::Ledger;
use crate::sandbox::drafts::MOST_DRAFTS;
use crate::sandbox::ledger::LONGEST_BODY;
use crate::sandbox::ledger::ROUTES;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

async fn json_of(answer: Response<Body>) -> (u16, Value) {
    assert_eq!(answer.headers()["content-type"], "application/json");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn get(ledger: &Ledger, company: &str, path: &str, query: Option<&str>) -> (u16, Value) {
    json_of(ledger.respond(&slug(company), &Method::GET, path, query, b"")).await
}

async fn post(ledger: &Ledger, company: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let method = Method::POST;
    json_of(ledger.respond(&slug(company), &method, "/customer_invoices", None, body.as_bytes()))
        .await
}

fn draft() -> Value {
    json!({
        "customer_id": 1101, "date": "2026-03-01", "deadline": "2026-03-31",
        "lines": [{ "product_id": 1001, "quantity": "2" },
                  { "label": "Delivery", "quantity": "1.5", "unit_price": "10.00", "vat_percent": 0 }],
    })
}

#[tokio::test]
async fn every_route_answers_and_names_a_scope() {
    let ledger = Ledger::new();
    for (method, path, scope) in ROUTES {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let body = draft().to_string();
        let (status, _) =
            json_of(ledger.respond(&slug("acme"), &method, path, None, body.as_bytes())).await;
        assert!(status == 200 || status == 201, "{method} {path}: {status}");
        assert!(scope.unwrap().parse::<ScopeName>().is_ok(), "{method} {path}");
    }
}

#[tokio::test]
async fn lists_differ_between_companies_and_a_new_company_has_empty_books() {
    let ledger = Ledger::new();
    let (_, acme) = get(&ledger, "acme", "/customers", None).await;
    let (_, clinic) = get(&ledger, "clinic", "/customers", None).await;
    assert_ne!(acme["items"], clinic["items"]);
    for path in ["/customers", "/products", "/customer_invoices", "/trial_balance"] {
        let (status, list) = get(&ledger, "newcomer", path, None).await;
        assert_eq!((status, &list["items"]), (200, &json!([])), "{path}");
        assert_eq!(list["has_more"], false);
    }
}

#[tokio::test]
async fn a_draft_is_priced_listed_for_its_company_only_and_never_booked() {
    let ledger = Ledger::new();
    let before = get(&ledger, "acme", "/trial_balance", None).await;
    let (status, made) = post(&ledger, "acme", &draft()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["status"], "draft");
    assert_eq!(made["number"], Value::Null);
    assert_eq!(made["amount_without_vat"], "713.00");
    assert_eq!(made["vat"], "139.60");
    assert_eq!(made["amount"], "852.60");
    let (_, list) = get(&ledger, "acme", "/customer_invoices", None).await;
    assert_eq!(list["items"].as_array().unwrap().last().unwrap(), &made);
    let (_, other) = get(&ledger, "bakery", "/customer_invoices", None).await;
    assert!(!other["items"].as_array().unwrap().contains(&made));
    assert_eq!(get(&ledger, "acme", "/trial_balance", None).await, before);
}

#[tokio::test]
async fn an_unusable_draft_is_refused_with_a_sentence_that_echoes_nothing() {
    let ledger = Ledger::new();
    let mut wrong = vec![json!([]), json!({}), json!("<b>echo</b>")];
    let changes: [(&str, Value); 8] = [
        ("/customer_id", json!(3101)),
        ("/customer_id", json!("<b>echo</b>")),
        ("/date", json!("2026-02-30")),
        ("/date", json!("20260301")),
        ("/deadline", json!("2026-02-28")),
        ("/lines", json!([])),
        ("/lines/0/product_id", json!(3001)),
        ("/lines/0/quantity", json!("0")),
    ];
    for (at, value) in changes.iter().chain(&[
        ("/lines/1/label", json!(" ")),
        ("/lines/1/label", json!("x".repeat(201))),
        ("/lines/1/quantity", json!("9999999999")),
        ("/lines/1/unit_price", json!("-1")),
        ("/lines/1/vat_percent", json!(31)),
    ]) {
        let mut body = draft();
        *body.pointer_mut(at).unwrap() = value.clone();
        wrong.push(body);
    }
    for body in wrong {
        let (status, answer) = post(&ledger, "acme", &body).await;
        assert_eq!((status, &answer["error"]), (422, &json!("unprocessable")), "{body}");
        assert!(!answer.to_string().contains("echo"), "{answer}");
    }
}

#[tokio::test]
async fn an_amount_beyond_counting_is_refused_and_not_wrapped() {
    let ledger = Ledger::new();
    let mut body = draft();
    body["lines"] =
        json!([{ "label": "x", "quantity": "999999999.999", "unit_price": "999999999.99" }]);
    assert_eq!(post(&ledger, "acme", &body).await.0, 422);
}

#[tokio::test]
async fn more_drafts_than_are_kept_push_the_oldest_out() {
    let ledger = Ledger::new();
    let first = post(&ledger, "acme", &draft()).await.1["id"].clone();
    for _ in 0..MOST_DRAFTS {
        assert_eq!(post(&ledger, "acme", &draft()).await.0, 201);
    }
    let (_, one) = get(&ledger, "acme", "/customer_invoices", Some("limit=100")).await;
    let (_, two) = get(&ledger, "acme", "/customer_invoices", Some("limit=100&cursor=c100")).await;
    let lists = [one, two];
    let ids: Vec<&Value> = lists
        .iter()
        .flat_map(|list| list["items"].as_array().unwrap())
        .filter(|invoice| invoice["status"] == "draft")
        .map(|invoice| &invoice["id"])
        .collect();
    assert_eq!(ids.len(), MOST_DRAFTS);
    assert!(!ids.contains(&&first));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_even_read() {
    let body = vec![b' '; LONGEST_BODY + 1];
    let ledger = Ledger::new();
    let answer = ledger.respond(&slug("acme"), &Method::POST, "/customer_invoices", None, &body);
    assert_eq!(json_of(answer).await.0, 413);
}

#[tokio::test]
async fn unknown_paths_methods_and_pages_are_refused_in_json() {
    let ledger = Ledger::new();
    let acme = slug("acme");
    for path in ["", "/", "/customers/", "/Customers", "/customers/1101", "/me", "/companies"] {
        let (status, body) = get(&ledger, "acme", path, None).await;
        assert_eq!((status, &body["error"]), (404, &json!("not_found")), "{path}");
    }
    let answer = ledger.respond(&acme, &Method::DELETE, "/customer_invoices", None, b"");
    assert_eq!(answer.headers()["allow"], "GET, POST");
    assert_eq!(json_of(answer).await.0, 405);
    let answer = ledger.respond(&acme, &Method::POST, "/customers", None, b"{}");
    assert_eq!(answer.headers()["allow"], "GET");
    let (status, body) = get(&ledger, "acme", "/customers", Some("limit=0")).await;
    assert_eq!((status, &body["error"]), (400, &json!("bad_request")));
}
