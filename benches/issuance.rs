//! Durable token issuance beside its ceiling: the first part of the suite, by itself.
//!
//! `cargo bench --bench issuance -- --connections 64`

mod measure;

fn main() -> measure::Outcome<()> {
    measure::run(Some(measure::Part::Issuance))
}
