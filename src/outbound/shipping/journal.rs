//! The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram an entry, of fields.

use crate::outbound::shipping::FACILITY;
use crate::outbound::shipping::Shipped;

/// `entry` as the journal takes it.
pub(super) fn datagram(entry: &Shipped) -> Vec<u8> {
    let mut out = Vec::with_capacity(entry.json.len() + 200);
    for (name, value) in [
        ("MESSAGE", entry.json.as_str()),
        ("PRIORITY", &entry.severity().to_string()),
        ("SYSLOG_FACILITY", &FACILITY.to_string()),
        ("SYSLOG_IDENTIFIER", "countersign-audit"),
        ("COUNTERSIGN_SEQUENCE", &entry.sequence.to_string()),
        ("COUNTERSIGN_KIND", &entry.kind),
    ] {
        field(&mut out, name, value);
    }
    out
}

/// A value with a line break goes with its length, so that it cannot begin another field.
fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        out.push(b'\n');
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        out.push(b'=');
    }
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_line_break_is_one_value() {
        let mut out = Vec::new();
        field(&mut out, "MESSAGE", "a\nPRIORITY=0");
        let length = 12_u64.to_le_bytes();
        assert_eq!(out, [b"MESSAGE\n".as_slice(), &length, b"a\nPRIORITY=0\n"].concat());
        out.clear();
        field(&mut out, "MESSAGE", "a=b");
        assert_eq!(out, b"MESSAGE=a=b\n");
    }
}
