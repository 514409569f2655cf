//! How a connection stands, and an app of any kind as lists show it (what it is by itself says
//! [`crate::domain::app_state`]), in the words of the workspace.

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app_state;
use crate::domain::app_state::AppState;
use crate::domain::app_state::IDLE_AFTER as IDLE;
use crate::domain::app_state::Seen;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;

const DAY: u64 = 24 * 3600;

/// One word of how something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It works.
    Active,
    /// It works, and was not used for so many days.
    Idle(u64),
    /// It ends soon.
    Expiring,
    /// Its day is over.
    Expired,
    /// Two secrets work until then.
    Rotating(Timestamp),
    /// Ended; can be restored.
    Revoked,
    /// Deleted; can be restored until then.
    Deleted(Timestamp),
    /// It has lost its access and has to ask for consent again.
    NeedsReconnecting,
    /// Somebody should look whether it is still needed.
    ReviewDue,
    /// Whoever delegated its permissions is gone.
    NeedsDelegator,
    /// Not let in here.
    Blocked,
    /// It registered itself and nobody has looked at it.
    Unreviewed,
    /// Somebody checked it.
    Approved,
    /// Never used since it was made.
    NeverUsed,
}

/// What is known beside the row itself.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// Whether the company that looks blocks it.
    pub blocked: bool,
    /// Whether its delegator can sign in and still has a role in its company or firm.
    pub delegator_stands: bool,
    /// The present.
    pub now: Timestamp,
}

/// How an app stands; the most important first.
#[must_use]
pub fn of_app(app: &App, around: Circumstances) -> Vec<Standing> {
    if around.blocked && app.status == AppStatus::Active {
        return vec![Standing::Blocked];
    }
    let seen = Seen { last_used: around.last_used, delegator_stands: around.delegator_stands };
    let mut words: Vec<Standing> =
        app_state::of(app, seen, around.now).into_iter().map(Standing::from).collect();
    if app.registration.is_by_itself() && app.status == AppStatus::Active {
        let looked_at = if app.reviewed { Standing::Approved } else { Standing::Unreviewed };
        words.retain(|word| *word != Standing::Active);
        words.insert(0, looked_at);
    }
    words
}

impl From<AppState> for Standing {
    fn from(state: AppState) -> Self {
        match state {
            AppState::Active => Self::Active,
            AppState::Idle(days) => Self::Idle(days),
            AppState::NeverUsed => Self::NeverUsed,
            AppState::Expiring => Self::Expiring,
            AppState::Expired => Self::Expired,
            AppState::Rotating(until) => Self::Rotating(until),
            AppState::Revoked => Self::Revoked,
            AppState::Blocked => Self::Blocked,
            AppState::Deleted(until) => Self::Deleted(until),
            AppState::ReviewDue => Self::ReviewDue,
            AppState::NeedsDelegator => Self::NeedsDelegator,
        }
    }
}

/// How a connection of `app` stands; the most important first. Nothing for one that ended as somebody
/// wished: it is history.
#[must_use]
pub fn of_connection(connection: &Connection, app: &App, around: Circumstances) -> Vec<Standing> {
    let now = around.now;
    let over = now >= connection.absolute_end || app.generation != connection.app_generation;
    match connection.status {
        ConnectionStatus::Ended { cause, .. } if cause.needs_reconnecting() => {
            return vec![Standing::NeedsReconnecting];
        }
        ConnectionStatus::Ended { .. } => return Vec::new(),
        ConnectionStatus::Active if over => return vec![Standing::NeedsReconnecting],
        ConnectionStatus::Active => {}
    }
    if around.blocked || app.status != AppStatus::Active {
        return vec![Standing::Blocked];
    }
    let mut words: Vec<Standing> = due(connection.review_due, now).into_iter().collect();
    words.extend(unused(connection.consented_at, around));
    if words.is_empty() {
        words.push(Standing::Active);
    }
    if app.registration.is_by_itself() && !app.reviewed {
        words.push(Standing::Unreviewed);
    }
    words
}

/// Whether a connection is one that ends together with the idle ones.
#[must_use]
pub fn is_idle(connection: &Connection, app: &App, around: Circumstances) -> bool {
    let words = of_connection(connection, app, around);
    words.iter().any(|word| matches!(word, Standing::Idle(_)))
}

fn due(review: Option<Timestamp>, now: Timestamp) -> Option<Standing> {
    review.is_some_and(|at| at <= now).then_some(Standing::ReviewDue)
}

/// What was never used is idle too once it has waited for as long.
fn unused(made: Timestamp, around: Circumstances) -> Vec<Standing> {
    let waited = around.now.since(around.last_used.unwrap_or(made));
    let mut words = Vec::new();
    if waited >= IDLE {
        words.push(Standing::Idle(waited.as_secs() / DAY));
    }
    if around.last_used.is_none() {
        words.push(Standing::NeverUsed);
    }
    words
}
