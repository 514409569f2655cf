//! `countersign tls`: the certificate, as files. None of it needs the data file; a server that runs
//! takes new files by itself, and writes those that it makes.

mod trust;

use std::path::Path;
use std::path::PathBuf;

use clap::Subcommand;

use crate::app::certificates;
use crate::base::clock::SystemClock;
use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::rows::certificate::CertificateRow;
use crate::cli::rows::certificate::TrustRow;
use crate::config;
use crate::config::Settings;
use crate::config::TlsMode;
use crate::tls::TlsFault;
use crate::tls::facts::Facts;
use crate::tls::material;
use crate::tls::material::Material;
use crate::tls::private_ca;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Show the certificate that is served: names, issuer, end, fingerprint
    #[command(after_help = "\
Example:
  countersign tls show

It reads the files that the configuration names; a server that runs uses them within a second, unless
they cannot be used: then `problem` says why, and the server serves what it had.")]
    Show,
    /// Say whether a certificate and its key can be served
    #[command(after_help = "\
Example:
  countersign tls check fullchain.pem privkey.pem

Without files, those of the configuration. Status 0: they can be read, belong together, are in order and
valid now, and are for the issuer's host. Status 1 says what is wrong.")]
    Check {
        /// The certificate and its chain, PEM
        #[arg(requires = "key")]
        certificate: Option<PathBuf>,
        /// Its private key, PEM
        key: Option<PathBuf>,
    },
    /// Issue a new certificate from the private CA now
    #[command(after_help = "\
Example:
  countersign tls renew

It is renewed by itself 30 days before its end; this is for a key that may be known to others. Clients that
trust the CA notice nothing. A server that runs serves it within a second.")]
    Renew,
    /// Say how clients come to trust the private CA
    #[command(after_help = "Example:\n  countersign tls trust")]
    Trust,
}

impl Act {
    /// Whether files are written, which must belong to the server's user. What is only read may be a file
    /// that the caller names, and is read by nobody else.
    pub(super) const fn writes(&self) -> bool {
        matches!(self, Self::Renew)
    }
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let settings = match &context.running {
        Some(running) => running.settings.as_ref().clone(),
        None => config::load(&noun.shared.sources.sources(Vec::new()))?.settings,
    };
    let out = context.out(noun.shared.json);
    match noun.act {
        Act::Show => show(&settings, &out),
        Act::Check { certificate, key } => check(&settings, certificate.zip(key), &out),
        Act::Renew => renew(&settings, &out),
        Act::Trust => trust(&settings, &out),
    }
}

fn show(settings: &Settings, out: &Output) -> Result<(), CliError> {
    let (certificate, key, source) = certificates::files(settings);
    let facts = facts_in(&certificate)?;
    let problem = Material::load(&certificate, &key, SystemClock::wall()).err();
    let problem = problem.map(|fault| fault.to_string());
    let host = settings.issuer.host();
    out.show(&CertificateRow::of(&facts, source, &certificate, &host, problem))
}

fn check(
    settings: &Settings,
    given: Option<(PathBuf, PathBuf)>,
    out: &Output,
) -> Result<(), CliError> {
    let (configured, configured_key, source) = certificates::files(settings);
    let (certificate, key) = given.unwrap_or((configured, configured_key));
    let material = Material::load(&certificate, &key, SystemClock::wall())
        .map_err(|fault| CliError::failed(&fault))?;
    let host = settings.issuer.host();
    if !material.covers(&host) {
        let (file, names) = (certificate.display(), material.facts().names.join(", "));
        return Err(CliError::failed(&format_args!(
            "the certificate in {file} is for {names}, not for the issuer's host {host}: get one for {host}"
        )));
    }
    out.show(&CertificateRow::of(material.facts(), source, &certificate, &host, None))
}

fn renew(settings: &Settings, out: &Output) -> Result<(), CliError> {
    if settings.tls.mode != TlsMode::PrivateCa {
        return Err(CliError::failed(
            &"only the private CA's certificate is made here, and tls.mode is another: renew it where it comes from",
        ));
    }
    let folder = certificates::tls_folder(&settings.data.folder);
    let names = certificates::names(settings);
    let made = private_ca::renew(&folder, &names, SystemClock::wall());
    made.map_err(|fault| not_started(fault, &folder))?;
    show(settings, out)
}

fn trust(settings: &Settings, out: &Output) -> Result<(), CliError> {
    if settings.tls.mode != TlsMode::PrivateCa {
        return Err(CliError::failed(&"there is no private CA to trust: tls.mode is another"));
    }
    let folder = certificates::tls_folder(&settings.data.folder);
    let file = private_ca::ca_file(&folder);
    let facts = facts_in(&file)?;
    let url = format!("{}/ca.pem", settings.issuer);
    let row = TrustRow::of(&facts, &file, url);
    out.answer(&row, || trust::told(&row))
}

fn facts_in(file: &Path) -> Result<Facts, CliError> {
    material::facts_in(file).map_err(|fault| match file.parent() {
        Some(folder) => not_started(fault, folder),
        None => CliError::failed(&fault),
    })
}

/// What the first start makes may not be there yet.
fn not_started(fault: TlsFault, folder: &Path) -> CliError {
    match fault {
        TlsFault::Missing(_) if !folder.exists() => CliError::failed(&format_args!(
            "{} does not exist: it is made when the server first starts",
            folder.display()
        )),
        fault => CliError::failed(&fault),
    }
}
