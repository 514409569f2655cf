//! What opening a data folder promises.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;

fn options(folder: &Path) -> Options {
    Options {
        cache_bytes: 1024 * 1024,
        master_key: config::MasterKey::InFolder(folder.join("master.key")),
        issuer: "https://auth.example.com".parse().unwrap(),
        kind: Kind::Real,
        accept_new_issuer: false,
        not_before: Timestamp::EPOCH,
    }
}

fn refusal(opened: Result<Installation, OpenError>) -> String {
    opened.err().unwrap().to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_folder_gets_a_key_and_a_data_file_that_only_the_owner_can_read() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let opened = Installation::open(&folder, &options(&folder)).unwrap();
    assert!(opened.is_new);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("master.key")), 0o400);
    assert_eq!(mode(&folder.join(DATA_FILE)), 0o600);
    let key = fs::read_to_string(folder.join("master.key")).unwrap();
    assert_eq!((key.len(), key.ends_with('\n')), (65, true));
    drop(opened);
    assert!(!Installation::open(&folder, &options(&folder)).unwrap().is_new);
}

#[test]
fn tokens_hashed_before_a_restart_match_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let mint = |entropy: &dyn Entropy| {
        let kind = crate::crypto::token::TokenKind::Link;
        crate::crypto::token::PlainToken::mint(kind, false, Timestamp::from_millis(1), entropy)
    };
    let first = Installation::open(folder.path(), &options).unwrap();
    let token = mint(first.entropy.as_ref());
    let hash = first.keyring.hash(&token);
    drop(first);
    let second = Installation::open(folder.path(), &options).unwrap();
    assert!(second.keyring.matches(&hash, &token));
}

#[test]
fn an_existing_installation_is_asked_for_and_none_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let told = refusal(Installation::open_existing(folder.path(), &options(folder.path())));
    assert!(told.contains("countersign init"), "{told}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn data_without_its_key_are_not_opened_and_no_key_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    drop(Installation::open(folder.path(), &options).unwrap());
    fs::remove_file(options.master_key.path()).unwrap();
    let told = refusal(Installation::open(folder.path(), &options));
    assert!(told.contains("is missing") && told.contains("put the key file back"), "{told}");
    assert!(!options.master_key.path().exists());
}

#[test]
fn a_key_without_its_data_starts_nothing_anew() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    drop(Installation::open(folder.path(), &options).unwrap());
    fs::remove_file(folder.path().join(DATA_FILE)).unwrap();
    for told in [
        refusal(Installation::open(folder.path(), &options)),
        refusal(Installation::open_existing(folder.path(), &options)),
    ] {
        assert!(told.contains("restore the data file from a backup"), "{told}");
    }
    assert!(!folder.path().join(DATA_FILE).exists());
}

#[test]
fn an_emptied_data_file_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    drop(Installation::open(folder.path(), &options).unwrap());
    fs::write(folder.path().join(DATA_FILE), "").unwrap();
    let told = refusal(Installation::open(folder.path(), &options));
    assert!(told.contains("restore it from a backup"), "{told}");
}

#[test]
fn another_installations_key_is_told_from_the_right_one() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &other] {
        drop(Installation::open(folder.path(), &options(folder.path())).unwrap());
    }
    let key = one.path().join("master.key");
    fs::remove_file(&key).unwrap();
    fs::copy(other.path().join("master.key"), &key).unwrap();
    let told = refusal(Installation::open(one.path(), &options(one.path())));
    assert!(told.contains("is not the one"), "{told}");
}

#[test]
fn a_key_that_is_no_key_or_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    drop(Installation::open(folder.path(), &options).unwrap());
    let key = options.master_key.path();
    fs::set_permissions(key, fs::Permissions::from_mode(0o440)).unwrap();
    let told = refusal(Installation::open(folder.path(), &options));
    assert!(told.contains("chmod 0400"), "{told}");
    fs::remove_file(key).unwrap();
    fs::write(key, "not a key").unwrap();
    fs::set_permissions(key, fs::Permissions::from_mode(0o400)).unwrap();
    let told = refusal(Installation::open(folder.path(), &options));
    assert!(told.contains("64 hexadecimal digits"), "{told}");
}

#[test]
fn a_named_key_is_never_made_but_used_when_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("elsewhere.key");
    let master_key = config::MasterKey::Named(key.clone());
    let options = Options { master_key, ..options(folder.path()) };
    let told = refusal(Installation::open(folder.path(), &options));
    assert!(told.contains("data.master_key_file"), "{told}");
    fs::write(&key, [7; 32]).unwrap();
    assert!(Installation::open(folder.path(), &options).unwrap().is_new);
}

