//! Trying whether this server's own address can be reached: by the one fetch of documents, and only
//! where that is used at all. And small look-ups that pages need beside.

use crate::base::clock::Timestamp;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::block::Blocked;
use crate::domain::client_document::DocumentPolicy;
use crate::ops::Ops;
use crate::outbound::fetch::FetchRefusal;
use crate::outbound::fetch::Standing;
use crate::store::fault::Fault;
use crate::store::tables::Firms;
use crate::store::tables::Users;

/// Bytes of an answer that are read.
const LARGEST: usize = 64 * 1024;

/// What came of trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Something answered, with a certificate that is trusted.
    Answered,
    /// This server fetches nothing from the network.
    NotTried,
    /// The name leads to an address that is not public.
    NotPublic,
    /// The certificate is not trusted.
    NotTrusted,
    /// The name leads nowhere.
    NameUnknown,
    /// Nothing answered.
    NoAnswer,
}

impl Ops {
    /// Fetches `url`, one of our own, the way a stranger would.
    pub async fn try_to_reach(&self, url: &str) -> Reached {
        if self.document_policy() == DocumentPolicy::Off {
            return Reached::NotTried;
        }
        match self.client_documents.fetch(url, LARGEST, Standing::Stranger).await {
            Ok(_) => Reached::Answered,
            Err(FetchRefusal::Resolution) => Reached::NameUnknown,
            Err(FetchRefusal::NotPublic) => Reached::NotPublic,
            Err(FetchRefusal::Tls | FetchRefusal::NoTrust) => Reached::NotTrusted,
            // Somebody is there, and trusted; what it says matters little.
            Err(
                FetchRefusal::Redirect(_)
                | FetchRefusal::Status(_)
                | FetchRefusal::ContentType
                | FetchRefusal::Encoded
                | FetchRefusal::TooLarge(_),
            ) => Reached::Answered,
            // It cannot be tried like this, which says nothing of others.
            Err(
                FetchRefusal::Url | FetchRefusal::Scheme | FetchRefusal::Port | FetchRefusal::Busy,
            ) => Reached::NotTried,
            Err(_) => Reached::NoAnswer,
        }
    }

    /// The name of a person; empty for one who is no more.
    ///
    /// # Errors
    /// The store failed; so for each method here.
    pub fn user_name(&self, user: UserId) -> Result<String, Fault> {
        let user = self.store.read(|reader| reader.shared::<Users>(&user))?;
        Ok(user.map(|user| user.name.clone()).unwrap_or_default())
    }

    /// The name of a firm.
    ///
    /// # Errors
    /// As [`Self::user_name`].
    pub fn firm_name(&self, firm: FirmId) -> Result<String, Fault> {
        let firm = self.store.read(|reader| reader.shared::<Firms>(&firm))?;
        Ok(firm.map(|firm| firm.name.clone()).unwrap_or_default())
    }

    /// When an app or a connection was last used, to the moment.
    ///
    /// # Errors
    /// As [`Self::user_name`].
    pub fn last_use_of(&self, what: Blocked) -> Result<Option<Timestamp>, Fault> {
        self.store.read(|reader| match what {
            Blocked::App(app) => self.app_use(reader, app),
            Blocked::Connection(id) => Ok(self.connection_use(reader, id)?.map(|last| last.at)),
        })
    }
}
