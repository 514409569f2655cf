//! What a restore ends, what it does again, and what it leaves.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use countersign::app::backup::make;
use countersign::app::backup::restore::Restore;
use countersign::app::backup::restore::Restored;
use countersign::app::installation::DATA_FILE;
use countersign::app::installation::Kind;
use countersign::app::installation::Options;
use countersign::base::clock::Timestamp;
use countersign::config::Settings;
use countersign::domain::app::AppKind;
use countersign::domain::app::AppStatus;
use countersign::domain::app_life::Overlap;
use countersign::domain::audit::EventKind;
use countersign::domain::block::Blocked;
use countersign::domain::role::RoleName;
use countersign::ops::administration::judge_client::Judgement;
use countersign::ops::backup::Protection;
use http::StatusCode;
use http::header;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::basic;
use crate::harness::request;

const SCOPE: &str = "customers:readonly";
const PASSWORD: &str = "/settings/security/password";

/// A backup of the house as it is.
pub fn backup(house: &House) -> PathBuf {
    let file = house.folder().join(format!("{}.backup", house.ops.unique()));
    std::thread::scope(|scope| {
        let making =
            || make::make(&house.ops, &file, &Protection::default(), MACHINE, &mut |_| {}).unwrap();
        scope.spawn(making).join().unwrap()
    });
    file
}

/// Restores a backup in a folder where nothing runs.
pub fn restore(
    folder: &Path,
    settings: &Settings,
    file: &Path,
    now: Timestamp,
) -> Result<Restored, String> {
    let options = Options::of(settings, Kind::Real);
    let catalogue = settings.catalogue.clone();
    let restore = Restore { file, passphrase: None, folder, options: &options, catalogue, now };
    restore.run(&mut |_| {}, &mut |_| Ok(())).map_err(|error| error.to_string())
}

/// The house after a restore.
pub fn restored(house: House, file: &Path) -> (House, Restored) {
    let now = house.ops.now();
    let (house, restored) =
        house.while_stopped(|folder, settings| restore(folder, settings, file, now).unwrap());
    assert!(house.ops.verify_audit().unwrap().is_ok());
    (house, restored)
}

pub async fn client_status(house: &House, id: &str, secret: &str) -> StatusCode {
    let authorization = basic(id, secret);
    let headers = [("authorization", authorization.as_str())];
    let form = [("grant_type", "client_credentials")];
    house.post_with("/oauth/token", &form, &headers).await.status
}

/// API credentials of Acme's own: client id and secret.
pub async fn credentials(house: &House) -> (String, String) {
    let new = house.acting(AppKind::ApiCredentials, "acme", "owner", SCOPE);
    let made = house.ops.create_app(new, MACHINE).await.unwrap();
    (made.app.client_id(), made.secret.unwrap().expose().to_owned())
}

pub async fn api_token(house: &House) -> (countersign::base::id::AppId, String) {
    let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPE);
    let made = house.ops.create_app(new, MACHINE).await.unwrap();
    (made.app.id, made.secret.unwrap().expose().to_owned())
}

