//! One parser, named by COUNTERSIGN_TARGET, fed by libFuzzer. The targets are those of `tests/fuzz`.

#![no_main]

#[path = "../../tests/fuzz/targets.rs"]
mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use targets::TARGETS;
use targets::Target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("COUNTERSIGN_TARGET").expect("COUNTERSIGN_TARGET names a target");
    TARGETS.iter().find(|target| target.name == name).expect("there is no such target")
});

fuzz_target!(init: {
    // The samples are where a run begins.
    if let Ok(folder) = std::env::var("COUNTERSIGN_SAMPLES") {
        for (at, sample) in (TARGET.samples)().iter().enumerate() {
            std::fs::write(format!("{folder}/sample-{at}"), sample).expect("the folder can be written");
        }
    }
}, |input: &[u8]| (TARGET.feed)(input));
