//! Managing a registration (RFC 7592): reading, changing and deleting it, with the token that came
//! with it and no other.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::crypto::keyring::Keyring;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::client_metadata::ClientMetadata;
use crate::domain::registration_request::RegistrationRequest;
use crate::domain::self_registered::SelfRegistered;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::registration::Refused;
use crate::ops::registration::RegisteredClient;
use crate::ops::registration::RegistrationRefusal;
use crate::ops::settings::OpsSettings;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::SelfRegistered as Registrations;
use crate::store::tables::UnusedClients;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// A client as it was named, and the registration access token that was presented for it.
#[derive(Clone, Debug)]
struct Presented {
    client: AppId,
    token: PlainToken,
}

impl Presented {
    fn read(client: &str, token: Option<&str>) -> Option<Self> {
        let token = PlainToken::parse(TokenKind::RegistrationAccess, token?)?;
        Some(Self { client: client.parse().ok()?, token })
    }

    /// The registration, if the token is its own and nobody has stopped it.
    fn prove(
        &self,
        reader: &Reader<'_>,
        keys: &Keyring,
    ) -> Result<Option<(App, SelfRegistered)>, Fault> {
        let row = reader.get::<Registrations>(&self.client)?;
        let Some(row) = row.filter(|row| keys.matches(&row.access, &self.token)) else {
            return Ok(None);
        };
        let app = reader.get::<Apps>(&self.client)?;
        Ok(app.filter(|app| app.status == AppStatus::Active).map(|app| (app, row)))
    }
}

const NOT_ITS_TOKEN: Refused = (RegistrationRefusal::NotItsToken, None);

impl Ops {
    /// What a client registered.
    ///
    /// # Errors
    /// [`RegistrationRefusal::Off`] or [`RegistrationRefusal::NotItsToken`].
    pub fn read_registration(
        &self,
        client: &str,
        token: Option<&str>,
    ) -> Outcome<RegisteredClient, Refused> {
        let presented = self.presented(client, token)?;
        let found = self.store.read(|reader| presented.prove(reader, &self.keys))?;
        let (app, row) = found.ok_or(Failure::Refused(NOT_ITS_TOKEN))?;
        Ok(seen(app, row.metadata, &presented.token))
    }

    /// Replaces what a client registered.
    ///
    /// # Errors
    /// [`RegistrationRefusal`].
    pub async fn update_registration(
        &self,
        client: &str,
        token: Option<&str>,
        body: &[u8],
        origin: Origin,
    ) -> Outcome<RegisteredClient, Refused> {
        let presented = self.presented(client, token)?;
        let found = self.store.read(|reader| presented.prove(reader, &self.keys))?;
        let (app, _) = found.ok_or(Failure::Refused(NOT_ITS_TOKEN))?;
        let refused = |why| Err(Failure::Refused((why, Some(app.id))));
        let now = self.now();
        if let Err(wait) = self.registration_pace.count(origin, now) {
            return refused(RegistrationRefusal::TooFast(wait));
        }
        let request = match RegistrationRequest::read(body, &self.settings.custom_schemes) {
            Ok(request) => request,
            Err(why) => return refused(RegistrationRefusal::Unusable(why)),
        };
        let act = Update {
            presented: presented.clone(),
            request,
            keys: Arc::clone(&self.keys),
            settings: Arc::clone(&self.settings),
            now,
            origin,
        };
        let (app, metadata) = flatten(self.store.submit(act).await)?;
        Ok(seen(app, metadata, &presented.token))
    }

    /// Deletes a registration: what hangs on it ends at once.
    ///
    /// # Errors
    /// [`RegistrationRefusal::Off`] or [`RegistrationRefusal::NotItsToken`].
    pub async fn delete_registration(
        &self,
        client: &str,
        token: Option<&str>,
        origin: Origin,
    ) -> Outcome<(), Refused> {
        let presented = self.presented(client, token)?;
        let act = Delete { presented, keys: Arc::clone(&self.keys), now: self.now(), origin };
        flatten(self.store.submit(act).await)
    }

    fn presented(&self, client: &str, token: Option<&str>) -> Result<Presented, Failure<Refused>> {
        if !self.settings.registration.is_on() {
            return Err(Failure::Refused((RegistrationRefusal::Off, None)));
        }
        Presented::read(client, token).ok_or(Failure::Refused(NOT_ITS_TOKEN))
    }
}

fn seen(app: App, metadata: ClientMetadata, token: &PlainToken) -> RegisteredClient {
    RegisteredClient { app, metadata, secret: None, access: token.text().into() }
}

