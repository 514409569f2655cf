//! The path of a call: read once, refused if two readers could read it differently.

use http::HeaderMap;

use crate::base::id::CompanyId;

/// A call's path, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CallPath {
    /// The company that the call names, by path or header.
    pub company: Option<CompanyId>,
    /// Whether it names one that cannot exist.
    pub company_is_nonsense: bool,
    /// The rest, below the company.
    pub rest: String,
}

/// Why a path is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathRefusal {
    /// Encoded or doubled separators, dot segments, parameters.
    Ambiguous,
    /// The path and the header name different companies, or the header stands twice.
    CompaniesDiffer,
}

const HEADER: &str = "x-company-id";

/// Takes `path`, below the surface, apart.
pub(super) fn read(path: &str, headers: &HeaderMap) -> Result<CallPath, PathRefusal> {
    if is_ambiguous(path) {
        return Err(PathRefusal::Ambiguous);
    }
    let mut named = headers.get_all(HEADER).iter();
    let by_header = named.next().map(|value| value.to_str().unwrap_or_default());
    if named.next().is_some() {
        return Err(PathRefusal::CompaniesDiffer);
    }
    let (by_path, rest) = split(path);
    if let (Some(by_path), Some(by_header)) = (by_path, by_header)
        && by_path != by_header
    {
        return Err(PathRefusal::CompaniesDiffer);
    }
    let name = by_path.or(by_header);
    let company = name.and_then(|name| name.parse().ok());
    let company_is_nonsense = name.is_some() && company.is_none();
    Ok(CallPath { company, company_is_nonsense, rest: rest.to_owned() })
}

/// `/companies/{id}/rest` names its company; `/companies` alone is the list.
fn split(path: &str) -> (Option<&str>, &str) {
    let Some(below) = path.strip_prefix("/companies/") else { return (None, path) };
    match below.find('/') {
        Some(end) => {
            let (company, rest) = below.split_at(end);
            (Some(company), rest)
        }
        None => (Some(below), ""),
    }
}

fn is_ambiguous(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let encoded = ["%2f", "%5c", "%2e", "%25", "%3b"];
    let dots = |segment: &str| segment == "." || segment == "..";
    lower.contains("//")
        || lower.contains('\\')
        || lower.contains(';')
        || encoded.iter().any(|code| lower.contains(code))
        || lower.split('%').skip(1).any(is_no_text)
        || lower.split('/').any(dots)
}

/// Whether what follows a `%` is no byte, or a control character.
fn is_no_text(after: &str) -> bool {
    let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.is_none_or(|byte| byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::entropy::SystemEntropy;

    fn company() -> CompanyId {
        CompanyId::make(Timestamp::from_millis(1), &SystemEntropy::new())
    }

    fn header(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_company_is_named_by_path_or_header() {
        let id = company();
        let by_path = read(&format!("/companies/{id}/customers"), &HeaderMap::new()).unwrap();
        assert_eq!(by_path.company, Some(id));
        assert_eq!(by_path.rest, "/customers");
        let by_header = read("/customers", &header(&id.to_string())).unwrap();
        assert_eq!((by_header.company, by_header.rest.as_str()), (Some(id), "/customers"));
        let nowhere = read("/customers", &HeaderMap::new()).unwrap();
        assert!(nowhere.company.is_none() && !nowhere.company_is_nonsense);
        assert!(read("/customers", &header("acme")).unwrap().company_is_nonsense);
    }

    #[test]
    fn path_and_header_that_differ_are_refused() {
        let (one, other) = (company(), company());
        let path = format!("/companies/{one}/customers");
        let differ = read(&path, &header(&other.to_string()));
        assert_eq!(differ, Err(PathRefusal::CompaniesDiffer));
        let mut twice = header(&one.to_string());
        twice.append(HEADER, one.to_string().parse().unwrap());
        assert_eq!(read("/customers", &twice), Err(PathRefusal::CompaniesDiffer));
    }

    #[test]
    fn a_path_that_two_readers_could_read_differently_is_refused() {
        for path in [
            "//customers",
            "/customers//7",
            "/a/../customers",
            "/./customers",
            "/a%2fb",
            "/a%2Fb",
            "/..;/customers",
            "/a;b",
            "/a\\b",
            "/%2e%2e/customers",
            "/%252e",
            "/a%00",
            "/a%0d%0ab",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%+1",
        ] {
            assert_eq!(read(path, &HeaderMap::new()), Err(PathRefusal::Ambiguous), "{path}");
        }
    }
}
