//! How an app or a connection stands, in the words that people read in lists and on its page. The one
//! place that works it out.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;

const DAY: u64 = 24 * 3600;
/// Not used for so long is idle.
const IDLE: Duration = Duration::from_secs(30 * DAY);
/// What ends within this time is expiring.
const EXPIRING: Duration = Duration::from_secs(14 * DAY);

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
    match app.status {
        AppStatus::Revoked { .. } => return vec![Standing::Revoked],
        AppStatus::Blocked { .. } => return vec![Standing::Blocked],
        AppStatus::Deleted { .. } => {
            return app.restorable_until().map(Standing::Deleted).into_iter().collect();
        }
        AppStatus::Active if around.blocked => return vec![Standing::Blocked],
        AppStatus::Active => {}
    }
    let mut words = Vec::new();
    if app.registration.is_by_itself() {
        words.push(if app.reviewed { Standing::Approved } else { Standing::Unreviewed });
    }
    if app.expires_at.is_some_and(|end| end <= around.now) {
        words.push(Standing::Expired);
    } else {
        words.extend(alive(app, around));
    }
    words.extend(due(app.review_due, around.now));
    words
}

fn alive(app: &App, around: Circumstances) -> Vec<Standing> {
    let now = around.now;
    let mut words = Vec::new();
    if app.kind.acts_by_itself() && !around.delegator_stands {
        words.push(Standing::NeedsDelegator);
    }
    words.extend(rotating_until(app, now).map(Standing::Rotating));
    if app.expires_at.is_some_and(|end| end.since(now) <= EXPIRING) {
        words.push(Standing::Expiring);
    }
    match around.last_used {
        None => words.push(Standing::NeverUsed),
        Some(at) if now.since(at) >= IDLE => {
            words.push(Standing::Idle(now.since(at).as_secs() / DAY));
        }
        // Of a program that registered itself, whether somebody looked at it is said instead.
        Some(_) if words.is_empty() && !app.registration.is_by_itself() => {
            words.push(Standing::Active);
        }
        Some(_) => {}
    }
    words
}

