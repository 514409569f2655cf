//! Where a command runs: in a process of its own, on the file, or inside the running server, whose
//! operations it uses. Commands themselves cannot tell.

use std::sync::Arc;

use crate::admin::console::Console;
use crate::app::running::Running;
use crate::cli::output::Output;
use crate::domain::audit::Origin;
use crate::domain::system_user::SystemUser;

/// Where a command runs, and for whom.
pub(super) struct Context {
    pub(super) console: Arc<dyn Console>,
    /// The server, if it runs in one.
    pub(super) running: Option<Running>,
    /// Who is at the command line.
    pub(super) user: SystemUser,
    /// Why no server was reached, if one was looked for.
    pub(super) unreached: Option<String>,
}

impl Context {
    /// Answers go to its console.
    pub(super) fn out(&self, json: bool) -> Output {
        Output { json, console: Arc::clone(&self.console) }
    }

    /// For the audit trail.
    pub(super) const fn origin(&self) -> Origin {
        Origin::command_line(self.user)
    }
}
