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
}

/// Both, at one number of connections.
pub(crate) struct Row {
    pub(crate) connections: usize,
    pub(crate) ceiling: Side,
    pub(crate) issuance: Side,
}

impl Side {
    /// Microseconds of `time` for each answer.
    fn each(&self, time: Duration) -> f64 {
        micros(time) / real(self.measured.answers).max(1.0)
    }

    /// How much of the time `processor` was at work, in percent.
    fn busy(&self, processor: Duration) -> f64 {
        100.0 * processor.as_secs_f64() / self.measured.took.as_secs_f64()
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
pub(crate) fn rows(rows: &[Row]) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nAnswers a second; latency of issuance in µs\n")?;
    writeln!(out, "| connections | ratio | issuance | ceiling | p50 | p99 | tokens a commit |")?;
    writeln!(out, "|--:|--:|--:|--:|--:|--:|--:|")?;
    for Row { connections, ceiling, issuance } in rows {
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
    writeln!(out, "\nProcessor time of the server, µs an answer; how busy it and the load were\n")?;
    writeln!(
        out,
        "| connections | ceiling | issuance | its doors | deciding | committing | µs by the clock a commit | server, load | at the ceiling |"
    )?;
    writeln!(out, "|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for Row { connections, ceiling, issuance } in rows {
        let spent = issuance.spent;
        let writer = spent.deciding + spent.committing;
        writeln!(
            out,
            "| {connections} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} | {} |",
            ceiling.each(ceiling.spent.processor),
            issuance.each(spent.processor),
            issuance.each(spent.processor.saturating_sub(writer)),
            issuance.each(spent.deciding),
            issuance.each(spent.committing),
            issuance.commit_time(),
            both_busy(issuance),
            both_busy(ceiling),
        )?;
    }
    writeln!(out)?;
    Ok(())
}

fn both_busy(side: &Side) -> String {
    let (server, load) = (side.spent.processor, side.measured.processor);
    format!("{:.0} %, {:.0} %", side.busy(server), side.busy(load))
}
