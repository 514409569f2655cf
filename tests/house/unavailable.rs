//! While the data file fails every door says so, and that it may pass; when it works again, so does
//! the server, and nothing that was answered is lost.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::store::Store;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::medium::Medium;
use countersign::store::redb::RedbEngine;
use http::StatusCode;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;

const SCOPE: &str = "customers:readonly";

/// A disk that takes nothing while it is full.
#[derive(Clone, Default)]
struct Disk {
    bytes: Arc<InMemoryBackend>,
    full: Arc<AtomicBool>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk")
    }
}

impl Disk {
    fn room(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn is_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }
}

impl Medium for Disk {
    type Backend = Self;

    fn open(&self) -> Result<Self, Fault> {
        self.room().map_err(Fault::engine)?;
        Ok(self.clone())
    }

    fn size(&self) -> Result<u64, Fault> {
        self.bytes.len().map_err(Fault::engine)
    }

    fn name(&self) -> PathBuf {
        PathBuf::from("disk")
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.bytes.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.bytes.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.bytes.write(offset, data)
    }
}

async fn house_on_a_disk() -> (House, Disk) {
    let disk = Disk::default();
    let engine = RedbEngine::over(disk.clone(), 1024 * 1024).unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let store = Store::start_retrying(Arc::new(engine), Duration::from_millis(2)).unwrap();
    (House::on(store).await, disk)
}

fn says_try_again(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1, "{answer:?}");
}

#[tokio::test]
async fn while_the_disk_is_full_every_door_answers_503_with_retry_after() {
    let (house, disk) = house_on_a_disk().await;
    let token = house.client_token().await;
    let grant = [("grant_type", "client_credentials")];
    assert_eq!(house.get("/readyz").await.status, StatusCode::OK);
    disk.is_full(true);
    for _ in 0..2 {
        let refused = house.as_app("api_credentials", &grant).await;
        says_try_again(&refused);
        assert_eq!(refused.error(), "temporarily_unavailable");
    }
    says_try_again(
        &house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &token)]).await,
    );
    says_try_again(
        &house.as_app_at("/oauth/introspect", "resource_server", &[("token", &token)]).await,
    );
    says_try_again(&house.call(&token, "/products").await);
    says_try_again(&house.get(&house.authorize_url("oauth_public", &[])).await);
    says_try_again(&Browser::new(&house).password("owner").await);
    assert_eq!(house.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn when_there_is_room_again_the_server_goes_on_by_itself_and_nothing_is_lost() {
    let (house, disk) = house_on_a_disk().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let text = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let consumed = text(&tokens, "refresh_token");
    let next = house.refresh("oauth_public", &consumed).await.json();
    let revoked = house.client_token().await;
    house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &revoked)]).await;
    disk.is_full(true);
    says_try_again(&house.refresh("oauth_public", &text(&next, "refresh_token")).await);
    disk.is_full(false);
    while house.get("/readyz").await.status != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    // What was answered is answered again; what was revoked stays so; what was told to try again works.
    let again = house.refresh("oauth_public", &consumed).await.json();
    assert_eq!(text(&again, "refresh_token"), text(&next, "refresh_token"));
    assert_eq!(house.call(&revoked, "/products").await.status, StatusCode::UNAUTHORIZED);
    let rotated = house.refresh("oauth_public", &text(&next, "refresh_token")).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    assert!(house.ops.verify_audit().unwrap().is_ok());
}

#[tokio::test]
async fn a_refusal_that_could_not_be_written_down_is_written_later() {
    let (house, disk) = house_on_a_disk().await;
    let app = house.app("api_credentials").client_id.clone();
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", &app),
        ("client_secret", "cs_secret_wrong"),
    ];
    disk.is_full(true);
    assert_eq!(house.post("/oauth/token", &wrong).await.status, StatusCode::UNAUTHORIZED);
    disk.is_full(false);
    while house.get("/readyz").await.status != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    let entries = || house.ops.audit_entries(None, 1).unwrap()[0].sequence;
    let before = entries();
    house.ops.flush_refusals().await.unwrap();
    assert_eq!(entries(), before + 1);
}
