//! The consent page from what is offered: who asks, where, what, for how long, and where it leads.

use crate::domain::app::App;
use crate::domain::catalogue::Access;
use crate::domain::client_document;
use crate::domain::company::Place;
use crate::domain::consent::AuthorizationRequest;
use crate::domain::consent::OfferedPlace;
use crate::domain::consent::OfferedPlaceKind;
use crate::domain::registration::Registration;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::ops::consent::Offer;
use crate::ops::sessions::LiveSession;
use crate::view::pages::Consent;
use crate::view::pages::ConsentBadge;
use crate::view::pages::ConsentClient;
use crate::view::pages::ConsentContext;
use crate::view::pages::ConsentError;
use crate::view::pages::ConsentPermission;
use crate::view::pages::ConsentWarning;
use crate::view::pages::PermissionArea;
use crate::view::pages::PlaceKind;
use crate::web::logos;
use crate::web::visitor::Visitor;

const DAY_SECONDS: u64 = 24 * 3600;

/// What is chosen on the page when it is shown.
pub(super) struct Shown {
    place: Option<Place>,
    ticked: ScopeSet,
    error: Option<ConsentError>,
}

impl Shown {
    /// The first time: everything ticked; the only place chosen, if there is but one.
    pub(super) fn first(offer: &Offer) -> Self {
        let place = match offer.places.as_slice() {
            [only] => Some(only.place()),
            [first, ..] => Some(first.place()),
            [] => None,
        };
        Self { place, ticked: offer.shown.iter().cloned().collect(), error: None }
    }

    /// Again, with every choice kept.
    pub(super) fn again(
        offer: &Offer,
        place: Option<Place>,
        ticked: ScopeSet,
        error: ConsentError,
    ) -> Self {
        let offered = |place: &Place| offer.places.iter().any(|other| other.place() == *place);
        Self { place: place.filter(offered), ticked, error: Some(error) }
    }
}

/// The page, but for the paths and tags of its forms.
pub(super) fn page(
    visitor: &Visitor,
    live: &LiveSession,
    request: &AuthorizationRequest,
    offer: &Offer,
    shown: &Shown,
) -> Consent {
    let areas = areas(visitor, offer, shown);
    let all = || areas.iter().flat_map(|area| &area.permissions);
    let lifetimes = visitor.ops().settings().lifetimes;
    Consent {
        frame: crate::view::pages::Frame::default(),
        csrf: String::new(),
        cancel_csrf: String::new(),
        sign_out_csrf: visitor.form_tag("sign-out", ""),
        resume: None,
        action: String::new(),
        client: client(&offer.app, request),
        warning: warning(&offer.app, request),
        user_email: live.user.email.to_string(),
        contexts: offer.places.iter().map(|place| context(visitor, place, shown)).collect(),
        context_fixed: offer.fixed,
        selected: all().filter(|permission| permission.checked).count(),
        total: all().count(),
        areas,
        lasts_days: lifetimes.refresh.as_secs() / DAY_SECONDS,
        absolute_days: Some(lifetimes.refresh_absolute.as_secs() / DAY_SECONDS),
        redirect_host: request.redirect.display_host(),
        error: shown.error.clone(),
    }
}

/// The titles of what was ticked, for telling what cannot be granted.
pub(super) fn titles(visitor: &Visitor, offer: &Offer, ticked: &ScopeSet) -> Vec<String> {
    let catalogue = visitor.ops().catalogue();
    let listed = offer.shown.iter().filter(|scope| ticked.contains(scope));
    listed
        .filter_map(|scope| catalogue.permission(scope))
        .map(|permission| permission.title.clone())
        .collect()
}

fn client(app: &App, request: &AuthorizationRequest) -> ConsentClient {
    let initial = app.name.chars().find(|c| c.is_alphanumeric());
    ConsentClient {
        name: app.name.clone(),
        host: host(app, request),
        badge: badge(app),
        logo: logos::path_of(app),
        initial: initial.map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
        self_registered: app.registration.is_by_itself(),
    }
}

/// The host that stands behind it: whoever serves the document of a client that has one, since what it
/// says of itself proves nothing. Of one that registered itself all that is certain is where the code
/// will go.
fn host(app: &App, request: &AuthorizationRequest) -> Option<String> {
    match &app.registration {
        Registration::Document { url } => client_document::display_host(url),
        Registration::Dynamic => Some(request.redirect.display_host()),
        Registration::Administrator => app.website_host(),
    }
}

fn badge(app: &App) -> ConsentBadge {
    if app.reviewed {
        ConsentBadge::Reviewed
    } else if app.registration.is_by_itself() {
        ConsentBadge::Unregistered
    } else {
        ConsentBadge::Registered
    }
}

fn warning(app: &App, request: &AuthorizationRequest) -> Option<ConsentWarning> {
    if request.redirect.is_loopback() {
        Some(ConsentWarning::LoopbackOnly)
    } else if app.reviewed {
        None
    } else {
        Some(ConsentWarning::Unreviewed)
    }
}

fn context(visitor: &Visitor, offered: &OfferedPlace, shown: &Shown) -> ConsentContext {
    let (kind, reaches) = match &offered.place {
        OfferedPlaceKind::Company(_) => (PlaceKind::Company, Vec::new()),
        OfferedPlaceKind::Firm { reaches, .. } => (PlaceKind::Firm, reaches.clone()),
    };
    ConsentContext {
        value: offered.place().to_string(),
        name: offered.name().to_owned(),
        kind,
        test: offered.is_test(),
        role_title: visitor.ops().role_titles(&offered.roles),
        checked: shown.place == Some(offered.place()),
        reaches,
    }
}

fn areas(visitor: &Visitor, offer: &Offer, shown: &Shown) -> Vec<PermissionArea> {
    let mut areas: Vec<PermissionArea> = Vec::new();
    for scope in &offer.shown {
        let Some(permission) = visitor.ops().catalogue().permission(scope) else { continue };
        let line = permission_line(offer, shown, scope, permission);
        match areas.iter_mut().find(|area| area.title == permission.area) {
            Some(area) => area.permissions.push(line),
            None => areas
                .push(PermissionArea { title: permission.area.clone(), permissions: vec![line] }),
        }
    }
    areas
}

fn permission_line(
    offer: &Offer,
    shown: &Shown,
    scope: &ScopeName,
    permission: &crate::domain::catalogue::Permission,
) -> ConsentPermission {
    let required = offer.required.contains(scope);
    let without = |place: &&OfferedPlace| !place.grantable.contains(scope);
    ConsentPermission {
        value: scope.to_string(),
        title: permission.title.clone(),
        hint: permission.description.clone(),
        writes: permission.access == Access::Write,
        checked: required || shown.ticked.contains(scope),
        required,
        not_for: offer.places.iter().filter(without).map(|p| p.name().to_owned()).collect(),
    }
}
