//! How an act can fail: the rule said no, or we failed.

pub use crate::store::fault::Fault;

/// An act did not succeed.
#[derive(Clone, Debug)]
pub enum Failure<R> {
    /// The rule said no.
    Refused(R),
    /// We failed; nothing was granted.
    Fault(Fault),
}

impl<R> From<Fault> for Failure<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<R> Failure<R> {
    /// The same failure with its refusal in another family's words.
    pub fn map<S>(self, into: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Self::Refused(refusal) => Failure::Refused(into(refusal)),
            Self::Fault(fault) => Failure::Fault(fault),
        }
    }
}

/// An act's answer.
pub type Outcome<T, R> = Result<T, Failure<R>>;

/// Lets a decided refusal become a failure.
pub fn flatten<T, R>(decided: Result<Result<T, R>, Fault>) -> Outcome<T, R> {
    match decided {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(refusal)) => Err(Failure::Refused(refusal)),
        Err(fault) => Err(Failure::Fault(fault)),
    }
}
