//! The audit chain as the house checks it: whole, changed, and cut off at its end.

use std::sync::Arc;

use countersign::store::Store;
use countersign::store::engine::Engine;
use countersign::store::format;
use countersign::store::redb::RedbEngine;
use countersign::store::table::TableId;

use crate::harness::House;

/// A house over an engine that the test can reach behind its back.
async fn house() -> (House, Arc<RedbEngine>) {
    let engine = Arc::new(RedbEngine::in_memory().unwrap());
    format::bring_up_to_date(engine.as_ref()).unwrap();
    let store = Store::start(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    let house = House::quick_over(store).seeded().await;
    house.ops.flush().await.unwrap();
    (house, engine)
}

fn last(engine: &RedbEngine) -> (Vec<u8>, Vec<u8>) {
    engine.snapshot().unwrap().last(TableId::Audit).unwrap().unwrap()
}

async fn broken_at(house: &House) -> Option<u64> {
    house.advance(61);
    let check = house.ops.check_chain().await.unwrap();
    let verified = house.ops.verify_audit().unwrap();
    assert_eq!(check.broken_at.is_none(), verified.is_ok(), "{check:?}, {verified:?}");
    check.broken_at
}

#[tokio::test]
async fn an_untouched_chain_is_whole_before_and_after_its_checkpoint() {
    let (house, _) = house().await;
    assert_eq!(broken_at(&house).await, None);
    house.signed_in("owner").await;
    assert_eq!(broken_at(&house).await, None, "beyond the checkpoint");
    house.ops.flush().await.unwrap();
    assert_eq!(broken_at(&house).await, None);
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_noticed_by_the_checkpoint() {
    let (house, engine) = house().await;
    let (key, _) = last(&engine);
    engine.write(&mut |to| to.delete(TableId::Audit, &key)).unwrap();
    let number = u64::from_be_bytes(key.try_into().unwrap());
    assert_eq!(broken_at(&house).await, Some(number));
}

#[tokio::test]
async fn a_changed_entry_is_named() {
    let (house, engine) = house().await;
    let key = 2_u64.to_be_bytes();
    let mut value = engine.snapshot().unwrap().get(TableId::Audit, &key).unwrap().unwrap();
    *value.last_mut().unwrap() = b' ';
    engine.write(&mut |to| to.put(TableId::Audit, &key, &value)).unwrap();
    assert_eq!(broken_at(&house).await, Some(2));
}

#[tokio::test]
async fn a_forged_checkpoint_is_none() {
    let (house, engine) = house().await;
    let row = b"audit_checkpoint";
    let text = engine.snapshot().unwrap().get(TableId::Meta, row).unwrap().unwrap();
    let (head, signature) = text.split_at(text.len() - 20);
    let forged = [head, &signature.iter().rev().copied().collect::<Vec<_>>()].concat();
    engine.write(&mut |to| to.put(TableId::Meta, row, &forged)).unwrap();
    assert_eq!(broken_at(&house).await, Some(0));
}

#[tokio::test]
async fn a_check_is_made_once_for_all_who_ask_at_the_same_time() {
    let (house, engine) = house().await;
    let first = house.ops.check_chain().await.unwrap();
    let (key, _) = last(&engine);
    engine.write(&mut |to| to.delete(TableId::Audit, &key)).unwrap();
    assert_eq!(house.ops.check_chain().await.unwrap(), first, "told again");
    assert!(broken_at(&house).await.is_some());
}
