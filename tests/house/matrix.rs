//! Every kind of token × every route or tool × every company, however it is named × what became of the
//! grant meanwhile. What is expected is worked out by [`Kind::expected`] and [`Kind::expected_of_tool`]
//! from the documented rules alone.

use countersign::domain::app::AppKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::mcp::TOOLS;
use crate::harness::request;
use crate::routes;

const ORIGIN: countersign::domain::audit::Origin = countersign::domain::audit::Origin {
    reference: None,
    address: None,
    browser: countersign::domain::browser::BrowserKind::UNKNOWN,
    command_line: None,
};

/// What every grant has: one scope of the routes is held only by a broader one, two are not held.
const GRANTED: [&str; 3] = ["companies:readonly", "customers:readonly", "customer_invoices:all"];
const MCP: &str = "https://cs.example/companies/acme/mcp";
/// What may be named in place of a company; the first is none at all.
const NAMED: [&str; 7] = ["", "acme", "acme-test", "bakery", "clinic", "made up", "nonsense"];

/// What became of the grants before the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Nothing,
    RoleReduced,
    RoleRemoved,
    PersonDisabled,
    /// The connection is deleted; the app, where there is none, revoked.
    Ended,
    AppExpired,
    /// Acme blocks every app.
    Blocked,
}

const FATES: [Fate; 7] = [
    Fate::Nothing,
    Fate::RoleReduced,
    Fate::RoleRemoved,
    Fate::PersonDisabled,
    Fate::Ended,
    Fate::AppExpired,
    Fate::Blocked,
];

/// Where a kind of token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Connection,
    McpConnection,
    Credentials,
    Narrowed,
    McpCredentials,
    ApiToken,
    /// The refresh token of a connection.
    Refresh,
    /// The secret of API credentials.
    Secret,
    /// No token at all.
    Garbage,
}

struct Kind {
    source: Source,
    person: &'static str,
    /// A company, or `firm`.
    place: &'static str,
}

const fn kind(source: Source, person: &'static str, place: &'static str) -> Kind {
    Kind { source, person, place }
}

const KINDS: [Kind; 16] = [
    kind(Source::Connection, "owner", "acme"),
    kind(Source::Connection, "owner", "acme-test"),
    kind(Source::Connection, "junior", "bakery"),
    kind(Source::Connection, "partner", "firm"),
    kind(Source::Connection, "junior", "firm"),
    kind(Source::McpConnection, "owner", "acme"),
    kind(Source::Credentials, "owner", "acme"),
    kind(Source::Credentials, "junior", "firm"),
    kind(Source::Narrowed, "junior", "acme"),
    kind(Source::Narrowed, "junior", "bakery"),
    kind(Source::McpCredentials, "owner", "acme"),
    kind(Source::ApiToken, "owner", "acme"),
    kind(Source::ApiToken, "partner", "firm"),
    kind(Source::Refresh, "owner", "acme"),
    kind(Source::Secret, "owner", "acme"),
    kind(Source::Garbage, "owner", "acme"),
];

