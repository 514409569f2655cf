//! What pages are made of: times, states, permissions, forms, charts and rows of lists.

pub mod access_row;
pub mod activity;
pub mod chart;
pub mod form;
pub mod moment;
pub mod paging;
pub mod permission;
pub mod place;
pub mod status;
