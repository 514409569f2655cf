//! Who calls, as an upstream is told: headers, and a signed assertion (JWT, RFC 7519) that proves them
//! to whoever does not trust headers. The one place where either is written, for every surface.
//!
//! The names are documented in `docs/checking-for-yourself.md` and kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use percent_encoding::AsciiSet;
use percent_encoding::CONTROLS;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::RequestId;
use crate::domain::company::Place;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeSet;
use crate::domain::signing_key::ASSERTION_LIFE;
use crate::domain::user::Email;
use crate::domain::vouching::Assertions;
use crate::http::request_id::X_REQUEST_ID;
use crate::ops::Ops;
use crate::ops::check_call::CallContext;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Fault;

const USER: HeaderName = HeaderName::from_static("x-countersign-user");
const USER_EMAIL: HeaderName = HeaderName::from_static("x-countersign-user-email");
const CLIENT: HeaderName = HeaderName::from_static("x-countersign-client");
const COMPANY: HeaderName = HeaderName::from_static("x-countersign-company");
const COMPANY_SLUG: HeaderName = HeaderName::from_static("x-countersign-company-slug");
const FIRM: HeaderName = HeaderName::from_static("x-countersign-firm");
const SCOPES: HeaderName = HeaderName::from_static("x-countersign-scopes");
const TOKEN: HeaderName = HeaderName::from_static("x-countersign-token");
const ASSERTION: HeaderName = HeaderName::from_static("x-countersign-assertion");

/// The `typ` of an assertion: nobody takes it for another kind of JWT, nor another for it.
const KIND: &str = "countersign-assertion+jwt";

/// How long one assertion is handed out; the rest of its life is the upstream's.
const HANDED_OUT: Duration = Duration::from_secs(15);

/// Callers remembered at once, at most.
const CLEARED_AT: usize = 10_000;

/// What would be misread in a header, `%` itself included; all that is not ASCII is encoded too.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'"').add(b',');

/// One call, as far as an assertion may be bound to it.
pub(super) struct Line<'a> {
    pub method: &'a Method,
    /// The path below the surface and the company.
    pub path: &'a str,
    pub reference: Option<RequestId>,
}

/// Who makes one call that passed every check.
#[derive(Clone)]
pub(super) struct Identity {
    headers: Arc<Headers>,
    assertion: Option<HeaderValue>,
    reference: Option<HeaderValue>,
}

type Headers = Vec<(HeaderName, HeaderValue)>;

impl Identity {
    /// Writes it into a request or an answer. What stands there under the same names is replaced.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        headers.reserve(self.headers.len() + 2);
        for (name, value) in self.headers.iter() {
            headers.insert(name, value.clone());
        }
        if let Some(assertion) = &self.assertion {
            headers.insert(ASSERTION, assertion.clone());
        }
        if let Some(reference) = &self.reference {
            headers.insert(X_REQUEST_ID, reference.clone());
        }
    }
}

/// Makes identities. What is the same for every call of one token in one company is kept for a few
/// seconds, so that it is written and signed once; whether the call passes is never kept.
#[derive(Default)]
pub struct Identities {
    known: Mutex<HashMap<(RawId, CompanyId), Known>>,
}

/// What was made of what, and when.
struct Known {
    made_at: Timestamp,
    audience: Arc<str>,
    effective: ScopeSet,
    email: Option<Email>,
    headers: Arc<Headers>,
    assertion: Option<HeaderValue>,
}

impl Identities {
    /// The identity behind `live`, a token that is good at `resource`, in a call that may proceed.
    ///
    /// # Errors
    /// Nothing can be signed.
    pub(super) async fn of(
        &self,
        ops: &Ops,
        (live, context): (&LiveToken, &CallContext),
        resource: &Resource,
        line: &Line<'_>,
    ) -> Result<Identity, Fault> {
        let reference = line.reference.and_then(|id| HeaderValue::try_from(id.to_string()).ok());
        let caller =
            Caller { ops, live, context, audience: resource.url(ops.settings().issuer.as_str()) };
        let (headers, assertion) = match self.known(&caller) {
            Some(known) => known,
            None => self.learn(&caller).await?,
        };
        let assertion = match ops.settings().assertions {
            Assertions::Request => caller.assertion(Some(line)).await?,
            Assertions::Caller | Assertions::Off => assertion,
        };
        Ok(Identity { headers, assertion, reference })
    }

    fn known(&self, caller: &Caller<'_>) -> Option<(Arc<Headers>, Option<HeaderValue>)> {
        let known = self.known.lock().ok()?;
        let known = known.get(&caller.key()).filter(|known| {
            known.made_at.plus(HANDED_OUT) > caller.ops.now()
                && known.made_at <= caller.ops.now()
                && *known.audience == *caller.audience
                && known.effective == caller.context.effective
                && known.email.as_ref() == caller.email()
        })?;
        Some((Arc::clone(&known.headers), known.assertion.clone()))
    }

    async fn learn(
        &self,
        caller: &Caller<'_>,
    ) -> Result<(Arc<Headers>, Option<HeaderValue>), Fault> {
        let headers = Arc::new(caller.headers());
        let assertion = match caller.ops.settings().assertions {
            Assertions::Caller => caller.assertion(None).await?,
            Assertions::Request | Assertions::Off => None,
        };
        let now = caller.ops.now();
        let learnt = Known {
            made_at: now,
            audience: caller.audience.as_str().into(),
            effective: caller.context.effective.clone(),
            email: caller.email().cloned(),
            headers: Arc::clone(&headers),
            assertion: assertion.clone(),
        };
        self.keep(caller.key(), learnt, now);
        Ok((headers, assertion))
    }

