//! Whom an error may be told by a redirect (RFC 9700 section 4.11.2): a client that nobody here has
//! looked at could use us to send people anywhere, so it is told nothing before one has signed in.

use crate::base::id::AppId;
use crate::domain::session::Level;
use crate::ops::Ops;
use crate::store::fault::Fault;
use crate::store::tables::Apps;

impl Ops {
    /// Whether `app` may be told in the browser that sends this session cookie.
    ///
    /// # Errors
    /// The store failed.
    pub fn may_tell(&self, app: AppId, session: Option<&str>) -> Result<bool, Fault> {
        if self.store.read(|reader| reader.shared::<Apps>(&app))?.is_some_and(|app| app.reviewed) {
            return Ok(true);
        }
        let live = session.map_or(Ok(None), |cookie| self.session(cookie))?;
        Ok(live.is_some_and(|live| live.level() == Level::SecondFactor))
    }
}
