//! What samples are made of: one small world of companies, people and programs.

use crate::base::clock::Timestamp;
use crate::view::pages::Frame;
use crate::view::pages::PlaceKind;
use crate::view::pages::parts::access_row::AccessKind;
use crate::view::pages::parts::access_row::AccessRow;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::activity::What;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartDay;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::permission::Extent;
use crate::view::pages::parts::permission::Held;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::permission::Tick;
use crate::view::pages::parts::permission::TickArea;
use crate::view::pages::parts::place::Place;
use crate::view::pages::parts::status::Status;
use crate::view::pages::workspace::Section;
use crate::view::pages::workspace::SwitchTo;
use crate::view::pages::workspace::Workspace;

/// 2026-11-21 16:02:07 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_795_276_927);
/// Where a logo is served.
pub(in crate::view) const LOGO: &str = "/logos/cs_app_01JD8W3N5T6R/bG9nbyBvZiBzYW1wbGU.png";
pub(in crate::view) const HOUR: i64 = 3600;
pub(in crate::view) const DAY: i64 = 24 * HOUR;
pub(in crate::view) const LONG_NAME: &str =
    "Quarterly consolidation of intercompany balances for the northern subsidiaries (new)";

pub(in crate::view) fn csrf() -> String {
    "Sample-csrf".to_owned()
}

/// So many seconds from now.
pub(in crate::view) fn moment(seconds: i64) -> Moment {
    Moment::at(later(seconds), NOW)
}

/// The day so many seconds from now.
pub(in crate::view) fn day(seconds: i64) -> Day {
    Day::of(later(seconds))
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.seconds().saturating_add_signed(seconds))
}

pub(in crate::view) fn place(name: &str, kind: PlaceKind, test: bool) -> Place {
    Place { name: name.to_owned(), kind, test }
}

pub(in crate::view) fn acme() -> Place {
    place("Acme Trading", PlaceKind::Company, false)
}

pub(in crate::view) fn acme_test() -> Place {
    place("Acme Trading (test)", PlaceKind::Company, true)
}

pub(in crate::view) fn ledgerwise() -> Place {
    place("Ledgerwise", PlaceKind::Firm, false)
}

/// The frame around `section`, of an owner of two companies and a member of a firm.
pub(in crate::view) fn frame(section: Section) -> Frame {
    frame_in(section, acme())
}

/// The same in another company or firm.
pub(in crate::view) fn frame_in(section: Section, place: Place) -> Frame {
    let places = [("acme", acme()), ("acme-test", acme_test()), ("ledgerwise", ledgerwise())];
    let places = places.map(|(value, one)| SwitchTo {
        value: value.to_owned(),
        chosen: one == place,
        place: one,
    });
    Frame::of("owner@acme.example".to_owned(), csrf()).inside(Workspace {
        section,
        navigation: Section::ALL.map(Section::item).to_vec(),
        place,
        places: places.to_vec(),
        switch_csrf: csrf(),
        language_csrf: csrf(),
        user_name: "Dana Reyes".to_owned(),
        reviews_due: 2,
        certificate: None,
    })
}

/// The frame of somebody who may see little and reaches one company only.
pub(in crate::view) fn small_frame(section: Section) -> Frame {
    let mut frame = frame(section);
    if let Some(workspace) = &mut frame.workspace {
        workspace.navigation = [Section::Overview, Section::OauthConnections, Section::Security]
            .map(Section::item)
            .to_vec();
        workspace.places.truncate(1);
        workspace.reviews_due = 0;
        "Robin Ash".clone_into(&mut workspace.user_name);
    }
    frame
}

pub(in crate::view) fn choice(value: &str, title: &str, chosen: bool) -> Choice {
    Choice { value: value.to_owned(), title: title.to_owned(), chosen }
}

pub(in crate::view) fn people() -> Vec<Choice> {
    vec![
        choice("u_dana", "Dana Reyes", true),
        choice("u_sam", "Sam Okafor", false),
        choice("u_kim", "Kim Larsen", false),
    ]
}

pub(in crate::view) fn places() -> Vec<Choice> {
    vec![
        choice("acme-test", "Acme Trading (test)", true),
        choice("acme", "Acme Trading", false),
        choice("ledgerwise", "Ledgerwise", false),
    ]
}

