//! What the administrative acts promise.

mod tokens;

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::base::clock::ManualClock;
use crate::base::clock::Timestamp;
use crate::base::entropy::SystemEntropy;
use crate::base::id::UserId;
use crate::config;
use crate::config::Sources;
use crate::crypto::keyring::Keyring;
use crate::crypto::keyring::MasterKey;
use crate::crypto::keyring::TokenKey;
use crate::crypto::password::Cost;
use crate::crypto::password::Passwords;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::app::AppKind;
use crate::domain::app::AppStatus;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::browser::BrowserKind;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Place;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::link::LinkPurpose;
use crate::domain::redirect_uri::NotARedirectUri;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::create_app::CreatedApp;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::create_company::NewCompany;
use crate::ops::administration::create_firm::NewFirm;
use crate::ops::administration::create_user::NewUser;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::client_documents::ClientDocuments;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::hashing::Hashing;
use crate::ops::place_access;
use crate::ops::settings::OpsSettings;
use crate::store::Store;
use crate::store::table::TableId;
use crate::store::tables::Links;
use crate::store::tables::PlaceApps;

const FROM: Origin =
    Origin { reference: None, address: None, browser: BrowserKind::UNKNOWN, command_line: None };

fn ops() -> Ops {
    let settings = config::load(&Sources::default()).unwrap().settings;
    let token_key = TokenKey { version: 1, bytes: Zeroizing::new([2; 32]) };
    Ops::new(
        Store::in_memory().unwrap(),
        Arc::new(Keyring::new(&MasterKey::new([1; 32]), &[token_key])),
        Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000))),
        Arc::new(SystemEntropy::new()),
        settings.catalogue,
        OpsSettings {
            issuer: settings.issuer,
            lifetimes: Lifetimes::default(),
            strangers_per_day: 100,
            allow_browser_secrets: false,
            custom_schemes: vec!["cursor".to_owned()],
            assertions: settings.identity.assertion,
            key_rotation: settings.identity.key_rotation,
            registration: crate::domain::registration_policy::RegistrationPolicy::default(),
        },
        Hashing::new(Passwords::new(Cost::FLOOR).unwrap(), 1, 1),
        ClientDocuments::off(),
    )
}

