//! Reading the keys of an effective configuration and gathering the faults on the way.

use std::time::Duration;

use figment::value::Value;

use crate::config::fault::Fault;
use crate::config::fault::Wrong;
use crate::config::layer::Effective;
use crate::config::rule::Rule;
use crate::config::span;
use crate::config::value::whole;

/// Takes values out of a configuration; what is wrong stays with it.
pub(super) struct Reader<'a> {
    pub(super) from: &'a Effective,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(from: &'a Effective) -> Self {
        Self { from, faults: Vec::new() }
    }

    /// The value of a key by its rule; `None` when it is at fault.
    pub(super) fn take<R: Rule>(&mut self, key: &str, rule: &R) -> Option<R::Output> {
        let Some(value) = self.from.value(key) else {
            self.fault(key, Wrong::new("it has no value", "give one"));
            return None;
        };
        match rule.read(value) {
            Ok(output) => Some(output),
            Err(wrongs) => {
                for wrong in wrongs {
                    self.fault(key, wrong);
                }
                None
            }
        }
    }

    /// Notes a fault of a key.
    pub(super) fn fault(&mut self, key: &str, wrong: Wrong) {
        self.faults.push(wrong.at(key, self.from.source(key)));
    }

    /// A text, whatever its rule.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.from.value(key)?.as_str()
    }

    /// Whether it is a list without items.
    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        matches!(self.from.value(key), Some(Value::Array(_, items)) if items.is_empty())
    }

    /// A number, whatever its bounds.
    pub(super) fn number(&self, key: &str) -> Option<i128> {
        whole(self.from.value(key)?)
    }

    /// A span, whatever its bounds.
    pub(super) fn span(&self, key: &str) -> Option<Duration> {
        span::parse(self.from.value(key)?)
    }
}
