//! Lines on their way to a stream: collected, and written together by a thread of their own, so
//! that a request does not wait for a write and many lines cost one.
//!
//! A line is on its way at once when the log was quiet, after a hundredth of a second when it is
//! busy. Nothing is dropped: whoever logs faster than the stream takes waits.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long further lines are collected behind a write.
const GATHER: Duration = Duration::from_millis(10);
/// Bytes that may wait; beyond that whoever logs waits too.
const WAITING: usize = 1024 * 1024;

/// Where lines are handed in. Clones share one stream.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

/// Keeps the stream going; dropping it writes what is left. Lines handed in later are written at
/// once.
pub struct Spool {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Held while lines are taken and written, so that they stay in order.
    stream: Mutex<Box<dyn Write + Send>>,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    closed: bool,
}

impl Spool {
    /// Starts the thread that writes to `stream`.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(stream: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            stream: Mutex::new(Box::new(stream)),
        });
        let writer = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Where to hand in lines.
    #[must_use]
    pub fn lines(&self) -> Lines {
        Lines(Arc::clone(&self.shared))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked leaves its lines to the next call, which finds them here.
            let _ = thread.join();
        }
        self.shared.write_out();
    }
}

impl Lines {
    /// Writes what is waiting, now.
    pub fn flush_now(&self) {
        self.0.write_out();
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.state();
        let was_empty = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        let write_here = state.closed || state.lines.len() > WAITING;
        drop(state);
        if write_here {
            self.write_out();
        } else if was_empty {
            self.changed.notify_all();
        }
    }

    fn write_out(&self) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut self.state().lines);
        // There is nobody to tell that the log cannot be written.
        let _ = stream.write_all(&lines).and_then(|()| stream.flush());
    }

    fn run(&self) {
        loop {
            let idle = |state: &mut State| state.lines.is_empty() && !state.closed;
            let waited = self.changed.wait_while(self.state(), idle);
            drop(waited);
            self.write_out();
            let open = |state: &mut State| !state.closed;
            let gathered = self.changed.wait_timeout_while(self.state(), GATHER, open);
            let (state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_in_order() {
        let page = Page::default();
        let spool = Spool::start(page.clone()).unwrap();
        let mut lines = spool.lines();
        let expected: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
        for line in expected.split_inclusive('\n') {
            lines.write_all(line.as_bytes()).unwrap();
        }
        drop(spool);
        assert_eq!(page.text(), expected);
    }

    #[test]
    fn a_line_is_written_without_another_one_following() {
        let page = Page::default();
        let spool = Spool::start(page.clone()).unwrap();
        spool.lines().write_all(b"alone\n").unwrap();
        while page.text() != "alone\n" {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_line_after_the_end_is_written_as_well() {
        let page = Page::default();
        let spool = Spool::start(page.clone()).unwrap();
        let mut lines = spool.lines();
        drop(spool);
        lines.write_all(b"late\n").unwrap();
        assert_eq!(page.text(), "late\n");
    }

    #[test]
    fn more_than_may_wait_is_written_by_whoever_logs() {
        let page = Page::default();
        let spool = Spool::start(page.clone()).unwrap();
        let line = vec![b'x'; WAITING + 1];
        spool.lines().write_all(&line).unwrap();
        assert_eq!(page.text().len(), line.len());
        drop(spool);
    }
}
