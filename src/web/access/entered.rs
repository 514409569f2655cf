//! What stands in the form of an OAuth app: as it was sent, and as it travels from page to page.

use crate::base::encoding;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::logo::Logo;
use crate::domain::logo::NotALogo;
use crate::domain::scope::ScopeSet;
use crate::http::multipart::File;
use crate::http::parameters::Parameters;
use crate::ops::administration::app_logo::LogoChange;
use crate::ops::administration::change_oauth_app;
use crate::ops::administration::change_oauth_app::OauthAppChange;
use crate::ops::administration::create_app::NewApp;
use crate::view::pages::connect::oauth_app_form::LogoField;
use crate::view::pages::parts::form::Carried;
use crate::web::access::known_clients::Known;
use crate::web::access::scopes;
use crate::web::access::upkeep;
use crate::web::logos;
use crate::web::workspace::inside::Inside;

/// After how many days an app is looked at again, unless somebody chose otherwise.
const REVIEW_DAYS: u32 = 180;

/// What was chosen.
pub(super) struct Entered {
    pub(super) new: NewApp,
    /// The redirect URIs as they were typed.
    pub(super) uris: String,
    pub(super) website: String,
    pub(super) review_days: u32,
    /// Public or confidential was said.
    pub(super) type_known: bool,
    pub(super) logo: Result<LogoChange, NotALogo>,
    /// The version of the app that is changed.
    pub(super) seen: String,
}

impl Entered {
    /// An empty form, or what is known of a program.
    pub(super) fn nothing(inside: &Inside, known: Option<&Known>) -> Self {
        let name = known.map_or("", |known| known.name);
        let mut new = NewApp::of(AppKind::OauthPublic, name);
        new.owner = Some(inside.live.user.id);
        new.pkce_required = true;
        Self {
            new,
            uris: known.map(|known| known.redirect_uris.join("\n")).unwrap_or_default(),
            website: known.map(|known| known.website.to_owned()).unwrap_or_default(),
            review_days: REVIEW_DAYS,
            type_known: true,
            logo: Ok(LogoChange::Keep),
            seen: String::new(),
        }
    }

    /// What an app is now; `may_ask` are its permissions.
    pub(super) fn of_app(app: &App, may_ask: ScopeSet) -> Self {
        let uris = app.redirect_uris.iter().map(|uri| uri.as_str().to_owned());
        let uris: Vec<String> = uris.collect();
        let new = NewApp {
            website: app.website.clone(),
            purpose: app.purpose.clone(),
            place: app.place,
            owner: app.owner,
            scopes: Some(may_ask),
            required: app.required.clone(),
            pkce_required: app.must_use_pkce(),
            review_days: app.review_days,
            redirect_uris: uris.clone(),
            ..NewApp::of(app.kind, app.name.clone())
        };
        Self {
            new,
            uris: uris.join("\n"),
            website: app.website.clone().unwrap_or_default(),
            review_days: app.review_days,
            type_known: true,
            logo: Ok(LogoChange::Keep),
            seen: change_oauth_app::version_of(app),
        }
    }

