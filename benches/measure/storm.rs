//! The token endpoint while many sign in: passwords are hashed beside it, and must not hold it up.

use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::Outcome;
use super::contest;
use super::guests::Guests;
use super::guests::Who;
use super::issuance;
use super::report::Report;
use super::report::Target;
use super::side::Side;
use super::sites::Site;
use super::sites::Sites;

/// Half of the browsers have the right password, half of them have not even an address.
const OF_EACH: usize = 4;
const CONNECTIONS: [usize; 2] = [16, 64];

/// Issuance alone and in the storm, in turns.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.small(bench)?;
    let mut contest = issuance::contest(bench, site, false)?;
    let columns = [
        "connections",
        "p99, of alone",
        "p99 in the storm",
        "p99 alone",
        "p50 in the storm",
        "p50 alone",
        "issuance /s in the storm",
        "alone",
        "sign-ins /s",
        "busy",
    ];
    let browsers = 2 * OF_EACH;
    report.head(&format!("Issuance while {browsers} browsers sign in; latency in µs"), &columns)?;
    let mut storms = 0;
    for connections in CONNECTIONS {
        if connections > bench.plan.most_connections() {
            continue;
        }
        let (mut alone, mut stormed) = (Side::default(), Side::default());
        let (mut sign_ins, mut time) = (0, Duration::ZERO);
        for _ in 0..bench.plan.rounds {
            storms += 1;
            contest.subject_round(bench, &mut site.host, connections, &mut alone)?;
            // Before the storm: handshakes are none of the token endpoint's business.
            let open = contest.connect(bench, connections)?;
            let begun = Instant::now();
            let guests = bench.runtime.block_on(arrive(site, storms))?;
            contest.subject_round_on(bench, &mut site.host, open, &mut stormed)?;
            sign_ins += bench.runtime.block_on(guests.leave())?.len();
            time += begun.elapsed();
        }
        let raised = stormed.latency(990) / alone.latency(990).max(f64::EPSILON);
        report.say(&format!(
            "| {connections} | {raised:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {} |",
            stormed.latency(990),
            alone.latency(990),
            stormed.latency(500),
            alone.latency(500),
            stormed.rate(),
            alone.rate(),
            f64::from(u32::try_from(sign_ins)?) / time.as_secs_f64(),
            stormed.shares(&bench.cores),
        ))?;
        let what = format!("p99 while signing in, of alone, {connections}");
        report.judge(&what, raised, Target::AtMost(1.25))?;
    }
    Ok(())
}

async fn arrive(site: &Site, storm: usize) -> Outcome<Guests> {
    let target = contest::host_target(&site.host, site.host.ready.port)?;
    let right = site.seeded.people.iter().take(OF_EACH).cloned().map(Who::Person);
    // No address twice, since the second guess at one may have to wait.
    let wrong = (storm * OF_EACH..(storm + 1) * OF_EACH).map(Who::Nobody);
    Guests::arrive(&target, &site.seeded.authority, right.chain(wrong)).await
}
