//! How an app lives: its secrets, its end, its return, and when somebody looks at it again.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppSecret;
use crate::domain::app::AppStatus;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a deleted app can be restored.
pub const RESTORABLE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// After how many days somebody looks at an app or a connection again, unless its owner said otherwise.
pub const REVIEW_EVERY_DAYS: u32 = 90;

/// When the former secret stops, once there is a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// At once, with the tokens it got.
    #[default]
    Now,
    /// After an hour.
    Hour,
    /// After a day.
    Day,
    /// After a week.
    Week,
}

impl Overlap {
    const fn span(self) -> Option<Duration> {
        match self {
            Self::Now => None,
            Self::Hour => Some(HOUR),
            Self::Day => Some(DAY),
            Self::Week => Some(Duration::from_secs(7 * 24 * 60 * 60)),
        }
    }
}

/// So many days after `from`.
#[must_use]
pub fn days_after(from: Timestamp, days: u32) -> Timestamp {
    from.plus(DAY.saturating_mul(days))
}

impl App {
    /// The secrets that are good at `now`, the newest first.
    #[must_use]
    pub fn live_secrets(&self, now: Timestamp) -> Vec<&AppSecret> {
        let mut live: Vec<&AppSecret> =
            self.secrets.iter().filter(|secret| secret.is_live(now)).collect();
        live.sort_by_key(|secret| {
            (secret.expires_at.is_some(), u64::MAX - secret.created_at.millis())
        });
        live
    }

    /// Puts `new` in the place of the secret in use, which works on for the overlap. There are never
    /// more than these two: what an earlier rotation left over stops now. Tokens hang on the secret
    /// that they were issued to, and end with it.
    pub fn rotate(&mut self, new: AppSecret, overlap: Overlap) {
        let now = new.created_at;
        let in_use = self.live_secrets(now).first().map(|secret| (*secret).clone());
        let former = overlap.span().zip(in_use).map(|(span, secret)| {
            let end = now.plus(span);
            let end = secret.expires_at.map_or(end, |sooner| sooner.min(end));
            AppSecret { expires_at: Some(end), ..secret }
        });
        self.secrets = former.into_iter().chain([new]).collect();
    }

    /// Ends it: its secrets are destroyed, and tokens and connections of the generation before are
    /// over for good.
    pub fn end(&mut self, status: AppStatus) {
        self.status = status;
        self.generation = self.generation.saturating_add(1);
        self.secrets.clear();
    }

    /// Until when it can be restored, if it is deleted.
    #[must_use]
    pub fn restorable_until(&self) -> Option<Timestamp> {
        match self.status {
            AppStatus::Deleted { at } => Some(at.plus(RESTORABLE)),
            AppStatus::Active | AppStatus::Revoked { .. } | AppStatus::Blocked { .. } => None,
        }
    }

    /// Whether it can be restored at `now`. An API token cannot: its secret is what it is.
    #[must_use]
    pub fn may_return(&self, now: Timestamp) -> bool {
        self.kind != AppKind::ApiToken
            && match self.status {
                // Whoever blocked it lets it in again: that is another act.
                AppStatus::Active | AppStatus::Blocked { .. } => false,
                AppStatus::Revoked { .. } => true,
                AppStatus::Deleted { at } => now < at.plus(RESTORABLE),
            }
    }

    /// Brings it back with a new secret, if it has any. Nothing else is revived.
    pub fn restore(&mut self, secret: Option<AppSecret>, now: Timestamp) {
        self.status = AppStatus::Active;
        self.secrets = secret.into_iter().collect();
        self.look_again(now);
    }

