//! Documents that describe clients: pinned, kept for a while, or fetched. Failures are never kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::crypto::jws::KeySet;
use crate::crypto::jws::NotAKeySet;
use crate::domain::app::App;
use crate::domain::client_document;
use crate::domain::client_document::AllowedDocuments;
use crate::domain::client_document::ClientDocument;
use crate::domain::client_document::DocumentFault;
use crate::domain::client_document::DocumentKeys;
use crate::domain::client_document::DocumentPolicy;
use crate::domain::client_document::DocumentUrl;
use crate::domain::client_document::NotADocumentUrl;
use crate::domain::registration::ClientProof;
use crate::domain::registration::KeySource;
use crate::domain::registration::Registration;
use crate::ops::Ops;
use crate::outbound::fetch::FetchRefusal;
use crate::outbound::fetch::Fetched;
use crate::outbound::fetch::Fetcher;
use crate::outbound::fetch::Standing;
use crate::outbound::fetch::SystemResolver;
use crate::outbound::fetch::Trust;

/// However briefly or long a server lets its document be kept.
const KEPT_AT_LEAST: Duration = Duration::from_secs(5 * 60);
const KEPT_AT_MOST: Duration = Duration::from_secs(3600);
/// Documents and sets of keys kept at once.
const KEPT: usize = 512;
/// How often an unknown key lets a set be fetched anew before its time.
const REFETCHED_EVERY: Duration = Duration::from_secs(60);

