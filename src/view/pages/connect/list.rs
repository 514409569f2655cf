//! The lists of what has access: all together, and each kind on its own page.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::parts::permission::Extent;
use crate::view::pages::parts::status::Status;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;

/// A list. Its filter is a form that asks (GET) for `q`, `kind` and `status`.
#[derive(Clone, Serialize)]
pub struct AccessList {
    /// The frame; its section says which list this is.
    pub frame: Frame,
    /// Which list.
    pub list: ListKind,
    /// The rows of this page.
    pub rows: Vec<AccessRow>,
    /// How many there are in all that the filter lets through, if that is known.
    pub total: Option<u64>,
    /// What the list was filtered by.
    pub filter: Filter,
    /// What needs somebody's attention, counted.
    pub attention: Attention,
    /// The person may make one here.
    pub may_create: bool,
    /// Where the list of deleted ones is, if there are any.
    pub deleted_href: Option<String>,
    /// The way through.
    pub paging: Paging,
}

/// Which list. The serialized word is the key of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// Everything together.
    Overview,
    /// API credentials.
    ApiCredentials,
    /// Deleted API credentials and OAuth apps.
    DeletedApps,
    /// OAuth connections.
    OauthConnections,
    /// API tokens.
    ApiTokens,
}

impl ListKind {
    const fn section(self) -> Section {
        match self {
            Self::Overview => Section::Overview,
            Self::ApiCredentials | Self::DeletedApps => Section::ApiCredentials,
            Self::OauthConnections => Section::OauthConnections,
            Self::ApiTokens => Section::ApiTokens,
        }
    }
}

/// What a list was filtered by.
#[derive(Clone, Default, Serialize)]
pub struct Filter {
    /// Part of a name.
    pub query: String,
    /// A kind.
    pub kind: Option<AccessKind>,
    /// A state.
    pub status: Option<StatusWord>,
}

/// The states by which lists filter: the words of the badges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// Active.
    Active,
    /// Idle.
    Idle,
    /// Expiring.
    Expiring,
    /// Expired.
    Expired,
    /// Rotating.
    Rotating,
    /// Revoked.
    Revoked,
    /// Needs reconnecting.
    NeedsReconnecting,
    /// Review due.
    ReviewDue,
}

/// What needs attention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Reviews that are due.
    pub reviews: u64,
    /// Secrets and apps that end within two weeks.
    pub expiring: u64,
    /// Idle ones that the person may revoke together.
    pub idle: u64,
}

impl Page for AccessList {
    const TEMPLATE: &'static str = "connect/list.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let empty = |list: ListKind| Self {
            frame: sample::frame(list.section()),
            list,
            rows: Vec::new(),
            total: Some(0),
            filter: Filter::default(),
            attention: Attention::default(),
            may_create: true,
            deleted_href: None,
            paging: Paging::default(),
        };
        let full = |list, rows: Vec<AccessRow>| Self {
            total: Some(112),
            rows,
            attention: Attention { reviews: 2, expiring: 1, idle: 12 },
            paging: Paging { previous: None, next: Some("?after=Sample-cursor".to_owned()) },
            ..empty(list)
        };
        let overview = full(ListKind::Overview, all_kinds());
        let credentials = Self {
            deleted_href: Some("/settings/app-connect/api-credentials?deleted=yes".to_owned()),
            ..full(ListKind::ApiCredentials, credentials())
        };
        let mut every_month = full(ListKind::ApiTokens, all_kinds());
        for (row, month) in every_month.rows.iter_mut().zip(0..) {
            row.expires = Some(sample::day(month * 30 * DAY));
        }
        let filtered = Self {
            filter: Filter {
                query: "sync".to_owned(),
                kind: Some(AccessKind::ApiCredentials),
                status: Some(StatusWord::Idle),
            },
            rows: Vec::new(),
            total: Some(0),
            paging: Paging::default(),
            ..overview.clone()
        };
        let mut told: Vec<(&'static str, Self)> = Flash::samples()
            .into_iter()
            .map(|flash| {
                let page = empty(ListKind::Overview);
                ("flash", Self { frame: page.frame.clone().telling(flash), ..page })
            })
            .collect();
        let mut all = vec![
            ("overview-empty", empty(ListKind::Overview)),
            (
                "overview-small",
                Self {
                    frame: sample::small_frame(Section::Overview),
                    may_create: false,
                    ..empty(ListKind::Overview)
                },
            ),
            ("overview", overview.clone()),
            (
                "overview-test",
                Self {
                    frame: sample::frame_in(Section::Overview, sample::acme_test()),
                    ..overview
                },
            ),
            (
                "overview-goes-on",
                Self {
                    total: None,
                    paging: Paging {
                        previous: None,
                        next: Some("?cursor=Sample-cursor".to_owned()),
                    },
                    ..filtered.clone()
                },
            ),
            ("overview-nothing-found", filtered),
            ("credentials-empty", empty(ListKind::ApiCredentials)),
            (
                "credentials-second-page",
                Self {
                    paging: Paging {
                        previous: Some("?before=Sample-cursor".to_owned()),
                        next: Some("?after=Sample-cursor".to_owned()),
                    },
                    attention: Attention::default(),
                    ..credentials.clone()
                },
            ),
            ("credentials", credentials),
            (
                "deleted",
                Self {
                    may_create: false,
                    attention: Attention::default(),
                    ..full(ListKind::DeletedApps, deleted())
                },
            ),
            ("deleted-empty", empty(ListKind::DeletedApps)),
            ("connections-empty", empty(ListKind::OauthConnections)),
            ("connections", full(ListKind::OauthConnections, connections())),
            ("tokens-empty", empty(ListKind::ApiTokens)),
            ("tokens-every-month", every_month),
            ("tokens", full(ListKind::ApiTokens, tokens())),
        ];
        all.append(&mut told);
        all
    }
}

