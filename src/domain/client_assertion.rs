//! What an assertion that authenticates a client must say (RFC 7523 section 3), apart from its
//! signature.

use std::time::Duration;

use serde::Deserialize;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::crypto::digest;

/// `client_assertion_type` (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may differ.
pub const SKEW: Duration = Duration::from_secs(60);
/// How far ahead an assertion may end: as long as it has to be remembered.
pub const LONGEST_LIFE: Duration = Duration::from_secs(600);

const LONGEST_ID: usize = 256;

/// What an assertion says.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    jti: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, url: &str) -> bool {
        match self {
            Self::One(one) => one == url,
            Self::Several(several) => several.iter().any(|one| one == url),
        }
    }
}

/// Why the claims do not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimsRefusal {
    /// A claim is missing or of another type.
    Malformed,
    /// `iss`, `sub` and `client_id` are not all the same.
    Client,
    /// `aud` is neither the issuer nor the endpoint that was asked.
    Audience,
    /// `exp` has passed.
    Expired,
    /// `exp` is too far ahead to be remembered.
    LivesTooLong,
    /// `nbf` or `iat` lies ahead.
    NotYet,
}

impl Claims {
    /// Reads the payload of an assertion.
    ///
    /// # Errors
    /// [`ClaimsRefusal::Malformed`].
    pub fn read(payload: &[u8]) -> Result<Self, ClaimsRefusal> {
        let claims: Self = serde_json::from_slice(payload).map_err(|_| ClaimsRefusal::Malformed)?;
        let named = (1..=LONGEST_ID).contains(&claims.jti.len());
        if named { Ok(claims) } else { Err(ClaimsRefusal::Malformed) }
    }

    /// Who the client says it is.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.sub
    }

    /// Checks everything at `now`. `audiences` are the names under which this server may be meant;
    /// `client_id` is what the request says beside the assertion.
    ///
    /// # Errors
    /// [`ClaimsRefusal`].
    pub fn check(
        &self,
        client_id: Option<&str>,
        audiences: &[&str],
        now: Timestamp,
    ) -> Result<(), ClaimsRefusal> {
        if self.iss != self.sub || client_id.is_some_and(|id| id != self.sub) {
            return Err(ClaimsRefusal::Client);
        }
        if !audiences.iter().any(|audience| self.aud.names(audience)) {
            return Err(ClaimsRefusal::Audience);
        }
        let end = moment(self.exp)?;
        if now >= end.plus(SKEW) {
            return Err(ClaimsRefusal::Expired);
        }
        if end > now.plus(LONGEST_LIFE).plus(SKEW) {
            return Err(ClaimsRefusal::LivesTooLong);
        }
        for start in [self.nbf, self.iat].into_iter().flatten() {
            if moment(start)? > now.plus(SKEW) {
                return Err(ClaimsRefusal::NotYet);
            }
        }
        Ok(())
    }

    /// Under what the assertion is remembered: when it ends, so that what is over can be swept, and
    /// whose it is. Equal for equal assertions, however they are sent.
    #[must_use]
    pub fn key(&self) -> RawId {
        let mut named = Vec::with_capacity(self.sub.len() + 1 + self.jti.len());
        named.extend_from_slice(self.sub.as_bytes());
        named.push(0);
        named.extend_from_slice(self.jti.as_bytes());
        let end = moment(self.exp).unwrap_or(Timestamp::EPOCH);
        let mut bytes = *RawId::floor(end).bytes();
        for (to, from) in bytes.iter_mut().skip(6).zip(digest::sha256(&named)) {
            *to = from;
        }
        RawId::from_bytes(bytes)
    }
}

