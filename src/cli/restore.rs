//! `countersign restore`.

use std::path::PathBuf;

use serde::Serialize;

use crate::app::backup;
use crate::app::backup::restore::Restore;
use crate::app::backup::restore::Restored;
use crate::app::installation::Kind;
use crate::app::installation::Options;
use crate::base::clock::SystemClock;
use crate::cli::args::Shared;
use crate::cli::backup::passphrase;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::progress::Line;
use crate::config;

/// Put a backup in the place of the data file; the server must be stopped
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  systemctl stop countersign.socket countersign.service
  countersign restore /mnt/backups/countersign.backup
  systemctl start countersign

The file that was in place is kept beside the new one. Everybody signs in again, and every program gets
new tokens. What was revoked, deleted or spent since the backup stays so, as the file in place says; if it
cannot be read, all apps and API tokens come back revoked. Nothing is changed if it fails or is interrupted.
With --json: {\"file\", \"created_at\", \"former\", \"unread\", \"generation\", \"entry\", \"ended\", \"apps\", \"connections\",
\"people\", \"roles\", \"recovery_codes\", \"links\", \"need_links\", \"key_restored\"}.")]
pub(super) struct Args {
    #[command(flatten)]
    shared: Shared,
    /// The backup
    file: PathBuf,
    /// A file whose first line is its passphrase, in place of backup.passphrase_file; - reads standard
    /// input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// What came of it.
#[derive(Serialize)]
struct RestoreRow {
    file: String,
    created_at: String,
    /// Where the file is that was in place.
    former: Option<String>,
    /// Why nothing could be learned from it.
    unread: Option<String>,
    generation: u32,
    /// The entry of the audit trail that declares the fork.
    entry: u64,
    /// Sessions, codes and tokens.
    ended: u64,
    apps: u64,
    connections: u64,
    people: u64,
    roles: u64,
    recovery_codes: u64,
    links: u64,
    need_links: Vec<String>,
    key_restored: bool,
}

impl RestoreRow {
    fn of(args: &Args, restored: &Restored) -> Self {
        let settled = &restored.settled;
        Self {
            file: args.file.display().to_string(),
            created_at: restored.header.created_at.rfc3339(),
            former: restored.former.as_ref().map(|path| path.display().to_string()),
            unread: restored.unread.clone(),
            generation: settled.generation,
            entry: settled.entry,
            ended: restored.ended,
            apps: settled.apps,
            connections: settled.connections,
            people: settled.people,
            roles: settled.roles,
            recovery_codes: settled.recovery_codes,
            links: settled.links,
            need_links: settled.need_links.iter().map(ToString::to_string).collect(),
            key_restored: restored.key,
        }
    }

    fn told(&self) -> String {
        let mut lines = vec![format!("Restored the backup of {}.", self.created_at)];
        if let Some(former) = &self.former {
            lines.push(format!("The file that was in place is {former}."));
        }
        match &self.unread {
            None => lines.push(format!(
                "Taken back as that file says, since it was taken back after the backup: of {} apps, {} connections, {} people; {} roles, {} recovery codes, {} links.",
                self.apps, self.connections, self.people, self.roles, self.recovery_codes, self.links
            )),
            Some(why) => lines.push(format!(
                "What was revoked since is not known ({why}): {} apps and API tokens come back revoked, {} connections ended, {} recovery codes and {} links are void. Look at people and roles: those that were removed since are back.",
                self.apps, self.connections, self.recovery_codes, self.links
            )),
        }
        if self.key_restored {
            lines.push("The master key was put back from the backup.".to_owned());
        }
        lines.push("Everybody signs in again, and every program gets new tokens.".to_owned());
        lines.push(format!("Entry {} of the audit trail declares it.", self.entry));
        for person in &self.need_links {
            lines.push(format!("{person} needs a link: countersign user link {person}"));
        }
        lines.join("\n") + "\n"
    }
}

pub(super) fn run(given: &Args, context: &Context) -> Result<(), CliError> {
    let settings = config::load(&given.shared.sources.sources(Vec::new()))?.settings;
    let passphrase = match (
        passphrase(context, given.passphrase_file.as_deref())?,
        &settings.backup.passphrase_file,
    ) {
        (None, Some(file)) => Some(backup::read_passphrase(file)?),
        (given, _) => given,
    };
    let options = Options::of(&settings, Kind::Real);
    let restore = Restore {
        file: &given.file,
        passphrase: passphrase.as_ref(),
        folder: &settings.data.folder,
        options: &options,
        catalogue: settings.catalogue.clone(),
        now: SystemClock::wall(),
    };
    let mut line = Line::new(context);
    let mut tell = |progress| line.show("Restoring", progress);
    let restored = restore.run(&mut tell, &mut |_| Ok(()))?;
    drop(line);
    let row = RestoreRow::of(given, &restored);
    context.out(given.shared.json).answer(&row, || row.told())
}
