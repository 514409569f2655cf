//! The question that decides which kind of access is made.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/create`: three ways on, no form.
#[derive(Clone, Serialize)]
pub struct ChooseKind {
    /// The frame.
    pub frame: Frame,
    /// The person may register OAuth apps here.
    pub may_register: bool,
}

impl Page for ChooseKind {
    const TEMPLATE: &'static str = "connect/choose_kind.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let all = Self { frame: sample::frame(Section::Overview), may_register: true };
        let less = Self { may_register: false, ..all.clone() };
        vec![("all", all), ("may-not-register", less)]
    }
}
