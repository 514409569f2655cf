//! Floor 3: what people see. One typed struct per page, rendered through minijinja.
//!
//! Promises:
//! - Every visible text comes from the catalogue in `templates/texts`, every byte is embedded.
//! - Whatever a page carries is escaped; pages hold no inline script, no inline style and no
//!   address outside this server, so the strictest content security policy fits.
//! - A page is complete without JavaScript.
//! - Nothing here decides anything: pages carry texts, numbers and small enums of their own.

pub mod assets;
mod escape;
pub mod fault;
pub mod guide;
pub mod language;
pub mod pages;
mod qr;
pub mod renderer;
mod texts;

#[cfg(test)]
mod markup;
#[cfg(test)]
mod tests;
