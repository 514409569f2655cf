//! How fast one network may register clients: a burst and no more. Only a burst, because hosted
//! assistants share few addresses; what bounds all of them is the number of unused clients.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::audit::Origin;
use crate::domain::rate::RateLimit;
use crate::domain::rate::Window;
use crate::ops::refusals;

/// Registrations and changes from one network.
pub const PACE: RateLimit = RateLimit { calls: 30, window: Duration::from_secs(60) };

/// Networks that are counted at once. Beyond it any of them makes room.
const COUNTED: usize = 10_000;

/// Who registered of late.
#[derive(Default)]
pub struct Pace(Mutex<HashMap<Option<IpAddr>, Window>>);

impl Pace {
    /// Counts one from `origin`.
    ///
    /// # Errors
    /// One too many: how long to wait.
    pub(in crate::ops) fn count(&self, origin: Origin, now: Timestamp) -> Result<(), Duration> {
        let network = origin.address.map(refusals::network);
        let Ok(mut counted) = self.0.lock() else { return Ok(()) };
        if counted.len() >= COUNTED
            && !counted.contains_key(&network)
            && let Some(any) = counted.keys().next().copied()
        {
            counted.remove(&any);
        }
        let (window, allowance) = PACE.count(counted.get(&network).copied(), now);
        counted.insert(network, window);
        if allowance.exceeded { Err(allowance.resets_at.since(now)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn from(number: u32) -> Origin {
        Origin { address: Some(IpAddr::V4(number.into())), ..Origin::default() }
    }

    #[test]
    fn a_network_registers_thirty_a_minute_and_others_are_not_concerned() {
        let pace = Pace::default();
        for _ in 0..30 {
            assert_eq!(pace.count(from(1), NOW), Ok(()));
        }
        assert_eq!(pace.count(from(1), NOW), Err(Duration::from_secs(60)));
        assert_eq!(pace.count(from(0x0200_0000), NOW), Ok(()));
        assert_eq!(pace.count(from(1), NOW.plus(PACE.window)), Ok(()));
    }

    #[test]
    fn however_many_networks_come_only_so_many_are_counted() {
        let pace = Pace::default();
        for number in 0..25_000 {
            let _ = pace.count(from(number << 8), NOW);
        }
        assert!(pace.0.lock().unwrap().len() <= COUNTED);
    }
}
