//! What a running server tells the service manager that started it.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::stopped::Stopped;
use crate::config::Supervision;
use crate::ops::Ops;
use crate::server::Shutdown;
use crate::server::manager::Manager;

/// How often more time is asked for while the start takes longer.
const STARTING: Duration = Duration::from_secs(10);

/// For so long the data file may be out of use, for instance on a full disk, before the server asks
/// to be started anew by saying nothing. Until then requests are answered with 503 and the file is
/// opened again every second.
const UNSOUND_FOR: Duration = Duration::from_secs(5 * 60);

/// Who started the server, and when they take it for dead. By default nobody.
#[derive(Clone, Debug, Default)]
pub struct Supervised {
    /// Who is told.
    pub manager: Manager,
    /// After how long without a word.
    pub watchdog: Option<Duration>,
}

impl Supervised {
    /// As `supervision` says.
    ///
    /// # Errors
    /// The service manager's address cannot be one.
    pub(super) fn of(supervision: &Supervision) -> Result<Self, Stopped> {
        let manager = Manager::at(supervision.notify.as_deref()).map_err(|error| {
            Stopped::because(&format!("the socket in NOTIFY_SOCKET cannot be used: {error}"))
        })?;
        Ok(Self { manager, watchdog: supervision.watchdog })
    }
}

/// Waits for `opening` however long it takes: a large file that is brought up to date is no start that
/// hangs, and would never get further if it were cut each time.
pub(super) async fn patiently<T>(manager: &Manager, opening: impl Future<Output = T>) -> T {
    tokio::pin!(opening);
    loop {
        tokio::select! {
            biased;
            opened = &mut opening => return opened,
            () = tokio::time::sleep(STARTING) => {
                manager.starting("Opening the data file", STARTING * 3);
            }
        }
    }
}

/// Says that the server lives, twice in the time after which it is taken for dead: as long as tasks
/// run, the store's writer is there, and the data file is not out of use for too long.
pub(super) async fn heartbeat(ops: Ops, manager: Manager, watchdog: Duration, shutdown: Shutdown) {
    let mut tick = tokio::time::interval(watchdog / 2);
    let mut health = Health::default();
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            _ = tick.tick() => {}
        }
        if health.is_alive(ops.is_sound(), ops.has_ended(), Instant::now()) {
            manager.alive();
        } else {
            tracing::error!("the server is not sound; the service manager starts it anew");
        }
    }
}

/// Since when the data file is out of use.
#[derive(Default)]
struct Health {
    unsound_since: Option<Instant>,
}

impl Health {
    fn is_alive(&mut self, sound: bool, ended: bool, now: Instant) -> bool {
        if sound {
            self.unsound_since = None;
            return !ended;
        }
        let since = *self.unsound_since.get_or_insert(now);
        !ended && now.duration_since(since) < UNSOUND_FOR
    }
}

/// Tells of the stop as soon as it begins.
pub(super) async fn tell_of_stop(manager: Manager, grace: Duration, shutdown: Shutdown) {
    shutdown.begun().await;
    manager.stopping(grace);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_data_file_out_of_use_for_a_while_is_no_death() {
        let mut health = Health::default();
        let begun = Instant::now();
        assert!(health.is_alive(true, false, begun));
        assert!(health.is_alive(false, false, begun));
        assert!(health.is_alive(false, false, begun + Duration::from_secs(299)));
        assert!(!health.is_alive(false, false, begun + Duration::from_secs(300)));
        assert!(health.is_alive(true, false, begun + Duration::from_secs(301)));
        assert!(health.is_alive(false, false, begun + Duration::from_secs(302)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_that_takes_long_asks_for_more_time_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let ear = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        ear.set_nonblocking(true).unwrap();
        let manager = Manager::at(Some(path.as_os_str())).unwrap();
        patiently(&manager, tokio::time::sleep(Duration::from_secs(25))).await;
        let mut bytes = [0; 256];
        for _ in 0..2 {
            let length = ear.recv(&mut bytes).unwrap();
            let told = str::from_utf8(&bytes[..length]).unwrap();
            assert_eq!(told, "STATUS=Opening the data file\nEXTEND_TIMEOUT_USEC=30000000");
        }
        assert!(ear.recv(&mut bytes).is_err(), "one that is over asks for nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_that_ended_is_death_at_once() {
        assert!(!Health::default().is_alive(true, true, Instant::now()));
    }
}