fn refused<T: std::fmt::Debug>(outcome: Outcome<T, Refusal>) -> Refusal {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn refused_app(outcome: Outcome<CreatedApp, Refusal>) -> AppRefusal {
    match refused(outcome) {
        Refusal::App(refusal) => refusal,
        other => panic!("another refusal: {other:?}"),
    }
}

fn kinds(ops: &Ops) -> Vec<EventKind> {
    let entries = ops.audit_entries(None, 100).unwrap();
    entries.iter().rev().map(|entry| entry.event.kind).collect()
}

async fn company(ops: &Ops, name: &str) -> Company {
    let new = NewCompany::named(name, Environment::Production);
    ops.create_company(new, FROM).await.unwrap()
}

async fn user(ops: &Ops, email: &str) -> UserId {
    let email = email.parse().unwrap();
    let new = NewUser { email, name: "Some Body".to_owned(), password: None, operator: false };
    ops.create_user(new, FROM).await.unwrap().id
}

/// A company, and somebody with `role` there.
async fn member(ops: &Ops, role: &str) -> (Place, UserId) {
    let place = Place::Company(company(ops, "Acme Trading").await.id);
    let user = user(ops, "member@acme.example").await;
    ops.grant_role(user, place, RoleName(role.to_owned()), FROM).await.unwrap();
    (place, user)
}

fn credentials(place: Place, delegator: UserId, scopes: &str) -> NewApp {
    NewApp {
        place: Some(place),
        delegated_by: Some(delegator),
        scopes: Some(ScopeSet::parse(scopes)),
        ..NewApp::of(AppKind::ApiCredentials, "Nightly sync")
    }
}

fn oauth(kind: AppKind, uri: &str) -> NewApp {
    NewApp { redirect_uris: vec![uri.to_owned()], ..NewApp::of(kind, "Portal") }
}

#[tokio::test]
async fn a_slug_is_given_once_to_a_company_or_a_firm() {
    let ops = ops();
    let acme = company(&ops, "Acme Trading").await;
    assert_eq!(acme.slug.as_str(), "acme-trading");
    let slug = acme.slug.clone();
    let again = NewCompany::named("Acme Trading", Environment::Test);
    assert_eq!(refused(ops.create_company(again, FROM).await), Refusal::SlugTaken(slug.clone()));
    let firm = NewFirm {
        name: "Another".to_owned(),
        slug: Some(slug.clone()),
        environment: Environment::Production,
    };
    assert_eq!(refused(ops.create_firm(firm, FROM).await), Refusal::SlugTaken(slug));
    assert_eq!(ops.find_company("acme-trading").unwrap().id, acme.id);
    assert_eq!(ops.find_company(&acme.id.to_string()).unwrap(), acme);
    assert_eq!(refused(ops.find_firm("acme-trading")), Refusal::UnknownFirm);
}

#[tokio::test]
async fn a_name_without_letters_of_a_slug_needs_one() {
    let ops = ops();
    let new = NewCompany::named("日本", Environment::Production);
    assert_eq!(refused(ops.create_company(new.clone(), FROM).await), Refusal::SlugMissing);
    let new = NewCompany { slug: Some("nihon".parse().unwrap()), ..new };
    assert_eq!(ops.create_company(new, FROM).await.unwrap().name, "日本");
}

#[tokio::test]
async fn an_address_is_one_users_whatever_its_case() {
    let ops = ops();
    user(&ops, "a@b.example").await;
    let email: crate::domain::user::Email = "A@B.example".parse().unwrap();
    let new =
        NewUser { email: email.clone(), name: "B".to_owned(), password: None, operator: false };
    assert_eq!(refused(ops.create_user(new, FROM).await), Refusal::EmailTaken(email));
    assert!(ops.find_user("A@b.EXAMPLE").is_ok());
}

#[tokio::test]
async fn a_confidential_company_is_seen_through_its_firm_by_those_it_is_confided_to() {
    let ops = ops();
    let firm =
        NewFirm { name: "Ledgerwise".to_owned(), slug: None, environment: Environment::Production };
    let firm = ops.create_firm(firm, FROM).await.unwrap().id;
    let clinic = company(&ops, "Clinic").await.id;
    let (partner, junior) = (user(&ops, "p@l.example").await, user(&ops, "j@l.example").await);
    for member in [partner, junior] {
        let role = RoleName("accountant".to_owned());
        ops.grant_role(member, Place::Firm(firm), role, FROM).await.unwrap();
    }
    let seen = |who| {
        let seen = ops.store.read(|reader| place_access::companies_through_firm(reader, who, firm));
        seen.unwrap().len()
    };
    assert_eq!((seen(partner), seen(junior)), (0, 0));
    ops.link_company(clinic, Some(firm), FROM).await.unwrap();
    assert_eq!((seen(partner), seen(junior)), (1, 1));
    ops.set_confidential(clinic, true, vec![partner], FROM).await.unwrap();
    assert_eq!((seen(partner), seen(junior)), (1, 0));
    ops.link_company(clinic, None, FROM).await.unwrap();
    let back = ops.link_company(clinic, Some(firm), FROM).await.unwrap();
    assert!(back.confidential && back.confided_to.is_empty());
    assert_eq!((seen(partner), seen(junior)), (0, 0));
}

#[tokio::test]
async fn a_role_exists_and_is_one_for_each_person_and_place() {
    let ops = ops();
    let (place, user) = member(&ops, "viewer").await;
    let role = |name: &str| RoleName(name.to_owned());
    assert_eq!(
        refused(ops.grant_role(user, place, role("emperor"), FROM).await),
        Refusal::UnknownRole(role("emperor"))
    );
    ops.grant_role(user, place, role("owner"), FROM).await.unwrap();
    let held = ops.person(user).unwrap().unwrap().memberships;
    assert_eq!(held.iter().map(|held| &held.role).collect::<Vec<_>>(), [&role("owner")]);
    ops.remove_role(user, place, FROM).await.unwrap();
    assert_eq!(refused(ops.remove_role(user, place, FROM).await), Refusal::NoRoleHeld);
    let members = ops.store.read(|reader| reader.state().count(TableId::Members)).unwrap();
    assert_eq!(members, 0);
}

#[tokio::test]
async fn permissions_are_delegated_and_never_elevated() {
    let ops = ops();
    let (place, viewer) = member(&ops, "viewer").await;
    let asked = "customers:all products:readonly exports:fec";
    assert_eq!(
        refused_app(ops.create_app(credentials(place, viewer, asked), FROM).await),
        AppRefusal::BeyondDelegator(ScopeSet::parse("customers:all exports:fec"))
    );
    let held = "customers:readonly products:readonly";
    assert!(ops.create_app(credentials(place, viewer, held), FROM).await.is_ok());
}

#[tokio::test]
async fn somebody_without_a_role_or_disabled_delegates_nothing() {
    let ops = ops();
    let (place, viewer) = member(&ops, "viewer").await;
    let stranger = user(&ops, "stranger@else.example").await;
    let scope = "products:readonly";
    assert_eq!(
        refused_app(ops.create_app(credentials(place, stranger, scope), FROM).await),
        AppRefusal::BeyondDelegator(ScopeSet::parse(scope))
    );
    ops.disable_user(viewer, FROM).await.unwrap();
    let new = || credentials(place, viewer, scope);
    assert_eq!(refused_app(ops.create_app(new(), FROM).await), AppRefusal::DelegatorDisabled);
    ops.enable_user(viewer, FROM).await.unwrap();
    assert!(ops.create_app(new(), FROM).await.is_ok());
}

#[tokio::test]
async fn each_kind_of_app_has_what_it_needs_and_nothing_else() {
    let ops = ops();
    let (place, owner) = member(&ops, "owner").await;
    let good = || credentials(place, owner, "products:all");
    let uri = "https://portal.example/callback";
    let public = || oauth(AppKind::OauthPublic, uri);
    let server = || NewApp::of(AppKind::ResourceServer, "Ledger");
    let scopes = |text| Some(ScopeSet::parse(text));
    let passed = Some(ops.now());
    let cases = [
        (NewApp { place: None, ..good() }, AppRefusal::PlaceMissing),
        (NewApp { delegated_by: None, ..good() }, AppRefusal::DelegatorMissing),
        (NewApp { scopes: None, ..good() }, AppRefusal::ScopesMissing),
        (NewApp { scopes: scopes(""), ..good() }, AppRefusal::ScopesMissing),
        (
            NewApp { scopes: scopes("products:all moon:walk"), ..good() },
            AppRefusal::UnknownScopes(ScopeSet::parse("moon:walk")),
        ),
        (NewApp { redirect_uris: vec![uri.to_owned()], ..good() }, AppRefusal::RedirectUriNotUsed),
        (NewApp { expires_at: passed, ..good() }, AppRefusal::ExpiryPassed),
        (NewApp { website: Some("javascript:1".to_owned()), ..good() }, AppRefusal::Website),
        (NewApp { purpose: "x".repeat(201), ..good() }, AppRefusal::Purpose),
        (NewApp { redirect_uris: Vec::new(), ..public() }, AppRefusal::RedirectUriMissing),
        (NewApp { delegated_by: Some(owner), ..public() }, AppRefusal::DelegatorNotUsed),
        (
            NewApp {
                scopes: scopes("products:readonly"),
                required: ScopeSet::parse("products:all"),
                ..public()
            },
            AppRefusal::RequiredBeyondOwn(ScopeSet::parse("products:all")),
        ),
        (NewApp { scopes: scopes("products:all"), ..server() }, AppRefusal::ScopesNotUsed),
    ];
    for (new, expected) in cases {
        assert_eq!(refused_app(ops.create_app(new, FROM).await), expected);
    }
    let plain = oauth(AppKind::OauthPublic, "http://portal.example/callback");
    let refusal = refused_app(ops.create_app(plain, FROM).await);
    let uri = "http://portal.example/callback".to_owned();
    assert_eq!(refusal, AppRefusal::RedirectUri { uri, why: NotARedirectUri::PlainHttp });
    let bidi = NewApp { name: "Port\u{202e}al".to_owned(), ..public() };
    assert_eq!(refused(ops.create_app(bidi, FROM).await), Refusal::NameUnusable);
    assert!(ops.apps().unwrap().is_empty());
    assert!(ops.create_app(server(), FROM).await.unwrap().secret.is_some());
    assert!(ops.create_app(public(), FROM).await.unwrap().secret.is_none());
}

#[tokio::test]
async fn a_secret_is_handed_out_once_and_kept_as_a_hash() {
    let ops = ops();
    let (place, owner) = member(&ops, "owner").await;
    let created = ops.create_app(credentials(place, owner, "products:all"), FROM).await.unwrap();
    let text = created.secret.unwrap();
    let secret = PlainToken::parse(TokenKind::ClientSecret, text.expose()).unwrap();
    let stored = ops.find_app(&created.app.id.to_string()).unwrap();
    let [kept] = stored.secrets.as_slice() else { panic!("one secret") };
    assert!(ops.keys.matches(&kept.hash, &secret));
    assert_eq!(kept.id.raw(), secret.id());
    assert_eq!(kept.last_four, secret.last_four());
    assert!(!serde_json::to_string(&stored).unwrap().contains(text.expose()));
}

#[tokio::test]
async fn an_app_takes_its_environment_from_its_place_and_its_secret_says_test() {
    let ops = ops();
    let new = NewCompany::named("Acme Test", Environment::Test);
    let place = Place::Company(ops.create_company(new, FROM).await.unwrap().id);
    let owner = user(&ops, "o@acme.example").await;
    ops.grant_role(owner, place, RoleName("owner".to_owned()), FROM).await.unwrap();
    let created = ops.create_app(credentials(place, owner, "products:all"), FROM).await.unwrap();
    assert_eq!(created.app.environment, Some(Environment::Test));
    assert!(created.secret.unwrap().expose().starts_with("cs_test_sec_"));
    let listed = ops.store.read(|reader| reader.has::<PlaceApps>(&(place, created.app.id)));
    assert!(listed.unwrap());
}

#[tokio::test]
async fn a_revoked_app_has_no_secret_and_another_generation() {
    let ops = ops();
    let uri = "https://portal.example/callback";
    let app = ops.create_app(oauth(AppKind::OauthConfidential, uri), FROM).await.unwrap().app;
    let revoked = ops.revoke_app(app.id, FROM).await.unwrap();
    assert_eq!(revoked.status, AppStatus::Revoked { at: ops.now() });
    assert_eq!((revoked.generation, revoked.secrets.len()), (app.generation + 1, 0));
    assert_eq!(ops.revoke_app(app.id, FROM).await.unwrap(), revoked);
    assert_eq!(kinds(&ops), [EventKind::AppCreated, EventKind::AppRevoked]);
}

#[tokio::test]
async fn a_new_link_replaces_older_ones_for_the_same_purpose_only() {
    let ops = ops();
    let links = || {
        let rows = ops.store.read(|reader| reader.all::<Links>()).unwrap();
        rows.into_iter().map(|(_, link)| link.purpose).collect::<Vec<_>>()
    };
    ops.issue_link(LinkPurpose::FirstOwner, FROM).await.unwrap();
    let second = ops.issue_link(LinkPurpose::FirstOwner, FROM).await.unwrap();
    assert_eq!(links(), [LinkPurpose::FirstOwner]);
    assert_eq!(second.expires_at, ops.now().plus(Duration::from_secs(24 * 3600)));
    assert!(second.url.expose().starts_with("https://localhost:8443/setup/cs_link_"));
    let user = user(&ops, "a@b.example").await;
    ops.welcome(user, FROM).await.unwrap();
    ops.welcome(user, FROM).await.unwrap();
    assert_eq!(links().len(), 2);
    let refusal = refused(ops.issue_link(LinkPurpose::FirstOwner, FROM).await);
    assert_eq!(refusal, Refusal::AlreadySetUp);
}

#[tokio::test]
async fn a_welcome_link_is_no_way_around_a_password_that_was_chosen() {
    let ops = ops();
    let password = Some("$argon2id$…".to_owned());
    let email = "a@b.example".parse().unwrap();
    let new = NewUser { email, name: "A".to_owned(), password, operator: false };
    let user = ops.create_user(new, FROM).await.unwrap().id;
    assert_eq!(refused(ops.welcome(user, FROM).await), Refusal::HasPassword);
}

#[tokio::test]
async fn the_first_run_makes_an_owner_and_a_company_once() {
    let ops = ops();
    ops.issue_link(LinkPurpose::FirstOwner, FROM).await.unwrap();
    let owner = || NewUser {
        email: "owner@acme.example".parse().unwrap(),
        name: "Olive Owner".to_owned(),
        password: None,
        operator: false,
    };
    let acme = || NewCompany::named("Acme Trading", Environment::Production);
    let done = ops.set_up(owner(), acme(), FROM).await.unwrap();
    assert!(done.owner.operator && done.link.is_some());
    let person = ops.person(done.owner.id).unwrap().unwrap();
    assert_eq!(person.memberships.len(), 1);
    assert_eq!(person.memberships[0].place, Place::Company(done.company.id));
    let links = ops.store.read(|reader| reader.all::<Links>()).unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(refused(ops.set_up(owner(), acme(), FROM).await), Refusal::AlreadySetUp);
}

#[tokio::test]
async fn a_refused_act_leaves_no_trace_and_every_other_one_does() {
    let ops = ops();
    let (place, user) = member(&ops, "viewer").await;
    ops.disable_user(user, FROM).await.unwrap();
    ops.disable_user(user, FROM).await.unwrap();
    refused(ops.create_company(NewCompany::named("Acme Trading", Environment::Test), FROM).await);
    ops.remove_role(user, place, FROM).await.unwrap();
    assert_eq!(
        kinds(&ops),
        [
            EventKind::CompanyCreated,
            EventKind::UserCreated,
            EventKind::RoleGranted,
            EventKind::UserDisabled,
            EventKind::RoleRemoved,
        ]
    );
    assert_eq!(ops.verify_audit().unwrap(), Ok(5));
}
