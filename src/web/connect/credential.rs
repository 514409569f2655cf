//! The page of API credentials or of an API token.

use axum::response::Response;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppSecret;
use crate::domain::app::AppStatus;
use crate::domain::company::Environment;
use crate::domain::standing::Standing;
use crate::ops::administration::app_facts::CredentialFacts;
use crate::ops::counters::DayUsage;
use crate::ops::failure::Fault;
use crate::view::pages::connect::credential::Credential;
use crate::view::pages::connect::credential::CredentialAct;
use crate::view::pages::connect::credential::Lately;
use crate::view::pages::connect::credential::SecretRow;
use crate::view::pages::connect::credential::Upkeep;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::web::access::rows::badges;
use crate::web::activity::rows;
use crate::web::connect::object::Object;
use crate::web::connect::object::home_of;
use crate::web::connect::object::section_of;
use crate::web::connect::permissions;
use crate::web::workspace::inside::Inside;

/// As many lines of its activity as its page shows.
const RECENT: usize = 10;
/// As many letters of a secret's public part as people see.
const SEEN: usize = 6;

/// The page.
pub(super) async fn show(object: Object, inside: Inside) -> Response {
    let (inside, facts) = match object.credential(inside) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    match page(&inside, &facts) {
        Ok(page) => inside.show(&page),
        Err(fault) => inside.fail(&fault),
    }
}

/// What the person who looks may do with it. The acts check it again when they are done.
pub(super) fn acts(inside: &Inside, facts: &CredentialFacts) -> Vec<CredentialAct> {
    let app = &facts.app;
    let acts = if app.status == AppStatus::Active {
        while_active(inside, facts)
    } else {
        let mut acts = Vec::new();
        acts.extend(app.may_return(inside.ops().now()).then_some(CredentialAct::Restore));
        let revoked = matches!(app.status, AppStatus::Revoked { .. });
        acts.extend(revoked.then_some(CredentialAct::Delete));
        acts
    };
    let only_for_credentials = [
        CredentialAct::Change,
        CredentialAct::Publish,
        CredentialAct::TakeOver,
        CredentialAct::HandOver,
    ];
    let fits = |act: &CredentialAct| match app.kind {
        AppKind::ApiCredentials => true,
        AppKind::ApiToken => {
            let for_clients = [
                CredentialAct::Change,
                CredentialAct::Rotate,
                CredentialAct::Publish,
                CredentialAct::Revoke,
            ];
            !for_clients.contains(act)
        }
        AppKind::OauthPublic => {
            *act != CredentialAct::Rotate && !only_for_credentials.contains(act)
        }
        AppKind::OauthConfidential | AppKind::ResourceServer => !only_for_credentials.contains(act),
    };
    acts.into_iter().filter(fits).collect()
}

fn while_active(inside: &Inside, facts: &CredentialFacts) -> Vec<CredentialAct> {
    let app = &facts.app;
    let delegated = inside.ops().catalogue().closure(&facts.delegated());
    let holds_all = delegated.is_subset(&facts.looker_holds);
    let own = app.delegated_by == Some(inside.live.user.id);
    let test = app.environment.is_some_and(Environment::is_test);
    let real_place = inside.places().iter().any(|at| !at.shown().test);
    [
        (CredentialAct::Change, true),
        (CredentialAct::Review, true),
        (CredentialAct::TakeOver, facts.delegator.is_none() && holds_all),
        (CredentialAct::HandOver, facts.looker_administers && holds_all),
        (CredentialAct::Rotate, facts.looker_administers || own || holds_all),
        (CredentialAct::Publish, test && real_place),
        (CredentialAct::Revoke, true),
        (CredentialAct::Delete, true),
    ]
    .into_iter()
    .filter_map(|(act, may)| may.then_some(act))
    .collect()
}

fn page(inside: &Inside, facts: &CredentialFacts) -> Result<Credential, Fault> {
    let (app, ops) = (&facts.app, inside.ops());
    let (now, catalogue) = (ops.now(), ops.catalogue());
    let days = ops.chart_of(inside.open.place, Some(app.id))?;
    let told = ops.activity_of_app(&inside.live, inside.open.place, app.id, RECENT)?;
    let recent: Vec<ActivityRow> = told.iter().map(|told| rows::row(told, now)).collect();
    let is_token = app.kind == AppKind::ApiToken;
    Ok(Credential {
        frame: inside.frame(section_of(app.kind)),
        href: home_of(app),
        name: app.name.clone(),
        statuses: badges(&facts.states, now),
        client_id: (!is_token).then(|| app.client_id()),
        place: inside.open.shown(),
        upkeep: upkeep(facts),
        mcp: app.mcp,
        delegated_by: facts.delegator.as_ref().map(|user| user.name.clone()),
        created: Moment::at(app.created_at, now),
        areas: permissions::held(catalogue, &catalogue.closure(&facts.delegated()), &facts.held),
        secrets: secrets(facts, now),
        lately: lately(&days, &recent, now),
        chart: rows::chart(ChartKind::Calls, &days),
        recent,
        acts: acts(inside, facts),
    })
}

fn upkeep(facts: &CredentialFacts) -> Upkeep {
    let app = &facts.app;
    Upkeep {
        owner: facts.owner.as_ref().map(|user| user.name.clone()),
        purpose: app.purpose.clone(),
        expires: app.expires_at.map(Day::last_before),
        reason: app.no_expiry_reason.clone(),
        review: app.review_due.map(Day::of),
        review_days: app.review_days.into(),
        review_due: facts.states.contains(&Standing::ReviewDue),
    }
}

fn secrets(facts: &CredentialFacts, now: Timestamp) -> Vec<SecretRow> {
    let app = &facts.app;
    let live = app.live_secrets(now);
    let rows = live.iter().enumerate().map(|(at, secret)| SecretRow {
        shown: seen(app, secret),
        created: Moment::at(secret.created_at, now),
        last_used: facts.last_use_of(secret.id).map(|at| Moment::at(at, now)),
        stops: secret.expires_at.map(|end| Moment::at(end, now)),
        former: at > 0,
    });
    rows.collect()
}

/// The ends of a secret, by which people tell it from others.
fn seen(app: &App, secret: &AppSecret) -> String {
    let test = app.environment.is_some_and(Environment::is_test);
    let prefix = app.kind.secret_kind().map(|kind| kind.prefix(test)).unwrap_or_default();
    let public = encoding::base62(secret.id.raw().bytes());
    let public: String = public.chars().take(SEEN).collect();
    format!("{prefix}{public}…{}", secret.last_four)
}

fn lately(days: &[DayUsage], recent: &[ActivityRow], now: Timestamp) -> Lately {
    let last = |one: fn(&DayUsage) -> Timestamp| {
        let last = days.iter().map(one).max().filter(|at| *at > Timestamp::EPOCH);
        last.map(|at| Moment::at(at, now))
    };
    Lately {
        token: last(|day| day.usage.issued.last),
        call: last(|day| day.usage.called.last),
        refusal: last(|day| day.usage.call_refused.last.max(day.usage.issue_refused.last)),
        refusal_href: recent.iter().find(|row| row.refused).and_then(|row| row.href.clone()),
    }
}
