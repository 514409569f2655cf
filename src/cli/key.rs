//! `countersign key`.

use clap::Subcommand;
use serde::Serialize;

use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::session::Session;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Make a new key for hashing tokens and a new one for signing assertions
    #[command(after_help = "\
Example:
  countersign key rotate

Nobody has to connect again: tokens, secrets and codes that were hashed under an older key work on, and
new ones are hashed under the new key. The new signing key signs at once. The old one stays published
for an hour, so that what it signed can still be checked; with --compromised it is destroyed, and what it
signed is refused as soon as upstreams read the published keys again (within 5 minutes). Signing keys
are also changed by themselves, see identity.key_rotation. The master key stays as it is.

With --json: {\"signing_key\", \"token_key_version\"}; signing_key is null if identity.assertion is \"off\".")]
    Rotate {
        /// Destroy the old signing keys at once
        #[arg(long)]
        compromised: bool,
    },
}

/// What was made.
#[derive(Serialize)]
struct RotatedRow {
    signing_key: Option<String>,
    token_key_version: u8,
}

pub(super) fn run(noun: &Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    let Act::Rotate { compromised } = noun.act;
    let made = session.wait(session.ops.rotate_keys(compromised, session.origin))?;
    let signing_key = made.signing.map(|id| id.to_string());
    let row = RotatedRow { signing_key, token_key_version: made.token };
    session.out.answer(&row, || told(&row))
}

fn told(row: &RotatedRow) -> String {
    let signing = row.signing_key.as_ref().map_or_else(
        || "Assertions are turned off, so there is no key to sign with.\n".to_owned(),
        |id| format!("Assertions are signed with the key {id} from now on.\n"),
    );
    let version = row.token_key_version;
    format!("{signing}Tokens are hashed under key {version} from now on; older ones work on.\n")
}
