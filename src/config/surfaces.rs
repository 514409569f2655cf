//! The lists of the protected surfaces: `[[api.routes]]`, `[[mcp.tools]]`, `[[mcp.resources]]` and
//! `[[mcp.prompts]]`. Every scope that they name must be a permission.

use crate::config::catalogue;
use crate::config::entry::Entry;
use crate::config::entry::Field;
use crate::config::fault::Fault;
use crate::config::fault::Wrong;
use crate::config::layer::Effective;
use crate::config::lists;
use crate::config::lists::TableList;
use crate::config::rule::Choice;
use crate::config::rule::List;
use crate::config::rule::Rule as _;
use crate::config::rule::Text;
use crate::config::suggest::closest;
use crate::config::value::quoted;
use crate::domain::catalogue::Catalogue;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::mcp_surface::Pattern;
use crate::domain::mcp_surface::PromptPattern;
use crate::domain::mcp_surface::ResourcePattern;
use crate::domain::mcp_surface::Tool;
use crate::domain::mcp_surface::UnknownTools;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::domain::surface::COMPANY_PREFIX;
use crate::domain::surface::OWN_PATHS;
use crate::domain::surface::Route;
use crate::domain::surface::Surface;

/// What an `[[api.routes]]` holds.
pub(super) static ROUTES: TableList = TableList {
    path: "api.routes",
    doc: &["What may be called. A call that no route covers is answered 404 and goes no further."],
    fields: &[
        Field { name: "method", doc: "GET (which covers HEAD), POST, PUT, PATCH or DELETE." },
        Field {
            name: "path",
            doc: "Below the surface, such as \"/orders/{id}\": {…} is any one segment.",
        },
        Field {
            name: "scope",
            doc: "The permission it needs. Optional: without one any live token will do.",
        },
    ],
    sample: &["method = \"GET\"", "path = \"/customers/{id}\"", "scope = \"customers:readonly\""],
};

const SCOPES: Field = Field {
    name: "scopes",
    doc: "The permissions it needs, all of them; [] if any live token will do.",
};

/// What an `[[mcp.tools]]` holds.
pub(super) static TOOLS: TableList = TableList {
    path: "mcp.tools",
    doc: &["What tools/call may name."],
    fields: &[Field { name: "name", doc: "The tool's exact name." }, SCOPES],
    sample: &["name = \"list_invoices\"", "scopes = [\"customer_invoices:readonly\"]"],
};

/// What an `[[mcp.resources]]` holds.
pub(super) static RESOURCES: TableList = TableList {
    path: "mcp.resources",
    doc: &["What resources/read may name. The first that fits counts; what fits none is denied."],
    fields: &[Field { name: "uri", doc: "The resource's URI; * stands for any text." }, SCOPES],
    sample: &["uri = \"ledger://invoices/*\"", "scopes = [\"customer_invoices:readonly\"]"],
};

/// What an `[[mcp.prompts]]` holds.
pub(super) static PROMPTS: TableList = TableList {
    path: "mcp.prompts",
    doc: &["What prompts/get may name. The first that fits counts; what fits none is denied."],
    fields: &[Field { name: "name", doc: "The prompt's name; * stands for any text." }, SCOPES],
    sample: &["name = \"month_end\"", "scopes = [\"ledger_entries:readonly\"]"],
};

/// `mcp.unknown_tools`.
pub(super) const UNKNOWN_TOOLS: Choice<UnknownTools> =
    Choice(&[("deny", UnknownTools::Deny), ("allow", UnknownTools::Allow)]);

const METHODS: Choice<&str> = Choice(&[
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
]);

const LONGEST: usize = 500;

/// Reads `[[api.routes]]`. Without a catalogue, which then is at fault itself, scopes are not looked
/// up.
pub(super) fn api(
    from: &Effective,
    catalogue: Option<&Catalogue>,
    faults: &mut Vec<Fault>,
) -> Surface {
    let mut routes: Vec<Route> = Vec::new();
    lists::read(from, &ROUTES, faults, |entry| {
        let method = entry.required("method", &METHODS);
        let pattern = entry.required("path", &Text(path));
        let scope = entry.optional("scope", &Text(catalogue::scope));
        let scope = scope.map(|scope| today(entry, "scope", from, catalogue, scope));
        let route = Route { method: method?.to_owned(), pattern: pattern?, scope };
        if let Some(earlier) = routes.iter().find(|earlier| earlier.is_like(&route)) {
            let problem = format!("{} {} stands twice", earlier.method, earlier.pattern);
            entry.fault("path", Wrong::new(problem, "keep one"));
        }
        routes.push(route);
        Some(())
    });
    Surface::new(routes)
}