    /// What was sent. The kind and the place of an app that is there are its own.
    pub(super) fn read(
        inside: &Inside,
        app: Option<&App>,
        fields: &Parameters,
        files: &[File],
    ) -> Self {
        let (kind, type_known) = match (app, fields.first("client_type")) {
            (Some(app), _) => (app.kind, true),
            (None, "public") => (AppKind::OauthPublic, true),
            (None, "confidential") => (AppKind::OauthConfidential, true),
            (None, _) => (AppKind::OauthPublic, false),
        };
        let uris = fields.first("redirect_uris").replace("\r\n", "\n");
        let website = fields.first("website").trim().to_owned();
        let lines = uris.lines().map(str::trim).filter(|line| !line.is_empty());
        let review_days = upkeep::review_days(fields);
        let logo = logo(fields, files);
        let new = NewApp {
            website: Some(website.clone()).filter(|website| !website.is_empty()),
            logo: match &logo {
                Ok(LogoChange::Put(logo)) => Some(logo.clone()),
                _ => None,
            },
            purpose: fields.first("purpose").to_owned(),
            place: app.map_or(Some(inside.open.place), |app| app.place),
            owner: fields.first("owner").parse().ok(),
            scopes: Some(scopes::sent(&fields.all("permission"))),
            required: scopes::sent(&fields.all("required")),
            redirect_uris: lines.map(str::to_owned).collect(),
            pkce_required: kind == AppKind::OauthPublic || fields.first("pkce") == "yes",
            review_days,
            ..NewApp::of(kind, fields.first("name"))
        };
        let seen = fields.first("seen").to_owned();
        Self { new, uris, website, review_days, type_known, logo, seen }
    }

    /// The change of an app that is there.
    pub(super) fn change(&self) -> OauthAppChange {
        OauthAppChange {
            to: self.new.clone(),
            logo: self.logo.clone().unwrap_or(LogoChange::Keep),
            seen: self.seen.clone(),
        }
    }

    /// The logo in the form. One that was refused is gone; nothing else is.
    pub(super) fn logo_field(&self, app: Option<&App>) -> LogoField {
        let (kept, described) = match &self.logo {
            Ok(LogoChange::Put(logo)) => (encoding::base64url(&logo.bytes), described(logo)),
            _ => (String::new(), String::new()),
        };
        LogoField {
            current: app.and_then(logos::path_of),
            kept,
            described,
            remove: matches!(self.logo, Ok(LogoChange::Remove)),
        }
    }

    /// The same as hidden fields: they are checked again when they come back.
    pub(super) fn carried(&self) -> Vec<Carried> {
        let new = &self.new;
        let kind = if new.kind == AppKind::OauthConfidential { "confidential" } else { "public" };
        let owner = new.owner.map(|owner| owner.to_string()).unwrap_or_default();
        let review = self.review_days.to_string();
        let logo = self.logo_field(None);
        let mut pairs = vec![
            ("name", new.name.as_str()),
            ("client_type", kind),
            ("redirect_uris", self.uris.as_str()),
            ("website", self.website.as_str()),
            ("owner", owner.as_str()),
            ("purpose", new.purpose.as_str()),
            ("review", review.as_str()),
            ("logo_kept", logo.kept.as_str()),
            ("logo_remove", if logo.remove { "yes" } else { "" }),
            ("seen", self.seen.as_str()),
        ];
        if new.pkce_required {
            pairs.push(("pkce", "yes"));
        }
        let asked = new.scopes.clone().unwrap_or_default();
        pairs.extend(asked.iter().map(|scope| ("permission", scope.as_str())));
        pairs.extend(new.required.iter().map(|scope| ("required", scope.as_str())));
        let carry = |(name, value): (&str, &str)| Carried {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        pairs.into_iter().map(carry).collect()
    }
}

/// What a picture is, in no language.
pub(super) fn described(logo: &Logo) -> String {
    let format = logo.format.extension().to_uppercase();
    format!("{format}, {} × {}", logo.width, logo.height)
}

/// A file counts before what was sent with the form before, and no logo before that.
fn logo(fields: &Parameters, files: &[File]) -> Result<LogoChange, NotALogo> {
    if let Some(file) = files.iter().find(|file| file.field == "logo") {
        return Logo::read(&file.bytes).map(LogoChange::Put);
    }
    match (fields.first("logo_remove"), fields.first("logo_kept")) {
        ("yes", _) => Ok(LogoChange::Remove),
        (_, "") => Ok(LogoChange::Keep),
        (_, kept) => {
            let kept = encoding::base64url_decode(kept).ok_or(NotALogo::NotAPicture)?;
            Logo::read(&kept).map(LogoChange::Put)
        }
    }
}
