//! What a running server hands to the commands that come over its admin socket.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::admin::bind;
use crate::admin::bind::Bound;
use crate::admin::listen;
use crate::admin::listen::Call;
use crate::app::router::Beside;
use crate::config::Settings;
use crate::ops::Ops;
use crate::server::Shutdown;

/// The server, as a command sees it.
#[derive(Clone)]
pub struct Running {
    /// Its operations.
    pub ops: Ops,
    /// What drives them.
    pub executor: Handle,
    /// The settings it runs with.
    pub settings: Arc<Settings>,
    /// How far its clock was told to stand ahead of the machine's.
    pub ahead: Duration,
    /// What its router notes and shows.
    pub beside: Beside,
}

/// Runs a command and answers with its exit status. It may block.
pub type Commands = Arc<dyn Fn(Running, Call) -> u8 + Send + Sync>;

/// The socket that the settings name. A server without one serves all the same.
pub(super) fn bind(settings: &Settings) -> Option<Bound> {
    bind::bind(&settings.admin_socket())
        .inspect_err(|fault| {
            tracing::warn!(
                %fault,
                "there is no admin socket, so commands work only while the server is stopped; name another with admin.socket",
            );
        })
        .ok()
}

/// Listens for commands until the server stops.
pub(super) async fn listen(bound: Bound, running: Running, commands: Commands, shutdown: Shutdown) {
    let commands: listen::Commands = Arc::new(move |call| commands(running.clone(), call));
    if let Err(error) = listen::run(bound, commands, shutdown.begun()).await {
        tracing::warn!(%error, "the admin socket cannot be used");
    }
}
