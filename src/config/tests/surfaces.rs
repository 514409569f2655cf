//! `[api]`, `[mcp]` and their lists.

use super::given;
use crate::domain::mcp_surface::UnknownTools;
use crate::domain::rate::RateLimit;
use crate::domain::scope::ScopeSet;
use crate::domain::surface::Found;

const BOTH: &str = r#"
[api]
upstream = "https://books.internal:9443/v1"
allowed_origins = ["https://app.example", "vscode-webview://x"]
rate_limit_calls = 25
rate_limit_window = "5s"

[[api.routes]]
method = "GET"
path = "/customers/{id}"
scope = "customers:readonly"

[[api.routes]]
method = "POST"
path = "/ping"

[mcp]
upstream = "http://127.0.0.1:9100/mcp"
unknown_tools = "allow"

[[mcp.tools]]
name = "list_invoices"
scopes = ["customer_invoices:readonly"]

[[mcp.resources]]
uri = "ledger://*"
scopes = []

[[mcp.prompts]]
name = "month_*"
scopes = ["ledger_entries:readonly", "exports:fec"]
"#;

#[test]
fn without_an_upstream_there_is_no_surface() {
    let settings = given().loaded().settings;
    assert!(settings.api.upstream().is_none() && settings.mcp.upstream().is_none());
    assert!(settings.api_surface.routes().is_empty());
    assert_eq!(settings.mcp_surface.unknown_tools, UnknownTools::Deny);
}

#[test]
fn surfaces_are_read_with_their_lists() {
    let settings = given().file(BOTH).loaded().settings;
    let api = settings.api.upstream().unwrap();
    assert_eq!(api.url.as_str(), "https://books.internal:9443/v1");
    assert_eq!(settings.api.allowed_origins.len(), 2);
    let limit = RateLimit { calls: 25, window: std::time::Duration::from_secs(5) };
    assert_eq!(settings.api.rate_limit(), Some(limit));
    assert_eq!(settings.api.max_request_body(), 64 * 1024 * 1024);
    let Found::Route(route) = settings.api_surface.find("GET", "/customers/7") else { panic!() };
    assert_eq!(route.scope.as_ref().unwrap().as_str(), "customers:readonly");
    let Found::Route(open) = settings.api_surface.find("POST", "/ping") else { panic!() };
    assert_eq!(open.scope, None);

    assert_eq!(settings.mcp.rate_limit(), None);
    let mcp = &settings.mcp_surface;
    assert_eq!(mcp.unknown_tools, UnknownTools::Allow);
    let tool = mcp.tool("list_invoices").unwrap();
    assert_eq!(tool.scopes, ScopeSet::parse("customer_invoices:readonly"));
    assert!(mcp.resource("ledger://7").unwrap().scopes.is_empty());
    let prompt = mcp.prompt("month_end").unwrap();
    assert_eq!(prompt.scopes, ScopeSet::parse("ledger_entries:readonly exports:fec"));
}

#[test]
fn what_is_printed_gives_the_same_surfaces_again() {
    let first = given().file(BOTH).loaded();
    let printed = first.print();
    let second = given().file(&printed).loaded();
    assert_eq!(format!("{:?}", first.settings), format!("{:?}", second.settings), "{printed}");
}

#[test]
fn a_former_name_of_a_permission_is_todays() {
    let text = "[api]\nupstream = \"http://127.0.0.1:1\"\n[[api.routes]]\nmethod = \"GET\"\n\
                path = \"/a\"\nscope = \"old:all\"\n[[permissions]]\nname = \"new:all\"\n\
                title = \"A\"\narea = \"A\"\naccess = \"write\"\nrenamed_from = [\"old:all\"]\n";
    let settings = given().file(text).loaded().settings;
    assert_eq!(settings.api_surface.routes()[0].scope.as_ref().unwrap().as_str(), "new:all");
}

