//! Floor 3: the only code that dials out. It decides nothing but where it does not go.

pub mod fetch;
pub mod hop_by_hop;
mod names;
pub mod reach;
pub mod shipping;
pub mod upstream;
