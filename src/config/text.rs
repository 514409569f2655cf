//! Texts with a meaning of their own: addresses, networks, paths, names, schemes.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::PathBuf;

use url::Host;
use url::Url;

use crate::config::fault::Wrong;
use crate::config::value::quoted;
use crate::domain::client_document::AllowedDocuments;
use crate::domain::issuer::Issuer;
use crate::domain::issuer::NotAnIssuer;
use crate::domain::network;
use crate::domain::network::Network;
use crate::domain::registration_policy::AllowedRedirect;
use crate::domain::user::Email;

/// Schemes that a browser or a system acts on by itself: never a redirect's.
const NEVER_A_REDIRECT: [&str; 14] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "http",
    "https",
    "intent",
    "javascript",
    "mailto",
    "vbscript",
    "ws",
];

pub(super) fn issuer(text: &str) -> Result<Issuer, Wrong> {
    text.parse().map_err(|why: NotAnIssuer| {
        let problem = format!("{} {why}", quoted(text));
        match &why {
            NotAnIssuer::NotBare { origin } => Wrong::new(problem, format!("write {origin}")),
            NotAnIssuer::NotAUrl | NotAnIssuer::NotHttps => {
                Wrong::new(problem, "write https://, the host, and a port other than 443")
            }
        }
    })
}

pub(super) fn address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("{} is not an address like 0.0.0.0:8443", quoted(text)),
            "write an IP address and a port, an IPv6 address in brackets",
        )
    })
}

/// Where a syslog server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAt {
    /// Datagrams.
    Udp(SocketAddr),
    /// A stream.
    Tcp(SocketAddr),
    /// Datagrams on this machine.
    Unix(PathBuf),
}

/// A syslog server's address; empty text stands for none.
pub(super) fn syslog(text: &str) -> Result<Option<SyslogAt>, Wrong> {
    let read = |(scheme, rest): (&str, &str)| match scheme {
        "udp" => rest.parse().ok().map(SyslogAt::Udp),
        "tcp" => rest.parse().ok().map(SyslogAt::Tcp),
        "unix" => rest.starts_with('/').then(|| SyslogAt::Unix(rest.into())),
        _ => None,
    };
    match text.split_once("://").and_then(read) {
        _ if text.is_empty() => Ok(None),
        Some(at) => Ok(Some(at)),
        None => Err(Wrong::new(
            format!("{} is no syslog server", quoted(text)),
            "write it like tcp://192.0.2.7:601, udp://192.0.2.7:514 or unix:///dev/log",
        )),
    }
}

/// An address that the public Internet does not reach; empty text stands for none.
pub(super) fn private_address(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let address = address(text)?;
    if address.ip().is_unspecified() || network::is_public(address.ip()) {
        let problem = format!("{} may be reached from the public Internet", quoted(text));
        let fix =
            "write an address of this machine or of a private network, such as 127.0.0.1:9464";
        return Err(Wrong::new(problem, fix));
    }
    Ok(Some(address))
}

pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("it is empty", "give a path"));
    }
    if text.contains('\0') {
        return Err(Wrong::new("it contains a NUL", "give a path"));
    }
    Ok(text.into())
}

/// Empty text stands for none.
pub(super) fn path_or_none(text: &str) -> Result<Option<PathBuf>, Wrong> {
    if text.is_empty() { Ok(None) } else { path(text).map(Some) }
}

/// Where an authority is asked.
pub(super) fn https_url(text: &str) -> Result<Url, Wrong> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.host().is_some());
    url.ok_or_else(|| {
        let problem = format!("{} is no https URL", quoted(text));
        Wrong::new(problem, "write it like https://acme.example/directory")
    })
}

/// Where somebody is written to.
pub(super) fn email(text: &str) -> Result<String, Wrong> {
    match text.parse::<Email>() {
        Ok(email) if !text.contains('?') => Ok(email.as_str().to_owned()),
        _ => {
            let problem = format!("{} is no e-mail address", quoted(text));
            Err(Wrong::new(problem, "write it like admin@example.com"))
        }
    }
}

