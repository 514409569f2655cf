//! What tools take and answer, as JSON Schema (2020-12). Amounts are text, so that no reader turns
//! them into floats.

use serde_json::Value;
use serde_json::json;

/// No arguments.
pub(super) fn nothing() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

/// The part of a list.
pub(super) fn page() -> Value {
    json!({
        "type": "object",
        "properties": {
            "limit": {
                "type": "integer", "minimum": 1, "maximum": 100, "default": 20,
                "description": "How many at most.",
            },
            "cursor": {
                "type": "string",
                "description": "The next_cursor of the page before; none for the first page.",
            },
        },
        "additionalProperties": false,
    })
}

/// What an invoice is drafted from.
pub(super) fn draft() -> Value {
    json!({
        "type": "object",
        "properties": {
            "customer_id": { "type": "integer", "description": "The id of a customer." },
            "date": { "type": "string", "format": "date", "description": "Such as 2026-03-01." },
            "deadline": {
                "type": "string", "format": "date",
                "description": "When it has to be paid; not before date.",
            },
            "lines": { "type": "array", "minItems": 1, "maxItems": 50, "items": draft_line() },
        },
        "required": ["customer_id", "date", "deadline", "lines"],
    })
}

fn draft_line() -> Value {
    json!({
        "type": "object",
        "description": "A line names a product, or has a label and a price of its own.",
        "properties": {
            "product_id": { "type": "integer", "description": "The id of a product." },
            "label": { "type": "string", "maxLength": 200 },
            "quantity": {
                "type": "string",
                "description": "A positive number with at most 3 decimals, as text: \"1.5\".",
            },
            "unit_price": {
                "type": "string",
                "description": "With at most 2 decimals, as text: \"68.00\". The product's if absent.",
            },
            "vat_percent": { "type": "integer", "minimum": 0, "maximum": 30 },
        },
        "required": ["quantity"],
    })
}

/// A page of customers.
pub(super) fn customers() -> Value {
    list(&members(&[
        ("id", "integer"),
        ("name", "string"),
        ("email", "string"),
        ("city", "string"),
        ("country", "string"),
        ("payment_days", "integer"),
    ]))
}

/// A page of invoices.
pub(super) fn invoices() -> Value {
    list(&invoice())
}

/// A page of accounts.
pub(super) fn trial_balance() -> Value {
    let accounts =
        [("number", "string"), ("label", "string"), ("debit", "string"), ("credit", "string")];
    let mut list = list(&members(&accounts));
    for period in ["period_start", "period_end"] {
        require(&mut list, period, json!({ "type": "string", "format": "date" }));
    }
    list
}

/// An invoice.
pub(super) fn invoice() -> Value {
    let mut line = members(&[
        ("label", "string"),
        ("quantity", "string"),
        ("unit_price", "string"),
        ("vat_percent", "integer"),
        ("amount", "string"),
    ]);
    require(&mut line, "product_id", json!({ "type": ["integer", "null"] }));
    let mut invoice = members(&[
        ("id", "integer"),
        ("customer_id", "integer"),
        ("date", "string"),
        ("deadline", "string"),
        ("currency", "string"),
        ("amount_without_vat", "string"),
        ("vat", "string"),
        ("amount", "string"),
    ]);
    require(&mut invoice, "status", json!({ "enum": ["draft", "open", "paid"] }));
    require(&mut invoice, "number", json!({ "type": ["string", "null"] }));
    require(&mut invoice, "lines", json!({ "type": "array", "items": line }));
    invoice
}

fn list(item: &Value) -> Value {
    let mut list = members(&[("has_more", "boolean")]);
    require(&mut list, "items", json!({ "type": "array", "items": item }));
    require(&mut list, "next_cursor", json!({ "type": ["string", "null"] }));
    list
}

/// An object with these members, every one of them there.
fn members(of: &[(&'static str, &'static str)]) -> Value {
    let mut object = json!({ "type": "object", "properties": {}, "required": [] });
    for (name, kind) in of {
        require(&mut object, name, json!({ "type": kind }));
    }
    object
}

fn require(object: &mut Value, name: &'static str, schema: Value) {
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(name.to_owned(), schema);
    }
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.push(name.into());
    }
}
