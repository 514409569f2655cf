//! SIGHUP: what is read again while the server runs. The certificate's files and the log's level count
//! at once; everything else of the configuration counts from the next start.

use std::sync::Arc;

use crate::app::certificates::Bell;
use crate::config;
use crate::config::Settings;
use crate::config::Sources;
use crate::server::Shutdown;
use crate::server::manager::Manager;
use crate::server::signals::Hangups;
use crate::telemetry::logs;

/// Reads the configuration again and takes what can be taken.
pub type Reread = Arc<dyn Fn() + Send + Sync>;

/// That changes the log's `level`, as `sources` have it.
#[must_use]
pub fn of_the_log(sources: Sources, level: logs::Level) -> Reread {
    Arc::new(move || match config::load(&sources) {
        Ok(loaded) => take(&loaded.settings, &level),
        Err(faults) => {
            let faults: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
            let faults = faults.join(" | ");
            tracing::error!(faults, "the configuration has faults, and the one in use stays");
        }
    })
}

fn take(settings: &Settings, level: &logs::Level) {
    let chosen = settings.log.level.as_str();
    match level.set(chosen) {
        Ok(()) => tracing::info!(
            level = chosen,
            "the configuration was read again: the log's level counts at once, all else from the next start",
        ),
        Err(error) => tracing::error!(%error, "the log's level could not be changed"),
    }
}

/// Answers each SIGHUP until the server stops. The service manager hears when it begins and ends.
pub(super) async fn run(
    mut hangups: Hangups,
    reread: Option<Reread>,
    bell: Bell,
    manager: Manager,
    shutdown: Shutdown,
) {
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            () = hangups.next() => {}
        }
        manager.reloading();
        if let Some(reread) = reread.clone() {
            // A panic in it is logged, and ends nothing else.
            let _ = tokio::task::spawn_blocking(move || reread()).await;
        }
        bell.look_now().await;
        manager.reloaded();
    }
}