/// Why a client's document, or its keys, cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentRefusal {
    /// No document is taken here.
    #[error("documents of clients are not taken here (clients.metadata_documents)")]
    Off,
    /// Nobody allowed it.
    #[error("it is not among clients.allowed_documents")]
    NotAllowed,
    /// The `client_id` is no URL of a document.
    #[error("the client_id is no URL of a document: {0}")]
    Url(#[from] NotADocumentUrl),
    /// It could not be fetched.
    #[error("the document or its keys could not be fetched: {0}")]
    Unreachable(#[from] FetchRefusal),
    /// It says what no client can be.
    #[error("the document cannot be used: {0}")]
    Faulty(#[from] DocumentFault),
    /// Its keys are none.
    #[error("the keys cannot be used: {0}")]
    Keys(#[from] NotAKeySet),
    /// It has no keys.
    #[error("the client has no keys")]
    NoKeys,
}

impl DocumentRefusal {
    /// Whether it may be better in a moment, with nobody having changed anything here.
    #[must_use]
    pub const fn will_pass(self) -> bool {
        matches!(self, Self::Unreachable(why) if why.will_pass())
    }
}

/// What is known of documents, and where they come from.
pub struct ClientDocuments {
    policy: DocumentPolicy,
    allowed: Vec<AllowedDocuments>,
    pinned: HashMap<DocumentUrl, Arc<ClientDocument>>,
    fetcher: Fetcher,
    documents: Kept<ClientDocument>,
    key_sets: Kept<KeySet>,
    refetched: Mutex<HashMap<String, Timestamp>>,
}

impl ClientDocuments {
    /// With a policy and what goes with it.
    #[must_use]
    pub fn new(
        policy: DocumentPolicy,
        allowed: Vec<AllowedDocuments>,
        pinned: Vec<ClientDocument>,
        fetcher: Fetcher,
    ) -> Self {
        let by_url =
            |document: ClientDocument| (document.introduction.url.clone(), Arc::new(document));
        Self {
            policy,
            allowed,
            pinned: pinned.into_iter().map(by_url).collect(),
            fetcher,
            documents: Kept::default(),
            key_sets: Kept::default(),
            refetched: Mutex::default(),
        }
    }

    /// With no documents at all.
    #[must_use]
    pub fn off() -> Self {
        let fetcher = Fetcher::new(Vec::new(), Trust::default(), Arc::new(SystemResolver));
        Self::new(DocumentPolicy::Off, Vec::new(), Vec::new(), fetcher)
    }

    /// Who dials out.
    pub(in crate::ops) const fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    fn is_listed(&self, url: &DocumentUrl) -> bool {
        self.pinned.contains_key(url) || self.allowed.iter().any(|entry| entry.cover(url))
    }

    /// Fetches what is no document of a client.
    pub(in crate::ops) async fn fetch(
        &self,
        url: &str,
        most: usize,
        standing: Standing,
    ) -> Result<Arc<Fetched>, FetchRefusal> {
        self.fetcher.json(url, most, standing).await
    }

    /// Whether the document at `url` may be used at all.
    pub(in crate::ops) fn permit(&self, url: &DocumentUrl) -> Result<(), DocumentRefusal> {
        match self.policy {
            DocumentPolicy::Off => Err(DocumentRefusal::Off),
            DocumentPolicy::AllowList if !self.is_listed(url) => Err(DocumentRefusal::NotAllowed),
            DocumentPolicy::AllowList | DocumentPolicy::Open => Ok(()),
        }
    }

    /// Whether a set of keys may be fetched again at `now` because a key is unknown. Anybody can name
    /// an unknown key, so it is seldom.
    fn may_refetch(&self, whose: &str, now: Timestamp) -> bool {
        let Ok(mut refetched) = self.refetched.lock() else { return false };
        refetched.retain(|_, at| now < at.plus(REFETCHED_EVERY));
        if refetched.contains_key(whose) || refetched.len() >= KEPT {
            return false;
        }
        refetched.insert(whose.to_owned(), now);
        true
    }
}

/// What was fetched, for a while.
struct Kept<T>(Mutex<HashMap<String, (Arc<T>, Timestamp)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Kept<T> {
    fn get(&self, url: &str, now: Timestamp) -> Option<Arc<T>> {
        let kept = self.0.lock().ok()?;
        kept.get(url).filter(|(_, end)| now < *end).map(|(value, _)| Arc::clone(value))
    }

    fn keep(&self, url: &str, value: T, fetched: &Fetched, now: Timestamp) -> Arc<T> {
        let value = Arc::new(value);
        let end =
            now.plus(fetched.max_age.unwrap_or(KEPT_AT_LEAST).clamp(KEPT_AT_LEAST, KEPT_AT_MOST));
        if let Ok(mut kept) = self.0.lock() {
            if kept.len() >= KEPT && !kept.contains_key(url) {
                let first = kept.iter().min_by_key(|(_, (_, end))| *end);
                if let Some(first) = first.map(|(url, _)| url.clone()) {
                    kept.remove(&first);
                }
            }
            kept.insert(url.to_owned(), (Arc::clone(&value), end));
        }
        value
    }
}

impl Ops {
    /// Which documents of clients are taken.
    #[must_use]
    pub fn document_policy(&self) -> DocumentPolicy {
        self.client_documents.policy
    }

    /// The documents that are allowed, as they were configured; pinned ones by their address.
    #[must_use]
    pub fn allowed_documents(&self) -> Vec<String> {
        let documents = &self.client_documents;
        let allowed = documents.allowed.iter().map(|entry| entry.as_str().to_owned());
        let mut pinned: Vec<String> =
            documents.pinned.keys().map(|url| url.as_str().to_owned()).collect();
        pinned.sort();
        allowed.chain(pinned).collect()
    }

    /// Whether clients may be known by the URL of a document.
    #[must_use]
    pub fn takes_client_documents(&self) -> bool {
        self.client_documents.policy != DocumentPolicy::Off
    }

    /// The document at `url`: pinned, kept, or fetched. `known`: somebody here approved the client
    /// before.
    pub(in crate::ops) async fn client_document(
        &self,
        url: &DocumentUrl,
        known: bool,
    ) -> Result<Arc<ClientDocument>, DocumentRefusal> {
        let documents = &self.client_documents;
        documents.permit(url)?;
        if let Some(pinned) = documents.pinned.get(url) {
            return Ok(Arc::clone(pinned));
        }
        match documents.documents.get(url.as_str(), self.now()) {
            Some(kept) => Ok(kept),
            None => self.fetch_document(url, known).await,
        }
    }

    async fn fetch_document(
        &self,
        url: &DocumentUrl,
        known: bool,
    ) -> Result<Arc<ClientDocument>, DocumentRefusal> {
        let documents = &self.client_documents;
        let standing =
            if known || documents.is_listed(url) { Standing::Known } else { Standing::Stranger };
        let largest = client_document::LARGEST;
        let fetched = documents.fetcher.json(url.as_str(), largest, standing).await?;
        let document = ClientDocument::read(url, &fetched.body, &self.settings.custom_schemes)?;
        Ok(documents.documents.keep(url.as_str(), document, &fetched, self.now()))
    }

    async fn fetch_keys(&self, url: &str, known: bool) -> Result<Arc<KeySet>, DocumentRefusal> {
        let documents = &self.client_documents;
        let standing = if known { Standing::Known } else { Standing::Stranger };
        let largest = client_document::LARGEST_KEY_SET;
        let fetched = documents.fetcher.json(url, largest, standing).await?;
        let keys = KeySet::read(&fetched.body)?;
        Ok(documents.key_sets.keep(url, keys, &fetched, self.now()))
    }

    async fn keys_at(&self, url: &str, known: bool) -> Result<Arc<KeySet>, DocumentRefusal> {
        match self.client_documents.key_sets.get(url, self.now()) {
            Some(kept) => Ok(kept),
            None => self.fetch_keys(url, known).await,
        }
    }

    /// The public keys of `app`, as its document has them now or as it registered them.
    pub(in crate::ops) async fn client_keys(
        &self,
        app: &App,
        known: bool,
    ) -> Result<Arc<KeySet>, DocumentRefusal> {
        match (&app.registration, &app.proof) {
            (Registration::Document { url }, _) => {
                let document = self.client_document(&DocumentUrl::parse(url)?, known).await?;
                match &document.keys {
                    Some(DocumentKeys::Inline(keys)) => Ok(Arc::new(keys.clone())),
                    Some(DocumentKeys::At(url)) => self.keys_at(url.as_str(), known).await,
                    None => Err(DocumentRefusal::NoKeys),
                }
            }
            (_, ClientProof::PrivateKeyJwt { keys: KeySource::Inline(json) }) => {
                Ok(Arc::new(KeySet::read(json.as_bytes())?))
            }
            (_, ClientProof::PrivateKeyJwt { keys: KeySource::Url(url) }) => {
                self.keys_at(url, known).await
            }
            (_, ClientProof::Secret) => Err(DocumentRefusal::NoKeys),
        }
    }

    /// The keys of `app` fetched anew, since one is used that was unknown; none if that was done a
    /// moment ago, or if there is nothing to fetch.
    pub(in crate::ops) async fn client_keys_anew(
        &self,
        app: &App,
        known: bool,
    ) -> Result<Option<Arc<KeySet>>, DocumentRefusal> {
        if !self.client_documents.may_refetch(&app.client_id(), self.now()) {
            return Ok(None);
        }
        let at = match (&app.registration, &app.proof) {
            (Registration::Document { url }, _) => {
                let url = DocumentUrl::parse(url)?;
                let pinned = self.client_documents.pinned.contains_key(&url);
                let kept = self.client_document(&url, known).await?;
                match &kept.keys {
                    Some(DocumentKeys::At(keys)) => keys.as_str().to_owned(),
                    _ if pinned => return Ok(None),
                    _ => {
                        self.fetch_document(&url, known).await?;
                        return self.client_keys(app, known).await.map(Some);
                    }
                }
            }
            (_, ClientProof::PrivateKeyJwt { keys: KeySource::Url(url) }) => url.clone(),
            _ => return Ok(None),
        };
        self.fetch_keys(&at, known).await.map(Some)
    }
}
