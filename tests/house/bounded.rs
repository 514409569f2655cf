//! What is kept is bounded: the queue before the writer, and every table whose rows expire.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use countersign::base::clock::Timestamp;
use countersign::base::entropy::SystemEntropy;
use countersign::base::id::RawId;
use countersign::domain::audit::Origin;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::sweeping;
use countersign::store::Store;
use countersign::store::changes::Changes;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::reader::Reader;
use countersign::store::redb::RedbEngine;
use countersign::store::sweep::SWEEP_AT_ONCE;
use countersign::store::table::TableId;
use countersign::store::tables::AnsweredChallenges;
use countersign::store::tables::AssertionIds;
use countersign::store::writer::Decision;
use countersign::store::writer::Operation;
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;

use crate::disk::Disk;
use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::storm::SCOPE;
use crate::storm::allow;
use crate::storm::checked;
use crate::storm::live;
use crate::storm::stay_active;

/// Operations that wait at most, and those of the one commit that is under way beside them.
const QUEUE: usize = 4096;
const GROUP: usize = 512;
/// More than one piece of a sweep.
const MANY: usize = SWEEP_AT_ONCE + 500;
/// Sessions, codes and connections, each of which takes a sign-in or a consent.
const SOME: usize = 1000;
/// People who were invited.
const GUESTS: usize = 100;
const DAY: u64 = 24 * 3600;
const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];

fn rows(store: &Store, table: TableId) -> usize {
    let count = store.read(|reader| reader.state().count(table)).unwrap();
    usize::try_from(count).unwrap()
}

async fn issue(house: &House) -> Answer {
    house.as_app("api_credentials", &GRANT).await
}

async fn revoke(house: &House, token: &str) -> Answer {
    house.as_app_at("/oauth/revoke", "api_credentials", &[("token", token)]).await
}

/// As many assertions as clients used, which end now, and challenges that passkeys answered. To use them
/// by the door takes a client elsewhere (`client_assertions`), and an authenticator (`passkeys`).
struct UsedUp(Timestamp);

impl Operation for UsedUp {
    type Outcome = ();

    fn decide(self, _: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for _ in 0..SOME {
            let key = RawId::make(self.0, &SystemEntropy::new());
            changes.put::<AssertionIds>(&key, &())?;
            changes.put::<AnsweredChallenges>(&key, &())?;
        }
        Ok(Decision { changes, outcome: () })
    }
}

