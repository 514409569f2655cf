//! Everything that is measured, each beside a ceiling from the same run (`docs/performance.md`).
//!
//! `cargo bench --bench suite -- --only issuance,refresh --report target/report`

mod measure;

fn main() -> measure::Outcome<()> {
    measure::run(None)
}
