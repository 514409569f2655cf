//! A protected surface: which routes it has and the scope that each needs. What is not listed is
//! denied.

use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;

/// Paths below a surface that the gateway answers itself: no route may have one of them.
pub const OWN_PATHS: [&str; 2] = ["/me", "/companies"];

/// What stands before a company in a path below a surface; the gateway takes both away.
pub const COMPANY_PREFIX: &str = "/companies/";

/// The routes of a surface.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    routes: Vec<Route>,
}

/// A method, a path pattern and the scope it needs.
#[derive(Clone, Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: String,
    /// The path below the surface: literal segments and `{name}` for any one segment.
    pub pattern: String,
    /// The scope; none: any live token will do.
    pub scope: Option<ScopeName>,
}

/// What a surface says to a method and a path.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// This route.
    Route(&'a Route),
    /// The path, but with other methods.
    OtherMethod,
    /// No such path.
    Nothing,
}

impl Surface {
    /// A surface with these routes. Where several cover a path, the one that is literal where the
    /// others are not counts, in whatever order they are listed.
    #[must_use]
    pub fn new(mut routes: Vec<Route>) -> Self {
        routes.sort_by_key(Route::open_segments);
        Self { routes }
    }

    /// All that its routes need.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.routes.iter().filter_map(|route| route.scope.clone()).collect()
    }

    /// The routes, the most literal first.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The methods that `path` takes.
    #[must_use]
    pub fn methods(&self, path: &str) -> Vec<&str> {
        let on_path = self.routes.iter().filter(|route| route.covers(path));
        let mut methods: Vec<_> = on_path.map(|route| route.method.as_str()).collect();
        methods.sort_unstable();
        methods.dedup();
        methods
    }

    /// The route for `method` and `path`.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Found<'_> {
        let mut on_path = self.routes.iter().filter(|route| route.covers(path)).peekable();
        if on_path.peek().is_none() {
            return Found::Nothing;
        }
        on_path.find(|route| route.method == method).map_or(Found::OtherMethod, Found::Route)
    }
}

impl Route {
    /// Whether two routes are the same but for the names of their segments.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let mut others = other.pattern.split('/');
        let alike = self.pattern.split('/').all(|part| {
            others.next().is_some_and(|other| part == other || (wildcard(part) && wildcard(other)))
        });
        self.method == other.method && alike && others.next().is_none()
    }

    /// For each segment, whether it takes any text.
    fn open_segments(&self) -> Vec<bool> {
        self.pattern.split('/').map(wildcard).collect()
    }

    fn covers(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let all = self.pattern.split('/').all(|part| {
            segments.next().is_some_and(|segment| {
                if wildcard(part) { !segment.is_empty() } else { part == segment }
            })
        });
        all && segments.next().is_none()
    }
}

fn wildcard(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, pattern: &str) -> Route {
        Route { method: method.to_owned(), pattern: pattern.to_owned(), scope: None }
    }

    fn surface() -> Surface {
        Surface::new(vec![route("GET", "/customers"), route("GET", "/customers/{id}")])
    }

    #[test]
    fn only_what_is_listed_is_found() {
        let surface = surface();
        assert!(matches!(surface.find("GET", "/customers"), Found::Route(_)));
        assert!(matches!(surface.find("GET", "/customers/7"), Found::Route(_)));
        assert!(matches!(surface.find("POST", "/customers"), Found::OtherMethod));
        for path in ["/", "", "/customers/", "/customers/7/8", "/Customers", "/customersx"] {
            assert!(matches!(surface.find("GET", path), Found::Nothing), "{path}");
        }
    }

    #[test]
    fn a_literal_segment_counts_before_an_open_one_in_whatever_order_they_are_listed() {
        for order in [["/invoices/{id}", "/invoices/new"], ["/invoices/new", "/invoices/{id}"]] {
            let surface = Surface::new(order.map(|pattern| route("GET", pattern)).to_vec());
            let found = |path| match surface.find("GET", path) {
                Found::Route(route) => route.pattern.as_str(),
                other => panic!("{other:?}"),
            };
            assert_eq!(found("/invoices/new"), "/invoices/new");
            assert_eq!(found("/invoices/7"), "/invoices/{id}");
        }
    }

    #[test]
    fn each_method_of_a_path_is_named_once() {
        let routes = [("GET", "/a/{id}"), ("POST", "/a/b"), ("GET", "/a/b")];
        let surface = Surface::new(routes.map(|(method, path)| route(method, path)).to_vec());
        assert_eq!(surface.methods("/a/b"), ["GET", "POST"]);
    }

    #[test]
    fn routes_that_differ_only_in_the_names_of_segments_are_alike() {
        assert!(route("GET", "/a/{id}").is_like(&route("GET", "/a/{number}")));
        for other in ["/a/b", "/a", "/a/{id}/b"] {
            assert!(!route("GET", "/a/{id}").is_like(&route("GET", other)), "{other}");
        }
        assert!(!route("GET", "/a").is_like(&route("POST", "/a")));
    }

    #[test]
    fn a_surface_tells_its_routes_and_what_they_need() {
        let mut needing = route("GET", "/customers");
        needing.scope = Some("customers:readonly".parse().unwrap());
        let surface = Surface::new(vec![route("GET", "/{any}"), needing]);
        assert_eq!(surface.scopes().to_string(), "customers:readonly");
        let patterns: Vec<_> =
            surface.routes().iter().map(|route| route.pattern.as_str()).collect();
        assert_eq!(patterns, ["/customers", "/{any}"]);
    }

    #[test]
    fn only_what_stands_whole_in_braces_is_open() {
        for (pattern, path) in [("/a}", "/b"), ("/{a", "/b"), ("/x{a}", "/xb"), ("/{a}", "/")] {
            let surface = Surface::new(vec![route("GET", pattern)]);
            assert!(matches!(surface.find("GET", path), Found::Nothing), "{pattern} {path}");
        }
    }
}
