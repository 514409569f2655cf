//! What stands in the form that makes or changes access: as it was typed, and as it was understood.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app_life;
use crate::domain::display_name;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::http::parameters::Parameters;
use crate::ops::administration::app_rules::LONGEST_PURPOSE;
use crate::ops::administration::expiry;
use crate::view::pages::connect::credential_form::ExpiryChoice;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Day;

/// No end lies further away.
const FURTHEST: Duration = Duration::from_secs(3_653 * 24 * 60 * 60);
const EXPIRES: [(&str, ExpiryChoice); 5] = [
    ("month", ExpiryChoice::Month),
    ("quarter", ExpiryChoice::Quarter),
    ("year", ExpiryChoice::Year),
    ("on", ExpiryChoice::On),
    ("never", ExpiryChoice::Never),
];

/// The fields, as they were typed.
#[derive(Clone)]
pub(super) struct Entered {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) permissions: Vec<String>,
    pub(super) expires: ExpiryChoice,
    pub(super) expires_on: String,
    pub(super) reason: String,
    pub(super) owner: String,
    pub(super) purpose: String,
    pub(super) review: String,
    pub(super) mcp: bool,
}

impl Entered {
    /// An empty form.
    pub(super) fn nothing() -> Self {
        Self {
            name: String::new(),
            place: String::new(),
            permissions: Vec::new(),
            expires: ExpiryChoice::Quarter,
            expires_on: String::new(),
            reason: String::new(),
            owner: String::new(),
            purpose: String::new(),
            review: app_life::REVIEW_EVERY_DAYS.to_string(),
            mcp: false,
        }
    }

    /// What was sent.
    pub(super) fn read(sent: &Parameters) -> Self {
        let text = |name: &str| sent.first(name).to_owned();
        let expires = EXPIRES.iter().find(|(word, _)| *word == sent.first("expires"));
        Self {
            name: text("name"),
            place: text("place"),
            permissions: sent.all("permission"),
            expires: expires.map_or(ExpiryChoice::Quarter, |(_, choice)| *choice),
            expires_on: text("expires_on"),
            reason: text("reason"),
            owner: text("owner"),
            purpose: text("purpose"),
            review: text("review"),
            mcp: sent.first("mcp") == "yes",
        }
    }

    /// What an app is now, with `scopes` ticked.
    pub(super) fn of_app(app: &App, scopes: &ScopeSet) -> Self {
        let last_day = app.expires_at.map(|end| Day::last_before(end).iso);
        Self {
            name: app.name.clone(),
            place: app.place.map(|place| place.to_string()).unwrap_or_default(),
            permissions: scopes.iter().map(ToString::to_string).collect(),
            expires: if last_day.is_some() { ExpiryChoice::On } else { ExpiryChoice::Never },
            expires_on: last_day.unwrap_or_default(),
            reason: app.no_expiry_reason.clone(),
            owner: app.owner.map(|owner| owner.to_string()).unwrap_or_default(),
            purpose: app.purpose.clone(),
            review: app.review_days.to_string(),
            mcp: app.mcp,
        }
    }

    /// The same as hidden fields: they are checked again when they come back.
    pub(super) fn carried(&self) -> Vec<Carried> {
        let word = EXPIRES.iter().find(|(_, choice)| *choice == self.expires);
        let fields = [
            ("name", self.name.as_str()),
            ("place", &self.place),
            ("expires", word.map_or("quarter", |(word, _)| *word)),
            ("expires_on", &self.expires_on),
            ("reason", &self.reason),
            ("owner", &self.owner),
            ("purpose", &self.purpose),
            ("review", &self.review),
            ("mcp", if self.mcp { "yes" } else { "" }),
        ];
        let permissions = self.permissions.iter().map(|scope| ("permission", scope.as_str()));
        let carried = |(name, value): (&str, &str)| Carried {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        fields.into_iter().chain(permissions).map(carried).collect()
    }

    /// The permissions that were ticked, as far as they can be any.
    pub(super) fn ticked(&self) -> ScopeSet {
        self.permissions.iter().filter_map(|scope| scope.parse::<ScopeName>().ok()).collect()
    }

    /// The review interval, in days; the default while it is none.
    pub(super) fn review_days(&self) -> u32 {
        self.understood_review().unwrap_or(app_life::REVIEW_EVERY_DAYS)
    }

    pub(super) fn understood_review(&self) -> Result<u32, Problem> {
        let days: u32 = self.review.parse().map_err(|_| Problem::NotValid)?;
        if (1..=365).contains(&days) { Ok(days) } else { Err(Problem::TooFar) }
    }

    pub(super) fn understood_name(&self) -> Result<String, Problem> {
        display_name::checked(&self.name).ok_or_else(|| why_not(&self.name, display_name::LONGEST))
    }

    pub(super) fn understood_purpose(&self) -> Result<String, Problem> {
        line(&self.purpose)
    }

    /// Why it never ends; nothing if it does.
    pub(super) fn understood_reason(&self) -> Result<String, Problem> {
        if self.expires == ExpiryChoice::Never { line(&self.reason) } else { Ok(String::new()) }
    }

    /// When it ends, always with a day, in UTC; none for never.
    pub(super) fn understood_end(&self, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let in_days = |days| {
            let day = Day::of(app_life::days_after(now, days)).iso;
            expiry::end_of_day(&day).map(Some).map_err(|_| Problem::NotValid)
        };
        match self.expires {
            ExpiryChoice::Month => in_days(30),
            ExpiryChoice::Quarter => in_days(90),
            ExpiryChoice::Year => in_days(365),
            ExpiryChoice::Never => Ok(None),
            ExpiryChoice::On => on(self.expires_on.trim(), now).map(Some),
        }
    }
}

fn on(day: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    if day.is_empty() {
        return Err(Problem::Missing);
    }
    match expiry::end_of_day(day) {
        Ok(end) if end <= now => Err(Problem::InThePast),
        Ok(end) if end > now.plus(FURTHEST) => Err(Problem::TooFar),
        Ok(end) => Ok(end),
        Err(_) => Err(Problem::NotValid),
    }
}

fn line(text: &str) -> Result<String, Problem> {
    let line = text.trim();
    let fits = (1..=LONGEST_PURPOSE).contains(&line.chars().count());
    if fits && !line.chars().any(display_name::misleads) {
        Ok(line.to_owned())
    } else {
        Err(why_not(text, LONGEST_PURPOSE))
    }
}

fn why_not(text: &str, longest: usize) -> Problem {
    match text.trim() {
        "" => Problem::Missing,
        text if text.chars().count() > longest => Problem::TooLong,
        _ => Problem::NotValid,
    }
}
