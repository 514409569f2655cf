//! Which tokens are listed as live, and what a new issuer ends.

use super::*;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::id::SecretId;
use crate::crypto::token::HashedToken;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::connection::EndCause;
use crate::domain::resource::Audience;
use crate::domain::token::AccessToken;
use crate::domain::token::Grant;
use crate::ops::administration::accept_issuer::AcceptIssuer;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AccessTokens;
use crate::store::tables::ClientAccessTokens;
use crate::store::tables::Connections;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Rows as issuing leaves them.
#[derive(Default)]
struct Add {
    connections: Vec<Connection>,
    people: Vec<AccessToken>,
    clients: Vec<AccessToken>,
}

impl Operation for Add {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for connection in &self.connections {
            changes.put::<Connections>(&connection.id, connection)?;
        }
        let id = || RawId::make(Timestamp::from_millis(1), &SystemEntropy::new());
        for token in &self.people {
            changes.put::<AccessTokens>(&id(), token)?;
        }
        for token in &self.clients {
            changes.put::<ClientAccessTokens>(&id(), token)?;
        }
        Ok(Decision { changes, outcome: () })
    }
}

fn connection(ops: &Ops, app: AppId, user: UserId, place: Place, audience: Audience) -> Connection {
    Connection {
        id: ConnectionId::make(ops.now(), &SystemEntropy::new()),
        app,
        app_generation: 1,
        user,
        place,
        scopes: ScopeSet::parse("products:all"),
        audience,
        consented_at: ops.now(),
        absolute_end: Timestamp::NEVER,
        owner: None,
        purpose: String::new(),
        review_due: None,
        review_days: 0,
        status: ConnectionStatus::Active,
    }
}

fn token(ops: &Ops, app: AppId, grant: Grant, place: Place) -> AccessToken {
    AccessToken {
        hash: HashedToken::unmatchable(),
        app,
        app_generation: 1,
        grant,
        place,
        audience: Audience { api: true, mcp: None },
        scopes: ScopeSet::parse("products:all"),
        expires_at: ops.now().plus(Duration::from_secs(60)),
    }
}

#[tokio::test]
async fn only_tokens_that_work_now_are_listed() {
    let ops = ops();
    let (place, owner) = member(&ops, "owner").await;
    let server = ops.create_app(credentials(place, owner, "products:all"), FROM).await.unwrap().app;
    let uri = "https://portal.example/callback";
    let portal = ops.create_app(oauth(AppKind::OauthPublic, uri), FROM).await.unwrap().app;
    let api = Audience { api: true, mcp: None };
    let active = connection(&ops, portal.id, owner, place, api);
    let ended = connection(&ops, portal.id, owner, place, api);
    let ended = ended.ended(ops.now(), EndCause::DeletedByUser);
    let by_person =
        |connection: &Connection| token(&ops, portal.id, Grant::Connection(connection.id), place);
    let by_secret = |secret| token(&ops, server.id, Grant::Secret(secret), place);
    let live = by_secret(server.secrets[0].id);
    let gone = by_secret(SecretId::make(ops.now(), &SystemEntropy::new()));
    let expired = AccessToken { expires_at: ops.now(), ..live.clone() };
    let older = AccessToken { app_generation: 0, ..live.clone() };
    let rows = Add {
        people: vec![by_person(&active), by_person(&ended)],
        clients: vec![live, gone, expired, older],
        connections: vec![active, ended],
    };
    ops.store.submit(rows).await.unwrap();
    let listed = ops.live_tokens().unwrap();
    let listed: Vec<_> = listed.iter().map(|token| (token.app, token.user)).collect();
    assert_eq!(listed, [(portal.id, Some(owner)), (server.id, None)]);
    ops.revoke_app(server.id, FROM).await.unwrap();
    ops.revoke_app(portal.id, FROM).await.unwrap();
    assert!(ops.live_tokens().unwrap().is_empty());
}

#[tokio::test]
async fn a_new_issuer_ends_what_was_granted_for_mcp_urls_and_nothing_else() {
    let ops = ops();
    let (place, owner) = member(&ops, "owner").await;
    let server = ops.create_app(credentials(place, owner, "products:all"), FROM).await.unwrap().app;
    let Place::Company(company) = place else { panic!("a company") };
    let (api, mcp) =
        (Audience { api: true, mcp: None }, Audience { api: false, mcp: Some(company) });
    let for_api = connection(&ops, server.id, owner, place, api);
    let for_mcp = connection(&ops, server.id, owner, place, mcp);
    let token = token(&ops, server.id, Grant::Secret(server.secrets[0].id), place);
    let rows = Add {
        connections: vec![for_api.clone(), for_mcp.clone()],
        clients: vec![token.clone(), AccessToken { audience: mcp, ..token }],
        people: Vec::new(),
    };
    ops.store.submit(rows).await.unwrap();
    let issuer = "https://new.example.com".to_owned();
    let ended = ops.store.submit(AcceptIssuer { issuer, now: ops.now() }).await.unwrap();
    assert_eq!(ended, 1);
    let status = |id: ConnectionId| ops.find_connection(&id.to_string()).unwrap().is_active();
    assert_eq!((status(for_api.id), status(for_mcp.id)), (true, false));
    assert_eq!(ops.live_tokens().unwrap().len(), 1);
    assert_eq!(kinds(&ops).last(), Some(&EventKind::ConnectionEnded));
}
