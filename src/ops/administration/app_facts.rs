//! An app, for a person who may administer it.

use crate::base::id::AppId;
use crate::domain::app::App;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::sessions::LiveSession;
use crate::store::tables::Apps;

impl Ops {
    /// The app, whatever its status.
    ///
    /// # Errors
    /// [`Refusal::UnknownApp`], also where it is out of reach; [`Refusal::NotAllowed`].
    pub fn app_for(&self, live: &LiveSession, app: AppId) -> Outcome<App, Refusal> {
        self.look_for(live, Authority::App(app), |reader| {
            Ok(reader.get::<Apps>(&app)?.ok_or(Refusal::UnknownApp))
        })
    }
}
