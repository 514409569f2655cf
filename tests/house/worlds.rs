//! One of everything that a path of the workspace can name, made in a company or firm: what an attack
//! reaches for, and what carries a hostile name.

use countersign::app::sandbox_guide::GuideUser;
use countersign::base::id::AppId;
use countersign::base::id::UserId;
use countersign::domain::app::AppKind;
use countersign::domain::company::Environment;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_company::NewCompany;
use countersign::ops::administration::create_firm::NewFirm;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::invite::NewInvitation;
use countersign::ops::webhooks::manage::NewEndpoint;
use http::StatusCode;

use crate::activity::reference;
use crate::harness::Answer;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::authenticator::ADD_PASSKEY;
use crate::harness::authenticator::Authenticator;
use crate::harness::authenticator::asked_to_make;
use crate::routes;
use crate::routes::Route;
use crate::scenes;

/// What is made for an attack is called, so that it is found on a page that should not show it.
pub const NAME: &str = "Zymurgy";

/// The routes of the workspace.
pub fn workspace() -> impl Iterator<Item = Route> {
    routes::all().into_iter().filter(|route| route.path.starts_with("/settings"))
}

pub fn is_about_something(route: &Route) -> bool {
    route.path.contains('{')
}

/// A person with these roles, who can sign in by `name`.
pub async fn join(house: &mut House, name: &str, roles: &[(&str, &str)]) -> UserId {
    join_as(house, name, &format!("{name} Person"), roles).await
}

/// The same, by a name that pages show.
async fn join_as(house: &mut House, name: &str, called: &str, roles: &[(&str, &str)]) -> UserId {
    let password = "kept in a vault 7x".to_owned();
    let hash = house.ops.hash_new_password(password.as_str().into(), &[]).await.unwrap();
    let email = format!("{name}@work.example");
    let new = NewUser {
        email: email.parse().unwrap(),
        name: called.to_owned(),
        password: Some(hash),
        operator: false,
    };
    let user = house.ops.create_user(new, MACHINE).await.unwrap().id;
    let factors = house.ops.provision_factors(user, MACHINE).await.unwrap();
    for (place, role) in roles {
        let role = RoleName((*role).to_owned());
        house.ops.grant_role(user, place.parse().unwrap(), role, MACHINE).await.unwrap();
    }
    house.guide.users.push(GuideUser {
        email,
        password,
        totp_secret: factors.totp_secret,
        role: String::new(),
        recovery_codes: factors.recovery_codes,
    });
    user
}

/// One of everything that a path of the workspace can name, in one company or firm.
pub struct World {
    /// The company or firm.
    pub place: String,
    /// The things, by what stands for them in a path.
    pub things: Vec<(&'static str, String)>,
}

impl World {
    /// As [`Self::called`], by a name that stands nowhere else.
    pub async fn made(house: &mut House, place: String, test: Option<&str>, member: &str) -> Self {
        Self::called(NAME, house, place, test, member).await
    }

    /// Makes it, all called `name`; `member` is in `place`, and in `test`, its company of test books, if it has one.
    pub async fn called(
        name: &str,
        house: &mut House,
        place: String,
        test: Option<&str>,
        member: &str,
    ) -> Self {
        let at: Place = place.parse().unwrap();
        let number = house.ops.unique();
        let user = house.user_id(member);
        let viewer = [(place.as_str(), "viewer")];
        let leaver = join_as(house, &format!("leaver-{number}"), name, &viewer).await;
        let other = join_as(house, &format!("other-{number}"), name, &viewer).await;
        let email = house.user(&format!("other-{number}")).email.clone();
        house.signed_in(&email).await;
        let stopped = join_as(house, &format!("stopped-{number}"), name, &viewer).await;
        house.ops.disable_user(stopped, MACHINE).await.unwrap();
        let test: Place = test.unwrap_or(&place).parse().unwrap();
        let credentials = AppKind::ApiCredentials;
        let revoked = app(house, credentials, at, user, name).await;
        house.ops.revoke_app(revoked, MACHINE).await.unwrap();
        let mut things = vec![
            ("{app}", app(house, credentials, at, user, name).await.to_string()),
            ("{test}", app(house, credentials, test, user, name).await.to_string()),
            ("{revoked}", revoked.to_string()),
            ("{orphan}", app(house, credentials, at, leaver, name).await.to_string()),
            ("{token}", app(house, AppKind::ApiToken, at, user, name).await.to_string()),
            ("{lost}", app(house, AppKind::ApiToken, at, leaver, name).await.to_string()),
            ("{oauth}", oauth_app(house, at, name).await),
            ("{person}", other.to_string()),
            ("{stopped}", stopped.to_string()),
            ("{reference}", refused(house, at, user, name).await),
            ("{slug}", slug(house, at)),
        ];
        house.ops.remove_role(leaver, at, MACHINE).await.unwrap();
        let scopes = ScopeSet::parse("customers:readonly");
        let role = house.ops.save_role(at, None, name, &scopes, MACHINE).await.unwrap();
        things.push(("{role}", role.own_id().unwrap().to_owned()));
        // A host is no place for a hostile name: that stands in the note.
        let host = if name == NAME { NAME } else { "hooks" };
        let new = NewEndpoint {
            place: at,
            url: format!("https://{host}.example/in"),
            topics: Vec::new(),
            note: name.to_owned(),
        };
        let webhook = house.ops.create_webhook(new, MACHINE).await.unwrap().listed.id;
        things.push(("{webhook}", webhook.to_string()));
        let new = NewInvitation {
            email: format!("invited-{number}@work.example").parse().unwrap(),
            name: name.to_owned(),
            role: RoleName("viewer".to_owned()),
            place: at,
        };
        let invited = house.ops.invite(new, MACHINE).await.unwrap().id;
        things.push(("{invited}", invited.to_string()));
        house.tokens("oauth_public", member, &place, "customers:readonly").await;
        let connection = house.ops.connections().unwrap().pop().unwrap().id.to_string();
        things.push(("{what}", connection.clone()));
        things.push(("{connection}", connection));
        things.push(("{factor}", passkey(house, member, name).await));
        Self { place, things }
    }

