//! Pages into HTML.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Output;
use minijinja::State;
use minijinja::UndefinedBehavior;
use minijinja::Value;
use minijinja::escape_formatter;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::value::Serde;

use crate::view::assets;
use crate::view::escape::escaped;
use crate::view::fault::ViewFault;
use crate::view::guide::api::ApiDescription;
use crate::view::guide::library::Library;
use crate::view::language::Language;
use crate::view::pages::Page;
use crate::view::qr;
use crate::view::texts::Texts;
use crate::view::texts::Values;

/// Name and source of an embedded template.
macro_rules! template {
    ($name:literal) => {
        ($name, include_str!(concat!("../../templates/", $name)))
    };
}

pub(in crate::view) const TEMPLATES: &[(&str, &str)] = &[
    template!("base.html"),
    template!("workspace.html"),
    template!("connect/access_form.html"),
    template!("connect/activity.html"),
    template!("connect/check.html"),
    template!("connect/choose_kind.html"),
    template!("connect/confirm.html"),
    template!("connect/connection.html"),
    template!("connect/credential.html"),
    template!("connect/integrations.html"),
    template!("connect/list.html"),
    template!("connect/mcp_server.html"),
    template!("connect/oauth_app.html"),
    template!("connect/oauth_app_form.html"),
    template!("connect/oauth_apps.html"),
    template!("connect/reference.html"),
    template!("connect/reviews.html"),
    template!("connect/shown_once.html"),
    template!("connect/through_firm.html"),
    template!("connect/upkeep_form.html"),
    template!("guide/chapter.html"),
    template!("guide/operations.html"),
    template!("pages/consent.html"),
    template!("pages/enrol_totp.html"),
    template!("pages/error.html"),
    template!("pages/home.html"),
    template!("pages/join.html"),
    template!("pages/recover.html"),
    template!("pages/recovery_codes.html"),
    template!("pages/setup.html"),
    template!("pages/sign_in.html"),
    template!("pages/verify.html"),
    template!("parts/account.html"),
    template!("parts/chart.html"),
    template!("parts/client.html"),
    template!("parts/code.html"),
    template!("parts/detail.html"),
    template!("parts/form.html"),
    template!("parts/list.html"),
    template!("parts/mark.html"),
    template!("parts/permission.html"),
    template!("parts/person.html"),
    template!("parts/place.html"),
    template!("parts/secrets.html"),
    template!("parts/status.html"),
    template!("parts/time.html"),
    template!("parts/upkeep.html"),
    template!("parts/webhook.html"),
    template!("parts/words.html"),
    template!("settings/add_passkey.html"),
    template!("settings/add_totp.html"),
    template!("settings/change_password.html"),
    template!("settings/companies.html"),
    template!("settings/company_form.html"),
    template!("settings/data.html"),
    template!("settings/firms.html"),
    template!("settings/hand_over.html"),
    template!("settings/own_role.html"),
    template!("settings/people.html"),
    template!("settings/person.html"),
    template!("settings/place_form.html"),
    template!("settings/role_form.html"),
    template!("settings/roles.html"),
    template!("settings/security.html"),
    template!("settings/webhook.html"),
    template!("settings/webhook_form.html"),
    template!("settings/webhooks.html"),
];

pub(in crate::view) const ENGLISH: &str = include_str!("../../templates/texts/en.toml");
pub(in crate::view) const FRENCH: &str = include_str!("../../templates/texts/fr.toml");

/// All templates in every language, read and checked. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Views {
    english: Environment<'static>,
    french: Environment<'static>,
    api: ApiDescription,
}

impl Views {
    /// Reads the embedded templates and texts.
    ///
    /// # Errors
    /// When a template or a catalogue of texts does not parse.
    pub fn new() -> Result<Self, ViewFault> {
        Self::with_listener(|_| {})
    }

    /// The same, telling `said` the key of each text that a page shows.
    pub(in crate::view) fn with_listener(
        said: impl Fn(&str) + Clone + Send + Sync + 'static,
    ) -> Result<Self, ViewFault> {
        Ok(Self {
            english: environment(Language::English, said.clone())?,
            french: environment(Language::French, said)?,
            api: ApiDescription::new()?,
        })
    }

    /// The description of the API.
    #[must_use]
    pub const fn api(&self) -> &ApiDescription {
        &self.api
    }

    /// The page as a complete HTML document, in English.
    ///
    /// # Errors
    /// As [`Self::render_in`].
    pub fn render<P: Page>(&self, page: &P) -> Result<String, ViewFault> {
        self.render_in(Language::English, page)
    }

