//! Rows written straight through the store, many in one operation: real tokens with real hashes,
//! in a fraction of the time that granting each would take.

use std::sync::Arc;
use std::time::Duration;

use countersign::app::installation::Installation;
use countersign::base::clock::Timestamp;
use countersign::base::id::ConnectionId;
use countersign::base::id::RawId;
use countersign::base::id::UserId;
use countersign::crypto::token::PlainToken;
use countersign::crypto::token::TokenKind;
use countersign::domain::app::App;
use countersign::domain::connection::Connection;
use countersign::domain::connection::ConnectionStatus;
use countersign::domain::resource::Audience;
use countersign::domain::scope::ScopeSet;
use countersign::domain::token::AccessToken;
use countersign::domain::token::Grant;
use countersign::domain::token::RefreshState;
use countersign::domain::token::RefreshToken;
use countersign::ops::connections;
use countersign::store::changes::Changes;
use countersign::store::fault::Fault;
use countersign::store::reader::Reader;
use countersign::store::tables::AccessTokens;
use countersign::store::tables::ClientAccessTokens;
use countersign::store::tables::RefreshTokens;
use countersign::store::writer::Decision;
use countersign::store::writer::Operation;

use super::Outcome;
use super::seed::SCOPES;

/// Tokens in one commit.
const AT_ONCE: u32 = 10_000;
/// The tokens' ages go from nothing to this.
const OLDEST: Duration = Duration::from_secs(20 * 60);
/// The default life of a token of API credentials.
const LIFE: Duration = Duration::from_secs(3600);
/// As many of the tokens are remembered, at most.
const REMEMBERED: u32 = 100_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Changes that were decided beforehand.
struct Apply(Changes);

impl Operation for Apply {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        Ok(Decision { changes: self.0, outcome: () })
    }
}

/// Writes `count` tokens of the apps in turn, as if issued one after the other until now, and
/// returns some of them from the whole table.
pub(crate) async fn live_tokens(
    installation: &Installation,
    apps: &[App],
    count: u32,
) -> Outcome<Vec<String>> {
    let now = installation.clock.now();
    let every = count.div_ceil(REMEMBERED).max(1);
    let mut remembered = Vec::new();
    let mut apps = apps.iter().cycle();
    let mut waiting = Changes::new();
    for first in (0..count).step_by(AT_ONCE as usize) {
        // While the writer commits one group, the next is drawn.
        let drawing = async {
            let mut changes = Changes::new();
            for n in first..count.min(first + AT_ONCE) {
                let age = OLDEST * (count - n) / count;
                let app = apps.next().ok_or("no app holds the tokens")?;
                let text = token_of(installation, &mut changes, app, now.minus(age))?;
                if n % every == 0 {
                    remembered.push(text);
                }
            }
            Outcome::Ok(changes)
        };
        let writing = installation.store.submit(Apply(std::mem::take(&mut waiting)));
        let (written, drawn) = tokio::join!(writing, drawing);
        written?;
        waiting = drawn?;
    }
    installation.store.submit(Apply(waiting)).await?;
    Ok(remembered)
}

/// One token, as issuing makes it.
fn token_of(
    installation: &Installation,
    changes: &mut Changes,
    app: &App,
    at: Timestamp,
) -> Outcome<String> {
    let entropy = installation.entropy.as_ref();
    let token = PlainToken::mint(TokenKind::ClientAccessToken, false, at, entropy);
    let secret = app.secrets.first().ok_or("an app without a secret")?;
    let row = AccessToken {
        hash: installation.keyring.hash(&token),
        app: app.id,
        app_generation: app.generation,
        grant: Grant::Secret(secret.id),
        place: app.place.ok_or("an app without a place")?,
        audience: Audience { api: true, mcp: None },
        scopes: ScopeSet::parse(SCOPES),
        expires_at: at.plus(LIFE),
    };
    changes.put::<ClientAccessTokens>(token.id(), &row)?;
    Ok(token.text().to_owned())
}

/// Writes `count` connections of `user` with `app`, and returns the refresh token of each.
pub(crate) async fn connections(
    installation: &Installation,
    app: &App,
    user: UserId,
    count: usize,
) -> Outcome<Vec<String>> {
    let mut changes = Changes::new();
    let chains = (0..count).map(|_| chain(installation, &mut changes, app, user));
    let chains = chains.collect::<Outcome<_>>()?;
    installation.store.submit(Apply(changes)).await?;
    Ok(chains)
}

/// A connection and its first pair of tokens, as redeeming a code makes them.
fn chain(
    installation: &Installation,
    changes: &mut Changes,
    app: &App,
    user: UserId,
) -> Outcome<String> {
    let (now, entropy) = (installation.clock.now(), Arc::clone(&installation.entropy));
    let mint = |kind| PlainToken::mint(kind, false, now, entropy.as_ref());
    let (access, refresh) = (mint(TokenKind::AccessToken), mint(TokenKind::RefreshToken));
    let place = app.place.ok_or("an app without a place")?;
    let connection = Connection {
        id: ConnectionId::from_raw(RawId::make(now, entropy.as_ref())),
        app: app.id,
        app_generation: app.generation,
        user,
        place,
        scopes: ScopeSet::parse(SCOPES),
        audience: Audience::of_place(place),
        consented_at: now,
        absolute_end: now.plus(DAY * 365),
        owner: None,
        purpose: String::new(),
        review_due: None,
        review_days: 0,
        status: ConnectionStatus::Active,
    };
    connections::create(changes, &connection)?;
    let row = AccessToken {
        hash: installation.keyring.hash(&access),
        app: app.id,
        app_generation: app.generation,
        grant: Grant::Connection(connection.id),
        place,
        audience: connection.audience,
        scopes: connection.scopes,
        expires_at: now.plus(DAY),
    };
    changes.put::<AccessTokens>(access.id(), &row)?;
    let row = RefreshToken {
        hash: installation.keyring.hash(&refresh),
        connection: connection.id,
        expires_at: now.plus(DAY * 90),
        access_token: *access.id(),
        state: RefreshState::Live,
    };
    changes.put::<RefreshTokens>(refresh.id(), &row)?;
    Ok(refresh.text().to_owned())
}