/// Where calls are passed on to; empty text stands for nowhere.
pub(super) fn upstream(text: &str) -> Result<Option<Url>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| {
        let problem = format!("{} {why}", quoted(text));
        Wrong::new(problem, "write it like http://127.0.0.1:9000 or https://books.internal/api")
    };
    let url = Url::parse(text).map_err(|_| wrong("is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("starts with neither http:// nor https://"));
    }
    let more = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
    if more || url.fragment().is_some() {
        return Err(wrong("has more than scheme, host, port and path"));
    }
    Ok(Some(url))
}

/// Scheme, host and port, as a browser sends them (RFC 6454 section 6.2), of whatever scheme.
pub(super) fn origin(text: &str) -> Result<String, Wrong> {
    let plain = Url::parse(text).ok().and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
    });
    match plain {
        Some(plain) if plain == text => Ok(plain),
        Some(plain) => {
            let problem = format!("{} is more than an origin, or not in lower case", quoted(text));
            Err(Wrong::new(problem, format!("write {plain}")))
        }
        None => {
            let problem = format!("{} is no origin", quoted(text));
            Err(Wrong::new(problem, "write it like https://app.example"))
        }
    }
}

/// A DNS name or an IP address, as a certificate holds it.
pub(super) fn host(text: &str) -> Result<String, Wrong> {
    let wrong = || {
        let problem = format!("{} is not a host name or an IP address", quoted(text));
        Wrong::new(problem, "write it like auth.internal or 192.0.2.7")
    };
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    let legal = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match Host::parse(text) {
        Ok(Host::Domain(name)) if name == text && name.split('.').all(legal) => Ok(name),
        _ => Err(wrong()),
    }
}

pub(super) fn network(text: &str) -> Result<Network, Wrong> {
    text.parse().map_err(|_| {
        let problem = format!("{} is not a network like 10.0.0.0/8", quoted(text));
        Wrong::new(problem, "write an address and how many of its first bits count")
    })
}

/// What stands before a path: nothing, or segments that are read in one way only.
pub(super) fn path_prefix(text: &str) -> Result<String, Wrong> {
    let plain = |segment: &str| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
        !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(legal)
    };
    let segments = text.strip_prefix('/').map(|below| below.split('/').all(plain));
    if text.is_empty() || segments == Some(true) {
        return Ok(text.to_owned());
    }
    let problem = format!("{} is no beginning of a path", quoted(text));
    Err(Wrong::new(problem, "write it like /v1, without a slash at its end, or leave it empty"))
}

/// A custom URI scheme (RFC 8252 §7.1), lower case.
pub(super) fn scheme(text: &str) -> Result<String, Wrong> {
    let legal = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    if !legal {
        let problem = format!("{} is not a URI scheme in lower case", quoted(text));
        return Err(Wrong::new(problem, "write what stands before \"://\", as in \"cursor\""));
    }
    if NEVER_A_REDIRECT.contains(&text) {
        let problem = format!("{} is never a custom scheme", quoted(text));
        return Err(Wrong::new(problem, "remove it"));
    }
    Ok(text.to_owned())
}

/// An entry of the list of redirect URIs that clients may register with.
pub(super) fn allowed_redirect(text: &str) -> Result<AllowedRedirect, Wrong> {
    AllowedRedirect::read(text).ok_or_else(|| {
        Wrong::new(
            format!("{} is no redirect URI, no https://host/path/* and not loopback", quoted(text)),
            "write a whole redirect URI, https://host/path/* or \"loopback\"",
        )
    })
}

pub(super) fn allowed_documents(text: &str) -> Result<AllowedDocuments, Wrong> {
    AllowedDocuments::parse(text).map_err(|why| {
        let problem = format!("{} names no documents: {why}", quoted(text));
        Wrong::new(problem, "write the URL of a document, or https://host/ for all of a host")
    })
}
