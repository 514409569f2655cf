//! Floor 1: cryptography. Every primitive that the house uses is named here and nowhere else.
//!
//! Nothing here draws randomness or reads time: both are handed in.

pub mod cose;
pub mod digest;
pub mod jws;
pub mod keyring;
pub mod passphrase;
pub mod password;
pub mod seal;
pub mod signature;
pub mod stream;
pub mod token;
pub mod totp;
