//! What stands behind a reference: the exact cause of a refusal, and how it is mended.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::activity::What;
use crate::view::pages::sample;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/activity/…`, and the answer to the look-up.
#[derive(Clone, Serialize)]
pub struct Reference {
    /// The frame.
    pub frame: Frame,
    /// What was looked up.
    pub reference: String,
    /// What was found; none when nothing was.
    pub found: Option<Found>,
}

/// What was found.
#[derive(Clone, Serialize)]
pub struct Found {
    /// What happened.
    pub row: ActivityRow,
    /// Why, and how it is mended.
    pub cause: Cause,
    /// The app's page, if the person may see it.
    pub app_href: Option<String>,
    /// The section of the guide about it.
    pub docs: Option<String>,
}

/// Why something was refused. Each has a sentence, and one that says how it is mended and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Cause {
    /// A return address that is not registered.
    RedirectUri {
        /// What is registered.
        expected: Vec<String>,
        /// What was sent.
        received: String,
    },
    /// A return address that is not the one of the authorization request.
    RedirectChanged {
        /// The one of the authorization request.
        expected: Vec<String>,
        /// What was sent with the code; may be empty.
        received: String,
    },
    /// A permission is missing.
    Scope {
        /// The permission.
        scope: String,
        /// What it can do, as people read it.
        title: String,
        /// Whose lack is to be mended first.
        lacking: Lacking,
        /// All who lack it.
        lacks: Vec<Lacking>,
    },
    /// None of the permissions that were asked for exists here.
    ScopeUnknown,
    /// Nothing that may be connected to stands at the address that was asked for.
    TargetUnknown,
    /// The program is not known here.
    ClientUnknown,
    /// The document that describes the program cannot be used.
    ClientDocument,
    /// The app's day is over.
    AppExpired,
    /// The app was revoked or deleted.
    AppEnded,
    /// The app is blocked here.
    AppBlocked,
    /// Whoever delegated the app's permissions is gone.
    NeedsDelegator,
    /// The secret is wrong.
    SecretWrong,
    /// The secret was right once: it was rotated or has expired.
    SecretEnded,
    /// The way in which the app proves itself is not the agreed one.
    ProofWrong,
    /// The code was used, is too old, or belongs to another app.
    CodeEnded,
    /// The code was presented a second time; everything that it gave has ended.
    CodeReplayed,
    /// The refresh token has ended or was not used for too long.
    RefreshEnded,
    /// A used refresh token was presented again; the connection ended.
    RefreshReplayed,
    /// PKCE is missing or does not match.
    Pkce,
    /// The connection was ended.
    ConnectionEnded,
    /// The token has ended.
    TokenEnded,
    /// The token belongs to another company, or to another environment.
    OtherCompany,
    /// A firm token named no company.
    NoCompanyNamed,
    /// The company is blocked for what comes through the firm.
    FirmBlocked,
    /// The person was disabled or has left.
    PersonGone,
    /// Nothing protected stands at this address.
    UnknownRoute,
    /// The request could not be read.
    RequestBroken,
    /// Too many requests came.
    TooMany,
    /// A cause that is told in the words of the code only.
    Other,
}

/// Who lacks a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacking {
    /// The token: it was not ticked, or not asked for.
    Token,
    /// The person's role.
    Role,
    /// The app: it was not delegated.
    App,
}

impl Page for Reference {
    const TEMPLATE: &'static str = "connect/reference.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let of = |cause| Self {
            frame: sample::frame(Section::Activity),
            reference: "01K5ZQ8R2N7M4T".to_owned(),
            found: Some(Found {
                row: ActivityRow {
                    refused: true,
                    cause: Some("RedirectMismatch".to_owned()),
                    count: 3,
                    ..sample::happened(-HOUR, What::AuthorizationRefused)
                },
                cause,
                app_href: Some("/settings/app-connect/oauth-apps/app_01".to_owned()),
                docs: Some("/docs/errors#redirect-mismatch".to_owned()),
            }),
        };
        let scope = |lacking| {
            of(Cause::Scope {
                scope: "customer_invoices:all".to_owned(),
                title: "Draft customer invoices".to_owned(),
                lacking,
                lacks: vec![lacking, Lacking::Role],
            })
        };
        let redirect = of(Cause::RedirectUri {
            expected: vec![
                "https://app.tidewater.example/callback".to_owned(),
                "https://app.tidewater.example/oauth/callback".to_owned(),
            ],
            received: "https://app.tidewater.example/callback/".to_owned(),
        });
        let changed = of(Cause::RedirectChanged {
            expected: vec!["https://app.tidewater.example/callback".to_owned()],
            received: String::new(),
        });
        let nothing = Self { found: None, ..of(Cause::Other) };
        let mut all = vec![
            ("redirect-uri", redirect),
            ("redirect-changed", changed),
            ("scope-token", scope(Lacking::Token)),
            ("scope-role", scope(Lacking::Role)),
            ("scope-app", scope(Lacking::App)),
            ("not-found", nothing),
        ];
        let plain = [
            ("scope-unknown", Cause::ScopeUnknown),
            ("target-unknown", Cause::TargetUnknown),
            ("client-unknown", Cause::ClientUnknown),
            ("client-document", Cause::ClientDocument),
            ("app-expired", Cause::AppExpired),
            ("app-ended", Cause::AppEnded),
            ("app-blocked", Cause::AppBlocked),
            ("needs-delegator", Cause::NeedsDelegator),
            ("secret-wrong", Cause::SecretWrong),
            ("secret-ended", Cause::SecretEnded),
            ("proof-wrong", Cause::ProofWrong),
            ("code-ended", Cause::CodeEnded),
            ("code-replayed", Cause::CodeReplayed),
            ("refresh-ended", Cause::RefreshEnded),
            ("refresh-replayed", Cause::RefreshReplayed),
            ("pkce", Cause::Pkce),
            ("connection-ended", Cause::ConnectionEnded),
            ("token-ended", Cause::TokenEnded),
            ("other-company", Cause::OtherCompany),
            ("no-company-named", Cause::NoCompanyNamed),
            ("firm-blocked", Cause::FirmBlocked),
            ("person-gone", Cause::PersonGone),
            ("unknown-route", Cause::UnknownRoute),
            ("request-broken", Cause::RequestBroken),
            ("too-many", Cause::TooMany),
            ("other", Cause::Other),
        ];
        all.extend(plain.map(|(name, cause)| (name, of(cause))));
        all
    }
}
