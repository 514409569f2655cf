//! A certificate from an authority that is asked over ACME (RFC 8555), which looks at a name by a TLS
//! handshake (TLS-ALPN-01, RFC 8737): no other port than the server's own is needed.
//!
//! What is issued lies in one file, key and chain together, so that a pair is never torn: the file is
//! replaced whole once what came back was checked, and taken as any other certificate file.

mod challenge;
mod http;
mod schedule;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use http::Call;
pub use http::Called;
use instant_acme::Account;
use instant_acme::AccountCredentials;
use instant_acme::AuthorizationStatus;
use instant_acme::ChallengeType;
use instant_acme::Identifier;
use instant_acme::NewAccount;
use instant_acme::NewOrder;
use instant_acme::Order;
use instant_acme::OrderStatus;
use instant_acme::RetryPolicy;
use rcgen::CertificateParams;
use rcgen::DistinguishedName;
use rcgen::KeyPair;
use rcgen::PKCS_ECDSA_P256_SHA256;
pub use schedule::renew_at;
pub use schedule::wait_after;
use serde::Deserialize;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::base::clock::Clock;
use crate::base::clock::Timestamp;
use crate::tls::TlsFault;
use crate::tls::acceptor::Certificates;
use crate::tls::acme::http::AskedToWait;
use crate::tls::durable;
use crate::tls::durable::Readers;
use crate::tls::material;
use crate::tls::material::Material;

/// From the first request to the certificate.
const WHOLE: Duration = Duration::from_secs(300);
/// How long the authority may take to look, and to issue.
const STEP: Duration = Duration::from_secs(120);

const AHEAD: Duration = Duration::from_secs(3600);

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
pub enum AcmeFault {
    /// The authority refused, or could not be asked.
    #[error("the ACME server did not issue a certificate: {0}")]
    Protocol(#[from] instant_acme::Error),
    /// It has no way of looking that we know.
    #[error("the ACME server does not offer the challenge tls-alpn-01 for {0}")]
    NoChallenge(String),
    /// It looked and was not satisfied.
    #[error(
        "the ACME server could not confirm {name}: {why}; it must reach this server at port 443 of that name"
    )]
    NotConfirmed {
        /// The name.
        name: String,
        /// What it said.
        why: String,
    },
    /// It took too long.
    #[error("the ACME server took longer than {} seconds", WHOLE.as_secs())]
    TimedOut,
    /// What came back cannot be served.
    #[error("what the ACME server issued cannot be used: {0}")]
    Unusable(TlsFault),
    /// It is for another name.
    #[error("what the ACME server issued is not for {0}")]
    OtherName(String),
    /// A file of ours.
    #[error(transparent)]
    File(TlsFault),
    /// A key or a certificate could not be made.
    #[error("a key could not be made: {0}")]
    Making(#[from] rcgen::Error),
}

impl AcmeFault {
    /// Whether the authority says that it was asked too often.
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        self.problem().is_some_and(|kind| kind.ends_with(":rateLimited"))
    }

    fn is_unknown_account(&self) -> bool {
        self.problem().is_some_and(|kind| kind.ends_with(":accountDoesNotExist"))
    }

    fn problem(&self) -> Option<&str> {
        match self {
            Self::Protocol(instant_acme::Error::Api(problem)) => problem.r#type.as_deref(),
            _ => None,
        }
    }
}

/// No certificate was issued.
#[derive(Debug)]
pub struct NotIssued {
    /// Why.
    pub fault: AcmeFault,
    /// How long the authority asked to be left alone.
    pub wait: Option<Duration>,
}

/// Where a certificate is asked for, and as whom.
pub struct Acme {
    /// The URL of the server's directory.
    pub directory: String,
    /// E-mail addresses for the authority's notices.
    pub contacts: Vec<String>,
    /// The names it is for; the first is the issuer's host.
    pub names: Vec<String>,
    /// Where the account's key and the certificate are kept.
    pub folder: PathBuf,
    /// How the server is asked.
    pub call: Call,
    /// What the handshake shows.
    pub certificates: Arc<Certificates>,
}

/// The account as it is kept: of one server.
#[derive(Serialize, Deserialize)]
struct Kept {
    directory: String,
    account: AccountCredentials,
}

/// Where the account's key is kept, under the folder of certificates.
#[must_use]
pub fn account_file(folder: &Path) -> PathBuf {
    folder.join("acme-account.json")
}

/// The file of the certificate and its key under `folder`.
#[must_use]
pub fn file(folder: &Path) -> PathBuf {
    folder.join("acme.pem")
}

impl Acme {
    /// Asks for a certificate and keeps it.
    ///
    /// # Errors
    /// Why there is none. What is in use stays.
    pub async fn issue(&self, clock: &dyn Clock) -> Result<Material, NotIssued> {
        let asked = AskedToWait::default();
        let issued = self.issued(&asked, clock).await;
        issued.map_err(|fault| NotIssued { fault, wait: asked.until(clock.now()) })
    }

