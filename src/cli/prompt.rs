//! Asking a person at the terminal. Questions go to standard error: answers of commands stay
//! alone on standard output.

use std::io;
use std::io::BufRead as _;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::cli::error::CliError;

/// Whether somebody is there to answer.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// Asks until the answer can be used.
pub(super) fn ask<T>(question: &str) -> Result<T, CliError>
where
    T: FromStr<Err: std::fmt::Display>,
{
    loop {
        match line(&format!("{question}: "))?.parse() {
            Ok(answer) => return Ok(answer),
            Err(why) => say(&format!("  {why}\n"))?,
        }
    }
}

/// Asks for a new password twice; nothing typed: none.
pub(super) fn new_password(
    is_good: impl Fn(&Secret) -> Result<(), String>,
) -> Result<Option<Secret>, CliError> {
    loop {
        let first = hidden("Password (empty: get a link to choose it): ")?;
        if first.expose().is_empty() {
            return Ok(None);
        }
        if let Err(why) = is_good(&first) {
            say(&format!("  {why}\n"))?;
        } else if hidden("The same again: ")? == first {
            return Ok(Some(first));
        } else {
            say("  these are two different passwords\n")?;
        }
    }
}

/// The password in the first line of a file; `-` is standard input.
pub(super) fn password_file(path: &Path) -> Result<Secret, CliError> {
    first_line(path, "password")
}

/// As [`password_file`], for the passphrase of a backup.
pub(super) fn passphrase_file(path: &Path) -> Result<Secret, CliError> {
    first_line(path, "passphrase")
}

fn first_line(path: &Path, of: &str) -> Result<Secret, CliError> {
    let read = if path == Path::new("-") {
        let mut text = Zeroizing::new(String::new());
        io::stdin().lock().read_line(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path).map(Zeroizing::new)
    };
    let text = read.map_err(|error| {
        let path = path.display();
        CliError::failed(&format_args!("the {of} file {path} cannot be read ({error})"))
    })?;
    Ok(Secret::from(text.lines().next().unwrap_or_default()))
}

fn line(question: &str) -> Result<String, CliError> {
    say(question)?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer).map_err(silent)?;
    if read == 0 {
        Err(silent(io::ErrorKind::UnexpectedEof.into()))
    } else {
        Ok(answer.trim().to_owned())
    }
}

fn hidden(question: &str) -> Result<Secret, CliError> {
    rpassword::prompt_password(question).map(Secret::from).map_err(silent)
}

fn say(text: &str) -> Result<(), CliError> {
    let mut stderr = io::stderr();
    stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).map_err(silent)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn silent(error: io::Error) -> CliError {
    CliError::failed(&format_args!("the question was not answered ({error}); give flags instead"))
}