/// A status, with the error of the API's shape; none for success.
type Expected = (u16, Option<&'static str>);

const OK: Expected = (200, None);
const INVALID_TOKEN: Expected = (401, Some("unauthorized"));
const FORBIDDEN: Expected = (403, Some("forbidden"));
const COMPANY_REQUIRED: Expected = (400, Some("company_required"));

/// The oracle.
impl Kind {
    fn is_for_api(&self) -> bool {
        use Source::*;
        matches!(self.source, Connection | Credentials | Narrowed | ApiToken)
    }

    /// A company's connection without `resource` is for its API and its MCP; apps have to be made for it.
    fn is_for_mcp_of(&self, slug: &str) -> bool {
        use Source::*;
        matches!(self.source, Connection | McpConnection | McpCredentials) && self.place == slug
    }

    fn lives(fate: Fate) -> bool {
        ![Fate::PersonDisabled, Fate::Ended, Fate::AppExpired].contains(&fate)
    }

    /// The companies that it reaches.
    fn reach(&self, fate: Fate) -> Vec<&'static str> {
        let firm: &[&str] = match self.person {
            "partner" => &["acme", "bakery", "clinic"],
            _ => &["acme", "bakery"],
        };
        let all = if self.place == "firm" { firm } else { &[self.place] };
        all.iter().copied().filter(|slug| fate != Fate::Blocked || *slug != "acme").collect()
    }

    /// Whether scope and role allow it.
    fn allows(&self, scope: Option<&str>, fate: Fate) -> bool {
        let Some(scope) = scope else { return true };
        let broader = scope.replace(":readonly", ":all");
        let role = match fate {
            Fate::RoleRemoved => false,
            Fate::RoleReduced => scope.ends_with(":readonly"),
            _ => true,
        };
        role && GRANTED.iter().any(|held| *held == scope || *held == broader)
    }

    fn expected(
        &self,
        method: &str,
        scope: Option<&str>,
        own: bool,
        to: &str,
        fate: Fate,
    ) -> Expected {
        let reach = self.reach(fate);
        let unreached = !to.is_empty() && !reach.contains(&to);
        if !self.is_for_api() || !Self::lives(fate) {
            INVALID_TOKEN
        } else if fate == Fate::RoleRemoved || unreached || reach.is_empty() {
            FORBIDDEN
        } else if !own && self.place == "firm" && to.is_empty() {
            COMPANY_REQUIRED
        } else if !self.allows(scope, fate) {
            FORBIDDEN
        } else if method == "POST" {
            (422, None)
        } else {
            OK
        }
    }

    /// The status of a tool call; `needs` is none for a tool that is not listed.
    fn expected_of_tool(&self, needs: Option<&str>, slug: &str, fate: Fate) -> u16 {
        if !self.is_for_mcp_of(slug) || !Self::lives(fate) {
            return 401;
        }
        let reached = fate != Fate::RoleRemoved && self.reach(fate).contains(&slug);
        let allowed = |scope: &str| self.allows(Some(scope), fate);
        match needs {
            Some(needs) if reached && needs.split_whitespace().all(allowed) => 200,
            _ => 403,
        }
    }
}

/// A house with one token of each kind, none used yet.
async fn tokens(house: &mut House) -> Vec<(usize, String, Option<String>)> {
    let end = Some(house.ops.now().plus(std::time::Duration::from_secs(2 * 3600)));
    let mut made = Vec::new();
    for (number, kind) in KINDS.iter().enumerate() {
        let name = format!("kind {number}");
        let (token, refresh) = match kind.source {
            Source::Connection | Source::McpConnection | Source::Refresh => {
                let new = NewApp {
                    redirect_uris: vec![CALLBACK.to_owned()],
                    expires_at: end,
                    ..NewApp::of(AppKind::OauthPublic, "Matrix")
                };
                house.register(&name, new).await;
                let tokens = connect(house, &name, kind).await;
                if kind.source == Source::Refresh {
                    (tokens.1, None)
                } else {
                    (tokens.0, Some(tokens.1))
                }
            }
            Source::Garbage => ("cs_at_garbage".to_owned(), None),
            _ => (act(house, &name, kind, end).await, None),
        };
        made.push((number, token, refresh));
    }
    made
}

async fn connect(house: &House, name: &str, kind: &Kind) -> (String, String) {
    let scope = GRANTED.join(" ");
    let mut more = vec![("scope", scope.as_str())];
    more.extend((kind.source == Source::McpConnection).then_some(("resource", MCP)));
    let place = if kind.place == "firm" { house.firm() } else { house.company(kind.place) };
    let url = house.authorize_url(name, &more);
    let code = house.signed_in(kind.person).await.allow(&url, &place, None).await;
    let answer = house.redeem(name, &code.redirected("code").unwrap()).await;
    (answer.text("access_token"), answer.text("refresh_token"))
}