/// Reads `[[mcp.tools]]`, `[[mcp.resources]]` and `[[mcp.prompts]]`.
pub(super) fn mcp(
    from: &Effective,
    catalogue: Option<&Catalogue>,
    faults: &mut Vec<Fault>,
) -> McpSurface {
    let mut named: Vec<String> = Vec::new();
    let tools = lists::read(from, &TOOLS, faults, |entry| {
        let name = entry.required("name", &Text(text));
        let scopes = scopes(entry, from, catalogue);
        let (name, scopes) = (name?, scopes?);
        if named.contains(&name) {
            entry.fault("name", Wrong::new(format!("{} stands twice", quoted(&name)), "keep one"));
        }
        named.push(name.clone());
        Some(Tool { name, scopes })
    });
    let resources = lists::read(from, &RESOURCES, faults, |entry| {
        let uri = entry.required("uri", &Text(text));
        let scopes = scopes(entry, from, catalogue);
        Some(ResourcePattern { uri: Pattern::new(&uri?), scopes: scopes? })
    });
    let prompts = lists::read(from, &PROMPTS, faults, |entry| {
        let name = entry.required("name", &Text(text));
        let scopes = scopes(entry, from, catalogue);
        Some(PromptPattern { name: Pattern::new(&name?), scopes: scopes? })
    });
    // A key of its own, whose faults are told where it is read as such.
    let unknown_tools =
        from.value("mcp.unknown_tools").and_then(|word| UNKNOWN_TOOLS.read(word).ok());
    McpSurface { tools, resources, prompts, unknown_tools: unknown_tools.unwrap_or_default() }
}

fn scopes(
    entry: &mut Entry<'_>,
    from: &Effective,
    catalogue: Option<&Catalogue>,
) -> Option<ScopeSet> {
    let scopes = entry.required("scopes", &List(Text(catalogue::scope)))?;
    Some(scopes.into_iter().map(|scope| today(entry, "scopes", from, catalogue, scope)).collect())
}

/// The permission that `scope` is today, be it by a former name.
fn today(
    entry: &mut Entry<'_>,
    field: &str,
    from: &Effective,
    catalogue: Option<&Catalogue>,
    scope: ScopeName,
) -> ScopeName {
    let Some(catalogue) = catalogue else { return scope };
    let known = catalogue.known(&ScopeSet::from_iter([scope.clone()]));
    if let Some(today) = known.iter().next() {
        return today.clone();
    }
    let fix = match closest(scope.as_str(), catalogue::names(from).into_iter()) {
        Some(meant) => format!("did you mean {}?", quoted(meant)),
        None => "add it to [[permissions]]".to_owned(),
    };
    entry.fault(field, Wrong::new(format!("{} is no permission", quoted(scope.as_str())), fix));
    scope
}

/// A path below a surface. Literal segments hold only what stands for itself in a URL.
fn path(text: &str) -> Result<String, Wrong> {
    if !text.starts_with('/') || text.len() > LONGEST {
        let problem = format!("{} is no path", quoted(text));
        return Err(Wrong::new(problem, "write it like /customers/{id}"));
    }
    let mut segments = text.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        if !(is_literal(segment) || is_open(segment) || segment.is_empty() && last) {
            let problem = format!("{} is no segment of a path", quoted(segment));
            return Err(Wrong::new(
                problem,
                "write letters, digits and -._~, or {name} for any one",
            ));
        }
    }
    if OWN_PATHS.contains(&text) {
        let problem = format!("{} is answered by Countersign itself", quoted(text));
        return Err(Wrong::new(problem, "remove the route"));
    }
    if let Some(below) = text.strip_prefix(COMPANY_PREFIX) {
        let problem = "\"/companies/{id}\" before a path names the company and is taken away";
        let rest = below.find('/').and_then(|at| below.get(at..)).unwrap_or("/…");
        return Err(Wrong::new(problem, format!("write {} alone", quoted(rest))));
    }
    Ok(text.to_owned())
}

fn is_literal(segment: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte);
    !segment.is_empty() && segment.bytes().all(legal) && segment != "." && segment != ".."
}

fn is_open(segment: &str) -> bool {
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(legal))
}

/// A name or URI as MCP messages hold it.
fn text(text: &str) -> Result<String, Wrong> {
    if text.is_empty() || text.len() > LONGEST || text.contains(char::is_control) {
        return Err(Wrong::new("it is empty, too long or not on one line", "write 1 to 500 bytes"));
    }
    Ok(text.to_owned())
}
