//! Sessions: finding, carrying on, raising and ending them.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::session::Level;
use crate::domain::session::Session;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
pub use crate::store::tables::BrowserMark;
use crate::store::tables::Sessions;
use crate::store::tables::UserSessions;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// A live session, proven by its cookie.
#[derive(Clone, Debug)]
pub struct LiveSession {
    id: RawId,
    /// The row.
    pub session: Session,
    /// Who.
    pub user: User,
}

impl LiveSession {
    /// Its key.
    #[must_use]
    pub const fn id(&self) -> &RawId {
        &self.id
    }

    /// Whether it may set up another second factor in place of a lost one.
    #[must_use]
    pub fn replaces_factor(&self, now: Timestamp) -> bool {
        self.session.replaces_factor(now)
    }

    /// What was proved.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.session.level
    }
}

/// How much later than the last noted activity the next is noted: reading a page writes at most
/// once a minute.
const NOTED_EVERY: Duration = Duration::from_secs(60);

impl Ops {
    /// The session behind a cookie, if it lives and its user may act.
    ///
    /// # Errors
    /// The store failed.
    pub fn session(&self, cookie: &str) -> Result<Option<LiveSession>, Fault> {
        let Some(token) = PlainToken::parse(TokenKind::Session, cookie) else { return Ok(None) };
        self.store.read(|reader| {
            let row = reader.get::<Sessions>(token.id())?;
            match row.filter(|row| self.keys.matches(&row.hash, &token)) {
                Some(row) => live(reader, *token.id(), row, self),
                None => Ok(None),
            }
        })
    }

    /// Notes activity, at most once a minute.
    ///
    /// # Errors
    /// The store failed.
    pub async fn note_activity(&self, live: &LiveSession) -> Result<(), Fault> {
        let now = self.now();
        if now.since(live.session.seen_at) < NOTED_EVERY {
            return Ok(());
        }
        self.store.submit(NoteActivity { id: live.id, now }).await
    }

    /// Ends a session: the cookie is worth nothing from here on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out(&self, live: &LiveSession, origin: Origin) -> Result<(), Fault> {
        let event = self.event(EventKind::SignedOut, origin).user(live.user.id);
        self.store.submit(EndSession { id: live.id, event }).await
    }

    /// A value for the cookie of a browser that has none.
    #[must_use]
    pub fn draw_browser(&self) -> String {
        encoding::base64url(&self.draw::<32>())
    }

    /// The mark of a browser, from its cookie.
    #[must_use]
    pub fn browser_mark(&self, cookie: &str) -> BrowserMark {
        let tag = self.keys.bind("browser mark", &[cookie.as_bytes()]);
        let mut mark = [0; 16];
        for (to, from) in mark.iter_mut().zip(tag) {
            *to = from;
        }
        BrowserMark(mark)
    }

    /// A tag that binds a form to the session and browser that it was shown in.
    #[must_use]
    pub fn form_tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.keys.bind("form", parts)
    }

    /// A tag that binds an MCP server's session to those whose it is.
    #[must_use]
    pub fn session_tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.keys.bind("MCP session", parts)
    }

    pub(in crate::ops) fn draw_session(&self, now: Timestamp) -> PlainToken {
        PlainToken::mint(TokenKind::Session, false, now, self.entropy.as_ref())
    }
}

/// The session and its user, if both are good.
fn live(
    reader: &Reader<'_>,
    id: RawId,
    session: Session,
    ops: &Ops,
) -> Result<Option<LiveSession>, Fault> {
    // A session counts only where it is found by its user: so none is missed when theirs end.
    let listed = reader.has::<UserSessions>(&(session.user, id))?;
    if !listed || session.is_over(ops.now(), &ops.settings.lifetimes) {
        return Ok(None);
    }
    let user = reader.get::<Users>(&session.user)?.filter(User::is_active);
    Ok(user.map(|user| LiveSession { id, session, user }))
}

/// The session of `id` as it stands for the writer, if it still lives at `level` or above.
pub(in crate::ops) fn still(
    reader: &Reader<'_>,
    id: &RawId,
    ops: &Ops,
    level: Level,
) -> Result<Option<LiveSession>, Fault> {
    match reader.get::<Sessions>(id)? {
        Some(row) if row.level >= level => live(reader, *id, row, ops),
        _ => Ok(None),
    }
}

/// The row of a session that begins with `token`.
pub(in crate::ops) fn row(
    ops: &Ops,
    token: &PlainToken,
    user: UserId,
    level: Level,
    origin: Origin,
) -> Session {
    Session {
        hash: ops.keys.hash(token),
        user,
        level,
        began_at: ops.now(),
        seen_at: ops.now(),
        recovery_codes_waiting: false,
        replaces_factor_until: None,
        recovered: None,
        browser: origin.browser.to_string(),
        address: origin.address,
    }
}

/// Index rows of sessions that are gone which one new session clears away.
const CLEARED_AT_ONCE: usize = 32;

/// Begins a session, and clears away what is left of older ones of the same person.
pub(in crate::ops) fn begin(
    reader: &Reader<'_>,
    changes: &mut Changes,
    id: &RawId,
    row: &Session,
) -> Result<(), Fault> {
    for (key, ()) in reader.under_after::<UserSessions>(&row.user, None, CLEARED_AT_ONCE)? {
        if let Some(older) = tables::last_id(&key)
            && !reader.has::<Sessions>(&older)?
        {
            changes.delete::<UserSessions>(&(row.user, older));
        }
    }
    changes.put::<Sessions>(id, row)?;
    changes.put::<UserSessions>(&(row.user, *id), &())
}

/// Every session of `user`, those that are over included.
pub(in crate::ops) fn of_user(
    reader: &Reader<'_>,
    user: UserId,
) -> Result<Vec<(RawId, Session)>, Fault> {
    let mut theirs = Vec::new();
    for id in
        reader.under::<UserSessions>(&user)?.iter().filter_map(|(key, ())| tables::last_id(key))
    {
        theirs.extend(reader.get::<Sessions>(&id)?.map(|row| (id, row)));
    }
    Ok(theirs)
}

/// Ends every session of `user` but `kept`. Answers how many that were.
pub(in crate::ops) fn end_all(
    reader: &Reader<'_>,
    changes: &mut Changes,
    user: UserId,
    kept: Option<&RawId>,
) -> Result<u64, Fault> {
    let mut ended = of_user(reader, user)?;
    ended.retain(|(id, _)| Some(id) != kept);
    for (id, _) in &ended {
        changes.delete::<Sessions>(id);
        changes.delete::<UserSessions>(&(user, *id));
    }
    Ok(ended.len() as u64)
}

struct NoteActivity {
    id: RawId,
    now: Timestamp,
}

impl Operation for NoteActivity {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        if let Some(row) = reader.get::<Sessions>(&self.id)? {
            let seen_at = row.seen_at.max(self.now);
            changes.put::<Sessions>(&self.id, &Session { seen_at, ..row })?;
        }
        Ok(Decision { changes, outcome: () })
    }
}

struct EndSession {
    id: RawId,
    event: Event,
}

impl Operation for EndSession {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        if reader.has::<Sessions>(&self.id)? {
            changes.delete::<Sessions>(&self.id);
            changes.record(self.event);
        }
        Ok(Decision { changes, outcome: () })
    }
}
