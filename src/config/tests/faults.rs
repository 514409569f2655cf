//! What is refused, and in which words.

use super::given;
use crate::config::ConfigFile;
use crate::config::load;

/// A line of the file and what is said about it.
const WRONG: &[(&str, &str)] = &[
    (
        "issuer = \"https://a.example/\"",
        "issuer: \"https://a.example/\" is not a bare origin in lower case (no path, no trailing \
         slash, no :443); write https://a.example",
    ),
    (
        "issuer = \"http://a.example\"",
        "issuer: \"http://a.example\" does not start with https://; write https://, the host, and \
         a port other than 443",
    ),
    ("issuer = 7", "issuer: 7 is not text; put it in quotes"),
    (
        "server.listen = [\"abc\"]",
        "server.listen: \"abc\" is not an address like 0.0.0.0:8443; write an IP address and a \
         port, an IPv6 address in brackets",
    ),
    (
        "server.listen = \"0.0.0.0:1\"",
        "server.listen: \"0.0.0.0:1\" is not a list; write [\"0.0.0.0:1\"]",
    ),
    ("server.listen = []", "server.listen: the list is empty; give at least one"),
    (
        "server.listen = [\"[::1]:1\", \"[::1]:1\"]",
        "server.listen: \"[::1]:1\" stands twice; keep one",
    ),
    ("server = 1", "server: it is a section, not a value; write [server]"),
    (
        "server.shutdown_grace = 30",
        "server.shutdown_grace: 30 is not a span of time; write a number and its unit, as in \
         \"30s\", \"15min\", \"24h\", \"90days\"",
    ),
    (
        "server.shutdown_grace = \"1h\"",
        "server.shutdown_grace: \"1h\" is too long; give 1s to 10min",
    ),
    (
        "server.limits.header_bytes = \"16k\"",
        "server.limits.header_bytes: \"16k\" is not a whole number; give 8192 to 65536",
    ),
    (
        "server.limits.body_bytes = 1.5",
        "server.limits.body_bytes: 1.5 is not a whole number; give 16384 to 1048576",
    ),
    (
        "server.limits.body_bytes = -1",
        "server.limits.body_bytes: -1 is too small; give 16384 to 1048576",
    ),
    (
        "server.limits.url_bytes = 20000",
        "server.limits.url_bytes: 20000 is more than server.limits.header_bytes, which is 16384; \
         lower it or raise server.limits.header_bytes",
    ),
    (
        "tls.mode = \"none\"",
        "tls.mode: \"none\" is no choice here; write \"private-ca\", \"files\" or \"acme\"",
    ),
    (
        "tls.key_file = \"/key.pem\"",
        "tls.key_file: it is given, but tls.mode is \"private-ca\"; remove it or set tls.mode to \
         \"files\"",
    ),
    (
        "tls.names = [\"*.a.example\"]",
        "tls.names: \"*.a.example\" is not a host name or an IP address; write it like \
         auth.internal or 192.0.2.7",
    ),
    (
        "tls.minimum_version = 1.2",
        "tls.minimum_version: 1.2 is no choice here; write \"1.2\" or \"1.3\"",
    ),
    ("data.folder = \"\"", "data.folder: it is empty; give a path"),
    ("data.cache_mib = 99999", "data.cache_mib: 99999 is too large; give 64 to 4096"),
    (
        "tokens.api_credentials = \"25h\"",
        "tokens.api_credentials: \"25h\" is too long; give 1min to 24h",
    ),
    ("tokens.access = \"31days\"", "tokens.access: \"31days\" is too long; give 1min to 30days"),
    ("tokens.refresh_grace = \"1h\"", "tokens.refresh_grace: \"1h\" is too long; give 0s to 30min"),
    ("tokens.code = \"5s\"", "tokens.code: \"5s\" is too short; give 10s to 10min"),
    ("tokens.code = \"11min\"", "tokens.code: \"11min\" is too long; give 10s to 10min"),
    (
        "tokens.refresh_absolute = \"30days\"",
        "tokens.refresh_absolute: \"30days\" is shorter than tokens.refresh, which is \"90days\"; \
         raise it or lower tokens.refresh",
    ),
    (
        "sessions.idle = \"13h\"",
        "sessions.idle: \"13h\" is longer than sessions.absolute, which is \"12h\"; lower it or \
         raise sessions.absolute",
    ),
    (
        "passwords.memory_kib = 1024",
        "passwords.memory_kib: 1024 is too small; give 19456 to 1048576",
    ),
    ("passwords.passes = 1", "passwords.passes: 1 is too small; give 2 to 20"),
    (
        "clients.custom_schemes = [\"javascript\"]",
        "clients.custom_schemes: \"javascript\" is never a custom scheme; remove it",
    ),
    (
        "clients.custom_schemes = [\"cursor://\"]",
        "clients.custom_schemes: \"cursor://\" is not a URI scheme in lower case; write what \
         stands before \"://\", as in \"cursor\"",
    ),
    (
        "clients.allow_browser_secrets = \"yes\"",
        "clients.allow_browser_secrets: \"yes\" is neither true nor false; write true or false \
         without quotes",
    ),
    (
        "api.upstream = \"books.internal:9000\"",
        "api.upstream: \"books.internal:9000\" starts with neither http:// nor https://; write it \
         like http://127.0.0.1:9000 or https://books.internal/api",
    ),
    (
        "mcp.upstream = \"http://user@127.0.0.1\"",
        "mcp.upstream: \"http://user@127.0.0.1\" has more than scheme, host, port and path; write it \
         like http://127.0.0.1:9000 or https://books.internal/api",
    ),
    (
        "api.allowed_origins = [\"https://App.example/\"]",
        "api.allowed_origins: \"https://App.example/\" is more than an origin, or not in lower \
         case; write https://app.example",
    ),
    (
        "api.allowed_origins = [\"null\"]",
        "api.allowed_origins: \"null\" is no origin; write it like https://app.example",
    ),
    ("api.routes = 1", "api.routes: 1 is not a list of tables; write [[api.routes]] for each"),
    ("api.route = []", "api.route: there is no such key; did you mean api.routes?"),
    (
        "mcp.unknown_tools = 1",
        "mcp.unknown_tools: 1 is no choice here; write \"deny\" or \"allow\"",
    ),
    (
        "log.level = \"loud\"",
        "log.level: \"loud\" is no choice here; write \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
    ),
    ("server.lisen = 1", "server.lisen: there is no such key; did you mean server.listen?"),
    ("listen = 1", "listen: there is no such key; did you mean server.listen?"),
    ("logs.level = 1", "logs.level: there is no such key; did you mean log.level?"),
    ("permission = 1", "permission: there is no such key; did you mean permissions?"),
    ("colour = {}", "colour: there is no such key; remove it; config.toml.example shows every key"),
];

