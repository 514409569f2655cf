//! The token endpoint (RFC 6749 section 3.2).

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header::PRAGMA;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::usage::Counted;
use crate::http::json;
use crate::http::parameters::Repeated;
use crate::http::paths;
use crate::oauth::OauthState;
use crate::oauth::client;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::oauth::posted::Posted;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::explain::AskedOfToken;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::issue::TokenAnswer;
use crate::ops::issue_to_client::ClientGrantRequest;
use crate::ops::redeem_code::CodeRequest;
use crate::ops::refresh::RefreshRequest;
use crate::ops::token_refusal::TokenRefusal;
use crate::telemetry::measures;

/// A token request, read.
enum Asked {
    Code(CodeRequest),
    Refresh(RefreshRequest),
    Client(ClientGrantRequest),
}

impl Asked {
    const fn grant(&self) -> &'static str {
        match self {
            Self::Code(_) => "authorization_code",
            Self::Refresh(_) => "refresh_token",
            Self::Client(_) => "client_credentials",
        }
    }
}

/// Reads, authenticates, issues.
pub(super) async fn answer(State(state): State<OauthState>, posted: Posted) -> Response {
    let origin = posted.origin;
    let asked = match read(&posted) {
        Ok(asked) => asked,
        Err(why) => return why.respond(),
    };
    let client = match posted.client(&state.ops, client::Asked::at(paths::TOKEN)).await {
        Ok(client) => client,
        Err(response) => return *response,
    };
    let (app, secret) = (client.shared_app(), client.secret());
    let about = about(&asked);
    let refreshes = matches!(asked, Asked::Refresh(_));
    let grant = asked.grant();
    match issue(&state.ops, client, asked, origin).await {
        Ok(answer) => {
            measures::TOKENS_ISSUED.of(grant).count();
            state.ops.note_use(app.id);
            if let Some(secret) = secret {
                state.ops.note_secret_use(app.id, secret);
            }
            if let Some(connection) = answer.connection.filter(|_| refreshes) {
                state.ops.note_connection_token(connection, origin.address);
            }
            if let Some(place) = answer.issued_for {
                state.ops.count(app.id, place, Counted::Issued);
            }
            respond(&answer)
        }
        Err(Failure::Refused(why)) => {
            let cause = why.cause();
            let words = format!("{grant}\t{}", measures::cause_word(&cause));
            measures::TOKENS_REFUSED.of(&words).count();
            let kind = match why {
                TokenRefusal::SecretInBrowser => EventKind::SecretUsedInBrowser,
                _ => EventKind::TokenRefused,
            };
            let event = state.ops.event(kind, origin).app(app.id).cause(cause);
            state.ops.note_refusal(state.ops.about_token(event, &app, &about, why)).await;
            posted.refuse(why.into())
        }
        Err(Failure::Fault(fault)) => error::failed(&fault),
    }
}

fn read(posted: &Posted) -> Result<Asked, OauthError> {
    let form = &posted.form;
    let text = |name| form.text(name).map_err(|_: Repeated| OauthError::MALFORMED);
    let needed = |name| text(name)?.ok_or(OauthError::MALFORMED);
    let resources = form.all("resource");
    match needed("grant_type")?.as_str() {
        "authorization_code" => Ok(Asked::Code(CodeRequest {
            code: needed("code")?,
            redirect_uri: text("redirect_uri")?,
            verifier: text("code_verifier")?,
            resources,
        })),
        "refresh_token" => Ok(Asked::Refresh(RefreshRequest {
            token: needed("refresh_token")?,
            scope: text("scope")?,
            resources,
        })),
        "client_credentials" => Ok(Asked::Client(ClientGrantRequest {
            scope: text("scope")?,
            resources,
            company: text("company_id")?,
            from_browser: posted.is_from_browser(),
        })),
        _ => Err(OauthError::UNSUPPORTED_GRANT),
    }
}

/// What a refusal may be about.
fn about(asked: &Asked) -> AskedOfToken {
    match asked {
        Asked::Code(request) => AskedOfToken {
            code: Some(request.code.clone()),
            redirect_uri: request.redirect_uri.clone(),
            ..AskedOfToken::default()
        },
        Asked::Refresh(request) => AskedOfToken {
            refresh: Some(request.token.clone()),
            scope: request.scope.clone(),
            ..AskedOfToken::default()
        },
        Asked::Client(request) => {
            AskedOfToken { scope: request.scope.clone(), ..AskedOfToken::default() }
        }
    }
}

async fn issue(
    ops: &Ops,
    client: AuthenticatedClient,
    asked: Asked,
    origin: Origin,
) -> Outcome<TokenAnswer, TokenRefusal> {
    match asked {
        Asked::Code(request) => ops.redeem_code(client, request, origin).await,
        Asked::Refresh(request) => ops.refresh(client, request, origin).await,
        Asked::Client(request) => ops.issue_to_client(client, request).await,
    }
}

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<u64>,
}

fn respond(answer: &TokenAnswer) -> Response {
    let seconds = |end: Timestamp| end.since(answer.now).as_secs();
    let body = Body {
        access_token: answer.access_token.expose(),
        token_type: "Bearer",
        expires_in: seconds(answer.access_expires_at),
        scope: &answer.scope,
        refresh_token: answer.refresh.as_ref().map(|(token, _)| token.expose()),
        refresh_token_expires_in: answer.refresh.as_ref().map(|(_, end)| seconds(*end)),
    };
    let mut response = json::answer(StatusCode::OK, &body);
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
