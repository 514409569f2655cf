//! The one list of the product's routes: method, path, and the kind of door. Checks that every route
//! of a kind must pass are generated from it, and `attacks_routes` holds it against the router: a
//! route that is missing here fails the suite.

use countersign::domain::resource::API_PATH;
use countersign::gateway;
use countersign::sandbox::ledger;
use countersign::view::assets;
use countersign::view::guide::chapter::Chapter;

/// What a route is for, and so which checks it must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A page for a person who is signed in, or on the way there: others go to the sign-in.
    Page,
    /// A page that anybody may open: the sign-in, and what a one-time link leads to.
    OpenPage,
    /// A file that pages refer to.
    File,
    /// Where clients send people: answers with redirects and pages, writes nothing.
    Authorize,
    /// For programs, but not for those in browsers.
    Endpoint,
    /// For programs, those in browsers of other sites too.
    OpenEndpoint,
    /// For clients that register themselves, those in browsers too; closed unless it is configured.
    Registration,
    /// Where programs in browsers look for documents that do not exist: always 404, and no page.
    Absent,
    /// The protected surface.
    Surface,
    /// For trusted proxies, and nobody else.
    Question,
    /// For supervisors, under any host name.
    Health,
}

impl Door {
    /// Whether any site's scripts may read its answers; never with credentials.
    pub fn is_open_to_other_sites(self) -> bool {
        matches!(self, Self::OpenEndpoint | Self::Registration | Self::Absent | Self::Surface)
    }

    /// Whether people see its answers.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Page | Self::OpenPage | Self::Authorize)
    }
}

/// A method of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its method; `*` for all.
    pub method: &'static str,
    /// Its path, with `{…}` where something of the request stands.
    pub path: String,
    /// Its door.
    pub door: Door,
}

