//! Consent: what a person is offered, and what Allow and Cancel do. The request is consumed by an
//! answer, not by opening the page.

use std::sync::Arc;

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::consent;
use crate::domain::consent::AuthorizationRequest;
use crate::domain::consent::OfferedPlace;
use crate::domain::consent::OfferedPlaceKind;
use crate::domain::gate;
use crate::domain::gate::GateRefusal;
use crate::domain::gate::PlaceFacts;
use crate::domain::redirect_uri::VerifiedRedirect;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::domain::session::Level;
use crate::domain::token::AuthorizationCode;
use crate::ops::Ops;
use crate::ops::document_apps;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::place_access;
use crate::ops::place_access::Reach;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::prove_factor::FactorProof;
use crate::ops::prove_factor::Proof;
use crate::ops::prove_factor::Proved;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::ops::targets;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AnsweredRequests;
use crate::store::tables::BrowserMark;
use crate::store::tables::Codes;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What the consent page shows.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Who asks.
    pub app: App,
    /// The companies and firms to choose from; never empty.
    pub places: Vec<OfferedPlace>,
    /// Whether the request fixed the company.
    pub fixed: bool,
    /// The permissions listed.
    pub shown: Vec<ScopeName>,
    /// Those that cannot be unticked.
    pub required: ScopeSet,
}

/// Why there is nothing to decide, or why a decision does not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentRefusal {
    /// The request is too old.
    Expired,
    /// It was answered already.
    Answered,
    /// The client changed or is no more.
    ClientGone,
    /// The person cannot reach the company that the request fixes.
    CompanyOutOfReach,
    /// Nothing that was asked for can be granted by this person anywhere.
    NothingToGrant,
    /// The person is not signed in with both factors any more.
    NotSignedIn,
    /// No company or firm was chosen, or one that was not offered.
    PlaceNotOffered,
    /// Of what was ticked, nothing can be granted in the chosen place.
    NotGrantable,
    /// The verification code does not count.
    Code(CodeRefusal),
}

/// What a person decided.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Company or firm.
    pub place: Option<Place>,
    /// The permissions ticked.
    pub ticked: ScopeSet,
    /// The second factor.
    pub proof: Proof,
}

/// What Allow leads to.
#[derive(Clone, Debug)]
pub enum Allowed {
    /// A code for the client.
    Code(Secret),
    /// Everything was unticked: that is a denial.
    Denied,
}

impl Ops {
    /// What to offer to this person for this request.
    ///
    /// # Errors
    /// [`ConsentRefusal`].
    pub fn offer(
        &self,
        live: &LiveSession,
        request: &AuthorizationRequest,
    ) -> Outcome<Offer, ConsentRefusal> {
        flatten(self.store.read(|reader| offer(self, reader, live, request)))
    }

    /// Allows access: checks everything, then the code, then makes the authorization code.
    ///
    /// # Errors
    /// [`ConsentRefusal`]; a wrong verification code is counted.
    pub async fn allow(
        &self,
        live: &LiveSession,
        request: AuthorizationRequest,
        choice: Choice,
        browser: BrowserMark,
        origin: Origin,
    ) -> Outcome<Allowed, ConsentRefusal> {
        let now = self.now();
        let kind = TokenKind::AuthorizationCode;
        let token = PlainToken::mint(kind, false, now, self.entropy.as_ref());
        let (app, challenge) = (request.app, request.challenge.clone());
        let operation = Allow {
            ops: self.frozen(),
            session: *live.id(),
            request,
            choice,
            browser,
            token,
            connection: ConnectionId::make(now, self.entropy.as_ref()),
            origin,
        };
        let answer = flatten(self.store.submit(operation).await);
        if let Err(Failure::Refused(ConsentRefusal::Code(why))) = &answer
            && let Some(cause) = why.told("consent")
        {
            let event = self.event(EventKind::CodeRefused, origin).cause(cause);
            self.note_refusal(event.user(live.user.id).app(app)).await;
        }
        if let (Ok(Allowed::Code(_)), Some(challenge)) = (&answer, &challenge) {
            self.note_challenge(app, challenge, origin).await;
        }
        answer
    }

    /// Refuses access: the request is answered, and nothing is shared.
    ///
    /// # Errors
    /// [`ConsentRefusal::Expired`] or [`ConsentRefusal::Answered`].
    pub async fn cancel(
        &self,
        live: &LiveSession,
        request: AuthorizationRequest,
        origin: Origin,
    ) -> Outcome<(), ConsentRefusal> {
        let operation = Cancel { ops: self.frozen(), user: live.user.id, request, origin };
        flatten(self.store.submit(operation).await)
    }
}

type Offered = Result<Offer, ConsentRefusal>;

