//! How an app stands, in the words that people read in lists and on its page. The one place that works
//! it out.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app::AppStatus;

const DAY: u64 = 24 * 60 * 60;
/// Not used for so long is idle.
pub const IDLE_AFTER: Duration = Duration::from_secs(30 * DAY);
/// What ends within this time is expiring.
pub const EXPIRING_WITHIN: Duration = Duration::from_secs(14 * DAY);

/// How an app stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    /// It works.
    Active,
    /// It works, and was not used for so many days.
    Idle(u64),
    /// It works, and was never used.
    NeverUsed,
    /// It ends soon.
    Expiring,
    /// Its day is over.
    Expired,
    /// Two secrets work until then.
    Rotating(Timestamp),
    /// Ended; can be restored.
    Revoked,
    /// Not let in, by the operator.
    Blocked,
    /// Deleted; can be restored until then.
    Deleted(Timestamp),
    /// Somebody should look whether it is still needed.
    ReviewDue,
    /// Whoever delegated its permissions is gone.
    NeedsDelegator,
}

/// What is to be known beside the app itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// Whether its delegator can sign in and still has a role in its company or firm.
    pub delegator_stands: bool,
}

/// How `app` stands at `now`, the most important first.
#[must_use]
pub fn of(app: &App, seen: Seen, now: Timestamp) -> Vec<AppState> {
    match app.status {
        AppStatus::Revoked { .. } => return vec![AppState::Revoked],
        AppStatus::Blocked { .. } => return vec![AppState::Blocked],
        AppStatus::Deleted { .. } => {
            return app.restorable_until().map(AppState::Deleted).into_iter().collect();
        }
        AppStatus::Active => {}
    }
    let mut states = Vec::new();
    if app.expires_at.is_some_and(|end| end <= now) {
        states.push(AppState::Expired);
    } else {
        states.extend(alive(app, seen, now));
    }
    if review_is_due(app, now) {
        states.push(AppState::ReviewDue);
    }
    states
}

/// Whether somebody should look at it again.
#[must_use]
pub fn review_is_due(app: &App, now: Timestamp) -> bool {
    app.status == AppStatus::Active && app.review_due.is_some_and(|due| due <= now)
}

fn alive(app: &App, seen: Seen, now: Timestamp) -> Vec<AppState> {
    let mut states = Vec::new();
    if app.kind.acts_by_itself() && !seen.delegator_stands {
        states.push(AppState::NeedsDelegator);
    }
    if let Some(until) = rotating_until(app, now) {
        states.push(AppState::Rotating(until));
    }
    if app.expires_at.is_some_and(|end| end.since(now) <= EXPIRING_WITHIN) {
        states.push(AppState::Expiring);
    }
    match seen.last_used {
        None => states.push(AppState::NeverUsed),
        Some(at) if now.since(at) >= IDLE_AFTER => {
            states.push(AppState::Idle(now.since(at).as_secs() / DAY));
        }
        Some(_) if states.is_empty() => states.push(AppState::Active),
        Some(_) => {}
    }
    states
}

/// Until when two secrets work.
#[must_use]
pub fn rotating_until(app: &App, now: Timestamp) -> Option<Timestamp> {
    let live = app.live_secrets(now);
    (live.len() > 1).then(|| live.iter().filter_map(|secret| secret.expires_at).min()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::AppId;
    use crate::base::id::RawId;
    use crate::domain::app::AppKind;
    use crate::domain::registration::Registration;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
    const USED: Seen = Seen { last_used: Some(NOW), delegator_stands: true };

    fn app() -> App {
        let id = AppId::from_raw(RawId::from_bytes([1; 16]));
        let mut app = App::unreviewed(id, Registration::Administrator, NOW);
        app.kind = AppKind::ApiCredentials;
        app
    }

    fn days(count: u64) -> Duration {
        Duration::from_secs(count * DAY)
    }

    #[test]
    fn says_idle_from_the_thirtieth_day_on() {
        let used = |ago| Seen { last_used: Some(NOW.minus(days(ago))), ..USED };
        assert_eq!(of(&app(), used(29), NOW), [AppState::Active]);
        assert_eq!(of(&app(), used(30), NOW), [AppState::Idle(30)]);
        assert_eq!(of(&app(), Seen { last_used: None, ..USED }, NOW), [AppState::NeverUsed]);
    }

    #[test]
    fn says_expiring_for_two_weeks_and_expired_from_the_end_on() {
        let ending = |end| App { expires_at: Some(end), ..app() };
        assert_eq!(of(&ending(NOW.plus(days(15))), USED, NOW), [AppState::Active]);
        assert_eq!(of(&ending(NOW.plus(days(14))), USED, NOW), [AppState::Expiring]);
        assert_eq!(of(&ending(NOW), USED, NOW), [AppState::Expired]);
    }

    #[test]
    fn what_has_ended_needs_nothing_else_said() {
        let due = App { review_due: Some(NOW), ..app() };
        let gone = Seen { delegator_stands: false, ..USED };
        assert_eq!(of(&due, gone, NOW), [AppState::NeedsDelegator, AppState::ReviewDue]);
        let revoked = App { status: AppStatus::Revoked { at: NOW }, ..due.clone() };
        assert_eq!(of(&revoked, gone, NOW), [AppState::Revoked]);
        let deleted = App { status: AppStatus::Deleted { at: NOW }, ..due };
        assert_eq!(of(&deleted, gone, NOW), [AppState::Deleted(NOW.plus(days(90)))]);
    }

    #[test]
    fn only_what_acts_by_itself_needs_a_delegator() {
        let gone = Seen { delegator_stands: false, ..USED };
        let oauth = App { kind: AppKind::OauthConfidential, ..app() };
        assert_eq!(of(&oauth, gone, NOW), [AppState::Active]);
    }
}
