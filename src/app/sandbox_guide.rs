//! What a sandbox tells whoever started it: addresses, people, apps and their secrets.

use std::fmt::Write as _;

use serde::Deserialize;
use serde::Serialize;

use crate::app::stopped::Stopped;
use crate::domain::resource::Resource;

/// The guide; its JSON is kept stable for scripts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Guide {
    /// The issuer.
    pub issuer: String,
    /// The certificate to trust.
    pub ca_file: String,
    /// Where everything lies.
    pub data_dir: String,
    /// The people.
    pub users: Vec<GuideUser>,
    /// The companies.
    pub companies: Vec<GuideCompany>,
    /// The firms.
    pub firms: Vec<GuideFirm>,
    /// The apps.
    pub apps: Vec<GuideApp>,
    /// Where the sample API is.
    pub api_base: String,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuideUser {
    /// What they sign in with.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The seed of their authenticator.
    pub totp_secret: String,
    /// Their role.
    pub role: String,
    /// Their recovery codes.
    pub recovery_codes: Vec<String>,
}

/// A company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuideCompany {
    /// Its id.
    pub id: String,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// `production` or `test`.
    pub environment: String,
    /// What a person gives to an assistant.
    #[serde(default)]
    pub mcp_url: String,
}

/// A firm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuideFirm {
    /// Its id.
    pub id: String,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The slugs of its companies.
    pub companies: Vec<String>,
}

/// An app.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GuideApp {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its client id.
    pub client_id: String,
    /// Its secret, unless it is public.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_secret: Option<String>,
    /// Where codes may be sent.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub redirect_uris: Vec<String>,
    /// The company that it acts for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub company: Option<String>,
    /// What is delegated to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scope: Option<String>,
}

impl Guide {
    /// With the MCP URL of every company, which a guide of an older version lacks.
    #[must_use]
    pub fn with_mcp_urls(mut self) -> Self {
        for company in &mut self.companies {
            if let Ok(slug) = company.slug.parse() {
                company.mcp_url = Resource::Mcp(slug).url(&self.issuer);
            }
        }
        self
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// Never for a guide of ours.
    pub fn to_json(&self) -> Result<String, Stopped> {
        serde_json::to_string(self).map_err(|error| Stopped::because(&error))
    }

    /// A short guide for a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, to: &mut String) -> std::fmt::Result {
        writeln!(to, "The Countersign sandbox serves {}", self.issuer)?;
        writeln!(to, "  trust this certificate: {}", self.ca_file)?;
        writeln!(to, "  data:                   {}\n", self.data_dir)?;
        writeln!(to, "Sign in as (password, then a code from the authenticator secret):")?;
        for user in &self.users {
            writeln!(to, "  {:<28} {}  {}", user.email, user.password, user.totp_secret)?;
        }
        writeln!(to, "\nMCP servers, for an assistant or the MCP Inspector:")?;
        for company in &self.companies {
            writeln!(to, "  {:<28} {}", company.name, company.mcp_url)?;
        }
        writeln!(to, "\nApps:")?;
        for app in &self.apps {
            let secret = app.client_secret.as_deref().unwrap_or("(no secret)");
            writeln!(to, "  {} ({})\n    {}  {secret}", app.name, app.kind, app.client_id)?;
        }
        self.write_example(to)?;
        write!(to, "\nStop it with Ctrl-C.")
    }

    fn write_example(&self, to: &mut String) -> std::fmt::Result {
        let Some(app) = self.apps.iter().find(|app| app.kind == "api_credentials") else {
            return Ok(());
        };
        let secret = app.client_secret.as_deref().unwrap_or_default();
        writeln!(to, "\nGet a token, and read customers with it:")?;
        writeln!(to, "  curl --cacert {} {}/oauth/token \\", self.ca_file, self.issuer)?;
        writeln!(to, "    -d grant_type=client_credentials -d client_id={} \\", app.client_id)?;
        writeln!(to, "    -d client_secret={secret}")?;
        writeln!(to, "  curl --cacert {} {}/customers \\", self.ca_file, self.api_base)?;
        writeln!(to, "    -H 'Authorization: Bearer <access_token>'")
    }
}
