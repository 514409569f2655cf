//! Signing: the keys of assertions, made, changed and destroyed in time, and what is signed with them.
//!
//! Opened keys are kept in memory. The store is asked for them once, and again when they change: a
//! store that fails takes no signature away.

use std::sync::Arc;
use std::sync::RwLock;

use zeroize::Zeroizing;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::RawId;
use crate::crypto::signature::SigningPair;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::signing_key::SigningKey;
use crate::domain::signing_key::Turns;
use crate::domain::vouching::Assertions;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Table as _;
use crate::store::tables;
use crate::store::tables::SigningKeys;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Of how a key is sealed; part of what its seal is bound to.
const SEAL_VERSION: u8 = 1;

/// The keys that are open.
#[derive(Default)]
pub struct OpenKeys(RwLock<Arc<Ring>>);

#[derive(Default)]
struct Ring {
    turns: Turns,
    keys: Vec<OpenKey>,
}

struct OpenKey {
    id: RawId,
    pair: SigningPair,
}

/// A published key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name, the `kid`.
    pub id: RawId,
    /// The 32 bytes of an Ed25519 key.
    pub bytes: Vec<u8>,
}

/// When the keys are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// As the calendar has it.
    Due,
    /// Now; `alone`: and every other key goes at once.
    Now { alone: bool },
}

impl Ops {
    /// Signs `payload` as a compact JWS of type `kind`.
    ///
    /// # Errors
    /// There is no key yet, and none could be made.
    pub async fn sign(&self, kind: &str, payload: &[u8]) -> Result<String, Fault> {
        let ring = self.open_ring().await?;
        let signing = ring.turns.signing(self.now());
        let key = ring.keys.iter().find(|key| Some(key.id) == signing);
        let key = key.ok_or_else(|| unusable("there is no key to sign with"))?;
        let id = key.id;
        let header = format!(r#"{{"alg":"EdDSA","typ":"{kind}","kid":"{id}"}}"#);
        Ok(key.pair.sign_compact(header.as_bytes(), payload))
    }

    /// The keys to publish: the one that signs, the next, and those whose last signatures are not
    /// over. None while nothing is signed.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, Fault> {
        if self.settings.assertions == Assertions::Off {
            return Ok(Vec::new());
        }
        let ring = self.open_ring().await?;
        let public = |key: &OpenKey| PublicKey { id: key.id, bytes: key.pair.public().to_vec() };
        Ok(ring.keys.iter().map(public).collect())
    }

    /// Makes the next key when its time has come, and destroys those that are over.
    ///
    /// # Errors
    /// The store failed; keys that are open sign on.
    pub async fn keep_signing_keys(&self) -> Result<(), Fault> {
        if self.settings.assertions == Assertions::Off {
            return Ok(());
        }
        let turns = self.store.read(|reader| Ok(turns(&rows(reader)?)))?;
        let each = self.settings.key_rotation;
        let due = turns.next_from(self.now(), each).is_some() || !turns.over(self.now()).is_empty();
        if due {
            self.change_keys(When::Due, Origin::default()).await?;
        }
        self.open_anew()
    }

