//! Floor 6: the sandbox's sample ledger, so that a call with a token has something to reach.
//!
//! In memory and invented: the same books at every start, and drafts that a restart forgets. It
//! trusts its caller; who may call is the gateway's business, by [`ledger::ROUTES`].

pub mod ledger;

mod books;
mod drafts;
mod money;
mod pages;
mod samples;

#[cfg(test)]
mod tests;

pub use ledger::Ledger;
