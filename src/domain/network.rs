//! IP networks.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network: an address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is no network like `10.0.0.0/8` or `fd00::/8`, or has bits behind its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network like 10.0.0.0/8")]
pub struct NotANetwork;

impl Network {
    /// Whether `address` is in it. An IPv4 address written as IPv6 is in no IPv4 network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                first_bits(u128::from(own.to_bits()) << 96, self.bits)
                    == first_bits(u128::from(other.to_bits()) << 96, self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                first_bits(own.to_bits(), self.bits) == first_bits(other.to_bits(), self.bits)
            }
            _ => false,
        }
    }
}

fn first_bits(address: u128, bits: u8) -> u128 {
    address.checked_shr(128 - u32::from(bits)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (most, all) = match address {
            IpAddr::V4(address) => (32, u128::from(address.to_bits()) << 96),
            IpAddr::V6(address) => (128, address.to_bits()),
        };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse::<u8>().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
            None => most,
        };
        let behind = all.checked_shl(u32::from(bits)).unwrap_or(0);
        if bits > most || behind != 0 {
            return Err(NotANetwork);
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_shares_its_first_bits() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("127.0.0.0/8", "127.9.9.9"));
        assert!(holds("::1", "::1"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(holds("192.168.1.128/25", "192.168.1.200"));
        assert!(!holds("192.168.1.128/25", "192.168.1.127"));
        assert!(!holds("127.0.0.0/8", "::ffff:127.0.0.1"), "another spelling is another address");
        assert!(!holds("127.0.0.0/8", "128.0.0.0"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in ["", "/8", "10.0.0.0/33", "10.0.0.1/8", "::/129", "10/8", "10.0.0.0/+8", "x"] {
            assert_eq!(wrong.parse::<Network>(), Err(NotANetwork), "{wrong}");
        }
    }
}
