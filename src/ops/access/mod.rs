//! What has access to a company or firm, as a person may see it: all of it for those who administer it,
//! their own for everybody else.
//!
//! A page costs what it shows and a bounded number of rows that it looks at: whoever filters a long
//! list may find a page shorter than the others, and goes on from there.

pub mod counts;
pub mod due;
mod look;
pub mod of_app;
pub(in crate::ops) mod walk;

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::catalogue::Access as Reach;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::scope::ScopeSet;
use crate::domain::standing::Standing;
use crate::ops::Ops;
use crate::ops::access::counts::Counts;
use crate::ops::access::look::Look;
use crate::ops::access::walk::Walk;
pub use crate::ops::access::walk::What;
use crate::ops::administration::authority;
use crate::ops::cursors::Listing;
use crate::ops::cursors::NotACursor;
use crate::ops::cursors::Step;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;

/// Rows of a page.
pub const PAGE: usize = 50;
/// Rows that are looked at for one page.
pub const LOOKED_AT: usize = 2000;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Everything.
    Overview,
    /// API credentials.
    ApiCredentials,
    /// What was deleted and can be restored.
    Deleted,
    /// OAuth connections.
    OauthConnections,
    /// API tokens.
    ApiTokens,
    /// OAuth apps, those of nobody's own that are connected here among them.
    OauthApps,
}

/// What kind of access it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// API credentials.
    ApiCredentials,
    /// A connection.
    OauthConnection,
    /// An API token.
    ApiToken,
    /// An OAuth app.
    OauthApp,
}

/// A state to filter by, whatever number goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a word of `Standing`")]
pub enum Word {
    Active,
    Idle,
    Expiring,
    Expired,
    Rotating,
    Revoked,
    NeedsReconnecting,
    ReviewDue,
}

impl Word {
    const fn fits(self, standing: Standing) -> bool {
        matches!(
            (self, standing),
            (Self::Active, Standing::Active | Standing::Approved)
                | (Self::Idle, Standing::Idle(_))
                | (Self::Expiring, Standing::Expiring)
                | (Self::Expired, Standing::Expired)
                | (Self::Rotating, Standing::Rotating(_))
                | (Self::Revoked, Standing::Revoked)
                | (Self::NeedsReconnecting, Standing::NeedsReconnecting)
                | (Self::ReviewDue, Standing::ReviewDue)
        )
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFilter {
    /// Which list.
    pub list: List,
    /// Part of a name; empty: any.
    pub query: String,
    /// A kind.
    pub kind: Option<Kind>,
    /// A state.
    pub status: Option<Word>,
}

impl AccessFilter {
    /// All of a list.
    #[must_use]
    pub const fn all(list: List) -> Self {
        Self { list, query: String::new(), kind: None, status: None }
    }

    fn is_all(&self) -> bool {
        self.query.is_empty() && self.kind.is_none() && self.status.is_none()
    }

    fn takes_kind(&self, kind: Kind) -> bool {
        let listed = match self.list {
            List::Overview | List::Deleted => true,
            List::ApiCredentials => kind == Kind::ApiCredentials,
            List::OauthConnections => kind == Kind::OauthConnection,
            List::ApiTokens => kind == Kind::ApiToken,
            List::OauthApps => kind == Kind::OauthApp,
        };
        listed && self.kind.is_none_or(|wanted| wanted == kind)
    }
}

/// One thing that has access.
#[derive(Clone, Debug)]
pub struct Access {
    /// Which.
    pub what: What,
    /// What kind.
    pub kind: Kind,
    /// The app.
    pub app: Arc<App>,
    /// The connection, if it is one.
    pub connection: Option<Connection>,
    /// The name of who made or approved it; may be empty.
    pub by: String,
    /// Permissions that only look, and those that change something.
    pub extent: (u64, u64),
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// How it stands.
    pub standing: Vec<Standing>,
}

impl Access {
    /// When it ends by itself, however it is used; none: never.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        match &self.connection {
            Some(connection) => Some(connection.absolute_end),
            None => self.app.expires_at,
        }
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct AccessPage {
    /// Newest first.
    pub rows: Vec<Access>,
    /// The cursor of the page in front of it.
    pub previous: Option<String>,
    /// The cursor of the page behind it.
    pub next: Option<String>,
    /// How many there are in all; none while a large place is being counted, or for a filter that
    /// leads over several pages.
    pub total: Option<u64>,
    /// What needs attention; none while a large place is being counted.
    pub counts: Option<Arc<Counts>>,
    /// Whether it is all that belongs to the place, and not what the person has alone.
    pub whole: bool,
    /// Rows that were looked at.
    pub looked_at: usize,
}

/// Why nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessRefusal {
    /// The company or firm is none that the person reaches.
    OutOfReach,
    /// The cursor is not one that this list gave.
    NotACursor,
}

impl From<NotACursor> for AccessRefusal {
    fn from(NotACursor: NotACursor) -> Self {
        Self::NotACursor
    }
}

/// Who looks, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::ops) struct Viewer {
    pub place: Place,
    pub user: UserId,
    /// They administer it and see all of it.
    pub whole: bool,
    /// They administer the installation.
    pub operator: bool,
}

