//! Sign-ins: the form with address and password, checked against its hash. Beside it the hash
//! alone, which is slow on purpose and sets the rate.

use std::time::Duration;

use countersign::base::secret::Secret;
use countersign::crypto::password::Cost;
use countersign::crypto::password::Passwords;
use tokio::time::Instant;

use super::Bench;
use super::Outcome;
use super::contest;
use super::guests::Guests;
use super::guests::Who;
use super::machine;
use super::report::Report;
use super::seed;
use super::seed::PASSWORD;
use super::side;
use super::sites::Site;
use super::sites::Sites;

/// Browsers that sign in at once; the default queue turns away more than 34.
const AT_ONCE: [usize; 3] = [1, 4, 16];

/// Sign-ins a second, and what each costs.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.small(bench)?;
    let alone = hash_alone(bench, site)?;
    let columns =
        ["browsers", "of hashes", "sign-ins /s", "hashes /s", "p50", "server", "hash alone"];
    report.head("Sign-ins, of one processor; times in ms", &columns)?;
    for at_once in AT_ONCE {
        let spent = site.host.spent()?;
        let (rate, latencies) = sign_ins(bench, site, at_once)?;
        let spent = site.host.spent()?.since(&spent).processor;
        let hashes = 1.0 / alone.as_secs_f64();
        let middle = latencies.get(latencies.len() / 2).copied().unwrap_or_default();
        report.say(&format!(
            "| {at_once} | {:.2} | {rate:.1} | {hashes:.1} | {:.0} | {:.1} | {:.1} |",
            rate / hashes,
            millis(middle),
            millis(spent) / f64::from(u32::try_from(latencies.len())?.max(1)),
            millis(alone),
        ))?;
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    side::micros(time) / 1000.0
}

/// The processor time of one check.
fn hash_alone(bench: &Bench, site: &Site) -> Outcome<Duration> {
    let chosen = seed::settings(&site.folder)?.passwords;
    let passwords = Passwords::new(Cost { memory_kib: chosen.memory_kib, passes: chosen.passes })?;
    let password = Secret::from(PASSWORD);
    let hash = passwords.hash(&password, [7; 16])?;
    let mut times = Vec::new();
    for _ in 0..bench.plan.rounds * 2 - 1 {
        let begun = machine::thread_time();
        if !passwords.verify(&password, &hash) {
            return Err("the password is not its own".into());
        }
        times.push(machine::thread_time().saturating_sub(begun));
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

/// Sign-ins a second of so many people, and how long each took.
fn sign_ins(bench: &Bench, site: &Site, at_once: usize) -> Outcome<(f64, Vec<Duration>)> {
    let target = contest::host_target(&site.host, site.host.ready.port)?;
    let people = site.seeded.people.iter().take(at_once).cloned().map(Who::Person);
    bench.runtime.block_on(async {
        let guests = Guests::arrive(&target, &site.seeded.authority, people).await?;
        let begun = Instant::now();
        tokio::time::sleep(bench.plan.measured * bench.plan.rounds).await;
        let latencies = guests.leave().await.map_err(|error| site.host.explain(&error))?;
        let count = f64::from(u32::try_from(latencies.len())?);
        Ok((count / begun.elapsed().as_secs_f64(), latencies))
    })
}