/// A NumericDate (RFC 7519 section 2), to the second.
fn moment(seconds: f64) -> Result<Timestamp, ClaimsRefusal> {
    // Beyond the year 5000 it is no date that anybody means.
    if !(0.0..1e11).contains(&seconds) {
        return Err(ClaimsRefusal::Malformed);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within bounds, and fractions of a second do not matter"
    )]
    Ok(Timestamp::from_seconds(seconds as u64))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_790_000_000;
    const ISSUER: &str = "https://cs.example";
    const TOKEN: &str = "https://cs.example/oauth/token";

    fn claims(change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = json!({
            "iss": "c", "sub": "c", "aud": TOKEN, "exp": NOW + 300, "iat": NOW, "jti": "1",
        });
        change(&mut claims);
        claims
    }

    fn check(claims: &Value) -> Result<(), ClaimsRefusal> {
        let claims = Claims::read(claims.to_string().as_bytes())?;
        claims.check(Some("c"), &[ISSUER, TOKEN], Timestamp::from_seconds(NOW))
    }

    fn with(name: &str, value: Value) -> Value {
        claims(|claims| claims[name] = value)
    }

    #[test]
    fn the_audience_is_the_issuer_or_the_endpoint_and_nothing_that_resembles_them() {
        for aud in [json!(ISSUER), json!(TOKEN), json!(["https://other.example", ISSUER])] {
            assert_eq!(check(&with("aud", aud)), Ok(()));
        }
        for aud in [
            json!("https://cs.example/"),
            json!("https://CS.example"),
            json!("cs.example"),
            json!("https://cs.example/oauth/token/"),
            json!("https://cs.example/oauth/revoke"),
            json!([]),
            json!(["https://other.example"]),
            json!(""),
        ] {
            assert_eq!(check(&with("aud", aud.clone())), Err(ClaimsRefusal::Audience), "{aud}");
        }
    }

    #[test]
    fn issuer_subject_and_client_are_one() {
        for name in ["iss", "sub"] {
            assert_eq!(check(&with(name, json!("d"))), Err(ClaimsRefusal::Client));
        }
        let other = claims(|claims| {
            claims["iss"] = json!("d");
            claims["sub"] = json!("d");
        });
        assert_eq!(check(&other), Err(ClaimsRefusal::Client));
    }

    #[test]
    fn an_assertion_counts_for_ten_minutes_at_most_and_clocks_may_differ_by_one() {
        let at = |exp: u64| check(&with("exp", json!(exp)));
        assert_eq!(at(NOW - 59), Ok(()));
        assert_eq!(at(NOW - 60), Err(ClaimsRefusal::Expired));
        assert_eq!(at(NOW + 660), Ok(()));
        assert_eq!(at(NOW + 661), Err(ClaimsRefusal::LivesTooLong));
        for name in ["nbf", "iat"] {
            assert_eq!(check(&with(name, json!(NOW + 60))), Ok(()));
            assert_eq!(check(&with(name, json!(NOW + 61))), Err(ClaimsRefusal::NotYet));
        }
        assert_eq!(check(&with("exp", json!(NOW as f64 + 0.5))), Ok(()));
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_refused() {
        for name in ["iss", "sub", "aud", "exp", "jti"] {
            let without = claims(|claims| {
                claims.as_object_mut().unwrap().remove(name);
            });
            assert_eq!(check(&without), Err(ClaimsRefusal::Malformed), "{name}");
            assert_eq!(check(&with(name, json!(null))), Err(ClaimsRefusal::Malformed), "{name}");
            assert_eq!(check(&with(name, json!({}))), Err(ClaimsRefusal::Malformed), "{name}");
        }
        for jti in [String::new(), "j".repeat(257)] {
            assert_eq!(check(&with("jti", json!(jti))), Err(ClaimsRefusal::Malformed));
        }
        for exp in [json!(-1), json!(1e300), json!("1790000300")] {
            assert_eq!(check(&with("exp", exp)), Err(ClaimsRefusal::Malformed));
        }
        let twice = r#"{"iss":"c","sub":"c","aud":"x","exp":1,"jti":"1","sub":"d"}"#;
        assert_eq!(Claims::read(twice.as_bytes()).err(), Some(ClaimsRefusal::Malformed));
    }

    #[test]
    fn an_assertion_is_remembered_by_its_end_its_client_and_its_id() {
        let key = |claims: &Value| Claims::read(claims.to_string().as_bytes()).unwrap().key();
        let one = key(&claims(|_| {}));
        assert_eq!(key(&with("aud", json!(ISSUER))), one, "another audience is no other assertion");
        assert_ne!(key(&with("jti", json!("2"))), one);
        assert_ne!(key(&with("sub", json!("d"))), one);
        assert_eq!(one.made_at(), Timestamp::from_seconds(NOW + 300));
    }

    #[test]
    fn the_client_is_who_the_assertion_is_about() {
        let said = claims(|claims| claims["sub"] = json!("whoever"));
        assert_eq!(Claims::read(said.to_string().as_bytes()).unwrap().client_id(), "whoever");
    }
}