#[tokio::test]
async fn sessions_codes_and_tokens_end_and_everything_else_is_as_it_was() {
    let house = House::on_disk().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
    let client = house.client_token().await;
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let cookies = house.signed_in("owner").await.cookie_header();
    let (id, secret) = credentials(&house).await;
    let (_, token) = api_token(&house).await;
    let file = backup(&house);
    let entries = house.ops.verify_audit().unwrap().unwrap();
    let (late_id, late_secret) = credentials(&house).await;

    let (house, restored) = restored(house, &file);
    for token in [access.as_str().unwrap(), &client] {
        assert_eq!(house.call(token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    }
    let answer = house.refresh("oauth_public", refresh.as_str().unwrap()).await;
    assert_eq!(answer.error(), "invalid_grant");
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
    let page = request("GET", "/settings/app-connect").header(header::COOKIE, cookies);
    let page = house.send(page.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert!(page.location().starts_with("/sign-in"));

    assert_eq!(client_status(&house, &id, &secret).await, StatusCode::OK);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    assert_eq!(client_status(&house, &late_id, &late_secret).await, StatusCode::UNAUTHORIZED);

    assert_eq!((restored.settled.generation, restored.unread), (2, None));
    // The backup was noted after its cut was made.
    assert_eq!(restored.settled.entry, entries);
    let trail = house.ops.verify_trail().unwrap().unwrap();
    assert_eq!(trail.restores, [restored.settled.entry], "the fork is declared");
    assert!(restored.settled.need_links.is_empty() && restored.settled.apps == 0);
    assert_eq!(restored.settled.people + restored.settled.roles + restored.settled.links, 0);
    assert!(restored.former.unwrap().exists());
}

#[tokio::test]
async fn what_was_revoked_or_deleted_after_the_backup_stays_so() {
    let house = House::on_disk().await;
    let acme: countersign::base::id::CompanyId = house.company("acme").parse().unwrap();
    let (revoked, deleted) = (api_token(&house).await, api_token(&house).await);
    let (rotated, blocked) = (credentials(&house).await, api_token(&house).await);
    house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let connection = house.ops.connections().unwrap()[0].id;
    let file = backup(&house);

    house.ops.revoke_app(revoked.0, MACHINE).await.unwrap();
    house.ops.delete_app(deleted.0, MACHINE).await.unwrap();
    let app = rotated.0.parse().unwrap();
    let new = house.ops.rotate_secret(app, Overlap::Now, MACHINE).await.unwrap();
    house.ops.block(acme, Blocked::App(blocked.0), None, "", MACHINE).await.unwrap();
    house.ops.end_connection(connection, MACHINE).await.unwrap();
    let (viewer, owner) = (house.user_id("viewer"), house.user_id("owner"));
    house.ops.disable_user(viewer, MACHINE).await.unwrap();

    let (house, restored) = restored(house, &file);
    for (what, token) in [("revoked", &revoked.1), ("deleted", &deleted.1)] {
        assert_eq!(
            house.call(token, "/customers").await.status,
            StatusCode::UNAUTHORIZED,
            "{what}"
        );
    }
    let status = house.call(&blocked.1, "/customers").await.status;
    assert!(status.is_client_error(), "blocked: {status}");
    assert_eq!(client_status(&house, &rotated.0, &rotated.1).await, StatusCode::UNAUTHORIZED);
    let newer = new.secret.unwrap();
    assert_eq!(client_status(&house, &rotated.0, newer.expose()).await, StatusCode::UNAUTHORIZED);
    let open = house.ops.connections().unwrap().into_iter().filter(|one| one.is_active()).count();
    assert_eq!(open, 0);
    let user = |id: countersign::base::id::UserId| house.ops.find_user(&id.to_string()).unwrap();
    assert!(!user(viewer).is_active() && user(owner).is_active());
    assert_eq!((restored.settled.apps, restored.settled.connections), (3, 1));
    assert_eq!(restored.settled.people, 1);
}

#[tokio::test]
async fn a_role_comes_back_no_greater_than_it_was_and_one_that_was_removed_does_not() {
    let house = House::on_disk().await;
    let place = house.company("acme").parse().unwrap();
    let (email, _, _) = house.new_operator().await;
    let (email_2, _, _) = house.new_operator().await;
    let (lesser, gone) =
        (house.ops.find_user(&email).unwrap().id, house.ops.find_user(&email_2).unwrap().id);
    let viewer = house.user_id("viewer");
    let file = backup(&house);
    let role = |name: &str| RoleName(name.to_owned());
    house.ops.grant_role(lesser, place, role("viewer"), MACHINE).await.unwrap();
    house.ops.remove_role(gone, place, MACHINE).await.unwrap();
    house.ops.grant_role(viewer, place, role("owner"), MACHINE).await.unwrap();
    let (house, restored) = restored(house, &file);
    let held = |user| {
        let roles = house.ops.person(user).unwrap().unwrap().memberships;
        roles.iter().find(|held| held.place == place).map(|held| held.role.0.clone())
    };
    assert_eq!(held(lesser).as_deref(), Some("viewer"), "what was reduced stays reduced");
    assert_eq!(held(gone), None, "what was removed stays removed");
    assert_eq!(held(viewer).as_deref(), Some("viewer"), "what was granted since is not there");
    assert_eq!(restored.settled.roles, 2);
}

/// Signs in with a recovery code; says whether that worked.
async fn recovers(house: &House, code: &str) -> bool {
    let mut browser = Browser::new(house);
    browser.password("owner").await;
    let page = browser.get("/sign-in/verify").await;
    let answer = browser.submit(&page, "/sign-in/verify", &[("code", code)]).await;
    answer.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn a_recovery_code_that_was_spent_after_the_backup_stays_spent() {
    let house = House::on_disk().await;
    let codes = house.user("owner").recovery_codes.clone();
    let file = backup(&house);
    assert!(recovers(&house, &codes[0]).await);
    let (house, restored) = restored(house, &file);
    assert_eq!(restored.settled.recovery_codes, 1);
    assert!(!recovers(&house, &codes[0]).await);
    assert!(recovers(&house, &codes[1]).await);
}

#[tokio::test]
async fn a_password_that_was_replaced_does_not_come_back_and_a_link_is_asked_for() {
    let house = House::on_disk().await;
    let owner = house.user_id("owner");
    let file = backup(&house);
    house.advance(1);
    {
        let mut browser = house.signed_in("owner").await;
        let page = browser.get(PASSWORD).await;
        let (old, code) = (house.user("owner").password.clone(), house.next_code("owner"));
        let form = [
            ("current_password", old.as_str()),
            ("new_password", "quiet-otter-plays-banjo!"),
            ("new_password_again", "quiet-otter-plays-banjo!"),
            ("code", code.as_str()),
        ];
        let answer = browser.submit(&page, PASSWORD, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    let (house, restored) = restored(house, &file);
    assert!(house.ops.find_user(&owner.to_string()).unwrap().password.is_none());
    let named: Vec<_> = restored.settled.need_links.iter().map(ToString::to_string).collect();
    assert_eq!(named, [house.user("owner").email.clone()]);
}

#[tokio::test]
async fn without_the_former_file_all_apps_and_api_tokens_come_back_revoked() {
    for damage in ["garbage", "empty", "missing", "another"] {
        let house = House::on_disk().await;
        house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
        let (id, secret) = credentials(&house).await;
        let (_, token) = api_token(&house).await;
        let codes = house.user("owner").recovery_codes.clone();
        let file = backup(&house);
        let now = house.ops.now();
        let (house, restored) = house.while_stopped(|folder, settings| {
            let data = folder.join(DATA_FILE);
            match damage {
                "garbage" => fs::write(&data, vec![0x5a; 100_000]).unwrap(),
                "empty" => fs::write(&data, "").unwrap(),
                "missing" => fs::remove_file(&data).unwrap(),
                _ => {
                    let other = tempfile::tempdir().unwrap();
                    let key = countersign::config::MasterKey::InFolder(other.path().join("key"));
                    let options = Options { master_key: key, ..Options::of(settings, Kind::Real) };
                    drop(
                        countersign::app::installation::Installation::open(other.path(), &options)
                            .unwrap(),
                    );
                    fs::rename(other.path().join(DATA_FILE), &data).unwrap();
                }
            }
            restore(folder, settings, &file, now).unwrap()
        });
        assert!(restored.unread.is_some(), "{damage}");
        assert_eq!(client_status(&house, &id, &secret).await, StatusCode::UNAUTHORIZED, "{damage}");
        let status = house.call(&token, "/customers").await.status;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{damage}");
        assert!(!house.ops.connections().unwrap().iter().any(|one| one.is_active()));
        assert!(!recovers(&house, &codes[0]).await, "{damage}: nobody knows which were spent");
        let trail = house.ops.verify_trail().unwrap().unwrap();
        assert_eq!(trail.restores.len(), 1);
        assert_eq!(
            house.happened(30).iter().filter(|kind| **kind == EventKind::BackupRestored).count(),
            1
        );
        assert!(
            house.signed_in("owner").await.get("/").await.status.is_success(),
            "people sign in"
        );
    }
}

#[tokio::test]
async fn a_restore_can_be_restored_over() {
    let house = House::on_disk().await;
    let first = backup(&house);
    let (revoked, token) = api_token(&house).await;
    let second = backup(&house);
    let (house, _) = restored(house, &first);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    house.advance(5);
    let (house, again) = restored(house, &second);
    // It was not in the file in place, so nobody knows that it was not deleted.
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.ops.find_app(&revoked.to_string()).unwrap().id, revoked);
    assert_eq!(again.settled.generation, 3, "one more than the file in place");
}

#[tokio::test]
async fn a_backup_of_another_installation_or_a_missing_key_changes_nothing() {
    let (house, other) = (House::on_disk().await, House::on_disk().await);
    let file = backup(&other);
    let now = house.ops.now();
    let (house, told) = house.while_stopped(|folder, settings| {
        let place = || fs::metadata(folder.join(DATA_FILE)).unwrap().ino();
        let before = place();
        let told = restore(folder, settings, &file, now).unwrap_err();
        assert_eq!(place(), before, "the file in place is the one that was");
        told
    });
    assert!(told.contains("is not the one"), "{told}");
    let ours = backup(&house);
    let empty = tempfile::tempdir().unwrap();
    let (house, told) = house.while_stopped(|_, settings| {
        let key = countersign::config::MasterKey::InFolder(empty.path().join("master.key"));
        let options = Options { master_key: key, ..Options::of(settings, Kind::Real) };
        let catalogue = settings.catalogue.clone();
        let (file, folder) = (&*ours, empty.path());
        let restore = Restore { file, passphrase: None, folder, options: &options, catalogue, now };
        restore.run(&mut |_| {}, &mut |_| Ok(())).unwrap_err().to_string()
    });
    assert!(told.contains("is missing"), "{told}");
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
    assert!(house.ops.verify_audit().unwrap().is_ok());
}

#[tokio::test]
async fn a_program_that_was_blocked_and_is_revoked_since_comes_back_revoked() {
    let house = House::on_disk().await;
    let known = house.guide.apps.iter().find(|app| app.kind == "oauth_public").unwrap();
    let app = house.ops.find_app(&known.client_id).unwrap().id;
    house.ops.judge_client(app, Judgement::Block, MACHINE).await.unwrap();
    let file = backup(&house);
    let revoked = house.ops.revoke_app(app, MACHINE).await.unwrap();
    assert!(matches!(revoked.status, AppStatus::Revoked { .. }), "also while it is blocked");
    let (house, _) = restored(house, &file);
    let app = house.ops.judge_client(app, Judgement::Unblock, MACHINE).await.unwrap();
    assert!(matches!(app.status, AppStatus::Revoked { .. }), "{:?}", app.status);
}