/// What an app of its own right presents.
async fn act(
    house: &mut House,
    name: &str,
    kind: &Kind,
    end: Option<countersign::base::clock::Timestamp>,
) -> String {
    let place = if kind.source == Source::Narrowed { "firm" } else { kind.place };
    let app = match kind.source {
        Source::ApiToken => AppKind::ApiToken,
        _ => AppKind::ApiCredentials,
    };
    let new = house.acting(app, place, kind.person, &GRANTED.join(" "));
    let mcp = kind.source == Source::McpCredentials;
    house.register(name, NewApp { expires_at: end, mcp, ..new }).await;
    let secret = house.app(name).client_secret.clone().unwrap();
    let narrow = match kind.source {
        Source::ApiToken | Source::Secret => return secret,
        Source::McpCredentials => ("resource", MCP.to_owned()),
        Source::Narrowed if kind.place == "acme" => ("company_id", house.company("acme")),
        Source::Narrowed => {
            let company = house.company(kind.place);
            ("resource", format!("https://cs.example/api/external/v2/companies/{company}"))
        }
        _ => ("scope", String::new()),
    };
    house.grant(name, &[(narrow.0, &narrow.1)]).await.text("access_token")
}

async fn befall(house: &House, fate: Fate, tokens: &[(usize, String, Option<String>)]) {
    let ids = |name: &str| house.app(name).client_id.parse().unwrap();
    let acme: Place = house.company("acme").parse().unwrap();
    let places = [acme, house.company("acme-test").parse().unwrap(), house.firm().parse().unwrap()];
    match fate {
        Fate::Nothing => {}
        Fate::AppExpired => house.advance(2 * 3600),
        Fate::RoleReduced | Fate::RoleRemoved => {
            for (person, place) in [("owner", 0), ("owner", 1), ("partner", 2), ("junior", 2)] {
                let (user, place) = (house.user_id(person), places[place]);
                if fate == Fate::RoleReduced {
                    let viewer = RoleName("viewer".to_owned());
                    house.ops.grant_role(user, place, viewer, ORIGIN).await.unwrap();
                } else {
                    house.ops.remove_role(user, place, ORIGIN).await.unwrap();
                }
            }
        }
        Fate::PersonDisabled => {
            for person in ["owner", "partner", "junior"] {
                house.ops.disable_user(house.user_id(person), ORIGIN).await.unwrap();
            }
        }
        Fate::Ended => {
            for (number, _, refresh) in tokens {
                let name = format!("kind {number}");
                match refresh {
                    Some(refresh) => {
                        let form = [("token", refresh.as_str())];
                        house.as_app_at("/oauth/revoke", &name, &form).await;
                    }
                    None if KINDS[*number].source == Source::Garbage => {}
                    None => drop(house.ops.revoke_app(ids(&name), ORIGIN).await.unwrap()),
                }
            }
        }
        Fate::Blocked => {
            let Place::Company(company) = acme else { panic!("no company") };
            for app in house.guide.apps.iter().map(|app| app.client_id.parse().unwrap()) {
                house.ops.block(company, app, None, "", ORIGIN).await.unwrap();
            }
        }
    }
}

/// The id that stands for a name of [`NAMED`].
fn id_of(house: &House, named: &str) -> String {
    match named {
        "" | "nonsense" => named.to_owned(),
        "made up" => {
            let mut id = house.company("acme");
            id.replace_range(id.len() - 4.., "0000");
            id
        }
        slug => house.company(slug),
    }
}

