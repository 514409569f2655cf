//! Data files and backups of every format that was ever released: they are brought up to date, and read
//! row by row as written down beside them.
//!
//! `tests/fixtures/make` makes those of the current format. Older ones are never made again; when the
//! format changes, only the rows that are expected of them change.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use countersign::app::backup::make;
use countersign::app::backup::restore::Restore;
use countersign::app::installation::DATA_FILE;
use countersign::app::installation::Installation;
use countersign::app::installation::Kind;
use countersign::app::installation::Options;
use countersign::app::wire;
use countersign::base::clock::Timestamp;
use countersign::base::secret::Secret;
use countersign::config::MasterKey;
use countersign::config::Settings;
use countersign::crypto::password::Cost;
use countersign::domain::app::AppKind;
use countersign::domain::block::Blocked;
use countersign::domain::company::Place;
use countersign::domain::logo::Logo;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::invite::NewInvitation;
use countersign::ops::backup::Backup;
use countersign::ops::backup::Protection;
use countersign::ops::webhooks::manage::NewEndpoint;
use countersign::store::Store;
use countersign::store::backup::read::Part;
use countersign::store::engine::Engine as _;
use countersign::store::engine::Read;
use countersign::store::fault::Fault;
use countersign::store::format::FORMAT;
use countersign::store::format::Known;
use countersign::store::reader::Reader;
use countersign::store::redb::RedbEngine;
use countersign::store::table::Table;
use countersign::store::table::TableId;
use countersign::store::tables;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::par;
use crate::registering;
use crate::workspace_scenes::LOGO;

const PASSPHRASE: &str = "the passphrase of a fixture";
const CACHE: usize = 8 * 1024 * 1024;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The folders of all formats, with their numbers.
fn formats() -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.strip_prefix("format-")?;
        Some((name.parse().ok()?, path.clone()))
    };
    let mut found: Vec<_> = entries.filter_map(|path| number(&path)).collect();
    found.sort();
    found
}

/// A row as people read it: JSON as it is, everything else in hexadecimal digits.
fn line(table: TableId, key: &[u8], value: &[u8]) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let json = value.strip_prefix(&[1]).filter(|json| json.starts_with(b"{"));
    let shown = match json.and_then(|json| std::str::from_utf8(json).ok()) {
        Some(json) => format!("1 {json}"),
        None => hex(value),
    };
    format!("{} {} {shown}\n", table.name(), hex(key))
}

fn rows_of(store: &Store) -> String {
    let read = |reader: &Reader<'_>| {
        let mut text = String::new();
        for table in TableId::ALL {
            for (key, value) in reader.state().range(*table, &[], None, usize::MAX)? {
                text.push_str(&line(*table, &key, &value));
            }
        }
        Ok(text)
    };
    store.read(read).unwrap()
}

/// Every row of every table as its type has it.
fn read_typed(store: &Store) {
    fn all<T: Table>(reader: &Reader<'_>) -> Result<(), Fault> {
        reader.all::<T>().map(|_| ())
    }
    let read = |reader: &Reader<'_>| {
        all::<tables::Meta>(reader)?;
        all::<tables::TokenKeys>(reader)?;
        all::<tables::SigningKeys>(reader)?;
        all::<tables::Companies>(reader)?;
        all::<tables::Firms>(reader)?;
        all::<tables::Slugs>(reader)?;
        all::<tables::FirmCompanies>(reader)?;
        all::<tables::Users>(reader)?;
        all::<tables::Emails>(reader)?;
        all::<tables::Memberships>(reader)?;
        all::<tables::Members>(reader)?;
        all::<tables::Factors>(reader)?;
        all::<tables::Attempts>(reader)?;
        all::<tables::Browsers>(reader)?;
        all::<tables::Apps>(reader)?;
        all::<tables::AppLogos>(reader)?;
        all::<tables::PlaceApps>(reader)?;
        all::<tables::Connections>(reader)?;
        all::<tables::UserConnections>(reader)?;
        all::<tables::PlaceConnections>(reader)?;
        all::<tables::Codes>(reader)?;
        all::<tables::AccessTokens>(reader)?;
        all::<tables::ClientAccessTokens>(reader)?;
        all::<tables::RefreshTokens>(reader)?;
        all::<tables::Sessions>(reader)?;
        all::<tables::UserSessions>(reader)?;
        all::<tables::AnsweredRequests>(reader)?;
        all::<tables::PushedRequests>(reader)?;
        all::<tables::Links>(reader)?;
        all::<tables::ApiTokens>(reader)?;
        all::<tables::Blocks>(reader)?;
        all::<tables::AppUse>(reader)?;
        all::<tables::SecretUse>(reader)?;
        all::<tables::ConnectionUse>(reader)?;
        all::<tables::SelfRegistered>(reader)?;
        all::<tables::UnusedClients>(reader)?;
        all::<tables::IdleChecks>(reader)?;
        all::<tables::AppConnections>(reader)?;
        all::<tables::InitialTokens>(reader)?;
        all::<tables::ClientDocuments>(reader)?;
        all::<tables::AssertionIds>(reader)?;
        all::<tables::AnsweredChallenges>(reader)?;
        all::<tables::UsageHours>(reader)?;
        all::<tables::UsageDays>(reader)?;
        all::<tables::Invitations>(reader)?;
        all::<tables::OwnRoles>(reader)?;
        all::<tables::Webhooks>(reader)?;
        all::<tables::WebhookOutbox>(reader)?;
        all::<tables::WebhookLog>(reader)?;
        all::<tables::WebhookTold>(reader)?;
        all::<tables::WebhookUntold>(reader)?;
        all::<tables::WebhookOver>(reader)?;
        Ok(())
    };
    store.read(read).unwrap();
}

