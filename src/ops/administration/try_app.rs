//! Whether an app could be registered, before anybody is asked for a code.

use crate::ops::Ops;
use crate::ops::administration::app_rules;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::names;
use crate::ops::administration::refusal::Refusal;

impl Ops {
    /// Checks all of `new` that can be checked without looking anything up.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn try_app(&self, new: &NewApp) -> Result<(), Refusal> {
        names::checked(&new.name)?;
        app_rules::check(new, &self.catalogue, &self.settings.custom_schemes)?;
        Ok(())
    }
}
