//! Headers between two neighbours, and the framing of what is sent.

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header::CONTENT_LENGTH;
use http::header::EXPECT;
use http::header::TRANSFER_ENCODING;

use crate::outbound::hop_by_hop;

/// Takes away what does not go on: what is between neighbours, and `Expect`, which our own server
/// has answered.
pub(super) fn strip_request(headers: &mut HeaderMap) {
    hop_by_hop::strip(headers);
    headers.remove(EXPECT);
    headers.remove("http2-settings");
}

/// Takes away what does not go back. A declared length stays only if it is the body's, or there
/// can be no body that it contradicts.
pub(super) fn strip_response(headers: &mut HeaderMap, has_no_body: bool, size: Option<u64>) {
    hop_by_hop::strip(headers);
    if !has_no_body {
        headers.remove(CONTENT_LENGTH);
        if let Some(size) = size {
            headers.insert(CONTENT_LENGTH, size.into());
        }
    }
}

/// Says how long the body is, from the body itself and never from what the caller said.
pub(super) fn frame(headers: &mut HeaderMap, method: &Method, size: Option<u64>) {
    headers.remove(CONTENT_LENGTH);
    match size {
        Some(0) if ![Method::POST, Method::PUT, Method::PATCH].contains(method) => {}
        Some(size) => {
            headers.insert(CONTENT_LENGTH, size.into());
        }
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn what_is_between_neighbours_goes_no_further() {
        let mut sent = headers(&[
            ("connection", "close, X-Mine"),
            ("connection", "accept ,, :"),
            ("x-mine", "1"),
            ("accept", "a/b"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("trailer", "x-late"),
            ("transfer-encoding", "gzip, chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "AA"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic eA=="),
            ("expect", "100-continue"),
            ("x-kept", "1"),
        ]);
        strip_request(&mut sent);
        assert_eq!(sent, headers(&[("x-kept", "1")]));
    }

    #[test]
    fn the_length_is_the_bodys_whatever_was_declared() {
        for (method, size, expected) in [
            (Method::GET, Some(0), vec![]),
            (Method::DELETE, Some(0), vec![]),
            (Method::POST, Some(0), vec![("content-length", "0")]),
            (Method::GET, Some(3), vec![("content-length", "3")]),
            (Method::GET, None, vec![("transfer-encoding", "chunked")]),
        ] {
            let mut sent = headers(&[("content-length", "7"), ("content-length", "9")]);
            frame(&mut sent, &method, size);
            assert_eq!(sent, headers(&expected), "{method} {size:?}");
        }
    }

    #[test]
    fn an_answer_declares_the_length_that_it_has() {
        let answer = || headers(&[("content-length", "7"), ("connection", "x-a"), ("x-a", "1")]);
        for (has_no_body, size, expected) in [
            (false, Some(3), vec![("content-length", "3")]),
            (false, None, vec![]),
            (true, Some(0), vec![("content-length", "7")]),
        ] {
            let mut answer = answer();
            strip_response(&mut answer, has_no_body, size);
            assert_eq!(answer, headers(&expected));
        }
    }
}
