//! What an act refused, as a page.

use axum::response::Response;

use crate::http::paths;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::view::pages::ErrorKind;
use crate::web::workspace::inside::Inside;

impl Inside {
    /// What was found or done, or the page that says why not.
    ///
    /// # Errors
    /// The page.
    pub fn told<T>(&self, outcome: Outcome<T, Refusal>) -> Result<T, Box<Response>> {
        outcome.map_err(|failure| Box::new(self.tell(failure)))
    }

    /// The page that says why something cannot be done or seen.
    #[must_use]
    pub fn tell(&self, failure: Failure<Refusal>) -> Response {
        match failure {
            Failure::Fault(fault) => self.fail(&fault),
            Failure::Refused(Refusal::SessionOver) => {
                self.visitor.go(&format!("{}?notice=session-expired", paths::SIGN_IN))
            }
            Failure::Refused(Refusal::NotACursor) => self.refuse(ErrorKind::ListPage),
            Failure::Refused(why) if why.is_unknown() => self.refuse(ErrorKind::NotFound),
            Failure::Refused(why) if why.is_beyond() => self.refuse(ErrorKind::NotAllowed),
            Failure::Refused(why) => {
                // A form that we showed cannot lead here: what it offers is what the act takes.
                tracing::info!(%why, "an act of the workspace was refused");
                self.refuse(ErrorKind::RequestBroken)
            }
        }
    }
}
