//! The catalogue of events: every line that the log can have, known by its message, which is kept.
//!
//! Tests hold it against the program and against `docs/logs.md`.

/// A kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// `error`, `warn`, `info` or `debug`.
    pub level: &'static str,
    /// The message, by which it is known.
    pub message: &'static str,
    /// Its fields, in the order of the alphabet, with a space between.
    pub fields: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// What to do about it.
    pub action: &'static str,
}

/// Makes the table.
macro_rules! events {
    ($($level:ident $message:literal [$fields:literal] $meaning:literal $action:literal;)+) => {
        /// Every kind of line.
        pub const EVENTS: &[LogEvent] = &[$(LogEvent {
            level: stringify!($level),
            message: $message,
            fields: $fields,
            meaning: $meaning,
            action: $action,
        }),+];
    };
}

events! {
    error "a backup could not be made" ["error"]
        "The scheduled backup failed; it is tried again after ten minutes."
        "See the error; make room in its folder.";
    error "a call failed" ["fault"]
        "A call to a protected surface was answered with 500 or 503."
        "See the cause; a full disk or queue is the usual one.";
    error "a command ended in a panic; this is a defect, please report it" [""]
        "A command over the admin socket failed; the server goes on."
        "Report it, with the line before it.";
    error "a group of changes was not committed" ["fault"]
        "The store failed; nothing of the group is kept."
        "See the cause.";
    error "a page could not be rendered" ["fault"]
        "A defect."
        "Report it, with the cause.";
    error "a page failed" ["fault"]
        "A page of the workspace was answered with 500 or 503."
        "See the cause; a full disk or queue is the usual one.";
    error "a refusal could not be written down yet" ["fault"]
        "The store failed; it is written later."
        "See the cause.";
    error "a repeated challenge could not be written down" ["fault"]
        "The store failed."
        "See the cause.";
    error "a request failed" ["fault"]
        "The server could not do what a program asked; it got 500 or 503."
        "See the cause; a full disk or queue is the usual one.";
    error "a request panicked" ["cause request"]
        "A defect; the request was answered 500 and the server goes on."
        "Report it, with the cause.";
    error "a webhook was given up" ["host message"]
        "It failed for three days."
        "Mend the receiver; tell it what it missed.";
    error "an answer has no JSON form" ["error"]
        "A defect."
        "Report it, with the cause.";
    error "an authorization request failed" ["fault"]
        "Somebody who came to allow access got 500 or 503."
        "See the cause; a full disk or queue is the usual one.";
    error "an export was cut" ["fault"]
        "A download broke off."
        "See the cause; download it again.";
    error "connections cannot be accepted; raise LimitNOFILE?" ["error times"]
        "The system gives no more files or memory."
        "Raise `LimitNOFILE` of the service.";
    error "entries of the audit trail could not be sent; trying every second" ["why"]
        "Where they are sent does not take them; told once a minute."
        "See the cause; nothing is lost meanwhile.";
    error "panicked" ["cause place"]
        "A defect, with the place in the program."
        "Report it, with place and cause.";
    error "the audit chain does not verify" ["number"]
        "An entry is missing or was changed, from this number on."
        "Keep the file and a backup; find out who had access to it.";
    error "the certificate could not be renewed" ["fault"]
        "The private CA could not make a new one; the former is served."
        "See the cause, before it ends.";
    error "the certificate expires very soon" ["days source until"]
        "Within three days."
        "Replace it now, or see why renewal fails.";
    error "the certificate has expired: clients refuse it" ["source until"]
        "Nobody can connect any more."
        "Replace it now.";
    error "the certificate is looked after no more; restart the server" ["error"]
        "A defect: new certificates are not taken any more."
        "Report it, and restart the server.";
    error "no certificate over ACME; the one in use stays" ["again fault"]
        "The ACME server gave none; it is asked again at `again`."
        "See the cause; the certificate in use is served meanwhile.";
    error "the server is not sound; the service manager starts it anew" [""]
        "The watchdog hears nothing more, since the data file cannot be used."
        "See the lines before; look at the disk.";
    error "the configuration has faults, and the one in use stays" ["faults"]
        "SIGHUP came, and the file cannot be read again."
        "Mend the faults (`countersign config check`), then reload again.";
    error "the log's level could not be changed" ["error"]
        "A defect; the former level stays."
        "Report it.";
    error "the data file cannot be opened anew; trying every second" ["fault"]
        "Requests get 503 meanwhile; told once a minute."
        "See the cause: a full disk, a failing device.";
    error "the data file failed; opening it anew" ["fault"]
        "Requests get 503 until it works."
        "See the cause: a full disk, a failing device.";
    error "the new certificate is refused; the one in use stays" ["fault"]
        "The files cannot be used: the cause says why."
        "Mend the files.";
    error "the store's writer has ended; stopping" [""]
        "A defect: nothing can be written."
        "Report it; the service starts again.";
    error "time runs far ahead of the machine's clock, and so does the audit trail; it goes on from there until the machine's clock has come as far" [""]
        "The clock was wrong at a start, and the trail has entries from then."
        "Nothing: everything lives as long as it should, by the server's time.";
    error "time runs far ahead of the machine's clock; restart the server" [""]
        "The clock was wrong at start."
        "Mend the machine's clock, then restart.";
    warn "/forward-auth could not be answered; see docs/checking-for-yourself.md" ["why"]
        "What the proxy said does not make a request."
        "Compare its configuration with the document.";
    warn "/forward-auth was asked by an address that is not trusted; if it is your proxy, add it to server.trusted_proxies" ["address"]
        "Somebody else than a trusted proxy asked."
        "Add your proxy, or keep others away.";
    warn "a backup was made before the data file is migrated" ["file"]
        "A new version brings the data file up to date."
        "Nothing.";
    warn "a call could not be passed on" ["cause reference upstream"]
        "The upstream did not answer."
        "Look at the upstream.";
    warn "a client uses too many assertions" ["app"]
        "More signed assertions within their lifetime than are remembered; it is refused."
        "Have the client reuse its tokens.";
    warn "a command could not be taken" ["error"]
        "A connection to the admin socket broke off, or the system gives no more files."
        "See the error.";
    warn "a name could not be resolved anew" ["error name"]
        "The former addresses are used on."
        "Look at your name servers.";
    warn "a webhook was not delivered" ["cause host message"]
        "A receiver did not answer well; it is tried again."
        "`countersign webhook deliveries`.";
    warn "accepted a new issuer; MCP connections ended" ["ended issuer"]
        "`serve --accept-new-issuer` did it."
        "Have assistants connect anew.";
    warn "activity could not be noted" ["fault"]
        "A session's last use was not written down."
        "See the cause.";
    warn "an answer could not be passed on whole" ["cause upstream"]
        "The upstream broke off."
        "Look at the upstream.";
    warn "an answer of the MCP server cannot be understood" [""]
        "It is no JSON-RPC; the client got an error."
        "Look at the MCP server.";
    warn "an app sends the same PKCE challenge again and again" ["app"]
        "Its verifier is no secret, so PKCE protects nothing."
        "Tell whoever made the app.";
    warn "an event of the MCP server cannot be understood" [""]
        "One event of a stream is no JSON-RPC; the stream was ended."
        "Look at the MCP server.";
    warn "an old backup could not be removed" ["error file"]
        "It stays beyond the number that is kept."
        "See the error.";
    warn "connections closed at once" ["limit peer times"]
        "There are too many connections, in all or from one address; told once a minute."
        "Raise `server.limits`, or stop the address.";
    warn "counts could not be written down" ["fault"]
        "The numbers of the last minute wait."
        "See the cause.";
    warn "most of the data file is free; `countersign compact` gives it back" ["size_mib used_mib"]
        "Swept rows left holes."
        "Compact when it suits you.";
    warn "no passkey could be asked for" ["fault"]
        "The page was shown without the passkey."
        "See the cause.";
    warn "refusals could not be written down" ["fault"]
        "The store failed; those that were gathered wait."
        "See the cause.";
    warn "requests still in flight are cut" ["tasks"]
        "The shutdown grace is over."
        "Raise `server.shutdown_grace` if long calls are usual.";
    warn "some requests were cut, since they took longer than the shutdown grace" [""]
        "Told at the very end of a stop."
        "Raise `server.shutdown_grace` if long calls are usual.";
    warn "somebody else tried the admin socket" ["caller"]
        "Neither root nor the server's own user; nothing was done."
        "Find out who it was.";
    warn "space could not be given back" ["fault"]
        "Compaction did not work."
        "See the cause.";
    warn "stopping at once" [""]
        "A second signal came: requests in flight are cut."
        "Nothing.";
    warn "the admin socket cannot be used" ["error"]
        "Commands work only while the server is stopped."
        "See the error.";
    warn "the certificate expires soon" ["days source until"]
        "Told 30, 14 and 7 days before."
        "Plan its replacement.";
    warn "the certificate is not for the issuer's host: clients refuse it" ["host names"]
        "Its names are in the line."
        "Have one issued for that name.";
    warn "a temporary certificate of the private CA is served until the ACME server has issued one" ["fault"]
        "There was none yet, or it could not be used."
        "Wait for the first one; if none comes, see the errors.";
    warn "the service manager could not be told how the server does" ["error"]
        "Its socket took nothing."
        "See whether the unit is of type notify.";
    warn "the data file was opened anew and takes changes" [""]
        "It works again."
        "Nothing.";
    warn "the date is more than a year after the last that was noted, so nothing old is removed; if it is right: countersign doctor --accept-clock" [""]
        "The sweep waits, since the clock may be wrong."
        "Mend the clock, or accept it as the line says.";
    warn "the date is more than a year after the last that was noted; nothing old is removed until `countersign doctor --accept-clock`" ["last_seen"]
        "Told at start."
        "Mend the clock, or accept it as the line says.";
    warn "the machine's clock is behind the last time that was noted; time goes on from there" ["last_seen wall"]
        "The wall clock went back since the last run."
        "Mend the machine's clock.";
    warn "the outbox of webhooks could not be read" ["fault"]
        "The store failed."
        "See the cause.";
    warn "the signing keys could not be looked after" ["fault"]
        "Keys that are open sign on."
        "See the cause.";
    warn "the sweep did not finish" ["fault"]
        "What is over was not removed; it is tried again in a minute."
        "See the cause.";
    warn "the time could not be noted" ["fault"]
        "The store failed."
        "See the cause.";
    warn "the upstream cannot be reached now" ["cause upstream"]
        "Told at start; calls are tried all the same."
        "Look at the upstream.";
    warn "there is no admin socket, so commands work only while the server is stopped; name another with admin.socket" ["fault"]
        "The socket could not be made."
        "See the fault; set `admin.socket`.";
    warn "too many pushed requests wait" ["app"]
        "A client pushes requests and does not use them."
        "Tell whoever made the client.";
    warn "what a refusal was about could not be found out" ["fault"]
        "The activity shows the refusal without its particulars."
        "See the cause.";
    warn "what came of a webhook could not be written down" ["fault"]
        "The store failed; the message is sent again."
        "See the cause.";
    warn "what ended could not be announced" ["fault"]
        "Connections ended, and webhooks were not told yet."
        "See the cause; it is tried again every second.";
    warn "what comes near could not be announced" ["fault"]
        "The store failed; it is tried again in ten minutes."
        "See the cause.";
    warn "what was issued while the clock was ahead is forgotten; who holds it signs in or connects again" ["rows"]
        "Told at start: the clock was wrong before, and with it the end of these tokens and sessions."
        "Keep the machine's clock right.";
    info "a backup was made and read back" ["file"]
        "The scheduled backup is good."
        "Nothing.";
    info "a client's document was not used" ["client_id why"]
        "The document that a client names could not be fetched or used."
        "See the cause.";
    info "a client's keys were not used" ["client_id why"]
        "The keys of a client could not be fetched or read."
        "See the cause.";
    info "a command came over the admin socket" ["by"]
        "Somebody ran `countersign` at the machine."
        "Nothing.";
    info "a new certificate is in use" ["fingerprint until"]
        "New handshakes show it."
        "Nothing.";
    info "a new passkey was not taken" ["fault"]
        "What a browser answered is no new passkey."
        "See the cause.";
    info "an act of the workspace was refused" ["why"]
        "Somebody may not do what they asked for."
        "Nothing.";
    info "an unfinished backup was removed" ["file"]
        "A kill or a power cut had left it; it was of no use."
        "Nothing.";
    info "answered" ["method ms path peer request route status"]
        "A request was answered. The path has no query; a path that holds a secret is cut."
        "Nothing.";
    info "audit checkpoint" ["checkpoint sequence"]
        "How far the audit chain has come, signed. Keep these lines elsewhere."
        "Ship the log: nobody can then shorten the chain unseen.";
    info "client left" ["method ms path peer request route"]
        "A client closed its connection before the answer."
        "Nothing, unless it is frequent: then answers may be slow.";
    info "entries of the audit trail are sent again" [""]
        "Where they are sent takes them again."
        "Nothing.";
    info "refused" ["cause kind reference"]
        "A door said no: what, and the exact cause. The reference is that of the answer."
        "Look the reference up in the activity if somebody asks.";
    info "stopping: requests in flight may finish; a second signal stops at once" [""]
        "SIGTERM or SIGINT came."
        "Nothing.";
    info "the configuration was read again: the log's level counts at once, all else from the next start" ["level"]
        "SIGHUP came."
        "Nothing.";
    info "the certificate is the same as before" ["fingerprint until"]
        "SIGHUP came, and the files were not changed."
        "Nothing.";
    info "the ACME server issued a certificate" ["until"]
        "It is served now."
        "Nothing.";
    info "TLS failed to a server that was to be called" ["error"]
        "The other server's certificate is not trusted, or it spoke no TLS."
        "Look at that server's certificate.";
    info "the data file was made smaller" ["after_mib before_mib"]
        "Space was given back in a quiet hour."
        "Nothing.";
    info "the upstream can be reached" ["upstream"]
        "Told at start."
        "Nothing.";
    info "TLS failed to a host that was to be fetched from" ["error"]
        "A document, a key or a webhook's receiver."
        "`outbound.ca_file`, if the authority is your own.";
    debug "answered" ["method ms path peer request route status"]
        "A request was answered. The path has no query; a path that holds a secret is cut."
        "Nothing.";
    debug "connection ended early" ["error peer"]
        "A connection broke off."
        "Nothing.";
    debug "TLS handshake failed" ["error peer"]
        "A client spoke no TLS, or does not trust the certificate."
        "Have clients trust the authority.";
    debug "TLS handshake took too long" ["peer"]
        "A client said nothing within the time of handshakes."
        "Nothing.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/logs.md");

    /// Level, message and fields of each line that a file can write; those of its tests left out.
    fn logged(text: &str) -> Vec<(String, String, Vec<String>)> {
        let program = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let mut found = Vec::new();
        for call in program.split("tracing::").skip(1) {
            let Some((level, rest)) = call.split_once("!(") else { continue };
            if !["error", "warn", "info", "debug", "trace"].contains(&level) {
                continue;
            }
            let mut arguments = arguments(rest);
            let message = arguments.pop().unwrap();
            let message = message.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let name = |given: &String| {
                let name = given.split('=').next().unwrap().trim();
                name.trim_start_matches(['%', '?']).to_owned()
            };
            let fields = arguments.iter().map(name).collect();
            found.push((level.to_owned(), message.unwrap().replace("\\\"", "\""), fields));
        }
        found
    }

    /// What stands between the commas of a call, up to the end of it.
    fn arguments(call: &str) -> Vec<String> {
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        let mut all = vec![String::new()];
        for letter in call.chars() {
            match letter {
                '"' if !escaped => quoted = !quoted,
                '(' | '[' | '{' if !quoted => depth += 1,
                ')' | ']' | '}' if !quoted && depth == 0 => break,
                ')' | ']' | '}' if !quoted => depth -= 1,
                ',' if !quoted && depth == 0 => {
                    all.push(String::new());
                    continue;
                }
                _ => {}
            }
            escaped = letter == '\\' && !escaped;
            all.last_mut().unwrap().push(letter);
        }
        let all = all.iter().map(|text| text.trim().to_owned());
        all.filter(|text| !text.is_empty()).collect()
    }

    fn files(folder: &Path, into: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let of_tests = path.file_stem().is_some_and(|name| name == "tests" || name == "events");
            match path.is_dir() {
                _ if of_tests => {}
                true => files(&path, into),
                false if path.extension().is_some_and(|end| end == "rs") => into.push(path),
                false => {}
            }
        }
    }

    #[test]
    fn every_line_that_the_program_writes_is_in_the_catalogue_as_it_is() {
        let mut paths = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
        let mut written = std::collections::BTreeMap::<_, BTreeSet<String>>::new();
        for path in paths {
            for (level, message, fields) in logged(&fs::read_to_string(path).unwrap()) {
                written.entry((level, message)).or_default().extend(fields);
            }
        }
        let known = EVENTS.iter().map(|event| {
            let fields = event.fields.split_whitespace().map(str::to_owned).collect();
            ((event.level.to_owned(), event.message.to_owned()), fields)
        });
        let known: std::collections::BTreeMap<_, BTreeSet<String>> = known.collect();
        let new: Vec<_> =
            written.iter().filter(|(key, fields)| known.get(key) != Some(fields)).collect();
        let gone: Vec<_> = known.keys().filter(|key| !written.contains_key(key)).collect();
        assert!(
            new.is_empty() && gone.is_empty(),
            "not as in EVENTS: {new:#?}\nno more: {gone:#?}"
        );
        assert!(known.len() == EVENTS.len() && known.len() > 60);
    }

    #[test]
    fn the_document_lists_every_event_as_it_is_and_no_other() {
        let rows = EVENTS.iter().map(|event| {
            let LogEvent { level, message, fields, meaning, action } = event;
            let fields: Vec<_> = fields.split_whitespace().map(|f| format!("`{f}`")).collect();
            let message = message.replace('`', "'");
            format!("| {level} | `{message}` | {} | {meaning} | {action} |", fields.join(" "))
        });
        let written =
            DOCUMENT.lines().filter(|line| line.starts_with("| ") && line.contains(" | `"));
        assert_eq!(written.collect::<Vec<_>>(), rows.collect::<Vec<_>>());
    }

    #[test]
    fn a_call_is_taken_apart_as_it_is_written() {
        let text = "x; tracing::warn!(peer = %a.b(1, 2), %why, \"a, \\\"b\\\" (c\"); tracing::info!(\"d\");";
        let one = (
            "warn".to_owned(),
            "a, \"b\" (c".to_owned(),
            vec!["peer".to_owned(), "why".to_owned()],
        );
        assert_eq!(logged(text), [one, ("info".to_owned(), "d".to_owned(), vec![])]);
    }
}
