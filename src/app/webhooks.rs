//! Webhooks while the server runs: what is due is sent, and what comes near is announced.

use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::app::serving::until;
use crate::ops::Ops;
use crate::ops::webhooks::deliver::Claim;
use crate::server::Shutdown;

/// How often the outbox is looked at.
const SEND_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for what comes near.
const LOOK_AHEAD_EVERY: Duration = Duration::from_secs(600);

/// Sends and announces until the server stops. A stop waits for no receiver: what was not written down
/// as delivered is sent again.
pub(in crate::app) async fn run(ops: Ops, shutdown: Shutdown) {
    let tasks = TaskTracker::new();
    let sending = until(shutdown.clone(), SEND_EVERY, || {
        match ops.claim_webhooks() {
            Ok(claims) => claims.into_iter().for_each(|claim| send(&tasks, claim, &shutdown)),
            Err(fault) => tracing::warn!(%fault, "the outbox of webhooks could not be read"),
        }
        std::future::ready(())
    });
    let announcing = until(shutdown.clone(), LOOK_AHEAD_EVERY, || async {
        if let Err(fault) = ops.announce_what_is_due().await {
            tracing::warn!(%fault, "what comes near could not be announced");
        }
    });
    tokio::join!(sending, announcing);
    tasks.close();
    tasks.wait().await;
}

fn send(tasks: &TaskTracker, claim: Claim, shutdown: &Shutdown) {
    let shutdown = shutdown.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = shutdown.begun() => {}
            delivered = claim.deliver() => {
                if let Err(fault) = delivered {
                    tracing::warn!(%fault, "what came of a webhook could not be written down");
                }
            }
        }
    });
}
