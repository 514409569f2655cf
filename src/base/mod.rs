//! Floor 0: what everything stands on and what knows nothing of the business.
//!
//! Time and randomness are values here, handed to whoever needs them, so that a test can hold
//! both still.

pub mod clock;
pub mod encoding;
pub mod entropy;
pub mod id;
pub mod secret;
