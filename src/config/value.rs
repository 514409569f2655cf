//! Values before they are settings: figment's, from TOML and back.

use figment::value::Dict;
use figment::value::Num;
use figment::value::Tag;
use figment::value::Value;
use toml::de::DeInteger;
use toml::de::DeValue;

const LONGEST_SHOWN: usize = 80;

/// The same value for figment. A date, which no key takes, becomes text; an integer that fits no
/// machine, too.
pub(super) fn from_toml(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            integer(number).map_or_else(|| Value::from(number.to_string()), Value::from)
        }
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .map_or_else(|_| Value::from(number.as_str()), Value::from),
        DeValue::Boolean(on) => Value::from(*on),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| from_toml(item.get_ref())).collect();
            Value::Array(Tag::Default, items)
        }
        DeValue::Table(table) => {
            let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<_>)| {
                let key: &toml::de::DeString<'_> = key.get_ref();
                (key.to_string(), from_toml(value.get_ref()))
            };
            Value::Dict(Tag::Default, table.iter().map(entry).collect::<Dict>())
        }
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The whole number, if it is one.
pub(super) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Num(_, Num::F32(_) | Num::F64(_)) => None,
        Value::Num(_, number) => {
            number.to_i128().or_else(|| number.to_u128().and_then(|n| n.try_into().ok()))
        }
        _ => None,
    }
}

/// The value as TOML would write it, on one line.
pub(super) fn to_toml(value: &Value) -> String {
    match value {
        Value::String(_, text) => quoted(text),
        Value::Char(_, letter) => quoted(&letter.to_string()),
        Value::Bool(_, on) => on.to_string(),
        Value::Num(_, number) => whole(value)
            .map(|number| number.to_string())
            .or_else(|| number.to_f64().map(|number| format!("{number:?}")))
            .unwrap_or_default(),
        Value::Empty(..) => String::new(),
        Value::Array(_, items) => {
            let items: Vec<_> = items.iter().map(to_toml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Dict(_, dict) if dict.is_empty() => "{}".to_owned(),
        Value::Dict(_, dict) => {
            let entries: Vec<_> =
                dict.iter().map(|(key, value)| format!("{key} = {}", to_toml(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// The value for a fault's sentence: as in TOML, shortened when long.
pub(super) fn shown(value: &Value) -> String {
    let text = to_toml(value);
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() => {
                out.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
