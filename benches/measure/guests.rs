//! People at the sign-in form, as a browser sends it: opened once, then filled in again and again.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::http::paths;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Outcome;
use super::client;
use super::client::Connection;
use super::client::Target;
use super::script;
use super::seed::PASSWORD;

/// Whose address is typed in.
#[derive(Clone)]
pub(crate) enum Who {
    /// Somebody, with the right password.
    Person(String),
    /// Addresses that nobody has, another each time: the same work, and a refusal. The number
    /// tells guests apart.
    Nobody(usize),
}

/// A browser that was shown the form.
struct Guest {
    connection: Connection,
    authority: String,
    cookie: String,
    csrf: String,
    who: Who,
}

impl Guest {
    async fn open(target: &Target, number: usize, authority: &str, who: Who) -> Outcome<Self> {
        let mut connection = target.connect(number).await?;
        let request =
            format!("GET {} HTTP/1.1\r\nHost: {authority}\r\n\r\n", paths::SIGN_IN).into_bytes();
        let mut page = Vec::new();
        client::exchange(&mut connection, &request, &mut page).await?;
        let text = |before, after| {
            let found = client::between(&page, before, after).ok_or("not the sign-in form")?;
            Outcome::Ok(std::str::from_utf8(found)?.to_owned())
        };
        let cookie = text("set-cookie: ", ";")?;
        let csrf = text("name=\"csrf\" value=\"", "\"")?;
        Ok(Self { connection, authority: authority.to_owned(), cookie, csrf, who })
    }

    fn request(&self, count: usize) -> Vec<u8> {
        let Self { authority, cookie, csrf, .. } = self;
        let email = match &self.who {
            Who::Person(address) => address.clone(),
            Who::Nobody(number) => format!("nobody{number}.{count}@nowhere.example"),
        };
        let form = script::form(&[("csrf", csrf), ("email", &email), ("password", PASSWORD)]);
        let (path, length) = (paths::SIGN_IN, form.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nCookie: {cookie}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}"
        );
        request.into_bytes()
    }

    /// Sends the form until it is told to stop; how long each answer took. Every answer is the one
    /// that a checked password gets.
    async fn sign_in(mut self, stop: Arc<AtomicBool>) -> Outcome<Vec<Duration>> {
        let (mut latencies, mut answer) = (Vec::new(), Vec::new());
        let expected: &[u8] = match self.who {
            Who::Person(_) => b"HTTP/1.1 303 ",
            Who::Nobody(_) => b"HTTP/1.1 422 ",
        };
        while !stop.load(Ordering::Relaxed) {
            let request = self.request(latencies.len());
            let begun = Instant::now();
            client::exchange(&mut self.connection, &request, &mut answer).await?;
            latencies.push(begun.elapsed());
            if !answer.starts_with(expected) {
                return Err(format!("no sign-in: {}", String::from_utf8_lossy(&answer)).into());
            }
        }
        Ok(latencies)
    }
}

/// Guests who sign in at the same time, for as long as the load's executor runs.
pub(crate) struct Guests {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Outcome<Vec<Duration>>>,
}

impl Guests {
    /// Shows each the form and lets them begin.
    pub(crate) async fn arrive(
        target: &Target,
        authority: &str,
        who: impl IntoIterator<Item = Who>,
    ) -> Outcome<Self> {
        let mut guests = Self { stop: Arc::default(), tasks: JoinSet::new() };
        let mut open = Vec::new();
        for (number, who) in who.into_iter().enumerate() {
            open.push(Guest::open(target, number, authority, who).await?);
        }
        for guest in open {
            guests.tasks.spawn(guest.sign_in(Arc::clone(&guests.stop)));
        }
        Ok(guests)
    }

    /// Waits until the last of them is answered; how long each answer took.
    pub(crate) async fn leave(mut self) -> Outcome<Vec<Duration>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut latencies = Vec::new();
        while let Some(guest) = self.tasks.join_next().await {
            latencies.append(&mut guest??);
        }
        latencies.sort_unstable();
        Ok(latencies)
    }
}