    /// Sets the day of the next review.
    pub fn look_again(&mut self, now: Timestamp) {
        self.review_due = Some(days_after(now, self.review_days));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::AppId;
    use crate::base::id::RawId;
    use crate::base::id::SecretId;
    use crate::crypto::token::HashedToken;
    use crate::domain::registration::Registration;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn secret(number: u8, at: Timestamp) -> AppSecret {
        AppSecret {
            id: SecretId::from_raw(RawId::from_bytes([number; 16])),
            hash: HashedToken::new(1, [number; 32]),
            last_four: format!("{number:04}"),
            created_at: at,
            expires_at: None,
        }
    }

    fn app() -> App {
        let id = AppId::from_raw(RawId::from_bytes([1; 16]));
        let mut app = App::unreviewed(id, Registration::Administrator, NOW);
        app.kind = AppKind::ApiCredentials;
        app.secrets = vec![secret(1, NOW)];
        app
    }

    fn live(app: &App, now: Timestamp) -> Vec<&str> {
        app.live_secrets(now).iter().map(|secret| secret.last_four.as_str()).collect()
    }

    #[test]
    fn the_former_secret_works_for_the_overlap_and_no_longer() {
        for (overlap, seconds) in
            [(Overlap::Hour, 3600), (Overlap::Day, 86_400), (Overlap::Week, 604_800)]
        {
            let mut app = app();
            app.rotate(secret(2, NOW), overlap);
            let end = NOW.plus(Duration::from_secs(seconds));
            assert_eq!(live(&app, end.minus(Duration::from_secs(1))), ["0002", "0001"]);
            assert_eq!(live(&app, end), ["0002"], "{overlap:?}");
        }
    }

    #[test]
    fn without_an_overlap_the_former_secret_is_gone() {
        let mut app = app();
        app.rotate(secret(2, NOW), Overlap::Now);
        assert_eq!(app.secrets.len(), 1);
        assert_eq!(live(&app, NOW), ["0002"]);
    }

    #[test]
    fn a_second_rotation_leaves_two_secrets_and_extends_none() {
        let mut app = app();
        app.rotate(secret(2, NOW), Overlap::Week);
        let later = NOW.plus(HOUR);
        app.rotate(secret(3, later), Overlap::Hour);
        assert_eq!(live(&app, later), ["0003", "0002"]);
        assert_eq!(live(&app, later.plus(HOUR)), ["0003"]);
    }

    #[test]
    fn a_deleted_app_returns_for_ninety_days_and_a_token_never() {
        let mut app = app();
        assert!(!app.may_return(NOW));
        app.end(AppStatus::Deleted { at: NOW });
        let end = app.restorable_until().unwrap();
        assert!(app.may_return(end.minus(Duration::from_secs(1))));
        assert!(!app.may_return(end));
        app.kind = AppKind::ApiToken;
        assert!(!app.may_return(NOW));
    }

    #[test]
    fn an_end_destroys_the_secrets_and_a_return_revives_none() {
        let mut app = app();
        app.end(AppStatus::Revoked { at: NOW });
        assert!(app.secrets.is_empty() && app.generation == 2);
        app.restore(Some(secret(2, NOW)), NOW);
        assert_eq!((live(&app, NOW), app.generation), (vec!["0002"], 2));
    }

    #[test]
    fn of_the_secrets_that_are_good_those_without_an_end_come_first_and_the_newest_before_older() {
        let at = |seconds| NOW.plus(Duration::from_secs(seconds));
        let mut app = app();
        let ends = AppSecret { expires_at: Some(at(100)), ..secret(4, at(9)) };
        app.secrets = vec![secret(1, at(1)), ends, secret(3, at(3)), secret(2, at(2))];
        assert_eq!(live(&app, at(10)), ["0003", "0002", "0001", "0004"]);
    }

    #[test]
    fn an_app_that_came_back_is_looked_at_again_after_its_days() {
        let mut app = app();
        app.review_days = 7;
        app.restore(None, NOW);
        assert_eq!(app.review_due, Some(NOW.plus(Duration::from_secs(7 * 86_400))));
        assert!(app.secrets.is_empty() && app.status == AppStatus::Active);
    }

    #[test]
    fn a_deleted_app_can_be_restored_for_ninety_days_to_the_second() {
        let at = |seconds| NOW.plus(Duration::from_secs(seconds));
        let mut app = app();
        app.end(AppStatus::Deleted { at: NOW });
        assert_eq!(app.restorable_until(), Some(at(90 * 86_400)));
        assert!(app.may_return(at(90 * 86_400 - 1)) && !app.may_return(at(90 * 86_400)));
    }
}