/// Tables that the making of a fixture fills nothing into: what people and strangers bring from elsewhere,
/// and what a running server empties within seconds.
const EMPTY: &[TableId] = &[
    TableId::AnsweredChallenges,
    TableId::AppConnections,
    TableId::AssertionIds,
    TableId::ClientDocuments,
    TableId::IdleChecks,
    TableId::WebhookOver,
    TableId::WebhookUntold,
];

fn assert_same(found: &str, expected: &str, what: &str) {
    let lines: Vec<_> = expected.lines().collect();
    for (at, line) in found.lines().enumerate() {
        assert_eq!(Some(&line), lines.get(at), "{what}, row {}", at + 1);
    }
    assert_eq!(found.lines().count(), lines.len(), "{what}");
}

/// A copy, since opening migrates it.
fn copied(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in [DATA_FILE, "master.key"] {
        fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    let key = copy.path().join("master.key");
    fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    copy
}

fn options(folder: &Path) -> Options {
    Options {
        cache_bytes: CACHE,
        master_key: MasterKey::InFolder(folder.join("master.key")),
        issuer: crate::harness::ISSUER.parse().unwrap(),
        kind: Kind::Real,
        accept_new_issuer: false,
        not_before: Timestamp::EPOCH,
    }
}

#[test]
fn there_is_a_fixture_of_every_format() {
    let found: Vec<_> = formats().into_iter().map(|(number, _)| number).collect();
    assert_eq!(found, (1..=FORMAT).collect::<Vec<_>>());
}

#[test]
fn the_newest_fixture_has_rows_of_every_table() {
    let (_, folder) = formats().pop().unwrap();
    let rows = fs::read_to_string(folder.join("rows.txt")).unwrap();
    for table in TableId::ALL {
        let begin = format!("{} ", table.name());
        let any = rows.lines().any(|line| line.starts_with(&begin));
        assert_eq!(any, !EMPTY.contains(table), "{}", table.name());
    }
}

#[test]
fn a_data_file_of_every_format_is_brought_up_to_date_row_by_row() {
    for (format, folder) in formats() {
        let expected = fs::read_to_string(folder.join("rows.txt")).unwrap();
        let copy = copied(&folder);
        let store = Store::open(&copy.path().join(DATA_FILE), CACHE).unwrap();
        assert_same(&rows_of(&store), &expected, &format!("format {format}"));
        read_typed(&store);
        store.close();
        drop(store);
        let opened = Installation::open_existing(copy.path(), &options(copy.path())).unwrap();
        let verified =
            opened.store.read(|reader| countersign::store::chain::verify(reader.state()));
        assert!(verified.unwrap().unwrap() > 20, "format {format}");
        let backups = fs::read_dir(copy.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            name.starts_with("countersign-before-upgrade-of-format-")
        });
        assert_eq!(backups.count(), usize::from(format < FORMAT), "format {format}");
    }
}