#[test]
fn a_changed_issuer_is_refused_until_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let old = options(folder.path());
    drop(Installation::open(folder.path(), &old).unwrap());
    let issuer = "https://new.example.com".parse().unwrap();
    let new = Options { issuer, ..old.clone() };
    let told = refusal(Installation::open(folder.path(), &new));
    assert!(told.contains("--accept-new-issuer"), "{told}");
    let accepted = Options { accept_new_issuer: true, ..new.clone() };
    drop(Installation::open(folder.path(), &accepted).unwrap());
    drop(Installation::open(folder.path(), &new).unwrap());
    assert!(Installation::open(folder.path(), &old).is_err());
}

#[test]
fn real_data_and_a_sandboxs_are_never_mistaken_for_each_other() {
    for (made, asked, word) in
        [(Kind::Real, Kind::Sandbox, "real"), (Kind::Sandbox, Kind::Real, "sandbox")]
    {
        let folder = tempfile::tempdir().unwrap();
        let made = Options { kind: made, ..options(folder.path()) };
        drop(Installation::open(folder.path(), &made).unwrap());
        let asked = Options { kind: asked, ..made };
        let told = refusal(Installation::open(folder.path(), &asked));
        assert!(told.contains(word), "{told}");
    }
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let _first = Installation::open(folder.path(), &options).unwrap();
    let told = refusal(Installation::open(folder.path(), &options));
    assert!(told.contains("in use by another process"), "{told}");
}

#[test]
fn an_installation_whose_making_was_interrupted_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    drop(Installation::open(folder.path(), &options).unwrap());
    let (data, unfinished) = (folder.path().join(DATA_FILE), folder.path().join(UNFINISHED));

    // It stopped before the data file was named.
    fs::rename(&data, &unfinished).unwrap();
    assert!(Installation::open(folder.path(), &options).is_ok());

    // It stopped before there was a key.
    fs::remove_file(&data).unwrap();
    fs::remove_file(options.master_key.path()).unwrap();
    drop(Store::open(&unfinished, options.cache_bytes).unwrap());
    assert!(Installation::open(folder.path(), &options).is_ok());

    // It stopped before the data file knew its key.
    fs::remove_file(&data).unwrap();
    drop(Store::open(&unfinished, options.cache_bytes).unwrap());
    assert!(Installation::open(folder.path(), &options).is_ok());
}

#[test]
fn time_begins_no_earlier_than_a_sandbox_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let ahead = SystemClock::wall().plus(std::time::Duration::from_secs(31 * 86_400));
    let told = Options { not_before: ahead, ..options(folder.path()) };
    assert!(Installation::open(folder.path(), &told).unwrap().clock.now() >= ahead);
}

#[test]
fn time_never_starts_before_the_last_audit_entry() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let opened = Installation::open(folder.path(), &options).unwrap();
    let ahead = SystemClock::wall().plus(std::time::Duration::from_secs(9_999));
    let again = Place::new(folder.path(), &options).creation(&MasterKey::new([1; 32])).unwrap();
    let check = installation::recorded(&opened.store).unwrap().unwrap().key_check;
    let again = CreateInstallation {
        now: ahead,
        key_check: check.try_into().unwrap(),
        token_key: installation::recorded(&opened.store).unwrap().unwrap().token_keys[0].1.clone(),
        ..again
    };
    opened.store.submit_blocking(again).unwrap();
    drop(opened);
    let opened = Installation::open(folder.path(), &options).unwrap();
    assert!(opened.clock.now() >= ahead);
}

#[tokio::test]
async fn time_never_starts_before_what_a_running_server_noted() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let open = || {
        let (folder, options) = (folder.path().to_owned(), options.clone());
        tokio::task::spawn_blocking(move || Installation::open(&folder, &options).unwrap())
    };
    let mut first = open().await.unwrap();
    let ahead = first.clock.now().plus(std::time::Duration::from_secs(3600));
    first.clock = Arc::new(crate::base::clock::ManualClock::at(ahead));
    let cheap = |key: &str, value: &str| config::Flag {
        name: "test".to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let flags = vec![cheap("passwords.memory_kib", "19456"), cheap("passwords.passes", "2")];
    let sources = config::Sources { flags, ..config::Sources::default() };
    let settings = config::load(&sources).unwrap().settings;
    let ops = crate::app::wire::ops(&settings, &first).unwrap();
    ops.note_time().await.unwrap();
    ops.close();
    drop((ops, first));
    assert!(open().await.unwrap().clock.now() >= ahead);
}
