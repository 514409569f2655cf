//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds, 160-bit seeds.
//!
//! SHA-1 stands here only inside HMAC, as every authenticator app expects it. A code is good for
//! the current step, one back and one ahead (clocks without a network drift), and steps only ever
//! go up: a used code, or an older one, is never good again.

use ring::hmac;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::crypto::digest;

/// Bytes in a seed.
pub const SEED_LENGTH: usize = 20;
const STEP_SECONDS: u64 = 30;
const DIGITS: usize = 6;

/// What became of a presented code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Right: store `step` as the last one used.
    Accepted {
        /// The step that it belongs to.
        step: u64,
    },
    /// Right, but used already (or older than one used): wait for the next code.
    AlreadyUsed {
        /// Seconds until the app shows another.
        next_in_seconds: u64,
    },
    /// Wrong.
    Wrong,
}

/// The code of `seed` for `step`.
#[must_use]
pub fn code(seed: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or(0) & 0x0f);
    let number = bytes.iter().skip(offset).take(4).fold(0_u32, |sum, b| (sum << 8) | u32::from(*b));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The step that `now` lies in.
#[must_use]
pub const fn step_at(now: Timestamp) -> u64 {
    now.seconds() / STEP_SECONDS
}

/// When `step` begins.
#[must_use]
pub const fn began_at(step: u64) -> Timestamp {
    Timestamp::from_seconds(step.saturating_mul(STEP_SECONDS))
}

/// Judges a presented code. Spaces are allowed, since apps show codes in two groups. Every
/// candidate step is computed and compared whatever the outcome.
#[must_use]
pub fn judge(seed: &[u8], presented: &str, now: Timestamp, last_used: Option<u64>) -> Verdict {
    let digits: String = presented.chars().filter(|c| !c.is_whitespace()).collect();
    let current = step_at(now);
    let mut matched = None;
    for step in [current.saturating_sub(1), current, current.saturating_add(1)] {
        let equal = digest::equal(code(seed, step).as_bytes(), digits.as_bytes());
        let fresh = last_used.is_none_or(|last| step > last);
        if equal && (matched.is_none() || fresh) {
            matched = Some((step, fresh));
        }
    }
    match matched {
        Some((step, true)) if digits.len() == DIGITS => Verdict::Accepted { step },
        Some((_, false)) => {
            Verdict::AlreadyUsed { next_in_seconds: STEP_SECONDS - now.seconds() % STEP_SECONDS }
        }
        _ => Verdict::Wrong,
    }
}

/// The text of the QR code that an authenticator app reads.
#[must_use]
pub fn provisioning_uri(issuer: &str, account: &str, seed: &[u8]) -> String {
    let quote = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        encoding::base32(seed),
        issuer = quote(issuer),
        account = quote(account),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn agrees_with_the_vectors_of_rfc_6238() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SEED, step_at(at(seconds))), expected);
        }
    }

    #[test]
    fn the_current_step_one_back_and_one_ahead_are_good_and_no_other() {
        let now = at(1_000_000_000);
        let current = step_at(now);
        for (step, good) in [
            (current - 2, false),
            (current - 1, true),
            (current, true),
            (current + 1, true),
            (current + 2, false),
        ] {
            let verdict = judge(SEED, &code(SEED, step), now, None);
            assert_eq!(verdict == Verdict::Accepted { step }, good, "step {step}");
        }
    }

    #[test]
    fn a_used_code_and_any_older_one_are_not_good_again() {
        let now = at(1_000_000_005);
        let current = step_at(now);
        let used = judge(SEED, &code(SEED, current), now, Some(current));
        assert_eq!(used, Verdict::AlreadyUsed { next_in_seconds: 15 });
        let older = judge(SEED, &code(SEED, current - 1), now, Some(current));
        assert_eq!(older, Verdict::AlreadyUsed { next_in_seconds: 15 });
        let next = judge(SEED, &code(SEED, current + 1), now, Some(current));
        assert_eq!(next, Verdict::Accepted { step: current + 1 });
    }

    #[test]
    fn a_code_with_a_space_in_it_is_read_and_anything_else_is_wrong() {
        let now = at(59);
        assert_eq!(judge(SEED, "287 082", now, None), Verdict::Accepted { step: 1 });
        for wrong in ["", "28708", "2870822", "28708a", "000000"] {
            assert_eq!(judge(SEED, wrong, now, None), Verdict::Wrong);
        }
    }
}