fn offer(
    ops: &Ops,
    reader: &Reader<'_>,
    live: &LiveSession,
    request: &AuthorizationRequest,
) -> Result<Offered, Fault> {
    if let Err(why) = unanswered(ops, reader, request)? {
        return Ok(Err(why));
    }
    let app = document_apps::of_request(reader, request, ops.now())?;
    let Some(app) = app.filter(|app| app.generation == request.app_generation) else {
        return Ok(Err(ConsentRefusal::ClientGone));
    };
    // It may have been taken from the app since the request was checked.
    if VerifiedRedirect::prove(&app.redirect_uris, Some(request.redirect.as_str())).is_none() {
        return Ok(Err(ConsentRefusal::ClientGone));
    }
    let mut places = Vec::new();
    let Ok(asked) = targets::audience(reader, &request.targets)? else {
        return Ok(Err(ConsentRefusal::CompanyOutOfReach));
    };
    let fixed = asked.mcp.map(Place::Company);
    let mut reached = false;
    for place in place_access::reachable(reader, live.user.id)? {
        if fixed.is_none_or(|fixed| fixed == place) {
            let offered = offered_place(ops, reader, live, &app, place, request)?;
            // A company that blocks the app is as far away as any other.
            reached |= !matches!(offered, Err(GateRefusal::BlockedByCompany));
            places.extend(offered.ok());
        }
    }
    if fixed.is_some() && !reached {
        return Ok(Err(ConsentRefusal::CompanyOutOfReach));
    }
    let shown = consent::shown(&ops.catalogue, &request.scopes, &places);
    if places.is_empty() || shown.is_empty() {
        return Ok(Err(ConsentRefusal::NothingToGrant));
    }
    let shown_set: ScopeSet = shown.iter().cloned().collect();
    let required = ops.catalogue.known(&app.required).intersection(&shown_set);
    Ok(Ok(Offer { app, places, fixed: fixed.is_some(), shown, required }))
}

/// The place with what the gate lets through there.
fn offered_place(
    ops: &Ops,
    reader: &Reader<'_>,
    live: &LiveSession,
    app: &App,
    place: Place,
    request: &AuthorizationRequest,
) -> Result<Result<OfferedPlace, GateRefusal>, Fault> {
    let person = Some(live.user.id);
    let holder = Holder { app: Arc::new(app.clone()), person, connection: None };
    let facts = facts::gather(reader, holder, place, ops.now())?;
    let grantable = match gate::pass(&facts, &ops.catalogue, &request.scopes) {
        Ok(grantable) => grantable,
        Err(why) => return Ok(Err(why)),
    };
    let reach = Reach { app: app.id, person: live.user.id, connection: None };
    let kind = match facts.place {
        PlaceFacts::Company(company) => OfferedPlaceKind::Company(Company::clone(&company)),
        PlaceFacts::Firm(firm) => {
            let reached = place_access::reached_through_firm(reader, &firm, reach)?;
            let reaches = reached.into_iter().map(|company| company.name).collect();
            OfferedPlaceKind::Firm { firm: Firm::clone(&firm), reaches }
        }
        PlaceFacts::Gone => return Ok(Err(GateRefusal::PlaceGone)),
    };
    Ok(Ok(OfferedPlace { place: kind, roles: facts.roles, grantable }))
}

/// Whether the request can still be answered.
fn unanswered(
    ops: &Ops,
    reader: &Reader<'_>,
    request: &AuthorizationRequest,
) -> Result<Result<(), ConsentRefusal>, Fault> {
    if request.is_over(ops.settings.lifetimes.consent_request, ops.now()) {
        return Ok(Err(ConsentRefusal::Expired));
    }
    let answered = reader.has::<AnsweredRequests>(&request.id)?;
    Ok(if answered { Err(ConsentRefusal::Answered) } else { Ok(()) })
}

fn mark_answered(changes: &mut Changes, request: &AuthorizationRequest) -> Result<(), Fault> {
    changes.put::<AnsweredRequests>(&request.id, &())
}

fn named(event: Event, app: Option<AppId>) -> Event {
    match app {
        Some(app) => event.app(app),
        None => event,
    }
}

struct Allow {
    ops: Ops,
    session: RawId,
    request: AuthorizationRequest,
    choice: Choice,
    browser: BrowserMark,
    token: PlainToken,
    connection: ConnectionId,
    origin: Origin,
}

type AllowedOrRefused = Result<Allowed, ConsentRefusal>;

