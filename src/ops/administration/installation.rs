//! What the data file knows of its installation: which key opens it, whose issuer it is, whether
//! it is a sandbox.

use crate::base::clock::Timestamp;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::store::Store;
use crate::store::chain;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Row as _;
use crate::store::tables::Meta;
use crate::store::tables::TokenKeys;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

const KEY_CHECK: &str = "key_check";
const ISSUER: &str = "issuer";
const KIND: &str = "kind";
const LAST_SEEN: &str = "last_seen";
const CREATED_AT: &str = "created_at";

/// The first version of the key that tokens are hashed under.
pub const FIRST_TOKEN_KEY: u8 = 1;

/// Whether the data is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `serve` works with it.
    Real,
    /// `sandbox` works with it: its secrets lie open beside it.
    Sandbox,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Sandbox => "sandbox",
        }
    }
}

/// What the data file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Recognises the master key.
    pub key_check: Vec<u8>,
    /// The issuer at the first start.
    pub issuer: String,
    /// Real or a sandbox.
    pub kind: Kind,
    /// The token keys, sealed, by version; the last one is in use.
    pub token_keys: Vec<(u8, Vec<u8>)>,
    /// The last time that was noted: by the newest audit entry, or by a server that ran.
    pub last_seen_at: Timestamp,
}

/// What the data file says of itself; nothing while it is not complete.
///
/// # Errors
/// The store failed, or what it says makes no sense.
pub fn recorded(store: &Store) -> Result<Option<Recorded>, Fault> {
    store.read(|reader| {
        let Some(key_check) = reader.get::<Meta>(KEY_CHECK)? else { return Ok(None) };
        Ok(Some(Recorded {
            key_check,
            issuer: text(reader, ISSUER)?,
            kind: kind(&text(reader, KIND)?)?,
            token_keys: token_keys(reader)?,
            last_seen_at: last_seen_at(reader)?,
        }))
    })
}

/// What recognises the master key; nothing while the file is not complete.
pub(in crate::ops) fn key_check(reader: &Reader<'_>) -> Result<Vec<u8>, Fault> {
    Ok(reader.get::<Meta>(KEY_CHECK)?.unwrap_or_default())
}

fn text(reader: &Reader<'_>, key: &str) -> Result<String, Fault> {
    let bytes = reader.get::<Meta>(key)?.unwrap_or_default();
    String::from_utf8(bytes).map_err(|_| unreadable(format!("{key} is no text")))
}

fn kind(text: &str) -> Result<Kind, Fault> {
    [Kind::Real, Kind::Sandbox]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| unreadable(format!("the kind \"{text}\" is unknown")))
}

fn token_keys(reader: &Reader<'_>) -> Result<Vec<(u8, Vec<u8>)>, Fault> {
    let rows = reader.all::<TokenKeys>()?.into_iter();
    Ok(rows.filter_map(|(key, sealed)| key.first().map(|version| (*version, sealed))).collect())
}

/// The last time that a file noted.
///
/// # Errors
/// The store failed.
pub(in crate::ops) fn last_seen(store: &Store) -> Result<Timestamp, Fault> {
    store.read(last_seen_at)
}

/// Notes a time in the file.
pub(in crate::ops) fn put_last_seen(changes: &mut Changes, at: Timestamp) -> Result<(), Fault> {
    changes.put::<Meta>(LAST_SEEN, &at.to_bytes("meta")?)
}

pub(in crate::ops) fn last_seen_at(reader: &Reader<'_>) -> Result<Timestamp, Fault> {
    let newest = chain::newest(reader.state(), None, 1)?;
    let newest = newest.first().map_or(Timestamp::EPOCH, |entry| entry.event.at);
    let noted = reader.get::<Meta>(LAST_SEEN)?.map(|bytes| Timestamp::from_bytes("meta", &bytes));
    Ok(newest.max(noted.transpose()?.unwrap_or(Timestamp::EPOCH)))
}

/// Notes that time has come this far, so that a clock that is behind at the next start gives
/// nothing a longer life.
struct NoteTime(Timestamp);

impl Operation for NoteTime {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        put_last_seen(&mut changes, self.0)?;
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Notes the present in the file.
    ///
    /// # Errors
    /// The store failed.
    pub async fn note_time(&self) -> Result<(), Fault> {
        self.store.submit(NoteTime(self.now())).await
    }
}

fn unreadable(why: String) -> Fault {
    Fault::Row { table: "meta", why: why.into() }
}

/// Makes a data file an installation. Repeated on a file that was not finished, it starts over.
pub struct CreateInstallation {
    /// Recognises the master key.
    pub key_check: [u8; 32],
    /// The issuer from now on.
    pub issuer: String,
    /// Real or a sandbox.
    pub kind: Kind,
    /// The first token key, sealed.
    pub token_key: Vec<u8>,
    /// The present.
    pub now: Timestamp,
}

impl Operation for CreateInstallation {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.put::<Meta>(KEY_CHECK, &self.key_check.to_vec())?;
        changes.put::<Meta>(ISSUER, &self.issuer.into_bytes())?;
        changes.put::<Meta>(KIND, &self.kind.as_str().as_bytes().to_vec())?;
        changes.put::<Meta>(CREATED_AT, &self.now.millis().to_be_bytes().to_vec())?;
        changes.put::<TokenKeys>(&FIRST_TOKEN_KEY, &self.token_key)?;
        changes.record(Event::new(EventKind::InstallationCreated, self.now, Origin::default()));
        Ok(Decision { changes, outcome: () })
    }
}

/// The row of the issuer, for the act that changes it.
pub(in crate::ops) fn put_issuer(changes: &mut Changes, issuer: &str) -> Result<(), Fault> {
    changes.put::<Meta>(ISSUER, &issuer.as_bytes().to_vec())
}
