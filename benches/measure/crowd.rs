//! A company with very many apps and connections, and the session of its owner.

use std::path::Path;

use countersign::app::installation;
use countersign::app::installation::Installation;
use countersign::app::serving;
use countersign::app::wire;
use countersign::base::secret::Secret;
use countersign::crypto::totp;
use countersign::domain::app::App;
use countersign::domain::app::AppKind;
use countersign::domain::audit::Origin;
use countersign::domain::company::Place;
use countersign::domain::user::User;
use countersign::ops::Ops;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::installation::Kind;
use countersign::store::tables::BrowserMark;
use countersign::tls::private_ca;
use futures_util::future::try_join_all;

use super::Outcome;
use super::rows;
use super::seed;
use super::seed::PASSWORD;

const OWNER: &str = "owner@acme.example";
const BROWSER: BrowserMark = BrowserMark([7; 16]);
/// Apps that are being made at the same time.
const AT_ONCE: usize = 500;

/// How many of each; half of the apps are API credentials, and the others share the connections.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) apps: usize,
    pub(crate) connections: usize,
}

impl Crowd {
    /// Makes a data folder; the cookie of a session of the company's owner.
    pub(crate) async fn settle(self, folder: &Path) -> Outcome<String> {
        let settings = seed::settings(folder)?;
        let options = installation::Options::of(&settings, Kind::Real);
        let installation = serving::open(folder, options).await?;
        let ops = wire::ops(&settings, &installation)?;
        let names = [settings.issuer.host()];
        private_ca::ensure(&serving::tls_folder(folder), &names, installation.clock.now())?;
        let cookie = self.fill(&installation, &ops).await;
        ops.close();
        cookie
    }

    async fn fill(self, installation: &Installation, ops: &Ops) -> Outcome<String> {
        let hash = ops.hash_new_password(PASSWORD.into(), &[]).await;
        let hash = hash.map_err(|_| "the password may not be chosen")?;
        let (place, owner) = seed::company(ops, "Acme Trading", OWNER, Some(hash)).await?;
        let half = self.apps / 2;
        let mut connected = Vec::new();
        for first in (0..half).step_by(AT_ONCE) {
            let numbers = first..half.min(first + AT_ONCE);
            let making = numbers.map(|number| pair(ops, place, &owner, number));
            connected.append(&mut try_join_all(making).await?);
        }
        let each = self.connections / connected.len().max(1);
        for some in connected.chunks(AT_ONCE) {
            let writing =
                some.iter().map(|app| rows::connections(installation, app, owner.id, each));
            try_join_all(writing).await?;
        }
        session(installation, ops).await
    }
}

/// API credentials, and an app that people connect.
async fn pair(ops: &Ops, place: Place, owner: &User, number: usize) -> Outcome<App> {
    seed::credentials(ops, place, owner, &format!("Job {number:05}")).await?;
    let new = NewApp {
        place: Some(place),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, format!("Program {number:05}"))
    };
    Ok(seed::app_of(ops, new).await?.0)
}

/// Signs the owner in, who enrols an authenticator app.
async fn session(installation: &Installation, ops: &Ops) -> Outcome<String> {
    let (password, origin) = (Secret::from(PASSWORD), Origin::default());
    let signed_in = ops.sign_in(OWNER, password, BROWSER, None, origin).await;
    let signed_in = signed_in.map_err(|_| "the owner cannot sign in")?;
    let live = ops.session(signed_in.cookie.expose())?.ok_or("no session")?;
    let step = totp::step_at(installation.clock.now());
    let code = Secret::from(totp::code(&ops.enrolment_seed(&live), step).as_str());
    let enrolled = ops.enrol_totp(&live, &code, BROWSER, origin).await;
    let enrolled = enrolled.map_err(|_| "the owner cannot enrol")?;
    let live = ops.session(enrolled.cookie.expose())?.ok_or("no session")?;
    ops.acknowledge_recovery_codes(&live).await?;
    Ok(enrolled.cookie.expose().to_owned())
}
