//! What operators read: `/metrics`, `/healthz` and `/readyz`, on a listener of its own.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::app::router;
use crate::app::stopped::Stopped;
use crate::base::clock::SystemClock;
use crate::config::Settings;
use crate::ops::Ops;
use crate::server::binding;
use crate::server::health;
use crate::server::operations::Operations;
use crate::telemetry::measures;
use crate::tls::acceptor::Certificates;

/// Where the metrics are.
pub const METRICS: &str = "/metrics";
/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The listener, if there is to be one.
///
/// # Errors
/// Its address cannot be listened on.
pub async fn listener(
    settings: &Settings,
    ops: &Ops,
    folder: &Path,
    certificates: &Arc<Certificates>,
) -> Result<Option<Operations>, Stopped> {
    let Some(address) = settings.operations.listen else { return Ok(None) };
    let listener = binding::bind(address).await.map_err(|fault| Stopped::because(&fault))?;
    let names = [settings.issuer.host()].into_iter().chain(settings.tls.names.iter().cloned());
    let router = router(ops, folder, Some(Arc::clone(certificates)));
    Ok(Some(Operations { listener, router, names: names.collect() }))
}

/// What the listener serves. `/readyz` says the same as on the public one.
pub fn router(ops: &Ops, folder: &Path, certificates: Option<Arc<Certificates>>) -> Router {
    let (asked, folder): (_, PathBuf) = (ops.clone(), folder.to_owned());
    let metrics = move || {
        look(&asked, &folder);
        std::future::ready(([(CONTENT_TYPE, TEXT)], measures::text()))
    };
    Router::new()
        .route(METRICS, get(metrics))
        .merge(health::routes(router::readiness(ops, certificates)))
}

/// Sets what is looked at only when somebody asks.
fn look(ops: &Ops, folder: &Path) {
    let vitals = ops.vitals();
    measures::STORE_SOUND.set(if vitals.sound { 1.0 } else { 0.0 });
    measures::WRITER_QUEUE.set(number(vitals.queue));
    measures::HASHING_RUNNING.set(number(vitals.hashing));
    measures::HASHING_WAITING.set(number(vitals.waiting));
    if let Some(size) = vitals.size {
        measures::STORE_SIZE.set(bytes(size));
    }
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        measures::DISK_FREE.set(bytes(disk.f_bavail.saturating_mul(disk.f_frsize)));
    }
    let backups = ops.backups();
    if backups.expected || backups.last.is_some() {
        let at = backups.last.map_or(0, |made| made.at.seconds());
        measures::BACKUP_AT.set(bytes(at));
    }
    // A store that fails is told of above.
    let _ = ops.measure_webhooks();
    let (ours, wall) = (ops.now(), SystemClock::wall());
    let ahead = ours.since(wall).as_secs_f64() - wall.since(ours).as_secs_f64();
    measures::CLOCK_AHEAD.set(ahead);
}

/// The sweep finished.
pub(in crate::app) fn swept() {
    measures::HOUSEKEEPING.of("done").count();
    measures::SWEPT_AT.set(bytes(SystemClock::wall().seconds()));
}

#[expect(clippy::cast_precision_loss, reason = "shown, never reckoned with")]
const fn bytes(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "shown, never reckoned with")]
const fn number(count: usize) -> f64 {
    count as f64
}
