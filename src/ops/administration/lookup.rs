//! Finding what people name: by identifier, by slug, by address.

use crate::domain::app::App;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::connection::Connection;
use crate::domain::user::Email;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::refusal::Refusal;
use crate::ops::document_apps;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::people;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Firms;
use crate::store::tables::Slugs;
use crate::store::tables::Users;

/// The place that an identifier or a slug names, whether or not it is still there.
fn place(reader: &Reader<'_>, text: &str) -> Result<Option<Place>, Fault> {
    if let Ok(place) = text.parse() {
        return Ok(Some(place));
    }
    let Ok(slug) = text.parse::<Slug>() else { return Ok(None) };
    Ok(reader.get::<Slugs>(&slug)?.and_then(|place| place.parse().ok()))
}

impl Ops {
    /// The company with this id or slug.
    ///
    /// # Errors
    /// There is none; so for each method here.
    pub fn find_company(&self, text: &str) -> Outcome<Company, Refusal> {
        flatten(self.store.read(|reader| {
            let found = match place(reader, text)? {
                Some(Place::Company(id)) => reader.get::<Companies>(&id)?,
                _ => None,
            };
            Ok(found.ok_or(Refusal::UnknownCompany))
        }))
    }

    /// The firm with this id or slug.
    ///
    /// # Errors
    /// As [`Self::find_company`].
    pub fn find_firm(&self, text: &str) -> Outcome<Firm, Refusal> {
        flatten(self.store.read(|reader| {
            let found = match place(reader, text)? {
                Some(Place::Firm(id)) => reader.get::<Firms>(&id)?,
                _ => None,
            };
            Ok(found.ok_or(Refusal::UnknownFirm))
        }))
    }

    /// The user with this id or e-mail address.
    ///
    /// # Errors
    /// As [`Self::find_company`].
    pub fn find_user(&self, text: &str) -> Outcome<User, Refusal> {
        flatten(self.store.read(|reader| {
            let found = match (text.parse(), text.parse::<Email>()) {
                (Ok(id), _) => reader.get::<Users>(&id)?,
                (_, Ok(email)) => people::by_email(reader, &email)?,
                _ => None,
            };
            Ok(found.ok_or(Refusal::UnknownUser))
        }))
    }

    /// The app with this client id.
    ///
    /// # Errors
    /// As [`Self::find_company`].
    pub fn find_app(&self, text: &str) -> Outcome<App, Refusal> {
        flatten(self.store.read(|reader| {
            let found = match text.parse() {
                Ok(id) => reader.get::<Apps>(&id)?,
                Err(_) => document_apps::kept(reader, text)?,
            };
            Ok(found.ok_or(Refusal::UnknownApp))
        }))
    }

    /// The connection with this id.
    ///
    /// # Errors
    /// As [`Self::find_company`].
    pub fn find_connection(&self, text: &str) -> Outcome<Connection, Refusal> {
        flatten(self.store.read(|reader| {
            let found = text.parse().map_or(Ok(None), |id| reader.get::<Connections>(&id))?;
            Ok(found.ok_or(Refusal::UnknownConnection))
        }))
    }
}
