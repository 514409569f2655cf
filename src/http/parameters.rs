//! Parameters of a query or a form, as OAuth reads them (RFC 6749 section 3.1): empty means absent,
//! repeated is an error, unknown is ignored.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A parameter that may stand once stood twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

/// What was sent is not a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAForm;

/// More parameters than any request of ours has: a form with more is none, a query with more counts
/// as one that repeats some.
const MOST: usize = 500;

/// Decoded parameters in the order they were sent.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    too_many: bool,
}

impl Parameters {
    /// Reads a query.
    #[must_use]
    pub fn of_query(query: Option<&str>) -> Self {
        Self::read(query.unwrap_or_default().as_bytes())
    }

    /// Reads the body of a form.
    ///
    /// # Errors
    /// Its content type is another than `application/x-www-form-urlencoded`, or it has more
    /// parameters than any form of ours.
    pub fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, NotAForm> {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(NotAForm);
        }
        let form = Self::read(body);
        if form.too_many { Err(NotAForm) } else { Ok(form) }
    }

    /// Those that another kind of form held.
    pub(super) fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, too_many: false }
    }

    fn read(bytes: &[u8]) -> Self {
        let mut all = form_urlencoded::parse(bytes);
        let pairs =
            all.by_ref().take(MOST).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { pairs: pairs.collect(), too_many: all.next().is_some() }
    }

    /// The value of `name`; none if absent or empty.
    ///
    /// # Errors
    /// It stands more than once.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Repeated> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() { Err(Repeated) } else { Ok(first.filter(|v| !v.is_empty())) }
    }

    /// As [`Self::one`], owned.
    ///
    /// # Errors
    /// As [`Self::one`].
    pub fn text(&self, name: &str) -> Result<Option<String>, Repeated> {
        self.one(name).map(|value| value.map(str::to_owned))
    }

    /// The first value of `name`, for our own forms, where a repetition means nothing.
    #[must_use]
    pub fn first<'a>(&'a self, name: &'a str) -> &'a str {
        self.values(name).next().unwrap_or_default()
    }

    /// Every value of a parameter that may be repeated, less empty ones.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.values(name).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }

    /// Whether any parameter outside `except` stands more than once.
    #[must_use]
    pub fn repeats_any_but(&self, except: &[&str]) -> bool {
        let names = self.pairs.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = names.filter(|name| !except.contains(name)).collect();
        names.sort_unstable();
        self.too_many || names.iter().zip(names.iter().skip(1)).any(|(name, next)| name == next)
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_parameter_is_absent_and_a_repeated_one_an_error() {
        let query = Parameters::of_query(Some("a=&b=1&c=1&c=2"));
        assert_eq!(query.one("a"), Ok(None));
        assert_eq!(query.one("b"), Ok(Some("1")));
        assert_eq!(query.one("c"), Err(Repeated));
        assert!(query.repeats_any_but(&[]));
        assert!(!query.repeats_any_but(&["c"]));
    }

    #[test]
    fn more_parameters_than_any_request_has_are_refused() {
        let many: Vec<String> = (0..700).map(|n| format!("p{n}=x")).collect();
        assert!(Parameters::of_query(Some(&many.join("&"))).repeats_any_but(&[]));
        assert!(!Parameters::of_query(Some(&many[..500].join("&"))).repeats_any_but(&[]));
    }

    #[test]
    fn only_a_form_is_read_as_a_form() {
        let mut headers = HeaderMap::new();
        assert!(Parameters::of_form(&headers, b"a=1").is_err());
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        assert!(Parameters::of_form(&headers, b"a=1").is_err());
        let form = "application/x-www-form-urlencoded; charset=UTF-8".parse().unwrap();
        headers.insert(CONTENT_TYPE, form);
        assert_eq!(Parameters::of_form(&headers, b"a=%C3%A9").unwrap().first("a"), "é");
    }
}
