//! What two keys must say together.

use figment::value::Value;

use crate::config::fault::Wrong;
use crate::config::layer::DEFAULT;
use crate::config::lists::LISTS;
use crate::config::reader::Reader;

/// Finds every contradiction.
pub(super) fn check(reader: &mut Reader<'_>) {
    not_longer(reader, "tokens.refresh", "tokens.refresh_absolute");
    not_longer(reader, "sessions.idle", "sessions.absolute");
    not_more(reader, "server.limits.url_bytes", "server.limits.header_bytes");
    certificate_files(reader);
    acme(reader);
    documents(reader);
    shipping(reader);
    surfaces(reader);
    registration(reader);
}

/// What is listed for a surface that does not exist would look as if it were in force. Routes count
/// too where proxies ask about calls.
fn surfaces(reader: &mut Reader<'_>) {
    let proxies = reader.from.value("server.trusted_proxies").and_then(Value::as_array);
    let is_asked = proxies.is_some_and(|proxies| !proxies.is_empty());
    for list in LISTS.iter().filter(|list| !list.section().is_empty()) {
        let upstream = format!("{}.upstream", list.section());
        let is_in_force = is_asked && list.section() == "api";
        if !is_in_force
            && reader.text(&upstream) == Some("")
            && !list.tables(reader.from).is_empty()
        {
            let problem = format!("there is no {upstream}, so nothing is behind them");
            let fix = match list.section() {
                "api" => "give it, or server.trusted_proxies for /forward-auth, or remove them",
                _ => "give it or remove them",
            };
            reader.fault(list.path, Wrong::new(problem, fix));
        }
    }
}

/// A list that lets nobody in is a policy that says something else.
fn registration(reader: &mut Reader<'_>) {
    let key = "clients.registration_redirects";
    let listed = reader.text("clients.registration") == Some("allow_list");
    if listed && reader.is_empty_list(key) {
        let problem = "it is empty, and clients.registration is \"allow_list\"";
        let fix = "list redirect URIs or set clients.registration to \"off\"";
        reader.fault(key, Wrong::new(problem, fix));
    }
}

fn not_longer(reader: &mut Reader<'_>, less: &str, more: &str) {
    if let (Some(one), Some(other)) = (reader.span(less), reader.span(more))
        && one > other
    {
        contradiction(reader, less, more, "longer");
    }
}

fn not_more(reader: &mut Reader<'_>, less: &str, more: &str) {
    if let (Some(one), Some(other)) = (reader.number(less), reader.number(more))
        && one > other
    {
        contradiction(reader, less, more, "more");
    }
}

/// The fault belongs to the key that somebody gave; when both were given, to the lesser.
fn contradiction(reader: &mut Reader<'_>, less: &str, more: &str, word: &str) {
    let shown = |key: &str| reader.from.value(key).map(crate::config::value::to_toml);
    let (one, other) = (shown(less).unwrap_or_default(), shown(more).unwrap_or_default());
    let given = |key: &str| reader.from.source(key) != DEFAULT;
    if given(more) && !given(less) {
        let opposite = if word == "longer" { "shorter" } else { "less" };
        let problem = format!("{other} is {opposite} than {less}, which is {one}");
        reader.fault(more, Wrong::new(problem, format!("raise it or lower {less}")));
    } else {
        let problem = format!("{one} is {word} than {more}, which is {other}");
        reader.fault(less, Wrong::new(problem, format!("lower it or raise {more}")));
    }
}

fn acme(reader: &mut Reader<'_>) {
    if reader.text("tls.mode") != Some("acme") {
        return;
    }
    if !matches!(reader.from.value("tls.acme.accept_terms"), Some(Value::Bool(_, true))) {
        let problem = "it is false, and tls.mode is \"acme\"";
        let fix = "read the authority's terms of service and set it to true";
        reader.fault("tls.acme.accept_terms", Wrong::new(problem, fix));
    }
    let host = reader.text("issuer").and_then(|issuer| url::Url::parse(issuer).ok());
    if host.is_some_and(|issuer| issuer.domain().is_none()) {
        let problem = "it is an address, and tls.mode is \"acme\"";
        let fix = "use a host name, or set tls.mode to \"private-ca\"";
        reader.fault("issuer", Wrong::new(problem, fix));
    }
}

fn certificate_files(reader: &mut Reader<'_>) {
    let files = reader.text("tls.mode") == Some("files");
    let other = reader.text("tls.mode").filter(|mode| *mode != "files").map(str::to_owned);
    for key in ["tls.certificate_file", "tls.key_file"] {
        let Some(file) = reader.text(key) else { continue };
        if files && file.is_empty() {
            let problem = "it is missing, and tls.mode is \"files\"";
            reader.fault(key, Wrong::new(problem, "give the PEM file"));
        }
        if let Some(other) = other.as_ref().filter(|_| !file.is_empty()) {
            let problem = format!("it is given, but tls.mode is \"{other}\"");
            reader.fault(key, Wrong::new(problem, "remove it or set tls.mode to \"files\""));
        }
    }
}

/// Entries of the audit trail that are to go somewhere, but nobody says where.
fn shipping(reader: &mut Reader<'_>) {
    for (way, key) in [("file", "audit.shipping.file"), ("syslog", "audit.shipping.syslog")] {
        if reader.text("audit.shipping.to") == Some(way) && reader.text(key) == Some("") {
            let problem = format!("it is empty, and audit.shipping.to is \"{way}\"");
            reader.fault(key, Wrong::new(problem, "give it, or set audit.shipping.to to \"off\""));
        }
    }
}

/// Documents that were allowed or pinned while no document is taken.
fn documents(reader: &mut Reader<'_>) {
    if reader.text("clients.metadata_documents") != Some("off") {
        return;
    }
    for key in ["clients.allowed_documents", "clients.pinned_documents"] {
        let given = reader.from.value(key).and_then(Value::as_array);
        if given.is_some_and(|items| !items.is_empty()) {
            let problem = "it is given, but clients.metadata_documents is \"off\"";
            let fix = "remove it or set clients.metadata_documents to \"allow_list\"";
            reader.fault(key, Wrong::new(problem, fix));
        }
    }
}
