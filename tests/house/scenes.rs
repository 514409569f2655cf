//! For each page's form: a browser in which it stands, filled in as its owner would send it. A form
//! of the list of routes that has no scene here fails the suite.

use countersign::base::clock::Clock as _;
use countersign::crypto::totp;
use countersign::domain::audit::Origin;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_user::NewUser;
use http::StatusCode;

use crate::books_scenes;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::people_scenes;
use crate::routes;
use crate::security_scenes;
use crate::workspace_scenes;

/// The paths of all forms on pages.
pub fn all() -> Vec<String> {
    let routes = routes::all().into_iter();
    let forms = routes.filter(|route| route.method == "POST" && route.door.is_for_people());
    let mut paths: Vec<String> = forms.map(|route| route.path).collect();
    // What ends everything comes last: nothing is left that other forms could be about.
    paths.sort_by_key(|path| path.contains("end-all-access"));
    paths
}

/// The place of a fresh verification code among the fields.
pub const CODE: &str = "(code)";
/// Visible fields, by name. What stands in braces is filled in by [`Things`].
pub type Fields = &'static [(&'static str, &'static str)];
/// Nothing to fill in.
pub const NOTHING: Fields = &[];
/// Nothing but a code.
pub const CODED: Fields = &[("code", CODE)];

/// What stands in place of the braces, in paths and fields.
#[derive(Default)]
pub struct Things {
    /// By what stands for it.
    pub named: Vec<(&'static str, String)>,
    /// Address, password and authenticator of whoever sends the form, if not the owner.
    pub sender: Option<(String, String, String)>,
}

impl Things {
    /// These.
    pub fn of(named: impl Into<Vec<(&'static str, String)>>) -> Self {
        Self { named: named.into(), sender: None }
    }

    /// The text with each in its place.
    pub fn put_into(&self, text: &str) -> String {
        put_into(&self.named, text)
    }

    /// The fields with each in its place, and a code of whoever sends them.
    pub fn filled(&self, house: &House, fields: Fields) -> Vec<(&'static str, String)> {
        let value = |value: &str| match (value, &self.sender) {
            (CODE, Some((_, _, seed))) => house.next_code_of(seed),
            (CODE, None) => house.next_code("owner"),
            _ => self.put_into(value),
        };
        fields.iter().map(|(field, text)| (*field, value(text))).collect()
    }
}

/// The text with each thing in its place.
pub fn put_into(things: &[(&'static str, String)], text: &str) -> String {
    things.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, thing))
}

/// A form that would be accepted.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Where it is sent.
    pub action: String,
    /// All its fields, its tag among them.
    pub form: Vec<(String, String)>,
    /// The cookies of the browser that it stands in.
    pub cookies: String,
    /// How it is answered: 303, or a page where it only asks.
    pub accepted: StatusCode,
}

impl Scene {
    /// Sends `form` from the browser.
    pub async fn send(&self, house: &House, form: &[(String, String)]) -> Answer {
        self.send_with(house, form, &[("cookie", &self.cookies), ("sec-fetch-site", "same-origin")])
            .await
    }

    /// Sends `form` with these headers and no others.
    pub async fn send_with(
        &self,
        house: &House,
        form: &[(String, String)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        house.post_with(&self.action, &form, headers).await
    }

    /// The form's tag.
    pub fn tag(&self) -> &str {
        self.form.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value).unwrap()
    }

    /// The form with another value in one field.
    pub fn form_with(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let mut form = self.form.clone();
        form.retain(|(key, _)| key != name);
        form.push((name.to_owned(), value.to_owned()));
        form
    }

