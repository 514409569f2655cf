//! Registering (RFC 7591 section 3).

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::secret::Secret;
use crate::crypto::keyring::Keyring;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppSecret;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::client_metadata::ClientMetadata;
use crate::domain::initial_token::InitialToken;
use crate::domain::initial_token::InitialTokenStanding;
use crate::domain::registration::Registration;
use crate::domain::registration_policy::RegistrationMode;
use crate::domain::registration_request::RegistrationRequest;
use crate::domain::self_registered::SelfRegistered;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::registration::RegisteredClient;
use crate::ops::registration::RegistrationRefusal;
use crate::ops::settings::OpsSettings;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::InitialTokens;
use crate::store::tables::SelfRegistered as Registrations;
use crate::store::tables::UnusedClients;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

struct Register {
    app: App,
    row: SelfRegistered,
    initial: Option<PlainToken>,
    keys: Arc<Keyring>,
    settings: Arc<OpsSettings>,
    now: Timestamp,
    origin: Origin,
}

impl Ops {
    /// Registers a client from the body of its request. `initial` is the bearer token that came
    /// with it.
    ///
    /// # Errors
    /// [`RegistrationRefusal`].
    pub async fn register_client(
        &self,
        body: &[u8],
        initial: Option<&str>,
        origin: Origin,
    ) -> Outcome<RegisteredClient, RegistrationRefusal> {
        let policy = &self.settings.registration;
        let refused = |why| Err(Failure::Refused(why));
        if !policy.is_on() {
            return refused(RegistrationRefusal::Off);
        }
        let now = self.now();
        if let Err(wait) = self.registration_pace.count(origin, now) {
            return refused(RegistrationRefusal::TooFast(wait));
        }
        let initial = match (policy.mode, initial) {
            (RegistrationMode::InitialToken, None) => {
                return refused(RegistrationRefusal::NoInitialToken);
            }
            (RegistrationMode::InitialToken, Some(text)) => {
                let Some(token) = self.initial_token(text, now)? else {
                    return refused(RegistrationRefusal::InitialTokenRefused);
                };
                Some(token)
            }
            _ => None,
        };
        let metadata = match RegistrationRequest::read(body, &self.settings.custom_schemes) {
            Ok(request) => request.metadata,
            Err(why) => return refused(RegistrationRefusal::Unusable(why)),
        };
        if !policy.permits(&metadata.redirect_uris) {
            return refused(RegistrationRefusal::RedirectNotAllowed);
        }
        self.keep_registration(metadata, initial, now, origin).await
    }

    async fn keep_registration(
        &self,
        metadata: ClientMetadata,
        initial: Option<PlainToken>,
        now: Timestamp,
        origin: Origin,
    ) -> Outcome<RegisteredClient, RegistrationRefusal> {
        let mint = |kind| PlainToken::mint(kind, false, now, self.entropy.as_ref());
        let secret =
            metadata.token_endpoint_auth_method.has_secret().then(|| mint(TokenKind::ClientSecret));
        let access = mint(TokenKind::RegistrationAccess);
        let secrets = secret.iter().map(|plain| self.app_secret(plain, now)).collect();
        let app = app(AppId::make(now, self.entropy.as_ref()), &metadata, secrets, now);
        let row = SelfRegistered {
            access: self.keys.hash(&access),
            metadata: metadata.clone(),
            day: 0,
            changes: 0,
        };
        let act = Register {
            app,
            row,
            initial,
            keys: Arc::clone(&self.keys),
            settings: Arc::clone(&self.settings),
            now,
            origin,
        };
        let app = flatten(self.store.submit(act).await)?;
        let secret = secret.map(|plain| Secret::from(plain.text()));
        Ok(RegisteredClient { app, metadata, secret, access: access.text().into() })
    }

    /// The initial access token that `text` is, if it can be used.
    fn initial_token(&self, text: &str, now: Timestamp) -> Result<Option<PlainToken>, Fault> {
        let Some(token) = PlainToken::parse(TokenKind::InitialAccess, text) else {
            return Ok(None);
        };
        let good = self.store.read(|reader| usable(reader, &self.keys, &token, now))?;
        Ok(good.map(|_| token))
    }
}

fn usable(
    reader: &Reader<'_>,
    keys: &Keyring,
    token: &PlainToken,
    now: Timestamp,
) -> Result<Option<InitialToken>, Fault> {
    let row = reader.get::<InitialTokens>(token.id())?;
    Ok(row.filter(|row| {
        keys.matches(&row.hash, token) && row.standing(now) == InitialTokenStanding::Good
    }))
}

/// Nothing that it registers makes a client more than a stranger: it serves all places, is bounded
/// by each person who approves it, requires nothing, and nobody has reviewed it.
fn app(id: AppId, metadata: &ClientMetadata, secrets: Vec<AppSecret>, now: Timestamp) -> App {
    // What it says of its web site is not taken over: shown, it would lend it somebody's host.
    App {
        kind: metadata.token_endpoint_auth_method.kind(),
        proof: metadata.proof(),
        name: metadata.shown_name(),
        redirect_uris: metadata.redirect_uris.clone(),
        secrets,
        ..App::unreviewed(id, Registration::Dynamic, now)
    }
}

impl Operation for Register {
    type Outcome = Result<App, RegistrationRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let mut changes = Changes::new();
        if let Some(token) = &self.initial {
            let Some(row) = usable(reader, &self.keys, token, self.now)? else {
                let why = RegistrationRefusal::InitialTokenRefused;
                return Ok(Decision::unchanged(Err(why)));
            };
            let used = InitialToken { used: row.used.saturating_add(1), ..row };
            changes.put::<InitialTokens>(token.id(), &used)?;
        }
        if let Some(wait) = self.full_for(reader)? {
            return Ok(Decision::unchanged(Err(RegistrationRefusal::Full(wait))));
        }
        changes.put::<Apps>(&self.app.id, &self.app)?;
        changes.put::<Registrations>(&self.app.id, &self.row)?;
        changes.put::<UnusedClients>(&self.app.id, &())?;
        let event = Event::new(EventKind::ClientRegistered, self.now, self.origin);
        changes.record(event.app(self.app.id).cause(format!("as \"{}\"", self.app.name)));
        Ok(Decision { changes, outcome: Ok(self.app) })
    }
}

impl Register {
    /// How long until there is room for another one; none if there is.
    fn full_for(&self, reader: &Reader<'_>) -> Result<Option<Duration>, Fault> {
        let policy = &self.settings.registration;
        let table = TableId::UnusedClients;
        if reader.state().count(table)? < policy.most_unused {
            return Ok(None);
        }
        let oldest = reader.state().range(table, &[], None, 1)?;
        let oldest = oldest.first().and_then(|(key, _)| tables::last_id(key));
        let goes = oldest.map_or(self.now, |id| id.made_at().plus(policy.unused));
        Ok(Some(goes.since(self.now).max(Duration::from_secs(60))))
    }
}
