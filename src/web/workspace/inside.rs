//! Who is in the workspace, and in which company or firm.

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;

use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::domain::link::Lost;
use crate::http::cookies;
use crate::http::paths;
use crate::ops::Ops;
use crate::ops::administration::by::Confirming;
use crate::ops::failure::Fault;
use crate::ops::overview::ReachedPlace;
use crate::ops::prove_factor::Proof;
use crate::ops::sessions::LiveSession;
use crate::view::pages::ErrorKind;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::PlaceKind;
use crate::view::pages::parts::place::Place as ShownPlace;
use crate::view::pages::workspace::CertificateNotice;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::NavigationItem;
use crate::view::pages::workspace::Section;
use crate::view::pages::workspace::SwitchTo;
use crate::view::pages::workspace::Workspace;
use crate::web::WebState;
use crate::web::visitor;
use crate::web::visitor::Visitor;
use crate::web::workspace::certificate;
use crate::web::workspace::flash;

/// The form that every page of the workspace posts: its tag binds it to the path that it posts to.
pub(super) const FORM: &str = "workspace";

/// A signed-in person in the workspace.
pub struct Inside {
    /// The visitor.
    pub visitor: Visitor,
    /// Their session, with both factors.
    pub live: LiveSession,
    /// The company or firm that is open: the chosen one, or the first that they reach.
    pub open: OpenPlace,
    places: Vec<OpenPlace>,
    flash: Option<Flash>,
    certificate: Option<CertificateNotice>,
}

/// A company or firm that the person reaches, and what they are there.
#[derive(Clone)]
pub struct OpenPlace {
    /// Which.
    pub place: Place,
    /// Its facts.
    pub facts: PlaceFacts,
    /// Whether the person administers it.
    pub administers: bool,
}

impl OpenPlace {
    fn is_test(&self) -> bool {
        self.facts.environment().is_some_and(|environment| environment.is_test())
    }

    /// As pages name it.
    #[must_use]
    pub fn shown(&self) -> ShownPlace {
        shown(&self.facts)
    }
}

/// A company or firm as pages name it.
#[must_use]
pub fn shown(facts: &PlaceFacts) -> ShownPlace {
    let test = facts.environment().is_some_and(|environment| environment.is_test());
    let (name, kind) = match facts {
        PlaceFacts::Company(company) => (company.name.clone(), PlaceKind::Company),
        PlaceFacts::Firm(firm) => (firm.name.clone(), PlaceKind::Firm),
        PlaceFacts::Gone => (String::new(), PlaceKind::Company),
    };
    ShownPlace { name, kind, test }
}

impl FromRequestParts<WebState> for Inside {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let asked = parts.method.is_safe().then(|| parts.uri.path_and_query()).flatten();
        let resume = asked.and_then(|path| visitor::return_to(path.as_str()));
        let Some(live) = visitor.signed_in().cloned() else {
            let half = visitor.half_signed_in().is_some();
            let next = if half { paths::VERIFY } else { paths::SIGN_IN };
            return Err(visitor.go(&paths::resuming(next, resume.as_deref())));
        };
        if live.session.recovery_codes_waiting {
            let next = paths::resuming(paths::RECOVERY_CODES, resume.as_deref());
            return Err(visitor.go(&next));
        }
        let chosen = cookies::get(&parts.headers, cookies::PLACE);
        let chosen = chosen.and_then(|text| text.parse().ok());
        let flash = flash::read(&visitor, &parts.headers);
        let entered = Self::enter(visitor, live, chosen, flash).map_err(|page| *page)?;
        let standing = state.certificates.as_ref().filter(|_| entered.live.user.operator);
        let standing = standing.map(|shown| shown.standing());
        let certificate =
            standing.and_then(|standing| certificate::notice(&standing, entered.ops().now()));
        Ok(Self { certificate, ..entered })
    }
}

impl Inside {
    fn enter(
        visitor: Visitor,
        live: LiveSession,
        chosen: Option<Place>,
        flash: Option<Flash>,
    ) -> Result<Self, Box<Response>> {
        let reached =
            visitor.ops().places_of(&live).map_err(|fault| Box::new(visitor.fail(&fault)))?;
        let ops = visitor.ops();
        let places: Vec<OpenPlace> =
            reached.into_iter().filter_map(|at| reachable(ops, at)).collect();
        // Until somebody chose: where the books are real.
        let real = |at: &&OpenPlace| !at.is_test();
        let open = places.iter().find(|at| Some(at.place) == chosen);
        let open = open.or(places.iter().find(real)).or(places.first()).cloned();
        match open {
            Some(open) => Ok(Self { visitor, live, open, places, flash, certificate: None }),
            // Somebody without a company has nothing here but what is their own.
            None => Err(Box::new(visitor.refuse(ErrorKind::NotAllowed))),
        }
    }

    /// The operations.
    #[must_use]
    pub fn ops(&self) -> &Ops {
        self.visitor.ops()
    }

