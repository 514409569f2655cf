//! Randomness as a value.

use std::sync::Mutex;
use std::sync::PoisonError;

use ring::rand::SecureRandom;
use zeroize::Zeroizing;

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `out` with unpredictable bytes.
    fn fill(&self, out: &mut [u8]);
}

/// Bytes drawn from the operating system at once: a call for each few would cost more than all
/// else that a token is made of.
const DRAWN: usize = 512;

/// The operating system's generator. Every byte is its own; a few are kept ready, wiped as they are
/// handed out.
pub struct SystemEntropy {
    generator: ring::rand::SystemRandom,
    ready: Mutex<Ready>,
}

/// Bytes that were drawn and not handed out yet: the last `left` ones.
struct Ready {
    bytes: Zeroizing<[u8; DRAWN]>,
    left: usize,
}

impl SystemEntropy {
    /// A handle on the operating system's generator.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that opens the generator")]
    pub fn new() -> Self {
        let ready = Mutex::new(Ready { bytes: Zeroizing::new([0; DRAWN]), left: 0 });
        Self { generator: ring::rand::SystemRandom::new(), ready }
    }

    #[expect(clippy::expect_used, reason = "without randomness nothing may be issued: fail closed")]
    fn draw(&self, out: &mut [u8]) {
        self.generator.fill(out).expect("the operating system's random generator answers");
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) {
        if out.len() > DRAWN {
            return self.draw(out);
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.left < out.len() {
            self.draw(&mut *ready.bytes);
            ready.left = DRAWN;
        }
        let from = DRAWN - ready.left;
        ready.left -= out.len();
        for (to, drawn) in out.iter_mut().zip(ready.bytes.iter_mut().skip(from)) {
            *to = std::mem::take(drawn);
        }
    }
}

/// `N` random bytes.
#[must_use]
pub fn draw<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_byte_is_handed_out_twice() {
        let entropy = SystemEntropy::new();
        let drawn: HashSet<[u8; 24]> = (0..10_000).map(|_| draw(&entropy)).collect();
        assert_eq!(drawn.len(), 10_000);
        let ready = entropy.ready.lock().unwrap();
        assert!(ready.bytes.iter().take(DRAWN - ready.left).all(|byte| *byte == 0));
    }

    #[test]
    fn any_length_is_filled() {
        let entropy = SystemEntropy::new();
        for length in [0, 1, 511, 512, 513, 5000] {
            let mut bytes = vec![0; length];
            entropy.fill(&mut bytes);
            let zeros = bytes.iter().filter(|byte| **byte == 0).count();
            assert!(zeros <= 1 + length / 20, "{zeros} of {length}");
        }
    }
}
