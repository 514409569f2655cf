//! What goes wrong on the way to an upstream.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why an upstream cannot be used at all: found at start.
#[derive(Debug, thiserror::Error)]
pub enum NotUsable {
    /// The address cannot be dialled.
    #[error("its address cannot be dialled")]
    Address,
    /// The file of certificate authorities cannot be read.
    #[error("{} cannot be read as PEM: {why}", file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: rustls_pki_types::pem::Error,
    },
    /// The file of certificate authorities holds none.
    #[error("{} holds no certificate authority", .0.display())]
    NoCa(PathBuf),
    /// The machine has no certificate authorities.
    #[error("this machine trusts no certificate authorities; name a ca_file")]
    NoRoots,
    /// TLS cannot be set up: a defect.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// Why there is no answer to a request, or none to its end.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamFault {
    /// All connections are in use, and too many callers wait already, or this one waited too long.
    #[error("all its connections are in use")]
    Busy,
    /// Its name has no address.
    #[error("its name cannot be resolved: {0}")]
    Name(String),
    /// No connection.
    #[error("it cannot be connected to: {0}")]
    Connect(io::Error),
    /// No TLS, or not with a certificate that is trusted.
    #[error("TLS with it failed: {0}")]
    Tls(io::Error),
    /// No connection in time.
    #[error("it could not be connected to within {0:?}")]
    ConnectTimedOut(Duration),
    /// It does not take the request any further.
    #[error("it took nothing of the request for {0:?}")]
    RequestStalled(Duration),
    /// It does not begin to answer.
    #[error("it did not begin to answer within {0:?}")]
    AnswerTimedOut(Duration),
    /// It does not go on answering.
    #[error("its answer stood still for {0:?}")]
    AnswerStalled(Duration),
    /// The connection ended before the answer began.
    #[error("it closed the connection without an answer")]
    Closed,
    /// What it said is no HTTP, or it went away.
    #[error("its answer is broken: {0}")]
    Broken(hyper::Error),
    /// It speaks another protocol from here on, which nobody asked for.
    #[error("it switched protocols unasked")]
    SwitchedProtocols,
    /// The caller's body failed: too large, too slow, or the caller is gone.
    #[error("the caller's body ended early: {0}")]
    RequestBody(hyper::Error),
    /// The target cannot be written.
    #[error("the target of the request cannot be written")]
    Target,
}

impl UpstreamFault {
    /// Its word among the metrics.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Name(_) => "resolution",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::ConnectTimedOut(_) => "connect_timeout",
            Self::RequestStalled(_) => "request_stalled",
            Self::AnswerTimedOut(_) => "answer_timeout",
            Self::AnswerStalled(_) => "answer_stalled",
            Self::Closed => "closed",
            Self::Broken(_) => "broken",
            Self::SwitchedProtocols => "switched_protocols",
            Self::RequestBody(_) => "callers_body",
            Self::Target => "target",
        }
    }
}