fn credentials() -> Vec<AccessRow> {
    let row = |name, statuses| sample::row(name, AccessKind::ApiCredentials, statuses);
    vec![
        row("Nightly warehouse sync", vec![Status::Active]),
        AccessRow {
            purpose: "Shop orders to drafts".to_owned(),
            by: "Sam Okafor".to_owned(),
            last_used: Some(sample::moment(-3 * 60)),
            expires: Some(sample::day(6 * DAY)),
            ..row("Invoice drafting", vec![Status::Expiring])
        },
        AccessRow {
            last_used: Some(sample::moment(-20)),
            ..row("Payroll bridge", vec![Status::Rotating(sample::moment(2 * HOUR))])
        },
        AccessRow {
            by: String::new(),
            last_used: Some(sample::moment(-71 * DAY)),
            expires: None,
            extent: Extent { read: 6, write: 0 },
            ..row("Old CRM export", vec![Status::Idle(71), Status::ReviewDue])
        },
        AccessRow {
            last_used: Some(sample::moment(-160 * DAY)),
            expires: None,
            extent: Extent { read: 0, write: 2 },
            ..row("Contractor import", vec![Status::Revoked])
        },
        AccessRow { last_used: None, ..row(sample::LONG_NAME, vec![Status::NeverUsed]) },
        AccessRow {
            last_used: Some(sample::moment(-800 * DAY)),
            expires: Some(sample::day(-300 * DAY)),
            extent: Extent::default(),
            ..row("Legacy archive", vec![Status::Expired])
        },
        row("Bank feed", vec![Status::NeedsDelegator]),
    ]
}

fn connections() -> Vec<AccessRow> {
    let row = |name, statuses| AccessRow {
        purpose: String::new(),
        expires: None,
        ..sample::row(name, AccessKind::OauthConnection, statuses)
    };
    vec![
        row("Tidewater Reports", vec![Status::Active]),
        AccessRow { quoted: true, ..row("Claude", vec![Status::Active, Status::Unreviewed]) },
        AccessRow {
            place: Some(sample::acme_test()),
            last_used: Some(sample::moment(-43 * DAY)),
            ..row("ChatGPT", vec![Status::Idle(43)])
        },
        AccessRow {
            place: Some(sample::ledgerwise()),
            ..row("Cashflow Forecaster", vec![Status::NeedsReconnecting])
        },
        row("Old Extension", vec![Status::Blocked]),
    ]
}

fn tokens() -> Vec<AccessRow> {
    let row = |name, statuses| sample::row(name, AccessKind::ApiToken, statuses);
    vec![
        row("Spreadsheet refresh", vec![Status::Active]),
        AccessRow { expires: None, ..row("Year-end script", vec![Status::ReviewDue]) },
    ]
}

fn deleted() -> Vec<AccessRow> {
    let until = Status::Deleted(sample::moment(81 * DAY));
    vec![sample::row("Shop connector", AccessKind::ApiCredentials, vec![until])]
}

fn all_kinds() -> Vec<AccessRow> {
    let mut rows = credentials();
    rows.append(&mut connections());
    rows.append(&mut tokens());
    rows.push(AccessRow {
        last_used: None,
        ..sample::row("Partner portal", AccessKind::OauthApp, vec![Status::Approved])
    });
    rows
}