    /// The form with `action` as it stands on `page`, with these fields filled in.
    pub fn of(
        browser: &Browser<'_>,
        page: &Answer,
        action: &str,
        fields: &[(&str, impl AsRef<str>)],
    ) -> Self {
        let mut form = hidden_fields(&page.body, action);
        form.retain(|(name, _)| !fields.iter().any(|(field, _)| field == name));
        let fields = fields.iter();
        form.extend(fields.map(|(name, value)| ((*name).to_owned(), value.as_ref().to_owned())));
        let (action, cookies) = (action.to_owned(), browser.cookie_header());
        Self { action, form, cookies, accepted: StatusCode::SEE_OTHER }
    }
}

/// Sets the scene for the form at `path`, with the person `owner`.
pub async fn set(house: &House, path: &str) -> Scene {
    set_for(house, path, "owner").await
}

/// Sets the scene for the form at `path`, with the person `name` where somebody must exist before.
pub async fn set_for(house: &House, path: &str, name: &str) -> Scene {
    match path {
        "/sign-in" => sign_in(house, name).await,
        "/sign-in/verify" => verify(house, name).await,
        "/sign-in/enrol" => enrol(house).await.0,
        "/sign-in/recovery-codes" => recovery_codes(house).await,
        "/sign-out" => sign_out(house, name).await,
        "/docs/language" => language(house).await,
        "/consent/{handle}" => consent(house, name, false).await,
        "/consent/{handle}/cancel" => consent(house, name, true).await,
        "/setup/{link}" => setup(house).await.0,
        other => workspace_form(house, other).await,
    }
}

async fn workspace_form(house: &House, path: &str) -> Scene {
    if let Some(scene) = security_scenes::set(house, path).await {
        return scene;
    }
    if let Some(scene) = people_scenes::set(house, path).await {
        return scene;
    }
    if let Some(scene) = books_scenes::set(house, path).await {
        return scene;
    }
    let scene = workspace_scenes::set(house, path).await;
    scene.unwrap_or_else(|| panic!("no scene is set for the form at {path}"))
}

async fn sign_in(house: &House, name: &str) -> Scene {
    let mut browser = Browser::new(house);
    let user = house.user(name);
    let page = browser.get("/sign-in").await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    Scene::of(&browser, &page, "/sign-in", &fields)
}

async fn verify(house: &House, name: &str) -> Scene {
    let mut browser = Browser::new(house);
    browser.password(name).await;
    let page = browser.get("/sign-in/verify").await;
    let code = house.next_code(name);
    Scene::of(&browser, &page, "/sign-in/verify", &[("code", &code)])
}

async fn sign_out(house: &House, name: &str) -> Scene {
    let mut browser = house.signed_in(name).await;
    let page = browser.get("/").await;
    Scene::of(&browser, &page, "/sign-out", NOTHING)
}

async fn language(house: &House) -> Scene {
    let mut browser = Browser::new(house);
    let page = browser.get("/docs/oauth").await;
    Scene::of(&browser, &page, "/docs/language", &[("language", "fr")])
}

async fn consent(house: &House, name: &str, cancel: bool) -> Scene {
    let mut browser = house.signed_in(name).await;
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let (path, page) = browser.consent_page(&url).await;
    if cancel {
        return Scene::of(&browser, &page, &format!("{path}/cancel"), NOTHING);
    }
    let (acme, code) = (house.company("acme"), house.next_code(name));
    let fields = [("context", acme.as_str()), ("scope", "customers:readonly"), ("code", &code)];
    Scene::of(&browser, &page, &path, &fields)
}

/// An invitation, opened by a new person each time; the browser stays at hand.
async fn setup(house: &House) -> (Scene, Browser<'_>) {
    let new = NewUser {
        email: format!("new{}@acme.example", house.ops.users().unwrap().len()).parse().unwrap(),
        name: "New Person".to_owned(),
        password: None,
        operator: false,
    };
    let user = house.ops.create_user(new, Origin::default()).await.unwrap();
    let link = house.ops.welcome(user.id, Origin::default()).await.unwrap();
    let link = link.url.expose().strip_prefix(crate::harness::ISSUER).unwrap().to_owned();
    let mut browser = Browser::new(house);
    let page = browser.get(&link).await;
    let password = "quiet-otter-plays-banjo";
    let fields = [("name", "New Person"), ("password", password), ("password_again", password)];
    (Scene::of(&browser, &page, &link, &fields), browser)
}

async fn enrol(house: &House) -> (Scene, Browser<'_>) {
    let (scene, mut browser) = setup(house).await;
    post(&mut browser, &scene).await;
    let page = browser.get("/sign-in/enrol").await;
    let seed = data_encoding::BASE32_NOPAD.decode(secret_on(&page.body).as_bytes()).unwrap();
    let code = totp::code(&seed, totp::step_at(house.clock.now()));
    (Scene::of(&browser, &page, "/sign-in/enrol", &[("code", &code)]), browser)
}

async fn recovery_codes(house: &House) -> Scene {
    let (scene, mut browser) = enrol(house).await;
    post(&mut browser, &scene).await;
    let page = browser.get("/sign-in/recovery-codes").await;
    Scene::of(&browser, &page, "/sign-in/recovery-codes", &[("saved", "yes")])
}

async fn post(browser: &mut Browser<'_>, scene: &Scene) {
    let form: Vec<(&str, &str)> =
        scene.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&scene.action, &form).await;
}

/// The seed that an enrolment page shows.
pub fn secret_on(html: &str) -> String {
    let (_, after) = html.split_once("data-copy=\"").unwrap();
    after.split('"').next().unwrap().to_owned()
}

/// The seed that stands on a page for whoever cannot scan.
pub fn seed_on(html: &str) -> Vec<u8> {
    let (_, after) = html.split_once("<code class=\"key\"").unwrap();
    let (_, after) = after.split_once('>').unwrap();
    let text = after.split('<').next().unwrap().replace(' ', "");
    data_encoding::BASE32_NOPAD.decode(text.as_bytes()).unwrap()
}

/// Somebody new, signed in, who may look at one company; and the seed of their authenticator app.
pub async fn member(house: &House) -> (Browser<'_>, Vec<u8>) {
    let (scene, mut browser) = enrol(house).await;
    let page = browser.get("/sign-in/enrol").await;
    let seed = seed_on(&page.body);
    post(&mut browser, &scene).await;
    let path = "/sign-in/recovery-codes";
    let page = browser.get(path).await;
    browser.submit(&page, path, &[("saved", "yes")]).await;
    let (user, acme) = (browser.live().user.id, house.company("acme").parse().unwrap());
    let role = RoleName("viewer".to_owned());
    house.ops.grant_role(user, acme, role, MACHINE).await.unwrap();
    (browser, seed)
}
