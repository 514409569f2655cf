//! The client credentials grant (RFC 6749 section 4.4): an app acting in its own right, bounded by
//! whoever delegated its permissions.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::crypto::token::HashedToken;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::Delegation;
use crate::domain::catalogue::Catalogue;
use crate::domain::company::Place;
use crate::domain::gate;
use crate::domain::gate::GateRefusal;
use crate::domain::resource::Audience;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeSet;
use crate::domain::token::AccessToken;
use crate::domain::token::Grant;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::issue;
use crate::ops::issue::TokenAnswer;
use crate::ops::place_access;
use crate::ops::place_access::Reach;
use crate::ops::settings::OpsSettings;
use crate::ops::targets;
use crate::ops::token_refusal::TokenRefusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::ClientAccessTokens;
use crate::store::tables::Companies;
use crate::store::tables::Firms;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What the token request says.
#[derive(Clone, Debug, Default)]
pub struct ClientGrantRequest {
    /// `scope`; without it, all that is delegated.
    pub scope: Option<String>,
    /// `resource`, any number of times.
    pub resources: Vec<String>,
    /// `company_id`: narrows a firm's app to one company.
    pub company: Option<String>,
    /// Whether the request came with an `Origin` header: from a browser.
    pub from_browser: bool,
}

/// What a request narrows its token to.
#[derive(Default)]
struct Named {
    audience: Audience,
    company: Option<CompanyId>,
    by_company_id: bool,
}

impl Named {
    /// Whether `company` can be the one that is named.
    fn narrow_to(&mut self, company: CompanyId) -> bool {
        *self.company.get_or_insert(company) == company
    }

    const fn refusal(&self) -> TokenRefusal {
        if self.by_company_id {
            TokenRefusal::CompanyOutOfReach
        } else {
            TokenRefusal::TargetUnknown
        }
    }
}

struct IssueToClient {
    client: AuthenticatedClient,
    request: ClientGrantRequest,
    token: PlainToken,
    hash: HashedToken,
    catalogue: Arc<Catalogue>,
    settings: Arc<OpsSettings>,
    now: Timestamp,
}

impl Ops {
    /// Issues a token to an app in its own right.
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub async fn issue_to_client(
        &self,
        client: AuthenticatedClient,
        request: ClientGrantRequest,
    ) -> Outcome<TokenAnswer, TokenRefusal> {
        if client.app().kind != AppKind::ApiCredentials {
            return Err(Failure::Refused(TokenRefusal::GrantNotForClient));
        }
        if request.from_browser && !self.settings.allow_browser_secrets {
            return Err(Failure::Refused(TokenRefusal::SecretInBrowser));
        }
        let now = self.now();
        let test = client.app().environment.is_some_and(|environment| environment.is_test());
        let kind = TokenKind::ClientAccessToken;
        let token = PlainToken::mint(kind, test, now, self.entropy.as_ref());
        let operation = IssueToClient {
            client,
            request,
            hash: self.keys.hash(&token),
            token,
            catalogue: Arc::clone(&self.catalogue),
            settings: Arc::clone(&self.settings),
            now,
        };
        flatten(self.store.submit(operation).await)
    }
}

impl Operation for IssueToClient {
    type Outcome = Result<TokenAnswer, TokenRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let mut changes = Changes::new();
        let outcome = self.issue(reader, &mut changes)?;
        Ok(Decision { changes, outcome })
    }
}

impl IssueToClient {
    fn issue(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
    ) -> Result<Result<TokenAnswer, TokenRefusal>, Fault> {
        let app = match self.client.still(reader, self.now)? {
            Ok(app) => app,
            Err(why) => return Ok(Err(TokenRefusal::Client(why))),
        };
        let Some(secret) = self.client.secret() else {
            return Ok(Err(TokenRefusal::GrantNotForClient));
        };
        let (place, audience) = match self.target(reader, &app)? {
            Ok(target) => target,
            Err(why) => return Ok(Err(why)),
        };
        let asked = match self.asked(&app) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let effective = match self.pass(reader, Arc::clone(&app), place, &asked)? {
            Ok(effective) => effective,
            Err(why) => return Ok(Err(why)),
        };
        let end = self.now.plus(self.settings.lifetimes.client_access);
        let expires_at = issue::cap(end, &app);
        let row = AccessToken {
            hash: self.hash,
            app: app.id,
            app_generation: app.generation,
            grant: Grant::Secret(secret),
            place,
            audience,
            scopes: asked,
            expires_at,
        };
        changes.put::<ClientAccessTokens>(self.token.id(), &row)?;
        Ok(Ok(TokenAnswer {
            access_token: self.token.text().into(),
            access_expires_at: expires_at,
            refresh: None,
            scope: self.catalogue.maximal(&effective).to_string(),
            now: self.now,
            issued_for: Some(place),
            connection: None,
        }))
    }