const TABLE: &[(&str, &str, Door)] = &[
    ("GET", "/", Door::Page),
    ("GET", "/sign-in", Door::OpenPage),
    ("POST", "/sign-in", Door::OpenPage),
    ("POST", "/docs/language", Door::OpenPage),
    ("GET", "/sign-in/verify", Door::Page),
    ("POST", "/sign-in/verify", Door::Page),
    ("GET", "/sign-in/enrol", Door::Page),
    ("POST", "/sign-in/enrol", Door::Page),
    ("GET", "/sign-in/recovery-codes", Door::Page),
    ("POST", "/sign-in/recovery-codes", Door::Page),
    ("POST", "/sign-out", Door::Page),
    ("GET", "/consent/{handle}", Door::Page),
    ("POST", "/consent/{handle}", Door::Page),
    ("POST", "/consent/{handle}/cancel", Door::Page),
    ("GET", "/ca.pem", Door::File),
    ("GET", "/logos/{app}/{file}", Door::File),
    ("GET", "/setup/{link}", Door::OpenPage),
    ("POST", "/setup/{link}", Door::OpenPage),
    ("GET", "/settings/app-connect/api-credentials/create", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/create", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/create/again", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/create/confirm", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/saved", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/saved", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/saved/env", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/review", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/review", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/rotate", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/rotate", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/revoke", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/revoke", Door::Page),
    ("GET", "/settings/security", Door::Page),
    ("GET", "/settings/security/password", Door::Page),
    ("POST", "/settings/security/password", Door::Page),
    ("GET", "/settings/security/totp", Door::Page),
    ("POST", "/settings/security/totp", Door::Page),
    ("GET", "/settings/security/passkeys/add", Door::Page),
    ("POST", "/settings/security/passkeys/add", Door::Page),
    ("GET", "/settings/security/factors/{factor}/remove", Door::Page),
    ("POST", "/settings/security/factors/{factor}/remove", Door::Page),
    ("GET", "/settings/security/recovery-codes", Door::Page),
    ("POST", "/settings/security/recovery-codes", Door::Page),
    ("GET", "/settings/security/sessions/end", Door::Page),
    ("POST", "/settings/security/sessions/end", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/delete", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/delete", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/restore", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/restore", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/take_over", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/take_over", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/hand_over", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/hand_over", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/change", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/change", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/change/again", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/change/confirm", Door::Page),
    ("GET", "/settings/app-connect/api-credentials/{app}/publish", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/publish", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/publish/again", Door::Page),
    ("POST", "/settings/app-connect/api-credentials/{app}/publish/confirm", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/create", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/create", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/create/again", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/create/confirm", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/{app}", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/{app}/saved", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/{app}/saved", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/{app}/saved/env", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/{app}/review", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/{app}/review", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/{app}/delete", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/{app}/delete", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/{app}/take_over", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/{app}/take_over", Door::Page),
    ("GET", "/settings/app-connect/api-tokens/{app}/hand_over", Door::Page),
    ("POST", "/settings/app-connect/api-tokens/{app}/hand_over", Door::Page),
    ("GET", "/settings/app-connect/activity", Door::Page),
    ("POST", "/settings/app-connect/activity/verify", Door::Page),
    ("GET", "/settings/app-connect/activity/reference", Door::Page),
    ("GET", "/settings/app-connect/activity/export.csv", Door::Page),
    ("GET", "/settings/app-connect/activity/export.jsonl", Door::Page),
    ("GET", "/settings/app-connect/activity/{reference}", Door::Page),
    ("GET", "/settings/app-connect", Door::Page),
    ("GET", "/settings/app-connect/api-credentials", Door::Page),
    ("GET", "/settings/app-connect/oauth-connections", Door::Page),
    ("GET", "/settings/app-connect/api-tokens", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps", Door::Page),
    ("GET", "/settings/app-connect/reviews", Door::Page),
    ("GET", "/settings/app-connect/mcp-server", Door::Page),
    ("GET", "/settings/integrations", Door::Page),
    ("GET", "/settings/app-connect/through-firm", Door::Page),
    ("POST", "/settings/app-connect/mcp-server/check", Door::Page),
    ("GET", "/settings/app-connect/oauth-connections/idle", Door::Page),
    ("POST", "/settings/app-connect/oauth-connections/idle", Door::Page),
    ("GET", "/settings/app-connect/oauth-connections/{connection}/change", Door::Page),
    ("POST", "/settings/app-connect/oauth-connections/{connection}/change", Door::Page),
    ("GET", "/settings/app-connect/oauth-connections/{connection}/review", Door::Page),
    ("POST", "/settings/app-connect/oauth-connections/{connection}/review", Door::Page),
    ("GET", "/settings/app-connect/oauth-connections/{connection}/delete", Door::Page),
    ("POST", "/settings/app-connect/oauth-connections/{connection}/delete", Door::Page),
    ("GET", "/settings/app-connect/oauth-connections/{connection}", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/create", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/create", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/create/again", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/create/confirm", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/change", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/change", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/change/again", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/change/confirm", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/saved", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/saved", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/approve", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/approve", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/block", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/block", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/unblock", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/unblock", Door::Page),
    ("GET", "/settings/app-connect/create", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/review", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/review", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/rotate", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/rotate", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/delete", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/delete", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/restore", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/restore", Door::Page),
    ("GET", "/settings/app-connect/oauth-apps/{app}/revoke", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/revoke", Door::Page),
    ("POST", "/settings/app-connect/oauth-apps/{app}/saved/env", Door::Page),
    ("GET", "/settings/app-connect/through-firm/{what}/block", Door::Page),
    ("POST", "/settings/app-connect/through-firm/{what}/block", Door::Page),
    ("GET", "/settings/app-connect/through-firm/{what}/unblock", Door::Page),
    ("POST", "/settings/app-connect/through-firm/{what}/unblock", Door::Page),
    ("GET", "/settings/people", Door::Page),
    ("GET", "/settings/people/invite", Door::Page),
    ("POST", "/settings/people/invite", Door::Page),
    ("POST", "/settings/people/invite/change", Door::Page),
    ("POST", "/settings/people/invite/confirm", Door::Page),
    ("GET", "/settings/people/{person}", Door::Page),
    ("GET", "/settings/people/{person}/invite_again", Door::Page),
    ("POST", "/settings/people/{person}/invite_again", Door::Page),
    ("GET", "/settings/people/{person}/end_sessions", Door::Page),
    ("POST", "/settings/people/{person}/end_sessions", Door::Page),
    ("GET", "/settings/people/{person}/password_link", Door::Page),
    ("POST", "/settings/people/{person}/password_link", Door::Page),
    ("GET", "/settings/people/{person}/factor_link", Door::Page),
    ("POST", "/settings/people/{person}/factor_link", Door::Page),
    ("GET", "/settings/people/{person}/enable", Door::Page),
    ("POST", "/settings/people/{person}/enable", Door::Page),
    ("GET", "/settings/people/{person}/disable", Door::Page),
    ("POST", "/settings/people/{person}/disable", Door::Page),
    ("GET", "/settings/people/{person}/erase", Door::Page),
    ("POST", "/settings/people/{person}/erase", Door::Page),
    ("GET", "/settings/people/{person}/remove_person", Door::Page),
    ("POST", "/settings/people/{person}/remove_person", Door::Page),
    ("GET", "/settings/people/{person}/change_role", Door::Page),
    ("POST", "/settings/people/{person}/change_role", Door::Page),
    ("GET", "/settings/people/{person}/link", Door::Page),
    ("POST", "/settings/people/{person}/link", Door::Page),
    ("POST", "/settings/people/{person}/change_role/change", Door::Page),
    ("POST", "/settings/people/{person}/change_role/confirm", Door::Page),
    ("GET", "/settings/webhooks", Door::Page),
    ("GET", "/settings/webhooks/create", Door::Page),
    ("POST", "/settings/webhooks/create", Door::Page),
    ("GET", "/settings/webhooks/{webhook}", Door::Page),
    ("GET", "/settings/webhooks/{webhook}/secret", Door::Page),
    ("POST", "/settings/webhooks/{webhook}/secret", Door::Page),
    ("POST", "/settings/webhooks/{webhook}/test", Door::Page),
    ("POST", "/settings/webhooks/{webhook}/retry", Door::Page),
    ("GET", "/settings/webhooks/{webhook}/rotate", Door::Page),
    ("POST", "/settings/webhooks/{webhook}/rotate", Door::Page),
    ("GET", "/settings/webhooks/{webhook}/delete", Door::Page),
    ("POST", "/settings/webhooks/{webhook}/delete", Door::Page),
    ("GET", "/settings/roles", Door::Page),
    ("GET", "/settings/roles/create", Door::Page),
    ("POST", "/settings/roles/create", Door::Page),
    ("POST", "/settings/roles/create/change", Door::Page),
    ("POST", "/settings/roles/create/confirm", Door::Page),
    ("GET", "/settings/roles/{role}", Door::Page),
    ("POST", "/settings/roles/{role}", Door::Page),
    ("POST", "/settings/roles/{role}/change", Door::Page),
    ("POST", "/settings/roles/{role}/confirm", Door::Page),
    ("GET", "/settings/roles/{role}/delete", Door::Page),
    ("POST", "/settings/roles/{role}/delete", Door::Page),
    ("GET", "/settings/companies", Door::Page),
    ("GET", "/settings/companies/create", Door::Page),
    ("POST", "/settings/companies/create", Door::Page),
    ("GET", "/settings/companies/{slug}/link", Door::Page),
    ("POST", "/settings/companies/{slug}/link", Door::Page),
    ("GET", "/settings/companies/{slug}/unlink", Door::Page),
    ("POST", "/settings/companies/{slug}/unlink", Door::Page),
    ("GET", "/settings/companies/{slug}/confide", Door::Page),
    ("POST", "/settings/companies/{slug}/confide", Door::Page),
    ("GET", "/settings/companies/{slug}/open", Door::Page),
    ("POST", "/settings/companies/{slug}/open", Door::Page),
    ("GET", "/settings/firms", Door::Page),
    ("GET", "/settings/firms/create", Door::Page),
    ("POST", "/settings/firms/create", Door::Page),
    ("GET", "/settings/data", Door::Page),
    ("POST", "/settings/data/export", Door::Page),
    ("POST", "/settings/data/export-everywhere", Door::Page),
    ("POST", "/settings/people/{person}/export", Door::Page),
    ("GET", "/settings/data/end-all-access", Door::Page),
    ("POST", "/settings/data/end-all-access", Door::Page),
    ("GET", "/settings/data/end-all-access-everywhere", Door::Page),
    ("POST", "/settings/data/end-all-access-everywhere", Door::Page),
    ("POST", "/settings/switch", Door::Page),
    ("POST", "/settings/language", Door::Page),
    ("GET", "/oauth/authorize", Door::Authorize),
    ("GET", "/authorize", Door::Authorize),
    ("POST", "/oauth/token", Door::OpenEndpoint),
    ("POST", "/token", Door::OpenEndpoint),
    ("POST", "/oauth/revoke", Door::OpenEndpoint),
    ("POST", "/oauth/register", Door::Registration),
    ("POST", "/register", Door::Registration),
    ("GET", "/oauth/register/{client_id}", Door::Registration),
    ("PUT", "/oauth/register/{client_id}", Door::Registration),
    ("DELETE", "/oauth/register/{client_id}", Door::Registration),
    ("POST", "/oauth/introspect", Door::Endpoint),
    ("POST", "/oauth/par", Door::Endpoint),
    ("GET", "/.well-known/oauth-authorization-server", Door::OpenEndpoint),
    ("GET", "/.well-known/oauth-protected-resource/api/external/v2", Door::OpenEndpoint),
    ("GET", "/.well-known/oauth-protected-resource/companies/{slug}/mcp", Door::OpenEndpoint),
    ("GET", "/.well-known/jwks.json", Door::OpenEndpoint),
    ("GET", "/openapi.json", Door::OpenEndpoint),
    ("*", "/.well-known/", Door::Absent),
    ("*", "/.well-known/{*name}", Door::Absent),
    ("GET", "/forward-auth", Door::Question),
    ("GET", "/healthz", Door::Health),
    ("GET", "/readyz", Door::Health),
];

/// Every route of the router.
pub fn all() -> Vec<Route> {
    let fixed = TABLE.iter().map(|(method, path, door)| Route {
        method,
        path: (*path).to_owned(),
        door: *door,
    });
    let file =
        |asset: &assets::Asset| Route { method: "GET", path: asset.path.clone(), door: Door::File };
    let chapter = |chapter: Chapter| Route {
        method: "GET",
        path: chapter.path().to_owned(),
        door: Door::OpenPage,
    };
    let surface = ["", "/", "/{*path}"].map(|below| Route {
        method: "*",
        path: format!("{API_PATH}{below}"),
        door: Door::Surface,
    });
    let anywhere = |path: &str| Route { method: "*", path: path.to_owned(), door: Door::Surface };
    let beside = [CONNECTIONS, MCP].map(anywhere);
    let files = assets::all().iter().map(file);
    let chapters = Chapter::ALL.into_iter().map(chapter);
    fixed.chain(files).chain(chapters).chain(surface).chain(beside).collect()
}

/// What a token is for, as it can ask itself: beside the API, and guarded like it.
pub const CONNECTIONS: &str = "/connections";

/// A company's MCP server, which is there by three methods.
pub const MCP: &str = "/companies/{slug}/mcp";

/// Every call of the protected surface, with the scope that it needs.
pub fn calls() -> impl Iterator<Item = (Route, Option<&'static str>)> {
    gateway::OWN_ROUTES.iter().chain(ledger::ROUTES).map(|(method, below, scope)| {
        let path = format!("{API_PATH}{below}");
        (Route { method, path, door: Door::Surface }, *scope)
    })
}

/// The list as it can be requested: the surface's routes by its calls, GET where any method
/// will do, and what stands in braces filled in.
pub fn concrete() -> Vec<Route> {
    let mut routes: Vec<Route> =
        all().into_iter().filter(|route| route.door != Door::Surface).collect();
    routes.extend(calls().map(|(route, _)| route));
    routes.push(Route { method: "GET", path: CONNECTIONS.to_owned(), door: Door::Surface });
    for route in &mut routes {
        route.method = if route.method == "*" { "GET" } else { route.method };
        route.path = route.path.replace("{handle}", "aGFuZGxl").replace("{link}", "cs_link_x");
        route.path = route.path.replace("{client_id}", "cs_app_0");
        route.path = route.path.replace("{*name}", "openid-configuration");
        route.path = route.path.replace("{slug}", "acme").replace("{app}", "cs_app_0");
        route.path = route.path.replace("{file}", "0.png");
        route.path = route.path.replace("{person}", "cs_user_0").replace("{role}", "0");
        route.path = route.path.replace("{webhook}", "0");
        route.path = route.path.replace("{factor}", "totp");
        route.path = route.path.replace("{connection}", "cs_con_0").replace("{what}", "cs_con_0");
        route.path = route.path.replace("{reference}", "req_0");
        assert!(!route.path.contains('{'), "nobody said what to request {} with", route.path);
    }
    routes
}

/// The paths of [`concrete`] that are behind doors of a kind, each once.
pub fn paths(of: impl Fn(Door) -> bool) -> Vec<String> {
    let mut paths: Vec<String> =
        concrete().into_iter().filter(|route| of(route.door)).map(|route| route.path).collect();
    paths.dedup();
    paths
}
