//! Sending the audit trail elsewhere while the server runs: never in the way of a request, one batch at a
//! time, from where the last one ended.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use crate::config::Settings;
use crate::config::ShipTo;
use crate::ops::Ops;
use crate::outbound::shipping::JOURNAL;
use crate::outbound::shipping::Shipped;
use crate::outbound::shipping::Sink;
use crate::outbound::shipping::Syslog;
use crate::server::Shutdown;
use crate::telemetry::measure::Since;
use crate::telemetry::measures;

const EVERY: Duration = Duration::from_secs(1);
/// How often the log is told that it still fails.
const TELL: Duration = Duration::from_secs(60);

/// Where the settings have entries sent, if anywhere.
#[must_use]
pub fn sink(settings: &Settings) -> Option<Sink> {
    let shipping = &settings.shipping;
    match shipping.to {
        ShipTo::Off => None,
        ShipTo::Journal => Some(Sink::Journal(JOURNAL.into())),
        ShipTo::File => shipping.file.clone().map(|path| Sink::File {
            path,
            bytes: shipping.file_mib.saturating_mul(1024 * 1024),
            keep: shipping.file_keep,
        }),
        ShipTo::Syslog => shipping.syslog.clone().map(|server| Sink::Syslog {
            server: match server {
                crate::config::SyslogAt::Udp(address) => Syslog::Udp(address),
                crate::config::SyslogAt::Tcp(address) => Syslog::Tcp(address),
                crate::config::SyslogAt::Unix(path) => Syslog::Unix(path),
            },
            host: settings.issuer.host(),
            open: None,
        }),
    }
}

/// Sends until the server stops. What is under way then is waited for: for seconds at most.
pub(in crate::app) async fn run(ops: Ops, sink: Sink, shutdown: Shutdown) {
    let sink = Arc::new(Mutex::new(sink));
    let mut failing = Failing::default();
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            _ = tick.tick() => {}
        }
        failing.tell(ship(&ops, &sink, &shutdown).await);
        if let Ok(behind) = ops.entries_behind() {
            measures::SHIPPING_BEHIND.set(f64::from(u32::try_from(behind).unwrap_or(u32::MAX)));
        }
    }
}

/// Sends all that is new, or as much of it as can be sent until the server stops.
///
/// # Errors
/// Why not.
pub async fn ship(ops: &Ops, sink: &Arc<Mutex<Sink>>, shutdown: &Shutdown) -> Result<(), String> {
    while !shutdown.is_begun() {
        let batch = ops.entries_to_ship().map_err(|fault| fault.to_string())?;
        let Some(last) = batch.last().map(|entry| entry.sequence) else { break };
        let count = batch.len();
        let to = Arc::clone(sink);
        let sent = tokio::task::spawn_blocking(move || hand_over(&to, &batch)).await;
        let failed = sent.map_err(|error| error.to_string()).and_then(|sent| sent);
        failed.inspect_err(|_| measures::SHIPPING_FAILURES.count())?;
        ops.note_shipped(last).await.map_err(|fault| fault.to_string())?;
        measures::SHIPPED.add(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// What the log is told of failures: the first, one a minute, and that it works again.
#[derive(Default)]
struct Failing(Option<Since>);

impl Failing {
    fn tell(&mut self, shipped: Result<(), String>) {
        match shipped {
            Ok(()) if self.0.take().is_some() => {
                tracing::info!("entries of the audit trail are sent again");
            }
            Ok(()) => {}
            Err(why) if self.0.is_none_or(|last| last.elapsed() >= TELL) => {
                self.0 = Some(Since::now());
                tracing::error!(
                    why,
                    "entries of the audit trail could not be sent; trying every second"
                );
            }
            Err(_) => {}
        }
    }
}

fn hand_over(sink: &Mutex<Sink>, batch: &[Shipped]) -> Result<(), String> {
    let mut sink = sink.lock().map_err(|error| error.to_string())?;
    sink.send(batch).map_err(|error| error.to_string())
}