    /// The place and the surfaces: the app's own, or one company of its firm. Without `resource`, the
    /// API, and the company's MCP for an app that was made for it.
    fn target(
        &self,
        reader: &Reader<'_>,
        app: &App,
    ) -> Result<Result<(Place, Audience), TokenRefusal>, Fault> {
        let Some(own) = app.place else { return Ok(Err(TokenRefusal::GrantNotForClient)) };
        let asked = match self.named(reader)? {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let place = match asked.company {
            None => own,
            Some(company) if self.within(reader, app, own, company)? => Place::Company(company),
            Some(_) => return Ok(Err(asked.refusal())),
        };
        let all = app.own_audience(place);
        Ok(if asked.audience.is_empty() {
            Ok((place, all))
        } else if all.includes(asked.audience) {
            Ok((place, asked.audience))
        } else {
            Err(TokenRefusal::TargetUnknown)
        })
    }

    /// What `resource` and `company_id` name: one company at most.
    fn named(&self, reader: &Reader<'_>) -> Result<Result<Named, TokenRefusal>, Fault> {
        let issuer = self.settings.issuer.as_str();
        let mut named = Named::default();
        for resource in &self.request.resources {
            let fits = match Resource::parse(issuer, resource) {
                Some(Resource::Api) => {
                    named.audience.api = true;
                    true
                }
                Some(Resource::ApiOf(company)) => {
                    named.audience.api = true;
                    named.narrow_to(company)
                }
                Some(Resource::Mcp(slug)) => match targets::company(reader, &slug)? {
                    Some(company) => {
                        named.audience.mcp = Some(company);
                        named.narrow_to(company)
                    }
                    None => false,
                },
                None => false,
            };
            if !fits {
                return Ok(Err(TokenRefusal::TargetUnknown));
            }
        }
        let Some(company) = &self.request.company else { return Ok(Ok(named)) };
        named.by_company_id = named.company.is_none();
        Ok(match company.parse() {
            Ok(company) if named.narrow_to(company) => Ok(named),
            Ok(_) => Err(TokenRefusal::TargetUnknown),
            Err(_) => Err(TokenRefusal::CompanyOutOfReach),
        })
    }

    /// Whether the app reaches `company` from its own place. One that whoever delegated does not see,
    /// or that blocks the app, is as far away as one that does not exist.
    fn within(
        &self,
        reader: &Reader<'_>,
        app: &App,
        own: Place,
        company: CompanyId,
    ) -> Result<bool, Fault> {
        let firm = match own {
            Place::Company(own) => return Ok(own == company),
            Place::Firm(firm) => reader.shared::<Firms>(&firm)?,
        };
        let (Some(firm), Some(person)) = (firm, app.delegated_by) else { return Ok(false) };
        let reach = Reach { app: app.id, person, connection: None };
        match reader.shared::<Companies>(&company)? {
            Some(company) => place_access::reaches(reader, &firm, &company, reach),
            None => Ok(false),
        }
    }

    /// What is asked for: every word must be delegated, whatever else is effective.
    fn asked(&self, app: &App) -> Result<ScopeSet, TokenRefusal> {
        let Delegation::Only(delegated) = &app.delegation else {
            return Err(TokenRefusal::GrantNotForClient);
        };
        let Some(asked) = super::scopes_asked(self.request.scope.as_deref()) else {
            return Ok(delegated.clone());
        };
        let known = self.catalogue.known(&asked.names);
        let delegated = self.catalogue.closure(delegated);
        if asked.malformed || !self.catalogue.knows(&asked.names) || !known.is_subset(&delegated) {
            return Err(TokenRefusal::ScopeBeyondGrant);
        }
        Ok(known)
    }

    fn pass(
        &self,
        reader: &Reader<'_>,
        app: Arc<App>,
        place: Place,
        asked: &ScopeSet,
    ) -> Result<Result<ScopeSet, TokenRefusal>, Fault> {
        let facts = facts::gather(reader, Holder::itself(app), place, self.now)?;
        Ok(match gate::pass(&facts, &self.catalogue, asked) {
            Ok(effective) => Ok(effective),
            // Of what was asked, nothing may be delegated any more.
            Err(GateRefusal::NothingAllowed) => Err(TokenRefusal::ScopeBeyondGrant),
            Err(why) => Err(TokenRefusal::Gate(why)),
        })
    }
}
