//! Access tokens at their use: is this token good, for this surface and this company, and what does
//! it allow now? Introspection and the gateway's guard both ask here.

use std::sync::Arc;

use crate::base::id::CompanyId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::company::Slug;
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
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::place_access;
use crate::ops::targets;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AccessTokens;
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
    facts: Facts,
}

impl LiveToken {
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
            (Place::Company(own), Some(named)) if own != named => {
                Ok(Err(CallRefusal::CompanyOutOfReach))
            }
            (Place::Company(_), _) => Ok(self.own_context(live)),
            (Place::Firm(_), None) => Ok(Err(CallRefusal::CompanyNotNamed)),
            (Place::Firm(firm), Some(named)) => self.firm_context(reader, live, firm, named),
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
        firm: crate::base::id::FirmId,
        named: CompanyId,
    ) -> Result<Result<CallContext, CallRefusal>, Fault> {
        let environment = live.place().environment();
        let company = reader.shared::<Companies>(&named)?.filter(|company| {
            company.seen_through(firm, live.person) && Some(company.environment) == environment
        });
        let Some(company) = company else { return Ok(Err(CallRefusal::CompanyOutOfReach)) };
        let app = Arc::clone(&live.facts.app);
        let person = Some(live.person);
        let now = self.now();
        let facts = facts::gather_through_firm(reader, app, person, firm, company.clone(), now)?;
        Ok(gate::pass(&facts, &self.catalogue, &live.token.scopes)
            .map(|effective| CallContext { company, effective })
            .map_err(CallRefusal::Gate))
    }

    /// The companies that a token reaches.
    ///
    /// # Errors
    /// The store failed.
    pub fn companies_reached(&self, live: &LiveToken) -> Result<Vec<Company>, Fault> {
        match live.place() {
            PlaceFacts::Company(company) => Ok(vec![Company::clone(company)]),
            PlaceFacts::Gone => Ok(Vec::new()),
            PlaceFacts::Firm(firm) => self.store.read(|reader| {
                let seen = place_access::companies_through_firm(reader, live.person, firm.id)?;
                let reached = |company: &Company| {
                    company.environment == firm.environment && !company.suspended
                };
                Ok(seen.into_iter().filter(reached).collect())
            }),
        }
    }
}

fn find(
    ops: &Ops,
    reader: &Reader<'_>,
    text: &str,
) -> Result<Result<LiveToken, CallRefusal>, Fault> {
    let found = match PlainToken::parse(TokenKind::AccessToken, text) {
        Some(plain) => reader.get::<AccessTokens>(plain.id())?.map(|row| (plain, row)),
        None => match PlainToken::parse(TokenKind::ClientAccessToken, text) {
            Some(plain) => reader.get::<ClientAccessTokens>(plain.id())?.map(|row| (plain, row)),
            None => None,
        },
    };
    let found = found.filter(|(plain, row)| ops.keys.matches(&row.hash, plain));
    let Some((plain, token)) = found else { return Ok(Err(CallRefusal::TokenUnknown)) };
    if ops.now() >= token.expires_at {
        return Ok(Err(CallRefusal::TokenExpired));
    }
    let Some(app) = reader.shared::<Apps>(&token.app)? else {
        return Ok(Err(CallRefusal::TokenRevoked));
    };
    if app.generation != token.app_generation {
        return Ok(Err(CallRefusal::TokenRevoked));
    }
    let Some((person, of_client)) = holder(ops, reader, &app, &token)? else {
        return Ok(Err(CallRefusal::TokenRevoked));
    };
    let facts = match (app.place, token.place) {
        // A firm's own app, narrowed to one company: only the firm role counts.
        (Some(Place::Firm(firm)), Place::Company(id)) if of_client => {
            match reader.shared::<Companies>(&id)? {
                Some(company) => {
                    facts::gather_through_firm(reader, app, Some(person), firm, company, ops.now())?
                }
                None => return Ok(Err(CallRefusal::TokenRevoked)),
            }
        }
        _ => facts::gather(reader, app, Some(person), token.place, ops.now())?,
    };
    Ok(Ok(LiveToken { id: *plain.id(), token, person, of_client, facts }))
}

/// Who stands behind a token, if what it hangs on still holds.
fn holder(
    ops: &Ops,
    reader: &Reader<'_>,
    app: &App,
    token: &AccessToken,
) -> Result<Option<(UserId, bool)>, Fault> {
    match token.grant {
        Grant::Connection(id) => {
            let connection = reader.shared::<Connections>(&id)?;
            Ok(connection
                .filter(|connection| connection.is_active())
                .map(|connection| (connection.user, false)))
        }
        Grant::Secret(id) => {
            let live = app.live_secret(id, ops.now()).is_some();
            Ok(app.delegated_by.filter(|_| live).map(|person| (person, true)))
        }
    }
}
