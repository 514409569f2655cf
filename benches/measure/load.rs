//! The load: keep-alive connections, each with one request at a time.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Outcome;
use super::client;
use super::client::Connection;
use super::client::Target;
use super::machine;
use super::script::Script;

const OK: &[u8] = b"HTTP/1.1 200 ";

/// How much, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What came of it. Every answer was a 200 of the expected length, or there would be no result.
pub(crate) struct Measured {
    /// Answers in all, those of the warm-up included.
    pub(crate) answers: u64,
    /// Answers a second, once warm.
    pub(crate) rate: f64,
    /// How long each of these took, in order of size.
    pub(crate) latencies: Vec<Duration>,
    /// How long all of it took.
    pub(crate) took: Duration,
    /// Processor time of the load itself.
    pub(crate) processor: Duration,
}

impl Measured {
    /// The latency that so many in a thousand answers did not exceed; without answers there is no
    /// end to it.
    pub(crate) fn latency(&self, per_mille: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * per_mille / 1000).copied().unwrap_or(Duration::MAX)
    }
}

impl Load {
    /// Shakes hands, which is not measured; all at once, so that none waits long enough for the
    /// others to be taken for idle.
    pub(crate) async fn connect(&self, target: &Target) -> Outcome<Vec<Connection>> {
        let connecting = (0..self.connections).map(|number| target.connect(number));
        futures_util::future::try_join_all(connecting).await
    }

    /// Asks on all connections until the time is up; each goes on in its own script. Every answer
    /// must have this length; none: that of its connection's first.
    pub(crate) async fn run(
        &self,
        connections: Vec<Connection>,
        scripts: &mut [Script],
        length: Option<usize>,
    ) -> Outcome<Measured> {
        let (begun, spent) = (Instant::now(), machine::process_time());
        let warm = begun + self.warm_up;
        let end = warm + self.measured;
        let mut asking = JoinSet::new();
        for (number, connection) in connections.into_iter().enumerate() {
            let script = scripts.get(number).ok_or("more connections than scripts")?.clone();
            let asked = Asked { script, length, warm, end };
            asking.spawn(async move { asked.on(connection).await.map(|done| (number, done)) });
        }
        let (mut answers, mut latencies) = (0, Vec::new());
        while let Some(asked) = asking.join_next().await {
            let (number, (script, count, mut more)) = asked??;
            if let Some(kept) = scripts.get_mut(number) {
                *kept = script;
            }
            answers += count;
            latencies.append(&mut more);
        }
        latencies.sort_unstable();
        let count = u32::try_from(latencies.len())?;
        Ok(Measured {
            answers,
            rate: f64::from(count) / self.measured.as_secs_f64(),
            latencies,
            took: begun.elapsed(),
            processor: machine::process_time().saturating_sub(spent),
        })
    }
}

/// One connection's share.
struct Asked {
    script: Script,
    length: Option<usize>,
    warm: Instant,
    end: Instant,
}

impl Asked {
    /// The script as it stands then, the count of answers, and the latency of those that were
    /// asked for between `warm` and `end`, however late they came.
    async fn on(self, mut connection: Connection) -> Outcome<(Script, u64, Vec<Duration>)> {
        let Self { mut script, mut length, warm, end } = self;
        let (mut answers, mut latencies) = (0, Vec::new());
        let mut answer = Vec::with_capacity(4096);
        let mut asked = Instant::now();
        while asked < end {
            client::exchange(&mut connection, script.next(), &mut answer).await?;
            expect(&answer, *length.get_or_insert(answer.len()))?;
            script.answered(&answer)?;
            let answered = Instant::now();
            answers += 1;
            if (warm..end).contains(&asked) {
                latencies.push(answered - asked);
            }
            asked = answered;
        }
        Ok((script, answers, latencies))
    }
}

/// Refuses an answer that is no 200 of this length: another one, perhaps cheaper, does not count.
pub(crate) fn expect(answer: &[u8], length: usize) -> Outcome<()> {
    if answer.starts_with(OK) && answer.len() == length {
        return Ok(());
    }
    Err(format!("not what was asked for: {}", String::from_utf8_lossy(answer)).into())
}
