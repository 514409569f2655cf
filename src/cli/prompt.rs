//! Asking a person, wherever they are.

use std::io;
use std::path::Path;
use std::str::FromStr;

use crate::admin::console::Console;
use crate::base::secret::Secret;
use crate::cli::error::CliError;

/// Asks until the answer can be used.
pub(super) fn ask<T>(console: &dyn Console, question: &str) -> Result<T, CliError>
where
    T: FromStr<Err: std::fmt::Display>,
{
    loop {
        let answer = console.ask(&format!("{question}: ")).map_err(silent)?;
        match answer.parse() {
            Ok(answer) => return Ok(answer),
            Err(why) => say(console, &format!("  {why}\n"))?,
        }
    }
}

/// Asks for a new password twice; nothing typed: none.
pub(super) fn new_password(
    console: &dyn Console,
    is_good: impl Fn(&Secret) -> Result<(), String>,
) -> Result<Option<Secret>, CliError> {
    let hidden = |question| console.ask_hidden(question).map_err(silent);
    loop {
        let first = hidden("Password (empty: get a link to choose it): ")?;
        if first.expose().is_empty() {
            return Ok(None);
        }
        if let Err(why) = is_good(&first) {
            say(console, &format!("  {why}\n"))?;
        } else if hidden("The same again: ")? == first {
            return Ok(Some(first));
        } else {
            say(console, "  these are two different passwords\n")?;
        }
    }
}

/// The password in the first line of a file; `-` is standard input.
pub(super) fn password_file(console: &dyn Console, path: &Path) -> Result<Secret, CliError> {
    first_line(console, path, "password")
}

/// As [`password_file`], for the passphrase of a backup.
pub(super) fn passphrase_file(console: &dyn Console, path: &Path) -> Result<Secret, CliError> {
    first_line(console, path, "passphrase")
}

fn first_line(console: &dyn Console, path: &Path, of: &str) -> Result<Secret, CliError> {
    console.first_line(path).map_err(|error| {
        let path = path.display();
        CliError::failed(&format_args!("the {of} file {path} cannot be read ({error})"))
    })
}

fn say(console: &dyn Console, text: &str) -> Result<(), CliError> {
    console.err(text.as_bytes()).map_err(silent)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn silent(error: io::Error) -> CliError {
    CliError::failed(&format_args!("the question was not answered ({error}); give flags instead"))
}