fn assert_busy(answer: &Answer) {
    assert_eq!(answer.refusal(), (503, "temporarily_unavailable".to_owned()), "{answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_full_queue_refuses_what_comes_and_answers_all_that_wait() {
    let disk = Disk::default();
    let engine = RedbEngine::over(disk.clone(), 0).unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let store = Store::start(Arc::new(engine)).unwrap();
    let house = House::over(store.clone(), &[]).seeded().await;
    let kept = issue(&house).await.text("access_token");
    assert_eq!(house.call(&kept, "/customers").await.status, StatusCode::OK);
    let before = rows(&store, TableId::ClientAccessTokens);
    disk.hold();
    let mut waiting = FuturesUnordered::new();
    let refused = loop {
        waiting.push(issue(&house));
        if let Some(answer) = waiting.next().now_or_never() {
            break answer.unwrap();
        }
        // So that the writer is called, and stands before the disk with the first group.
        tokio::task::yield_now().await;
    };
    let waited = waiting.len();
    assert!((QUEUE + 1..=QUEUE + GROUP).contains(&waited), "{waited} waited");
    assert_busy(&refused);
    assert_busy(&issue(&house).await);
    assert_busy(&revoke(&house, &kept).await);
    // Whoever only reads is answered all the while.
    assert_eq!(house.call(&kept, "/customers").await.status, StatusCode::OK);
    disk.release();
    while let Some(answer) = waiting.next().await {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    assert_eq!(rows(&store, TableId::ClientAccessTokens), before + waited, "of no refused one");
    assert_eq!(house.call(&kept, "/customers").await.status, StatusCode::OK, "nor was it revoked");
    assert_eq!(revoke(&house, &kept).await.status, StatusCode::OK);
    assert_eq!(house.call(&kept, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(issue(&house).await.status, StatusCode::OK);
}

/// What the server does every minute while it runs (`app::serving`).
async fn keep_house(house: &House) {
    house.ops.flush().await.unwrap();
    house.ops.note_time().await.unwrap();
    house.ops.sweep().await.unwrap();
    house.ops.reclaim().await.unwrap();
}

fn bulk(house: &House) -> Vec<TableId> {
    sweeping::swept(&house.ops.settings().lifetimes).into_iter().map(|(table, _)| table).collect()
}

/// Rows of every table that is not swept. What the house notes of itself is none of them.
fn others(house: &House, store: &Store) -> BTreeMap<&'static str, usize> {
    let bulk = bulk(house);
    TableId::ALL
        .iter()
        .filter(|table| !bulk.contains(table) && **table != TableId::Meta)
        .map(|table| (table.name(), rows(store, *table)))
        .collect()
}

async fn push(house: &House) {
    let form = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", SCOPE)];
    let answer = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

/// Makes somebody and a link by which to choose a password: a person has one link at most.
async fn invite(house: &House, number: usize) {
    let new = NewUser {
        email: format!("guest{number}@acme.example").parse().unwrap(),
        name: "A Guest".to_owned(),
        password: None,
        operator: false,
    };
    let guest = house.ops.create_user(new, Origin::default()).await.unwrap();
    house.ops.welcome(guest.id, Origin::default()).await.unwrap();
}

/// Fills every table that is swept, each by what fills it in use.
async fn fill(house: &House) {
    for _ in 0..MANY {
        issue(house).await;
        push(house).await;
    }
    for number in 0..GUESTS {
        invite(house, number).await;
    }
    let user = house.user("owner");
    let mark = house.ops.browser_mark("a browser");
    for _ in 0..SOME {
        let password = user.password.as_str().into();
        let signing_in = house.ops.sign_in(&user.email, password, mark, None, Origin::default());
        assert!(signing_in.await.is_ok());
    }
    let mut browser = house.signed_in("owner").await;
    for round in 0..SOME {
        stay_active(&mut browser, round).await;
        let code = house.next_code("owner");
        let code = allow(house, &live(&browser), checked(house).await, &code).await.unwrap();
        let mut tokens = house.redeem("oauth_public", code.expose()).await;
        // A family of pairs, of which all but the last were used.
        for _ in 0..2 {
            let token = tokens.text("refresh_token");
            tokens = house.refresh("oauth_public", &token).await;
        }
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    }
    house.ops.flush().await.unwrap();
}

#[tokio::test]
async fn housekeeping_empties_every_table_whose_rows_are_over_and_no_other() {
    let store = Store::in_memory().unwrap();
    let house = House::quick_over(store.clone()).seeded().await;
    fill(&house).await;
    store.submit(UsedUp(house.ops.now())).await.unwrap();
    for table in bulk(&house) {
        let least = match table {
            TableId::Links => GUESTS,
            // However much was done within a day.
            TableId::UsageDays | TableId::UsageHours => 1,
            _ => SOME,
        };
        assert!(rows(&store, table) >= least, "{}: {}", table.name(), rows(&store, table));
    }
    let kept = others(&house, &store);
    for table in ["companies", "apps", "audit", "users"] {
        assert!(kept[table] > 0, "{table}");
    }
    assert!(kept["connections"] >= SOME, "{kept:?}");
    house.advance(400 * DAY + 61);
    keep_house(&house).await;
    for table in bulk(&house) {
        assert_eq!(rows(&store, table), 0, "{}", table.name());
    }
    assert_eq!(others(&house, &store), kept);
    assert!(house.ops.verify_audit().unwrap().is_ok());
}

#[tokio::test]
async fn what_still_lives_is_not_swept_until_its_last_second() {
    let house = House::new().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let token = house.client_token().await;
    house.advance(3599);
    keep_house(&house).await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    house.advance(DAY - 3600);
    keep_house(&house).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::OK);
    house.advance(89 * DAY);
    keep_house(&house).await;
    let refreshed = house.refresh("oauth_public", tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
}

#[tokio::test]
async fn a_request_is_answered_between_two_pieces_of_a_sweep() {
    let store = Store::in_memory().unwrap();
    let house = House::over(store.clone(), &[]).seeded().await;
    for _ in 0..2 * MANY {
        issue(&house).await;
    }
    house.clock.advance(house.ops.settings().lifetimes.client_access + Duration::from_secs(61));
    let left = || rows(&store, TableId::ClientAccessTokens);
    let mut sweeping = pin!(house.ops.sweep());
    let mut seen = vec![left()];
    while sweeping.as_mut().now_or_never().is_none() {
        // Answered behind the piece that waits, before the next one is asked for.
        let token = house.client_token().await;
        assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
        seen.push(left());
    }
    let piece = |pair: &[usize]| pair[0] + 1 - pair[1];
    assert!(seen.windows(2).all(|pair| piece(pair) <= SWEEP_AT_ONCE), "{seen:?}");
    let between = seen.iter().filter(|rows| (SWEEP_AT_ONCE / 4..2 * MANY).contains(*rows)).count();
    assert!(between >= 2, "{seen:?}");
    assert_eq!(left(), seen.len() - 1, "the tokens of those requests live");
}
