//! What is printed: rates, and where the server's processor time went.

use std::io::Write as _;
use std::time::Duration;

use countersign::base::clock::SystemClock;

use crate::Outcome;
use crate::load::Measured;
use crate::machine::Cores;
use crate::protocol::Spent;

/// One measurement.
pub(crate) struct Side {
    pub(crate) measured: Measured,
    pub(crate) spent: Spent,
    /// How much of the whole machine was busy meanwhile: 0 to 1.
    pub(crate) busy: f64,
}

/// All three, at one number of connections.
pub(crate) struct Row {
    pub(crate) connections: usize,
    pub(crate) ceiling: Side,
    pub(crate) layered: Side,
    pub(crate) issuance: Side,
}

impl Side {
    /// Microseconds of `time` for each answer.
    fn each(&self, time: Duration) -> f64 {
        micros(time) / real(self.measured.answers).max(1.0)
    }

    /// How busy server, load and everybody else were, in percent of one processor.
    fn shares(&self, cores: Cores) -> String {
        let share = |time: Duration| 100.0 * time.as_secs_f64() / self.measured.took.as_secs_f64();
        let (server, load) = (share(self.spent.processor), share(self.measured.processor));
        let all = 100.0 * self.busy * cores.online;
        format!("{server:.0}, {load:.0}, {:.0}", (all - server - load).max(0.0))
    }

    fn per_commit(&self) -> f64 {
        real(self.measured.answers) / real(self.spent.commits).max(1.0)
    }

    fn commit_time(&self) -> f64 {
        micros(self.spent.commit_time) / real(self.spent.commits).max(1.0)
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn real(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// What the numbers depend on.
pub(crate) fn head(cores: Cores, durable_write: Duration) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    let available = cores.available;
    let layout = if cores.pair.is_some() {
        "one for the server, one for the load"
    } else {
        "shared by server and load, so that each slows the other"
    };
    let now = SystemClock::wall().rfc3339();
    writeln!(out, "\n{now}, {available} processors: {layout}")?;
    writeln!(out, "a durable write of 4 KiB takes this disk {:.0} µs", micros(durable_write))?;
    Ok(())
}

/// Both tables.
pub(crate) fn rows(cores: Cores, rows: &[Row]) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nAnswers a second; latency of issuance in µs\n")?;
    writeln!(out, "| connections | ratio | issuance | ceiling | p50 | p99 | tokens a commit |")?;
    writeln!(out, "|--:|--:|--:|--:|--:|--:|--:|")?;
    for Row { connections, ceiling, issuance, .. } in rows {
        let (rate, most) = (issuance.measured.rate, ceiling.measured.rate);
        writeln!(
            out,
            "| {connections} | {:.2} | {rate:.0} | {most:.0} | {:.0} | {:.0} | {:.1} |",
            rate / most,
            micros(issuance.measured.latency(500)),
            micros(issuance.measured.latency(990)),
            issuance.per_commit(),
        )?;
    }
    writeln!(
        out,
        "\nProcessor time of the server, µs an answer; how busy server, load and all other \
         programs were, % of one processor\n"
    )?;
    writeln!(
        out,
        "| connections | bare | in middleware | issuance | outside the writer | deciding | committing | a commit, by the clock | busy | busy when bare |"
    )?;
    writeln!(out, "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for Row { connections, ceiling, layered, issuance } in rows {
        let spent = issuance.spent;
        let writer = spent.deciding + spent.committing;
        writeln!(
            out,
            "| {connections} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} | {} |",
            ceiling.each(ceiling.spent.processor),
            layered.each(layered.spent.processor),
            issuance.each(spent.processor),
            issuance.each(spent.processor.saturating_sub(writer)),
            issuance.each(spent.deciding),
            issuance.each(spent.committing),
            issuance.commit_time(),
            issuance.shares(cores),
            ceiling.shares(cores),
        )?;
    }
    writeln!(out)?;
    Ok(())
}
