//! The log: one line an event, to stderr, time in UTC.
//!
//! Two promises. No value can forge a line: control characters are written escaped, whoever sent
//! them. And no line holds a query string: access lines are made of the path alone, for the query
//! carries codes and state.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing::Subscriber;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing::level_filters::ParseLevelFilterError;
use tracing_subscriber::Registry;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;

use crate::base::clock::SystemClock;
use crate::telemetry::spool::Spool;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people: `time LEVEL target: message key=value`.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl FromStr for Format {
    type Err = LogFault;

    fn from_str(text: &str) -> Result<Self, LogFault> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFault::Format),
        }
    }
}

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// Neither `text` nor `json`.
    #[error("the log format is `text` or `json`")]
    Format,
    /// The level is not a filter.
    #[error("the log level cannot be read ({0}): give one of error, warn, info, debug, trace")]
    Level(String),
    /// It is another's.
    #[error("the log level cannot be changed: {0}")]
    Fixed(reload::Error),
    /// No thread to write it.
    #[error("the log cannot be written: {0}")]
    Thread(std::io::Error),
    /// Something else took the log first.
    #[error("the log was already started")]
    Started,
}

/// The log of this process. It is kept until the process ends.
pub struct Log {
    /// Changes the level.
    pub level: Level,
    _spool: Spool,
}

/// Changes the level of the log while it is written. Clones change the same one.
#[derive(Clone)]
pub struct Level(reload::Handle<LevelFilter, Registry>);

impl Level {
    /// From here on `level` counts.
    ///
    /// # Errors
    /// It is none, and the former one stays.
    pub fn set(&self, level: &str) -> Result<(), LogFault> {
        self.0.reload(filter(level)?).map_err(LogFault::Fixed)
    }
}

/// Starts the log for the whole process, once, and has panics written to it. `level` is a level
/// (`info`); the environment is not read.
///
/// # Errors
/// The level is none, or the log was started before.
pub fn init(format: Format, level: &str) -> Result<Log, LogFault> {
    let ansi = std::io::stderr().is_terminal();
    let spool = Spool::start(std::io::stderr()).map_err(LogFault::Thread)?;
    let (log, level) = subscriber(format, level, spool.lines(), ansi)?;
    tracing::subscriber::set_global_default(log).map_err(|_| LogFault::Started)?;
    let lines = spool.lines();
    std::panic::set_hook(Box::new(move |panic| {
        log_panic(panic);
        lines.flush_now();
    }));
    Ok(Log { level, _spool: spool })
}

fn filter(level: &str) -> Result<LevelFilter, LogFault> {
    let none = |error: ParseLevelFilterError| LogFault::Level(error.to_string());
    level.parse().map_err(none)
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, cause = panic.payload_as_str().unwrap_or("unknown"), "panicked");
}

fn subscriber<W>(
    format: Format,
    level: &str,
    writer: W,
    ansi: bool,
) -> Result<(Box<dyn Subscriber + Send + Sync>, Level), LogFault>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (level, changes) = reload::Layer::new(filter(level)?);
    let lines = layer().with_writer(writer).with_timer(Utc).with_ansi(ansi);
    let leveled = Registry::default().with(level);
    let log: Box<dyn Subscriber + Send + Sync> = match format {
        Format::Text => Box::new(leveled.with(lines.fmt_fields(text_fields()))),
        Format::Json => Box::new(leveled.with(lines.json().flatten_event(true))),
    };
    Ok((log, Level(changes)))
}

/// RFC 3339 in UTC, from the wall clock: what other machines' logs are compared with.
struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, to: &mut Writer<'_>) -> std::fmt::Result {
        to.write_str(&SystemClock::wall().rfc3339())
    }
}

fn text_fields() -> impl for<'a> FormatFields<'a> + Send + Sync + 'static {
    format::debug_fn(write_field).delimited(" ")
}

fn write_field(
    to: &mut Writer<'_>,
    field: &Field,
    value: &dyn std::fmt::Debug,
) -> std::fmt::Result {
    if field.name() != "message" {
        write!(to, "{}=", field.name())?;
    }
    let mut escaping = Escaping(to);
    write!(escaping, "{value:?}")
}

/// Writes control characters and line separators as `\u{…}`.
struct Escaping<'a, 'b>(&'a mut Writer<'b>);

impl std::fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if !text.contains(forges) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|c| {
            if forges(c) { write!(self.0, "{}", c.escape_unicode()) } else { self.0.write_char(c) }
        })
    }
}

fn forges(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, level: &str, what: impl FnOnce()) -> String {
        let page = Page::default();
        let to = page.clone();
        let (log, _) = subscriber(format, level, move || to.clone(), false).unwrap();
        tracing::subscriber::with_default(log, what);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const FORGERY: &str = "x\n2026-01-01T00:00:00Z  INFO forged: line\u{1b}[2J\u{2028}";

    #[test]
    fn no_value_forges_a_line_of_text() {
        let text = logged(Format::Text, "info", || {
            tracing::info!(debug = FORGERY, shown = %FORGERY, "said {FORGERY}");
            tracing::info_span!("within", shown = %FORGERY).in_scope(|| tracing::warn!("then"));
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{2028}'), "{text}");
    }

    #[test]
    fn no_value_forges_a_line_of_json() {
        let text = logged(Format::Json, "info", || tracing::info!(shown = %FORGERY, "said"));
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["shown"], FORGERY);
    }

    #[test]
    fn a_line_starts_with_its_time_in_utc() {
        let text = logged(Format::Text, "info", || tracing::info!(answer = 42, "hello"));
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
        assert!(rest.trim_end().ends_with("hello answer=42"), "{rest}");
    }

    #[test]
    fn what_lies_below_the_level_is_not_written() {
        assert_eq!(logged(Format::Text, "warn", || tracing::info!("quiet")), "");
    }

    #[test]
    fn a_level_that_was_changed_counts_from_the_next_line_on() {
        for format in [Format::Text, Format::Json] {
            let page = Page::default();
            let to = page.clone();
            let (log, level) = subscriber(format, "warn", move || to.clone(), false).unwrap();
            tracing::subscriber::with_default(log, || {
                tracing::info!("one");
                level.set("info").unwrap();
                tracing::info!("two");
                assert!(level.set("countersign=loud").is_err());
                tracing::info!("three");
                level.set("error").unwrap();
                tracing::info!("four");
            });
            let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
            let has = ["one", "two", "three", "four"].map(|line| text.contains(line));
            assert_eq!(has, [false, true, true, false], "{text}");
        }
    }

    #[test]
    fn an_unreadable_level_is_named() {
        let fault = subscriber(Format::Text, "countersign=loud", io::sink, false).err().unwrap();
        assert!(fault.to_string().contains("give one of"), "{fault}");
    }
}
