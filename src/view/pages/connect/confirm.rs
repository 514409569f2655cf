//! The page that asks once more: what will happen, and the second factor.

use serde::Serialize;

use crate::view::pages::CodeError;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::workspace::Section;

/// Posts `csrf`, everything carried, `code`, and what the act asks for (`overlap`, `typed_name`)
/// to `action`; a hand-over posts
/// `successor` too.
#[derive(Clone, Serialize)]
pub struct Confirm {
    /// The frame.
    pub frame: Frame,
    /// What is about to be done.
    pub act: ConfirmAct,
    /// The name of what it is done to.
    pub name: String,
    /// How many it concerns, where the act's words count: idle connections, sessions, apps.
    pub count: u64,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where "Cancel" leads: the page of what it is done to.
    pub back: String,
    /// For a rotation: when the secret that is in use now was last used.
    pub last_used: Option<Moment>,
    /// For a rotation: what was chosen.
    pub overlap: Overlap,
    /// For a hand-over: who can take it over.
    pub successors: Vec<Choice>,
    /// The name has to be typed, so that nothing large happens by accident.
    pub type_name: bool,
    /// What was typed so far.
    pub typed_name: String,
    /// What the form carries along, such as the connections that were idle.
    pub carried: Vec<Carried>,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// When the former secret stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// At once, with the tokens it got.
    Now,
    /// After an hour.
    Hour,
    /// After a day.
    Day,
    /// After a week.
    Week,
}

/// What is about to be done. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is told by its texts in the catalogue")]
pub enum ConfirmAct {
    RotateSecret,
    RevokeApp,
    DeleteApp,
    RestoreApp,
    TakeOver,
    HandOver,
    ReviewApp,
    DeleteConnection,
    RevokeIdle,
    DeleteToken,
    ApproveClient,
    BlockClient,
    UnblockClient,
    InviteAgain,
    EndSessions,
    RemovePerson,
    DisablePerson,
    EnablePerson,
    IssuePasswordLink,
    IssueFactorLink,
    DeleteRole,
    BlockThroughFirm,
    UnblockThroughFirm,
    EndAllAccess,
    EndAllAccessEverywhere,
    ErasePerson,
    RemoveFactor,
    NewRecoveryCodes,
    EndOtherSessions,
    UnlinkCompany,
    UnmarkConfidential,
    RotateWebhook,
    DeleteWebhook,
}

impl ConfirmAct {
    const ALL: [(&'static str, Self); 33] = [
        ("rotate-secret", Self::RotateSecret),
        ("revoke-app", Self::RevokeApp),
        ("delete-app", Self::DeleteApp),
        ("restore-app", Self::RestoreApp),
        ("take-over", Self::TakeOver),
        ("hand-over", Self::HandOver),
        ("review-app", Self::ReviewApp),
        ("delete-connection", Self::DeleteConnection),
        ("revoke-idle", Self::RevokeIdle),
        ("delete-token", Self::DeleteToken),
        ("approve-client", Self::ApproveClient),
        ("block-client", Self::BlockClient),
        ("unblock-client", Self::UnblockClient),
        ("invite-again", Self::InviteAgain),
        ("end-sessions", Self::EndSessions),
        ("remove-person", Self::RemovePerson),
        ("disable-person", Self::DisablePerson),
        ("enable-person", Self::EnablePerson),
        ("password-link", Self::IssuePasswordLink),
        ("factor-link", Self::IssueFactorLink),
        ("delete-role", Self::DeleteRole),
        ("block-through-firm", Self::BlockThroughFirm),
        ("unblock-through-firm", Self::UnblockThroughFirm),
        ("end-all-access", Self::EndAllAccess),
        ("end-all-access-everywhere", Self::EndAllAccessEverywhere),
        ("erase-person", Self::ErasePerson),
        ("remove-factor", Self::RemoveFactor),
        ("new-recovery-codes", Self::NewRecoveryCodes),
        ("end-other-sessions", Self::EndOtherSessions),
        ("unlink-company", Self::UnlinkCompany),
        ("unmark-confidential", Self::UnmarkConfidential),
        ("rotate-webhook", Self::RotateWebhook),
        ("delete-webhook", Self::DeleteWebhook),
    ];
}

impl Page for Confirm {
    const TEMPLATE: &'static str = "connect/confirm.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let of = |act: ConfirmAct| Self {
            frame: sample::frame(Section::ApiCredentials),
            act,
            name: "Nightly warehouse sync".to_owned(),
            count: 12,
            csrf: sample::csrf(),
            action: "/settings/app-connect/api-credentials/app_01JD7Q9V2M8K/act".to_owned(),
            back: "/settings/app-connect/api-credentials/app_01JD7Q9V2M8K".to_owned(),
            last_used: Some(sample::moment(-3 * 60)),
            overlap: Overlap::Now,
            successors: if act == ConfirmAct::HandOver { sample::people() } else { Vec::new() },
            type_name: matches!(
                act,
                ConfirmAct::DeleteApp
                    | ConfirmAct::EndAllAccess
                    | ConfirmAct::EndAllAccessEverywhere
                    | ConfirmAct::ErasePerson
            ),
            typed_name: String::new(),
            carried: Vec::new(),
            mistakes: Mistakes::default(),
        };
        let delete_wrong = Self {
            typed_name: "Nightly".to_owned(),
            mistakes: Mistakes {
                code: Some(CodeError::Wrong),
                ..Mistakes::fields([(Field::TypedName, Problem::NameDiffers)])
            },
            ..of(ConfirmAct::DeleteApp)
        };
        let rotate_kept = Self {
            overlap: Overlap::Day,
            mistakes: Mistakes::code(CodeError::AlreadyUsed { next_in_seconds: 17 }),
            last_used: None,
            ..of(ConfirmAct::RotateSecret)
        };
        let rotate_week = Self {
            overlap: Overlap::Week,
            last_used: Some(sample::moment(-5 * DAY)),
            mistakes: Mistakes::fields([(Field::Overlap, Problem::Missing)]),
            ..of(ConfirmAct::RotateSecret)
        };
        let idle = Self {
            carried: vec![Carried { name: "connection".to_owned(), value: "c_01".to_owned() }],
            ..of(ConfirmAct::RevokeIdle)
        };
        let nobody = Self {
            successors: Vec::new(),
            mistakes: Mistakes::fields([(Field::Successor, Problem::Missing)]),
            ..of(ConfirmAct::HandOver)
        };
        let long = Self { name: sample::LONG_NAME.to_owned(), ..of(ConfirmAct::DeleteApp) };
        let test = Self {
            frame: sample::frame_in(Section::ApiCredentials, sample::acme_test()),
            overlap: Overlap::Hour,
            ..of(ConfirmAct::RotateSecret)
        };
        let passkey = of(ConfirmAct::RevokeApp);
        let passkey =
            Self { frame: passkey.frame.clone().taking_passkey("{}".to_owned()), ..passkey };
        let all = ConfirmAct::ALL.into_iter().map(|(name, act)| (name, of(act)));
        all.chain([
            ("delete-wrong", delete_wrong),
            ("rotate-code-used", rotate_kept),
            ("rotate-nothing-chosen", rotate_week),
            ("revoke-idle-carried", idle),
            ("hand-over-nobody", nobody),
            ("delete-long-name", long),
            ("rotate-test", test),
            ("with-passkey", passkey),
        ])
        .collect()
    }
}
