//! The writer alone: issuing without HTTP, by more and more submitters at once.

use super::Bench;
use super::Outcome;
use super::protocol::Ask;
use super::protocol::Issued;
use super::report::Report;
use super::side;
use super::sites::Sites;

const SUBMITTERS: [usize; 6] = [1, 8, 16, 64, 256, 512];

/// Operations a second, a commit, and how long each took, by the number of submitters.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let host = &mut sites.small(bench)?.host;
    let columns = [
        "submitters",
        "operations /s",
        "a commit",
        "p50",
        "p99",
        "µs of the server",
        "a commit, by the clock",
    ];
    report.head("The writer alone, issuing without HTTP; latency in µs", &columns)?;
    for submitters in SUBMITTERS {
        let mut rounds = Vec::new();
        for _ in 0..bench.plan.rounds {
            let (warm_up, measured) = (bench.plan.warm_up, bench.plan.measured);
            let issued: Issued = host.ask(&Ask::Issue { submitters, warm_up, measured })?;
            rounds.push(issued);
        }
        let median = |of: fn(&Issued) -> f64| side::median(rounds.iter().map(of).collect());
        report.say(&format!(
            "| {submitters} | {:.0} | {:.1} | {:.0} | {:.0} | {:.1} | {:.0} |",
            median(|round| round.rate),
            median(|round| round.per_commit),
            median(|round| side::micros(round.p50)),
            median(|round| side::micros(round.p99)),
            median(|round| side::micros(round.processor)),
            median(|round| side::micros(round.commit_time)),
        ))?;
    }
    Ok(())
}
