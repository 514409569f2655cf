//! How an app stands, as its badges say it: the words of `domain/app_state.rs` with times beside them.

use crate::base::clock::Timestamp;
use crate::domain::app_state::AppState;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::status::Status;

/// The badges, seen from `now`.
pub(in crate::web) fn shown(states: &[AppState], now: Timestamp) -> Vec<Status> {
    states.iter().map(|state| badge(*state, now)).collect()
}

fn badge(state: AppState, now: Timestamp) -> Status {
    match state {
        AppState::Active => Status::Active,
        AppState::Idle(days) => Status::Idle(days),
        AppState::NeverUsed => Status::NeverUsed,
        AppState::Expiring => Status::Expiring,
        AppState::Expired => Status::Expired,
        AppState::Rotating(until) => Status::Rotating(Moment::at(until, now)),
        AppState::Revoked => Status::Revoked,
        AppState::Blocked => Status::Blocked,
        AppState::Deleted(until) => Status::Deleted(Moment::at(until, now)),
        AppState::ReviewDue => Status::ReviewDue,
        AppState::NeedsDelegator => Status::NeedsDelegator,
    }
}
