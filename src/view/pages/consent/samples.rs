//! The consent page in every state.

use crate::view::pages::CodeError;
use crate::view::pages::Consent;
use crate::view::pages::ConsentBadge;
use crate::view::pages::ConsentClient;
use crate::view::pages::ConsentContext;
use crate::view::pages::ConsentError;
use crate::view::pages::ConsentPermission;
use crate::view::pages::ConsentWarning;
use crate::view::pages::Frame;
use crate::view::pages::PermissionArea;
use crate::view::pages::PlaceKind;
use crate::view::pages::sample;

pub(in crate::view::pages::consent) fn all() -> Vec<(&'static str, Consent)> {
    let first = reviewed();
    let failed = |error| Consent { error: Some(error), ..first.clone() };
    let codes = CodeError::SAMPLES.map(|(name, error)| (name, failed(ConsentError::Code(error))));
    let titles = vec!["Draft customer invoices".to_owned(), "Read customers".to_owned()];
    let mut unchosen = failed(ConsentError::ChooseContext);
    unchosen.contexts.iter_mut().for_each(|context| context.checked = false);
    vec![
        ("reviewed", first.clone()),
        ("self-registered", self_registered()),
        ("unreviewed", unreviewed()),
        ("fixed-company", fixed()),
        ("many-companies", many()),
        ("no-permissions", nothing_asked()),
        ("choose-context", unchosen),
        ("nothing-selected", failed(ConsentError::NothingSelected)),
        ("not-grantable", failed(ConsentError::NotGrantable { titles })),
        ("expired", failed(ConsentError::Expired)),
    ]
    .into_iter()
    .chain(codes)
    .collect()
}

fn reviewed() -> Consent {
    Consent {
        frame: Frame::default(),
        csrf: "Sample-csrf".to_owned(),
        cancel_csrf: "Sample-csrf-2".to_owned(),
        sign_out_csrf: "Sample-csrf-3".to_owned(),
        resume: Some("Sample-resume".to_owned()),
        action: "/consent/Sample-request".to_owned(),
        client: ConsentClient {
            name: "Tidewater Reports".to_owned(),
            host: Some("tidewater.example".to_owned()),
            badge: ConsentBadge::Reviewed,
            logo: Some(sample::LOGO.to_owned()),
            initial: "T".to_owned(),
            self_registered: false,
        },
        warning: None,
        user_email: "owner@acme.example".to_owned(),
        contexts: vec![
            context("company:acme", "Acme Trading", true),
            ConsentContext {
                test: true,
                ..context("company:acme-test", "Acme Trading (test)", false)
            },
            ConsentContext {
                kind: PlaceKind::Firm,
                role_title: "Accountant".to_owned(),
                reaches: vec!["Acme Trading".to_owned(), "Bakery".to_owned()],
                ..context("firm:ledgerwise", "Ledgerwise", false)
            },
        ],
        context_fixed: false,
        areas: areas(),
        selected: 4,
        total: 5,
        lasts_days: 90,
        absolute_days: None,
        redirect_host: "app.tidewater.example".to_owned(),
        error: None,
    }
}

fn self_registered() -> Consent {
    let page = reviewed();
    Consent {
        client: ConsentClient {
            name: "Desktop assistant with a rather long name that goes on and on".to_owned(),
            host: None,
            badge: ConsentBadge::Unregistered,
            logo: None,
            initial: "D".to_owned(),
            self_registered: true,
        },
        warning: Some(ConsentWarning::LoopbackOnly),
        redirect_host: "this computer (127.0.0.1)".to_owned(),
        absolute_days: Some(365),
        ..page
    }
}

fn unreviewed() -> Consent {
    let page = reviewed();
    Consent {
        client: ConsentClient { badge: ConsentBadge::Registered, ..page.client.clone() },
        warning: Some(ConsentWarning::Unreviewed),
        resume: None,
        lasts_days: 1,
        absolute_days: Some(1),
        ..page
    }
}

fn fixed() -> Consent {
    Consent {
        contexts: vec![context("company:acme", "Acme Trading", true)],
        context_fixed: true,
        ..reviewed()
    }
}

fn many() -> Consent {
    let names =
        ["Acme Trading", "Bakery", "Clinic", "Dairy", "Engines", "Farm", "Garage", "Harbour"];
    let contexts = names
        .iter()
        .enumerate()
        .map(|(at, name)| context(&format!("company:{at}"), name, at == 0))
        .collect();
    Consent { contexts, ..reviewed() }
}

fn nothing_asked() -> Consent {
    Consent { areas: Vec::new(), selected: 0, total: 0, ..reviewed() }
}

fn context(value: &str, name: &str, checked: bool) -> ConsentContext {
    ConsentContext {
        value: value.to_owned(),
        name: name.to_owned(),
        kind: PlaceKind::Company,
        test: false,
        role_title: "Owner".to_owned(),
        checked,
        reaches: Vec::new(),
    }
}

fn areas() -> Vec<PermissionArea> {
    let company = ConsentPermission {
        required: true,
        ..permission("company:readonly", "Read company details", "Name, address and legal form")
    };
    let drafts = ConsentPermission {
        writes: true,
        checked: false,
        not_for: vec!["Bakery".to_owned(), "Clinic".to_owned()],
        ..permission(
            "customer_invoices:all",
            "Draft customer invoices",
            "Drafts only: a person still has to issue them",
        )
    };
    vec![
        area("Company", vec![company]),
        area(
            "Sales",
            vec![
                permission(
                    "customer_invoices:readonly",
                    "Read customer invoices",
                    "Numbers, dates, amounts and status",
                ),
                drafts,
                permission(
                    "customers:readonly",
                    "Read customers",
                    "Names, addresses and payment terms",
                ),
            ],
        ),
        area(
            "Accounting",
            vec![permission("trial_balance:readonly", "Read the trial balance", "")],
        ),
    ]
}

fn area(title: &str, permissions: Vec<ConsentPermission>) -> PermissionArea {
    PermissionArea { title: title.to_owned(), permissions }
}

fn permission(value: &str, title: &str, hint: &str) -> ConsentPermission {
    ConsentPermission {
        value: value.to_owned(),
        title: title.to_owned(),
        hint: hint.to_owned(),
        writes: false,
        checked: true,
        required: false,
        not_for: Vec::new(),
    }
}