#[test]
fn a_backup_of_every_format_is_read_and_restored() {
    for (format, folder) in formats() {
        let expected = fs::read_to_string(folder.join("rows.txt")).unwrap();
        for (name, passphrase) in [("plain", None), ("sealed", Some(Secret::from(PASSPHRASE)))] {
            let file = folder.join(format!("{name}.backup"));
            let from = fs::File::open(&file).unwrap();
            let mut backup = Backup::open(from, passphrase.as_ref()).unwrap();
            let mut rows = String::new();
            while let Some(part) = backup.next_part().unwrap() {
                if let Part::Rows(table, some) = part {
                    some.iter().for_each(|(key, value)| rows.push_str(&line(table, key, value)));
                }
            }
            if format == FORMAT {
                assert_same(&rows, &expected, name);
            }
            let place = tempfile::tempdir().unwrap();
            if name == "plain" {
                fs::copy(folder.join("master.key"), place.path().join("master.key")).unwrap();
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o400);
                fs::set_permissions(place.path().join("master.key"), mode).unwrap();
            }
            let options = options(place.path());
            let settings: Settings = crate::harness::defaults();
            let restore = Restore {
                file: &file,
                passphrase: passphrase.as_ref(),
                folder: place.path(),
                options: &options,
                catalogue: settings.catalogue.clone(),
                now: Timestamp::EPOCH,
            };
            let restored = restore.run(&mut |_| {}, &mut |_| Ok(())).unwrap();
            assert_eq!(restored.key, name == "sealed", "the key is in the sealed one");
            let opened = Installation::open_existing(place.path(), &options).unwrap();
            let ops = wire::ops(&settings, &opened).unwrap();
            assert_eq!(ops.verify_trail().unwrap().unwrap().restores.len(), 1);
        }
    }
}

/// A later version, which empties a table.
const LATER: Known<'_> = Known {
    oldest: FORMAT,
    steps: &[|to| to.delete_below(TableId::Apps, &[0xff; 17], usize::MAX).map(|_| ())],
};

#[test]
fn before_a_migration_a_backup_is_made_that_can_be_restored_and_without_one_nothing_is_migrated() {
    let (format, folder) = formats().pop().unwrap();
    let expected = fs::read_to_string(folder.join("rows.txt")).unwrap();
    let copy = copied(&folder);
    let engine = RedbEngine::open(&copy.path().join(DATA_FILE), CACHE).unwrap();
    let format_of = || countersign::store::format::of(engine.snapshot().unwrap().as_ref()).unwrap();
    let now = Timestamp::from_seconds(1_790_000_000);
    let mut made = None;
    let before = |place: &Path, state: &dyn Read, found| {
        make::before_migration(place, (state, found), now).map_err(|error| error.to_string())
    };
    let nowhere = copy.path().join("nowhere");
    let failing = countersign::store::format::migrate(&engine, &LATER, &mut |state, found| {
        let told = before(&nowhere, state, found).unwrap_err();
        assert!(told.contains("name a folder that exists"), "{told}");
        Err(Fault::Stopped)
    });
    assert!(failing.is_err());
    assert_eq!(format_of(), format, "no backup, no migration");
    countersign::store::format::migrate(&engine, &LATER, &mut |state, found| {
        made = Some(before(copy.path(), state, found).unwrap());
        Ok(())
    })
    .unwrap();
    assert_eq!(format_of(), format + 1);
    assert_eq!(engine.snapshot().unwrap().count(TableId::Apps).unwrap(), 0);

    let (made, place) = (made.unwrap(), tempfile::tempdir().unwrap());
    let mut backup = Backup::open(fs::File::open(&made).unwrap(), None).unwrap();
    let mut rows = String::new();
    while let Some(part) = backup.next_part().unwrap() {
        if let Part::Rows(table, some) = part {
            some.iter().for_each(|(key, value)| rows.push_str(&line(table, key, value)));
        }
    }
    assert_same(&rows, &expected, "what was there before");
    fs::copy(copy.path().join("master.key"), place.path().join("master.key")).unwrap();
    let (options, settings) = (options(place.path()), crate::harness::defaults());
    let (folder, catalogue) = (place.path(), settings.catalogue.clone());
    let restore =
        Restore { file: &made, passphrase: None, folder, options: &options, catalogue, now };
    restore.run(&mut |_| {}, &mut |_| Ok(())).unwrap();
    Installation::open_existing(place.path(), &options).unwrap();
}

#[test]
fn a_newer_data_file_is_refused_with_a_plain_sentence_and_left_alone() {
    let (_, folder) = formats().pop().unwrap();
    let copy = copied(&folder);
    let file = copy.path().join(DATA_FILE);
    let newer = format!("format {}", FORMAT + 1);
    let engine = RedbEngine::open(&file, CACHE).unwrap();
    let number = (FORMAT + 1).to_be_bytes();
    engine.write(&mut |to| to.put(TableId::Meta, b"format", &number)).unwrap();
    drop(engine);
    let opened = Installation::open_existing(copy.path(), &options(copy.path()));
    let told = opened.err().unwrap().to_string();
    assert!(told.contains(&newer) && told.contains("restore a backup"), "{told}");
}

