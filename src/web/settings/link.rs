//! `/settings/people/{person}/link`: a one-time link, shown once.

use axum::extract::Path;
use axum::response::Response;

use crate::base::secret::Secret;
use crate::view::pages::connect::shown_once::OnceKind;
use crate::view::pages::connect::shown_once::ShownOnce;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::people;
use crate::web::settings::person::Whom;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// What a link was made for.
#[derive(Clone, Copy)]
pub(super) enum Made {
    /// An invitation, or a first password.
    Invitation,
    /// A lost password.
    Password,
    /// A lost factor.
    Factor,
}

impl Made {
    const ALL: [Self; 3] = [Self::Invitation, Self::Password, Self::Factor];

    const fn kind(self) -> OnceKind {
        match self {
            Self::Invitation => OnceKind::Invitation,
            Self::Password => OnceKind::PasswordLink,
            Self::Factor => OnceKind::FactorLink,
        }
    }

    fn key(self, person: &str) -> String {
        let what = match self {
            Self::Invitation => "invitation",
            Self::Password => "password link",
            Self::Factor => "factor link",
        };
        format!("{what} of {person}")
    }
}

/// Keeps the link for its page, and goes there.
pub(super) fn keep(inside: &Inside, made: Made, person: &str, url: Secret) -> Response {
    for other in Made::ALL {
        inside.ops().forget_secret(&inside.live, &other.key(person));
    }
    inside.ops().keep_secret(&inside.live, &made.key(person), url);
    inside.visitor.go(&format!("{}/link", people::href(person)))
}

/// Shows it.
pub(super) async fn show(Path(person): Path<String>, inside: Inside) -> Response {
    page(&inside, &person, false).map_or_else(|page| *page, |page| inside.show(&page))
}

fn page(inside: &Inside, person: &str, not_ticked: bool) -> Result<ShownOnce, Box<Response>> {
    let whom = Whom::find(inside, person)?;
    let kept =
        |made: Made| Some((made, inside.ops().kept_secret(&inside.live, &made.key(person))?));
    let (made, secret) = Made::ALL.into_iter().find_map(kept).unzip();
    let action = format!("{}/link", people::href(person));
    Ok(ShownOnce {
        frame: inside.frame(Section::People),
        kind: made.unwrap_or(Made::Invitation).kind(),
        name: whom.name().to_owned(),
        test: false,
        csrf: inside.tag(&action),
        action,
        download_csrf: None,
        client_id: None,
        secret: secret.map(|secret| secret.expose().to_owned()),
        try_it: None,
        not_ticked,
    })
}

/// Forgets it once it is saved.
pub(super) async fn saved(Path(person): Path<String>, sent: Sent) -> Response {
    let inside = sent.inside;
    if sent.fields.first("saved").is_empty() {
        return page(&inside, &person, true)
            .map_or_else(|page| *page, |page| inside.show_again(&page));
    }
    if let Err(page) = Whom::find(&inside, &person) {
        return *page;
    }
    for made in Made::ALL {
        inside.ops().forget_secret(&inside.live, &made.key(&person));
    }
    inside.done(Section::People.path(), &Flash::Saved)
}