    /// The page as a complete HTML document, in `language`.
    ///
    /// # Errors
    /// When the template asks for something that the page or the catalogue does not hold: a
    /// mistake of ours, found by rendering the samples of every page.
    pub fn render_in<P: Page>(&self, language: Language, page: &P) -> Result<String, ViewFault> {
        self.render_value(language, P::TEMPLATE, Value::from(Serde(page)))
    }

    /// The template `name` filled with `page`.
    pub(in crate::view) fn render_value(
        &self,
        language: Language,
        name: &str,
        page: Value,
    ) -> Result<String, ViewFault> {
        let environment = match language {
            Language::English => &self.english,
            Language::French => &self.french,
        };
        Ok(environment.get_template(name)?.render(page)?)
    }
}

/// The texts of `language` as they are embedded.
pub(in crate::view) const fn catalogue(language: Language) -> &'static str {
    match language {
        Language::English => ENGLISH,
        Language::French => FRENCH,
    }
}

/// Every template, with the texts of `language`.
fn environment(
    language: Language,
    said: impl Fn(&str) + Send + Sync + 'static,
) -> Result<Environment<'static>, ViewFault> {
    let texts = Texts::parse(catalogue(language), language)?;
    let mut environment = strict_environment()?;
    environment.add_function("t", move |key: &str, values: Kwargs| {
        said(key);
        say(&texts, key, &values)
    });
    add_guide(&mut environment, Library::of(language)?);
    environment.add_function("qr", draw);
    environment.add_function("asset", asset);
    environment.add_filter("grouped", grouped);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// `guide_title(chapter)`, `guide_sections(chapter)`, and `guide(chapter, name=value, …)`: its text with
/// the values, which are escaped, filled in.
fn add_guide(environment: &mut Environment<'static>, library: Library) {
    let library = Arc::new(library);
    let of = Arc::clone(&library);
    environment.add_function("guide_title", move |chapter: &str| {
        of.called(chapter).map(|document| document.title.clone()).ok_or_else(no_chapter)
    });
    let of = Arc::clone(&library);
    environment.add_function("guide_sections", move |chapter: &str| {
        of.called(chapter)
            .map(|document| Value::from(Serde(&document.sections)))
            .ok_or_else(no_chapter)
    });
    environment.add_function("guide", move |chapter: &str, given: Kwargs| {
        let mut values = BTreeMap::new();
        for name in given.args() {
            values.insert(name.to_owned(), given.get::<String>(name)?);
        }
        let html = library.called(chapter).and_then(|document| document.html(&values));
        html.map(Value::from_safe_string).ok_or_else(no_chapter)
    });
}

fn no_chapter() -> Error {
    Error::new(ErrorKind::InvalidOperation, "no such chapter, or a gap without a value")
}

fn strict_environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    // Off, so that a fault never carries the values of a page into the log.
    environment.set_debug(false);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(write_escaped);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    Ok(environment)
}

/// Texts are escaped our way, which leaves paths readable; all else as the engine does.
fn write_escaped(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() && matches!(state.auto_escape(), AutoEscape::Html) => {
            out.write_str(&escaped(text)).map_err(Error::from)
        }
        _ => escape_formatter(out, state, value),
    }
}

/// `t("key", name=value, …)`: a text of the catalogue as HTML. Values are escaped unless they are
/// markup that a template made itself.
fn say(texts: &Texts, key: &str, given: &Kwargs) -> Result<Value, Error> {
    let mut values = Values::default();
    for name in given.args() {
        let value: Value = given.peek(name)?;
        if name == "count" {
            values.count = u64::try_from(value.clone()).ok();
        }
        values.html.insert(name.to_owned(), as_html(name, &value)?);
    }
    texts
        .html(key, &values)
        .map(Value::from_safe_string)
        .map_err(|fault| Error::new(ErrorKind::InvalidOperation, fault.to_string()))
}

fn as_html(name: &str, value: &Value) -> Result<String, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, format!("no value for {name}")));
    }
    let text = value.to_string();
    Ok(if value.is_safe() { text } else { escaped(&text) })
}

/// `qr(content, label)`: a QR code as inline SVG.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]
fn draw(content: &str, label: Value) -> Result<Value, Error> {
    qr::svg(content, &as_html("label", &label)?)
        .map(Value::from_safe_string)
        .map_err(|cause| Error::new(ErrorKind::InvalidOperation, format!("no QR code: {cause}")))
}

/// `asset(name)`: where the asset is served.
fn asset(name: &str) -> Result<&'static str, Error> {
    assets::path_of(name)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no asset {name}")))
}

/// `text|grouped`: in groups of four letters, for reading aloud and typing.
fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
