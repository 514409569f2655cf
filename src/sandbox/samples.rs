//! What stands in the sample books. Nobody in them exists.

/// Label, unit, price in cents, VAT.
pub(super) type SampleProduct = (&'static str, &'static str, i64, u8);
/// Name, mailbox without `.example`, city, days to pay.
pub(super) type SampleCustomer = (&'static str, &'static str, &'static str, u8);
/// Index of the customer, date, deadline, paid, lines of (index of the product, how often).
pub(super) type SampleInvoice = (usize, &'static str, &'static str, bool, &'static [(usize, i64)]);

/// One company's books as written down.
pub(super) struct Sample {
    /// Identifiers count from here, so that no two companies share one.
    pub(super) base: u64,
    pub(super) prefix: &'static str,
    /// In cents.
    pub(super) capital: i64,
    pub(super) products: &'static [SampleProduct],
    pub(super) customers: &'static [SampleCustomer],
    pub(super) invoices: &'static [SampleInvoice],
}

pub(super) const ACME: Sample = Sample {
    base: 1000,
    prefix: "AC",
    capital: 2500000,
    products: &[
        ("Workshop trolley", "piece", 34900, 20),
        ("Anvil, 20 kg", "piece", 12990, 20),
        ("Safety gloves, 12 pairs", "box", 4150, 20),
        ("On-site assembly", "hour", 6800, 20),
    ],
    customers: &[
        ("Harbour Joinery", "office@harbour-joinery", "Brest", 30),
        ("Nordlicht Studio", "buchhaltung@nordlicht", "Strasbourg", 14),
        ("Les Ateliers Réunis", "compta@ateliers-reunis", "Lyon", 45),
    ],
    invoices: &[
        (0, "2026-01-12", "2026-02-11", true, &[(0, 2), (3, 3)]),
        (1, "2026-01-28", "2026-02-11", true, &[(2, 4)]),
        (2, "2026-02-09", "2026-03-26", false, &[(1, 6), (3, 2)]),
        (0, "2026-02-20", "2026-03-22", false, &[(0, 1)]),
    ],
};

pub(super) const ACME_TEST: Sample = Sample {
    base: 2000,
    prefix: "TEST",
    capital: 100000,
    products: &[
        ("Test product A", "piece", 1000, 20),
        ("Test product B", "piece", 9999, 20),
        ("Test service", "hour", 100, 0),
    ],
    customers: &[
        ("Test customer One", "one@test-customer", "Testville", 30),
        ("Test customer Two", "two@test-customer", "Testville", 30),
    ],
    invoices: &[
        (0, "2026-01-01", "2026-01-31", true, &[(0, 1)]),
        (1, "2026-01-02", "2026-02-01", false, &[(1, 3), (2, 5)]),
    ],
};

pub(super) const BAKERY: Sample = Sample {
    base: 3000,
    prefix: "BK",
    capital: 800000,
    products: &[
        ("Country loaf, 1 kg", "piece", 420, 5),
        ("Croissants, tray of 30", "tray", 3150, 5),
        ("Birthday cake", "piece", 3800, 10),
    ],
    customers: &[
        ("Café du Port", "contact@cafe-du-port", "Nantes", 7),
        ("Hôtel Bellevue", "economat@bellevue", "Pornic", 30),
    ],
    invoices: &[
        (0, "2026-02-02", "2026-02-09", true, &[(0, 20), (1, 5)]),
        (1, "2026-02-16", "2026-03-18", false, &[(1, 12), (2, 1)]),
    ],
};

pub(super) const CLINIC: Sample = Sample {
    base: 4000,
    prefix: "CL",
    capital: 6000000,
    products: &[
        ("Occupational health check", "visit", 8500, 0),
        ("First-aid course, one day", "course", 64000, 20),
    ],
    customers: &[
        ("Chantiers de l'Ouest", "rh@chantiers-ouest", "Saint-Nazaire", 30),
        ("Transports Morvan", "rh@morvan", "Quimper", 30),
    ],
    invoices: &[
        (0, "2026-01-19", "2026-02-18", true, &[(0, 14)]),
        (1, "2026-02-05", "2026-03-07", false, &[(0, 6), (1, 1)]),
    ],
};
