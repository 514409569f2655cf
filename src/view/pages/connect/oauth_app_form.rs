//! The form that registers or changes an OAuth app.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::permission::TickArea;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// Posts `csrf`, `name`, `client_type` (`public`, `confidential`), `redirect_uris` (one a line),
/// `website`, the file `logo`, `logo_kept` (a picture sent before), `logo_remove` (`yes`), every ticked
/// `permission` and `required`, `pkce` (`yes`), `owner`, `purpose`, `review` (days) and `seen` (the
/// version of what is changed) to `action`, which answers with the page that sums it up.
#[derive(Clone, Serialize)]
pub struct OauthAppForm {
    /// The frame.
    pub frame: Frame,
    /// An app that is there is changed: its kind stays.
    pub changing: bool,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub back: String,
    /// Programs that are known: links that fill the form.
    pub clients: Vec<KnownClient>,
    /// What a program for MCP is given beside its client ID; none for a firm.
    pub mcp_url: Option<String>,
    /// The version that is changed; empty for a new app.
    pub seen: String,
    /// The name.
    pub name: String,
    /// The logo.
    pub logo: LogoField,
    /// What kind of program it is.
    pub client_type: ClientType,
    /// The redirect URIs, one a line.
    pub redirect_uris: String,
    /// The address of its web site; may be empty.
    pub website: String,
    /// The permissions that it may ask for.
    pub areas: Vec<TickArea>,
    /// A confidential app has to use PKCE as well.
    pub pkce: bool,
    /// Who is responsible.
    pub owners: Vec<Choice>,
    /// What it is for.
    pub purpose: String,
    /// After how many days somebody looks at it again.
    pub review_days: u64,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// A program whose redirect URIs are known.
#[derive(Clone, Serialize)]
pub struct KnownClient {
    /// Its name.
    pub name: String,
    /// The form, filled for it.
    pub href: String,
    /// The form is filled for it.
    pub chosen: bool,
}

/// The logo, before and after.
#[derive(Clone, Default, Serialize)]
pub struct LogoField {
    /// Where the logo that it has is served.
    pub current: Option<String>,
    /// The picture that was sent with the form before, in base64url.
    pub kept: String,
    /// What that picture is, such as `PNG, 256 × 256`.
    pub described: String,
    /// It shall have none.
    pub remove: bool,
}

/// What kind of program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// It runs where no secret can be kept.
    Public,
    /// It runs on a server that can keep a secret.
    Confidential,
}

impl KnownClient {
    fn samples() -> Vec<Self> {
        let of = |name: &str, chosen| Self {
            name: name.to_owned(),
            href: "/settings/app-connect/oauth-apps/create?client=claude".to_owned(),
            chosen,
        };
        vec![of("Claude", true), of("ChatGPT", false), of("VS Code", false)]
    }
}

impl Page for OauthAppForm {
    const TEMPLATE: &'static str = "connect/oauth_app_form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let new = Self {
            frame: sample::frame(Section::OauthApps),
            changing: false,
            csrf: sample::csrf(),
            action: "/settings/app-connect/oauth-apps/create".to_owned(),
            back: Section::OauthApps.path().to_owned(),
            clients: KnownClient::samples(),
            mcp_url: Some("https://books.example/companies/acme/mcp".to_owned()),
            seen: String::new(),
            name: String::new(),
            logo: LogoField::default(),
            client_type: ClientType::Public,
            redirect_uris: String::new(),
            website: String::new(),
            areas: sample::ticks(false),
            pkce: true,
            owners: sample::people(),
            purpose: String::new(),
            review_days: 180,
            mistakes: Mistakes::default(),
        };
        let filled = Self {
            name: "Tidewater Reports".to_owned(),
            client_type: ClientType::Confidential,
            redirect_uris: "https://app.tidewater.example/callback\nhttp://127.0.0.1/callback"
                .to_owned(),
            website: "https://tidewater.example".to_owned(),
            areas: sample::ticks(true),
            pkce: false,
            purpose: "Monthly reports for the board".to_owned(),
            ..new.clone()
        };
        let wrong = Self {
            redirect_uris: "http://app.tidewater.example/*".to_owned(),
            mistakes: Mistakes::fields([
                (Field::Name, Problem::Taken),
                (Field::ClientType, Problem::Missing),
                (Field::RedirectUris, Problem::UriNotValid),
                (Field::Website, Problem::NotValid),
                (Field::Permissions, Problem::Missing),
            ]),
            ..filled.clone()
        };
        let too_many = Self {
            mistakes: Mistakes::fields([(Field::RedirectUris, Problem::TooMany)]),
            ..filled.clone()
        };
        let changing = Self {
            changing: true,
            clients: Vec::new(),
            mcp_url: None,
            seen: "c2Vlbg".to_owned(),
            logo: LogoField {
                current: Some(sample::LOGO.to_owned()),
                kept: "iVBORw0KGgo".to_owned(),
                described: "PNG, 256 × 256".to_owned(),
                remove: false,
            },
            ..filled.clone()
        };
        let not_a_logo = Self {
            logo: LogoField { current: Some(sample::LOGO.to_owned()), ..LogoField::default() },
            mistakes: Mistakes::fields([
                (Field::Name, Problem::ChangedMeanwhile),
                (Field::Logo, Problem::NotAPicture),
            ]),
            ..changing.clone()
        };
        vec![
            ("change-refused", not_a_logo),
            ("register", new),
            ("register-filled", filled),
            ("register-wrong", wrong),
            ("register-too-many", too_many),
            ("change", changing),
        ]
    }
}
