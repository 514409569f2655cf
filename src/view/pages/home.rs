//! Where a person stands after signing in.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;

/// `/`: who is signed in and what they reach.
#[derive(Clone, Serialize)]
pub struct Home {
    /// The frame.
    pub frame: Frame,
    /// The person's name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The companies and firms that they reach.
    pub places: Vec<HomePlace>,
}

/// A company or a firm, and the person's role in it.
#[derive(Clone, Serialize)]
pub struct HomePlace {
    /// Its name.
    pub name: String,
    /// Company or firm.
    pub kind: PlaceKind,
    /// Nothing in it is real.
    pub test: bool,
    /// The title of the person's role.
    pub role_title: String,
    /// Its name in addresses.
    pub slug: String,
}

/// What a person chooses between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A set of books.
    Company,
    /// An accounting firm.
    Firm,
}

impl Page for Home {
    const TEMPLATE: &'static str = "pages/home.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let place = |name: &str, kind, test, role_title: &str, slug: &str| HomePlace {
            name: name.to_owned(),
            kind,
            test,
            role_title: role_title.to_owned(),
            slug: slug.to_owned(),
        };
        let empty = Self {
            frame: Frame::of("dana@acme.example".to_owned(), "Sample-csrf".to_owned()),
            name: "Dana Reyes".to_owned(),
            email: "dana@acme.example".to_owned(),
            places: Vec::new(),
        };
        let places = vec![
            place("Acme Trading", PlaceKind::Company, false, "Owner", "acme"),
            place("Acme Trading (test)", PlaceKind::Company, true, "Owner", "acme-test"),
            place("Ledgerwise", PlaceKind::Firm, false, "Accountant", "ledgerwise"),
        ];
        vec![("empty", empty.clone()), ("places", Self { places, ..empty })]
    }
}