    /// Every company and firm that the person reaches.
    #[must_use]
    pub fn places(&self) -> &[OpenPlace] {
        &self.places
    }

    /// The same, in the company or firm that an object belongs to, so that its page never says
    /// another's name. Where it belongs to none that the person reaches, the open one stays.
    #[must_use]
    pub fn beside(self, place: Option<Place>) -> Self {
        let at = self.places.iter().find(|at| Some(at.place) == place).cloned();
        let open = at.unwrap_or_else(|| self.open.clone());
        Self { open, ..self }
    }

    /// The person, doing what is posted to `path`, with the second factor that confirms it.
    #[must_use]
    pub fn by(&self, path: &str, proof: Proof) -> Confirming {
        let (mark, origin) = (self.visitor.mark(), self.visitor.origin());
        Confirming::new(&self.live, mark, path, proof, origin)
    }

    /// The frame around a page whose form asks for the second factor and posts to `path`: a passkey may
    /// be used, if the person has one.
    #[must_use]
    pub fn frame_asking(&self, section: Section, path: &str) -> Frame {
        self.visitor.taking_passkey(self.frame(section), &self.live, path)
    }

    /// The tag of a form that posts to `action`.
    #[must_use]
    pub fn tag(&self, action: &str) -> String {
        self.visitor.form_tag(FORM, action)
    }

    /// The frame around a page of the workspace, telling what was just done.
    #[must_use]
    pub fn frame(&self, section: Section) -> Frame {
        let workspace = Workspace {
            section,
            navigation: self.navigation(),
            place: self.open.shown(),
            places: self.places.iter().map(|at| self.switch_to(at)).collect(),
            switch_csrf: self.tag("/settings/switch"),
            language_csrf: self.tag("/settings/language"),
            user_name: self.live.user.name.clone(),
            reviews_due: self.reviews_due(),
            certificate: self.certificate,
        };
        let frame = self.visitor.frame().inside(workspace);
        match self.flash.clone().or_else(|| self.recovered()) {
            Some(flash) => frame.telling(flash),
            None => frame,
        }
    }

    /// For those who are offered the page of reviews. A frame is shown without the number if it cannot
    /// be counted.
    fn reviews_due(&self) -> u64 {
        if !self.open.administers {
            return 0;
        }
        self.ops().reviews_due(&self.live, self.open.place).unwrap_or_default()
    }

    /// Throughout the first session after it, a person is told of a link that was made for what they
    /// had lost: they may not have lost anything.
    fn recovered(&self) -> Option<Flash> {
        self.live.session.recovered.as_ref().map(|recovery| match recovery.lost {
            Lost::Password => Flash::PasswordLinkMade,
            Lost::Factor => Flash::FactorLinkMade,
        })
    }

    fn switch_to(&self, at: &OpenPlace) -> SwitchTo {
        let chosen = at.place == self.open.place;
        SwitchTo { value: at.place.to_string(), place: at.shown(), chosen }
    }

    /// What the person can open: nothing stands there that would refuse them.
    fn navigation(&self) -> Vec<NavigationItem> {
        let (administers, operator) = (self.open.administers, self.live.user.operator);
        let company = matches!(self.open.place, Place::Company(_));
        let offered = |section: &Section| match section {
            Section::Overview
            | Section::ApiCredentials
            | Section::OauthConnections
            | Section::ApiTokens
            | Section::Activity
            | Section::Security => true,
            Section::OauthApps
            | Section::Reviews
            | Section::People
            | Section::Roles
            | Section::Webhooks => administers,
            Section::McpServer | Section::Integrations => company,
            Section::ThroughFirm => company && administers,
            Section::Companies | Section::Firms => {
                operator || self.places.iter().any(|at| at.administers)
            }
            Section::Data => operator || administers,
        };
        Section::ALL.into_iter().filter(offered).map(Section::item).collect()
    }

    /// Shows a page.
    #[must_use]
    pub fn show(&self, page: &impl Page) -> Response {
        let response = self.visitor.show(page, StatusCode::OK);
        if self.flash.is_some() { flash::told(response) } else { response }
    }

    /// Shows a page again because what was sent cannot be taken.
    #[must_use]
    pub fn show_again(&self, page: &impl Page) -> Response {
        self.visitor.show(page, StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// Shows what went wrong.
    #[must_use]
    pub fn refuse(&self, kind: ErrorKind) -> Response {
        self.visitor.refuse(kind)
    }

    /// Shows that we failed.
    #[must_use]
    pub fn fail(&self, fault: &Fault) -> Response {
        self.visitor.fail(fault)
    }
}

fn reachable(ops: &Ops, at: ReachedPlace) -> Option<OpenPlace> {
    let place = match &at.facts {
        PlaceFacts::Company(company) => Place::Company(company.id),
        PlaceFacts::Firm(firm) => Place::Firm(firm.id),
        PlaceFacts::Gone => return None,
    };
    let administers = ops.administers(&at.roles);
    Some(OpenPlace { place, facts: at.facts, administers })
}
