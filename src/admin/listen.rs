//! The server's side: takes calls, a few at a time, and runs each on a thread of its own.

use std::ffi::OsString;
use std::io;
use std::net::Shutdown;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::VERSION;
use crate::admin::bind::Bound;
use crate::admin::frame;
use crate::admin::frame::Kind;
use crate::admin::line::Ends;
use crate::admin::line::Line;
use crate::admin::peer;
use crate::domain::system_user::SystemUser;

/// Commands at a time.
const AT_ONCE: usize = 4;
/// Time for a caller to say what it wants.
const FIRST: Duration = Duration::from_secs(5);
/// Once the server stops, time for a caller to take what a command still says.
const LAST_WORDS: Duration = Duration::from_secs(10);
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
        let (places, commands) = (Arc::clone(&places), Arc::clone(&commands));
        let stopping = stopping.clone();
        let Ok(other_end) = stream.try_clone() else { continue };
        tasks.spawn(async move {
            let mut running =
                tokio::task::spawn_blocking(move || take(stream, caller.uid(), &places, &commands));
            let ended = tokio::select! {
                ended = &mut running => ended,
                () = stopping.cancelled() => {
                    // A question that waits for a person ends; what is said is still read.
                    let _ = other_end.shutdown(Shutdown::Read);
                    match timeout(LAST_WORDS, &mut running).await {
                        Ok(ended) => ended,
                        Err(_) => {
                            // Nor does the stop wait for a caller that reads nothing.
                            let _ = other_end.shutdown(Shutdown::Both);
                            running.await
                        }
                    }
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

fn take(stream: UnixStream, caller: u32, places: &Semaphore, commands: &Commands) {
    if stream.set_nonblocking(false).is_err() {
        return;
    }
    // Whoever may not call takes nobody's place.
    let place = may_call(caller).and_then(|()| {
        places.try_acquire().map_err(|_| {
            format!("the server is running {AT_ONCE} other commands; try again when one has ended")
        })
    });
    let _place = match place {
        Ok(place) => place,
        Err(why) => return refuse(stream, &why),
    };
    let Ok(first) = frame::read_within(&stream, FIRST) else { return };
    let said = (first.kind == Kind::Call).then(|| Said::read(&first.body)).flatten();
    let Some(Said { version, ends, args }) = said else { return };
    if version != VERSION {
        return refuse(stream, &other_version(&version));
    }
    let by = peer::user(caller);
    tracing::info!(by = %by, "a command came over the admin socket");
    let line = Arc::new(Line::new(stream, ends));
    // A caller that hung up has lost its answer, not what it asked for.
    let _ = line.heard();
    let status = commands(Call { args, by, line: Arc::clone(&line) });
    let _ = line.say(Kind::Status, &[status]);
}

fn may_call(caller: u32) -> Result<(), String> {
    let own = peer::own();
    if peer::may_call(caller, own.uid()) {
        return Ok(());
    }
    let caller = peer::user(caller);
    tracing::warn!(%caller, "somebody else tried the admin socket");
    Err(format!(
        "only root and {own}, as whom the server runs, may run commands here, and you are {caller}"
    ))
}

fn other_version(callers: &str) -> String {
    let callers: String = callers.chars().filter(char::is_ascii_graphic).take(40).collect();
    format!(
        "this is countersign {callers}, but countersign {VERSION} is running; restart the server (systemctl restart countersign), then try again"
    )
}

fn refuse(stream: UnixStream, why: &str) {
    let line = Line::new(stream, Ends::default());
    // Whoever hung up need not be told.
    let _ = line
        .say(Kind::Err, format!("countersign: {why}\n").as_bytes())
        .and_then(|()| line.say(Kind::Status, &[REFUSED]));
}

/// What the first frame says.
struct Said {
    version: String,
    ends: Ends,
    args: Vec<OsString>,
}

impl Said {
    fn read(body: &[u8]) -> Option<Self> {
        let mut parts = body.split(|byte| *byte == 0);
        let version = String::from_utf8(parts.next()?.to_vec()).ok()?;
        let ends = parts.next()?;
        let has = |at| ends.get(at) == Some(&b'1');
        Some(Self {
            version,
            ends: Ends { attended: has(0), screen: has(1) },
            args: parts.map(|arg| OsString::from_vec(arg.to_vec())).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::io::Write as _;

    use super::*;
    use crate::admin::bind;
    use crate::admin::console::Console as _;

    /// A socket at which commands do `what`, while `calling` calls.
    async fn while_listening<T: Send + 'static>(
        what: impl Fn(&Line) -> u8 + Send + Sync + 'static,
        calling: impl FnOnce(&std::path::Path, &CancellationToken) -> T + Send + 'static,
    ) -> T {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let bound = bind::bind(&path).unwrap();
        let stop = CancellationToken::new();
        let commands: Commands = Arc::new(move |call| what(&call.line));
        let stopping = stop.clone();
        let caller = tokio::task::spawn_blocking(move || {
            // A caller that fails leaves nobody waiting.
            let _stopping = stopping.clone().drop_guard();
            calling(&path, &stopping)
        });
        run(bound, commands, stop.cancelled()).await.unwrap();
        caller.await.unwrap()
    }

    fn call(path: &std::path::Path) -> UnixStream {
        let mut stream = UnixStream::connect(path).unwrap();
        // A refusal may have come before it.
        let _ = frame::write(&mut stream, Kind::Call, format!("{VERSION}\x0000").as_bytes());
        stream
    }

    fn heard(stream: &mut UnixStream) -> (Kind, String) {
        let mut frame = frame::read(stream).unwrap();
        if frame.kind == Kind::Heard {
            frame = frame::read(stream).unwrap();
        }
        (frame.kind, frame.text().unwrap().to_owned())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn commands_beyond_the_limit_are_told_to_come_back_and_find_a_place_again() {
        let answered = |line: &Line| u8::from(line.ask("go on?").is_err());
        while_listening(answered, |path, stop| {
            let mut asked: Vec<_> = (0..AT_ONCE).map(|_| call(path)).collect();
            asked.iter_mut().for_each(|stream| assert_eq!(heard(stream).0, Kind::Ask));
            let mut further = call(path);
            let (kind, told) = heard(&mut further);
            assert!(kind == Kind::Err && told.contains("4 other commands"), "{told}");
            assert_eq!(heard(&mut further).0, Kind::Status);
            for stream in &mut asked {
                frame::write(stream, Kind::Done, b"yes").unwrap();
                assert_eq!(heard(stream), (Kind::Status, "\0".to_owned()));
                // The place is free once the thread is done, which is told by the end.
                assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            }
            let mut next = call(path);
            assert_eq!(heard(&mut next).0, Kind::Ask);
            stop.cancel();
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_who_connect_and_say_nothing_hold_nobody_up_for_long() {
        let done = |line: &Line| u8::from(line.out(b"done").is_err());
        while_listening(done, |path, stop| {
            let silent: Vec<_> = (0..200).map(|_| UnixStream::connect(path).unwrap()).collect();
            loop {
                let mut stream = call(path);
                match heard(&mut stream) {
                    (Kind::Out, told) => break assert_eq!(told, "done"),
                    (kind, told) => assert!(kind == Kind::Err, "{told}"),
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            drop(silent);
            stop.cancel();
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_no_call_is_answered_by_hanging_up() {
        while_listening(
            |_| 0,
            |path, stop| {
                let mut long = vec![Kind::Call as u8];
                long.extend_from_slice(&u32::MAX.to_be_bytes());
                let strange: [&[u8]; 4] = [
                    &long,
                    &[99, 0, 0, 0, 0],
                    &[Kind::Done as u8, 0, 0, 0, 0],
                    b"GET / HTTP/1.1\r\n",
                ];
                for bytes in strange {
                    let mut stream = UnixStream::connect(path).unwrap();
                    stream.write_all(bytes).unwrap();
                    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "{bytes:?}");
                }
                stop.cancel();
            },
        )
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stop_does_not_wait_for_a_caller_that_reads_nothing() {
        let (begun, begins) = std::sync::mpsc::channel();
        let begun = std::sync::Mutex::new(begun);
        let long = move |line: &Line| {
            begun.lock().unwrap().send(()).unwrap();
            u8::from(line.out(&vec![b'x'; 8 * 1024 * 1024]).is_err())
        };
        let begin = tokio::time::Instant::now();
        while_listening(long, move |path, stop| {
            let stream = call(path);
            begins.recv().unwrap();
            stop.cancel();
            // Kept until the server gave up on it.
            stream
        })
        .await;
        assert!(begin.elapsed() < LAST_WORDS * 2, "{:?}", begin.elapsed());
    }
}
