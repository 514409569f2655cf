//! What a run says: as it goes to the standard output, and kept for the report. Beside a result
//! stands its target, and whether it was met.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::Bench;
use super::Outcome;
use super::plot;
use super::plot::Point;
use super::side::Side;

/// Both sides of a contest, at one number of connections.
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    pub(crate) connections: usize,
    pub(crate) ceiling: Side,
    pub(crate) layered: Option<Side>,
    pub(crate) subject: Side,
}

impl Row {
    pub(crate) fn new(kind: &'static str, connections: usize, layered: bool) -> Self {
        let layered = layered.then(Side::default);
        Self { kind, connections, ceiling: Side::default(), layered, subject: Side::default() }
    }

    /// The product's rate as a part of its ceiling's.
    pub(crate) fn ratio(&self) -> f64 {
        self.subject.rate() / self.ceiling.rate().max(f64::EPSILON)
    }
}

/// What a result should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    MoreThan(f64),
    AtMost(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::MoreThan(least) => value > least,
            Self::AtMost(most) => value <= most,
        }
    }

    fn said(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::MoreThan(least) => format!("> {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
        }
    }
}

/// More than this, in percent of one processor, disturbs what is measured.
const QUIET: f64 = 10.0;

/// Everything that was said, and what the picture shows.
#[derive(Default)]
pub(crate) struct Report {
    text: String,
    verdicts: String,
    /// How busy other programs were at worst, in percent of one processor.
    others: f64,
    points: Vec<Point>,
}

impl Report {
    /// Says a line, or several.
    pub(crate) fn say(&mut self, line: &str) -> Outcome<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()?;
        writeln!(self.text, "{line}")?;
        Ok(())
    }

    /// Says a table's head.
    pub(crate) fn head(&mut self, title: &str, columns: &[&str]) -> Outcome<()> {
        let lines = columns.iter().map(|_| "--:").collect::<Vec<_>>().join("|");
        self.say(&format!("\n{title}\n\n| {} |\n|{lines}|", columns.join(" | ")))
    }

    /// The head of a table of contests; `more` are columns of its own.
    pub(crate) fn rows_head(&mut self, title: &str, more: &[&str]) -> Outcome<()> {
        let mut columns = vec!["connections", "ratio", "answers /s", "ceiling /s", "p50", "p99"];
        columns.extend(["µs of the server", "at the ceiling"]);
        columns.extend(more);
        columns.extend(["busy", "busy at the ceiling"]);
        self.head(&format!("{title}; latency in µs"), &columns)
    }

    /// A row of that table; it is in the picture too.
    pub(crate) fn row(&mut self, bench: &Bench, row: &Row, more: &[String]) -> Outcome<()> {
        let Row { connections, ceiling, subject, .. } = row;
        let more: String = more.iter().map(|value| format!(" {value} |")).collect();
        self.say(&format!(
            "| {connections} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} |{more} {} | {} |",
            row.ratio(),
            subject.rate(),
            ceiling.rate(),
            subject.latency(500),
            subject.latency(990),
            subject.processor(),
            ceiling.processor(),
            subject.shares(&bench.cores),
            ceiling.shares(&bench.cores),
        ))?;
        self.point(bench, row);
        Ok(())
    }

    /// Keeps a row for the picture.
    pub(crate) fn point(&mut self, bench: &Bench, row: &Row) {
        for side in [&row.subject, &row.ceiling] {
            self.others = self.others.max(side.others(&bench.cores));
        }
        let (rate, ratio) = (row.subject.rate(), row.ratio());
        self.points.push(Point { kind: row.kind, connections: row.connections, rate, ratio });
    }

    /// Holds a result against its target.
    pub(crate) fn judge(&mut self, what: &str, value: f64, target: Target) -> Outcome<()> {
        let verdict = if target.is_met(value) { "met" } else { "short" };
        let value = if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        writeln!(self.verdicts, "| {what} | {value} | {} | {verdict} |", target.said())?;
        Ok(())
    }

    /// Says which targets were met, and writes it all into `folder`, if one is named.
    pub(crate) fn finish(mut self, folder: Option<&Path>) -> Outcome<()> {
        if !self.verdicts.is_empty() {
            let verdicts = std::mem::take(&mut self.verdicts);
            let verdicts = verdicts.trim_end();
            let others = self.others;
            if others > QUIET {
                self.say(&format!(
                    "\nOther programs took up to {others:.0} % of a processor: what follows says little."
                ))?;
            }
            let head = "| result | value | target | |\n|:--|--:|--:|:--|";
            self.say(&format!("\nTargets\n\n{head}\n{verdicts}\n"))?;
        }
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join("performance.md"), &self.text)?;
            std::fs::write(folder.join("performance.svg"), plot::draw(&self.points)?)?;
        }
        Ok(())
    }
}
