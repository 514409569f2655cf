//! Whether the issuer leads here.

use crate::domain::checkup::Finding;

/// What came of connecting to the issuer's host and port from this machine.
#[must_use]
pub fn judge(issuer: &str, reached: Result<(), String>) -> Finding {
    match reached {
        Ok(()) => Finding::good("issuer", format!("{issuer} can be reached from this machine")),
        Err(why) => Finding::note(
            "issuer.unreachable",
            format!("{issuer} cannot be reached from this machine: {why}"),
            "if clients cannot reach it either: check the name's address, the firewall and server.listen; some networks let no machine reach itself by its public name",
        ),
    }
}
