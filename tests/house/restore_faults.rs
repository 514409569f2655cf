//! A restore that fails or is cut off: the old file or the new one is in place, whole.

use std::fs;
use std::path::Path;

use countersign::app::backup::BackupError;
use countersign::app::backup::restore::Restore;
use countersign::app::backup::restore::Step;
use countersign::app::installation::DATA_FILE;
use countersign::app::installation::Installation;
use countersign::app::installation::Kind;
use countersign::app::installation::Options;
use countersign::config::Settings;
use countersign::domain::app::AppKind;
use countersign::domain::app::AppStatus;
use countersign::store::Store;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::restore::backup;
use crate::restore::restore;

/// Whether the app that was made after the backup is there, in a file that opens and verifies.
fn has_the_later(folder: &Path, settings: &Settings, later: &str) -> bool {
    let opened = Installation::open_existing(folder, &Options::of(settings, Kind::Real)).unwrap();
    let ops = countersign::app::wire::ops(settings, &opened).unwrap();
    assert!(ops.verify_audit().unwrap().is_ok());
    let found = ops.find_app(later).is_ok();
    ops.close();
    found
}

#[tokio::test]
async fn at_whatever_step_it_is_cut_off_the_old_or_the_new_file_is_in_place() {
    let steps = [Step::Held, Step::Filled, Step::Settled, Step::Key, Step::Kept, Step::Swapped];
    let house = House::on_disk().await;
    let file = backup(&house);
    let new = house.acting(AppKind::ApiToken, "acme", "owner", "customers:readonly");
    let later = house.ops.create_app(new, MACHINE).await.unwrap().app.client_id();
    let now = house.ops.now();
    let (_house, ()) = house.while_stopped(|folder, settings| {
        let options = Options::of(settings, Kind::Real);
        for stop in steps {
            let catalogue = settings.catalogue.clone();
            let file = &*file;
            let restore =
                Restore { file, passphrase: None, folder, options: &options, catalogue, now };
            let mut seen = Vec::new();
            let stopped = restore.run(&mut |_| {}, &mut |step| {
                seen.push(step);
                let cut = || BackupError::Broken("cut off".to_owned());
                if step == stop { Err(cut()) } else { Ok(()) }
            });
            assert!(stopped.is_err());
            assert_eq!(seen.last(), Some(&stop));
            assert_eq!(has_the_later(folder, settings, &later), stop != Step::Swapped, "{stop:?}");
            let remains = fs::read_dir(folder).unwrap().filter(|entry| {
                let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
                name.contains("restoring")
            });
            assert_eq!(remains.count(), 0, "{stop:?}");
        }
    });
}

#[tokio::test]
async fn a_backup_that_is_damaged_anywhere_is_named_so_and_never_half_restored() {
    let house = House::on_disk().await;
    let file = backup(&house);
    let bytes = fs::read(&file).unwrap();
    let now = house.ops.now();
    let (_house, ()) = house.while_stopped(|folder, settings| {
        let before = fs::metadata(folder.join(DATA_FILE)).unwrap();
        // Places all over the file, the same in each run.
        let places = (1..20_usize).map(|n| n * 7919 % bytes.len()).chain([bytes.len() - 1]);
        for at in places {
            let damaged = folder.join("damaged.backup");
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            fs::write(&damaged, &changed).unwrap();
            let told = restore(folder, settings, &damaged, now).unwrap_err();
            let named = ["damaged", "cut short", "no backup", "newer version"];
            assert!(named.iter().any(|word| told.contains(word)), "{at}: {told}");
            fs::write(&damaged, &bytes[..at]).unwrap();
            let told = restore(folder, settings, &damaged, now).unwrap_err();
            assert!(told.contains("cut short") || told.contains("no backup"), "{at}: {told}");
            fs::remove_file(&damaged).unwrap();
        }
        let after = fs::metadata(folder.join(DATA_FILE)).unwrap();
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(before.ino(), after.ino(), "the file in place is the one that was");
    });
}

#[tokio::test]
async fn a_restore_is_refused_while_the_server_runs_and_leftovers_of_a_killed_one_go() {
    let house = House::on_disk().await;
    let file = backup(&house);
    let now = house.ops.now();
    let (_house, ()) = house.while_stopped(|folder, settings| {
        let running = Store::open(&folder.join(DATA_FILE), 1024 * 1024).unwrap();
        let told = restore(folder, settings, &file, now).unwrap_err();
        assert!(told.contains("in use by another process"), "{told}");
        running.close();
        drop(running);
        let left = folder.join(".countersign.redb.restoring-AbCdEf");
        fs::write(&left, "half of a restore").unwrap();
        restore(folder, settings, &file, now).unwrap();
        assert!(!left.exists());
    });
}

#[tokio::test]
async fn however_the_file_in_place_is_damaged_the_backup_is_restored_and_what_is_not_known_has_ended()
 {
    let house = House::on_disk().await;
    let new = house.acting(AppKind::ApiToken, "acme", "owner", "customers:readonly");
    let token = house.ops.create_app(new, MACHINE).await.unwrap().app;
    let file = backup(&house);
    house.ops.revoke_app(token.id, MACHINE).await.unwrap();
    let now = house.ops.now();
    let (_house, ()) = house.while_stopped(|folder, settings| {
        let data = folder.join(DATA_FILE);
        let sound = fs::read(&data).unwrap();
        let (mut read, mut unread) = (0, 0);
        // Pages all over the file, the same in each run.
        for page in (0..sound.len() / 4096).step_by(3) {
            let mut damaged = sound.clone();
            damaged[page * 4096..(page + 1) * 4096].fill(0x5a);
            fs::remove_file(&data).unwrap();
            fs::write(&data, &damaged).unwrap();
            let restored = restore(folder, settings, &file, now).unwrap();
            if restored.unread.is_some() {
                unread += 1;
            } else {
                read += 1;
            }
            fs::remove_file(restored.former.unwrap()).unwrap();
            let options = Options::of(settings, Kind::Real);
            let opened = Installation::open_existing(folder, &options).unwrap();
            let ops = countersign::app::wire::ops(settings, &opened).unwrap();
            let found = ops.find_app(&token.id.to_string()).unwrap();
            assert!(found.status != AppStatus::Active, "page {page}: {found:?}");
            ops.close();
        }
        assert!(read > 0 && unread > 0, "read {read}, unread {unread}");
    });
}
