//! Webhooks while the server runs: what is due is sent, and what ended or comes near is announced.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::app::housekeeping::until;
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
    let telling = until(shutdown.clone(), SEND_EVERY, || async {
        let told = tokio::select! {
            () = shutdown.begun() => return,
            told = ops.tell_of_ends() => told,
        };
        if let Err(fault) = told {
            tracing::warn!(%fault, "what ended could not be announced");
        }
    });
    let announcing = until(shutdown.clone(), LOOK_AHEAD_EVERY, || async {
        let announced = tokio::select! {
            () = shutdown.begun() => return,
            announced = ops.announce_what_is_due() => announced,
        };
        if let Err(fault) = announced {
            tracing::warn!(%fault, "what comes near could not be announced");
        }
    });
    tokio::join!(send_what_is_due(&ops, &shutdown), telling, announcing);
}

async fn send_what_is_due(ops: &Ops, shutdown: &Shutdown) {
    let (tasks, next) = (TaskTracker::new(), Arc::new(Notify::new()));
    let mut tick = tokio::time::interval(SEND_EVERY);
    loop {
        tokio::select! {
            () = shutdown.begun() => break,
            _ = tick.tick() => {}
            () = next.notified() => {}
        }
        match ops.claim_webhooks() {
            Ok(claims) => claims.into_iter().for_each(|claim| {
                tasks.spawn(send(claim, shutdown.clone(), Arc::clone(&next)));
            }),
            Err(fault) => tracing::warn!(%fault, "the outbox of webhooks could not be read"),
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// Whoever takes messages well is sent the next one at once; whoever does not, at the next look.
async fn send(claim: Claim, shutdown: Shutdown, next: Arc<Notify>) {
    tokio::select! {
        () = shutdown.begun() => {}
        delivered = claim.deliver() => match delivered {
            Ok(true) => next.notify_one(),
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(%fault, "what came of a webhook could not be written down");
            }
        }
    }
}
