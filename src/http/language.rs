//! In which language to answer a person: the one that they chose in this browser, or the first that
//! the browser asks for.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::http::cookies;
use crate::view::language::Language;

/// The language of a request.
#[must_use]
pub fn of(headers: &HeaderMap) -> Language {
    let chosen = cookies::get(headers, cookies::LANGUAGE).and_then(Language::of_code);
    chosen.unwrap_or_else(|| {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::preferred(accepted.unwrap_or_default())
    })
}
