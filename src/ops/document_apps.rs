//! Clients that a document describes, as apps. A row is kept of one when a person allows it access for
//! the first time, and not before: strangers cannot fill the disk with clients.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::client_document::DocumentUrl;
use crate::domain::client_document::Introduction;
use crate::domain::consent::AuthorizationRequest;
use crate::ops::Ops;
use crate::ops::client_documents::DocumentRefusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::ClientDocuments;

/// The app that is kept for the document at `url`.
pub fn kept(reader: &Reader<'_>, url: &str) -> Result<Option<App>, Fault> {
    let id = reader.get::<ClientDocuments>(url)?.and_then(|id| id.parse::<AppId>().ok());
    id.map_or(Ok(None), |id| reader.get::<Apps>(&id))
}

/// The client as an app: what people decided about it, and what its document says. `drawn` is its id if
/// nothing is kept of it.
pub fn introduced(
    reader: &Reader<'_>,
    introduction: &Introduction,
    drawn: AppId,
    now: Timestamp,
) -> Result<App, Fault> {
    Ok(match kept(reader, introduction.url.as_str())? {
        Some(app) => introduction.renewed(&app),
        None => introduction.app(drawn, now),
    })
}

/// The client of a request, as it stands now.
pub fn of_request(
    reader: &Reader<'_>,
    request: &AuthorizationRequest,
    now: Timestamp,
) -> Result<Option<App>, Fault> {
    match &request.introduction {
        None => reader.get::<Apps>(&request.app),
        Some(introduction) => introduced(reader, introduction, request.app, now).map(Some),
    }
}

/// The app of a request as the audit trail can name it: none if nothing is kept of it.
pub fn known_id(
    reader: &Reader<'_>,
    request: &AuthorizationRequest,
) -> Result<Option<AppId>, Fault> {
    match &request.introduction {
        None => Ok(Some(request.app)),
        Some(introduction) => Ok(kept(reader, introduction.url.as_str())?.map(|app| app.id)),
    }
}

/// Keeps what a person just allowed access, as they saw it. A client that proves itself in another way
/// than before begins anew: what it held under the former way has ended. Answers the app as it is
/// kept, and whether it is new.
pub fn keep(
    reader: &Reader<'_>,
    changes: &mut Changes,
    introduction: &Introduction,
    app: App,
) -> Result<(App, bool), Fault> {
    let url = introduction.url.as_str();
    let before = kept(reader, url)?;
    let app = match &before {
        Some(before) if before.kind != app.kind => {
            App { generation: app.generation.saturating_add(1), ..app }
        }
        _ => app,
    };
    if before.as_ref() != Some(&app) {
        changes.put::<Apps>(&app.id, &app)?;
    }
    if before.is_none() {
        changes.put::<ClientDocuments>(url, &app.id.to_string())?;
    }
    Ok((app, before.is_none()))
}

impl Ops {
    /// The client whose `client_id` is a URL, described by its document as it is now.
    ///
    /// # Errors
    /// [`DocumentRefusal`], with the app if one is kept.
    pub(in crate::ops) async fn document_client(
        &self,
        client_id: &str,
    ) -> Outcome<App, (DocumentRefusal, Option<AppId>)> {
        let url = DocumentUrl::parse(client_id)
            .map_err(|why| Failure::Refused((DocumentRefusal::Url(why), None)))?;
        let known = self.store.read(|reader| kept(reader, url.as_str()))?.map(|app| app.id);
        let document = self.client_document(&url, known.is_some()).await.map_err(|why| {
            tracing::info!(client_id = %url, %why, "a client's document was not used");
            Failure::Refused((why, known))
        })?;
        let now = self.now();
        let drawn = AppId::make(now, self.entropy.as_ref());
        let introduction = &document.introduction;
        Ok(self.store.read(|reader| introduced(reader, introduction, drawn, now))?)
    }
}