    /// Makes a new key that signs from now on; `alone`: the others are destroyed at once. Answers its
    /// name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn change_signing_key(&self, alone: bool, origin: Origin) -> Result<RawId, Fault> {
        let made = self.change_keys(When::Now { alone }, origin).await?;
        self.open_anew()?;
        Ok(made)
    }

    async fn change_keys(&self, when: When, origin: Origin) -> Result<RawId, Fault> {
        let id = RawId::make(self.now(), self.entropy.as_ref());
        let seed = Zeroizing::new(self.draw::<32>());
        let sealed = self
            .keys
            .seal(SigningKeys::ID.name(), &bound_to(id), &*seed, self.draw())
            .map_err(unusable)?;
        let sealed = encoding::base64url(&sealed);
        self.store.submit(ChangeKeys { ops: self.frozen(), when, id, sealed, origin }).await?;
        Ok(id)
    }

    async fn open_ring(&self) -> Result<Arc<Ring>, Fault> {
        let ring = self.signing_keys.get();
        if !ring.keys.is_empty() {
            return Ok(ring);
        }
        self.keep_signing_keys().await?;
        Ok(self.signing_keys.get())
    }

    /// Opens what is stored now.
    fn open_anew(&self) -> Result<(), Fault> {
        let rows = self.store.read(rows)?;
        let open = |(id, row): &(RawId, SigningKey)| {
            let sealed = encoding::base64url_decode(&row.sealed).unwrap_or_default();
            let opened = self.keys.open(SigningKeys::ID.name(), &bound_to(*id), &sealed);
            let seed = Zeroizing::new(opened.map_err(unusable)?);
            let pair = SigningPair::from_seed(&seed).map_err(unusable)?;
            Ok(OpenKey { id: *id, pair })
        };
        let keys: Result<Vec<_>, Fault> = rows.iter().map(open).collect();
        self.signing_keys.put(Ring { turns: turns(&rows), keys: keys? });
        Ok(())
    }
}

impl OpenKeys {
    fn get(&self) -> Arc<Ring> {
        self.0.read().map(|ring| Arc::clone(&ring)).unwrap_or_default()
    }

    fn put(&self, ring: Ring) {
        if let Ok(mut open) = self.0.write() {
            *open = Arc::new(ring);
        }
    }
}

/// What the seal of a key is bound to, beside the table's name.
fn bound_to(id: RawId) -> Vec<u8> {
    let mut bytes = id.bytes().to_vec();
    bytes.push(SEAL_VERSION);
    bytes
}

fn rows(reader: &Reader<'_>) -> Result<Vec<(RawId, SigningKey)>, Fault> {
    let rows = reader.all::<SigningKeys>()?.into_iter();
    Ok(rows.filter_map(|(key, row)| tables::last_id(&key).map(|id| (id, row))).collect())
}

fn turns(rows: &[(RawId, SigningKey)]) -> Turns {
    Turns::of(rows.iter().map(|(id, row)| (*id, row.signs_from)))
}

fn unusable(error: impl std::fmt::Display) -> Fault {
    Fault::row(SigningKeys::ID.name(), error)
}

struct ChangeKeys {
    ops: Ops,
    when: When,
    id: RawId,
    sealed: String,
    origin: Origin,
}

impl ChangeKeys {
    /// From when on the new key signs, if there is to be one.
    fn signs_from(&self, turns: &Turns) -> Option<Timestamp> {
        match self.when {
            When::Due => turns.next_from(self.ops.now(), self.ops.settings.key_rotation),
            When::Now { .. } => Some(self.ops.now()),
        }
    }

    fn goes(&self, row: &(RawId, SigningKey), turns: &Turns) -> bool {
        let (id, key) = row;
        match self.when {
            // A key that was to sign later would take the new one's turn.
            When::Now { alone } => alone || key.signs_from > self.ops.now(),
            When::Due => turns.over(self.ops.now()).contains(id),
        }
    }
}

impl Operation for ChangeKeys {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let rows = rows(reader)?;
        let turns = turns(&rows);
        let mut changes = Changes::new();
        for row in rows.iter().filter(|row| self.goes(row, &turns)) {
            changes.delete::<SigningKeys>(&row.0);
        }
        if let Some(signs_from) = self.signs_from(&turns) {
            let row = SigningKey { sealed: self.sealed, created_at: self.ops.now(), signs_from };
            changes.put::<SigningKeys>(&self.id, &row)?;
            // The very first one is part of the installation: nobody changed anything.
            if !rows.is_empty() {
                let event = Event::new(EventKind::KeysChanged, self.ops.now(), self.origin);
                changes.record(event.cause(cause(self.when)));
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

const fn cause(when: When) -> &'static str {
    match when {
        When::Due => "due",
        When::Now { alone: false } => "asked_for",
        When::Now { alone: true } => "asked_for, others destroyed",
    }
}