pub(in crate::view) fn held() -> Vec<HeldArea> {
    let held = |title: &str, scope: &str, writes, asleep, required| Held {
        title: title.to_owned(),
        scope: scope.to_owned(),
        writes,
        asleep,
        required,
    };
    vec![
        HeldArea {
            title: "Sales".to_owned(),
            permissions: vec![
                held("Read customers", "customers:readonly", false, false, true),
                held("Read products", "products:readonly", false, false, false),
                held("Draft customer invoices", "customer_invoices:all", true, false, false),
            ],
        },
        HeldArea {
            title: "Accounting".to_owned(),
            permissions: vec![held(
                "Read the trial balance",
                "trial_balance:readonly",
                false,
                true,
                false,
            )],
        },
    ]
}

/// Permissions to tick; `ticked` says whether any is.
pub(in crate::view) fn ticks(ticked: bool) -> Vec<TickArea> {
    let tick = |title: &str, value: &str, hint: &str, writes, checked, required| Tick {
        title: title.to_owned(),
        value: value.to_owned(),
        hint: hint.to_owned(),
        writes,
        checked: checked && ticked,
        required: required && ticked,
    };
    let addresses = "See customers with their addresses and payment terms.";
    let prices = "See products and services with their prices.";
    let drafts = "Create drafts of invoices and credit notes and change them.";
    vec![
        TickArea {
            title: "Sales".to_owned(),
            permissions: vec![
                tick("Read customers", "customers:readonly", addresses, false, true, true),
                tick("Read products", "products:readonly", prices, false, true, false),
                tick("Draft customer invoices", "customer_invoices:all", drafts, true, true, false),
            ],
        },
        TickArea {
            title: "Purchases".to_owned(),
            permissions: vec![tick(
                "Record supplier invoices",
                "supplier_invoices:all",
                "",
                true,
                false,
                false,
            )],
        },
    ]
}

/// Thirty days with a weekly rhythm.
pub(in crate::view) fn chart(kind: ChartKind) -> Chart {
    let days = (0_u32..30).map(|at| ChartDay {
        day: day((i64::from(at) - 29) * DAY),
        done: if at % 7 < 5 { u64::from(420 + at * 13 % 170) } else { u64::from(at % 3) },
        refused: if at % 9 == 4 { u64::from(20 + at * 3) } else { 0 },
    });
    Chart::of(kind, days.collect())
}

/// Thirty days without anything.
pub(in crate::view) fn empty_chart() -> Chart {
    let days = (0_i64..30).map(|at| ChartDay { day: day((at - 29) * DAY), done: 0, refused: 0 });
    Chart::of(ChartKind::Calls, days.collect())
}

pub(in crate::view) fn row(name: &str, kind: AccessKind, statuses: Vec<Status>) -> AccessRow {
    AccessRow {
        name: name.to_owned(),
        quoted: false,
        href: "/settings/app-connect/api-credentials/app_01JD7Q9V2M8K".to_owned(),
        kind,
        place: None,
        by: "Dana Reyes".to_owned(),
        purpose: "Revenue reporting".to_owned(),
        extent: Extent { read: 4, write: 1 },
        last_used: Some(moment(-14 * HOUR)),
        expires: Some(day(90 * DAY)),
        statuses,
    }
}

pub(in crate::view) fn happened(seconds: i64, what: What) -> ActivityRow {
    ActivityRow {
        at: moment(seconds),
        what,
        refused: false,
        app: "Nightly warehouse sync".to_owned(),
        person: "Dana Reyes".to_owned(),
        address: "192.0.2.7".to_owned(),
        cause: None,
        count: 1,
        href: None,
    }
}

/// What happened lately to one app.
pub(in crate::view) fn recent() -> Vec<ActivityRow> {
    vec![
        happened(-3 * HOUR, What::SecretRotated),
        ActivityRow {
            refused: true,
            person: String::new(),
            cause: Some("PermissionNotDelegated".to_owned()),
            count: 14,
            href: Some("/settings/app-connect/activity/01K5ZQ8R2N7M4T".to_owned()),
            ..happened(-2 * DAY, What::CallRefused)
        },
        happened(-81 * DAY, What::AppCreated),
    ]
}
