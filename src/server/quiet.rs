//! What happens often and is said once a minute.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

const A_MINUTE: Duration = Duration::from_secs(60);

/// Counts events and lets one a minute be logged, with how many there were since the last.
#[derive(Debug, Default)]
pub(super) struct OncePerMinute(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    said: Option<Instant>,
    unsaid: u64,
}

impl OncePerMinute {
    /// Counts one event. `Some(count)` when it is time to say so.
    pub(super) fn count(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.unsaid += 1;
        if state.said.is_some_and(|said| said.elapsed() < A_MINUTE) {
            return None;
        }
        state.said = Some(Instant::now());
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_event_a_minute_is_said_with_the_count_of_the_others() {
        let events = OncePerMinute::default();
        assert_eq!(events.count(), Some(1));
        assert_eq!(events.count(), None);
        assert_eq!(events.count(), None);
        tokio::time::advance(A_MINUTE).await;
        assert_eq!(events.count(), Some(3));
    }
}
