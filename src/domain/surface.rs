//! A protected surface: which routes it has and the scope that each needs. What is not listed is
//! denied.

use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;

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
    /// A surface with these routes.
    #[must_use]
    pub const fn new(routes: Vec<Route>) -> Self {
        Self { routes }
    }

    /// All that its routes need.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.routes.iter().filter_map(|route| route.scope.clone()).collect()
    }

    /// The methods that `path` takes.
    #[must_use]
    pub fn methods(&self, path: &str) -> Vec<&str> {
        let on_path = self.routes.iter().filter(|route| route.covers(path));
        on_path.map(|route| route.method.as_str()).collect()
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
    fn covers(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let wildcard = |part: &str| part.starts_with('{') && part.ends_with('}');
        let all = self.pattern.split('/').all(|part| {
            segments.next().is_some_and(|segment| {
                if wildcard(part) { !segment.is_empty() } else { part == segment }
            })
        });
        all && segments.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface() -> Surface {
        let route = |method: &str, pattern: &str| Route {
            method: method.to_owned(),
            pattern: pattern.to_owned(),
            scope: None,
        };
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
}
