//! Changing the installation's keys: the one that tokens are hashed under, and the one that assertions
//! are signed with.

use zeroize::Zeroizing;

use crate::base::id::RawId;
use crate::crypto::keyring::TokenKey;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::vouching::Assertions;
use crate::ops::Ops;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::TokenKeys;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotatedKeys {
    /// The key that signs from now on; none: nothing is signed here.
    pub signing: Option<RawId>,
    /// The version of the key that tokens are hashed under from now on.
    pub token: u8,
}

impl Ops {
    /// Makes new keys. What was hashed under the old token keys stays good. Old signing keys stay
    /// published until all that they signed is over; with `alone` they are destroyed at once.
    ///
    /// # Errors
    /// [`Refusal::TooManyTokenKeys`].
    pub async fn rotate_keys(&self, alone: bool, from: Origin) -> Outcome<RotatedKeys, Refusal> {
        let token = flatten(self.store.submit(NextTokenKey::drawn(self, from)).await)?;
        self.keys.adopt(&token);
        let signs = self.settings.assertions != Assertions::Off;
        let signing = match signs {
            true => Some(self.change_signing_key(alone, from).await?),
            false => None,
        };
        Ok(RotatedKeys { signing, token: token.version })
    }
}

struct NextTokenKey {
    ops: Ops,
    bytes: Zeroizing<[u8; 32]>,
    salt: [u8; 32],
    from: Origin,
}

impl NextTokenKey {
    fn drawn(ops: &Ops, from: Origin) -> Self {
        Self { ops: ops.frozen(), bytes: Zeroizing::new(ops.draw()), salt: ops.draw(), from }
    }
}

impl Operation for NextTokenKey {
    type Outcome = Result<TokenKey, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let mut changes = Changes::new();
        let newest =
            reader.all::<TokenKeys>()?.into_iter().filter_map(|(key, _)| key.first().copied());
        let Some(version) = newest.max().unwrap_or(0).checked_add(1) else {
            return Ok(Decision { changes, outcome: Err(Refusal::TooManyTokenKeys) });
        };
        let key = TokenKey { version, bytes: self.bytes };
        let sealed = self.ops.keys.seal_next_token_key(&key, self.salt).map_err(Fault::engine)?;
        changes.put::<TokenKeys>(&version, &sealed)?;
        let event = Event::new(EventKind::KeysChanged, self.ops.now(), self.from);
        changes.record(event.cause("token key"));
        Ok(Decision { changes, outcome: Ok(key) })
    }
}
