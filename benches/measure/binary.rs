//! The product's own binary, started as an operator would: `countersign serve`.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use countersign::app::serving;
use countersign::server::health::READYZ;
use rustix::process::Pid;
use rustix::process::Signal;
use tokio::time::Instant;

use super::Bench;
use super::Outcome;
use super::client;
use super::client::Target;
use super::host;

/// Longer than any start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; killed when dropped.
pub(crate) struct Binary {
    process: Child,
    log: PathBuf,
    /// Where it listens.
    pub(crate) target: Target,
}

impl Binary {
    /// Starts it over the data in `folder`, with the defaults for everything else. Returns how
    /// long that took, to the first answer that says that it is ready.
    pub(crate) fn start(bench: &Bench, folder: &Path) -> Outcome<(Self, Duration)> {
        // The port is free again before the server takes it; nothing else here wants one.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (log, empty) = (folder.with_extension("log"), folder.with_extension("toml"));
        File::create(&empty)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.env_clear().arg("serve").arg("--config").arg(&empty);
        command.arg("--data-dir").arg(folder).arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let ca = serving::tls_folder(folder).join("ca.pem");
        let target = Target::new(&ca, port)?;
        let begun = Instant::now();
        let process = bench.cores.on_server(|| Ok(command.spawn()?))?;
        let mut binary = Self { process, log, target };
        bench.runtime.block_on(binary.ready(begun))?;
        Ok((binary, begun.elapsed()))
    }

    async fn ready(&mut self, begun: Instant) -> Outcome<()> {
        let request = format!("GET {READYZ} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
        let mut answer = Vec::new();
        while begun.elapsed() < PATIENCE && self.process.try_wait()?.is_none() {
            if let Ok(mut connection) = self.target.connect(0).await {
                client::exchange(&mut connection, &request, &mut answer).await?;
                if answer.starts_with(b"HTTP/1.1 200 ") {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(host::told(&self.log, &"the server did not become ready"))
    }

    /// Memory that it has in use now, in MiB.
    pub(crate) fn memory(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmRSS")?;
        Ok(kib.trim().parse::<f64>()? / 1024.0)
    }

    /// Ends it as a supervisor does, and waits until it has drained.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        let id = Pid::from_child(&self.process);
        rustix::process::kill_process(id, Signal::TERM)?;
        let status = self.process.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(host::told(&self.log, &format_args!("the server ended with {status}")))
    }

    /// Kills it at once.
    pub(crate) fn kill(mut self) -> Outcome<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It has ended already, unless the measurement failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
