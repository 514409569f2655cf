//! Client authentication by a signed assertion (`private_key_jwt`, RFC 7523 section 2.2): good once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::crypto::jws::NotProven;
use crate::crypto::jws::UnprovenToken;
use crate::domain::app::App;
use crate::domain::client_assertion::Claims;
use crate::domain::client_document::DocumentUrl;
use crate::domain::rate::RateLimit;
use crate::domain::rate::Window;
use crate::domain::registration::Registration;
use crate::ops::Ops;
use crate::ops::authenticate_client;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::authenticate_client::ClientRefusal;
use crate::ops::client_documents::DocumentRefusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::AssertionIds;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// An assertion that a request carries.
#[derive(Clone, Debug)]
pub struct PresentedAssertion {
    /// `client_assertion`.
    pub assertion: Secret,
    /// `client_id`, which may stand beside it.
    pub client_id: Option<String>,
    /// The URLs of the endpoints that may be meant beside the issuer.
    pub endpoints: Vec<String>,
}

/// Each used assertion is remembered, so each client may use so many: those of which nothing is kept
/// share one budget.
const BUDGET: RateLimit = RateLimit { calls: 600, window: Duration::from_secs(60) };
/// Clients counted at once.
const COUNTED: usize = 4096;

/// How many assertions were used of late, by client.
#[derive(Default)]
pub struct AssertionUse(Mutex<HashMap<Option<AppId>, Window>>);

impl AssertionUse {
    fn count(&self, app: Option<AppId>, now: Timestamp) -> bool {
        let Ok(mut counted) = self.0.lock() else { return false };
        if counted.len() >= COUNTED && !counted.contains_key(&app) {
            counted.retain(|_, window| !BUDGET.is_over(*window, now));
            if counted.len() >= COUNTED {
                return false;
            }
        }
        let (window, allowance) = BUDGET.count(counted.get(&app).copied(), now);
        counted.insert(app, window);
        !allowance.exceeded
    }
}

/// Uses an assertion. Answers whether it is the first time.
struct UseAssertion(RawId);

impl Operation for UseAssertion {
    type Outcome = bool;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<bool>, Fault> {
        if reader.has::<AssertionIds>(&self.0)? {
            return Ok(Decision::unchanged(false));
        }
        let mut changes = Changes::new();
        changes.put::<AssertionIds>(&self.0, &())?;
        Ok(Decision { changes, outcome: true })
    }
}

type Refused = (ClientRefusal, Option<AppId>);

/// A client that an assertion names.
struct Named {
    app: Arc<App>,
    /// Whether something is kept of it.
    is_kept: bool,
}

impl Ops {
    /// Authenticates the client of an assertion, which is used up by it. `unkept`: whether it may be a
    /// client of which nothing is kept yet.
    ///
    /// # Errors
    /// [`ClientRefusal`], with the app if one by that name exists.
    pub async fn authenticate_by_assertion(
        &self,
        presented: &PresentedAssertion,
        unkept: bool,
    ) -> Outcome<AuthenticatedClient, (ClientRefusal, Option<AppId>)> {
        let malformed = || Failure::Refused((ClientRefusal::Assertion, None));
        let token = UnprovenToken::read(presented.assertion.expose()).ok_or_else(malformed)?;
        let claims = Claims::read(token.payload()).map_err(|_| malformed())?;
        // Everything that costs nothing first: only then are keys looked for.
        let mut audiences = vec![self.settings.issuer.as_str()];
        audiences.extend(presented.endpoints.iter().map(String::as_str));
        let checked = claims.check(presented.client_id.as_deref(), &audiences, self.now());
        let named = self.named(claims.client_id(), unkept && checked.is_ok()).await?;
        let id = named.is_kept.then_some(named.app.id);
        let refused = |why| Failure::Refused((why, id));
        checked.map_err(|why| refused(ClientRefusal::AssertionClaims(why)))?;
        authenticate_client::check_status(&named.app).map_err(refused)?;
        self.verify(&named, &token).await.map_err(|failure| failure.map(|why| (why, id)))?;
        authenticate_client::check_expiry(&named.app, self.now()).map_err(refused)?;
        if !self.assertion_use.count(id, self.now()) {
            tracing::warn!(app = ?id, "a client uses too many assertions");
            return Err(Failure::Fault(Fault::Busy));
        }
        if !self.store.submit(UseAssertion(claims.key())).await? {
            return Err(refused(ClientRefusal::AssertionReplayed));
        }
        Ok(AuthenticatedClient::by_assertion(named.app))
    }

