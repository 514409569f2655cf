//! The table of keys: types, defaults, bounds and documentation, all in one place.
//!
//! The text of `config.toml.example` and of the reference comes from here. A bound that a rule
//! states is added to the documentation of its key by itself.

#![expect(rustdoc::bare_urls, reason = "the text is that of config.toml.example too")]

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::config::Lists;
use crate::config::choice;
use crate::config::choice::ASSERTIONS;
use crate::config::choice::LogFormat;
use crate::config::choice::LogLevel;
use crate::config::choice::ShipTo;
use crate::config::choice::TlsMode;
use crate::config::choice::TlsVersion;
use crate::config::reader::Reader;
use crate::config::rule::List;
use crate::config::rule::OneOrMore;
use crate::config::rule::Switch;
use crate::config::rule::Text;
use crate::config::rule::count;
use crate::config::span::DAY;
use crate::config::span::HOUR;
use crate::config::span::MINUTE;
use crate::config::span::SECOND;
use crate::config::span::ZERO;
use crate::config::span::span;
use crate::config::surfaces::UNKNOWN_TOOLS;
use crate::config::table::Key;
use crate::config::table::Section;
use crate::config::table::settings;
use crate::config::text;
use crate::config::text::SyslogAt;
use crate::domain::catalogue::Catalogue;
use crate::domain::client_document::AllowedDocuments;
use crate::domain::client_document::DocumentPolicy;
use crate::domain::issuer::Issuer;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::mcp_surface::UnknownTools;
use crate::domain::network::Network;
use crate::domain::registration_policy::AllowedRedirect;
use crate::domain::registration_policy::RegistrationMode;
use crate::domain::surface::Surface;
use crate::domain::vouching::Assertions;

