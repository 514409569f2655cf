//! The product against its ceiling: both asked the same, both answering with as many bytes, in
//! short rounds that take turns, so that whatever disturbs the machine disturbs both.

use std::path::Path;

use super::Bench;
use super::Outcome;
use super::client;
use super::client::Connection;
use super::client::Target;
use super::host::Host;
use super::load;
use super::load::Load;
use super::machine::Ticks;
use super::protocol::Ask;
use super::report::Row;
use super::script::Script;
use super::side::Round;
use super::side::Side;

/// One kind of answer.
pub(crate) struct Contest {
    kind: &'static str,
    subject: Contestant,
    ceiling: Contestant,
    layered: Option<Contestant>,
    /// Bytes of every answer, head and body; none: each side has its own.
    length: Option<usize>,
}

/// Who answers, and what it is asked.
struct Contestant {
    target: Target,
    scripts: Vec<Script>,
}

impl Contest {
    /// Asks `host` once and has it make a ceiling with an answer of that size. `layered`: and
    /// another inside the middleware, which adds headers of its own.
    pub(crate) fn prepare(
        bench: &Bench,
        host: &mut Host,
        kind: &'static str,
        mut scripts: Vec<Script>,
        layered: bool,
    ) -> Outcome<Self> {
        let target = host_target(host, host.ready.port)?;
        let first = scripts.first_mut().ok_or("nothing to ask")?;
        let sample = bench.runtime.block_on(once(&target, first))?;
        let body = client::body_of(&sample)?.to_owned();
        let mut made = |layered| -> Outcome<Contestant> {
            let target = of_size(bench, host, &scripts, &body, layered, sample.len())?;
            Ok(Contestant { target, scripts: scripts.clone() })
        };
        let ceiling = made(false)?;
        let layered = if layered { Some(made(true)?) } else { None };
        let subject = Contestant { target, scripts };
        Ok(Self { kind, subject, ceiling, layered, length: Some(sample.len()) })
    }

    /// Beside another listener of the server's process, at `port`, that is asked the same.
    pub(crate) fn beside(
        host: &Host,
        kind: &'static str,
        scripts: Vec<Script>,
        port: u16,
    ) -> Outcome<Self> {
        let ceiling = Contestant { target: host_target(host, port)?, scripts: scripts.clone() };
        let subject = Contestant { target: host_target(host, host.ready.port)?, scripts };
        Ok(Self { kind, subject, ceiling, layered: None, length: None })
    }

    /// One row: all of them with so many connections.
    pub(crate) fn row(
        &mut self,
        bench: &Bench,
        host: &mut Host,
        connections: usize,
    ) -> Outcome<Row> {
        let mut row = self.start(connections);
        for _ in 0..bench.plan.rounds {
            self.round(bench, host, &mut row)?;
        }
        Ok(row)
    }

    /// A row without rounds.
    pub(crate) fn start(&self, connections: usize) -> Row {
        Row::new(self.kind, connections, self.layered.is_some())
    }

    /// A round of each, added to `row`.
    pub(crate) fn round(&mut self, bench: &Bench, host: &mut Host, row: &mut Row) -> Outcome<()> {
        let load = bench.plan.load(row.connections);
        row.ceiling.add(self.ceiling.round(bench, host, &load, self.length)?);
        if let (Some(layered), Some(side)) = (&mut self.layered, &mut row.layered) {
            side.add(layered.round(bench, host, &load, self.length)?);
        }
        row.subject.add(self.subject.round(bench, host, &load, self.length)?);
        Ok(())
    }

    /// A round of the product alone, added to `side`.
    pub(crate) fn subject_round(
        &mut self,
        bench: &Bench,
        host: &mut Host,
        connections: usize,
        side: &mut Side,
    ) -> Outcome<()> {
        let connections = self.connect(bench, connections)?;
        self.subject_round_on(bench, host, connections, side)
    }

    /// Connections to the product, their handshakes done.
    pub(crate) fn connect(&self, bench: &Bench, connections: usize) -> Outcome<Vec<Connection>> {
        let load = bench.plan.load(connections);
        bench.runtime.block_on(load.connect(&self.subject.target))
    }

    /// A round of the product alone on connections that stand, added to `side`.
    pub(crate) fn subject_round_on(
        &mut self,
        bench: &Bench,
        host: &mut Host,
        connections: Vec<Connection>,
        side: &mut Side,
    ) -> Outcome<()> {
        let load = bench.plan.load(connections.len());
        let asking = self.subject.ask(host, &load, connections, self.length);
        side.add(bench.runtime.block_on(asking)?);
        Ok(())
    }
}

impl Contestant {
    /// One round, and what it cost the server.
    fn round(
        &mut self,
        bench: &Bench,
        host: &mut Host,
        load: &Load,
        length: Option<usize>,
    ) -> Outcome<Round> {
        bench.runtime.block_on(async {
            let connections = load.connect(&self.target).await?;
            self.ask(host, load, connections, length).await
        })
    }

    async fn ask(
        &mut self,
        host: &mut Host,
        load: &Load,
        connections: Vec<Connection>,
        length: Option<usize>,
    ) -> Outcome<Round> {
        let (before, ticks) = (host.spent()?, Ticks::now()?);
        let run = load.run(connections, &mut self.scripts, length);
        let measured = run.await.map_err(|error| host.explain(&error))?;
        let busy = Ticks::now()?.busy_since(&ticks);
        Ok(Round { measured, spent: host.spent()?.since(&before), busy })
    }
}

/// A port of the server's process.
pub(crate) fn host_target(host: &Host, port: u16) -> Outcome<Target> {
    Target::new(Path::new(&host.ready.ca_file), port)
}

/// One answer of `target`.
async fn once(target: &Target, script: &mut Script) -> Outcome<Vec<u8>> {
    let mut connection = target.connect(0).await?;
    let mut answer = Vec::new();
    client::exchange(&mut connection, script.next(), &mut answer).await?;
    load::expect(&answer, answer.len())?;
    script.answered(&answer)?;
    Ok(answer)
}

/// A constant answer of `length` bytes: `body`, with blanks behind it or less of it.
fn of_size(
    bench: &Bench,
    host: &mut Host,
    scripts: &[Script],
    body: &str,
    layered: bool,
    length: usize,
) -> Outcome<Target> {
    let mut wanted = body.len();
    // The length of the body is itself written in the head.
    for _ in 0..4 {
        let body = format!("{:<wanted$}", body.get(..wanted).unwrap_or(body));
        let port = host.ask(&Ask::Constant { body, layered })?;
        let target = host_target(host, port)?;
        let mut script = scripts.first().ok_or("nothing to ask")?.clone();
        let answer = bench.runtime.block_on(once(&target, &mut script))?;
        if answer.len() == length {
            return Ok(target);
        }
        wanted = (wanted + length).saturating_sub(answer.len());
    }
    Err("no constant answer has the product's size".into())
}
