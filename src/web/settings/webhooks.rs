//! `/settings/webhooks`: the list, and the form of a new one.

use axum::response::Response;

use crate::domain::webhook;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointStatus;
use crate::domain::webhook::MOST_ENDPOINTS;
use crate::domain::webhook::Topic;
use crate::http::parameters::Parameters;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::webhooks::ListedEndpoint;
use crate::ops::webhooks::manage::NewEndpoint;
use crate::view::pages::ErrorKind;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::settings::webhooks::EventTick;
use crate::view::pages::settings::webhooks::WebhookEvent;
use crate::view::pages::settings::webhooks::WebhookForm;
use crate::view::pages::settings::webhooks::WebhookRow;
use crate::view::pages::settings::webhooks::WebhookState;
use crate::view::pages::settings::webhooks::Webhooks;
use crate::view::pages::workspace::Section;
use crate::web::settings::webhook as one;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const CREATE: &str = "/settings/webhooks/create";

/// Those of the open company or firm, for whoever administers it.
pub(super) fn here(inside: &Inside) -> Result<Vec<ListedEndpoint>, Box<Response>> {
    if !inside.open.administers {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    }
    inside.told(inside.ops().webhooks_for(&inside.live, inside.open.place))
}

/// How one stands.
pub(super) const fn state_of(endpoint: &Endpoint) -> WebhookState {
    match endpoint.status {
        EndpointStatus::Disabled { gone: true, .. } => WebhookState::Gone,
        EndpointStatus::Disabled { .. } => WebhookState::Disabled,
        EndpointStatus::Active if endpoint.failing_since.is_some() => WebhookState::Failing,
        EndpointStatus::Active if endpoint.delivered_at.is_some() => WebhookState::Works,
        EndpointStatus::Active => WebhookState::Untried,
    }
}

/// The words of what it is told.
pub(super) fn events_of(endpoint: &Endpoint) -> Vec<&'static str> {
    endpoint.topics.iter().map(|topic| topic.word()).collect()
}

/// Lists them.
pub(super) async fn list(inside: Inside) -> Response {
    let listed = match here(&inside) {
        Ok(listed) => listed,
        Err(page) => return *page,
    };
    let now = inside.ops().now();
    let row = |ListedEndpoint { id, endpoint }: &ListedEndpoint| WebhookRow {
        href: one::href(id),
        host: webhook::host_of(&endpoint.url),
        url: endpoint.url.clone(),
        events: events_of(endpoint),
        delivered: endpoint.delivered_at.map(|at| Moment::at(at, now)),
        state: state_of(endpoint),
    };
    inside.show(&Webhooks {
        frame: inside.frame(Section::Webhooks),
        rows: listed.iter().map(row).collect(),
        may_create: listed.len() < MOST_ENDPOINTS,
    })
}

fn page(inside: &Inside, url: &str, ticked: &[Topic], mistakes: Mistakes) -> WebhookForm {
    let tick = |topic: Topic| {
        let (word, ticked) = (topic.word(), ticked.contains(&topic));
        meaning(topic).map(|event| EventTick { word, event, ticked })
    };
    WebhookForm {
        frame: inside.frame_asking(Section::Webhooks, CREATE),
        csrf: inside.tag(CREATE),
        action: CREATE.to_owned(),
        url: url.to_owned(),
        events: Topic::ALL.into_iter().filter_map(tick).collect(),
        mistakes,
    }
}

/// What people read of it; nothing of what no endpoint chooses.
const fn meaning(topic: Topic) -> Option<WebhookEvent> {
    match topic {
        Topic::ConnectionCreated => Some(WebhookEvent::ConnectionCreated),
        Topic::ConnectionRevoked => Some(WebhookEvent::ConnectionRevoked),
        Topic::ConnectionExpiring => Some(WebhookEvent::ConnectionExpiring),
        Topic::CredentialExpiring => Some(WebhookEvent::CredentialExpiring),
        Topic::ReviewDue => Some(WebhookEvent::ReviewDue),
        Topic::Test => None,
    }
}

/// The form, with everything ticked.
pub(super) async fn new(inside: Inside) -> Response {
    match here(&inside) {
        Ok(_) => inside.show(&page(&inside, "", &Topic::ALL, Mistakes::default())),
        Err(page) => *page,
    }
}

/// Makes one, and goes where its secret is shown.
pub(super) async fn create(sent: Sent) -> Response {
    created(&sent).await.unwrap_or_else(|page| *page)
}

fn ticked(sent: &Parameters) -> Vec<Topic> {
    let words = sent.all("event");
    Topic::ALL.into_iter().filter(|topic| words.iter().any(|word| *word == topic.word())).collect()
}

async fn created(sent: &Sent) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    here(inside)?;
    let (url, topics) = (sent.fields.first("url"), ticked(&sent.fields));
    let again = |faults: Vec<(Field, Problem)>| {
        Box::new(inside.show_again(&page(inside, url, &topics, Mistakes::fields(faults))))
    };
    let mut faults = Vec::new();
    if webhook::endpoint_url(url).is_err() {
        let empty = url.trim().is_empty();
        faults.push((Field::Url, if empty { Problem::Missing } else { Problem::NotHttps }));
    }
    if topics.is_empty() {
        faults.push((Field::Events, Problem::Missing));
    }
    if !faults.is_empty() {
        return Err(again(faults));
    }
    let (place, url, topics) = (inside.open.place, url.to_owned(), topics.clone());
    let new = NewEndpoint { place, url: url.clone(), topics: topics.clone(), note: String::new() };
    match inside.ops().create_webhook(new, sent.by()).await {
        Ok(made) => Ok(one::keep(inside, &made)),
        Err(Failure::Refused(Refusal::Code(why))) => {
            let mistakes = Mistakes::code(verify::code_error(why));
            let page = page(inside, &url, &topics, mistakes);
            Err(Box::new(inside.visitor.show(&page, verify::status_of(why))))
        }
        Err(Failure::Refused(Refusal::TooManyWebhooks)) => {
            Err(again(vec![(Field::Url, Problem::TooMany)]))
        }
        Err(failure) => Err(Box::new(inside.tell(failure))),
    }
}