/// What kind of access an app is; none for those that only look at tokens.
#[must_use]
pub const fn kind_of(app: &App) -> Option<Kind> {
    match app.kind {
        AppKind::ApiCredentials => Some(Kind::ApiCredentials),
        AppKind::ApiToken => Some(Kind::ApiToken),
        AppKind::OauthPublic | AppKind::OauthConfidential => Some(Kind::OauthApp),
        AppKind::ResourceServer => None,
    }
}

impl Ops {
    /// How many of these permissions only look, and how many change something; what another one
    /// includes is not counted.
    #[must_use]
    pub fn extent(&self, scopes: &ScopeSet) -> (u64, u64) {
        let listed = self.catalogue.maximal(&self.catalogue.known(scopes));
        let permissions = listed.iter().filter_map(|scope| self.catalogue.permission(scope));
        permissions.fold((0, 0), |(read, write), permission| match permission.access {
            Reach::Read => (read + 1, write),
            Reach::Write => (read, write + 1),
        })
    }

    /// Who looks at `place`, if they reach it.
    pub(in crate::ops) fn viewer(
        &self,
        reader: &Reader<'_>,
        live: &LiveSession,
        place: Place,
    ) -> Result<Option<Viewer>, Fault> {
        let standing = authority::standing(reader, self, &live.user, place)?;
        let (user, operator) = (live.user.id, live.user.operator);
        Ok(standing.ok().map(|held| Viewer { place, user, whole: held.administers, operator }))
    }

    /// A page of what has access to `place`, newest first.
    ///
    /// # Errors
    /// [`AccessRefusal`].
    pub fn access(
        &self,
        live: &LiveSession,
        place: Place,
        filter: &AccessFilter,
        cursor: Option<&str>,
    ) -> Outcome<AccessPage, AccessRefusal> {
        flatten(self.store.read(|reader| {
            let Some(viewer) = self.viewer(reader, live, place)? else {
                return Ok(Err(AccessRefusal::OutOfReach));
            };
            let text = format!("{} {:?}", viewer.whole, filter);
            let (reader_id, place) = (viewer.user, Some(place));
            let list = Listing { name: "access", reader: reader_id, place, filter: &text };
            let step = match self.step::<RawId>(&list, cursor) {
                Ok(step) => step,
                Err(why) => return Ok(Err(why.into())),
            };
            self.access_page(reader, viewer, filter, &list, &step).map(Ok)
        }))
    }

    fn access_page(
        &self,
        reader: &Reader<'_>,
        viewer: Viewer,
        filter: &AccessFilter,
        list: &Listing<'_>,
        step: &Step<RawId>,
    ) -> Result<AccessPage, Fault> {
        let counts = self.counts(reader, viewer)?;
        let mut look = Look::new(self, reader, viewer)?.knowing(counts.clone());
        let mut walk = Walk::new(reader, look.sources(filter)?, step);
        let found = walk.gather(|what| look.row(filter, what))?;
        let (looked_at, ended, number) = (found.looked_at, found.ended, found.rows.len() as u64);
        let turned = self.page_of(list, step, found, |row| *row.what.raw());
        let here = ended && matches!(step, Step::First) && turned.next.is_none();
        let counted = counts.as_ref().filter(|_| filter.is_all()).map(|all| all.total(filter.list));
        let total = if here { Some(number) } else { counted.flatten() };
        let (previous, next, whole) = (turned.previous, turned.next, viewer.whole);
        Ok(AccessPage { rows: turned.rows, previous, next, total, counts, whole, looked_at })
    }

    /// The rows of these, as far as the person sees them.
    ///
    /// # Errors
    /// The store failed.
    pub fn access_rows(
        &self,
        live: &LiveSession,
        place: Place,
        which: &[What],
    ) -> Result<Vec<Access>, Fault> {
        self.store.read(|reader| {
            let Some(viewer) = self.viewer(reader, live, place)? else { return Ok(Vec::new()) };
            let mut look = Look::new(self, reader, viewer)?;
            let all = AccessFilter::all(List::Overview);
            let rows = which.iter().map(|what| look.row(&all, *what));
            Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
    }
}
