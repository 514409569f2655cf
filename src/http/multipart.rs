//! A form with files (RFC 7578, `multipart/form-data`), as browsers write it. The body was bounded before
//! it came here and lies in memory whole.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::http::parameters::NotAForm;
use crate::http::parameters::Parameters;

/// More parts than any form of ours has.
const MOST: usize = 500;
/// The longest boundary (RFC 2046 section 5.1.1).
const LONGEST_BOUNDARY: usize = 70;
const LINE: &[u8] = b"\r\n";

/// A file, under the name of its field. What its sender called it, and said that it is, is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The field.
    pub field: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Whether a body says that it is such a form.
#[must_use]
pub fn is_multipart(headers: &HeaderMap) -> bool {
    content_type(headers).0.eq_ignore_ascii_case("multipart/form-data")
}

/// Reads the fields and the files, less files that were not chosen.
///
/// # Errors
/// It is no such form, or has more parts than any form of ours.
pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Parameters, Vec<File>), NotAForm> {
    parts(headers, body).ok_or(NotAForm)
}

fn parts(headers: &HeaderMap, body: &[u8]) -> Option<(Parameters, Vec<File>)> {
    let boundary = is_multipart(headers).then(|| boundary(headers)).flatten()?;
    let delimiter = format!("\r\n--{boundary}");
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    let mut rest = body.strip_prefix(delimiter.as_bytes().strip_prefix(LINE)?)?;
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            let over = end.is_empty() || end == LINE;
            return over.then(|| (Parameters::of_pairs(fields), files));
        }
        let (head, behind) = split(rest.strip_prefix(LINE)?, b"\r\n\r\n")?;
        let (content, next) = split(behind, delimiter.as_bytes())?;
        let (field, is_file) = described(std::str::from_utf8(head).ok()?)?;
        if !is_file {
            fields.push((field, String::from_utf8_lossy(content).into_owned()));
        } else if !content.is_empty() {
            files.push(File { field, bytes: content.to_vec() });
        }
        (fields.len() + files.len() <= MOST).then_some(())?;
        rest = next;
    }
}

fn content_type(headers: &HeaderMap) -> (&str, &str) {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default();
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    (kind.trim(), parameters)
}

fn boundary(headers: &HeaderMap) -> Option<&str> {
    let parameters = content_type(headers).1.split(';').map(str::trim);
    let boundary = parameters.filter_map(|one| one.split_once('=')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })?;
    (1..=LONGEST_BOUNDARY).contains(&boundary.len()).then_some(boundary)
}

/// What stands before the first `mark`, and behind it.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at.checked_add(mark.len())?..)?))
}

/// The field that a part is, and whether it is a file.
fn described(head: &str) -> Option<(String, bool)> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, disposition) =
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let rest = disposition.trim().strip_prefix("form-data")?;
    let (_, name) = rest.split_once("; name=\"")?;
    let (name, behind) = name.split_once('"')?;
    Some((name.to_owned(), behind.contains("; filename=") || behind.contains("; filename*=")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        headers
    }

    fn sent(body: &str) -> Result<(Parameters, Vec<File>), NotAForm> {
        read(&headers("multipart/form-data; boundary=xyz"), body.as_bytes())
    }

    const FORM: &str = "--xyz\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nPortal\r\n--xyz\r\n\
        Content-Disposition: form-data; name=\"logo\"; filename=\"a; name=.png\"\r\n\
        Content-Type: image/png\r\n\r\n\u{1}\r\n--xy\r\n--xyz--\r\n";

    #[test]
    fn fields_and_files_are_told_apart_whatever_a_file_is_called() {
        let (fields, files) = sent(FORM).unwrap();
        assert_eq!((fields.first("name"), fields.first("logo")), ("Portal", ""));
        let file = File { field: "logo".to_owned(), bytes: b"\x01\r\n--xy".to_vec() };
        assert_eq!(files, [file]);
        let quoted = read(&headers("Multipart/Form-Data;boundary=\"xyz\""), FORM.as_bytes());
        assert_eq!(quoted.unwrap().1.len(), 1);
    }

    #[test]
    fn a_file_that_was_not_chosen_is_none() {
        let none = "--xyz\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\r\n--xyz--\r\n";
        assert_eq!(sent(none).unwrap().1, []);
    }

    #[test]
    fn what_is_cut_short_or_is_no_such_form_is_refused() {
        for length in 0..FORM.len() - 2 {
            assert!(sent(&FORM[..length]).is_err(), "{length}");
        }
        assert!(sent(&format!("{FORM}more")).is_err());
        assert!(sent(&format!("preamble\r\n{FORM}")).is_err());
        assert!(sent("--xyz\r\n\r\n\r\nno name\r\n--xyz--").is_err());
        for wrong in ["multipart/form-data", "multipart/mixed; boundary=xyz", "text/plain"] {
            assert!(read(&headers(wrong), FORM.as_bytes()).is_err(), "{wrong}");
        }
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        assert!(read(&headers(&long), FORM.as_bytes()).is_err());
    }

    #[test]
    fn more_parts_than_any_form_has_are_refused() {
        let part = "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n";
        assert!(sent(&format!("{}--xyz--", part.repeat(500))).is_ok());
        assert!(sent(&format!("{}--xyz--", part.repeat(501))).is_err());
    }
}
