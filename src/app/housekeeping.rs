//! What a running server does beside serving: it sweeps what is over, writes down what is counted in
//! memory, makes backups when they are due, and stops when its store is gone.

use std::sync::Arc;
use std::time::Duration;

use crate::app::backup::schedule::Schedule;
use crate::app::operations;
use crate::base::clock::SystemClock;
use crate::base::clock::Timestamp;
use crate::ops::Ops;
use crate::server::Shutdown;
use crate::telemetry::measures;

const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Whatever takes long beside it: what was written later than the last note and two minutes is taken for
/// an error of the clock by the next start (`domain::lifetimes::AHEAD`).
const NOTE_EVERY: Duration = Duration::from_secs(60);
const FLUSH_EVERY: Duration = Duration::from_secs(5);
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// More than this is no drift and no hour that a clock was set back, but one that was wrong at start.
const FAR_AHEAD: Duration = Duration::from_secs(5400);
/// How often it is looked whether a backup is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Sweeps what is over, writes down what is counted in memory, and stops the server if the store's
/// writer is gone. A data file that fails stops nothing: the store opens it anew by itself, and until
/// that works `/readyz` says no.
pub(in crate::app) async fn run(ops: Ops, ahead: Duration, shutdown: Shutdown) {
    let flushing = until(shutdown.clone(), FLUSH_EVERY, || async {
        if let Err(fault) = ops.flush_refusals().await {
            tracing::warn!(%fault, "refusals could not be written down");
        }
    });
    let noting = until(shutdown.clone(), NOTE_EVERY, || note_time(&ops, ahead));
    let sweeping = until(shutdown.clone(), SWEEP_EVERY, || sweep(&ops));
    let watching = until(shutdown.clone(), WATCH_EVERY, || {
        if ops.has_ended() {
            tracing::error!("the store's writer has ended; stopping");
            shutdown.begin();
        }
        std::future::ready(())
    });
    tokio::join!(flushing, noting, sweeping, watching);
    // The next start goes on from here even where the machine's clock is behind by then.
    if !ops.has_ended() {
        note_time(&ops, ahead).await;
    }
}

/// Writes down what is counted in memory, and has go what is over. Nothing goes while the date is doubted,
/// or while nobody can say whether it is.
async fn sweep(ops: &Ops) {
    if let Err(fault) = ops.flush().await {
        tracing::warn!(%fault, "counts could not be written down");
    }
    if let Err(fault) = ops.keep_signing_keys().await {
        tracing::warn!(%fault, "the signing keys could not be looked after");
    }
    let swept = match ops.clock_doubted_since() {
        Ok(None) => ops.sweep().await.map(|()| operations::swept()),
        Ok(Some(_)) => {
            tracing::warn!(
                "the date is more than a year after the last that was noted, so nothing old is removed; if it is right: countersign doctor --accept-clock",
            );
            Ok(())
        }
        Err(fault) => Err(fault),
    };
    if let Err(fault) = swept {
        measures::HOUSEKEEPING.of("failed").count();
        tracing::warn!(%fault, "the sweep did not finish");
    }
    if let Err(fault) = ops.reclaim().await {
        tracing::warn!(%fault, "space could not be given back");
    }
}

/// Notes how far time has come, for every later start: not while the date is doubted or nobody can say
/// whether it is.
async fn note_time(ops: &Ops, ahead: Duration) {
    if !matches!(ops.clock_doubted_since(), Ok(None)) {
        return;
    }
    let Ok(noted) = ops.last_noted() else { return };
    let limit = SystemClock::wall().plus(ahead).plus(FAR_AHEAD);
    match Standing::of(ops.now(), noted, limit) {
        Standing::Sound => {}
        Standing::Mendable => {
            tracing::error!("time runs far ahead of the machine's clock; restart the server");
            return;
        }
        Standing::Settled => tracing::error!(
            "time runs far ahead of the machine's clock, and so does the audit trail; it goes on from there until the machine's clock has come as far",
        ),
    }
    if let Err(fault) = ops.note_time().await {
        tracing::warn!(%fault, "the time could not be noted");
    }
}

/// How our time stands to the machine's, which it may be ahead of as far as it was told to and a little more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// As it should.
    Sound,
    /// Too far ahead; another start mends it, as long as nothing is noted.
    Mendable,
    /// Too far ahead, and something was noted from then. Every start goes on from there, and what was issued
    /// since must not be taken for an error.
    Settled,
}