#[test]
fn every_wrong_value_is_refused_in_words_that_help() {
    for (line, told) in WRONG {
        let expected = format!("{told} (from config.toml:1)");
        assert_eq!(given().file(line).faults(), [expected], "{line}");
    }
}

#[test]
fn the_mode_files_needs_both_files() {
    assert_eq!(
        given().file("[tls]\nmode = \"files\"\nkey_file = \"/key.pem\"\n").faults(),
        ["tls.certificate_file: it is missing, and tls.mode is \"files\"; give the PEM file \
          (from default)"]
    );
}

#[test]
fn a_fault_of_the_environment_names_the_variable() {
    assert_eq!(
        given().variable("COUNTERSIGN__SERVER__LISTEN", "abc").faults(),
        ["server.listen: \"abc\" is not an address like 0.0.0.0:8443; write an IP address and a \
          port, an IPv6 address in brackets (from COUNTERSIGN__SERVER__LISTEN)"]
    );
    assert_eq!(
        given().variable("COUNTERSIGN__SERVER__LISTN", "[::1]:1").faults(),
        ["server.listn: there is no such key; did you mean server.listen \
          (COUNTERSIGN__SERVER__LISTEN)? (from COUNTERSIGN__SERVER__LISTN)"]
    );
}

#[test]
fn a_fault_of_a_flag_names_the_flag() {
    assert_eq!(
        given().flag("--cache", "data.cache_mib", "much").faults(),
        ["data.cache_mib: \"much\" is not a whole number; give 64 to 4096 (from --cache)"]
    );
}

#[test]
fn all_faults_of_all_sources_are_told_at_once() {
    let given = given()
        .file("isuer = \"https://a.example\"\n[tokens]\ncode = \"1s\"\naccess = 3\n")
        .variable("COUNTERSIGN__SESSIONS__IDLE", "20h")
        .variable("COUNTERSIGN__LOG__LEVL", "info")
        .flag("--cache", "data.cache_mib", "1");
    assert_eq!(
        given.faults(),
        [
            "isuer: there is no such key; did you mean issuer? (from config.toml:1)",
            "log.levl: there is no such key; did you mean log.level (COUNTERSIGN__LOG__LEVEL)? \
             (from COUNTERSIGN__LOG__LEVL)",
            "data.cache_mib: 1 is too small; give 64 to 4096 (from --cache)",
            "tokens.access: 3 is not a span of time; write a number and its unit, as in \"30s\", \
             \"15min\", \"24h\", \"90days\" (from config.toml:4)",
            "tokens.code: \"1s\" is too short; give 10s to 10min (from config.toml:3)",
            "sessions.idle: \"20h\" is longer than sessions.absolute, which is \"12h\"; lower it \
             or raise sessions.absolute (from COUNTERSIGN__SESSIONS__IDLE)",
        ]
    );
    let faults = load(&given.sources).err().unwrap();
    assert!(faults.to_string().ends_with("\nThe configuration has 6 faults."));
}

#[test]
fn a_value_that_is_overridden_is_no_fault() {
    given().file("[tokens]\ncode = \"1s\"\n").variable("COUNTERSIGN__TOKENS__CODE", "60s").loaded();
}

#[test]
fn toml_that_cannot_be_read_is_shown_by_line_and_column() {
    let toml = |text: &str| given().file(text).faults();
    assert_eq!(
        toml("[log]\nlevel = = 3\n"),
        ["this is not TOML: extra `=`, expected nothing; mend the line (from config.toml:2:9)"]
    );
    assert_eq!(
        toml("issuer = \"a\"\nissuer = \"b\"\n"),
        ["this is not TOML: duplicate key; mend the line (from config.toml:2:1)"]
    );
}

#[test]
fn a_file_that_cannot_be_read_hides_no_fault_of_the_environment() {
    let given = given()
        .file("[tls]\nmode = files\n")
        .variable("COUNTERSIGN__TOKENS__CODE", "1s")
        .variable("COUNTERSIGN__TLS__KEY_FILE", "/key.pem");
    let faults = given.faults();
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].ends_with("(from config.toml:2:8)"), "{faults:#?}");
    assert!(faults[1].starts_with("tokens.code: "), "{faults:#?}");
}

#[test]
fn a_named_file_must_be_there_and_be_text() {
    let mut missing = given();
    missing.sources.file = ConfigFile::Named(missing.path());
    assert_eq!(missing.faults(), ["there is no such file; see --config (from config.toml)"]);

    let binary = given().file("");
    std::fs::write(binary.path(), [0xff, 0xfe]).unwrap();
    assert_eq!(binary.faults(), ["it is not UTF-8 text; see --config (from config.toml)"]);
}
