//! What the trail says of an app.

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;

/// Something that was done to `app`.
pub(super) fn of(kind: EventKind, app: &App, now: Timestamp, origin: Origin) -> Event {
    let event = Event::new(kind, now, origin).app(app.id);
    match app.place {
        Some(place) => event.place(place),
        None => event,
    }
}
