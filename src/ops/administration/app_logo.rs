//! Logos of apps: kept beside them, so that an app stays quick to read, and looked up to be served.

use crate::base::id::AppId;
use crate::domain::logo::Logo;
use crate::domain::logo::LogoMark;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::tables::AppLogos;
use crate::store::tables::Apps;

/// What becomes of an app's logo.
#[derive(Clone, Debug)]
pub enum LogoChange {
    /// It stays, or there is none.
    Keep,
    /// It has none from now on.
    Remove,
    /// It has this one from now on.
    Put(Logo),
}

impl LogoChange {
    /// By what the logo is addressed afterwards.
    pub(super) fn applied(&self, before: Option<&LogoMark>) -> Option<LogoMark> {
        match self {
            Self::Keep => before.cloned(),
            Self::Remove => None,
            Self::Put(logo) => Some(logo.mark()),
        }
    }
}

/// Writes the picture, in the commit that writes the app.
pub(super) fn keep(changes: &mut Changes, app: AppId, logo: &LogoChange) -> Result<(), Fault> {
    match logo {
        LogoChange::Keep => {}
        LogoChange::Remove => changes.delete::<AppLogos>(&app),
        LogoChange::Put(logo) => changes.put::<AppLogos>(&app, logo)?,
    }
    Ok(())
}

impl Ops {
    /// The logo of `app` that is addressed by `file`; none if the app has another or none.
    ///
    /// # Errors
    /// The store failed.
    pub fn logo(&self, app: AppId, file: &str) -> Result<Option<Logo>, Fault> {
        self.store.read(|reader| {
            let app = reader.shared::<Apps>(&app)?;
            let named = app.filter(|app| app.logo.as_ref().is_some_and(|mark| mark.file() == file));
            named.map_or(Ok(None), |app| reader.get::<AppLogos>(&app.id))
        })
    }
}