    async fn issued(&self, asked: &AskedToWait, clock: &dyn Clock) -> Result<Material, AcmeFault> {
        let issuing = async {
            let made = self.ask(asked).await;
            if made.as_ref().is_err_and(AcmeFault::is_unknown_account) {
                // The next try makes a new one.
                let _ = fs::remove_file(self.account_file());
            }
            made
        };
        let issued = tokio::time::timeout(WHOLE, issuing).await;
        let pem = issued.map_err(|_| AcmeFault::TimedOut)??;
        self.keep(&pem, clock.now())
    }

    async fn ask(&self, asked: &AskedToWait) -> Result<Zeroizing<String>, AcmeFault> {
        let account = self.account(asked).await?;
        let names: Vec<_> = self.names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        // Taken back when this ends, however it ends.
        let mut shown = Vec::new();
        let mut pending = order.authorizations();
        while let Some(authorization) = pending.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let name = authorization.identifier().to_string();
            let mut challenge = authorization
                .challenge(ChallengeType::TlsAlpn01)
                .ok_or_else(|| AcmeFault::NoChallenge(name.clone()))?;
            let proof = challenge::certificate(&name, challenge.key_authorization().digest())?;
            shown.push(self.certificates.show_challenge(&name, proof));
            challenge.set_ready().await?;
        }
        let steps = RetryPolicy::new().timeout(STEP);
        let status = order.poll_ready(&steps).await;
        if !matches!(status, Ok(OrderStatus::Ready | OrderStatus::Valid)) {
            return Err(refused(&mut order, status.err()).await);
        }
        drop(shown);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(self.names.clone())?;
        params.distinguished_name = DistinguishedName::new();
        order.finalize_csr(params.serialize_request(&key)?.der()).await?;
        let chain = order.poll_certificate(&steps).await?;
        let key = Zeroizing::new(key.serialize_pem());
        Ok(Zeroizing::new(format!("{}{chain}", key.as_str())))
    }

    /// Checked beside its place, then put there.
    fn keep(&self, pem: &str, now: Timestamp) -> Result<Material, AcmeFault> {
        let (place, beside) = (file(&self.folder), self.folder.join("acme.pem.new"));
        let write = |to: &Path| durable::write(to, pem.as_bytes(), Readers::Owner);
        write(&beside).map_err(|e| AcmeFault::File(TlsFault::file(&beside, e)))?;
        let loaded = Material::load(&beside, &beside, begun(&beside, now));
        let _ = fs::remove_file(&beside);
        let material = loaded.map_err(AcmeFault::Unusable)?;
        if let Some(missing) = self.names.iter().find(|name| !material.covers(name)) {
            return Err(AcmeFault::OtherName(missing.clone()));
        }
        write(&place).map_err(|e| AcmeFault::File(TlsFault::file(&place, e)))?;
        Ok(material)
    }

    fn account_file(&self) -> PathBuf {
        account_file(&self.folder)
    }

    /// The account that is kept, if it is one of this server; else a new one.
    async fn account(&self, asked: &AskedToWait) -> Result<Account, AcmeFault> {
        let builder = || Account::builder_with_http(http::client(&self.call, asked));
        let kept = fs::read(self.account_file()).map(Zeroizing::new).ok();
        let kept = kept.and_then(|json| serde_json::from_slice::<Kept>(&json).ok());
        if let Some(kept) = kept.filter(|kept| kept.directory == self.directory) {
            return Ok(builder().from_credentials(kept.account).await?);
        }
        let contacts: Vec<_> = self.contacts.iter().map(|mail| format!("mailto:{mail}")).collect();
        let contacts: Vec<&str> = contacts.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contacts,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let made = builder().create(&wanted, self.directory.clone(), None).await?;
        let kept = Kept { directory: self.directory.clone(), account: made.1 };
        let json = serde_json::to_vec(&kept).map(Zeroizing::new);
        let json = json.map_err(instant_acme::Error::from)?;
        let file = self.account_file();
        durable::write(&file, &json, Readers::Owner)
            .map_err(|e| AcmeFault::File(TlsFault::file(&file, e)))?;
        Ok(made.0)
    }
}

/// The authority's clock may be a little ahead: what begins within the hour is taken, and served once it
/// has begun.
fn begun(file: &Path, now: Timestamp) -> Timestamp {
    let begin = material::facts_in(file).map_or(now, |facts| facts.not_before);
    if begin > now && begin.since(now) <= AHEAD { begin } else { now }
}

/// Why an order did not become ready: what the authority says of the name that it looked at.
async fn refused(order: &mut Order, error: Option<instant_acme::Error>) -> AcmeFault {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else { break };
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { break };
        let found = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = found {
            let why = problem.detail.clone().or_else(|| problem.r#type.clone());
            return AcmeFault::NotConfirmed { name, why: why.unwrap_or_default() };
        }
    }
    let why = instant_acme::Error::Str("the order became invalid");
    AcmeFault::Protocol(error.unwrap_or(why))
}
