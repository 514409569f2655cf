//! Who is at the other end of a page: the browser, the session, and where the request came from.

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::Extensions;
use http::HeaderMap;
use http::StatusCode;
use http::header::SET_COOKIE;
use http::request::Parts;

use crate::base::encoding;
use crate::base::secret::Secret;
use crate::domain::audit::Origin;
use crate::domain::browser::BrowserKind;
use crate::domain::session::Level;
use crate::http::cookies;
use crate::http::language;
use crate::http::origin;
use crate::http::page;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::http::security::Relaxed;
use crate::ops::Ops;
use crate::ops::failure::Fault;
use crate::ops::prove_factor::Proof;
use crate::ops::sessions::BrowserMark;
use crate::ops::sessions::LiveSession;
use crate::ops::sign_in::NewSession;
use crate::view::language::Language;
use crate::view::pages::ErrorKind;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::web::WebState;

/// A page's visitor.
pub struct Visitor {
    /// What the pages need.
    pub state: WebState,
    /// The session, whatever its level.
    pub session: Option<LiveSession>,
    browser: String,
    browser_is_new: bool,
    browser_kind: BrowserKind,
    session_cookie: String,
    same_origin: bool,
    only_looks: bool,
    language: Language,
    extensions: Extensions,
}

impl FromRequestParts<WebState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Response> {
        let known = cookies::browser(&parts.headers).map(str::to_owned);
        let cookie = cookies::get(&parts.headers, cookies::SESSION).unwrap_or_default().to_owned();
        let mut visitor = Self {
            state: state.clone(),
            session: None,
            browser_is_new: known.is_none(),
            browser_kind: origin::browser(&parts.headers),
            browser: known.unwrap_or_else(|| state.ops.draw_browser()),
            session_cookie: cookie,
            same_origin: is_same_origin(&parts.headers),
            only_looks: parts.method.is_safe(),
            language: language::of(&parts.headers),
            extensions: parts.extensions.clone(),
        };
        match state.ops.session(&visitor.session_cookie) {
            Ok(session) => {
                visitor.session = session;
                visitor.note_activity().await;
                Ok(visitor)
            }
            Err(fault) => Err(visitor.fail(&fault)),
        }
    }
}