settings! {
    root {
        /// The origin under which clients and browsers reach this installation: `https://host[:port]`,
        /// lower case, no path, no trailing slash. Clients keep it, so choose it once: changing it
        /// later orphans every connected client.
        issuer: Issuer = "https://localhost:8443", Text(text::issuer);
    }

    /// Where and how the server listens.
    server: Server = "server" {
        /// Addresses to listen on, each an IP address and a port; HTTPS on all of them.
        listen: Vec<SocketAddr> = ["127.0.0.1:8443"], OneOrMore(Text(text::address));
        /// How long requests in progress may still take when the server is told to stop.
        shutdown_grace: Duration = "30s", span((1, SECOND), (10, MINUTE));
        /// Networks of the proxies that may ask /forward-auth, such as "127.0.0.1" or "10.0.0.0/8". What
        /// they say of the original request is believed. Empty: nobody may ask.
        trusted_proxies: Vec<Network> = [], List(Text(text::network));
    }

    /// What one request, connection or address may take up.
    limits: Limits = "server.limits" {
        /// Largest request head, in bytes (answered with 431).
        header_bytes: usize = 16384, count(8_192, 65_536);
        /// Longest URL, in bytes (414); not more than header_bytes.
        url_bytes: usize = 8192, count(2_048, 65_536);
        /// Largest form or JSON body, in bytes (413).
        body_bytes: usize = 65536, count(16_384, 1_048_576);
        /// Time for the TLS handshake.
        handshake: Duration = "10s", span((1, SECOND), (1, MINUTE));
        /// Time for the whole request head.
        headers: Duration = "10s", span((1, SECOND), (1, MINUTE));
        /// How long a request body may stand still.
        body_stall: Duration = "30s", span((1, SECOND), (5, MINUTE));
        /// How long a response may wait for its reader.
        write_stall: Duration = "30s", span((1, SECOND), (5, MINUTE));
        /// Open connections in all.
        connections: usize = 4096, count(16, 65_536);
        /// Open connections from one address.
        connections_per_address: usize = 256, count(1, 65_536);
    }

    /// The server's certificate.
    tls: Tls = "tls" {
        /// "private-ca" makes a certificate authority in the data folder and renews the certificate
        /// by itself; "files" uses yours, and takes new ones within a second of their being put there;
        /// "acme" asks an authority such as Let's Encrypt, see [tls.acme].
        mode: TlsMode = "private-ca", TlsMode::RULE;
        /// PEM file with the certificate and its chain, for the mode "files".
        certificate_file: Option<PathBuf> = "", Text(text::path_or_none);
        /// PEM file with the certificate's private key, for the mode "files".
        key_file: Option<PathBuf> = "", Text(text::path_or_none);
        /// More names and IP addresses for the private CA's certificate; with "acme", names alone. The
        /// issuer's host, with the private CA also localhost, 127.0.0.1 and ::1, are always in it.
        names: Vec<String> = [], List(Text(text::host));
        /// The oldest TLS version that is spoken.
        minimum_version: TlsVersion = "1.2", TlsVersion::RULE;
    }

    /// Where a certificate is asked for, for the mode "acme". The authority looks at this server at
    /// port 443 of each name (TLS-ALPN-01); port 80 is not needed.
    acme: Acme = "tls.acme" {
        /// The URL of the ACME server's directory.
        directory: Url = "https://acme-v02.api.letsencrypt.org/directory", Text(text::https_url);
        /// E-mail addresses to which the authority may write.
        contacts: Vec<String> = [], List(Text(text::email));
        /// Whether you accept the authority's terms of service. It issues nothing without.
        accept_terms: bool = false, Switch;
    }

    /// Commands while the server runs.
    admin: Admin = "admin" {
        /// The socket over which `countersign` commands reach the running server; only root and the
        /// server's own user are heard. Empty: admin.sock in the data folder.
        socket: Option<PathBuf> = "", Text(text::path_or_none);
    }

    /// What is kept on disk.
    data: Data = "data" {
        /// The folder of the database, the private CA and, if no other file is named, the master key.
        folder: PathBuf = "/var/lib/countersign", Text(text::path);
        /// Memory for the database's cache, in MiB.
        cache_mib: usize = 128, count(64, 4_096);
        /// The file of the master key, which seals token keys and second factors. Empty: the
        /// systemd credential "master.key" if there is one, else master.key in the folder.
        master_key_file: Option<PathBuf> = "", Text(text::path_or_none);
    }

    /// Backups that the server makes by itself. What they are and how one is restored is told in
    /// docs/backup.md.
    backup: Backup = "backup" {
        /// The folder of backups, best on another disk. Empty: the server makes none by itself.
        folder: Option<PathBuf> = "", Text(text::path_or_none);
        /// How often. The server looks once a minute whether the newest is that old.
        every: Duration = "24h", span((1, HOUR), (90, DAY));
        /// How many are kept; older ones are removed once a new one was made and read back.
        keep: usize = 14, count(1, 10_000);
        /// A file whose first line is the passphrase that backups are sealed with, of at least 12
        /// characters. Without it nobody restores them. Empty: they are not sealed.
        passphrase_file: Option<PathBuf> = "", Text(text::path_or_none);
    }

    /// How long tokens and codes live.
    tokens: Tokens = "tokens" {
        /// Access tokens of API credentials (client_credentials).
        api_credentials: Duration = "1h", span((1, MINUTE), (24, HOUR));
        /// Access tokens of connections.
        access: Duration = "24h", span((1, MINUTE), (30, DAY));
        /// Refresh tokens, from their last use.
        refresh: Duration = "90days", span((1, HOUR), (365, DAY));
        /// A connection in all, however often it is refreshed; not less than refresh.
        refresh_absolute: Duration = "365days", span((1, HOUR), (730, DAY));
        /// How long a repeated refresh gets the same answer again, for replies lost on the way.
        /// "0s" turns it off.
        refresh_grace: Duration = "60s", span((0, ZERO), (30, MINUTE));
        /// Authorization codes.
        code: Duration = "60s", span((10, SECOND), (10, MINUTE));
        /// Pushed authorization requests (request_uri).
        pushed_request: Duration = "90s", span((10, SECOND), (10, MINUTE));
        /// Time to sign in and decide on the consent page.
        consent_request: Duration = "30min", span((5, MINUTE), (2, HOUR));
    }

    /// Signed-in browsers.
    sessions: Sessions = "sessions" {
        /// A session ends after this long without a request; not more than absolute.
        idle: Duration = "1h", span((1, MINUTE), (24, HOUR));
        /// A session ends after this long in any case.
        absolute: Duration = "12h", span((5, MINUTE), (30, DAY));
    }

    /// How passwords are hashed (Argon2id). Raised costs apply from each user's next sign-in.
    passwords: Passwords = "passwords" {
        /// Memory for one hash, in KiB.
        memory_kib: u32 = 65536, count(19_456, 1_048_576);
        /// Passes over the memory.
        passes: u32 = 3, count(2, 20);
        /// Hashes computed at a time.
        parallel: usize = 2, count(1, 64);
        /// Sign-ins that may wait for a hash; more are answered with 503 and Retry-After.
        queue: usize = 32, count(0, 1_024);
    }

    /// Guessing passwords and codes.
    attempts: Attempts = "attempts" {
        /// Evaluated sign-in attempts a day, per account, from browsers that it does not know.
        strangers_per_day: u32 = 100, count(10, 10_000);
    }

    /// What apps may do.
    clients: Clients = "clients" {
        /// Custom URI schemes that a redirect URI may have.
        custom_schemes: Vec<String> = ["cursor"], List(Text(text::scheme));
        /// Whether client_credentials is answered when the request comes from a web page (it carries
        /// an Origin header). A secret used in a browser is a secret published.
        allow_browser_secrets: bool = false, Switch;
        /// Who may register themselves (RFC 7591), as assistants do: "off" nobody; "initial_token" who
        /// holds a token from `countersign app registration-token create`; "allow_list" anybody whose
        /// redirect URIs all stand in registration_redirects; "open" anybody. A person approves each
        /// of them all the same.
        registration: RegistrationMode = "off", choice::REGISTRATION;
        /// Where the codes of clients that register themselves may go, for "allow_list". Each entry is a
        /// redirect URI, compared exactly; or https://host/path/* for whatever is below that path of
        /// exactly that host; or "loopback" for programs on people's own computers.
        registration_redirects: Vec<AllowedRedirect> = [
            "https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback",
            "https://chatgpt.com/connector_platform_oauth_redirect", "https://chatgpt.com/connector/oauth/*",
            "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "cursor://anysphere.cursor-mcp/oauth/callback", "loopback"
        ], List(Text(text::allowed_redirect));
        /// As many clients that registered themselves and that nobody has approved yet, at a time; more
        /// are answered 429 with Retry-After.
        registration_limit: u64 = 1000, count(10, 100_000);
        /// After how long a client that registered itself goes if nobody approved it.
        registration_unused: Duration = "24h", span((1, HOUR), (30, DAY));
        /// After how long without use it goes if no connection of it lives. It can register again.
        registration_idle: Duration = "90days", span((1, DAY), (730, DAY));
        /// Whether a client may be known by the https URL of a document that describes it (client ID
        /// metadata document). With "allow_list" those of allowed_documents and pinned_documents,
        /// with "open" any. Documents are fetched, but for pinned ones.
        metadata_documents: DocumentPolicy = "off", choice::DOCUMENTS;
        /// Documents that may be used: a URL, or an https URL that ends in a slash for all below it, as
        /// in "https://claude.ai/oauth/".
        allowed_documents: Vec<AllowedDocuments> = [], List(Text(text::allowed_documents));
        /// JSON files of documents that are used as they are when the server starts, and never
        /// fetched: for sites without a way out. Each says its URL as "client_id".
        pinned_documents: Vec<PathBuf> = [], List(Text(text::path));
    }

    /// How the server calls elsewhere, where something is configured that makes it: documents of clients
    /// and their keys, receivers of webhooks, an ACME authority. Upstreams have settings of their own.
    outbound: Outbound = "outbound" {
        /// Networks that may be called though they are not on the public Internet, as in
        /// "10.0.0.0/8". Any port of theirs may be used; elsewhere only 443.
        allow_networks: Vec<Network> = [], List(Text(text::network));
        /// PEM file with certificates of authorities to trust beside those of this machine.
        ca_file: Option<PathBuf> = "", Text(text::path_or_none);
    }

    /// The API that is protected at /api/external/v2.
    api: Api = "api" {
        /// Where calls that may go on are sent: "http://127.0.0.1:9000", "https://books.internal/api".
        /// The path below the surface is added to it. Empty: there is no such surface, it answers 404.
        upstream: Option<Url> = "", Text(text::upstream);
        /// PEM file with the certificate authorities that may vouch for an https upstream. Empty: those
        /// that this machine trusts (its own bundle, such as /etc/ssl/certs).
        ca_file: Option<PathBuf> = "", Text(text::path_or_none);
        /// Time to reach the upstream, TLS included.
        connect_timeout: Duration = "5s", span((1, SECOND), (1, MINUTE));
        /// Time until the upstream begins to answer, once it has the request; then 504.
        response_timeout: Duration = "60s", span((1, SECOND), (1, HOUR));
        /// How long a request or an answer may stand still on its way.
        idle_timeout: Duration = "5min", span((1, SECOND), (24, HOUR));
        /// Largest request body, in MiB (413). It is passed on as it comes, never held.
        max_request_body_mib: u32 = 64, count(1, 1_048_576);
        /// Open connections to the upstream. Calls beyond them wait for one, at most as long as
        /// connect_timeout, and as many as there are connections; then 503.
        pool_connections: usize = 512, count(1, 65_536);
        /// How long an unused connection is kept. Keep it below the time after which the upstream closes
        /// one by itself.
        pool_idle: Duration = "4s", span((0, ZERO), (1, HOUR));
        /// Calls that each token may make in a window; 0: as many as it likes.
        rate_limit_calls: u32 = 0, count(0, 1_000_000);
        /// The length of that window.
        rate_limit_window: Duration = "1min", span((1, SECOND), (24, HOUR));
        /// Origins of web pages that may call, such as "https://app.example". Empty: all.
        allowed_origins: Vec<String> = [], List(Text(text::origin));
    }

    /// The MCP server that is protected at /companies/{slug}/mcp.
    mcp: Mcp = "mcp" {
        /// The MCP server, with the path of its endpoint: "http://127.0.0.1:9100/mcp". Empty: there is no
        /// such surface, it answers 404.
        upstream: Option<Url> = "", Text(text::upstream);
        /// As api.ca_file.
        ca_file: Option<PathBuf> = "", Text(text::path_or_none);
        /// As api.connect_timeout.
        connect_timeout: Duration = "5s", span((1, SECOND), (1, MINUTE));
        /// As api.response_timeout.
        response_timeout: Duration = "60s", span((1, SECOND), (1, HOUR));
        /// As api.idle_timeout.
        idle_timeout: Duration = "5min", span((1, SECOND), (24, HOUR));
        /// Largest message, in MiB (413). It is held while it is checked.
        max_request_body_mib: u32 = 4, count(1, 1_048_576);
        /// As api.pool_connections. A client that listens for events holds one.
        pool_connections: usize = 512, count(1, 65_536);
        /// As api.pool_idle.
        pool_idle: Duration = "4s", span((0, ZERO), (1, HOUR));
        /// As api.rate_limit_calls.
        rate_limit_calls: u32 = 0, count(0, 1_000_000);
        /// As api.rate_limit_window.
        rate_limit_window: Duration = "1min", span((1, SECOND), (24, HOUR));
        /// As api.allowed_origins.
        allowed_origins: Vec<String> = [], List(Text(text::origin));
        /// What happens to a tool that is not listed: nobody may call it, or everybody may who reaches
        /// the surface.
        unknown_tools: UnknownTools = "deny", UNKNOWN_TOOLS;
    }

    /// What a protected API or MCP server is told of who calls.
    identity: Identity = "identity" {
        /// The signed assertion in X-Countersign-Assertion. "caller": good for a minute, for every call
        /// of the same token in the same company. "request": for one call alone, by method and path; a
        /// signature for every call takes about as long as all other checks. "off": none.
        assertion: Assertions = "caller", ASSERTIONS;
        /// How long a key signs; the next one is published an hour before its turn.
        key_rotation: Duration = "90days", span((24, HOUR), (730, DAY));
    }

    /// Checks for a proxy that asks about each request (nginx, Caddy, Traefik).
    forward_auth: ForwardAuth = "forward_auth" {
        /// What stands before the path of a route in the addresses that are asked about: with "/v1",
        /// /v1/customers is the route /customers. Empty: nothing.
        prefix: String = "/api/external/v2", Text(text::path_prefix);
    }

    /// What those who run the server read of it, apart from the public listener: /metrics for
    /// Prometheus, /healthz and /readyz.
    operations: Operations = "operations" {
        /// Address to listen on, such as "127.0.0.1:9464". Plain HTTP without a password, so it must be of
        /// this machine or of a private network. Empty: there is no such listener.
        listen: Option<SocketAddr> = "", Text(text::private_address);
    }

    /// Where entries of the audit trail are sent, beside their own place in the data file, as JSON.
    shipping: Shipping = "audit.shipping" {
        /// "journald", "file", "syslog" or "off". What was not sent is sent later, after a restart too;
        /// the first time it begins with the first entry.
        to: ShipTo = "off", ShipTo::RULE;
        /// The file, for "file": one entry a line, for its owner alone to read.
        file: Option<PathBuf> = "", Text(text::path_or_none);
        /// At this size, in MiB, another file is begun.
        file_mib: u64 = 64, count(1, 65_536);
        /// So many former files are kept, as FILE.1, FILE.2 and so on.
        file_keep: u32 = 8, count(1, 1_000);
        /// The server, for "syslog" (RFC 5424): "tcp://192.0.2.7:601", "udp://192.0.2.7:514" or
        /// "unix:///dev/log". Nobody acknowledges a datagram, and nothing is encrypted on the way.
        syslog: Option<SyslogAt> = "", Text(text::syslog);
    }

    /// What the server writes to standard error.
    log: Log = "log" {
        /// Lines for people or for machines.
        format: LogFormat = "text", LogFormat::RULE;
        /// The least important line that is written.
        level: LogLevel = "info", LogLevel::RULE;
    }
}

const MASTER_KEY: &str = "master.key";
const ADMIN_SOCKET: &str = "admin.sock";

/// The file of the master key and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKey {
    /// Named by `data.master_key_file`.
    Named(PathBuf),
    /// A systemd credential.
    Credential(PathBuf),
    /// In the data folder: the only one that may be made when it is missing.
    InFolder(PathBuf),
}

impl MasterKey {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Credential(path) | Self::InFolder(path) => path,
        }
    }
}

impl Settings {
    /// Where commands reach the running server.
    #[must_use]
    pub fn admin_socket(&self) -> PathBuf {
        self.admin.socket.clone().unwrap_or_else(|| self.data.folder.join(ADMIN_SOCKET))
    }

    /// Which file holds the master key, as of now.
    #[must_use]
    pub fn master_key(&self) -> MasterKey {
        if let Some(named) = &self.data.master_key_file {
            return MasterKey::Named(named.clone());
        }
        let credential = self.credentials_directory.as_ref().map(|folder| folder.join(MASTER_KEY));
        match credential.filter(|file| file.is_file()) {
            Some(file) => MasterKey::Credential(file),
            None => MasterKey::InFolder(self.data.folder.join(MASTER_KEY)),
        }
    }
}
