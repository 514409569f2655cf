//! The requests of one route: how many, by method and class of the status, and how long they took.

use std::time::Duration;

use crate::telemetry::measure::Counter;
use crate::telemetry::measure::Histogram;

/// Methods that are told apart; all others are one.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
/// Classes of statuses; whatever is none of them is the last.
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/// What was counted of a route.
#[derive(Debug, Default)]
pub struct Route {
    counts: [[Counter; CLASSES.len()]; METHODS.len()],
    times: Histogram,
}

/// One of the methods that are told apart.
#[derive(Clone, Copy, Debug)]
pub struct Method(usize);

/// The method that a request names.
#[must_use]
pub fn method(name: &str) -> Method {
    Method(METHODS.iter().position(|known| *known == name).unwrap_or(METHODS.len() - 1))
}

impl Route {
    /// Counts an answer.
    pub fn count(&self, method: Method, status: u16, time: Duration) {
        let class = usize::from(status / 100).checked_sub(1).unwrap_or(CLASSES.len());
        let class = class.min(CLASSES.len() - 1);
        if let Some(counter) = self.counts.get(method.0).and_then(|classes| classes.get(class)) {
            counter.count();
        }
        self.times.took(time);
    }

    /// What was counted at all, by method and class.
    pub fn answered(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        METHODS.iter().zip(&self.counts).flat_map(|(method, classes)| {
            let counted = CLASSES.iter().zip(classes);
            counted.filter_map(|(class, counter)| {
                let count = counter.value();
                (count > 0).then_some((*method, *class, count))
            })
        })
    }

    /// Whether it was ever asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.answered().next().is_some()
    }

    /// How long answers took.
    #[must_use]
    pub const fn times(&self) -> &Histogram {
        &self.times
    }
}
