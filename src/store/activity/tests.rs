use std::net::IpAddr;

use super::*;
use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::base::id::RawId;
use crate::base::id::RequestId;
use crate::domain::audit::Origin;
use crate::domain::role::RoleName;
use crate::domain::user::Membership;
use crate::store::changes::Changes;
use crate::store::format;
use crate::store::redb::RedbEngine;

fn raw(byte: u8) -> RawId {
    RawId::from_bytes([byte; 16])
}

fn place(byte: u8) -> Place {
    Place::Company(CompanyId::from_raw(raw(byte)))
}

fn person(byte: u8) -> UserId {
    UserId::from_raw(raw(byte))
}

fn app(byte: u8) -> AppId {
    AppId::from_raw(raw(byte))
}

fn event(kind: EventKind) -> Event {
    let reference = Some(RequestId::from_raw(raw(9)));
    let address = Some(IpAddr::from([192, 0, 2, 1]));
    Event::new(kind, Timestamp::from_seconds(1), Origin { reference, address, ..Origin::default() })
}

/// A file with four entries: two of one company, one of another, one of a member of both.
fn engine() -> RedbEngine {
    let engine = RedbEngine::in_memory().unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let mut changes = Changes::new();
    for held in [place(1), place(2)] {
        let role = RoleName("viewer".to_owned());
        let since = Timestamp::EPOCH;
        let row = Membership { user: person(1), place: held, role, since };
        changes.put::<Memberships>(&(person(1), held), &row).unwrap();
    }
    changes.record(event(EventKind::AppCreated).place(place(1)).app(app(1)));
    changes.record(event(EventKind::TokenRefused).place(place(1)).user(person(2)).app(app(2)));
    changes.record(event(EventKind::AppCreated).place(place(2)).user(person(1)));
    changes.record(event(EventKind::SignedIn).user(person(1)));
    let mut changes = Some(changes);
    let kept = Kept::default();
    engine.write(&mut |to| changes.take().unwrap().apply(to, &kept)).unwrap();
    engine
}

fn found(engine: &RedbEngine, owner: Owner, facet: Facet) -> Vec<u64> {
    let state = engine.snapshot().unwrap();
    numbers(state.as_ref(), (owner, facet), Seek::Below(u64::MAX), 10).unwrap()
}

#[test]
fn an_entry_belongs_to_its_place_and_one_of_a_person_alone_where_that_person_has_a_role() {
    let engine = engine();
    assert_eq!(found(&engine, Owner::Place(place(1)), Facet::All), [4, 2, 1]);
    assert_eq!(found(&engine, Owner::Place(place(2)), Facet::All), [4, 3]);
    assert_eq!(found(&engine, Owner::Place(place(3)), Facet::All), [0_u64; 0]);
    assert_eq!(found(&engine, Owner::Person(person(1)), Facet::All), [4, 3]);
    assert_eq!(found(&engine, Owner::Person(person(2)), Facet::All), [2]);
}

#[test]
fn each_part_has_its_own_entries_and_no_others() {
    let engine = engine();
    let one = Owner::Place(place(1));
    assert_eq!(found(&engine, one, Facet::App(app(1))), [1]);
    assert_eq!(found(&engine, one, Facet::Person(person(1))), [4]);
    assert_eq!(found(&engine, one, Facet::Kind(EventKind::AppCreated)), [1]);
    assert_eq!(found(&engine, one, Facet::Refused), [2]);
    assert_eq!(found(&engine, Owner::Person(person(2)), Facet::App(app(2))), [2]);
}

#[test]
fn both_ways_lead_on_from_a_place_that_is_left_out() {
    let engine = engine();
    let state = engine.snapshot().unwrap();
    let all = (Owner::Place(place(1)), Facet::All);
    assert_eq!(numbers(state.as_ref(), all, Seek::Below(4), 1).unwrap(), [2]);
    assert_eq!(numbers(state.as_ref(), all, Seek::Above(1), 1).unwrap(), [2]);
    assert_eq!(numbers(state.as_ref(), all, Seek::Above(4), 1).unwrap(), [0_u64; 0]);
    assert_eq!(numbers(state.as_ref(), all, Seek::Below(1), 1).unwrap(), [0_u64; 0]);
}

#[test]
fn a_reference_leads_to_its_entries() {
    let engine = engine();
    let state = engine.snapshot().unwrap();
    let of = |byte| of_reference(state.as_ref(), RequestId::from_raw(raw(byte))).unwrap();
    assert_eq!(of(9), [1, 2, 3, 4]);
    assert_eq!(of(8), [0_u64; 0]);
}

#[test]
fn entries_of_an_earlier_version_get_the_same_index() {
    let engine = engine();
    let rows = |table| engine.snapshot().unwrap().range(table, &[], None, 1000).unwrap();
    let before = (rows(TABLE), rows(REFERENCES));
    engine
        .write(&mut |to| {
            for table in [TABLE, REFERENCES] {
                to.delete_below(table, &[0xff; 64], 1000)?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(found(&engine, Owner::Place(place(1)), Facet::All), [0_u64; 0]);
    catch_up(&engine).unwrap();
    assert_eq!((rows(TABLE), rows(REFERENCES)), before);
    catch_up(&engine).unwrap();
    assert_eq!((rows(TABLE), rows(REFERENCES)), before);
}

#[test]
fn a_file_of_an_earlier_version_has_its_index_once_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countersign.redb");
    let engine = RedbEngine::open(&file, 0).unwrap();
    format::bring_up_to_date(&engine).unwrap();
    engine
        .write(&mut |to| {
            for _ in 0..2 * AT_ONCE + 1 {
                chain::append(to, &event(EventKind::AppCreated).place(place(1)))?;
            }
            Ok(())
        })
        .unwrap();
    drop(engine);
    let store = crate::store::Store::open(&file, 0).unwrap();
    let all = (Owner::Place(place(1)), Facet::All);
    let found =
        store.read(|reader| numbers(reader.state(), all, Seek::Above(0), usize::MAX)).unwrap();
    assert!(found.into_iter().eq(1..=2 * AT_ONCE as u64 + 1));
}
