//! Apps, API tokens and connections as far as the former file still had them.

use serde_json::Value;
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::domain::initial_token::InitialToken;
use crate::domain::registration::ClientProof;
use crate::domain::registration::KeySource;
use crate::domain::registration::Registration;
use crate::ops::restore::Settling;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::InitialTokens;
use crate::store::tables::SelfRegistered;

impl Settling<'_> {
    pub(super) fn apps_as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        for (_, app) in self.reader.all::<Apps>()? {
            let was = former.get::<Apps>(&app.id)?;
            let left = match &was {
                Some(was) => self.app_as(app.clone(), was),
                None => gone(app.clone(), self.now),
            };
            if left != app {
                self.changes.put::<Apps>(&left.id, &left)?;
                self.settled.apps += 1;
            }
            self.registration_as_in(former, app.id)?;
        }
        for (_, connection) in self.reader.all::<Connections>()? {
            let left = match former.get::<Connections>(&connection.id)? {
                Some(was) => self.connection_as(connection.clone(), &was),
                // A restore took it away, and told it.
                None => connection.clone().ended(self.now, EndCause::EndedByOperator),
            };
            if left != connection {
                self.changes.put::<Connections>(&left.id, &left)?;
                self.settled.connections += 1;
            }
        }
        for (key, token) in self.reader.all::<InitialTokens>()? {
            let Some(id) = tables::last_id(&key) else { continue };
            match former.get::<InitialTokens>(&id)? {
                None => self.changes.delete::<InitialTokens>(&id),
                Some(was) => {
                    let revoked_at = token.revoked_at.or(was.revoked_at);
                    let used = token.used.max(was.used);
                    let left = InitialToken { revoked_at, used, ..token };
                    self.changes.put::<InitialTokens>(&id, &left)?;
                }
            }
        }
        Ok(())
    }

    fn app_as(&self, mut app: App, was: &App) -> App {
        if gravity(was.status) > gravity(app.status) {
            app.status = was.status;
        }
        app.generation = app.generation.max(was.generation);
        app.expires_at = earlier(app.expires_at, was.expires_at);
        app.secrets.retain_mut(|secret| {
            let kept =
                was.secrets.iter().find(|kept| (kept.id, &kept.hash) == (secret.id, &secret.hash));
            secret.expires_at = earlier(secret.expires_at, kept.and_then(|kept| kept.expires_at));
            kept.is_some()
        });
        // What a document says is fetched anew, keys and all.
        if !matches!(app.registration, Registration::Document { .. }) {
            app.proof = proof_as(app.proof, &was.proof);
        }
        app.redirect_uris.retain(|uri| was.redirect_uris.contains(uri));
        app.mcp &= was.mcp;
        app.pkce_required |= was.pkce_required;
        app.delegation = match (&app.delegation, &was.delegation) {
            (Delegation::Only(ours), Delegation::Only(theirs)) => {
                Delegation::Only(self.both(ours, theirs))
            }
            (Delegation::Anything, narrower) => narrower.clone(),
            (narrower, Delegation::Anything) => narrower.clone(),
        };
        app
    }

    fn connection_as(&self, mut connection: Connection, was: &Connection) -> Connection {
        if connection.is_active() {
            connection.status = was.status;
        }
        connection.scopes = self.both(&connection.scopes, &was.scopes);
        connection.absolute_end = connection.absolute_end.min(was.absolute_end);
        connection
    }

    /// The token with which a client manages its own registration.
    fn registration_as_in(&mut self, former: &Reader<'_>, app: AppId) -> Result<(), Fault> {
        if let Some(row) = self.reader.get::<SelfRegistered>(&app)? {
            let was = former.get::<SelfRegistered>(&app)?;
            if was.is_none_or(|was| was.access != row.access) {
                self.changes.delete::<SelfRegistered>(&app);
            }
        }
        Ok(())
    }
}

/// What is left of an app that is no more.
fn gone(app: App, now: Timestamp) -> App {
    if matches!(app.status, AppStatus::Deleted { .. }) {
        return app;
    }
    let generation = app.generation.saturating_add(1);
    App { status: AppStatus::Deleted { at: now }, generation, secrets: Vec::new(), ..app }
}

/// How much a status takes away: what was taken away after the backup stays so, and so does what the
/// backup says.
const fn gravity(status: AppStatus) -> u8 {
    match status {
        AppStatus::Active => 0,
        AppStatus::Blocked { .. } => 1,
        AppStatus::Revoked { .. } => 2,
        AppStatus::Deleted { .. } => 3,
    }
}

/// The keys that are in both: one that was replaced may be in somebody else's hands.
fn proof_as(proof: ClientProof, was: &ClientProof) -> ClientProof {
    let ClientProof::PrivateKeyJwt { keys: ours } = &proof else { return proof };
    let theirs = match was {
        ClientProof::PrivateKeyJwt { keys } if keys == ours => return proof,
        ClientProof::PrivateKeyJwt { keys: KeySource::Inline(theirs) } => keys_in(theirs),
        _ => Vec::new(),
    };
    let mut kept = match ours {
        KeySource::Inline(ours) => keys_in(ours),
        KeySource::Url(_) => Vec::new(),
    };
    kept.retain(|key| theirs.contains(key));
    let keys = KeySource::Inline(json!({ "keys": kept }).to_string());
    ClientProof::PrivateKeyJwt { keys }
}

fn keys_in(set: &str) -> Vec<Value> {
    let set: Option<Value> = serde_json::from_str(set).ok();
    set.and_then(|set| set.get("keys")?.as_array().cloned()).unwrap_or_default()
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(names: &[&str]) -> ClientProof {
        let keys: Vec<_> = names.iter().map(|name| json!({"kty": "EC", "kid": name})).collect();
        let keys = KeySource::Inline(json!({ "keys": keys }).to_string());
        ClientProof::PrivateKeyJwt { keys }
    }

    fn at(url: &str) -> ClientProof {
        ClientProof::PrivateKeyJwt { keys: KeySource::Url(url.to_owned()) }
    }

    #[test]
    fn a_key_that_was_taken_away_or_replaced_does_not_come_back() {
        assert_eq!(proof_as(inline(&["a", "b"]), &inline(&["b", "c"])), inline(&["b"]));
        assert_eq!(proof_as(inline(&["a"]), &ClientProof::Secret), inline(&[]));
        assert_eq!(proof_as(inline(&["a"]), &at("https://a.example/")), inline(&[]));
        assert_eq!(proof_as(at("https://a.example/"), &at("https://b.example/")), inline(&[]));
    }

    #[test]
    fn what_proves_a_client_in_both_proves_it() {
        for proof in [inline(&["a", "b"]), at("https://a.example/"), ClientProof::Secret] {
            assert_eq!(proof_as(proof.clone(), &proof), proof);
        }
        assert_eq!(proof_as(ClientProof::Secret, &inline(&["a"])), ClientProof::Secret);
    }
}
