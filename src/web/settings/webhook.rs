//! `/settings/webhooks/{webhook}`: how one stands, what was tried, and what can be done with it.

use axum::extract::Path;
use axum::response::Response;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::domain::webhook;
use crate::domain::webhook::Attempted;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::webhooks::ListedEndpoint;
use crate::ops::webhooks::manage::CreatedEndpoint;
use crate::ops::webhooks::manage::LoggedAttempt;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::connect::shown_once::OnceKind;
use crate::view::pages::connect::shown_once::ShownOnce;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::settings::webhook::Delivery;
use crate::view::pages::settings::webhook::DeliveryOutcome;
use crate::view::pages::settings::webhook::Webhook;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::webhooks;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Its page.
pub(super) fn href(id: &RawId) -> String {
    format!("{}/{id}", Section::Webhooks.path())
}

/// The one that a path names, of the open company or firm.
fn found(inside: &Inside, id: &str) -> Result<ListedEndpoint, Box<Response>> {
    let id = id.parse::<RawId>().ok();
    let one = webhooks::here(inside)?.into_iter().find(|listed| Some(listed.id) == id);
    one.ok_or_else(|| Box::new(inside.refuse(ErrorKind::NotFound)))
}

/// Shows it.
pub(super) async fn show(Path(id): Path<String>, inside: Inside) -> Response {
    page(&inside, &id).map_or_else(|page| *page, |page| inside.show(&page))
}

fn page(inside: &Inside, id: &str) -> Result<Webhook, Box<Response>> {
    let ListedEndpoint { id, endpoint } = found(inside, id)?;
    let (ops, now) = (inside.ops(), inside.ops().now());
    let failed = |fault| Box::new(inside.fail(&fault));
    let waiting = ops.webhook_waiting(id).map_err(failed)?;
    let log = ops.webhook_log(id).map_err(failed)?;
    let at = |time| Moment::at(time, now);
    let (href, active) = (href(&id), endpoint.is_active());
    let former = endpoint.former.as_ref().map(|former| former.until);
    Ok(Webhook {
        frame: inside.frame(Section::Webhooks),
        host: webhook::host_of(&endpoint.url),
        events: webhooks::events_of(&endpoint),
        created: at(endpoint.created_at),
        delivered: endpoint.delivered_at.map(at),
        failing_since: endpoint.failing_since.map(at),
        former_until: former.filter(|until| now < *until).map(at),
        waiting,
        state: webhooks::state_of(&endpoint),
        test_csrf: active.then(|| inside.tag(&format!("{href}/test"))),
        retry_csrf: (waiting > 0 || !active).then(|| inside.tag(&format!("{href}/retry"))),
        deliveries: log.iter().map(|one| delivery(one, &at)).collect(),
        url: endpoint.url,
        note: endpoint.note,
        href,
    })
}

fn delivery(logged: &LoggedAttempt, at: &impl Fn(Timestamp) -> Moment) -> Delivery {
    let attempt = &logged.attempt;
    let (outcome, status, why) = match &attempt.outcome {
        Attempted::Delivered { status } => (DeliveryOutcome::Delivered, Some(*status), None),
        Attempted::Failed { status, why } => {
            let again = attempt.again_at.is_some();
            let outcome = if again { DeliveryOutcome::Failed } else { DeliveryOutcome::GivenUp };
            (outcome, *status, Some(why.clone()))
        }
    };
    Delivery {
        event: attempt.topic.word(),
        at: at(logged.at),
        number: attempt.number,
        outcome,
        status,
        why,
        took_ms: attempt.took_ms,
        again: attempt.again_at.map(at),
    }
}

fn kept_as(id: &RawId) -> String {
    format!("webhook {id}")
}

/// Keeps the secret for its page, and goes there.
pub(super) fn keep(inside: &Inside, made: &CreatedEndpoint) -> Response {
    let id = &made.listed.id;
    inside.ops().keep_secret(&inside.live, &kept_as(id), made.secret.clone());
    inside.visitor.go(&format!("{}/secret", href(id)))
}

/// Shows the secret, once.
pub(super) async fn secret(Path(id): Path<String>, inside: Inside) -> Response {
    once(&inside, &id, false).map_or_else(|page| *page, |page| inside.show(&page))
}

fn once(inside: &Inside, id: &str, not_ticked: bool) -> Result<ShownOnce, Box<Response>> {
    let listed = found(inside, id)?;
    let secret = inside.ops().kept_secret(&inside.live, &kept_as(&listed.id));
    let action = format!("{}/secret", href(&listed.id));
    Ok(ShownOnce {
        frame: inside.frame(Section::Webhooks),
        kind: OnceKind::Webhook,
        name: webhook::host_of(&listed.endpoint.url),
        test: false,
        csrf: inside.tag(&action),
        action,
        download_csrf: None,
        client_id: None,
        secret: secret.map(|secret| secret.expose().to_owned()),
        try_it: None,
        not_ticked,
    })
}