struct Update {
    presented: Presented,
    request: RegistrationRequest,
    keys: Arc<Keyring>,
    settings: Arc<OpsSettings>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Update {
    type Outcome = Result<(App, ClientMetadata), Refused>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some((app, row)) = self.presented.prove(reader, &self.keys)? else {
            return Ok(Decision::unchanged(Err(NOT_ITS_TOKEN)));
        };
        let refused = |why| Ok(Decision::unchanged(Err((why, Some(self.presented.client)))));
        if let Err(why) = self.check(&app, &row) {
            return refused(why);
        }
        let metadata = self.request.metadata.clone();
        if metadata == row.metadata {
            return Ok(Decision::unchanged(Ok((app, metadata))));
        }
        let other = row.metadata.differs_for_people(&metadata);
        let Some(row) = row.changed(metadata.clone(), self.now) else {
            return refused(RegistrationRefusal::ChangedTooOften);
        };
        let app = App {
            name: metadata.shown_name(),
            redirect_uris: metadata.redirect_uris.clone(),
            proof: metadata.proof(),
            // What people approved is no more: codes, tokens and connections of before are over.
            generation: app.generation.saturating_add(u32::from(other)),
            ..app
        };
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        changes.put::<Registrations>(&app.id, &row)?;
        let event = Event::new(EventKind::ClientUpdated, self.now, self.origin).app(app.id);
        let cause = if other {
            format!("as \"{}\", to be approved anew", app.name)
        } else {
            "details".to_owned()
        };
        changes.record(event.cause(cause));
        Ok(Decision { changes, outcome: Ok((app, metadata)) })
    }
}

impl Update {
    /// What an update must say, must not say, and cannot change (RFC 7592 section 2.2).
    fn check(&self, app: &App, row: &SelfRegistered) -> Result<(), RegistrationRefusal> {
        let names_itself = self.request.client_id.as_deref() == Some(app.id.to_string().as_str());
        if !names_itself || self.request.sets_what_is_ours || !self.keeps_its_secret(app) {
            return Err(RegistrationRefusal::NotItsOwn);
        }
        let (before, after) = (
            row.metadata.token_endpoint_auth_method,
            self.request.metadata.token_endpoint_auth_method,
        );
        if !before.may_become(after) {
            return Err(RegistrationRefusal::TypeChanged);
        }
        if !self.settings.registration.permits(&self.request.metadata.redirect_uris) {
            return Err(RegistrationRefusal::RedirectNotAllowed);
        }
        Ok(())
    }

    /// A client may repeat its secret, and never choose it.
    fn keeps_its_secret(&self, app: &App) -> bool {
        let Some(text) = &self.request.client_secret else { return true };
        PlainToken::parse(TokenKind::ClientSecret, text.expose()).is_some_and(|token| {
            let live = app.secrets.iter().filter(|secret| secret.is_live(self.now));
            live.into_iter().any(|secret| self.keys.matches(&secret.hash, &token))
        })
    }
}

struct Delete {
    presented: Presented,
    keys: Arc<Keyring>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Delete {
    type Outcome = Result<(), Refused>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some((app, _)) = self.presented.prove(reader, &self.keys)? else {
            return Ok(Decision::unchanged(Err(NOT_ITS_TOKEN)));
        };
        let mut changes = Changes::new();
        let event = Event::new(EventKind::ClientDeleted, self.now, self.origin).app(app.id);
        changes.record(event.cause(format!("it was \"{}\"", app.name)));
        if reader.has::<UnusedClients>(&app.id)? {
            // Its place among the unused ones stays taken: who registers and deletes all day is
            // bounded as well.
            forget(&mut changes, app.id);
        } else {
            retire(&mut changes, app, self.now)?;
        }
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

/// Removes a client that nobody ever used.
pub(in crate::ops) fn forget(changes: &mut Changes, app: AppId) {
    changes.delete::<Apps>(&app);
    changes.delete::<Registrations>(&app);
}

/// Ends a client that people used. What is left is its name, for the history that points to it.
pub(in crate::ops) fn retire(changes: &mut Changes, app: App, now: Timestamp) -> Result<(), Fault> {
    changes.delete::<Registrations>(&app.id);
    let retired = App {
        status: AppStatus::Deleted { at: now },
        generation: app.generation.saturating_add(1),
        secrets: Vec::new(),
        redirect_uris: Vec::new(),
        ..app
    };
    changes.put::<Apps>(&retired.id, &retired)
}
