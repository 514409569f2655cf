//! Access tokens at their use: is this token good, for this surface and this company, and what does
//! it allow now? Introspection and the gateway's guard both ask here.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::connection::Connection;
use crate::domain::gate;
use crate::domain::gate::Facts;
use crate::domain::gate::GateRefusal;
use crate::domain::gate::PlaceFacts;
use crate::domain::scope::ScopeSet;
use crate::domain::token::AccessToken;
use crate::domain::token::Grant;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::place_access::Reach;
use crate::ops::targets;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AccessTokens;
use crate::store::tables::ApiTokens;
use crate::store::tables::Apps;
use crate::store::tables::ClientAccessTokens;
use crate::store::tables::Companies;
use crate::store::tables::Connections;

/// Why a call does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRefusal {
    /// No such token.
    TokenUnknown,
    /// Its time is over.
    TokenExpired,
    /// What it hangs on has ended: the connection, the secret, the app.
    TokenRevoked,
    /// It was issued for another surface.
    OtherAudience,
    /// The gate is shut: nothing is effective any more.
    Gate(GateRefusal),
    /// A firm token must name a company.
    CompanyNotNamed,
    /// The company named is not the token's, or not one that it reaches.
    CompanyOutOfReach,
}

/// A token that is good, with everything that the gate looked at.
#[derive(Clone, Debug)]
pub struct LiveToken {
    /// Its key.
    pub id: RawId,
    /// The row.
    pub token: AccessToken,
    /// The person who granted, or delegated.
    pub person: UserId,
    /// Whether the app holds it in its own right.
    pub of_client: bool,
    /// The connection that it hangs on, unless the app holds it in its own right.
    pub connection: Option<Arc<Connection>>,
    facts: Facts,
}

impl LiveToken {
    /// Who reaches companies by it, if it is for a firm.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let connection = self.connection.as_ref().map(|connection| connection.id);
        Reach { app: self.facts.app.id, person: self.person, connection }
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.facts.app
    }

    /// The person.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.facts.person.as_deref()
    }

    pub(in crate::ops) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The company or firm that it is for.
    #[must_use]
    pub const fn place(&self) -> &PlaceFacts {
        &self.facts.place
    }
}

/// A call that named its company and may proceed to the scope check.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The company.
    pub company: Arc<Company>,
    /// What is effective there, as a closure.
    pub effective: ScopeSet,
}

impl Ops {
    /// Finds a live access token.
    ///
    /// # Errors
    /// [`CallRefusal`].
    pub fn live_token(&self, text: &str) -> Outcome<LiveToken, CallRefusal> {
        flatten(self.store.read(|reader| find(self, reader, text)))
    }

    /// What the token allows in its own place, as a closure.
    ///
    /// # Errors
    /// [`CallRefusal::Gate`].
    pub fn effective(&self, live: &LiveToken) -> Result<ScopeSet, CallRefusal> {
        gate::pass(&live.facts, &self.catalogue, &live.token.scopes).map_err(CallRefusal::Gate)
    }

    /// All that this person and this app could ever have there, as a closure.
    ///
    /// # Errors
    /// [`CallRefusal::Gate`].
    pub fn could_have(&self, live: &LiveToken) -> Result<ScopeSet, CallRefusal> {
        let permissions = self.catalogue.permissions().iter();
        let all = permissions.map(|permission| permission.name.clone()).collect();
        gate::pass(&live.facts, &self.catalogue, &all).map_err(CallRefusal::Gate)
    }

    /// The company called `slug`.
    ///
    /// # Errors
    /// The store failed.
    pub fn company_called(&self, slug: &Slug) -> Result<Option<CompanyId>, Fault> {
        self.store.read(|reader| targets::company(reader, slug))
    }

    /// The company that a call is about. A company token has its own, and may name it; a firm
    /// token must name one that its person sees.
    ///
    /// # Errors
    /// [`CallRefusal`].
    pub fn call_context(
        &self,
        live: &LiveToken,
        named: Option<CompanyId>,
    ) -> Outcome<CallContext, CallRefusal> {
        flatten(self.store.read(|reader| self.context(reader, live, named)))
    }

    fn context(
        &self,
        reader: &Reader<'_>,
        live: &LiveToken,
        named: Option<CompanyId>,
    ) -> Result<Result<CallContext, CallRefusal>, Fault> {
        match (live.token.place, named) {
            // The gate comes first: who may do nothing here any more learns nothing of others.
            (Place::Company(own), named) => Ok(self.own_context(live).and_then(|context| {
                let reached = named.is_none_or(|named| named == own);
                if reached { Ok(context) } else { Err(CallRefusal::CompanyOutOfReach) }
            })),
            (Place::Firm(firm), named) => match (self.effective(live), named) {
                (Err(why), _) => Ok(Err(why)),
                (Ok(_), None) => Ok(Err(CallRefusal::CompanyNotNamed)),
                (Ok(_), Some(named)) => self.firm_context(reader, live, firm, named),
            },
        }
    }

    fn own_context(&self, live: &LiveToken) -> Result<CallContext, CallRefusal> {
        let effective = self.effective(live)?;
        match live.place() {
            PlaceFacts::Company(company) => Ok(CallContext { company: company.clone(), effective }),
            _ => Err(CallRefusal::CompanyOutOfReach),
        }
    }

