//! Checkpoints of the audit chain: how far it had come, signed, in the file and in the log. A chain that
//! was cut off at its end follows from entry to entry all the same; a checkpoint tells.
//!
//! A checkpoint is a compact JWS (EdDSA) under a key of its own that comes of the master key, so it can be
//! checked for as long as the installation lives. Whoever can write the file can put an older checkpoint
//! of it back: the log, kept elsewhere, is what shows that.

use serde::Deserialize;
use serde::Serialize;

use crate::base::encoding;
use crate::crypto::digest;
use crate::ops::Ops;
use crate::store::chain;
use crate::store::chain::Broken;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Meta;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

const ROW: &str = "audit_checkpoint";

/// What a checkpoint says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// When, in seconds.
    iat: u64,
    /// The number of the newest entry.
    sequence: u64,
    /// Its hash.
    hash: String,
}

struct PutCheckpoint(String);

impl Operation for PutCheckpoint {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.put::<Meta>(ROW, &self.0.into_bytes())?;
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Writes down how far the chain has come, if it went on since the last time.
    ///
    /// # Errors
    /// The store failed.
    pub async fn checkpoint(&self) -> Result<(), Fault> {
        let due = self.store.read(|reader| {
            let newest = chain::newest(reader.state(), None, 1)?.pop();
            let last = stored(reader)?.and_then(|text| self.claims(&text));
            let last = last.map_or(0, |claims| claims.sequence);
            Ok(newest.filter(|entry| entry.sequence != last))
        })?;
        let Some(entry) = due else { return Ok(()) };
        let claims = Claims {
            iss: self.settings.issuer.as_str().to_owned(),
            iat: self.now().seconds(),
            sequence: entry.sequence,
            hash: entry.hash,
        };
        let json = serde_json::to_vec(&claims).map_err(|error| Fault::row("meta", error))?;
        let Some(text) = self.keys.sign_checkpoint(&json) else { return Ok(()) };
        self.store.submit(PutCheckpoint(text.clone())).await?;
        tracing::info!(sequence = claims.sequence, checkpoint = text, "audit checkpoint");
        Ok(())
    }

    /// The key that checkpoints are checked by: the 32 bytes of an Ed25519 key, in base64url.
    #[must_use]
    pub fn checkpoint_key(&self) -> String {
        self.keys.checkpoint_key()
    }

    /// Whether the chain still has all that the last checkpoint says.
    pub(in crate::ops) fn reaches_checkpoint(
        &self,
        reader: &Reader<'_>,
    ) -> Result<Result<(), Broken>, Fault> {
        let Some(text) = stored(reader)? else { return Ok(Ok(())) };
        let Some(claims) = self.claims(&text) else { return Ok(Err(Broken::Checkpoint)) };
        let entry = chain::sealed(reader.state(), claims.sequence)?;
        Ok(match entry {
            Some(entry) if entry.hash == claims.hash => Ok(()),
            Some(_) => Err(Broken::Changed(claims.sequence)),
            None => Err(Broken::CutShort(claims.sequence)),
        })
    }

    /// What a checkpoint says, if it is one of ours. Signing is deterministic: the same words under the
    /// same key are the same text.
    fn claims(&self, text: &str) -> Option<Claims> {
        let payload = encoding::base64url_decode(text.split('.').nth(1)?)?;
        let ours = digest::equal(self.keys.sign_checkpoint(&payload)?.as_bytes(), text.as_bytes());
        ours.then(|| serde_json::from_slice(&payload).ok()).flatten()
    }
}

fn stored(reader: &Reader<'_>) -> Result<Option<String>, Fault> {
    let row = reader.get::<Meta>(ROW)?;
    Ok(row.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