/// What few installations have.
async fn fill(house: &House) {
    let place: Place = house.company("acme").parse().unwrap();
    let Place::Company(company) = place else { panic!("{place:?}") };
    let new = house.acting(AppKind::ApiToken, "acme", "owner", "customers:readonly");
    let blocked = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    house.ops.block(company, Blocked::App(blocked), None, "unknown", MACHINE).await.unwrap();
    let scopes = ScopeSet::parse("customers:readonly");
    let role = house.ops.save_role(place, None, "Desk", &scopes, MACHINE).await.unwrap();
    let email = "invited@acme.example".parse().unwrap();
    let new = NewInvitation { email, name: "In Vited".to_owned(), role, place };
    house.ops.invite(new, MACHINE).await.unwrap();
    let url = "https://hooks.example/in".to_owned();
    let new = NewEndpoint { place, url, topics: Vec::new(), note: "a note".to_owned() };
    house.ops.create_webhook(new, MACHINE).await.unwrap();
    let made = house.ops.create_initial_token("fleet", None, None, MACHINE).await.unwrap();
    let (token, body) = (made.plain.expose(), registering::public().to_string());
    let request = registering::asking("POST", registering::REGISTER, Some(token), &body);
    assert!(house.send(request).await.status.is_success());
    assert!(par::push(house, &[]).await.status.is_success());
    let logo = Some(Logo::read(LOGO).unwrap());
    let till = NewApp { logo, ..NewApp::of(AppKind::OauthPublic, "Till".to_owned()) };
    let redirect_uris = vec!["https://till.example/callback".parse().unwrap()];
    house.ops.create_app(NewApp { redirect_uris, ..till }, MACHINE).await.unwrap();
}

#[tokio::test]
#[ignore = "writes tests/fixtures; run tests/fixtures/make"]
async fn write_the_fixture_of_the_current_format() {
    let register = [("clients.registration", "initial_token")];
    let house = House::on_disk().await.restarted(&register);
    fill(&house).await;
    let acme = house.company("acme");
    for _ in 0..2 {
        let tokens = house.tokens("oauth_public", "owner", &acme, "customers:readonly").await;
        house.refresh("oauth_public", tokens["refresh_token"].as_str().unwrap()).await;
        house.client_token().await;
    }
    house.code("oauth_public", "owner", &acme, "customers:readonly").await;
    let new = house.acting(AppKind::ApiToken, "acme", "owner", "customers:readonly");
    house.ops.create_app(new, MACHINE).await.unwrap();
    house.advance(352 * 24 * 3600);
    house.ops.announce_what_is_due().await.unwrap();
    for claim in house.ops.claim_webhooks().unwrap() {
        // Nobody answers: it stays, with a line in the log.
        claim.deliver().await.unwrap();
    }
    house.ops.flush().await.unwrap();
    house.ops.keep_signing_keys().await.unwrap();
    let folder = fixtures().join(format!("format-{FORMAT}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    house.ops.compact().await.unwrap();
    let (_house, ()) = house.while_stopped(|from, settings| {
        let key = make::protection(settings, None, true).unwrap().key;
        let store = Store::open(&from.join(DATA_FILE), CACHE).unwrap();
        fs::write(folder.join("rows.txt"), rows_of(&store)).unwrap();
        store.close();
        drop(store);
        fs::copy(from.join(DATA_FILE), folder.join(DATA_FILE)).unwrap();
        fs::copy(from.join("master.key"), folder.join("master.key")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(folder.join("master.key"), mode).unwrap();
        let opened = Installation::open_existing(from, &Options::of(settings, Kind::Real)).unwrap();
        let ops = wire::ops(settings, &opened).unwrap();
        let cost = Some(Cost { memory_kib: 8, passes: 1 });
        let plain = Protection { passphrase: None, key: None, cost };
        let sealed = Protection { passphrase: Some(PASSPHRASE.into()), key, cost };
        // Written at once, so that both hold what `rows.txt` says.
        for (name, protection) in [("plain", plain), ("sealed", sealed)] {
            let mut to = fs::File::create(folder.join(format!("{name}.backup"))).unwrap();
            ops.write_backup(&protection, &mut to, &mut |_| {}).unwrap();
        }
        make::verify(&folder.join("plain.backup"), None, &mut |_| {}).unwrap();
    });
}
