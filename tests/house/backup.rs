//! Backups while everything goes on.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use countersign::app::backup::make;
use countersign::app::backup::make::Stage;
use countersign::app::backup::schedule;
use countersign::app::backup::schedule::Schedule;
use countersign::base::secret::Secret;
use countersign::config;
use countersign::config::Flag;
use countersign::config::Settings;
use countersign::config::Sources;
use countersign::crypto::password::Cost;
use countersign::domain::audit::EventKind;
use countersign::ops::Ops;
use countersign::ops::backup::Backup;
use countersign::ops::backup::Backups;
use countersign::ops::backup::Protection;
use countersign::ops::failure::Failure;
use countersign::store::backup::read::Part;
use countersign::store::table::TableId;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::monitor::asked;
use crate::monitor::value;

const SCOPE: &str = "customers:readonly";
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

type Tables = HashMap<TableId, Vec<(Vec<u8>, Vec<u8>)>>;

/// Keys and values of every table in a backup.
fn rows_in(file: &Path) -> Tables {
    let mut backup = Backup::open(fs::File::open(file).unwrap(), None).unwrap();
    let mut tables: HashMap<_, Vec<_>> = HashMap::new();
    while let Some(part) = backup.next_part().unwrap() {
        if let Part::Rows(table, rows) = part {
            tables.entry(table).or_default().extend(rows);
        }
    }
    tables
}