impl Operation for Allow {
    type Outcome = AllowedOrRefused;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<AllowedOrRefused>, Fault> {
        let refused = |why| Ok(Decision::unchanged(Err(why)));
        let still = sessions::still(reader, &self.session, &self.ops, Level::SecondFactor)?;
        let Some(live) = still else { return refused(ConsentRefusal::NotSignedIn) };
        let offer = match offer(&self.ops, reader, &live, &self.request)? {
            Ok(offer) => offer,
            Err(why) => return refused(why),
        };
        let chosen = offer.places.iter().find(|place| Some(place.place()) == self.choice.place);
        let Some(chosen) = chosen else { return refused(ConsentRefusal::PlaceNotOffered) };
        let catalogue = &self.ops.catalogue;
        if self.choice.ticked.is_empty() && offer.required.is_empty() {
            return self.denied(reader, &live);
        }
        let ticked = &self.choice.ticked;
        let granted =
            consent::granted(catalogue, chosen, &self.request.scopes, ticked, &offer.required);
        if granted.is_empty() {
            return refused(ConsentRefusal::NotGrantable);
        }
        let mut changes = Changes::new();
        match self.prove(reader, &live, &mut changes)? {
            Ok(proved) => {
                let place = chosen.place();
                let app = self.keep_client(reader, &mut changes, &live, offer.app)?;
                self.approve(&mut changes, &live, &app, place, &granted, proved)?;
                let code = Allowed::Code(self.token.text().into());
                Ok(Decision { changes, outcome: Ok(code) })
            }
            Err(why) => Ok(Decision { changes, outcome: Err(ConsentRefusal::Code(why)) }),
        }
    }
}

impl Allow {
    fn prove(
        &self,
        reader: &Reader<'_>,
        live: &LiveSession,
        changes: &mut Changes,
    ) -> Result<Result<Proved, CodeRefusal>, Fault> {
        let proof = FactorProof {
            ops: &self.ops,
            user: live.user.id,
            session: live.id(),
            act: &self.request.act(),
            browser: self.browser,
            proof: &self.choice.proof,
        };
        proof.judge(reader, changes)
    }

    /// A client that only its document described is kept from now on, as this person saw it.
    fn keep_client(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
        live: &LiveSession,
        app: App,
    ) -> Result<App, Fault> {
        let Some(introduction) = &self.request.introduction else { return Ok(app) };
        let (app, is_new) = document_apps::keep(reader, changes, introduction, app)?;
        if is_new {
            let event = self.ops.event(EventKind::AppCreated, self.origin);
            changes.record(event.cause("by its document").user(live.user.id).app(app.id));
        }
        Ok(app)
    }

    fn denied(
        &self,
        reader: &Reader<'_>,
        live: &LiveSession,
    ) -> Result<Decision<AllowedOrRefused>, Fault> {
        let mut changes = Changes::new();
        mark_answered(&mut changes, &self.request)?;
        let event = self.ops.event(EventKind::ConsentRefused, self.origin);
        let event = event.cause("everything was unticked").user(live.user.id);
        changes.record(named(event, document_apps::known_id(reader, &self.request)?));
        Ok(Decision { changes, outcome: Ok(Allowed::Denied) })
    }

    fn approve(
        &self,
        changes: &mut Changes,
        live: &LiveSession,
        app: &App,
        place: Place,
        granted: &ScopeSet,
        proved: Proved,
    ) -> Result<(), Fault> {
        let now = self.ops.now();
        // A request that names a company's MCP was offered that company alone.
        let named = match (&self.request.targets.mcp, place) {
            (Some(_), Place::Company(company)) => Some(company),
            _ => None,
        };
        let asked = self.request.targets.audience(named);
        let audience =
            if self.request.targets.is_empty() { Audience::of_place(place) } else { asked };
        let code = AuthorizationCode {
            hash: self.ops.keys.hash(&self.token),
            app: app.id,
            app_generation: app.generation,
            user: live.user.id,
            place,
            scopes: granted.clone(),
            audience,
            redirect: self.request.redirect.clone(),
            challenge: self.request.challenge.clone(),
            connection: self.connection,
            approved_at: now,
            expires_at: now.plus(self.ops.settings.lifetimes.code),
            redeemed_at: None,
        };
        changes.put::<Codes>(self.token.id(), &code)?;
        mark_answered(changes, &self.request)?;
        let event =
            |kind| self.ops.event(kind, self.origin).user(live.user.id).app(app.id).place(place);
        if proved == Proved::RecoveryCode {
            changes.record(event(EventKind::RecoveryCodeUsed));
        }
        changes.record(event(EventKind::ConsentGiven).cause(format!("granted: {granted}")));
        Ok(())
    }
}

struct Cancel {
    ops: Ops,
    user: crate::base::id::UserId,
    request: AuthorizationRequest,
    origin: Origin,
}

impl Operation for Cancel {
    type Outcome = Result<(), ConsentRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Err(why) = unanswered(&self.ops, reader, &self.request)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        let mut changes = Changes::new();
        mark_answered(&mut changes, &self.request)?;
        let event = self.ops.event(EventKind::ConsentRefused, self.origin);
        let event = event.cause("cancelled").user(self.user);
        changes.record(named(event, document_apps::known_id(reader, &self.request)?));
        Ok(Decision { changes, outcome: Ok(()) })
    }
}
