//! What a service manager (systemd) says in the environment of the processes that it starts.

use std::ffi::OsString;
use std::time::Duration;

use crate::config::Sources;

/// How the process is supervised. Without a service manager: not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supervision {
    /// Where to tell how the server does (`NOTIFY_SOCKET`): a path, or a name after `@`.
    pub notify: Option<OsString>,
    /// After how long without a word the server is taken for dead (`WATCHDOG_USEC`).
    pub watchdog: Option<Duration>,
    /// The names of the sockets that are handed over (`LISTEN_FDNAMES`), in their order.
    pub socket_names: Vec<String>,
}

impl Supervision {
    /// What `sources` say to the process with the number `process`; a word to another one is not
    /// for us.
    #[must_use]
    pub fn of(sources: &Sources, process: u32) -> Self {
        let text = |name: &str| sources.variable(name).and_then(|value| value.to_str());
        let number = |name: &str| text(name).and_then(|value| value.parse::<u64>().ok());
        let for_us = |name: &str| number(name).is_none_or(|whom| whom == u64::from(process));
        let watchdog = number("WATCHDOG_USEC").filter(|micros| *micros > 0);
        let names = text("LISTEN_FDNAMES").filter(|_| for_us("LISTEN_PID"));
        Self {
            notify: sources.variable("NOTIFY_SOCKET").cloned(),
            watchdog: watchdog.filter(|_| for_us("WATCHDOG_PID")).map(Duration::from_micros),
            socket_names: names
                .map(|all| all.split(':').map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(variables: &[(&str, &str)]) -> Supervision {
        let pairs = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Supervision::of(&Sources { environment: pairs.collect(), ..Sources::default() }, 42)
    }

    #[test]
    fn a_process_that_nobody_supervises_hears_nothing() {
        assert_eq!(said(&[]), Supervision::default());
        assert_eq!(said(&[("WATCHDOG_USEC", "0"), ("NOTIFY_SOCKET", "")]), Supervision::default());
        assert_eq!(said(&[("WATCHDOG_USEC", "soon")]), Supervision::default());
    }

    #[test]
    fn what_is_said_to_another_process_is_not_for_us() {
        let watchdog = [("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "41")];
        assert_eq!(said(&watchdog).watchdog, None);
        let names = [("LISTEN_FDNAMES", "https"), ("LISTEN_PID", "41")];
        assert!(said(&names).socket_names.is_empty());
    }

    #[test]
    fn everything_that_is_said_to_us_is_heard() {
        let heard = said(&[
            ("NOTIFY_SOCKET", "/run/notify"),
            ("WATCHDOG_USEC", "30000000"),
            ("WATCHDOG_PID", "42"),
            ("LISTEN_PID", "42"),
            ("LISTEN_FDNAMES", "https:https"),
        ]);
        assert_eq!(heard.notify.as_deref(), Some("/run/notify".as_ref()));
        assert_eq!(heard.watchdog, Some(Duration::from_secs(30)));
        assert_eq!(heard.socket_names, ["https", "https"]);
    }
}
