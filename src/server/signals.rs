//! SIGTERM and SIGINT: the first stops the server gracefully, the second at once. SIGHUP: files are
//! read again.

use std::io;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::server::shutdown::Shutdown;

/// Both signals, caught from the moment of [`Signals::register`] on.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches the signals. A signal that comes before [`Self::drive`] is kept for it.
    pub fn register() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Throws `shutdown` at the first signal, and hard at the second; then resolves.
    pub async fn drive(mut self, shutdown: Shutdown) {
        self.next().await;
        tracing::info!("stopping: requests in flight may finish; a second signal stops at once");
        shutdown.begin();
        self.next().await;
        tracing::warn!("stopping at once");
        shutdown.abandon();
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// SIGHUP, caught from the moment of [`Hangups::register`] on; it ends the process no more.
#[derive(Debug)]
pub struct Hangups(Signal);

impl Hangups {
    /// Catches the signal. One that comes before [`Self::next`] is kept for it.
    pub fn register() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Resolves at the next one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::Signal as Kind;
    use rustix::process::getpid;
    use rustix::process::kill_process;

    #[tokio::test]
    async fn the_first_signal_is_graceful_and_the_second_is_not() {
        let shutdown = Shutdown::new();
        let driving = Signals::register().unwrap().drive(shutdown.clone());
        let signalling = async {
            kill_process(getpid(), Kind::TERM).unwrap();
            shutdown.begun().await;
            let hard = shutdown.abandoned();
            tokio::pin!(hard);
            assert!(futures_util::poll!(&mut hard).is_pending());
            kill_process(getpid(), Kind::INT).unwrap();
            hard.await;
        };
        tokio::join!(driving, signalling);
    }
}