impl Standing {
    fn of(now: Timestamp, noted: Timestamp, limit: Timestamp) -> Self {
        match (now > limit, noted > limit) {
            (false, _) => Self::Sound,
            (true, false) => Self::Mendable,
            (true, true) => Self::Settled,
        }
    }
}

/// A backup that is being made when the server stops is given up, whoever asked for it.
pub(in crate::app) async fn stop_backups(ops: Ops, shutdown: Shutdown) {
    shutdown.begun().await;
    ops.stop_backups();
}

/// Makes backups when they are due.
pub(in crate::app) async fn back_up(schedule: Schedule, ops: Ops, shutdown: Shutdown) {
    let schedule = Arc::new(schedule);
    let (beginning, known) = (Arc::clone(&schedule), ops.clone());
    let _ = tokio::task::spawn_blocking(move || beginning.begin(&known)).await;
    until(shutdown, LOOK_EVERY, || {
        let (schedule, ops) = (Arc::clone(&schedule), ops.clone());
        async move {
            let known = ops.clone();
            // It tells what failed by itself, unless it fell over a page that cannot be.
            if let Err(error) = tokio::task::spawn_blocking(move || schedule.run(&ops)).await {
                known.note_failed_backup("reading the data file stopped short; see the log");
                tracing::error!(%error, "a backup could not be made");
            }
        }
    })
    .await;
}

/// Does `work` every so often until the server stops.
pub(in crate::app) async fn until<F: Future<Output = ()>>(
    shutdown: Shutdown,
    every: Duration,
    mut work: impl FnMut() -> F,
) {
    let mut tick = tokio::time::interval(every);
    tick.tick().await;
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            _ = tick.tick() => work().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::installation::Installation;
    use crate::app::wire;
    use crate::base::clock::ManualClock;
    use crate::base::entropy::SystemEntropy;
    use crate::config;
    use crate::config::Sources;
    use crate::crypto::keyring::Keyring;
    use crate::crypto::keyring::MasterKey;
    use crate::crypto::keyring::TokenKey;
    use crate::domain::audit::Origin;
    use crate::domain::link::LinkPurpose;
    use crate::ops::administration::clock_doubt;
    use crate::ops::administration::installation::CreateInstallation;
    use crate::ops::administration::installation::Kind;
    use crate::store::Store;
    use crate::store::tables::Links;

    #[test]
    fn a_time_that_was_noted_too_far_ahead_is_gone_on_from_and_one_that_was_not_is_not_noted() {
        let [limit, after] = [1000, 1001].map(Timestamp::from_seconds);
        assert_eq!(Standing::of(limit, limit, limit), Standing::Sound);
        assert_eq!(Standing::of(limit, after, limit), Standing::Sound);
        assert_eq!(Standing::of(after, limit, limit), Standing::Mendable);
        assert_eq!(Standing::of(after, after, limit), Standing::Settled);
    }

    #[test]
    fn while_the_date_is_doubted_nothing_old_goes_and_no_time_is_noted() {
        let wall = SystemClock::wall();
        let then = wall.minus(Duration::from_secs(400 * 86_400));
        let store = Store::in_memory().unwrap();
        let made = CreateInstallation {
            key_check: [0; 32],
            issuer: "https://localhost:8443".to_owned(),
            kind: Kind::Real,
            token_key: Vec::new(),
            now: then,
        };
        store.submit_blocking(made).unwrap();
        let clock = Arc::new(ManualClock::at(then));
        let token_key = TokenKey { version: 1, bytes: zeroize::Zeroizing::new([2; 32]) };
        let installation = Installation {
            store: store.clone(),
            keyring: Arc::new(Keyring::new(&MasterKey::new([1; 32]), &[token_key])),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::new()),
            folder: std::path::PathBuf::new(),
            is_new: true,
        };
        let settings = config::load(&Sources::default()).unwrap().settings;
        let ops = wire::ops(&settings, &installation).unwrap();
        let executor = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let link = ops.issue_link(LinkPurpose::FirstOwner, Origin::default());
        executor.block_on(link).unwrap();
        let links = || store.read(|reader| Ok(reader.all::<Links>()?.len())).unwrap();
        assert!(clock_doubt::judge_clock(&store, then, wall).unwrap());
        clock.set(wall);

        let housekeeping = async || {
            sweep(&ops).await;
            note_time(&ops, Duration::ZERO).await;
        };
        executor.block_on(housekeeping());
        assert_eq!((links(), ops.last_noted().unwrap()), (1, then));
        executor.block_on(ops.accept_clock()).unwrap();
        executor.block_on(housekeeping());
        assert_eq!((links(), ops.last_noted().unwrap()), (0, wall));
    }
}
