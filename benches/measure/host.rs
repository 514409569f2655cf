//! The server's process, as the load sees it.

use std::error::Error;
use std::fmt::Display;
use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use serde::de::DeserializeOwned;

use super::Outcome;
use super::machine::Cores;
use super::protocol::Ask;
use super::protocol::Ready;
use super::protocol::Spent;

/// A running server. It ends when its input does, so it never outlives the load.
pub(crate) struct Host {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    log: PathBuf,
    /// Where it is.
    pub(crate) ready: Ready,
}

impl Host {
    /// Starts this program once more, as the server over the data in `folder`. Its log goes to a
    /// file, a line a request, as it would in service.
    pub(crate) fn start(folder: &Path, cores: &Cores) -> Outcome<Self> {
        let log = folder.with_extension("log");
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve").arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut process = cores.on_server(|| Ok(command.spawn()?))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err("no pipes".into()) };
        let mut output = BufReader::new(output);
        let ready = line(&mut output).map_err(|error| told(&log, &error))?;
        Ok(Self { process, input, output, log, ready })
    }

    /// What the server has spent so far.
    pub(crate) fn spent(&mut self) -> Outcome<Spent> {
        self.ask(&Ask::Spent)
    }

    /// Asks the server's process for something.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, ask: &Ask) -> Outcome<T> {
        serde_json::to_writer(&mut self.input, ask)?;
        self.input.write_all(b"\n")?;
        line(&mut self.output).map_err(|error| self.explain(&error))
    }

    /// `error` with the end of the server's log.
    pub(crate) fn explain(&self, error: &dyn Display) -> Box<dyn Error + Send + Sync> {
        told(&self.log, error)
    }

    /// Ends the server, which must have drained.
    pub(crate) fn stop(self) -> Outcome<()> {
        let Self { mut process, input, log, .. } = self;
        drop(input);
        let status = process.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(told(&log, &format_args!("the server ended with {status}")))
    }
}

fn line<T: DeserializeOwned>(output: &mut impl std::io::BufRead) -> Outcome<T> {
    let mut line = String::new();
    output.read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// `error` with the last lines of `log`.
pub(crate) fn told(log: &Path, error: &dyn Display) -> Box<dyn Error + Send + Sync> {
    let lines = File::open(log).map(|log| BufReader::new(log).lines().map_while(Result::ok));
    let lines: Vec<String> = lines.map(Iterator::collect).unwrap_or_default();
    let last = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n");
    format!("{error}; the server's last lines:\n{last}").into()
}
