//! Looking a reference up: from what an error page showed to the exact cause.

use std::sync::Arc;

use crate::base::id::RequestId;
use crate::domain::app::App;
use crate::domain::audit::Event;
use crate::domain::company::Place;
use crate::domain::redirect_uri::RedirectUri;
use crate::ops::Ops;
use crate::ops::activity;
use crate::ops::activity::Owner;
use crate::ops::activity::Told;
use crate::ops::sessions::LiveSession;
use crate::store::activity as index;
use crate::store::activity::Facet;
use crate::store::chain;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;

/// What a reference stands for.
#[derive(Clone, Debug)]
pub struct LookedUp {
    /// What happened.
    pub told: Told,
    /// The redirect URIs that the app has registered now.
    pub registered: Vec<String>,
    /// The app, whoever it belongs to.
    pub app: Option<Arc<App>>,
}

impl Ops {
    /// What stands behind `reference`, for somebody who may see it: it belongs to `place`, which they
    /// administer, or they did it themselves; `everywhere` asks as an operator, about the installation. One
    /// that belongs to others is answered like one that does not exist.
    ///
    /// # Errors
    /// The store failed.
    pub fn look_up(
        &self,
        live: &LiveSession,
        place: Place,
        everywhere: bool,
        reference: RequestId,
    ) -> Result<Option<LookedUp>, Fault> {
        let pending = self.refusals.pending(reference);
        self.store.read(|reader| {
            let Some(owner) = activity::view(reader, self, live.user.id, place, everywhere)? else {
                return Ok(None);
            };
            let viewer = Viewer { reader, owner, live };
            let mut found = None;
            for number in index::of_reference(reader.state(), reference)? {
                if !viewer.may_see(number)? {
                    continue;
                }
                let Some(entry) = chain::get(reader.state(), number)? else { continue };
                // A request that was refused may have done something before: the refusal counts.
                let told = (Some(number), entry.event);
                if found.as_ref().is_none_or(|_| told.1.kind.is_refusal()) {
                    found = Some(told);
                }
            }
            if found.is_none()
                && let Some(event) = pending
                && viewer.may_see_event(&event)?
            {
                found = Some((None, event));
            }
            found.map(|(number, event)| explained(reader, number, event)).transpose()
        })
    }
}

/// Who looks.
struct Viewer<'a> {
    reader: &'a Reader<'a>,
    owner: Owner,
    live: &'a LiveSession,
}

impl Viewer<'_> {
    fn may_see(&self, number: u64) -> Result<bool, Fault> {
        let own = Owner::Person(self.live.user.id);
        let has = |owner| index::has(self.reader.state(), owner, Facet::All, number);
        Ok(has(self.owner)? || has(own)?)
    }

    fn may_see_event(&self, event: &Event) -> Result<bool, Fault> {
        let own = Owner::Person(self.live.user.id);
        let has = |owner| index::belongs(self.reader, event, owner);
        Ok(self.owner == Owner::Everyone || has(self.owner)? || has(own)?)
    }
}

fn explained(reader: &Reader<'_>, sequence: Option<u64>, event: Event) -> Result<LookedUp, Fault> {
    let app = match &event.app {
        Some(app) => reader.shared::<Apps>(app)?,
        None => None,
    };
    let registered = app.iter().flat_map(|app| &app.redirect_uris).map(RedirectUri::as_str);
    Ok(LookedUp {
        registered: registered.map(str::to_owned).collect(),
        app,
        told: activity::told(reader, sequence, event)?,
    })
}
