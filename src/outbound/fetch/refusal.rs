//! Why nothing was fetched. For the log: whoever named the URL is told nothing of it, or the server
//! would tell strangers what it can see.

/// Why nothing was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchRefusal {
    /// No URL, or one with a user name or a fragment.
    #[error("it is no URL that can be fetched")]
    Url,
    /// Another scheme than https.
    #[error("only https is fetched")]
    Scheme,
    /// Another port than 443 on the public Internet.
    #[error(
        "only port 443 is dialled; other ports only in the networks of outbound.allow_networks"
    )]
    Port,
    /// The name has no address.
    #[error("its host has no address")]
    Resolution,
    /// An address is not public.
    #[error(
        "its host is not on the public Internet; if it should be fetched, add its network to outbound.allow_networks"
    )]
    NotPublic,
    /// Nothing answered.
    #[error("its host could not be reached")]
    Connect,
    /// The certificate is not trusted, or TLS failed.
    #[error(
        "TLS failed: its certificate may not be trusted here (outbound.ca_file), not be for this host, or have ended"
    )]
    Tls,
    /// There is nothing to trust.
    #[error(
        "this machine has no certificates of authorities; install its ca-certificates or set outbound.ca_file"
    )]
    NoTrust,
    /// No HTTP, or an answer that was cut off.
    #[error("its host did not answer as HTTP says")]
    Broken,
    /// A redirect.
    #[error("it redirects (status {0}), which is not followed")]
    Redirect(u16),
    /// Another status than 200.
    #[error("it answered with status {0} instead of 200")]
    Status(u16),
    /// No JSON.
    #[error("it is not application/json")]
    ContentType,
    /// Compressed, though that was not asked for.
    #[error("it is compressed, which was not asked for")]
    Encoded,
    /// More than is taken.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// It took longer than is waited for.
    #[error("it took longer than five seconds")]
    TimedOut,
    /// It took longer than is waited for what is posted.
    #[error("it took longer than fifteen seconds")]
    NotInTime,
    /// Too much is being fetched already.
    #[error("too much is being fetched already, in all or from its host")]
    Busy,
}

impl FetchRefusal {
    /// Its word among the metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Url | Self::Scheme | Self::Port => "url",
            Self::Resolution => "resolution",
            Self::NotPublic => "not_public",
            Self::Connect => "connect",
            Self::Tls | Self::NoTrust => "tls",
            Self::Broken => "broken",
            Self::Redirect(_) => "redirect",
            Self::Status(_) => "status",
            Self::ContentType | Self::Encoded => "content",
            Self::TooLarge(_) => "too_large",
            Self::TimedOut | Self::NotInTime => "timed_out",
            Self::Busy => "busy",
        }
    }

    /// Whether the same URL may do better in a moment, with nobody having changed anything.
    #[must_use]
    pub const fn will_pass(self) -> bool {
        match self {
            Self::Status(status) => status >= 500 || status == 429,
            Self::Resolution
            | Self::Connect
            | Self::Tls
            | Self::NoTrust
            | Self::Broken
            | Self::TimedOut
            | Self::NotInTime
            | Self::Busy => true,
            _ => false,
        }
    }
}