#[test]
fn faults_in_the_lists_of_a_surface_are_told_at_once_and_where_they_stand() {
    let text = r#"[api]
upstream = "http://127.0.0.1:1"
[[api.routes]]
method = "get"
path = "customers"
scop = "customers:readonly"
[[api.routes]]
method = "GET"
path = "/customers/{id}"
scope = "customer:readonly"
[[api.routes]]
method = "GET"
path = "/customers/{number}"
[mcp]
upstream = "http://127.0.0.1:1"
[[mcp.tools]]
name = "a"
scopes = []
[[mcp.tools]]
name = "a"
scopes = ["customers:readonly", "x:y"]
[[mcp.prompts]]
name = ""
"#;
    assert_eq!(
        given().file(text).faults(),
        [
            "api.routes[0].scop: there is no such key; did you mean scope? (from config.toml:6)",
            "api.routes[0].method: \"get\" is no choice here; write \"GET\", \"POST\", \"PUT\", \
             \"PATCH\" or \"DELETE\" (from config.toml:4)",
            "api.routes[0].path: \"customers\" is no path; write it like /customers/{id} \
             (from config.toml:5)",
            "api.routes[1].scope: \"customer:readonly\" is no permission; did you mean \
             \"customers:readonly\"? (from config.toml:10)",
            "api.routes[2].path: GET /customers/{id} stands twice; keep one (from config.toml:13)",
            "mcp.tools[1].scopes: \"x:y\" is no permission; add it to [[permissions]] \
             (from config.toml:21)",
            "mcp.tools[1].name: \"a\" stands twice; keep one (from config.toml:20)",
            "mcp.prompts[0].name: it is empty, too long or not on one line; write 1 to 500 bytes \
             (from config.toml:23)",
            "mcp.prompts[0].scopes: it is missing; add it (from config.toml:22)",
        ]
    );
}

#[test]
fn a_path_that_could_never_be_called_is_refused() {
    for (path, told) in [
        ("/me", "\"/me\" is answered by Countersign itself; remove the route"),
        (
            "/companies/{id}/customers",
            "\"/companies/{id}\" before a path names the company and is taken away; write \
             \"/customers\" alone",
        ),
        (
            "/a//b",
            "\"\" is no segment of a path; write letters, digits and -._~, or {name} for any one",
        ),
        (
            "/a/../b",
            "\"..\" is no segment of a path; write letters, digits and -._~, or {name} for any one",
        ),
        (
            "/a/x{id}",
            "\"x{id}\" is no segment of a path; write letters, digits and -._~, or {name} for any one",
        ),
        (
            "/a%2fb",
            "\"a%2fb\" is no segment of a path; write letters, digits and -._~, or {name} for any one",
        ),
    ] {
        let text = format!(
            "[api]\nupstream = \"http://127.0.0.1:1\"\nroutes = [{{ method = \"GET\", path = \"{path}\" }}]\n"
        );
        let expected = format!("api.routes[0].path: {told} (from config.toml:3)");
        assert_eq!(given().file(&text).faults(), [expected], "{path}");
    }
}

#[test]
fn lists_without_an_upstream_are_a_fault() {
    let text = "[[api.routes]]\nmethod = \"GET\"\npath = \"/a\"\n\
                [[mcp.tools]]\nname = \"a\"\nscopes = []\n";
    assert_eq!(
        given().file(text).faults(),
        [
            "api.routes: there is no api.upstream, so nothing is behind them; give it, or \
             server.trusted_proxies for /forward-auth, or remove them (from config.toml:1)",
            "mcp.tools: there is no mcp.upstream, so nothing is behind them; give it or remove them \
             (from config.toml:4)",
        ]
    );
    let upstream = ("COUNTERSIGN__API__UPSTREAM", "http://127.0.0.1:1");
    let other = ("COUNTERSIGN__MCP__UPSTREAM", "http://127.0.0.1:2");
    given().file(text).variable(upstream.0, upstream.1).variable(other.0, other.1).loaded();
    let proxies = ("COUNTERSIGN__SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    given().file(text).variable(proxies.0, proxies.1).variable(other.0, other.1).loaded();
}
