//! How rows are stored: compact layouts for tokens, a version byte and JSON for everything else,
//! so that fields can be added for years.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::id::SecretId;
use crate::domain::logo::Format;
use crate::domain::logo::Logo;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;
use crate::domain::token::AccessToken;
use crate::domain::token::Grant;
use crate::domain::token::RefreshState;
use crate::domain::token::RefreshToken;
use crate::domain::usage::Tally;
use crate::domain::usage::Usage;
use crate::store::bytes::Fields;
use crate::store::bytes::Layout;
use crate::store::fault::Fault;
use crate::store::table::Row;

const JSON: u8 = 1;
const LAYOUT: u8 = 1;

/// A row kept as a version byte and JSON.
pub fn json_to_bytes<T: Serialize>(table: &'static str, row: &T) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![JSON];
    serde_json::to_writer(&mut bytes, row).map_err(|error| unreadable(table, &error))?;
    Ok(bytes)
}

/// Reads a row written by [`json_to_bytes`].
pub fn json_from_bytes<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, Fault> {
    let json = Fields::version(table, bytes, JSON)?.rest();
    serde_json::from_slice(json).map_err(|error| unreadable(table, &error))
}

fn unreadable(table: &'static str, error: &serde_json::Error) -> Fault {
    Fault::Row { table, why: Arc::from(error.to_string()) }
}

/// Rows that are JSON.
macro_rules! json_rows {
    ($($row:ty),+ $(,)?) => {$(
        impl Row for $row {
            fn to_bytes(&self, table: &'static str) -> Result<Vec<u8>, Fault> {
                json_to_bytes(table, self)
            }

            fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
                json_from_bytes(table, bytes)
            }
        }
    )+};
}

json_rows!(
    crate::domain::app::App,
    crate::domain::attempts::Attempts,
    crate::domain::block::Block,
    crate::domain::company::Company,
    crate::domain::company::Firm,
    crate::domain::connection::Connection,
    crate::domain::connection::LastUse,
    crate::domain::consent::AuthorizationRequest,
    crate::domain::initial_token::InitialToken,
    crate::domain::invitation::Invitation,
    crate::domain::link::Link,
    crate::domain::role::OwnRole,
    crate::domain::self_registered::SelfRegistered,
    crate::domain::session::Session,
    crate::domain::signing_key::SigningKey,
    crate::domain::token::AuthorizationCode,
    crate::domain::user::Factors,
    crate::domain::user::Membership,
    crate::domain::user::User,
    crate::domain::webhook::AppOver,
    crate::domain::webhook::Attempt,
    crate::domain::webhook::Endpoint,
    crate::domain::webhook::Outgoing,
    crate::store::tables::PushedRequest,
    crate::store::tables::SecretUses,
    crate::store::tables::KnownBrowser,
);

/// An index row: its key says everything.
impl Row for () {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        Ok(Vec::new())
    }

    fn from_bytes(_table: &'static str, _bytes: &[u8]) -> Result<Self, Fault> {
        Ok(())
    }
}

/// A text.
impl Row for String {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        Ok(self.as_bytes().to_vec())
    }

    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        Self::from_utf8(bytes.to_vec())
            .map_err(|_| Fault::Row { table, why: Arc::from("not a text") })
    }
}

/// Opaque bytes.
impl Row for Vec<u8> {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        Ok(self.clone())
    }

    fn from_bytes(_table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        Ok(bytes.to_vec())
    }
}

/// A moment.
impl Row for Timestamp {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        Ok(Layout::version(LAYOUT).u64(self.millis()).done())
    }

    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        Fields::version(table, bytes, LAYOUT)?.u64().map(Self::from_millis)
    }
}

/// A picture: how large it is, what it is, and its bytes.
impl Row for Logo {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        let format = match self.format {
            Format::Png => b'p',
            Format::Jpeg => b'j',
            Format::Webp => b'w',
        };
        let layout = Layout::version(LAYOUT).byte(format).u32(self.width).u32(self.height);
        Ok(layout.rest(&self.bytes).done())
    }

    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::version(table, bytes, LAYOUT)?;
        let format = match fields.byte()? {
            b'p' => Format::Png,
            b'j' => Format::Jpeg,
            b'w' => Format::Webp,
            _ => return Err(fields.unreadable("no kind of picture")),
        };
        let (width, height) = (fields.u32()?, fields.u32()?);
        Ok(Self { format, width, height, bytes: fields.rest().to_vec() })
    }
}

