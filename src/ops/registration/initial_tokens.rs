//! Initial access tokens: the operator makes them, lists them and revokes them.

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::initial_token::InitialToken;
use crate::ops::Ops;
use crate::ops::administration::names;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::InitialTokens;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// A token with its id.
#[derive(Clone, Debug)]
pub struct ListedInitialToken {
    /// Its id.
    pub id: RawId,
    /// The token, but for itself.
    pub token: InitialToken,
}

/// A new token: shown now and never again.
#[derive(Clone, Debug)]
pub struct CreatedInitialToken {
    /// As it is listed.
    pub listed: ListedInitialToken,
    /// The token itself.
    pub plain: Secret,
}

struct Create {
    id: RawId,
    token: InitialToken,
    origin: Origin,
}

impl Operation for Create {
    type Outcome = ();

    fn decide(self, _: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.put::<InitialTokens>(&self.id, &self.token)?;
        let kind = EventKind::RegistrationTokenCreated;
        let event = Event::new(kind, self.token.created_at, self.origin);
        changes.record(event.cause(format!("\"{}\" ({})", self.token.name, self.id)));
        Ok(Decision { changes, outcome: () })
    }
}

struct Revoke {
    id: RawId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Revoke {
    type Outcome = Result<InitialToken, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(token) = reader.get::<InitialTokens>(&self.id)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownRegistrationToken)));
        };
        if token.revoked_at.is_some() {
            return Ok(Decision::unchanged(Ok(token)));
        }
        let token = InitialToken { revoked_at: Some(self.now), ..token };
        let mut changes = Changes::new();
        changes.put::<InitialTokens>(&self.id, &token)?;
        let event = Event::new(EventKind::RegistrationTokenRevoked, self.now, self.origin);
        changes.record(event.cause(format!("\"{}\" ({})", token.name, self.id)));
        Ok(Decision { changes, outcome: Ok(token) })
    }
}

impl Ops {
    /// Makes an initial access token, good until `expires_at` and for so many `uses`.
    ///
    /// # Errors
    /// The name cannot be shown, or the end has passed.
    pub async fn create_initial_token(
        &self,
        name: &str,
        expires_at: Option<Timestamp>,
        uses: Option<u32>,
        origin: Origin,
    ) -> Outcome<CreatedInitialToken, Refusal> {
        let now = self.now();
        let name = names::checked(name).map_err(Failure::Refused)?;
        if expires_at.is_some_and(|end| end <= now) {
            return Err(Failure::Refused(AppRefusal::ExpiryPassed.into()));
        }
        let plain = PlainToken::mint(TokenKind::InitialAccess, false, now, self.entropy.as_ref());
        let token = InitialToken {
            hash: self.keys.hash(&plain),
            name,
            last_four: plain.last_four(),
            created_at: now,
            expires_at,
            uses,
            used: 0,
            revoked_at: None,
        };
        let id = *plain.id();
        self.store.submit(Create { id, token: token.clone(), origin }).await?;
        let listed = ListedInitialToken { id, token };
        Ok(CreatedInitialToken { listed, plain: plain.text().into() })
    }

    /// Every initial access token, oldest first; those that are over too.
    ///
    /// # Errors
    /// The store failed.
    pub fn initial_tokens(&self) -> Result<Vec<ListedInitialToken>, Fault> {
        let rows = self.store.read(|reader| reader.all::<InitialTokens>())?;
        let listed = rows.into_iter().filter_map(|(key, token)| {
            tables::last_id(&key).map(|id| ListedInitialToken { id, token })
        });
        Ok(listed.collect())
    }

    /// Revokes an initial access token. Clients that registered with it stay.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn revoke_initial_token(
        &self,
        id: RawId,
        origin: Origin,
    ) -> Outcome<ListedInitialToken, Refusal> {
        let token = flatten(self.store.submit(Revoke { id, now: self.now(), origin }).await)?;
        Ok(ListedInitialToken { id, token })
    }
}
