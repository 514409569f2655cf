//! An event stream (WHATWG HTML, server-sent events) on its way through: each event is looked at whole,
//! and goes on byte for byte unless something in it must not be seen.

/// The longest event that is held.
const LONGEST_EVENT: usize = 4 * 1024 * 1024;

/// Takes a stream apart into events.
#[derive(Debug, Default)]
pub(super) struct Events {
    held: Vec<u8>,
    /// The start of a line before which no event ends.
    looked: usize,
}

/// The stream cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl Events {
    /// Takes what came, and gives the events that are whole now, each passed through `narrow`, which is
    /// given an event's data and says what to put in its place, if anything.
    pub(super) fn take<E>(
        &mut self,
        piece: &[u8],
        narrow: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Vec<u8>, Broken> {
        self.held.extend_from_slice(piece);
        let mut out = Vec::new();
        while let Some(end) = end_of_event(&self.held, self.looked) {
            let behind = self.held.split_off(end);
            let event = std::mem::replace(&mut self.held, behind);
            self.looked = 0;
            match data(&event).map(|data| narrow(&data)) {
                None | Some(Ok(None)) => out.extend_from_slice(&event),
                Some(Ok(Some(data))) => rewrite(&event, &data, &mut out),
                Some(Err(_)) => return Err(Broken),
            }
        }
        self.looked = last_line(&self.held, self.looked);
        if self.held.len() > LONGEST_EVENT { Err(Broken) } else { Ok(out) }
    }
}

/// The lines from `at`, which end with CR LF, LF or CR: where each starts and ends, and where the next
/// one starts.
fn lines(bytes: &[u8], mut at: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    std::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
        let (start, end) = (at, at + length);
        let pair = bytes.get(end) == Some(&b'\r') && bytes.get(end + 1) == Some(&b'\n');
        at = if pair { end + 2 } else { end + 1 };
        Some((start, end, at))
    })
}

/// A CR at the very end may be the first half of a line's end: what comes next decides.
fn is_open(bytes: &[u8], end: usize) -> bool {
    bytes.get(end) == Some(&b'\r') && end + 1 == bytes.len()
}

/// Where the first event ends: behind an empty line.
fn end_of_event(bytes: &[u8], from: usize) -> Option<usize> {
    let empty = |(start, end, _): &(usize, usize, usize)| start == end && !is_open(bytes, *end);
    lines(bytes, from).find(empty).map(|(_, _, next)| next)
}

/// Where the line starts that has not ended.
fn last_line(bytes: &[u8], from: usize) -> usize {
    let ended = lines(bytes, from).take_while(|(_, end, _)| !is_open(bytes, *end));
    ended.last().map_or(from, |(_, _, next)| next)
}

/// A line's field and value.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    match line.iter().position(|byte| *byte == b':') {
        Some(colon) => {
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default();
            (name, value.strip_prefix(b" ").unwrap_or(value))
        }
        None => (line, &[]),
    }
}

/// What an event carries; none: nothing.
fn data(event: &[u8]) -> Option<Vec<u8>> {
    let values = lines(event, 0).filter_map(|(start, end, _)| {
        let (name, value) = field(event.get(start..end)?);
        (name == b"data").then_some(value)
    });
    let joined = values.collect::<Vec<_>>().join(&b'\n');
    (!joined.is_empty()).then_some(joined)
}

/// The event with other data, which is JSON on one line, and all its other lines.
fn rewrite(event: &[u8], data: &[u8], out: &mut Vec<u8>) {
    let mut written = false;
    for (start, end, next) in lines(event, 0) {
        let line = event.get(start..end).unwrap_or_default();
        if field(line).0 != b"data" {
            out.extend_from_slice(event.get(start..next).unwrap_or_default());
        } else if !written {
            written = true;
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(data);
            out.extend_from_slice(event.get(end..next).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stream in pieces of every size, with the data `secret` replaced.
    fn pass(stream: &str) -> Vec<Result<String, Broken>> {
        let narrow = |data: &[u8]| match data {
            b"bad" => Err(()),
            data if data == b"sec\nret" || data == b"secret" => Ok(Some(b"{}".to_vec())),
            _ => Ok(None),
        };
        let sizes = 1..=stream.len();
        let whole = |size: usize| {
            let mut events = Events::default();
            let mut out = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                out.extend(events.take(piece, narrow)?);
            }
            Ok(String::from_utf8(out).unwrap())
        };
        sizes.map(whole).collect()
    }

    #[test]
    fn an_event_is_understood_however_it_is_written_and_cut() {
        for (stream, expected) in [
            ("data: secret\n\n", "data: {}\n\n"),
            ("data:secret\r\n\r\nx", "data: {}\r\n\r\n"),
            ("data: secret\r\rdata: x\r\rx", "data: {}\r\rdata: x\r\r"),
            ("id: 7\ndata: secret\nevent: message\n\n", "id: 7\ndata: {}\nevent: message\n\n"),
            ("data: sec\n: note\ndata: ret\n\n", "data: {}\n: note\n\n"),
            ("\u{feff}data: secret\n\n", "data: {}\n\n"),
            (": hello\n\ndata: other\n\n", ": hello\n\ndata: other\n\n"),
            ("data\n\nretry: 5\n\n\n\n", "data\n\nretry: 5\n\n\n\n"),
            ("Data: secret\n\n", "Data: secret\n\n"),
            ("data: secret\n", ""),
        ] {
            for (at, out) in pass(stream).into_iter().enumerate() {
                assert_eq!(out.as_deref(), Ok(expected), "{stream:?} in pieces of {}", at + 1);
            }
        }
    }

    #[test]
    fn what_is_not_understood_or_too_long_ends_the_stream() {
        assert!(pass("data: bad\n\n").into_iter().all(|out| out == Err(Broken)));
        let mut events = Events::default();
        let long = vec![b'x'; LONGEST_EVENT + 1];
        assert_eq!(events.take(&long, |_| Ok::<_, ()>(None)), Err(Broken));
    }
}
