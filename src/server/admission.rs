//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Counts the connections that stand.
#[derive(Debug)]
pub struct Admission {
    in_all: usize,
    per_address: usize,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    total: usize,
    by_origin: HashMap<IpAddr, usize>,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub struct Place {
    admission: Arc<Admission>,
    origin: IpAddr,
}

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// There are too many in all.
    InAll,
    /// There are too many from this address.
    FromAddress,
}

impl Full {
    /// Its word among the metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InAll => "in_all",
            Self::FromAddress => "from_address",
        }
    }
}

impl Admission {
    /// At most `in_all` connections, and `per_address` of them from one address.
    #[must_use]
    pub fn new(in_all: usize, per_address: usize) -> Arc<Self> {
        Arc::new(Self { in_all, per_address, standing: Mutex::default() })
    }

    /// A place for a connection from `address`.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let origin = origin(address);
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.total >= self.in_all {
            return Err(Full::InAll);
        }
        if standing.by_origin.get(&origin).is_some_and(|count| *count >= self.per_address) {
            return Err(Full::FromAddress);
        }
        standing.total += 1;
        *standing.by_origin.entry(origin).or_default() += 1;
        Ok(Place { admission: Arc::clone(self), origin })
    }

    fn leave(&self, origin: IpAddr) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.total -= 1;
        let left = standing.by_origin.get(&origin).map_or(0, |count| count - 1);
        if left == 0 {
            standing.by_origin.remove(&origin);
        } else {
            standing.by_origin.insert(origin, left);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.leave(self.origin);
    }
}

/// What counts as one address: an IPv4 address, or the /64 network that one IPv6 host chooses its
/// addresses from.
fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let admission = Admission::new(3, 2);
        let first = admission.admit(ip("10.0.0.1")).unwrap();
        let _second = admission.admit(ip("::ffff:10.0.0.1")).unwrap();
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Full::FromAddress);
        let _other = admission.admit(ip("10.0.0.2")).unwrap();
        assert_eq!(admission.admit(ip("10.0.0.3")).unwrap_err(), Full::InAll);
        drop(first);
        let _again = admission.admit(ip("10.0.0.1")).unwrap();
    }

    #[test]
    fn a_network_of_one_ipv6_host_counts_as_one_address() {
        let admission = Admission::new(10, 1);
        let place = admission.admit(ip("2001:db8::1")).unwrap();
        assert_eq!(admission.admit(ip("2001:db8::2")).unwrap_err(), Full::FromAddress);
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_ok());
        drop(place);
        assert!(admission.standing.lock().unwrap().by_origin.is_empty());
    }
}