fn rotating_until(app: &App, now: Timestamp) -> Option<Timestamp> {
    let live = app.live_secrets(now);
    (live.len() > 1).then(|| live.iter().filter_map(|secret| secret.expires_at).min()).flatten()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::AppId;
    use crate::base::id::RawId;
    use crate::domain::app::AppKind;
    use crate::domain::connection::EndCause;
    use crate::domain::registration::Registration;
    use crate::domain::samples;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
    const USED: Circumstances =
        Circumstances { last_used: Some(NOW), blocked: false, delegator_stands: true, now: NOW };

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
        let used = |ago| Circumstances { last_used: Some(NOW.minus(days(ago))), ..USED };
        assert_eq!(of_app(&app(), used(29)), [Standing::Active]);
        assert_eq!(of_app(&app(), used(30)), [Standing::Idle(30)]);
        assert_eq!(
            of_app(&app(), Circumstances { last_used: None, ..USED }),
            [Standing::NeverUsed]
        );
    }

    #[test]
    fn says_expiring_for_two_weeks_and_expired_from_the_end_on() {
        let ending = |end| App { expires_at: Some(end), ..app() };
        assert_eq!(of_app(&ending(NOW.plus(days(15))), USED), [Standing::Active]);
        assert_eq!(of_app(&ending(NOW.plus(days(14))), USED), [Standing::Expiring]);
        assert_eq!(of_app(&ending(NOW), USED), [Standing::Expired]);
    }

    #[test]
    fn what_has_ended_needs_nothing_else_said() {
        let due = App { review_due: Some(NOW), ..app() };
        let gone = Circumstances { delegator_stands: false, ..USED };
        assert_eq!(of_app(&due, gone), [Standing::NeedsDelegator, Standing::ReviewDue]);
        let revoked = App { status: AppStatus::Revoked { at: NOW }, ..due.clone() };
        assert_eq!(of_app(&revoked, gone), [Standing::Revoked]);
        let deleted = App { status: AppStatus::Deleted { at: NOW }, ..due };
        assert_eq!(of_app(&deleted, gone), [Standing::Deleted(NOW.plus(days(90)))]);
    }

    #[test]
    fn what_a_company_keeps_away_is_blocked_there_whatever_else_is_due() {
        let away = Circumstances { blocked: true, last_used: None, ..USED };
        let due = App { review_due: Some(NOW), ..app() };
        assert_eq!(of_app(&due, away), [Standing::Blocked]);
        let revoked = App { status: AppStatus::Revoked { at: NOW }, ..due };
        assert_eq!(of_app(&revoked, away), [Standing::Revoked]);
    }

    #[test]
    fn of_what_registered_itself_it_is_said_first_whether_somebody_looked_at_it() {
        let stranger = App { registration: Registration::Dynamic, reviewed: false, ..app() };
        assert_eq!(of_app(&stranger, USED), [Standing::Unreviewed]);
        let known = App { reviewed: true, ..stranger };
        assert_eq!(of_app(&known, USED), [Standing::Approved]);
    }

    #[test]
    fn only_what_acts_by_itself_needs_a_delegator() {
        let gone = Circumstances { delegator_stands: false, ..USED };
        let oauth = App { kind: AppKind::OauthConfidential, ..app() };
        assert_eq!(of_app(&oauth, gone), [Standing::Active]);
    }

    fn connection() -> Connection {
        Connection {
            id: crate::base::id::ConnectionId::from_raw(samples::raw(8)),
            app: app().id,
            app_generation: 1,
            user: crate::base::id::UserId::from_raw(samples::raw(3)),
            place: crate::domain::company::Place::Company(samples::company(2).id),
            scopes: crate::domain::scope::ScopeSet::default(),
            audience: crate::domain::resource::Audience::default(),
            consented_at: NOW,
            absolute_end: NOW.plus(days(365)),
            owner: None,
            purpose: String::new(),
            review_due: None,
            review_days: 0,
            status: ConnectionStatus::Active,
        }
    }

    fn of(connection: &Connection) -> Vec<Standing> {
        of_connection(connection, &app(), USED)
    }

    #[test]
    fn the_days_are_as_documented() {
        let day = 86_400;
        assert_eq!((IDLE.as_secs(), EXPIRING.as_secs()), (30 * day, 14 * day));
    }

    #[test]
    fn a_connection_that_lost_its_access_needs_reconnecting() {
        assert_eq!(of(&connection()), [Standing::Active]);
        let over = Connection { absolute_end: NOW, ..connection() };
        assert_eq!(of(&over), [Standing::NeedsReconnecting]);
        let earlier = Connection { app_generation: 0, ..connection() };
        assert_eq!(of(&earlier), [Standing::NeedsReconnecting]);
        let ended = |cause| connection().ended(NOW, cause);
        assert_eq!(of(&ended(EndCause::RefreshReplayed)), [Standing::NeedsReconnecting]);
        assert_eq!(of(&ended(EndCause::DeletedByUser)), []);
    }

    #[test]
    fn a_connection_whose_app_is_kept_away_is_blocked() {
        let away = Circumstances { blocked: true, ..USED };
        assert_eq!(of_connection(&connection(), &app(), away), [Standing::Blocked]);
        let stopped = App { status: AppStatus::Blocked { at: NOW }, ..app() };
        assert_eq!(of_connection(&connection(), &stopped, USED), [Standing::Blocked]);
    }

    #[test]
    fn of_a_connection_it_is_said_what_is_due_how_long_it_waits_and_for_whom() {
        let due = Connection { review_due: Some(NOW), ..connection() };
        assert_eq!(of(&due), [Standing::ReviewDue]);
        let stranger = App { registration: Registration::Dynamic, reviewed: false, ..app() };
        let words = of_connection(&connection(), &stranger, USED);
        assert_eq!(words, [Standing::Active, Standing::Unreviewed]);
        let known = App { reviewed: true, ..stranger };
        assert_eq!(of_connection(&connection(), &known, USED), [Standing::Active]);
    }

    #[test]
    fn a_connection_is_idle_thirty_days_after_its_last_use_or_its_consent() {
        let waited =
            |count| Circumstances { last_used: Some(NOW), now: NOW.plus(days(count)), ..USED };
        let idle = |around| is_idle(&connection(), &app(), around);
        assert!(!idle(waited(29)) && idle(waited(30)));
        assert_eq!(of_connection(&connection(), &app(), waited(45)), [Standing::Idle(45)]);
        let never = |count| Circumstances { last_used: None, ..waited(count) };
        assert_eq!(of_connection(&connection(), &app(), never(1)), [Standing::NeverUsed]);
        let words = of_connection(&connection(), &app(), never(31));
        assert_eq!(words, [Standing::Idle(31), Standing::NeverUsed]);
    }

    #[test]
    fn two_secrets_that_work_are_said_with_the_end_of_the_first() {
        let end = NOW.plus(days(1));
        let secret = |number, expires_at| crate::domain::app::AppSecret {
            id: crate::base::id::SecretId::from_raw(samples::raw(number)),
            hash: samples::hash(),
            last_four: String::new(),
            created_at: NOW,
            expires_at,
        };
        let with = |secrets| of_app(&App { secrets, ..app() }, USED);
        assert_eq!(with(vec![secret(1, None)]), [Standing::Active]);
        assert_eq!(with(vec![secret(1, Some(end))]), [Standing::Active]);
        let rotating = with(vec![secret(1, Some(end)), secret(2, None)]);
        assert_eq!(rotating, [Standing::Rotating(end)]);
    }
}
