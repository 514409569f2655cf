//! What is measured: the one table of metrics, and where each is counted.
//!
//! `docs/monitor.md`, the dashboard and the alert rules are held against [`all`] by a test. No
//! label is ever a text that a client chose.

use std::fmt::Write as _;

use crate::telemetry::measure::Counter;
use crate::telemetry::measure::Family;
use crate::telemetry::measure::Gauge;
use crate::telemetry::measure::Histogram;
use crate::telemetry::measure::Level;
use crate::telemetry::requests;
use crate::telemetry::requests::Route;

/// What a metric is, as Prometheus names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Comes and goes.
    Gauge,
    /// Counts by bounds.
    Histogram,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric.
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
    /// Where its numbers are.
    pub(crate) source: Source,
}

/// Where the numbers of a metric are.
pub(crate) enum Source {
    Counter(&'static Counter),
    Gauge(&'static Gauge),
    Level(&'static Level),
    Histogram(&'static Histogram),
    Counters(&'static Family<Counter>),
    /// Words of two labels, with a tab between.
    Pairs(&'static Family<Counter>),
    Requests(&'static Family<Route>),
    RequestTimes(&'static Family<Route>),
}

/// Declares the metrics: each where it is counted, and its row of the table.
macro_rules! measures {
    ($($place:ident: $type:ty = $make:expr, $source:ident, $kind:ident, $name:literal, [$($label:literal),*], $help:literal;)+) => {
        $(
            #[doc = $help]
            pub static $place: $type = $make;
        )+

        /// Every metric but those of requests.
        const SIMPLE: &[Measure] = &[$(Measure {
            name: concat!("countersign_", $name),
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
            source: Source::$source(&$place),
        }),+];
    };
}

measures! {
    CONNECTIONS: Level = Level::new(), Level, Gauge, "connections_open", [],
        "Connections that stand.";
    CONNECTIONS_TAKEN: Counter = Counter::new(), Counter, Counter, "connections_total", [],
        "Connections that were accepted.";
    CONNECTIONS_REFUSED: Family<Counter> = Family::new(), Counters, Counter, "connections_refused_total", ["limit"],
        "Connections closed at once, since there were too many: in_all or from_address.";
    HANDSHAKES_FAILED: Family<Counter> = Family::new(), Counters, Counter, "tls_handshakes_failed_total", ["cause"],
        "TLS handshakes that came to nothing: failed or timeout.";
    CLIENTS_LEFT: Counter = Counter::new(), Counter, Counter, "http_clients_left_total", [],
        "Requests whose client left before the answer.";
    TOKENS_ISSUED: Family<Counter> = Family::new(), Counters, Counter, "tokens_issued_total", ["grant"],
        "Access tokens issued, by grant.";
    TOKENS_REFUSED: Family<Counter> = Family::new(), Pairs, Counter, "tokens_refused_total", ["grant", "cause"],
        "Token requests refused after the client was known, by grant and exact cause.";
    REFUSALS: Family<Counter> = Family::new(), Pairs, Counter, "refusals_total", ["kind", "cause"],
        "Refusals of all doors, by event of the trail and cause; those of unknown callers too.";
    SIGN_INS: Family<Counter> = Family::new(), Counters, Counter, "sign_ins_total", ["outcome"],
        "Sign-ins: succeeded (both factors), wrong_password or wrong_code.";
    LOCKOUTS: Family<Counter> = Family::new(), Counters, Counter, "sign_ins_slowed_total", ["cause"],
        "Guesses that were not looked at: wait (too soon after failures) or day (the day's budget of strangers is used up).";
    GUARD: Family<Counter> = Family::new(), Counters, Counter, "guard_decisions_total", ["decision"],
        "Calls to the protected surfaces: passed or refused.";
    WRITER_QUEUE: Gauge = Gauge::new(), Gauge, Gauge, "writer_queue_length", [],
        "Operations that wait for the writer; 4096 is full, further ones are answered 503.";
    WRITER_BUSY: Counter = Counter::new(), Counter, Counter, "writer_busy_total", [],
        "Operations that found the writer's queue full.";
    WRITER_OPERATIONS: Counter = Counter::new(), Counter, Counter, "writer_operations_total", [],
        "Operations that were committed.";
    WRITER_GROUP: Histogram = Histogram::of_numbers(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]), Histogram, Histogram, "writer_group_operations", [],
        "Operations in one commit.";
    WRITER_COMMIT: Histogram = Histogram::of_times(), Histogram, Histogram, "writer_commit_duration_seconds", [],
        "How long one commit took, from the first decision to the disk's answer.";
    WRITER_FAILURES: Counter = Counter::new(), Counter, Counter, "writer_failures_total", [],
        "Failures of the data file: it was opened anew, or is being tried every second.";
    STORE_SOUND: Gauge = Gauge::new(), Gauge, Gauge, "store_sound", [],
        "1 while the data file can be used, else 0; the same as /readyz.";
    STORE_SIZE: Gauge = Gauge::new(), Gauge, Gauge, "store_size_bytes", [],
        "Size of the data file.";
    DISK_FREE: Gauge = Gauge::new(), Gauge, Gauge, "disk_free_bytes", [],
        "Free space of the file system with the data folder.";
    HASHING_RUNNING: Gauge = Gauge::new(), Gauge, Gauge, "hashing_running", [],
        "Passwords being hashed.";
    HASHING_WAITING: Gauge = Gauge::new(), Gauge, Gauge, "hashing_waiting", [],
        "Sign-ins that wait for a hash.";
    HASHING_BUSY: Counter = Counter::new(), Counter, Counter, "hashing_busy_total", [],
        "Sign-ins answered 503, since too many wait for a hash.";
    HOUSEKEEPING: Family<Counter> = Family::new(), Counters, Counter, "sweeper_runs_total", ["outcome"],
        "Sweeps of what is over: done or failed.";
    SWEPT_AT: Gauge = Gauge::new(), Gauge, Gauge, "sweeper_last_success_timestamp_seconds", [],
        "When a sweep last finished.";
    CERTIFICATE_ENDS: Gauge = Gauge::new(), Gauge, Gauge, "tls_certificate_expiry_timestamp_seconds", [],
        "When the certificate that is served ends.";
    CERTIFICATE_RELOADS: Family<Counter> = Family::new(), Counters, Counter, "tls_reloads_total", ["outcome"],
        "Certificates that were to be served anew: published or refused.";
    BACKUP_AT: Gauge = Gauge::new(), Gauge, Gauge, "backup_last_success_timestamp_seconds", [],
        "Of when the newest backup in backup.folder is: made by this server, or found there at its start; 0 if there is none yet.";
    CLOCK_AHEAD: Gauge = Gauge::new(), Gauge, Gauge, "clock_ahead_seconds", [],
        "How far the server's time is ahead of the machine's wall clock.";
    FETCHES: Family<Counter> = Family::new(), Counters, Counter, "outbound_fetches_total", ["outcome"],
        "Documents and keys fetched from elsewhere: fetched, or why not.";
    UPSTREAM_FAILURES: Family<Counter> = Family::new(), Counters, Counter, "upstream_failures_total", ["cause"],
        "Calls that the upstream behind the gateway did not answer, by cause.";
    SHIPPED: Counter = Counter::new(), Counter, Counter, "audit_shipped_total", [],
        "Entries of the audit trail that were sent elsewhere.";
    SHIPPING_FAILURES: Counter = Counter::new(), Counter, Counter, "audit_shipping_failures_total", [],
        "Batches of entries that could not be sent; they are tried again every second.";
    SHIPPING_BEHIND: Gauge = Gauge::new(), Gauge, Gauge, "audit_behind", [],
        "Entries of the audit trail that are still to be sent elsewhere.";
    WEBHOOK_ATTEMPTS: Family<Counter> = Family::new(), Counters, Counter, "webhook_attempts_total", ["outcome"],
        "Attempts to deliver a webhook: delivered, failed (tried again) or given_up.";
    WEBHOOK_TIME: Histogram = Histogram::of_times(), Histogram, Histogram, "webhook_duration_seconds", [],
        "How long one attempt to deliver a webhook took.";
    WEBHOOKS_WAITING: Gauge = Gauge::new(), Gauge, Gauge, "webhooks_waiting", [],
        "Webhooks that are still to be delivered.";
    WEBHOOKS_DISABLED: Gauge = Gauge::new(), Gauge, Gauge, "webhook_endpoints_disabled", [],
        "Webhook endpoints that were disabled after failing for days.";
}

/// What a family counts by route.
pub static REQUESTS: Family<Route> = Family::new();

const OF_REQUESTS: &[Measure] = &[
    Measure {
        name: "countersign_http_requests_total",
        kind: Kind::Counter,
        labels: &["route", "method", "status"],
        help: "Requests answered, by template of the route, method and class of the status.",
        source: Source::Requests(&REQUESTS),
    },
    Measure {
        name: "countersign_http_request_duration_seconds",
        kind: Kind::Histogram,
        labels: &["route"],
        help: "Time from a request's head to its answer's head, by template of the route.",
        source: Source::RequestTimes(&REQUESTS),
    },
];

/// Every metric.
pub fn all() -> impl Iterator<Item = &'static Measure> {
    OF_REQUESTS.iter().chain(SIMPLE)
}

/// Everything that was measured, in Prometheus' text format (version 0.0.4).
#[must_use]
pub fn text() -> String {
    let mut to = String::with_capacity(32 * 1024);
    for measure in all() {
        // Writing to a string does not fail.
        let _ = write(&mut to, measure);
    }
    to
}

fn write(to: &mut String, measure: &Measure) -> std::fmt::Result {
    let name = measure.name;
    writeln!(to, "# HELP {name} {}", measure.help)?;
    writeln!(to, "# TYPE {name} {}", measure.kind.word())?;
    match &measure.source {
        Source::Counter(counter) => writeln!(to, "{name} {}", counter.value()),
        Source::Level(level) => writeln!(to, "{name} {}", level.value()),
        Source::Gauge(gauge) => {
            gauge.value().map_or(Ok(()), |value| writeln!(to, "{name} {value}"))
        }
        Source::Histogram(histogram) => write_histogram(to, name, "", histogram),
        Source::Counters(family) => {
            let label = measure.labels.first().copied().unwrap_or_default();
            counted(family).try_for_each(|(word, count)| {
                writeln!(to, "{name}{{{label}=\"{}\"}} {count}", escaped(word))
            })
        }
        Source::Pairs(family) => counted(family).try_for_each(|(words, count)| {
            let (first, second) = words.split_once('\t').unwrap_or((words, words));
            let labels = measure.labels.iter().zip([first, second]);
            let labels: Vec<_> =
                labels.map(|(label, word)| format!("{label}=\"{}\"", escaped(word))).collect();
            writeln!(to, "{name}{{{}}} {count}", labels.join(","))
        }),
        Source::Requests(family) => family.all().into_iter().try_for_each(|(route, counted)| {
            counted.answered().try_for_each(|(method, class, count)| {
                let route = escaped(route);
                writeln!(
                    to,
                    "{name}{{route=\"{route}\",method=\"{method}\",status=\"{class}\"}} {count}"
                )
            })
        }),
        Source::RequestTimes(family) => {
            let asked = family.all().into_iter().filter(|(_, counted)| counted.is_asked());
            asked.into_iter().try_for_each(|(route, counted)| {
                let labels = format!("route=\"{}\"", escaped(route));
                write_histogram(to, name, &labels, counted.times())
            })
        }
    }
}

/// What was counted at all.
fn counted(family: &'static Family<Counter>) -> impl Iterator<Item = (&'static str, u64)> {
    let all = family.all().into_iter().map(|(word, counter)| (word, counter.value()));
    all.filter(|(_, count)| *count > 0)
}

fn write_histogram(
    to: &mut String,
    name: &str,
    labels: &str,
    histogram: &Histogram,
) -> std::fmt::Result {
    let (counted, sum) = histogram.shown();
    let comma = if labels.is_empty() { "" } else { "," };
    let mut whole = 0;
    for (bound, count) in counted {
        let bound = bound.map_or_else(|| String::from("+Inf"), |bound| bound.to_string());
        writeln!(to, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {count}")?;
        whole = count;
    }
    let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    writeln!(to, "{name}_sum{labels} {sum}")?;
    writeln!(to, "{name}_count{labels} {whole}")
}

fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The word of a cause: what stands before its particulars, which may be many. `client: WrongSecret`,
/// `gate: NoRole` and those of MCP are causes as a whole.
#[must_use]
pub fn cause_word(cause: &str) -> &str {
    let (head, rest) = cause.split_once(": ").unwrap_or((cause, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if matches!(head, "client" | "gate" | "MCP") && plain(rest) {
        return cause;
    }
    head.split(['(', '{', '"']).next().unwrap_or_default().trim_end()
}

/// Counts an answer.
pub fn answered(route: &str, method: &str, status: Option<u16>, time: std::time::Duration) {
    match status {
        Some(status) => REQUESTS.of(route).count(requests::method(method), status, time),
        None => CLIENTS_LEFT.count(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_as_prometheus_wants_it() {
        let mut names: Vec<_> = all().map(|measure| measure.name).collect();
        for measure in all() {
            assert!(measure.name.starts_with("countersign_"), "{}", measure.name);
            let total = measure.name.ends_with("_total");
            assert_eq!(total, measure.kind == Kind::Counter, "{}", measure.name);
            assert!(measure.help.ends_with('.') && !measure.help.contains('\n'));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().count());
    }

    const DOCUMENT: &str = include_str!("../../docs/monitor.md");
    const ALERTS: &str = include_str!("../../packaging/monitoring/alerts.yml");
    const DASHBOARD: &str = include_str!("../../packaging/monitoring/grafana-dashboard.json");

    #[test]
    fn the_document_lists_every_metric_as_it_is_and_no_other() {
        let rows = all().map(|measure| {
            let labels: Vec<_> = measure.labels.iter().map(|label| format!("`{label}`")).collect();
            let (name, kind, labels) = (measure.name, measure.kind.word(), labels.join(", "));
            format!("| `{name}` | {kind} | {labels} | {} |", measure.help)
        });
        let written = DOCUMENT.lines().filter(|line| line.starts_with("| `countersign_"));
        assert_eq!(written.collect::<Vec<_>>(), rows.collect::<Vec<_>>());
    }

    /// The metrics that a text names, as series of theirs are called.
    fn named(text: &str) -> impl Iterator<Item = &str> {
        let word = |byte: char| !(byte.is_ascii_lowercase() || byte == '_');
        text.split(word).filter(|word| word.starts_with("countersign_"))
    }

    fn exists(name: &str) -> bool {
        all().any(|measure| match measure.kind {
            Kind::Histogram => ["_bucket", "_sum", "_count"]
                .iter()
                .any(|end| name.strip_suffix(end) == Some(measure.name)),
            _ => measure.name == name,
        })
    }

    #[test]
    fn the_dashboard_and_the_alert_rules_name_metrics_that_exist() {
        let missing: Vec<_> =
            named(ALERTS).chain(named(DASHBOARD)).filter(|name| !exists(name)).collect();
        assert_eq!(missing, Vec::<&str>::new());
        serde_json::from_str::<serde_json::Value>(DASHBOARD).unwrap();
    }

    #[test]
    fn the_dashboard_shows_every_metric() {
        let shown: Vec<_> = named(DASHBOARD).collect();
        for measure in all() {
            assert!(shown.iter().any(|name| name.starts_with(measure.name)), "{}", measure.name);
        }
    }

    #[test]
    fn every_alert_says_what_to_do_in_the_document() {
        let alerts = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
        let alerts: Vec<_> = alerts.collect();
        assert!(alerts.len() > 10);
        for alert in alerts {
            assert!(DOCUMENT.contains(&format!("`{alert}`")), "{alert}");
        }
    }

    #[test]
    fn a_method_or_status_of_the_clients_choosing_makes_no_series() {
        for n in 0..50 {
            answered("/here", &format!("M{n}"), Some(999), Duration::ZERO);
        }
        let text = text();
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("countersign_http_requests_total{route=\"/here\""))
            .collect();
        let one =
            "countersign_http_requests_total{route=\"/here\",method=\"other\",status=\"other\"} 50";
        assert_eq!(lines, [one]);
    }

    #[test]
    fn a_cause_loses_its_particulars() {
        for (cause, word) in [
            ("missing scope: customers:readonly", "missing scope"),
            ("client: WrongSecret", "client: WrongSecret"),
            ("client: Wrong { id: 7 }", "client"),
            ("Gate(NoRole)", "Gate"),
            ("CodeExpired", "CodeExpired"),
            ("password and passkey", "password and passkey"),
        ] {
            assert_eq!(cause_word(cause), word);
        }
    }
}
