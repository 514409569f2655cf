//! How the authority's server is asked: by whoever dials for this house.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::Response;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use instant_acme::BodyWrapper;
use instant_acme::BytesResponse;
use instant_acme::Error;
use instant_acme::HttpClient;

/// What came back, or why nothing did.
pub type Called = Result<Response<Bytes>, Box<dyn std::error::Error + Send + Sync>>;

/// Sends one request.
pub type Call =
    Arc<dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = Called> + Send>> + Send + Sync>;

struct Client(Call);

pub(super) fn client(call: &Call) -> Box<dyn HttpClient> {
    Box::new(Client(Arc::clone(call)))
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let call = Arc::clone(&self.0);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(head, body.to_bytes());
            let answer = call(request).await.map_err(Error::Other)?;
            Ok(answer.map(Full::new).into())
        })
    }
}
