//! A person's own security: password, second factors, recovery codes, sessions.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/security`. Changes have pages of their own: `{path}/password`, `{path}/totp`,
/// `{path}/passkeys/add`, `{path}/recovery-codes`, `{path}/sessions/end`. New recovery codes are shown by
/// `RecoveryCodes`, as those of an enrolment.
#[derive(Clone, Serialize)]
pub struct Security {
    /// The frame.
    pub frame: Frame,
    /// When the password was chosen.
    pub password_since: Option<Moment>,
    /// The second factors.
    pub factors: Vec<FactorRow>,
    /// Whether browsers make passkeys for this installation.
    pub passkeys_possible: bool,
    /// There is an authenticator app among them.
    pub has_totp: bool,
    /// Recovery codes that were not used yet.
    pub recovery_codes: u64,
    /// The browsers that are signed in.
    pub sessions: Vec<SessionRow>,
}

/// A second factor.
#[derive(Clone, Serialize)]
pub struct FactorRow {
    /// What it is.
    pub kind: FactorKind,
    /// What the person calls it; empty for the authenticator app, of which there is one.
    pub name: String,
    /// When it was added.
    pub added: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Where it is removed; none for the last one.
    pub remove: Option<String>,
}

/// What a factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// An authenticator app.
    Totp,
    /// A passkey.
    Passkey,
}

/// A browser that is signed in.
#[derive(Clone, Serialize)]
pub struct SessionRow {
    /// What it is, as far as it told; may be empty.
    pub browser: String,
    /// From where.
    pub address: String,
    /// Since when.
    pub since: Moment,
    /// When it was last seen.
    pub last_seen: Moment,
    /// It is this one.
    pub here: bool,
}

impl Page for Security {
    const TEMPLATE: &'static str = "settings/security.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let factor = |kind, name: &str, remove: bool| FactorRow {
            kind,
            name: name.to_owned(),
            added: sample::moment(-100 * DAY),
            last_used: Some(sample::moment(-HOUR)),
            remove: remove.then(|| "/settings/security/factors/f_01/remove".to_owned()),
        };
        let session = |browser: &str, here| SessionRow {
            browser: browser.to_owned(),
            address: "192.0.2.7".to_owned(),
            since: sample::moment(-5 * HOUR),
            last_seen: sample::moment(-30),
            here,
        };
        let full = Self {
            frame: sample::frame(Section::Security),
            password_since: Some(sample::moment(-400 * DAY)),
            factors: vec![
                factor(FactorKind::Totp, "", true),
                factor(FactorKind::Passkey, "Dana’s laptop", true),
            ],
            passkeys_possible: true,
            has_totp: true,
            recovery_codes: 8,
            sessions: vec![session("Firefox, Linux", true), session("", false)],
        };
        let one = Self {
            factors: vec![FactorRow {
                last_used: None,
                ..factor(FactorKind::Passkey, "Security key", false)
            }],
            has_totp: false,
            password_since: None,
            recovery_codes: 1,
            sessions: vec![session("Firefox, Linux", true)],
            ..full.clone()
        };
        let none = Self { recovery_codes: 0, passkeys_possible: false, ..one.clone() };
        vec![("full", full), ("one-factor", one), ("no-recovery-codes", none)]
    }
}