    fn keep(&self, key: (RawId, CompanyId), learnt: Known, now: Timestamp) {
        let Ok(mut known) = self.known.lock() else { return };
        if known.len() >= CLEARED_AT {
            known.retain(|_, known| known.made_at.plus(HANDED_OUT) > now);
        }
        // None is over: forgetting all costs a signature each, going through all would cost every call.
        if known.len() >= CLEARED_AT {
            known.clear();
        }
        known.insert(key, learnt);
    }
}

struct Caller<'a> {
    ops: &'a Ops,
    live: &'a LiveToken,
    context: &'a CallContext,
    audience: String,
}

impl Caller<'_> {
    fn key(&self) -> (RawId, CompanyId) {
        (self.live.id, self.context.company.id)
    }

    /// Only where a person granted: a delegator does not call.
    fn email(&self) -> Option<&Email> {
        self.live.user().filter(|_| !self.live.of_client).map(|user| &user.email)
    }

    /// The firm that the call comes through.
    fn firm(&self) -> Option<FirmId> {
        match (self.live.token.place, self.live.app().place) {
            (Place::Firm(firm), _) => Some(firm),
            (Place::Company(_), Some(Place::Firm(firm))) if self.live.of_client => Some(firm),
            _ => None,
        }
    }

    fn scopes(&self) -> String {
        self.ops.catalogue().maximal(&self.context.effective).to_string()
    }

    fn headers(&self) -> Headers {
        let company = &self.context.company;
        let person = (!self.live.of_client).then(|| self.live.person.to_string());
        let email = self.email().map(|email| encoded(email.as_str()));
        let texts = [
            (USER, person),
            (USER_EMAIL, email),
            (CLIENT, Some(encoded(&self.live.app().client_id()))),
            (COMPANY, Some(company.id.to_string())),
            (COMPANY_SLUG, Some(company.slug.to_string())),
            (FIRM, self.firm().map(|firm| firm.to_string())),
            (SCOPES, Some(self.scopes())),
            (TOKEN, Some(self.live.id.to_string())),
        ];
        let value = |(name, text): (HeaderName, Option<String>)| {
            Some((name, HeaderValue::try_from(text?).ok()?))
        };
        texts.into_iter().filter_map(value).collect()
    }

    async fn assertion(&self, line: Option<&Line<'_>>) -> Result<Option<HeaderValue>, Fault> {
        let now = self.ops.now();
        let (client, company) = (self.live.app().client_id(), &self.context.company);
        let reference = line.and_then(|line| line.reference).map(|id| id.to_string());
        let claims = Claims {
            iss: self.ops.settings().issuer.as_str(),
            aud: &self.audience,
            sub: &if self.live.of_client { client.clone() } else { self.live.person.to_string() },
            client_id: &client,
            company: Named { id: company.id.to_string(), slug: Some(company.slug.to_string()) },
            firm: self.firm().map(|firm| Named { id: firm.to_string(), slug: None }),
            scope: &self.scopes(),
            iat: now.seconds(),
            exp: now.plus(ASSERTION_LIFE).seconds(),
            jti: &reference.unwrap_or_else(|| self.ops.unique()),
            method: line.map(|line| line.method.as_str()),
            path: line.map(|line| line.path),
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| Fault::row("assertion", error))?;
        Ok(HeaderValue::try_from(self.ops.sign(KIND, &claims).await?).ok())
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// What an assertion says.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    /// A user, or the app that calls in its own right; their identifiers never collide.
    sub: &'a str,
    client_id: &'a str,
    company: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    firm: Option<Named>,
    scope: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

#[derive(Serialize)]
struct Named {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;

    #[test]
    fn however_many_call_within_a_moment_a_bounded_number_is_remembered() {
        let (identities, entropy) = (Identities::default(), SystemEntropy::new());
        let now = Timestamp::from_seconds(1_000_000);
        let company = CompanyId::make(now, &entropy);
        for _ in 0..2 * CLEARED_AT + 1 {
            let learnt = Known {
                made_at: now,
                audience: "x".into(),
                effective: ScopeSet::default(),
                email: None,
                headers: Arc::default(),
                assertion: None,
            };
            identities.keep((RawId::make(now, &entropy), company), learnt, now);
            assert!(identities.known.lock().unwrap().len() <= CLEARED_AT);
        }
    }

    #[test]
    fn an_address_in_any_script_is_a_header_that_one_reader_reads_like_another() {
        assert_eq!(encoded("owner+x@acme.example"), "owner+x@acme.example");
        assert_eq!(encoded("zo\u{eb}@acme.example"), "zo%C3%AB@acme.example");
        assert_eq!(encoded("100%@a.example"), "100%25@a.example");
        for hostile in ["a\r\nx: y@a.example", "a b@a.example", "\u{202e}@a.example", "a,b@x"] {
            let text = encoded(hostile);
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','), "{text}");
            assert!(HeaderValue::try_from(text).is_ok());
        }
    }
}