/// Forgets it once it is saved.
pub(super) async fn saved(Path(id): Path<String>, sent: Sent) -> Response {
    let inside = &sent.inside;
    if sent.fields.first("saved").is_empty() {
        return once(inside, &id, true).map_or_else(|page| *page, |page| inside.show_again(&page));
    }
    match found(inside, &id) {
        Ok(listed) => {
            inside.ops().forget_secret(&inside.live, &kept_as(&listed.id));
            inside.done(&href(&listed.id), &Flash::Saved)
        }
        Err(page) => *page,
    }
}

/// Sends a test.
pub(super) async fn test(Path(id): Path<String>, sent: Sent) -> Response {
    let inside = &sent.inside;
    let listed = match found(inside, &id) {
        Ok(listed) => listed,
        Err(page) => return *page,
    };
    match inside.ops().test_webhook(listed.id, sent.by()).await {
        Ok(_) => inside.done(&href(&listed.id), &Flash::TestSent),
        Err(failure) => gone_meanwhile(inside, &listed.id, failure),
    }
}

/// Sends what waits, and turns it on again if it was disabled.
pub(super) async fn retry(Path(id): Path<String>, sent: Sent) -> Response {
    let inside = &sent.inside;
    let listed = match found(inside, &id) {
        Ok(listed) => listed,
        Err(page) => return *page,
    };
    let (ops, id) = (inside.ops(), listed.id);
    let (done, flash) = if listed.endpoint.is_active() {
        (ops.retry_webhook(id, sent.by()).await, Flash::Retrying)
    } else {
        let name = webhook::host_of(&listed.endpoint.url);
        (ops.enable_webhook(id, sent.by()).await, Flash::Enabled(name))
    };
    match done {
        Ok(_) => inside.done(&href(&id), &flash),
        Err(failure) => gone_meanwhile(inside, &id, failure),
    }
}

/// One that was disabled since its page was shown says so there.
fn gone_meanwhile(inside: &Inside, id: &RawId, failure: Failure<Refusal>) -> Response {
    match failure {
        Failure::Refused(Refusal::WebhookDisabled) => inside.visitor.go(&href(id)),
        failure => inside.tell(failure),
    }
}

fn question(
    inside: &Inside,
    id: &str,
    act: ConfirmAct,
) -> Result<(Question, RawId), Box<Response>> {
    let ListedEndpoint { id, endpoint } = found(inside, id)?;
    let (host, back) = (webhook::host_of(&endpoint.url), href(&id));
    let word = if act == ConfirmAct::RotateWebhook { "rotate" } else { "delete" };
    let action = format!("{back}/{word}");
    Ok((Question::of(act, Section::Webhooks, &host, &action, &back), id))
}

fn ask(inside: &Inside, id: &str, act: ConfirmAct) -> Response {
    question(inside, id, act).map_or_else(|page| *page, |(question, _)| inside.ask(question))
}

/// Asks whether to give it a new secret.
pub(super) async fn ask_rotate(Path(id): Path<String>, inside: Inside) -> Response {
    ask(&inside, &id, ConfirmAct::RotateWebhook)
}

/// Gives it a new secret, and goes where that is shown.
pub(super) async fn rotate(Path(id): Path<String>, sent: Sent) -> Response {
    rotated(&sent, &id).await.unwrap_or_else(|page| *page)
}

async fn rotated(sent: &Sent, id: &str) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let (question, id) = question(inside, id, ConfirmAct::RotateWebhook)?;
    let outcome = inside.ops().rotate_webhook(id, sent.by()).await;
    let made = inside.answered(question, &sent.fields, outcome)?;
    Ok(keep(inside, &made))
}

/// Asks whether to delete it.
pub(super) async fn ask_delete(Path(id): Path<String>, inside: Inside) -> Response {
    ask(&inside, &id, ConfirmAct::DeleteWebhook)
}

/// Deletes it.
pub(super) async fn delete(Path(id): Path<String>, sent: Sent) -> Response {
    deleted(&sent, &id).await.unwrap_or_else(|page| *page)
}

async fn deleted(sent: &Sent, id: &str) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let (question, id) = question(inside, id, ConfirmAct::DeleteWebhook)?;
    let name = question.name.clone();
    let outcome = inside.ops().delete_webhook(id, sent.by()).await;
    inside.answered(question, &sent.fields, outcome)?;
    inside.ops().forget_secret(&inside.live, &kept_as(&id));
    Ok(inside.done(Section::Webhooks.path(), &Flash::WebhookDeleted(name)))
}
