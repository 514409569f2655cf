//! How an app or a connection stands, in the words of the workspace: the one place that works it out,
//! for lists, pages and counts alike.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;

/// What was not used for so long is idle.
pub const IDLE: Duration = Duration::from_secs(30 * DAY);
/// What ends within this is ending.
pub const SOON: Duration = Duration::from_secs(14 * DAY);
/// How long a deleted app can be restored.
pub const RESTORABLE: Duration = Duration::from_secs(90 * DAY);
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
    let now = around.now;
    match app.status {
        AppStatus::Deleted { at } => return vec![Standing::Deleted(at.plus(RESTORABLE))],
        AppStatus::Revoked { .. } => return vec![Standing::Revoked],
        AppStatus::Blocked { .. } => return vec![Standing::Blocked],
        AppStatus::Active if around.blocked => return vec![Standing::Blocked],
        AppStatus::Active if app.expires_at.is_some_and(|end| now >= end) => {
            return vec![Standing::Expired];
        }
        AppStatus::Active => {}
    }
    let mut words = Vec::new();
    if app.registration.is_by_itself() && !app.reviewed {
        words.push(Standing::Unreviewed);
    }
    if app.kind.acts_by_itself() && !around.delegator_stands {
        words.push(Standing::NeedsDelegator);
    }
    words.extend(due(app.review_due, now));
    if app.expires_at.is_some_and(|end| end <= now.plus(SOON)) {
        words.push(Standing::Expiring);
    }
    words.extend(
        app.secrets.iter().filter_map(|secret| secret.expires_at).find_map(|end| {
            (now < end && app.secrets.len() > 1).then_some(Standing::Rotating(end))
        }),
    );
    words.extend(unused(app.created_at, around));
    if words.is_empty() {
        let looked_at = app.registration.is_by_itself() && app.reviewed;
        words.push(if looked_at { Standing::Approved } else { Standing::Active });
    }
    words
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
