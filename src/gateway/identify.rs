//! How every protected call begins, whatever its surface: the browser's origin, the token, what it is
//! good for, how often it may call.

use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::header::ORIGIN;

use crate::base::id::CompanyId;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::gate::GateRefusal;
use crate::domain::rate::Allowance;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;
use crate::domain::token::Grant;
use crate::domain::usage::Counted;
use crate::gateway::answer;
use crate::gateway::challenge::Challenge;
use crate::gateway::rates::Rates;
use crate::ops::Ops;
use crate::ops::check_call::CallRefusal;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Failure;
use crate::telemetry::measures;

/// A refusal to answer with; its exact cause is written down.
pub(super) type Refused = Box<Response>;

/// The surface that a token must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// The API.
    Api,
    /// The MCP endpoint of this company.
    Mcp(CompanyId),
    /// One that no token is for.
    Nothing,
}

impl For {
    /// Whether a token for `audience` is good for it.
    pub(super) fn covers(self, audience: Audience) -> bool {
        match self {
            Self::Api => audience.api,
            Self::Mcp(company) => audience.mcp == Some(company),
            Self::Nothing => false,
        }
    }
}

/// One call on its way through the checks.
pub(super) struct Call<'a> {
    /// The operations.
    pub ops: &'a Ops,
    /// Where it came from.
    pub from: Origin,
    /// The origins of web pages that may call; empty: all.
    pub origins: &'a [String],
    /// What its refusals tell.
    pub challenge: Challenge,
}

impl Call<'_> {
    /// Who calls: a live token that is good for this surface, and has not called too often. Once the
    /// token is known, `allowance` says where it stands.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn identify(
        &self,
        headers: &HeaderMap,
        surface: For,
        rates: Option<&Rates>,
        allowance: &mut Option<Allowance>,
    ) -> Result<LiveToken, Refused> {
        check_browser_origin(headers, self.origins)?;
        let Some(token) = self.bearer(headers)? else {
            return Err(Box::new(answer::no_token(&self.challenge)));
        };
        let live = match self.ops.live_token(token) {
            Ok(live) => live,
            Err(failure) => return Err(self.failed(None, failure).await),
        };
        if !surface.covers(live.token.audience) {
            return Err(self.refuse(Some(&live), CallRefusal::OtherAudience).await);
        }
        self.ops.note_use(live.app().id);
        if let Grant::Secret(secret) = live.token.grant {
            self.ops.note_secret_use(live.app().id, secret);
        }
        if let Some(connection) = &live.connection {
            self.ops.note_connection_call(connection.id, self.from.address);
        }
        *allowance = rates.and_then(|rates| rates.count(live.id, self.ops.now()));
        if allowance.is_some_and(|allowance| allowance.exceeded) {
            self.turned_away(&live);
            return Err(Box::new(answer::too_many_calls()));
        }
        Ok(live)
    }

    /// The Bearer scheme in any case (RFC 9110 section 11.1); never from a query or a form.
    pub(super) fn bearer<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, Refused> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let Some(header) = lines.next() else { return Ok(None) };
        let malformed = || Box::new(answer::malformed_token(&self.challenge));
        if lines.next().is_some() {
            return Err(malformed());
        }
        let text = header.to_str().map_err(|_| malformed())?;
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Some(token.trim()))
            }
            _ => Ok(None),
        }
    }

    /// The response to a failure.
    pub(super) async fn failed(
        &self,
        live: Option<&LiveToken>,
        failure: Failure<CallRefusal>,
    ) -> Refused {
        match failure {
            Failure::Refused(why) => self.refuse(live, why).await,
            Failure::Fault(fault) => Box::new(answer::failed(&fault)),
        }
    }

    /// The response to a refusal.
    pub(super) async fn refuse(&self, live: Option<&LiveToken>, why: CallRefusal) -> Refused {
        let lacks =
            matches!(why, CallRefusal::Gate(GateRefusal::NothingAllowed | GateRefusal::NoRole));
        let needed = if lacks { self.challenge.scopes.clone() } else { ScopeSet::default() };
        self.note_about(live, None, format!("{why:?}"), &needed).await;
        Box::new(answer::of(why, &self.challenge))
    }

    /// The token lacks what the challenge names, in `company`.
    pub(super) async fn lacks_scope(&self, live: &LiveToken, company: CompanyId) -> Refused {
        let cause = format!("missing scope: {}", self.challenge.scopes);
        self.note_about(Some(live), Some(company), cause, &self.challenge.scopes).await;
        Box::new(answer::missing_scope(&self.challenge))
    }

    /// Writes a refusal down; `cause` holds nothing that the caller sent.
    pub(super) async fn note(&self, live: Option<&LiveToken>, cause: String) {
        self.note_about(live, None, cause, &ScopeSet::default()).await;
    }

    async fn note_about(
        &self,
        live: Option<&LiveToken>,
        company: Option<CompanyId>,
        cause: String,
        needed: &ScopeSet,
    ) {
        let event = self.ops.event(EventKind::CallRefused, self.from).cause(cause);
        let event = match live {
            Some(live) => self.ops.about_call(event, live, company, needed),
            None => event,
        };
        self.ops.note_refusal(event).await;
    }

    /// Counts a call that passed; one through a firm counts for the firm and for the company.
    pub(super) fn passed(&self, live: &LiveToken, company: Option<CompanyId>) {
        measures::GUARD.of("passed").count();
        self.ops.count_call(live, company, Counted::Called);
    }

    /// Counts a call that was refused for what it asked for, which is no affair of the trail.
    pub(super) fn turned_away(&self, live: &LiveToken) {
        measures::GUARD.of("refused").count();
        self.ops.count_call(live, None, Counted::CallRefused);
    }
}

/// A browser's `Origin` must be one, and among `allowed` if that says any: `null` and nonsense are
/// refused.
fn check_browser_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Refused> {
    let mut lines = headers.get_all(ORIGIN).iter();
    let Some(origin) = lines.next() else { return Ok(()) };
    let text = origin.to_str().unwrap_or_default();
    let is_one = url::Url::parse(text).is_ok_and(|url| is_origin(&url, text));
    let may_call = allowed.is_empty() || allowed.iter().any(|allowed| allowed == text);
    if is_one && may_call && lines.next().is_none() {
        return Ok(());
    }
    let message = "This Origin may not call.";
    Err(Box::new(answer::refuse(StatusCode::FORBIDDEN, "forbidden", message)))
}

/// Scheme, host and port and nothing else (RFC 6454 section 6.2), of whatever scheme: browser
/// extensions and desktop shells have their own.
fn is_origin(url: &url::Url, text: &str) -> bool {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().is_some_and(|host| format!("{}://{host}{port}", url.scheme()) == text)
}
