//! Whether upstreams get signed words of who calls, and how closely those are bound.

/// What an assertion is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertions {
    /// None are made.
    Off,
    /// The caller, the company and what is allowed there: one is good for every call of the same
    /// caller within its life.
    Caller,
    /// The one request too: its method and path.
    Request,
}
