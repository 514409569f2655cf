//! The audit trail elsewhere: every entry, in its order, from where it ended.

use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::Mutex;

use countersign::app::shipping;
use countersign::outbound::shipping::Sink;
use countersign::server::Shutdown;
use serde_json::Value;

use crate::harness::House;

fn into_file(house: &House) -> Arc<Mutex<Sink>> {
    let path = house.folder().join("audit.jsonl");
    Arc::new(Mutex::new(Sink::File { path, bytes: 1 << 20, keep: 2 }))
}

async fn ship(house: &House, sink: &Arc<Mutex<Sink>>) -> Result<(), String> {
    shipping::ship(&house.ops, sink, &Shutdown::new()).await
}

/// The numbers of the entries in the file.
fn shipped(house: &House) -> Vec<u64> {
    let text = std::fs::read_to_string(house.folder().join("audit.jsonl")).unwrap();
    let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.map(|entry| entry["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn every_entry_is_sent_once_and_in_order_over_a_restart() {
    let house = House::on_disk().await;
    let sink = into_file(&house);
    ship(&house, &sink).await.unwrap();
    let before = shipped(&house).len();
    assert!(before > 3 && house.ops.entries_behind().unwrap() == 0);
    let house = house.restarted(&[]);
    house
        .as_app("api_credentials", &[("grant_type", "client_credentials"), ("scope", "no:such")])
        .await;
    assert!(house.ops.entries_behind().unwrap() > 0);
    ship(&house, &sink).await.unwrap();
    let numbers = shipped(&house);
    assert!(numbers.len() > before);
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
}

#[tokio::test]
async fn what_nobody_takes_waits() {
    let house = House::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let sink = Arc::new(Mutex::new(Sink::Journal(path.clone())));
    let behind = house.ops.entries_behind().unwrap();
    assert!(ship(&house, &sink).await.is_err());
    assert_eq!(house.ops.entries_behind().unwrap(), behind);
    let journal = UnixDatagram::bind(&path).unwrap();
    let reading = tokio::task::spawn_blocking(move || {
        let mut first = vec![0; 64 * 1024];
        let length = journal.recv(&mut first).unwrap();
        let mut more = vec![0; 64 * 1024];
        (1..behind).for_each(|_| assert!(journal.recv(&mut more).unwrap() > 0));
        String::from_utf8(first[..length].to_vec()).unwrap()
    });
    ship(&house, &sink).await.unwrap();
    let first = reading.await.unwrap();
    assert!(first.contains("\"sequence\":1"), "{first}");
    assert_eq!(house.ops.entries_behind().unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_stops_begins_no_other_batch() {
    let house = House::on_disk().await;
    let sink = into_file(&house);
    let stopping = Shutdown::new();
    stopping.begin();
    shipping::ship(&house.ops, &sink, &stopping).await.unwrap();
    assert!(!house.folder().join("audit.jsonl").exists());
    assert!(house.ops.entries_behind().unwrap() > 0);
}