/// Index rows end with the key of what they list.
fn listed(tables: &Tables, index: TableId) -> HashSet<Vec<u8>> {
    let rows = tables.get(&index).into_iter().flatten();
    rows.map(|(key, _)| key[key.len() - 16..].to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_all_that_was_acknowledged_before_it_and_is_one_cut() {
    let house = House::quick().await;
    let acme = house.company("acme");
    for _ in 0..5 {
        house.tokens("oauth_public", "owner", &acme, SCOPE).await;
        house.client_token().await;
    }
    let before: Vec<_> = house.ops.connections().unwrap().iter().map(|one| one.id).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.backup");
    let (began, begun) = tokio::sync::oneshot::channel();
    let (go_on, going) = mpsc::channel();
    let making = tokio::task::spawn_blocking({
        let (ops, file) = (house.ops.clone(), file.clone());
        move || {
            let mut began = Some(began);
            // It stands still in the middle until others have written.
            let mut tell = |stage| {
                if let (Stage::Writing(_), Some(began)) = (stage, began.take()) {
                    began.send(()).unwrap();
                    going.recv_timeout(Duration::from_secs(60)).unwrap();
                }
            };
            make::make(&ops, &file, &Protection::default(), MACHINE, &mut tell).unwrap()
        }
    });
    begun.await.unwrap();
    // Nobody waits for it.
    for _ in 0..3 {
        house.tokens("oauth_public", "owner", &acme, SCOPE).await;
        house.client_token().await;
    }
    go_on.send(()).unwrap();
    let made = making.await.unwrap();

    let after: Vec<_> = house.ops.connections().unwrap().iter().map(|one| one.id).collect();
    assert_eq!(after.len(), before.len() + 3);
    let tables = rows_in(&file);
    let keys = |table| -> HashSet<Vec<u8>> {
        tables.get(&table).into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    let expected: HashSet<Vec<u8>> = before.iter().map(|id| id.raw().bytes().to_vec()).collect();
    assert_eq!(keys(TableId::Connections), expected, "all of before, nothing of after");
    for index in [TableId::UserConnections, TableId::PlaceConnections] {
        assert_eq!(listed(&tables, index), expected, "{index:?} says the same");
    }
    assert_eq!(keys(TableId::ClientAccessTokens).len(), 5);
    assert_eq!(keys(TableId::RefreshTokens).len(), 5);
    assert_eq!(made.header.entries, tables[&TableId::Audit].len() as u64);
    assert_eq!(house.happened(1), [EventKind::BackupCreated]);
    assert_eq!(made.bytes, fs::metadata(&file).unwrap().len());
    assert_eq!(house.ops.backups(), Backups::default(), "what somebody makes elsewhere is theirs");
}

#[tokio::test]
async fn a_backup_is_its_owners_alone_replaces_nothing_and_leaves_nothing_when_it_fails() {
    let house = House::quick().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.backup");
    made(&house.ops, &file, &Protection::default()).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = fs::read(&file).unwrap();
    let told = made(&house.ops, &file, &Protection::default()).unwrap_err();
    assert!(told.contains("exists already"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert_eq!(house.ops.backups().failed, None, "the server's own did not fail");
    house.ops.close();
    let told = made(&house.ops, &folder.path().join("b.backup"), &Protection::default());
    assert!(told.is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no remains of another");
}

fn made(ops: &Ops, file: &Path, protection: &Protection) -> Result<(), String> {
    std::thread::scope(|scope| {
        let making = || make::make(ops, file, protection, MACHINE, &mut |_| {});
        scope.spawn(making).join().unwrap().map(|_| ()).map_err(|error| error.to_string())
    })
}

#[tokio::test]
async fn a_stop_of_the_server_gives_a_backup_up_while_it_is_written_and_while_it_is_read_back() {
    for stage in ["writing", "reading back"] {
        let house = House::quick().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.backup");
        let told = std::thread::scope(|scope| {
            let making = scope.spawn(|| {
                let mut tell = |now| {
                    if matches!(now, Stage::Verifying(_)) == (stage == "reading back") {
                        house.ops.stop_backups();
                    }
                };
                make::make(&house.ops, &file, &Protection::default(), MACHINE, &mut tell)
            });
            making.join().unwrap().unwrap_err().to_string()
        });
        assert!(told.contains("stop"), "{stage}: {told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{stage}");
    }
}

#[tokio::test]
async fn a_sealed_backup_shows_nobody_what_is_in_it() {
    let house = House::quick().await;
    let folder = tempfile::tempdir().unwrap();
    let passphrase = Some(Secret::from("a passphrase of words"));
    for (name, passphrase, shows) in [("plain", None, true), ("sealed", passphrase, false)] {
        let file = folder.path().join(name);
        let protection = Protection { passphrase, key: None, cost: Some(CHEAP) };
        made(&house.ops, &file, &protection).unwrap();
        let bytes = fs::read(&file).unwrap();
        let needle = b"owner@acme.example";
        assert_eq!(bytes.windows(needle.len()).any(|part| part == needle), shows, "{name}");
    }
}

/// Every six hours into `folder`, where two are kept.
fn settings(folder: &Path) -> Settings {
    let flag = |(key, value): &(&str, &str)| Flag {
        name: "test".to_owned(),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    let path = folder.to_str().unwrap();
    let flags = [("backup.folder", path), ("backup.every", "6h"), ("backup.keep", "2")];
    let sources = Sources { flags: flags.iter().map(flag).collect(), ..Sources::default() };
    config::load(&sources).unwrap().settings
}

#[tokio::test]
async fn what_lies_in_the_folder_at_the_start_is_known_and_what_a_kill_left_there_goes() {
    let house = House::quick().await;
    let folder = tempfile::tempdir().unwrap();
    let schedule = Schedule::of(&settings(folder.path())).unwrap();
    schedule.begin(&house.ops);
    let metric = "countersign_backup_last_success_timestamp_seconds";
    let (_, text) = asked(&house, "/metrics").await;
    let none = format!("\n{metric} 0\n");
    assert!(text.contains(&none), "meant to be there, and there is none: {text}");
    fs::write(folder.path().join("countersign-20231114T221320.123Z.backup"), "12345").unwrap();
    fs::write(folder.path().join("countersign-20221114T221320.123Z.backup"), "1").unwrap();
    fs::write(folder.path().join(".countersign-backup-AbCdEf"), "half of one").unwrap();
    schedule.begin(&house.ops);
    assert_eq!(house.ops.backups().last.unwrap().bytes, 5);
    assert!((value(&house, metric).await - 1_700_000_000.0).abs() < 0.1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn backups_of_a_clock_that_ran_ahead_put_off_none_and_are_the_first_to_go() {
    let house = House::quick().await;
    let folder = tempfile::tempdir().unwrap();
    let schedule = Schedule::of(&settings(folder.path())).unwrap();
    let run =
        || std::thread::scope(|scope| scope.spawn(|| schedule.run(&house.ops)).join()).unwrap();
    let ahead = folder.path().join("countersign-20991231T000000.000Z.backup");
    fs::write(&ahead, "of the year 2099").unwrap();
    run();
    let count = || fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(count(), 2);
    house.advance(60);
    run();
    assert_eq!(count(), 2, "no further one before it is due");
    house.advance(6 * 3600);
    run();
    assert!(!ahead.exists());
    assert_eq!(count(), 2, "the two that are kept");
}

#[tokio::test]
async fn backups_are_made_when_due_and_the_oldest_of_ours_go() {
    let house = House::quick().await;
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("made/when/needed");
    let settings = settings(&backups);
    let schedule = Schedule::of(&settings).unwrap();
    let run =
        || std::thread::scope(|scope| scope.spawn(|| schedule.run(&house.ops)).join()).unwrap();
    let names = || {
        let names = fs::read_dir(&backups).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    run();
    let first = names();
    assert_eq!(first.len(), 1, "the first at once");
    fs::write(backups.join("countersign-notes.backup"), "not ours").unwrap();
    house.advance(6 * 3600 - 1);
    run();
    assert_eq!(names().len(), 2, "none before it is due");
    for _ in 0..3 {
        house.advance(6 * 3600);
        run();
    }
    let last = names();
    assert_eq!(last.len(), 3, "{last:?}");
    assert!(!last.contains(&first[0]) && last.contains(&"countersign-notes.backup".to_owned()));
    let known = house.ops.backups();
    assert!(known.failed.is_none() && known.last.unwrap().file.ends_with(&last[1]));

    fs::remove_dir_all(folder.path().join("made")).unwrap();
    fs::write(folder.path().join("made"), "a file where the folder was").unwrap();
    run();
    let failed = house.ops.backups().failed.unwrap();
    assert!(failed.why.contains("it is backup.folder"), "{}", failed.why);
    let finding = schedule::finding(&settings, Some(&house.ops), house.ops.now());
    assert_eq!((finding.code, &finding.about), ("backup.failed", &failed.why));
    fs::remove_file(folder.path().join("made")).unwrap();
    run();
    assert!(!backups.exists(), "not tried again at once");
    house.advance(600);
    run();
    assert!(house.ops.backups().failed.is_none());
    let finding = schedule::finding(&settings, Some(&house.ops), house.ops.now());
    assert_eq!(finding.code, "backup");
    assert_eq!(names().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn compacting_gives_up_while_a_backup_is_being_made_and_says_so_and_works_once_it_is_over() {
    let house = House::quick().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, ops) = (folder.path().join("a.backup"), house.ops.clone());
    let (began, begun) = mpsc::channel();
    let (go_on, going) = mpsc::channel::<()>();
    let making = std::thread::Builder::new().spawn(move || {
        let mut tell = |stage| {
            if matches!(stage, Stage::Writing(_)) {
                let _ = began.send(());
                // Goes on for good once nobody holds the other end.
                let _ = going.recv();
            }
        };
        make::make(&ops, &file, &Protection::default(), MACHINE, &mut tell).unwrap();
    });
    begun.recv().unwrap();
    let since = tokio::time::Instant::now();
    let told = house.ops.compact().await.unwrap_err();
    assert_eq!(since.elapsed().as_secs(), 30);
    let Failure::Refused(told) = told else { panic!("{told:?}") };
    assert!(told.to_string().contains("a backup or an export"), "{told}");
    house.client_token().await;
    drop(go_on);
    making.unwrap().join().unwrap();
    house.ops.compact().await.unwrap();
}
