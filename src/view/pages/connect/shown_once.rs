//! What is shown once and never again: secrets, tokens, one-time links.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// Posts `csrf` and `saved` to `action`; the file posts `download_csrf` to `{action}/env`.
#[derive(Clone, Serialize)]
pub struct ShownOnce {
    /// The frame.
    pub frame: Frame,
    /// What was made.
    pub kind: OnceKind,
    /// Its name, or the person that a link is for.
    pub name: String,
    /// It works in a test company only.
    pub test: bool,
    /// The token of "Done".
    pub csrf: String,
    /// The path that "Done" posts to.
    pub action: String,
    /// The token of the download; none where there is no file.
    pub download_csrf: Option<String>,
    /// The client ID; none for tokens and links.
    pub client_id: Option<String>,
    /// The secret, token or link. None when it was shown before, or there is none.
    pub secret: Option<String>,
    /// A command line to try it with.
    pub try_it: Option<String>,
    /// "I have saved it" was not ticked.
    pub not_ticked: bool,
}

/// What was made. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnceKind {
    /// API credentials.
    Credentials,
    /// A new secret of an app.
    Rotated,
    /// A restored app, with a new secret.
    Restored,
    /// A confidential OAuth app.
    ConfidentialApp,
    /// A public OAuth app, which has no secret.
    PublicApp,
    /// An API token.
    Token,
    /// The link of an invitation.
    Invitation,
    /// The link for a lost password.
    PasswordLink,
    /// The link for a lost factor.
    FactorLink,
    /// The secret of a webhook, new or another.
    Webhook,
}

impl Page for ShownOnce {
    const TEMPLATE: &'static str = "connect/shown_once.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let secret = "cs_sec_01JD7QA3Y1PZ4f8mQ0vT2sLx7RkWc9dHnB5jUe6aGt9Qe0Zk3Vw8Xy1";
        let credentials = Self {
            frame: sample::frame(Section::ApiCredentials),
            kind: OnceKind::Credentials,
            name: "Invoice drafting".to_owned(),
            test: false,
            csrf: sample::csrf(),
            action: "/settings/app-connect/api-credentials/app_01JD7Q9V2M8K/saved".to_owned(),
            download_csrf: Some(sample::csrf()),
            client_id: Some("cs_app_01JD7Q9V2M8K".to_owned()),
            secret: Some(secret.to_owned()),
            try_it: Some(
                "curl -u \"$COUNTERSIGN_CLIENT_ID:$COUNTERSIGN_CLIENT_SECRET\" \
                 -d grant_type=client_credentials https://books.example/oauth/token"
                    .to_owned(),
            ),
            not_ticked: false,
        };
        let link = |kind| Self {
            frame: sample::frame(Section::People),
            kind,
            name: "Sam Okafor".to_owned(),
            client_id: None,
            secret: Some("https://books.example/setup/01JD7QA3Y1PZ4f8mQ0vT2sLx7RkWc9dH".to_owned()),
            try_it: None,
            download_csrf: None,
            ..credentials.clone()
        };
        let public = Self {
            kind: OnceKind::PublicApp,
            secret: None,
            try_it: None,
            download_csrf: None,
            ..credentials.clone()
        };
        let token = Self {
            frame: sample::frame(Section::ApiTokens),
            kind: OnceKind::Token,
            client_id: None,
            ..credentials.clone()
        };
        let webhook = Self {
            frame: sample::frame(Section::Webhooks),
            name: "hooks.acme.example".to_owned(),
            secret: Some("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned()),
            ..Self { kind: OnceKind::Webhook, ..token.clone() }
        };
        let of = |kind| Self { kind, ..credentials.clone() };
        vec![
            ("test", Self { test: true, ..credentials.clone() }),
            ("not-ticked", Self { not_ticked: true, ..credentials.clone() }),
            (
                "shown-before",
                Self {
                    secret: None,
                    try_it: None,
                    download_csrf: None,
                    not_ticked: true,
                    ..credentials.clone()
                },
            ),
            ("rotated", of(OnceKind::Rotated)),
            ("restored", of(OnceKind::Restored)),
            ("confidential-app", of(OnceKind::ConfidentialApp)),
            ("public-app", public),
            ("token", token),
            ("invitation", link(OnceKind::Invitation)),
            ("password-link", link(OnceKind::PasswordLink)),
            ("factor-link", link(OnceKind::FactorLink)),
            ("webhook", webhook),
            ("credentials", credentials),
        ]
    }
}
