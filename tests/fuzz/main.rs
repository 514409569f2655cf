//! Every parser of what comes from outside is given what nobody would send: thousands of changed samples
//! here, without end by `tests/campaigns/fuzz`, which shares the targets.
//!
//! `COUNTERSIGN_FUZZ` says how many changed samples each target gets, `COUNTERSIGN_SEED` which.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and is steered from outside"
)]

mod change;
mod targets;

use std::panic;

use change::Changes;
use targets::TARGETS;
use targets::Target;

const USUALLY: u64 = 4_000;
const SEED: u64 = 0x5eed_0007;

fn from_outside(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Gives `target` its samples, then changed ones; tells the input that breaks it.
fn feed(target: &Target) {
    let seed = from_outside("COUNTERSIGN_SEED").unwrap_or(SEED);
    let count = from_outside("COUNTERSIGN_FUZZ").unwrap_or(USUALLY) / target.cost;
    let samples: Vec<Vec<u8>> = (target.samples)();
    let mut changes = Changes::new(seed, &samples);
    let changed = std::iter::repeat_with(|| changes.next()).take(count.try_into().unwrap());
    for input in samples.iter().cloned().chain(changed) {
        if panic::catch_unwind(|| (target.feed)(&input)).is_err() {
            panic!("{} is broken by b\"{}\"", target.name, input.escape_ascii());
        }
    }
}

/// The target of this name.
fn named(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

macro_rules! holds {
    ($($test:ident => $target:literal),* $(,)?) => {
        $(#[test] fn $test() { feed(named($target)); })*

        #[test]
        fn every_target_has_its_test() {
            let tested = [$($target),*];
            assert!(TARGETS.iter().all(|target| tested.contains(&target.name)));
            assert_eq!(tested.len(), TARGETS.len());
        }
    };
}

holds! {
    nothing_breaks_the_reader_of_forms => "form",
    nothing_breaks_the_reader_of_forms_with_files => "multipart",
    nothing_breaks_the_reader_of_basic => "basic",
    nothing_breaks_the_reader_of_jwts_and_their_claims => "jwt",
    nothing_breaks_the_reader_of_key_sets => "jwks",
    nothing_breaks_the_reader_of_json_rpc => "json_rpc",
    nothing_breaks_the_reader_of_documents_of_clients => "document",
    nothing_breaks_the_reader_of_registrations => "registration",
    nothing_breaks_the_reader_of_redirect_uris => "redirect_uri",
    nothing_breaks_the_reader_of_passkeys => "passkey",
    nothing_breaks_the_reader_of_logos => "logo",
    nothing_breaks_the_reader_of_the_configuration => "config",
    nothing_breaks_the_reader_of_backups => "backup",
}

#[test]
fn a_reader_that_breaks_is_caught_and_its_input_told() {
    let target = Target {
        name: "broken",
        cost: 1,
        samples: || vec![b"hello".to_vec()],
        feed: |input| assert!(!input.contains(&0xff)),
    };
    let told = panic::catch_unwind(|| feed(&target)).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.starts_with("broken is broken by b\"") && told.contains("\\xff"), "{told}");
}
