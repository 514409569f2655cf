//! Ready-made choices of permissions: less to think about, never more than the person holds.

use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Permission;
use crate::domain::scope::ScopeSet;
use crate::view::pages::connect::credential_form::Template;
use crate::view::pages::connect::credential_form::TemplateLink;

/// In the order in which they stand, with the words of their links.
const TEMPLATES: [(Template, &str); 4] = [
    (Template::Own, "own"),
    (Template::ReadOnly, "read-only"),
    (Template::Invoicing, "invoicing"),
    (Template::Reporting, "reporting"),
];

/// The template that a link named; one's own choice otherwise.
pub(super) fn of_word(word: &str) -> Template {
    let found = TEMPLATES.iter().find(|(_, name)| *name == word);
    found.map_or(Template::Own, |(template, _)| *template)
}

/// What it ticks of `offered`.
pub(super) fn ticked(template: Template, catalogue: &Catalogue, offered: &ScopeSet) -> ScopeSet {
    let chosen = catalogue.permissions().iter().filter(|one| belongs(template, one));
    chosen.map(|one| one.name.clone()).filter(|name| offered.contains(name)).collect()
}

fn belongs(template: Template, permission: &Permission) -> bool {
    let (subject, _) = permission.name.as_str().split_once(':').unwrap_or_default();
    let reads = permission.access == Access::Read;
    match template {
        Template::Own => false,
        Template::ReadOnly => reads,
        Template::Invoicing => {
            subject == "customer_invoices"
                || (reads && ["customers", "products"].contains(&subject))
        }
        Template::Reporting => reads && ["ledger_entries", "trial_balance"].contains(&subject),
    }
}

/// The links of those that tick something here.
pub(super) fn links(
    path: &str,
    chosen: Template,
    catalogue: &Catalogue,
    offered: &ScopeSet,
) -> Vec<TemplateLink> {
    let useful = |template: Template| {
        template == Template::Own || !ticked(template, catalogue, offered).is_empty()
    };
    let links = TEMPLATES.into_iter().filter(|(template, _)| useful(*template));
    let link = |(template, word)| TemplateLink {
        template,
        href: format!("{path}?template={word}"),
        chosen: template == chosen,
    };
    links.map(link).collect()
}
