//! A guarded, proxied call beside the same proxy without the guard: a part of the suite, by itself.
//!
//! `cargo bench --bench proxy -- --connections 64`

mod measure;

fn main() -> measure::Outcome<()> {
    measure::run(Some(measure::Part::Proxy))
}