    async fn named(&self, client_id: &str, unkept: bool) -> Outcome<Named, Refused> {
        let app = self.store.read(|reader| authenticate_client::find(reader, client_id))?;
        if let Some(app) = app {
            return Ok(Named { app, is_kept: true });
        }
        if !unkept || !DocumentUrl::is_meant(client_id) {
            return Err(Failure::Refused((ClientRefusal::Unknown, None)));
        }
        let told = |(why, app): (DocumentRefusal, _)| (of_document(why), app);
        let app = self.document_client(client_id).await.map_err(|failure| failure.map(told))?;
        Ok(Named { app: Arc::new(app), is_kept: false })
    }

    async fn verify(&self, named: &Named, token: &UnprovenToken) -> Outcome<(), ClientRefusal> {
        let app = &named.app;
        let known = named.is_kept && was_decided_on(app.reviewed, &app.registration);
        let refused = |why: DocumentRefusal| {
            tracing::info!(client_id = app.client_id(), %why, "a client's keys were not used");
            Failure::Refused(of_document(why))
        };
        let keys = self.client_keys(app, known).await.map_err(refused)?;
        let proven = match keys.verify(token) {
            // Keys change: the one that was used may have come since they were fetched.
            Err(NotProven::KeyUnknown) => {
                match self.client_keys_anew(app, known).await.map_err(refused)? {
                    Some(anew) => anew.verify(token),
                    None => Err(NotProven::KeyUnknown),
                }
            }
            proven => proven,
        };
        proven.map_err(|why| Failure::Refused(ClientRefusal::AssertionUnproven(why)))
    }
}

/// Whether somebody here decided on a client that is kept: one with a document was allowed by a person.
const fn was_decided_on(reviewed: bool, registration: &Registration) -> bool {
    reviewed || matches!(registration, Registration::Document { .. })
}

const fn of_document(why: DocumentRefusal) -> ClientRefusal {
    if why.will_pass() { ClientRefusal::DocumentUnreachable } else { ClientRefusal::Document(why) }
}

impl Ops {
    /// Whether there can be clients that sign assertions: those with a document, and those that register
    /// themselves.
    #[must_use]
    pub fn takes_assertions(&self) -> bool {
        self.takes_client_documents() || self.settings.registration.is_on()
    }

    /// Whether `client_id` can be that of a client with a document.
    #[must_use]
    pub fn may_introduce(&self, client_id: &str) -> bool {
        self.takes_client_documents() && DocumentUrl::is_meant(client_id)
    }

    /// Authenticates a public client of which nothing is kept yet, by its document alone.
    ///
    /// # Errors
    /// As [`Self::authenticate_client`].
    pub async fn authenticate_introduced(
        &self,
        client_id: &str,
    ) -> Outcome<AuthenticatedClient, (ClientRefusal, Option<AppId>)> {
        let told = |(why, app): (DocumentRefusal, _)| (of_document(why), app);
        let app = self.document_client(client_id).await.map_err(|failure| failure.map(told))?;
        let kept = self.store.read(|reader| reader.has::<Apps>(&app.id))?;
        let id = kept.then_some(app.id);
        let refused = |why| Failure::Refused((why, id));
        authenticate_client::check_status(&app).map_err(refused)?;
        if app.kind.is_confidential() {
            return Err(refused(ClientRefusal::NoSecret));
        }
        Ok(AuthenticatedClient::by_name(Arc::new(app)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: usize) -> Option<AppId> {
        let mut bytes = [7; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Some(AppId::from_raw(RawId::from_bytes(bytes)))
    }

    #[test]
    fn each_client_uses_six_hundred_assertions_a_minute_and_all_that_are_not_kept_as_many_together()
    {
        let (used, now) = (AssertionUse::default(), Timestamp::from_seconds(1000));
        for whose in [client(1), None] {
            assert!((0..600).all(|_| used.count(whose, now)));
            assert!(!used.count(whose, now));
        }
        assert!(used.count(client(2), now), "another client is none of its business");
        assert!(used.count(client(1), now.plus(BUDGET.window)));
    }

    #[test]
    fn who_comes_when_too_many_are_counted_waits_until_one_of_them_is_over() {
        let (used, now) = (AssertionUse::default(), Timestamp::from_seconds(1000));
        assert!((0..COUNTED).all(|number| used.count(client(number), now)));
        assert!(!used.count(client(COUNTED), now));
        assert!(used.count(client(0), now), "who is counted goes on");
        let later = now.plus(BUDGET.window);
        assert!(used.count(client(COUNTED), later) && used.count(client(COUNTED + 1), later));
    }

    #[test]
    fn a_client_that_registered_itself_is_known_once_a_person_has_looked_at_it() {
        let document = Registration::Document { url: "https://a.example/".to_owned() };
        for (reviewed, registration, known) in [
            (false, &Registration::Dynamic, false),
            (true, &Registration::Dynamic, true),
            (false, &document, true),
        ] {
            assert_eq!(was_decided_on(reviewed, registration), known, "{registration:?}");
        }
    }
}