const ON_CONNECTION: u8 = b'c';
const ON_SECRET: u8 = b's';
const API: u8 = 1;
const MCP: u8 = 2;

impl Row for AccessToken {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        let layout = Layout::version(LAYOUT)
            .hash(&self.hash)
            .id(self.app.raw())
            .u32(self.app_generation)
            .u64(self.expires_at.millis());
        let layout = match self.grant {
            Grant::Connection(id) => layout.byte(ON_CONNECTION).id(id.raw()),
            Grant::Secret(id) => layout.byte(ON_SECRET).id(id.raw()),
        };
        let layout = write_audience(layout.place(self.place), self.audience);
        Ok(layout.rest(self.scopes.to_string().as_bytes()).done())
    }

    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::version(table, bytes, LAYOUT)?;
        let hash = fields.hash()?;
        let app = AppId::from_raw(fields.id()?);
        let app_generation = fields.u32()?;
        let expires_at = Timestamp::from_millis(fields.u64()?);
        let grant = match fields.byte()? {
            ON_CONNECTION => Grant::Connection(ConnectionId::from_raw(fields.id()?)),
            ON_SECRET => Grant::Secret(SecretId::from_raw(fields.id()?)),
            _ => return Err(fields.unreadable("unknown kind of grant")),
        };
        let place = fields.place()?;
        let audience = read_audience(&mut fields)?;
        let scopes = ScopeSet::parse(fields.text()?);
        Ok(Self { hash, app, app_generation, grant, place, audience, scopes, expires_at })
    }
}

fn write_audience(layout: Layout, audience: Audience) -> Layout {
    let api = if audience.api { API } else { 0 };
    match audience.mcp {
        Some(company) => layout.byte(api | MCP).id(company.raw()),
        None => layout.byte(api),
    }
}

fn read_audience(fields: &mut Fields<'_>) -> Result<Audience, Fault> {
    let bits = fields.byte()?;
    let mcp = if bits & MCP == 0 { None } else { Some(CompanyId::from_raw(fields.id()?)) };
    Ok(Audience { api: bits & API != 0, mcp })
}

impl Row for Usage {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        let write =
            |layout: Layout, tally: &Tally| layout.u64(tally.count).u64(tally.last.millis());
        let all = [&self.issued, &self.issue_refused, &self.called, &self.call_refused];
        Ok(all.into_iter().fold(Layout::version(LAYOUT), write).done())
    }

    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::version(table, bytes, LAYOUT)?;
        let mut tally = || {
            let count = fields.u64()?;
            Ok(Tally { count, last: Timestamp::from_millis(fields.u64()?) })
        };
        let (issued, issue_refused) = (tally()?, tally()?);
        Ok(Self { issued, issue_refused, called: tally()?, call_refused: tally()? })
    }
}

const LIVE: u8 = b'l';
const CONSUMED: u8 = b'u';

impl Row for RefreshToken {
    fn to_bytes(&self, _table: &'static str) -> Result<Vec<u8>, Fault> {
        let layout = Layout::version(LAYOUT)
            .hash(&self.hash)
            .id(self.connection.raw())
            .u64(self.expires_at.millis())
            .id(&self.access_token);
        Ok(match &self.state {
            RefreshState::Live => layout.byte(LIVE).done(),
            RefreshState::Consumed { at, successor, kept_answer } => {
                layout.byte(CONSUMED).u64(at.millis()).id(successor).rest(kept_answer).done()
            }
        })
    }

    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::version(table, bytes, LAYOUT)?;
        let hash = fields.hash()?;
        let connection = ConnectionId::from_raw(fields.id()?);
        let expires_at = Timestamp::from_millis(fields.u64()?);
        let access_token: RawId = fields.id()?;
        let state = match fields.byte()? {
            LIVE => RefreshState::Live,
            CONSUMED => {
                let at = Timestamp::from_millis(fields.u64()?);
                let successor = fields.id()?;
                RefreshState::Consumed { at, successor, kept_answer: fields.rest().to_vec() }
            }
            _ => return Err(fields.unreadable("unknown state")),
        };
        Ok(Self { hash, connection, expires_at, access_token, state })
    }
}
