//! Revocation (RFC 7009): a client gives a token back. A refresh token takes its whole family with
//! it; a token of another client, or none at all, changes nothing and is answered alike.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::crypto::keyring::Keyring;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::connection::EndCause;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::connections;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AccessTokens;
use crate::store::tables::ClientAccessTokens;
use crate::store::tables::Connections;
use crate::store::tables::RefreshTokens;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

impl Ops {
    /// Revokes `text` if it is a token of `client`. Says nothing of whether it was.
    ///
    /// # Errors
    /// The store failed: then nothing was revoked, and the caller must be told so.
    pub async fn revoke(
        &self,
        client: &AuthenticatedClient,
        text: &str,
        origin: Origin,
    ) -> Result<(), Fault> {
        let kinds = [TokenKind::AccessToken, TokenKind::ClientAccessToken, TokenKind::RefreshToken];
        let parsed = kinds
            .into_iter()
            .find_map(|kind| PlainToken::parse(kind, text).map(|token| (kind, token)));
        let Some((kind, token)) = parsed else { return Ok(()) };
        self.store
            .submit(Revoke {
                keys: Arc::clone(&self.keys),
                app: client.app().id,
                kind,
                token,
                now: self.now(),
                origin,
            })
            .await
    }
}

struct Revoke {
    keys: Arc<Keyring>,
    app: AppId,
    kind: TokenKind,
    token: PlainToken,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Revoke {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        match self.kind {
            TokenKind::RefreshToken => self.revoke_family(reader, &mut changes)?,
            TokenKind::ClientAccessToken => {
                let row = reader.get::<ClientAccessTokens>(self.token.id())?;
                if self.is_own(row.as_ref().map(|row| (&row.hash, row.app))) {
                    changes.delete::<ClientAccessTokens>(self.token.id());
                    changes.record(self.event());
                }
            }
            _ => {
                let row = reader.get::<AccessTokens>(self.token.id())?;
                if self.is_own(row.as_ref().map(|row| (&row.hash, row.app))) {
                    changes.delete::<AccessTokens>(self.token.id());
                    changes.record(self.event());
                }
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

impl Revoke {
    fn is_own(&self, row: Option<(&crate::crypto::token::HashedToken, AppId)>) -> bool {
        row.is_some_and(|(hash, app)| self.keys.matches(hash, &self.token) && app == self.app)
    }

    fn event(&self) -> Event {
        Event::new(EventKind::TokenRevoked, self.now, self.origin).app(self.app)
    }

    fn revoke_family(&self, reader: &Reader<'_>, changes: &mut Changes) -> Result<(), Fault> {
        let Some(row) = reader.get::<RefreshTokens>(self.token.id())? else { return Ok(()) };
        let Some(connection) = reader.get::<Connections>(&row.connection)? else { return Ok(()) };
        if !self.is_own(Some((&row.hash, connection.app))) || !connection.is_active() {
            return Ok(());
        }
        changes.record(
            self.event().user(connection.user).place(connection.place).connection(connection.id),
        );
        connections::end(changes, connection, self.now, EndCause::RevokedByClient)
    }
}
