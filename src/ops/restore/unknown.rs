//! Nothing is known of the former file: what was revoked, deleted or spent since the backup cannot be
//! told from what was not.

use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::connection::EndCause;
use crate::ops::connections;
use crate::ops::restore::Settling;
use crate::store::fault::Fault;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::Factors;
use crate::store::tables::InitialTokens;
use crate::store::tables::SigningKeys;
use crate::store::tables::Users;

impl Settling<'_> {
    /// All apps and API tokens come back revoked, all connections have ended, and no recovery code, link
    /// or signing key of the backup is good for anything.
    pub(super) fn without_former(&mut self) -> Result<(), Fault> {
        for (_, app) in self.reader.all::<Apps>()? {
            // What has neither secret nor place holds nothing but its connections.
            let holds = !app.secrets.is_empty() || app.place.is_some();
            if app.status == AppStatus::Active && holds {
                let generation = app.generation.saturating_add(1);
                let status = AppStatus::Revoked { at: self.now };
                let stopped = App { status, generation, secrets: Vec::new(), ..app };
                self.changes.put::<Apps>(&stopped.id, &stopped)?;
                self.settled.apps += 1;
            }
        }
        for (_, connection) in self.reader.all::<Connections>()? {
            if connection.is_active() {
                let cause = EndCause::EndedByOperator;
                connections::end(&mut self.changes, connection, self.now, cause)?;
                self.settled.connections += 1;
            }
        }
        for (_, user) in self.reader.all::<Users>()? {
            if let Some(mut factors) = self.reader.get::<Factors>(&user.id)? {
                for code in factors.recovery.iter_mut().filter(|code| code.used_at.is_none()) {
                    code.used_at = Some(self.now);
                    self.settled.recovery_codes += 1;
                }
                self.changes.put::<Factors>(&user.id, &factors)?;
            }
        }
        for (key, _) in self.reader.all::<SigningKeys>()? {
            if let Some(id) = tables::last_id(&key) {
                self.changes.delete::<SigningKeys>(&id);
            }
        }
        for (key, _) in self.reader.all::<InitialTokens>()? {
            if let Some(id) = tables::last_id(&key) {
                self.changes.delete::<InitialTokens>(&id);
            }
        }
        self.links_but(&|_| Ok(false))
    }
}