async fn call(house: &House, token: &str, method: &str, path: &str, company: &str) -> Answer {
    house.clock.advance(std::time::Duration::from_millis(250));
    let mut request =
        request(method, path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    if !company.is_empty() {
        request = request.header("x-company-id", company);
    }
    house.send(request.body(axum::body::Body::from("{}")).unwrap()).await
}

/// The routes: method, path, whether a company can stand in the path, scope.
fn routes() -> Vec<(&'static str, String, bool, Option<&'static str>)> {
    let api = routes::calls().map(|(route, scope)| (route.method, route.path, true, scope));
    api.chain([("GET", routes::CONNECTIONS.to_owned(), false, None)]).collect()
}

#[track_caller]
fn assert_answer(answer: &Answer, expected: Expected, scope: Option<&str>, of: &str) {
    let error = answer.status.is_client_error().then(|| answer.error());
    let error = error.filter(|_| answer.status != StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((answer.status.as_u16(), error.as_deref()), expected, "{of}: {answer:?}");
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge.contains("error=\"invalid_token\""), expected == INVALID_TOKEN, "{of}");
    if challenge.contains("insufficient_scope") {
        assert_eq!(expected, FORBIDDEN, "{of}");
        assert!(challenge.contains(&format!("scope=\"{}\"", scope.unwrap())), "{of}");
    }
}

#[tokio::test]
async fn every_token_gets_from_every_route_of_every_company_exactly_what_the_rules_say() {
    let mut answered = std::collections::BTreeMap::new();
    for fate in FATES {
        let mut house = House::quick().await;
        let tokens = tokens(&mut house).await;
        befall(&house, fate, &tokens).await;
        for (number, token, _) in &tokens {
            let kind = &KINDS[*number];
            for (method, path, in_path, scope) in routes() {
                let own =
                    ["/me", "/companies", "/connections"].iter().any(|own| path.ends_with(own));
                for to in NAMED {
                    let of = format!(
                        "{fate:?}: {:?} of {} for {}: {method} {path} of {to:?}",
                        kind.source, kind.person, kind.place
                    );
                    let id = id_of(&house, to);
                    let expected = kind.expected(method, scope, own, to, fate);
                    let answer = call(&house, token, method, &path, &id).await;
                    assert_answer(&answer, expected, scope, &of);
                    if in_path && !id.is_empty() {
                        let below = path.strip_prefix("/api/external/v2").unwrap();
                        let path = format!("/api/external/v2/companies/{id}{below}");
                        assert_answer(
                            &call(&house, token, method, &path, "").await,
                            expected,
                            scope,
                            &of,
                        );
                    }
                    if expected == OK && path.ends_with("/companies") {
                        assert_eq!(listed(&answer), kind.reach(fate), "{of}");
                    }
                    *answered.entry(expected).or_insert(0) += 1;
                }
            }
        }
    }
    assert_eq!(answered.len(), 5, "each answer was met: {answered:?}");
    assert!(answered[&OK] > 200, "{answered:?}");
}

#[tokio::test]
async fn every_token_gets_from_every_tool_of_every_company_exactly_what_the_rules_say() {
    let listed = TOOLS.iter().map(|(tool, needs)| (*tool, Some(*needs)));
    let tools: Vec<_> = listed.chain([("delete_everything", None)]).collect();
    let mut answered = std::collections::BTreeMap::new();
    for fate in FATES {
        let mut house = House::quick().await;
        let tokens = tokens(&mut house).await;
        befall(&house, fate, &tokens).await;
        for (number, token, _) in &tokens {
            let kind = &KINDS[*number];
            for slug in ["acme", "acme-test", "bakery", "clinic", "made-up"] {
                for (tool, needs) in &tools {
                    let params = serde_json::json!({"name": tool, "arguments": {}});
                    let message = serde_json::json!(
                        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
                    );
                    let answer = house.mcp_send(token, slug, message.to_string(), &[]).await;
                    let expected = kind.expected_of_tool(*needs, slug, fate);
                    let of =
                        format!("{fate:?}: {:?} for {}: {tool} of {slug}", kind.source, kind.place);
                    assert_eq!(answer.status.as_u16(), expected, "{of}: {answer:?}");
                    let challenge = answer.header("www-authenticate");
                    assert_eq!(challenge.contains("invalid_token"), expected == 401, "{of}");
                    let heard = house.mcp.heard().len();
                    assert_eq!(heard, usize::from(expected == 200), "{of}: what goes on");
                    *answered.entry(expected).or_insert(0) += 1;
                }
            }
        }
    }
    assert!(answered[&200] > 40 && answered[&403] > 80 && answered[&401] > 500, "{answered:?}");
}

fn listed(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let slug = |item: &serde_json::Value| item["slug"].as_str().unwrap().to_owned();
    let mut slugs: Vec<String> = body["items"].as_array().unwrap().iter().map(slug).collect();
    slugs.sort_unstable();
    slugs
}
