//! Who overrides whom.

use std::path::PathBuf;
use std::time::Duration;

use super::given;
use crate::config::ConfigFile;
use crate::config::MasterKey;
use crate::config::load;

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

#[test]
fn the_environment_overrides_the_file_and_a_flag_overrides_both() {
    let file = given().file("[tokens]\nrefresh = \"10days\"\n[server]\nlisten = [\"0.0.0.0:1\"]\n");
    assert_eq!(file.loaded().settings.tokens.refresh, days(10));

    let environment = file.variable("COUNTERSIGN__TOKENS__REFRESH", "20days");
    let loaded = environment.loaded();
    assert_eq!(loaded.settings.tokens.refresh, days(20));
    assert_eq!(loaded.settings.server.listen, ["0.0.0.0:1".parse().unwrap()]);

    let flag = environment.flag("--refresh", "tokens.refresh", "30days");
    assert_eq!(flag.loaded().settings.tokens.refresh, days(30));
    let again = flag.flag("--refresh", "tokens.refresh", "31days");
    assert_eq!(again.loaded().settings.tokens.refresh, days(31));
}

#[test]
fn every_value_knows_where_it_was_given() {
    let loaded = given()
        .file("# a line before\nissuer = \"https://a.example\"\n\n[log]\nlevel = \"warn\"\n")
        .variable("COUNTERSIGN__SERVER__LIMITS__BODY_BYTES", "20000")
        .flag("--listen", "server.listen", "127.0.0.1:9")
        .loaded();
    let origin = |key: &str| loaded.origin(key).map(|origin| origin.rsplit('/').next().unwrap());
    assert_eq!(origin("issuer"), Some("config.toml:2"));
    assert_eq!(origin("log.level"), Some("config.toml:5"));
    assert_eq!(origin("server.limits.body_bytes"), Some("COUNTERSIGN__SERVER__LIMITS__BODY_BYTES"));
    assert_eq!(origin("server.listen"), Some("--listen"));
    assert_eq!(origin("tokens.code"), None);
    assert_eq!(loaded.settings.limits.body_bytes, 20_000);
}

#[test]
fn a_list_from_the_environment_is_separated_by_commas_or_written_as_in_toml() {
    for text in ["127.0.0.1:1, [::1]:2", "[\"127.0.0.1:1\", \"[::1]:2\"]"] {
        let loaded = given().flag("--listen", "server.listen", text).loaded();
        assert_eq!(loaded.settings.server.listen.len(), 2, "{text}");
        let loaded = given().variable("COUNTERSIGN__SERVER__LISTEN", text).loaded();
        assert_eq!(loaded.settings.server.listen.len(), 2, "{text}");
    }
    let listen = given().variable("COUNTERSIGN__SERVER__LISTEN", "[::1]:2").loaded();
    assert_eq!(listen.settings.server.listen, ["[::1]:2".parse().unwrap()]);
    let none = given().variable("COUNTERSIGN__CLIENTS__CUSTOM_SCHEMES", "").loaded();
    assert!(none.settings.clients.custom_schemes.is_empty());
}

#[test]
fn a_switch_from_the_environment_is_true_or_false() {
    let on = given().variable("COUNTERSIGN__CLIENTS__ALLOW_BROWSER_SECRETS", "true").loaded();
    assert!(on.settings.clients.allow_browser_secrets);
}

#[test]
fn other_variables_are_left_alone() {
    given().variable("COUNTERSIGN_PORT", "tcp://10.0.0.1").variable("PATH", "/bin").loaded();
}

#[test]
fn the_first_file_that_is_there_is_read() {
    let mut given = given().file("[log]\nlevel = \"debug\"\n");
    let missing = given.folder.path().join("missing.toml");
    given.sources.file = ConfigFile::FirstOf(vec![missing.clone(), given.path()]);
    assert_eq!(given.loaded().file(), Some(given.path().as_path()));
    given.sources.file = ConfigFile::FirstOf(vec![missing]);
    assert_eq!(given.loaded().file(), None);
}

#[test]
fn the_master_key_is_the_named_file_else_the_credential_else_in_the_folder() {
    let given = given().file("[data]\nfolder = \"/data\"\n");
    let in_folder = MasterKey::InFolder(PathBuf::from("/data/master.key"));
    assert_eq!(given.loaded().settings.master_key(), in_folder);

    let credentials = given.folder.path().to_owned();
    let given = given.variable("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    assert_eq!(given.loaded().settings.master_key(), in_folder);
    let credential = credentials.join("master.key");
    std::fs::write(&credential, "").unwrap();
    assert_eq!(given.loaded().settings.master_key(), MasterKey::Credential(credential));

    let given = given.variable("COUNTERSIGN__DATA__MASTER_KEY_FILE", "/keys/master");
    let loaded = load(&given.sources).ok().unwrap();
    assert_eq!(loaded.settings.master_key().path(), PathBuf::from("/keys/master"));
}
