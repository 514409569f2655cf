//! The writer without HTTP: tasks that issue, one operation at a time each.

use std::path::Path;
use std::time::Duration;

use countersign::base::secret::Secret;
use countersign::ops::Ops;
use countersign::ops::authenticate_client::AuthenticatedClient;
use countersign::ops::authenticate_client::PresentedClient;
use countersign::ops::issue_to_client::ClientGrantRequest;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Outcome;
use super::metered::Meter;
use super::protocol::Issued;
use super::protocol::Spent;
use super::seed::SCOPES;
use super::sites;

/// Issues from so many tasks until the time is up.
pub(crate) async fn issue(
    ops: &Ops,
    meter: &Meter,
    folder: &Path,
    submitters: usize,
    warm_up: Duration,
    measured: Duration,
) -> Outcome<Issued> {
    let client = sites::seeded_in(folder)?.credentials;
    let presented = PresentedClient { id: client.id, secret: Some(Secret::new(client.secret)) };
    let client = ops.authenticate_client(&presented).map_err(|_| "the client is not known")?;
    let warm = Instant::now() + warm_up;
    let end = warm + measured;
    let mut tasks = JoinSet::new();
    for _ in 0..submitters {
        tasks.spawn(submit(ops.clone(), client.clone(), warm, end));
    }
    tokio::time::sleep_until(warm).await;
    let before = meter.read();
    tokio::time::sleep_until(end).await;
    let spent = meter.read().since(&before);
    let mut latencies = Vec::new();
    while let Some(task) = tasks.join_next().await {
        latencies.append(&mut task??);
    }
    latencies.sort_unstable();
    summary(&latencies, measured, &spent)
}

async fn submit(
    ops: Ops,
    client: AuthenticatedClient,
    warm: Instant,
    end: Instant,
) -> Outcome<Vec<Duration>> {
    let request = ClientGrantRequest { scope: Some(SCOPES.to_owned()), ..Default::default() };
    let mut latencies = Vec::new();
    let mut begun = Instant::now();
    while begun < end {
        let issued = ops.issue_to_client(client.clone(), request.clone()).await;
        issued.map_err(|_| "no token was issued")?;
        let answered = Instant::now();
        if (warm..end).contains(&begun) {
            latencies.push(answered - begun);
        }
        begun = answered;
    }
    Ok(latencies)
}

fn summary(latencies: &[Duration], measured: Duration, spent: &Spent) -> Outcome<Issued> {
    let count = u32::try_from(latencies.len())?;
    let at = |per_cent: usize| {
        let last = latencies.len().saturating_sub(1);
        latencies.get(last * per_cent / 100).copied().unwrap_or(Duration::MAX)
    };
    let commits = u32::try_from(spent.commits)?.max(1);
    Ok(Issued {
        rate: f64::from(count) / measured.as_secs_f64(),
        per_commit: f64::from(count) / f64::from(commits),
        p50: at(50),
        p99: at(99),
        processor: spent.processor / count.max(1),
        commit_time: spent.commit_time / commits,
    })
}
