//! The server's side: takes calls, a few at a time, and runs each on a thread of its own.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::VERSION;
use crate::admin::bind::Bound;
use crate::admin::frame;
use crate::admin::frame::Kind;
use crate::admin::line::Line;
use crate::admin::peer;
use crate::domain::system_user::SystemUser;

/// Commands at a time.
const AT_ONCE: usize = 4;
/// Time for a caller to say what it wants.
const FIRST: Duration = Duration::from_secs(5);
/// Time for a person to answer a question.
const ANSWER: Duration = Duration::from_secs(600);
/// How long a caller may leave unread what it is told.
const UNREAD: Duration = Duration::from_secs(60);
/// The status of a call that was refused.
const REFUSED: u8 = 1;

/// A command to run.
pub struct Call {
    /// Its arguments, without the program's name.
    pub args: Vec<OsString>,
    /// Who calls.
    pub by: SystemUser,
    /// Where its answers go.
    pub line: Arc<Line>,
}

/// Runs a command and answers with its exit status. It may block.
pub type Commands = Arc<dyn Fn(Call) -> u8 + Send + Sync>;

/// Takes calls until `stop`. Then commands that are running end; a question that is still open is
/// answered by nobody.
///
/// # Errors
/// The socket cannot be used.
pub async fn run(
    bound: Bound,
    commands: Commands,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = bound.listener.try_clone()?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let (places, tasks) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    let stopping = CancellationToken::new();
    tokio::pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a command could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let Ok(caller) = stream.peer_cred() else { continue };
        let Ok(stream) = stream.into_std() else { continue };
        let place = Arc::clone(&places).try_acquire_owned();
        let (commands, stopping) = (Arc::clone(&commands), stopping.clone());
        let Ok(other_end) = stream.try_clone() else { continue };
        tasks.spawn(async move {
            let running = tokio::task::spawn_blocking(move || {
                take(stream, caller.uid(), place.is_ok(), &commands);
            });
            tokio::pin!(running);
            let ended = tokio::select! {
                ended = &mut running => ended,
                () = stopping.cancelled() => {
                    // A question that waits for a person ends; what is said is still read.
                    let _ = other_end.shutdown(std::net::Shutdown::Read);
                    running.await
                }
            };
            if ended.is_err() {
                tracing::error!("a command ended in a panic; this is a defect, please report it");
            }
        });
    }
    drop((listener, bound));
    stopping.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

fn take(mut stream: UnixStream, caller: u32, has_place: bool, commands: &Commands) {
    let prepared = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_write_timeout(Some(UNREAD)))
        .and_then(|()| stream.set_read_timeout(Some(FIRST)));
    if prepared.is_err() {
        return;
    }
    if let Err(why) = heard(caller, has_place) {
        return refuse(stream, &why);
    }
    let Ok(first) = frame::read(&mut stream) else { return };
    let said = (first.kind == Kind::Call).then(|| Said::read(&first.body)).flatten();
    let Some(Said { version, attended, args }) = said else { return };
    if version != VERSION {
        return refuse(stream, &other_version(&version));
    }
    if stream.set_read_timeout(Some(ANSWER)).is_err() {
        return;
    }
    let by = peer::user(caller);
    tracing::info!(by = %by, "a command came over the admin socket");
    let line = Arc::new(Line::new(stream, attended));
    let status = commands(Call { args, by, line: Arc::clone(&line) });
    // A caller that hung up has lost its answer, not what it asked for.
    let _ = line.say(Kind::Status, &[status]);
}

/// Whether the caller is heard now.
fn heard(caller: u32, has_place: bool) -> Result<(), String> {
    let own = peer::own();
    if !peer::may_call(caller, own.uid()) {
        let caller = peer::user(caller);
        tracing::warn!(%caller, "somebody else tried the admin socket");
        return Err(format!(
            "only root and {own}, as whom the server runs, may run commands here, and you are {caller}"
        ));
    }
    match has_place {
        true => Ok(()),
        false => Err(format!(
            "the server is running {AT_ONCE} other commands; try again when one has ended"
        )),
    }
}

fn other_version(callers: &str) -> String {
    let callers: String = callers.chars().filter(char::is_ascii_graphic).take(40).collect();
    format!(
        "this is countersign {callers}, but countersign {VERSION} is running; restart the server (systemctl restart countersign), then try again"
    )
}

fn refuse(stream: UnixStream, why: &str) {
    let line = Line::new(stream, false);
    // Whoever hung up need not be told.
    let _ = line
        .say(Kind::Err, format!("countersign: {why}\n").as_bytes())
        .and_then(|()| line.say(Kind::Status, &[REFUSED]));
}

/// What the first frame says.
struct Said {
    version: String,
    attended: bool,
    args: Vec<OsString>,
}

impl Said {
    fn read(body: &[u8]) -> Option<Self> {
        let mut parts = body.split(|byte| *byte == 0);
        let version = String::from_utf8(parts.next()?.to_vec()).ok()?;
        let attended = parts.next()? == b"1";
        Some(Self {
            version,
            attended,
            args: parts.map(|arg| OsString::from_vec(arg.to_vec())).collect(),
        })
    }
}