    fn firm_context(
        &self,
        reader: &Reader<'_>,
        live: &LiveToken,
        firm: FirmId,
        named: CompanyId,
    ) -> Result<Result<CallContext, CallRefusal>, Fault> {
        let environment = live.place().environment();
        let company = reader.shared::<Companies>(&named)?.filter(|company| {
            company.seen_through(firm, live.person) && Some(company.environment) == environment
        });
        let Some(company) = company else { return Ok(Err(CallRefusal::CompanyOutOfReach)) };
        let Reach { person, connection, .. } = live.reach();
        let holder = Holder { app: Arc::clone(&live.facts.app), person: Some(person), connection };
        let now = self.now();
        let facts = facts::gather_through_firm(reader, holder, firm, company.clone(), now)?;
        Ok(gate::pass(&facts, &self.catalogue, &live.token.scopes)
            .map(|effective| CallContext { company, effective })
            .map_err(CallRefusal::Gate))
    }
}

type Row = Result<(RawId, AccessToken), CallRefusal>;

fn find(
    ops: &Ops,
    reader: &Reader<'_>,
    text: &str,
) -> Result<Result<LiveToken, CallRefusal>, Fault> {
    let (id, token) = match row(ops, reader, text)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    if ops.now() >= token.expires_at {
        return Ok(Err(CallRefusal::TokenExpired));
    }
    let Some(app) = reader.shared::<Apps>(&token.app)? else {
        return Ok(Err(CallRefusal::TokenRevoked));
    };
    if app.generation != token.app_generation {
        return Ok(Err(CallRefusal::TokenRevoked));
    }
    let Some((holder, connection)) = holder(ops, reader, app, &token)? else {
        return Ok(Err(CallRefusal::TokenRevoked));
    };
    let Some(person) = holder.person else { return Ok(Err(CallRefusal::TokenRevoked)) };
    let token = match &connection {
        Some(connection) => bounded(ops, token, connection),
        None => token,
    };
    let facts = facts::gather(reader, holder, token.place, ops.now())?;
    let of_client = connection.is_none();
    Ok(Ok(LiveToken { id, token, person, of_client, connection, facts }))
}

/// The token behind `text`, whichever kind it is.
fn row(ops: &Ops, reader: &Reader<'_>, text: &str) -> Result<Row, Fault> {
    let found = match PlainToken::parse(TokenKind::AccessToken, text) {
        Some(plain) => reader.get::<AccessTokens>(plain.id())?.map(|row| (plain, row)),
        None => match PlainToken::parse(TokenKind::ClientAccessToken, text) {
            Some(plain) => reader.get::<ClientAccessTokens>(plain.id())?.map(|row| (plain, row)),
            None => return api_token(ops, reader, text),
        },
    };
    let found = found.filter(|(plain, row)| ops.keys.matches(&row.hash, plain));
    Ok(found.map(|(plain, row)| (*plain.id(), row)).ok_or(CallRefusal::TokenUnknown))
}

/// An API token: the one secret of an app of its own, as an access token of that app.
fn api_token(ops: &Ops, reader: &Reader<'_>, text: &str) -> Result<Row, Fault> {
    let Some(plain) = PlainToken::parse(TokenKind::ApiToken, text) else {
        return Ok(Err(CallRefusal::TokenUnknown));
    };
    let id = *plain.id();
    let app = reader.get::<ApiTokens>(&id)?.and_then(|app| app.parse::<AppId>().ok());
    let Some(app) = app.map_or(Ok(None), |app| reader.shared::<Apps>(&app))? else {
        return Ok(Err(CallRefusal::TokenUnknown));
    };
    let secret = SecretId::from_raw(id);
    let proved =
        app.live_secret(secret, ops.now()).filter(|secret| ops.keys.matches(&secret.hash, &plain));
    // The secrets of an app that was stopped are gone: whose token it is can be told to the
    // operator, and is all the same to the caller.
    Ok(match (proved, app.place, &app.delegation) {
        (Some(proved), Some(place), Delegation::Only(scopes)) => {
            let token = AccessToken {
                hash: proved.hash,
                app: app.id,
                app_generation: app.generation,
                grant: Grant::Secret(secret),
                place,
                audience: app.own_audience(place),
                scopes: scopes.clone(),
                expires_at: app.expires_at.unwrap_or(Timestamp::NEVER),
            };
            Ok((id, token))
        }
        _ if app.status != AppStatus::Active => Err(CallRefusal::TokenRevoked),
        _ => Err(CallRefusal::TokenUnknown),
    })
}

/// The token with no more than its connection has kept: people may take permissions from it.
fn bounded(ops: &Ops, token: AccessToken, connection: &Connection) -> AccessToken {
    if token.scopes == connection.scopes {
        return token;
    }
    let kept = ops.catalogue.closure(&connection.scopes);
    let held = ops.catalogue.closure(&token.scopes);
    if held.is_subset(&kept) {
        return token;
    }
    AccessToken { scopes: ops.catalogue.maximal(&held.intersection(&kept)), ..token }
}

type Held = (Holder, Option<Arc<Connection>>);

/// Who stands behind a token, if what it hangs on still holds.
fn holder(
    ops: &Ops,
    reader: &Reader<'_>,
    app: Arc<App>,
    token: &AccessToken,
) -> Result<Option<Held>, Fault> {
    Ok(match token.grant {
        Grant::Connection(id) => {
            let connection = reader.shared::<Connections>(&id)?;
            let live = connection.filter(|connection| connection.is_active());
            live.map(|connection| (Holder::of_connection(app, &connection), Some(connection)))
        }
        Grant::Secret(id) => {
            app.live_secret(id, ops.now()).is_some().then(|| (Holder::itself(app), None))
        }
    })
}
