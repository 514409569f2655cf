//! `doctor`, on real files: what is wrong is named with its fix, and the exit status says so. How each
//! thing is judged stands beside the judgement, in `src/domain/checkup/`.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::Folder;
use crate::running::Server;

/// The report, and whether the exit status fits it.
fn report(folder: &Folder, args: &[&str]) -> Value {
    let ran = folder.run(&[&["doctor", "--json"], args].concat());
    assert_eq!(ran.stderr, "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["healthy"], ran.status == 0, "{report}");
    report
}

/// What is said of `code`; nothing if it was not found.
fn found(report: &Value, code: &str) -> Option<Value> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["code"] == code).cloned()
}

/// Codes of what somebody must mend, but for what this machine itself has (little space, memory).
fn to_mend(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["level"] == "attention")
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .filter(|code| !code.starts_with("disk."))
        .collect()
}

fn set_mode(folder: &Folder, name: &str, mode: u32) {
    fs::set_permissions(folder.path(name), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_sound_installation_needs_nothing_whether_its_server_runs_or_not() {
    let folder = Folder::with_installation();
    assert_eq!(to_mend(&report(&folder, &[])), Vec::<String>::new());
    let _server = Server::over(&folder);
    let running = report(&folder, &[]);
    assert_eq!(to_mend(&running), Vec::<String>::new());
    for code in ["configuration", "clock", "server", "proxy", "certificate", "files"] {
        assert_eq!(found(&running, code).unwrap()["level"], "good", "{code}: {running}");
    }
    let screen = folder.run(&["doctor"]).stdout;
    assert!(screen.contains("ok    clock") && screen.contains("For support: countersign "));
    assert!(screen.lines().count() < 25, "one screen: {screen}");
}

#[test]
fn a_wrong_mode_is_named_with_the_command_that_mends_it() {
    let folder = Folder::with_installation();
    set_mode(&folder, "data/countersign.redb", 0o644);
    set_mode(&folder, "data", 0o755);
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["files.mode", "files.mode"]);
    let fix = found(&report, "files.mode").unwrap()["fix"].as_str().unwrap().to_owned();
    assert!(fix.starts_with("chmod 0700 ") && fix.ends_with("/data"), "{fix}");
}

#[test]
fn what_cannot_be_opened_is_a_finding_and_hides_no_other() {
    let folder = Folder::with_installation();
    set_mode(&folder, "data/master.key", 0o444);
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["data.unopened", "files.mode"]);
    let about = found(&report, "data.unopened").unwrap()["about"].as_str().unwrap().to_owned();
    assert!(about.contains("can be read by other users"), "{about}");
}

#[test]
fn every_fault_of_the_configuration_is_a_finding() {
    let folder = Folder::new();
    folder.write("config.toml", "[data]\ncache_mib = 1\n\n[server]\nlissen = [\"127.0.0.1:1\"]\n");
    let report = report(&folder, &[]);
    assert_eq!(to_mend(&report), ["configuration.fault", "configuration.fault"]);
}

#[test]
fn an_issuer_that_the_certificate_is_not_for_is_named() {
    let folder = Folder::with_installation();
    drop(Server::over(&folder));
    let (certificate, key) = ("data/tls/server.pem", "data/tls/server-key.pem");
    let config = format!(
        "issuer = \"https://books.example\"\n[tls]\nmode = \"files\"\ncertificate_file = \"{certificate}\"\nkey_file = \"{key}\"\n"
    );
    folder.write("config.toml", &config);
    let report = report(&folder, &[]);
    assert!(to_mend(&report).contains(&"certificate.issuer".to_owned()), "{report}");
}

#[test]
fn a_key_of_another_certificate_is_named() {
    let folder = Folder::with_installation();
    drop(Server::over(&folder));
    fs::copy(folder.path("data/tls/ca-key.pem"), folder.path("data/tls/server-key.pem")).unwrap();
    assert_eq!(to_mend(&report(&folder, &[])), ["certificate.unusable"]);
}

#[test]
fn the_line_for_support_names_no_place_and_no_person() {
    let folder = Folder::with_installation();
    set_mode(&folder, "data", 0o750);
    let report = report(&folder, &[]);
    let support = report["support"].as_str().unwrap();
    assert!(support.contains("files.mode") && support.contains("stopped"), "{support}");
    let path = folder.path("").display().to_string();
    for secret in [path.trim_end_matches('/'), "localhost", "acme", "owner@"] {
        assert!(!support.contains(secret), "{support}");
    }
}

#[test]
fn backups_that_are_off_missing_or_too_old_are_told_of() {
    let folder = Folder::with_installation();
    let off = found(&report(&folder, &[]), "backup.off").unwrap();
    assert_eq!(off["level"], "note");
    assert!(off["fix"].as_str().unwrap().contains("backup.folder"), "{off}");
    let set = ["--set", "backup.folder=backups"];
    let none = found(&report(&folder, &set), "backup.none").unwrap();
    assert_eq!(none["level"], "note", "{none}");
    fs::create_dir(folder.path("backups")).unwrap();
    folder.write("backups/countersign-20200102T030405.678Z.backup", "of long ago");
    let old = found(&report(&folder, &set), "backup.old").unwrap();
    assert_eq!(old["level"], "attention");
    assert!(old["about"].as_str().unwrap().contains("2020-01-02T03:04:05"), "{old}");
    folder.done(&["backup", "create", "--set", "backup.folder=backups"]);
    assert_eq!(found(&report(&folder, &set), "backup").unwrap()["level"], "good");
    folder.write("file", "where a folder is meant to be");
    let failed = found(&report(&folder, &["--set", "backup.folder=file"]), "backup.failed");
    assert_eq!(failed.unwrap()["level"], "attention");
}
