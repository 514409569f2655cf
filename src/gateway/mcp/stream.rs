//! Event streams while they are open. A token that ends, or loses what its stream needs, ends the
//! stream at the next look.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::body::BodyDataStream;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use tokio::time::Interval;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;

use crate::base::secret::Secret;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::scope::ScopeSet;
use crate::gateway::identify::For;
use crate::gateway::mcp::events::Events;
use crate::gateway::mcp::listing::Visible;
use crate::ops::Ops;
use crate::ops::failure::Failure;

/// What a stream needs, at every moment that it is open.
pub(super) struct Watch {
    pub ops: Ops,
    pub token: Secret,
    pub surface: For,
    pub needed: ScopeSet,
}

impl Watch {
    /// Whether the token still is what it was. If the store cannot be read nobody knows: the stream
    /// goes on until it can.
    fn holds(&self) -> bool {
        let live = match self.ops.live_token(self.token.expose()) {
            Ok(live) => live,
            Err(Failure::Fault(_)) => return true,
            Err(Failure::Refused(_)) => return false,
        };
        let Ok(effective) = super::effective(&self.ops, &live) else { return false };
        self.surface.covers(live.token.audience) && self.needed.is_subset(&effective)
    }
}

/// What may be seen on a stream.
pub(super) struct Sight {
    pub surface: Arc<McpSurface>,
    pub grantable: ScopeSet,
}

struct Open {
    watch: Watch,
    sight: Option<(Sight, Events)>,
    pieces: BodyDataStream,
    look: Interval,
}

/// `body`, looked after.
pub(super) fn watched(body: Body, watch: Watch, sight: Option<Sight>, every: Duration) -> Body {
    let mut look = interval(every);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let sight = sight.map(|sight| (sight, Events::default()));
    let open = Open { watch, sight, pieces: body.into_data_stream(), look };
    Body::from_stream(unfold(open, |mut open| async move {
        let piece = open.next().await?;
        Some((piece, open))
    }))
}

impl Open {
    async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        loop {
            let piece = tokio::select! {
                biased;
                _ = self.look.tick() => {
                    if self.watch.holds() { continue } else { return None }
                }
                piece = self.pieces.next() => piece?,
            };
            let Some((sight, events)) = &mut self.sight else { return Some(piece) };
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => return Some(Err(error)),
            };
            let visible = Visible { surface: &sight.surface, grantable: &sight.grantable };
            return match events.take(&piece, |data| visible.narrow(data)) {
                Ok(out) if out.is_empty() => continue,
                Ok(out) => Some(Ok(out.into())),
                Err(_) => {
                    tracing::warn!("an event of the MCP server cannot be understood");
                    None
                }
            };
        }
    }
}