/// What a browser says of where a form was sent from. Browsers that say nothing are judged by the
/// form's tag alone.
fn is_same_origin(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

impl Visitor {
    /// The operations.
    pub fn ops(&self) -> &Ops {
        &self.state.ops
    }

    /// Where the request came from.
    pub fn origin(&self) -> Origin {
        Origin { browser: self.browser_kind, ..origin::of(&self.extensions) }
    }

    /// The browser's cookie, which requests are sealed for.
    pub fn browser(&self) -> &[u8] {
        self.browser.as_bytes()
    }

    /// The browser's mark, which failures are counted under.
    pub fn mark(&self) -> BrowserMark {
        self.ops().browser_mark(&self.browser)
    }

    /// The language to answer in.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The session, if it proved both factors.
    pub fn signed_in(&self) -> Option<&LiveSession> {
        self.session.as_ref().filter(|live| live.level() == Level::SecondFactor)
    }

    /// The session, if only the password was proved.
    pub fn half_signed_in(&self) -> Option<&LiveSession> {
        self.session.as_ref().filter(|live| live.level() == Level::Password)
    }

    /// The tag of a form shown to this visitor; `subject` is what the form is about.
    pub fn form_tag(&self, form: &str, subject: &str) -> String {
        let parts: [&[u8]; 4] = [
            self.browser.as_bytes(),
            self.session_cookie.as_bytes(),
            form.as_bytes(),
            subject.as_bytes(),
        ];
        encoding::base64url(&self.ops().form_tag(&parts))
    }

    /// Whether `sent` is a form that this visitor was shown, sent from our own page.
    pub fn sent(&self, sent: &Parameters, form: &str, subject: &str) -> bool {
        let expected = self.form_tag(form, subject);
        let equal =
            crate::crypto::digest::equal(expected.as_bytes(), sent.first("csrf").as_bytes());
        self.same_origin && !self.browser_is_new && equal
    }

    /// The frame around a page.
    pub fn frame(&self) -> Frame {
        self.signed_in().map_or_else(Frame::default, |live| {
            Frame::of(live.user.email.to_string(), self.form_tag("sign-out", ""))
        })
    }

    /// The frame around a page that asks for the second factor: it takes a passkey too, if this person
    /// has one. The answer counts for `act` alone.
    pub fn taking_passkey(&self, frame: Frame, live: &LiveSession, act: &str) -> Frame {
        match self.ops().passkey_request(live, act) {
            Ok(Some(options)) => frame.taking_passkey(options),
            Ok(None) => frame,
            // A code still counts.
            Err(fault) => {
                tracing::warn!(%fault, "no passkey could be asked for");
                frame
            }
        }
    }

    /// Shows a page.
    pub fn show(&self, page: &impl Page, status: StatusCode) -> Response {
        let response =
            page::show((&self.state.views, self.language), page, status, &self.extensions);
        self.with_browser(response)
    }

    /// Shows a page on the way to consent: its opener stays, for clients that open a popup.
    pub fn show_for_client(&self, page: &impl Page, status: StatusCode) -> Response {
        for_client(self.show(page, status))
    }

    /// Shows the consent page: its form leads on to the client, wherever that sends the browser.
    pub fn show_leading_out(&self, page: &impl Page, status: StatusCode) -> Response {
        let mut response = self.show(page, status);
        let relaxed = Relaxed { opener: true, form_action: true, cross_origin: false };
        response.extensions_mut().insert(relaxed);
        response
    }

    /// Shows what went wrong.
    pub fn refuse(&self, kind: ErrorKind) -> Response {
        page::error((&self.state.views, self.language), self.frame(), kind, &self.extensions)
    }

    /// Shows that we failed.
    pub fn fail(&self, fault: &Fault) -> Response {
        if matches!(fault, Fault::Busy) {
            return self.refuse(ErrorKind::Busy);
        }
        tracing::error!(%fault, "a page failed");
        self.refuse(if fault.will_pass() { ErrorKind::Unavailable } else { ErrorKind::Internal })
    }

    /// Goes on to another page. On the way of an authorization request the opener stays.
    pub fn go(&self, location: &str) -> Response {
        let response = self.with_browser(page::see_other(location));
        let with_request = location.starts_with("/consent/") || location.contains("?resume=");
        if with_request { for_client(response) } else { response }
    }

    /// Goes on with a new session.
    pub fn go_with(&self, session: &NewSession, location: &str) -> Response {
        self.go_with_cookie(&session.cookie, location)
    }

    fn go_with_cookie(&self, cookie: &Secret, location: &str) -> Response {
        let mut response = self.go(location);
        if let Some(cookie) = cookies::for_session(cookies::SESSION, cookie.expose()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Gives a browser its cookie when it opens a page, never in answer to a form: a form sent from
    /// another site comes without cookies, and must not replace the ones that are there.
    fn with_browser(&self, mut response: Response) -> Response {
        if self.browser_is_new
            && self.only_looks
            && let Some(cookie) = cookies::for_long(cookies::BROWSER, &self.browser)
        {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    async fn note_activity(&self) {
        if let Some(live) = &self.session
            && let Err(fault) = self.ops().note_activity(live).await
        {
            tracing::warn!(%fault, "activity could not be noted");
        }
    }
}

/// Marks a response as belonging to an authorization request: its opener stays.
pub fn for_client(mut response: Response) -> Response {
    let relaxed = Relaxed { opener: true, form_action: false, cross_origin: false };
    response.extensions_mut().insert(relaxed);
    response
}

/// The second factor that a form carries.
pub fn proof_of(sent: &Parameters) -> Proof {
    Proof::given(sent.first("code"), sent.first("passkey"))
}

/// What begins a page of our own to return to, where otherwise the handle of a request stands.
const OWN_PAGE: char = '~';
const LONGEST_RESUME: usize = 7 * 1024;

/// What a page of the sign-in carries: what to return to. Only its alphabet is checked here; whether
/// it opens is checked where it is opened.
pub fn resume_of(parameters: &Parameters) -> Option<String> {
    let handle = parameters.first("resume");
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let text = handle.strip_prefix(OWN_PAGE).unwrap_or(handle);
    let sound = !text.is_empty() && text.len() <= LONGEST_RESUME && text.bytes().all(legal);
    sound.then(|| handle.to_owned())
}

/// What a page of the sign-in carries to return to a page of our own.
pub fn return_to(path: &str) -> Option<String> {
    let text = encoding::base64url(path.as_bytes());
    (text.len() <= LONGEST_RESUME).then(|| format!("{OWN_PAGE}{text}"))
}

/// Where `resume` leads: the consent page of a request, a page of the workspace, or the
/// page of a one-time link, and nothing else.
pub fn resumed(resume: &str) -> String {
    let Some(text) = resume.strip_prefix(OWN_PAGE) else { return paths::consent(resume) };
    let path = encoding::base64url_decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
    let visible = |path: &String| path.bytes().all(|byte| byte.is_ascii_graphic());
    let ours = |path: &String| {
        path.starts_with(paths::SETTINGS) || path.starts_with(&paths::setup("cs_link_"))
    };
    path.filter(|path| ours(path) && visible(path)).unwrap_or_else(|| paths::HOME.to_owned())
}
