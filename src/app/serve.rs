//! `countersign serve`.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::app::installation;
use crate::app::reload;
use crate::app::running::Commands;
use crate::app::say;
use crate::app::serving;
use crate::app::serving::Serving;
use crate::app::stopped::Stopped;
use crate::app::supervised;
use crate::app::supervised::Supervised;
use crate::app::upstreams;
use crate::app::wire;
use crate::config::Settings;
use crate::config::Sources;
use crate::config::Supervision;
use crate::domain::audit::Origin;
use crate::domain::link::LinkPurpose;
use crate::ops::Ops;
use crate::ops::administration::installation::Kind;
use crate::ops::failure::Failure;
use crate::server::binding;
use crate::server::inherited;
use crate::telemetry::logs;
use crate::telemetry::logs::Log;

/// What the command line says beside the settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether another issuer than the recorded one is accepted.
    pub accept_new_issuer: bool,
    /// Who started it, and what it was handed.
    pub supervision: Supervision,
    /// Where the settings came from, and are read again.
    pub sources: Sources,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// Why it could not start, or had to stop.
pub fn run(settings: Settings, options: Options, commands: Commands) -> Result<(), Stopped> {
    let Options { accept_new_issuer, supervision, sources } = options;
    let inherited = inherited::take(&supervision.socket_names);
    let inherited = inherited.map_err(|fault| Stopped::because(&fault))?;
    let log = start_log(&settings)?;
    let supervised = Supervised::of(&supervision)?;
    let behind = upstreams::behind(&settings)?;
    serving::block_on(async move {
        let listeners = listeners(&settings, inherited).await?;
        let opening = installation::Options {
            accept_new_issuer,
            ..installation::Options::of(&settings, Kind::Real)
        };
        let opening = serving::open(&settings.data.folder, opening);
        let installation = supervised::patiently(&supervised.manager, opening).await?;
        let ops = wire::ops(&settings, &installation)?;
        let first_run = first_run(&ops).await?;
        let settings = Arc::new(settings);
        let serving = Serving {
            settings: Arc::clone(&settings),
            installation: &installation,
            ops,
            listeners,
            behind,
            ahead: Duration::ZERO,
            supervised,
            reread: Some(reload::of_the_log(sources, log.level.clone())),
            commands: Some(commands),
        };
        serving.run(|| announce(&settings, first_run)).await
    })
}

/// The sockets that were handed over, else those that the settings name.
async fn listeners(
    settings: &Settings,
    inherited: Vec<std::net::TcpListener>,
) -> Result<Vec<TcpListener>, Stopped> {
    if !inherited.is_empty() {
        return inherited::adopt(inherited).map_err(|fault| Stopped::because(&fault));
    }
    let mut listeners = Vec::new();
    for address in &settings.server.listen {
        let bound = binding::bind(*address).await;
        listeners.push(bound.map_err(|fault| Stopped::because(&fault))?);
    }
    Ok(listeners)
}

fn start_log(settings: &Settings) -> Result<Log, Stopped> {
    let format = match settings.log.format {
        crate::config::LogFormat::Text => "text",
        crate::config::LogFormat::Json => "json",
    };
    let format = logs::Format::from_str(format).map_err(|fault| Stopped::because(&fault))?;
    logs::init(format, settings.log.level.as_str()).map_err(|fault| Stopped::because(&fault))
}

/// The link for making the first owner, while there is none. Each start makes a new one.
async fn first_run(ops: &Ops) -> Result<Option<String>, Stopped> {
    if ops.has_users()? {
        return Ok(None);
    }
    match ops.issue_link(LinkPurpose::FirstOwner, Origin::default()).await {
        Ok(link) => Ok(Some(link.url.expose().to_owned())),
        Err(Failure::Refused(_)) => Ok(None),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

fn announce(settings: &Settings, first_run: Option<String>) -> Result<(), Stopped> {
    say::line(&format!("Countersign serves {}", settings.issuer))?;
    if let Some(link) = first_run {
        say::line("There are no users yet. Open this link once to make the first owner:")?;
        say::line(&format!("  {link}"))?;
        say::line("It works for 24 hours, or until the server is started again.")?;
    }
    Ok(())
}
