//! The commands as scripts use them: exit status, JSON, and sentences that name the fix.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at a surprise")]
#![expect(
    clippy::disallowed_methods,
    reason = "a server that runs beside the test is waited for by the machine's clock"
)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

#[path = "commands/doctor.rs"]
mod doctor;
#[path = "commands/running.rs"]
mod running;

/// A folder of its own, in which commands run without a terminal and without the real environment.
struct Folder(tempfile::TempDir);

/// What a command did.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with an installation: the company `acme` and its owner.
    fn with_installation() -> Self {
        let folder = Self::new();
        folder.done(&INIT);
        folder
    }

    /// As [`Self::with_installation`], where other users reach it: `TMPDIR` may be root's alone.
    fn with_installation_for_all() -> Self {
        let folder = Self(tempfile::tempdir_in("/tmp").unwrap());
        folder.done(&INIT);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .args(args)
            .env_clear()
            .env("COUNTERSIGN__DATA__FOLDER", self.path("data"))
            .env("COUNTERSIGN__PASSWORDS__MEMORY_KIB", "19456")
            .env("COUNTERSIGN__PASSWORDS__PASSES", "2")
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// Runs a command that must succeed and say nothing on standard error.
    fn done(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
        ran.stdout
    }

    /// As [`Self::done`], with its answer as JSON: one value, on one line.
    fn json(&self, args: &[&str]) -> Value {
        let answer = self.done(&[args, &["--json"]].concat());
        assert_eq!(answer.lines().count(), 1, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    /// Runs a command that must fail, and returns its one sentence.
    fn failed(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("countersign: "), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        ran.stderr
    }
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

const INIT: [&str; 9] = [
    "init",
    "--email",
    "owner@acme.example",
    "--name",
    "Olive Owner",
    "--company",
    "Acme Trading",
    "--slug",
    "acme",
];

const CREATE_APP: [&str; 12] = [
    "app",
    "create",
    "--kind",
    "api-credentials",
    "--name",
    "Nightly sync",
    "--company",
    "acme",
    "--scope",
    "customers:readonly products:all",
    "--delegated-by",
    "owner@acme.example",
];

/// Whether any file below `folder` holds `needle`.
fn holds(folder: &Path, needle: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let bytes =
            if path.is_dir() { return holds(&path, needle) } else { fs::read(&path).unwrap() };
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    })
}

#[test]
fn init_makes_the_first_owner_and_company_and_hands_out_a_link() {
    let folder = Folder::new();
    let made = folder.json(&INIT);
    assert_eq!(made["company"]["slug"], "acme");
    assert_eq!(made["company"]["environment"], "production");
    assert_eq!(made["user"]["email"], "owner@acme.example");
    assert_eq!(made["user"]["operator"], true);
    assert_eq!(made["user"]["has_password"], false);
    assert_eq!(made["user"]["roles"][0]["role"], "owner");
    let url = made["link"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://localhost:8443/setup/cs_link_"), "{url}");
    assert!(!holds(&folder.path("data"), url.rsplit('/').next().unwrap()));
}

#[test]
fn init_says_what_to_do_next() {
    let told = Folder::new().done(&INIT);
    for part in ["Acme Trading (acme)", "/setup/cs_link_", "countersign serve", "second factor"] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_second_init_is_refused() {
    let folder = Folder::with_installation();
    let told = folder.failed(&INIT);
    assert!(told.contains("has users already") && told.contains("user create"), "{told}");
    assert_eq!(folder.json(&["user", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn init_without_a_terminal_names_the_flags_that_are_missing() {
    let folder = Folder::new();
    let ran = folder.run(&["init", "--name", "Olive"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--email, --company"), "{}", ran.stderr);
    assert!(!folder.path("data").exists());
}

#[test]
fn a_password_comes_from_a_file_and_is_kept_as_a_hash() {
    let folder = Folder::new();
    folder.write("password", "correct horse battery staple\n");
    let made = folder.json(&[&INIT[..], &["--password-file", "password"]].concat());
    assert_eq!(made["link"], Value::Null);
    assert_eq!(made["user"]["has_password"], true);
    assert!(!holds(&folder.path("data"), "correct horse"));
    assert!(holds(&folder.path("data"), "$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[test]
fn a_weak_password_makes_nothing() {
    let folder = Folder::new();
    for (weak, why) in [("short", "at least 12"), ("password1234", "less common")] {
        folder.write("password", weak);
        let told = folder.failed(&[&INIT[..], &["--password-file", "password"]].concat());
        assert!(told.contains(why), "{told}");
    }
    assert!(folder.json(&["user", "list"]).as_array().unwrap().is_empty());
}

#[test]
fn what_is_created_is_listed_and_shown_by_slug_id_or_address() {
    let folder = Folder::with_installation();
    let firm = folder.json(&["firm", "create", "--name", "Ledgerwise"]);
    let made = folder.json(&[
        "company",
        "create",
        "--name",
        "Bakery",
        "--environment",
        "test",
        "--firm",
        "ledgerwise",
    ]);
    assert_eq!((&made["slug"], &made["firm"]), (&"bakery".into(), &"ledgerwise".into()));
    assert_eq!(folder.json(&["company", "show", made["id"].as_str().unwrap()]), made);
    assert_eq!(folder.json(&["company", "show", "bakery"]), made);
    let firm = folder.json(&["firm", "show", firm["id"].as_str().unwrap()]);
    assert_eq!(firm["companies"], serde_json::json!(["bakery"]));
    let slugs: Vec<_> = folder
        .json(&["company", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|company| company["slug"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(slugs, ["acme", "bakery"]);
    let table = folder.done(&["company", "list"]);
    assert!(table.starts_with("SLUG ") && table.lines().count() == 3, "{table}");
}

#[test]
fn a_company_is_linked_confided_and_opened_again() {
    let folder = Folder::with_installation();
    folder.done(&["firm", "create", "--name", "Ledgerwise"]);
    assert_eq!(
        folder.json(&["company", "link", "acme", "--firm", "ledgerwise"])["firm"],
        "ledgerwise"
    );
    let confided = folder.json(&["company", "confide", "acme", "--to", "owner@acme.example"]);
    assert_eq!(confided["confidential"], true);
    assert_eq!(confided["confided_to"], serde_json::json!(["owner@acme.example"]));
    assert_eq!(folder.json(&["company", "confide", "acme", "--off"])["confidential"], false);
    assert_eq!(folder.json(&["company", "link", "acme", "--no-firm"])["firm"], Value::Null);
}

#[test]
fn a_user_is_made_with_a_role_disabled_and_enabled() {
    let folder = Folder::with_installation();
    let made = folder.json(&[
        "user",
        "create",
        "--email",
        "Vera@acme.example",
        "--name",
        "Vera",
        "--company",
        "acme",
        "--role",
        "viewer",
    ]);
    assert_eq!(made["email"], "vera@acme.example");
    assert_eq!(
        (&made["roles"][0]["company"], &made["roles"][0]["role"]),
        (&"acme".into(), &"viewer".into())
    );
    assert!(made["link"]["url"].as_str().unwrap().contains("/setup/"));
    let user = "vera@acme.example";
    assert_eq!(folder.json(&["user", "disable", user])["status"], "disabled");
    let told = folder.failed(&["user", "link", user]);
    assert!(told.contains("user enable"), "{told}");
    assert_eq!(folder.json(&["user", "enable", user])["status"], "active");
    assert_ne!(folder.json(&["user", "link", user])["url"], made["link"]["url"]);
    let grant = ["role", "grant", "accountant", "--user", user, "--company", "acme"];
    assert_eq!(folder.json(&grant)["role"], "accountant");
    folder.done(&["role", "remove", "--user", user, "--company", "acme"]);
    assert_eq!(folder.json(&["user", "show", user])["roles"], serde_json::json!([]));
}

#[test]
fn a_wrong_role_makes_no_user() {
    let folder = Folder::with_installation();
    let told = folder.failed(&[
        "user",
        "create",
        "--email",
        "v@acme.example",
        "--name",
        "V",
        "--company",
        "acme",
        "--role",
        "emperor",
    ]);
    assert!(told.contains("role list"), "{told}");
    assert_eq!(folder.json(&["user", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_client_secret_is_shown_once_and_is_nowhere_in_the_data() {
    let folder = Folder::with_installation();
    let made = folder.json(&CREATE_APP);
    let secret = made["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("cs_sec_"), "{secret}");
    assert!(!holds(&folder.path("data"), secret));
    // Its random part alone is not there either.
    assert!(!holds(&folder.path("data"), &secret[30..60]));
    let id = made["client_id"].as_str().unwrap();
    for again in [&["app", "show", id][..], &["app", "list"], &["audit", "list"]] {
        assert!(!folder.json(again).to_string().contains(secret));
        assert!(!folder.done(again).contains(secret));
    }
    let shown = folder.json(&["app", "show", id]);
    assert_eq!(shown["scope"], "customers:readonly products:all");
    assert_eq!(shown["secrets"][0]["last_four"], secret[secret.len() - 4..]);
    assert_eq!(folder.json(&["app", "revoke", id])["status"], "revoked");
    assert_eq!(folder.json(&["app", "show", id])["secrets"], serde_json::json!([]));
}

#[test]
fn an_apps_secret_is_rotated_with_an_overlap_and_shown_once() {
    let folder = Folder::with_installation();
    let made = folder.json(&CREATE_APP);
    let id = made["client_id"].as_str().unwrap();
    let rotated = folder.json(&["app", "rotate", id, "--overlap", "day"]);
    let secret = rotated["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("cs_sec_") && made["client_secret"] != secret);
    assert!(!holds(&folder.path("data"), secret));
    let secrets = rotated["secrets"].as_array().unwrap();
    let ends: Vec<bool> = secrets.iter().map(|one| one["expires_at"].is_string()).collect();
    assert_eq!(ends, [true, false], "{secrets:?}");
    let rotated = folder.json(&["app", "rotate", id]);
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 1, "the former ones stop at once");
    let told = folder.done(&["app", "rotate", id]);
    assert!(told.contains("cs_sec_") && told.contains("shown this once"), "{told}");
    assert_eq!(folder.run(&["app", "rotate", id, "--overlap", "year"]).status, 2);
    assert!(folder.failed(&["app", "rotate", "cs_app_0"]).contains("app list"));
    assert!(!folder.done(&["app", "show", id]).contains("cs_sec_"));
}

#[test]
fn a_deleted_app_is_restored_with_a_new_secret_and_a_running_one_is_not() {
    let folder = Folder::with_installation();
    let made = folder.json(&CREATE_APP);
    let id = made["client_id"].as_str().unwrap();
    assert!(folder.failed(&["app", "restore", id]).contains("can be restored"));
    assert_eq!(folder.json(&["app", "delete", id])["status"], "deleted");
    assert!(folder.failed(&["app", "rotate", id]).contains("restore it first"));
    let restored = folder.json(&["app", "restore", id]);
    assert_eq!(restored["status"], "active");
    let secret = restored["client_secret"].as_str().unwrap();
    assert!(made["client_secret"] != secret && !holds(&folder.path("data"), secret));
    assert_eq!(folder.json(&["app", "revoke", id])["status"], "revoked");
    assert!(folder.json(&["app", "restore", id])["client_secret"].is_string());
}

#[test]
fn a_review_moves_the_next_one_and_an_app_is_taken_over_by_who_holds_its_permissions() {
    let folder = Folder::with_installation();
    let made = folder.json(&CREATE_APP);
    let id = made["client_id"].as_str().unwrap();
    let due = made["review_due_at"].as_str().unwrap().to_owned();
    let reviewed = folder.json(&["app", "review", id]);
    assert!(reviewed["review_due_at"].as_str().unwrap() >= due.as_str());
    for (name, role) in [("ann", "accountant"), ("vic", "viewer")] {
        let email = format!("{name}@acme.example");
        let user = ["user", "create", "--email", &email, "--name", name];
        folder.json(&[&user[..], &["--company", "acme", "--role", role]].concat());
    }
    let told = folder.failed(&["app", "take-over", id, "--as", "vic@acme.example"]);
    assert!(told.contains("does not hold: products:all"), "{told}");
    let taken = folder.json(&["app", "take-over", id, "--as", "ann@acme.example"]);
    assert_eq!(taken["delegated_by"], "ann@acme.example");
    assert_eq!(folder.run(&["app", "take-over", id]).status, 2);
    let actions = folder.json(&["audit", "list"]).to_string();
    assert!(
        actions.contains("app_handed_over") || actions.contains("app.handed_over"),
        "{actions}"
    );
}

#[test]
fn an_oauth_app_has_exact_redirect_uris_and_an_expiry_date() {
    let folder = Folder::with_installation();
    let made = folder.json(&[
        "app",
        "create",
        "--kind",
        "oauth-public",
        "--name",
        "Portal",
        "--redirect-uri",
        "http://127.0.0.1/callback",
        "--expires",
        "2099-12-31",
    ]);
    assert_eq!(made["client_secret"], Value::Null);
    assert_eq!(made["redirect_uris"], serde_json::json!(["http://127.0.0.1/callback"]));
    assert_eq!(made["expires_at"], "2100-01-01T00:00:00.000Z");
    let told = folder.failed(&[
        "app",
        "create",
        "--kind",
        "oauth-public",
        "--name",
        "Portal",
        "--redirect-uri",
        "http://portal.example/callback",
    ]);
    assert!(told.contains("https"), "{told}");
}

#[test]
fn permissions_beyond_the_delegators_are_named_and_refused() {
    let folder = Folder::with_installation();
    folder.done(&[
        "user",
        "create",
        "--email",
        "v@acme.example",
        "--name",
        "V",
        "--company",
        "acme",
        "--role",
        "viewer",
    ]);
    let mut args = CREATE_APP;
    args[11] = "v@acme.example";
    let told = folder.failed(&args);
    assert!(told.contains("does not hold: products:all;"), "{told}");
    assert_eq!(folder.json(&["app", "list"]), serde_json::json!([]));
}

#[test]
fn wrong_use_exits_with_2_and_says_so_in_our_form() {
    let folder = Folder::with_installation();
    for wrong in [
        &["frobnicate"][..],
        &["company", "create"],
        &["company", "create", "--name", "A", "--slug", "Not A Slug"],
        &["user", "create", "--email", "nobody", "--name", "N"],
        &["user", "create", "--email", "a@b.example", "--name", "N", "--role", "viewer"],
        &["app", "create", "--kind", "oauth-public", "--name", "P", "--scope", "NOT A SCOPE"],
        &["app", "create", "--kind", "oauth-public", "--name", "P", "--expires", "soon"],
        &["role", "remove", "--user", "owner@acme.example"],
        &["company", "list", "--set", "nonsense"],
        &["sandbox", "--listen", "0.0.0.0:8443"],
        &["backup", "verify"],
    ] {
        let ran = folder.run(wrong);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{wrong:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("countersign: "), "{wrong:?}: {}", ran.stderr);
    }
}

#[test]
fn help_and_version_are_no_failure() {
    let folder = Folder::new();
    assert!(folder.done(&["--version"]).starts_with("countersign "));
    assert!(folder.done(&["app", "create", "--help"]).contains("Examples:"));
    assert!(folder.done(&["completions", "bash"]).contains("countersign"));
}

#[test]
fn a_faulty_configuration_exits_with_78_and_names_key_source_and_fix() {
    let folder = Folder::new();
    folder.write("config.toml", "[data]\ncache_mib = 1\n\n[server]\nlissen = [\"127.0.0.1:1\"]\n");
    for args in [&["config", "check"][..], &["company", "list"], &INIT[..], &["serve"]] {
        let ran = folder.run(args);
        assert_eq!((ran.status, ran.stdout.as_str()), (78, ""), "{args:?}");
        for part in
            ["data.cache_mib: ", "config.toml:2", "server.lissen: ", "server.listen", "2 faults"]
        {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        }
    }
    assert!(!folder.path("data").exists());
}

#[test]
fn the_configuration_in_effect_tells_where_it_was_given() {
    let folder = Folder::new();
    folder.write("other.toml", "[log]\nlevel = \"warn\"\n");
    let told = folder.done(&["config", "check", "--config", "other.toml"]);
    assert!(told.contains("other.toml"), "{told}");
    let printed =
        folder.done(&["config", "print", "--config", "other.toml", "--set", "tokens.access=2h"]);
    assert!(printed.contains("other.toml:2") && printed.contains("--set"), "{printed}");
    let again = Folder::new();
    again.write("config.toml", &printed);
    again.done(&["config", "check"]);
}

#[test]
fn a_lost_master_key_is_named_with_the_way_out() {
    let folder = Folder::with_installation();
    let key = folder.path("data/master.key");
    fs::remove_file(&key).unwrap();
    for args in [&["company", "list"][..], &INIT] {
        let told = folder.failed(args);
        assert!(
            told.contains(key.to_str().unwrap()) && told.contains("put the key file back"),
            "{told}"
        );
    }
    assert!(!key.exists());
}

#[test]
fn a_wrong_master_key_is_named_with_the_way_out() {
    let (folder, other) = (Folder::with_installation(), Folder::with_installation());
    let key = folder.path("data/master.key");
    fs::remove_file(&key).unwrap();
    fs::copy(other.path("data/master.key"), &key).unwrap();
    let told = folder.failed(&["company", "list"]);
    assert!(told.contains("is not the one") && told.contains("right key file"), "{told}");
}

#[test]
fn a_backup_is_made_read_back_and_restored() {
    let folder = Folder::with_installation();
    folder.json(&CREATE_APP);
    let made = folder.json(&["backup", "create", "--output", "a.backup"]);
    assert_eq!((&made["sealed"], &made["has_key"]), (&false.into(), &false.into()), "{made}");
    let verified = folder.json(&["backup", "verify", "a.backup"]);
    assert_eq!(made, verified);
    let told = folder.failed(&["backup", "create", "--output", "a.backup"]);
    assert!(told.contains("exists already"), "{told}");
    let apps = folder.json(&["app", "list"]);
    let id = apps[0]["client_id"].as_str().unwrap().to_owned();
    folder.done(&["app", "revoke", &id]);
    let row = folder.json(&["restore", "a.backup"]);
    assert_eq!((&row["unread"], &row["apps"]), (&Value::Null, &1.into()), "{row}");
    assert!(Path::new(row["former"].as_str().unwrap()).exists());
    assert_eq!(folder.json(&["app", "list"])[0]["status"], "revoked");
    let verdict = folder.json(&["audit", "verify"]);
    assert_eq!(verdict["restores"], serde_json::json!([row["entry"]]));
    let told = folder.done(&["audit", "verify"]);
    assert!(told.contains("A backup was restored at entry"), "{told}");
}

#[test]
fn a_sealed_backup_with_its_key_makes_an_installation_on_an_empty_machine() {
    let folder = Folder::with_installation();
    folder.write("short", "too short\n");
    folder.write("pass", "a passphrase of words\n");
    folder.write("wrong", "another passphrase\n");
    let create = ["backup", "create", "--output", "a.backup", "--with-key"];
    assert_eq!(folder.run(&create).status, 2, "the key never leaves without a passphrase");
    let told = folder.failed(&[&create[..], &["--passphrase-file", "short"]].concat());
    assert!(told.contains("fewer than 12"), "{told}");
    let made = folder.json(&[&create[..], &["--passphrase-file", "pass"]].concat());
    assert_eq!((&made["sealed"], &made["has_key"]), (&true.into(), &true.into()), "{made}");
    let mut damaged = fs::read(folder.path("a.backup")).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(folder.path("damaged.backup"), &damaged).unwrap();
    fs::write(folder.path("cut.backup"), &damaged[..middle]).unwrap();
    for (file, fault) in [("damaged.backup", "damaged in frame"), ("cut.backup", "is cut short")] {
        let told = folder.failed(&["backup", "verify", file, "--passphrase-file", "pass"]);
        assert!(told.contains(fault) && told.contains("use another backup"), "{told}");
    }
    let told = folder.failed(&["backup", "verify", "a.backup"]);
    assert!(told.contains("sealed with a passphrase"), "{told}");
    let told = folder.failed(&["backup", "verify", "a.backup", "--passphrase-file", "wrong"]);
    assert!(told.contains("is not the one that it was sealed with"), "{told}");
    let restore = ["restore", "a.backup", "--passphrase-file", "pass", "--data-dir", "empty"];
    let told = folder.done(&restore);
    assert!(told.contains("The master key was put back"), "{told}");
    let users = folder.json(&["user", "list", "--data-dir", "empty"]);
    assert_eq!(users[0]["email"], "owner@acme.example");
}

#[test]
fn a_damaged_backup_changes_nothing() {
    let folder = Folder::with_installation();
    folder.done(&["backup", "create", "--output", "a.backup"]);
    let mut bytes = fs::read(folder.path("a.backup")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.path("a.backup"), bytes).unwrap();
    for args in [["backup", "verify", "a.backup"].as_slice(), &["restore", "a.backup"]] {
        let told = folder.failed(args);
        assert!(told.contains("damaged in frame"), "{told}");
    }
    assert_eq!(fs::read_dir(folder.path("data")).unwrap().count(), 2, "the data file and the key");
    folder.done(&["audit", "verify"]);
}

#[test]
fn a_data_file_of_a_newer_version_is_refused_by_every_command_and_left_as_it_is() {
    use countersign::store::engine::Engine as _;
    let folder = Folder::with_installation();
    let file = folder.path("data/countersign.redb");
    let newer = countersign::store::format::FORMAT + 1;
    let engine = countersign::store::redb::RedbEngine::open(&file, 1024 * 1024).unwrap();
    let table = countersign::store::table::TableId::Meta;
    engine.write(&mut |to| to.put(table, b"format", &newer.to_be_bytes())).unwrap();
    drop(engine);
    for args in [&["company", "list"][..], &["serve"], &["key", "rotate"]] {
        let told = folder.failed(args);
        assert!(told.contains(&format!("format {newer}")), "{told}");
        assert!(told.contains("newer version") && told.contains("restore a backup"), "{told}");
    }
    let engine = countersign::store::redb::RedbEngine::open(&file, 1024 * 1024).unwrap();
    let found = countersign::store::format::of(engine.snapshot().unwrap().as_ref()).unwrap();
    assert_eq!(found, newer);
}

#[test]
fn a_data_file_in_use_is_named_with_the_way_out() {
    let folder = Folder::with_installation();
    let file = folder.path("data/countersign.redb");
    let held = countersign::store::Store::open(&file, 1024 * 1024).unwrap();
    let told = folder.failed(&["company", "list"]);
    assert!(
        told.contains("is in use, but no server could be reached")
            && told.contains("stop the server"),
        "{told}"
    );
    drop(held);
    folder.done(&["company", "list"]);
}

#[test]
fn compacting_tells_the_size_before_and_after_and_loses_nothing() {
    let folder = Folder::with_installation();
    let users = folder.done(&["user", "list", "--json"]);
    let row = folder.json(&["compact"]);
    let bytes = |name: &str| row[name].as_u64().unwrap();
    assert!(bytes("after_bytes") <= bytes("before_bytes"), "{row}");
    let told = folder.done(&["compact"]);
    assert!(told.contains("The data file was ") && told.contains(" MiB now.\n"), "{told}");
    assert_eq!(folder.done(&["user", "list", "--json"]), users);
    folder.done(&["audit", "verify"]);
}

#[test]
fn rotating_keys_makes_new_ones_and_can_destroy_the_old() {
    let folder = Folder::with_installation();
    let first = folder.json(&["key", "rotate"]);
    assert_eq!(first["token_key_version"], 2);
    let second = folder.json(&["key", "rotate", "--compromised"]);
    assert_eq!(second["token_key_version"], 3);
    assert_ne!(first["signing_key"], second["signing_key"]);
    let told = folder.done(&["key", "rotate", "--set", "identity.assertion=off"]);
    assert!(told.contains("turned off") && told.contains("under key 4 from now on"), "{told}");
    folder.done(&["audit", "verify"]);
}

#[test]
fn compacting_a_file_that_a_server_has_names_the_way_out() {
    let folder = Folder::with_installation();
    let file = folder.path("data/countersign.redb");
    let held = countersign::store::Store::open(&file, 1024 * 1024).unwrap();
    let told = folder.failed(&["compact"]);
    assert!(told.contains("stop the server first"), "{told}");
    drop(held);
}

#[test]
fn commands_but_init_make_no_installation() {
    let folder = Folder::new();
    let told = folder.failed(&["company", "list"]);
    assert!(told.contains("countersign init"), "{told}");
    assert!(!folder.path("data").exists());
}

#[test]
fn another_issuer_than_the_recorded_one_is_refused() {
    let folder = Folder::with_installation();
    let told = folder.failed(&["company", "list", "--set", "issuer=https://other.example"]);
    assert!(told.contains("issuer = \"https://localhost:8443\""), "{told}");
}

#[test]
fn the_data_folder_can_be_named_by_a_flag() {
    let folder = Folder::with_installation();
    fs::rename(folder.path("data"), folder.path("moved")).unwrap();
    folder.done(&["company", "list", "--data-dir", "moved"]);
    folder.done(&["company", "--data-dir", "moved", "show", "acme"]);
}

#[test]
fn the_audit_trail_is_listed_verified_and_exported() {
    let folder = Folder::with_installation();
    let verdict = folder.json(&["audit", "verify"]);
    assert_eq!((&verdict["intact"], &verdict["entries"]), (&true.into(), &5.into()));
    assert_eq!(verdict["checkpoint_key"].as_str().unwrap().len(), 43, "an Ed25519 key");
    let newest = folder.json(&["audit", "list", "--limit", "1"]);
    assert_eq!((&newest[0]["sequence"], &newest[0]["kind"]), (&5.into(), &"link_issued".into()));
    assert_eq!(newest[0]["user"], "owner@acme.example");
    let older = folder.json(&["audit", "list", "--before", "2"]);
    assert_eq!(older[0]["kind"], "installation_created");

    folder.done(&["audit", "export", "--output", "activity.jsonl"]);
    let exported = fs::read_to_string(folder.path("activity.jsonl")).unwrap();
    assert_eq!(exported, folder.done(&["audit", "export"]));
    let first: Value = serde_json::from_str(exported.lines().next().unwrap()).unwrap();
    assert_eq!((exported.lines().count(), &first["sequence"]), (5, &1.into()));
    let told = folder.failed(&["audit", "export", "--output", "activity.jsonl"]);
    assert!(told.contains("activity.jsonl cannot be written"), "{told}");
}

#[test]
fn empty_lists_say_so_and_are_empty_json() {
    let folder = Folder::with_installation();
    for (noun, none) in [
        ("firm", "no firms"),
        ("app", "no apps"),
        ("connection", "no connections"),
        ("token", "No access token"),
    ] {
        let told = folder.done(&[noun, "list"]);
        assert!(told.contains(none), "{told}");
        assert_eq!(folder.json(&[noun, "list"]), serde_json::json!([]));
    }
    let roles = folder.json(&["role", "list"]);
    assert!(roles.as_array().unwrap().iter().any(|role| role["name"] == "owner"));
}

#[test]
fn what_is_not_there_is_said_with_where_to_look() {
    let folder = Folder::with_installation();
    for noun in ["company", "firm", "user", "app", "connection"] {
        let told = folder.failed(&[noun, "show", "nothing"]);
        assert!(told.contains(&format!("countersign {noun} list")), "{told}");
    }
}

#[test]
fn an_api_token_is_shown_once_listed_and_revoked() {
    let folder = Folder::with_installation();
    let create = [
        "token",
        "create",
        "--company",
        "acme",
        "--name",
        "Till export",
        "--scope",
        "customers:readonly",
        "--as",
        "owner@acme.example",
        "--expires",
        "2099-12-31",
    ];
    let made = folder.json(&create);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("cs_api_"));
    assert_eq!((&made["kind"], &made["company"]), (&"api_token".into(), &"acme".into()));
    assert_eq!(made["delegated_by"], "owner@acme.example");
    assert_eq!(made["expires_at"], "2100-01-01T00:00:00.000Z");
    assert!(!holds(&folder.path("data"), token));
    let id = made["client_id"].as_str().unwrap();
    let listed = folder.json(&["token", "list"]);
    assert_eq!((&listed[0]["kind"], &listed[0]["client_id"]), (&"api_token".into(), &id.into()));
    assert_eq!(folder.json(&["token", "show", id])["status"], "active");
    assert!(!folder.done(&["token", "show", id]).contains(token));
    assert_eq!(folder.json(&["token", "revoke", id])["status"], "revoked");
    assert_eq!(folder.json(&["token", "list"]), serde_json::json!([]));
    let app = folder.json(&CREATE_APP)["client_id"].as_str().unwrap().to_owned();
    assert!(folder.failed(&["token", "revoke", &app]).contains("token list"));
}

#[test]
fn a_company_lists_what_reaches_it_and_blocks_it() {
    let folder = Folder::with_installation();
    let id = folder.json(&CREATE_APP)["client_id"].as_str().unwrap().to_owned();
    let reach = || folder.json(&["company", "reach", "acme"]);
    assert_eq!((&reach()[0]["id"], &reach()[0]["blocked"]), (&id.as_str().into(), &false.into()));
    let block = ["company", "block", "acme", &id, "--as", "owner@acme.example", "--reason", "over"];
    let blocked = folder.json(&block);
    assert_eq!(
        (&blocked["by"], &blocked["reason"]),
        (&"owner@acme.example".into(), &"over".into())
    );
    assert_eq!(reach()[0]["blocked"], true);
    assert_eq!(folder.json(&["company", "blocks", "acme"])[0]["id"], id.as_str());
    folder.json(&["company", "unblock", "acme", &id]);
    assert_eq!(folder.json(&["company", "blocks", "acme"]), serde_json::json!([]));
    assert!(folder.failed(&["company", "unblock", "acme", &id]).contains("company blocks"));
    assert!(folder.failed(&["company", "block", "acme", "nonsense"]).contains("app list"));
}