    /// A path of `route`, with a thing of this world that the route can be about.
    pub fn filled(&self, route: &str) -> String {
        let ends = |words: &[&str]| words.iter().any(|word| route.ends_with(word));
        let app = match route {
            _ if route.contains("/oauth-apps/") => "{oauth}",
            _ if route.contains("/api-tokens/") && ends(&["/take_over"]) => "{lost}",
            _ if route.contains("/api-tokens/") => "{token}",
            _ if ends(&["/take_over"]) => "{orphan}",
            _ if ends(&["/restore"]) => "{revoked}",
            _ if route.contains("/publish") => "{test}",
            _ => "{app}",
        };
        let person = match route {
            _ if ends(&["/invite_again", "/link"]) => "{invited}",
            _ if ends(&["/enable"]) => "{stopped}",
            _ => "{person}",
        };
        let path = route.replace("{app}", app).replace("{person}", person);
        let path = scenes::put_into(&self.things, &path);
        assert!(!path.contains('{'), "nobody said which thing to attack by {route}");
        path
    }

    /// Whether an answer shows something of it that was not in the question.
    pub fn shown_in(&self, answer: &Answer, path: &str) -> bool {
        let shows = |(_, thing): &(&str, String)| {
            thing.len() > 8
                && !path.contains(thing.as_str())
                && answer.body.contains(thing.as_str())
        };
        answer.body.contains(NAME) || self.things.iter().any(shows)
    }
}

async fn app(house: &House, kind: AppKind, place: Place, delegator: UserId, name: &str) -> AppId {
    let new = NewApp {
        place: Some(place),
        delegated_by: Some(delegator),
        scopes: Some(ScopeSet::parse("customers:readonly")),
        purpose: name.to_owned(),
        no_expiry_reason: name.to_owned(),
        ..NewApp::of(kind, name)
    };
    house.ops.create_app(new, MACHINE).await.unwrap().app.id
}

async fn oauth_app(house: &House, place: Place, name: &str) -> String {
    let new = NewApp {
        place: Some(place),
        redirect_uris: vec!["https://portal.example/cb".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, name)
    };
    house.ops.create_app(new, MACHINE).await.unwrap().app.id.to_string()
}

/// A passkey of `member`, by its id.
async fn passkey(house: &House, member: &str, name: &str) -> String {
    let mut browser = house.signed_in(member).await;
    let page = browser.get(ADD_PASSKEY).await;
    let credential = Authenticator::default().create(&asked_to_make(&page.body).unwrap());
    let code = house.next_code(member);
    let fields = [("name", name), ("credential", credential.as_str()), ("code", code.as_str())];
    let added = browser.submit(&page, ADD_PASSKEY, &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{added:?}");
    house.ops.own_security(&browser.live()).unwrap().passkeys.last().unwrap().id.to_string()
}

/// The reference of a request that was refused to an app of `place`.
async fn refused(house: &House, place: Place, delegator: UserId, name: &str) -> String {
    let new = NewApp {
        place: Some(place),
        delegated_by: Some(delegator),
        scopes: Some(ScopeSet::parse("customers:readonly")),
        ..NewApp::of(AppKind::ApiCredentials, name)
    };
    let created = house.ops.create_app(new, MACHINE).await.unwrap();
    let (id, secret) = (created.app.id.to_string(), created.secret.unwrap());
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", secret.expose()),
        ("scope", "nonsense:all"),
    ];
    reference(&house.post("/oauth/token", &form).await)
}

/// A firm with a company of real and one of test books, and `rita`, who owns them all.
pub async fn rival(house: &mut House) -> (String, String, String) {
    let environment = Environment::Production;
    let new = NewFirm { name: NAME.to_owned(), slug: "rival-firm".parse().ok(), environment };
    let firm = house.ops.create_firm(new, MACHINE).await.unwrap().id;
    let mut made = Vec::new();
    for (slug, environment) in [("rival", environment), ("rival-test", Environment::Test)] {
        let firm = (!environment.is_test()).then_some(firm);
        let named = NewCompany::named(format!("{NAME} {slug}"), environment);
        let new = NewCompany { slug: slug.parse().ok(), firm, ..named };
        let company = house.ops.create_company(new, MACHINE).await.unwrap();
        made.push(company.id.to_string());
    }
    let firm = firm.to_string();
    let roles = [(firm.as_str(), "owner"), (&made[0], "owner"), (&made[1], "owner")];
    join(house, "rita", &roles).await;
    (firm, made[0].clone(), made[1].clone())
}

/// The name of a company or firm in addresses.
fn slug(house: &House, place: Place) -> String {
    let companies = house.ops.companies().unwrap().into_iter();
    let firms = house.ops.firms().unwrap().into_iter();
    let mut slugs = companies
        .map(|company| (Place::Company(company.id), company.slug))
        .chain(firms.map(|firm| (Place::Firm(firm.id), firm.slug)));
    slugs.find(|(found, _)| *found == place).unwrap().1.to_string()
}
