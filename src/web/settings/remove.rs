//! `/settings/people/{person}/remove_person`: who takes over, and the removal. An invitation is
//! taken back by the same form.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::http::parameters::Parameters;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::remove_person::Leaving;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::settings::hand_over::AppToHandOver;
use crate::view::pages::settings::hand_over::HandOver;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::people;
use crate::web::settings::person::Whom;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

struct Asked {
    whom: Whom,
    leaving: Leaving,
    href: String,
}

fn asked(inside: &Inside, person: &str) -> Result<Asked, Box<Response>> {
    let whom = Whom::find(inside, person)?;
    let leaving = match &whom {
        Whom::Waiting(_) => Leaving { apps: Vec::new(), connections: 0 },
        Whom::Member(found) if found.touches => {
            let (place, user) = (inside.open.place, found.member.user.id);
            inside.told(inside.ops().leaving(&inside.live, place, user))?
        }
        Whom::Member(_) => return Err(Box::new(inside.refuse(ErrorKind::NotAllowed))),
    };
    Ok(Asked { whom, leaving, href: people::href(person) })
}

/// The field of an app: named by the app, so that another list of apps changes nothing.
fn field(app: AppId) -> String {
    format!("take_over.{app}")
}

fn page(inside: &Inside, asked: &Asked, sent: Option<&Parameters>, mistakes: Mistakes) -> HandOver {
    let action = format!("{}/remove_person", asked.href);
    let apps = asked.leaving.apps.iter().map(|(app, able)| {
        let field = field(app.id);
        let chosen = sent.map(|sent| sent.first(&field).to_owned());
        let choice = |user: &crate::domain::user::User| Choice {
            value: user.id.to_string(),
            title: user.name.clone(),
            chosen: chosen.as_ref() == Some(&user.id.to_string()),
        };
        let successors = able.iter().map(choice).collect();
        AppToHandOver { name: app.name.clone(), successors, field }
    });
    HandOver {
        frame: inside.frame_asking(Section::People, &action),
        csrf: inside.tag(&action),
        action,
        back: asked.href.clone(),
        name: asked.whom.name().to_owned(),
        apps: apps.collect(),
        connections: asked.leaving.connections,
        mistakes,
    }
}

/// Asks.
pub(super) async fn ask(Path(person): Path<String>, inside: Inside) -> Response {
    match asked(&inside, &person) {
        Ok(asked) => inside.show(&page(&inside, &asked, None, Mistakes::default())),
        Err(page) => *page,
    }
}

/// Removes.
pub(super) async fn remove(Path(person): Path<String>, sent: Sent) -> Response {
    let asked = match asked(&sent.inside, &person) {
        Ok(asked) => asked,
        Err(page) => return *page,
    };
    let (inside, place) = (&sent.inside, sent.inside.open.place);
    let outcome = match &asked.whom {
        Whom::Waiting(found) => {
            inside.ops().withdraw_invitation(place, found.id, sent.by()).await.map(|_| ())
        }
        Whom::Member(found) => {
            let chosen = asked.leaving.apps.iter().filter_map(|(app, _)| {
                let field = field(app.id);
                Some((app.id, sent.fields.first(&field).parse::<UserId>().ok()?))
            });
            let (user, chosen) = (found.member.user.id, chosen.collect());
            inside.ops().remove_person(user, place, chosen, sent.by()).await.map(|_| ())
        }
    };
    match outcome {
        Ok(()) => {
            let name = asked.whom.name().to_owned();
            inside.done(Section::People.path(), &Flash::Removed(name))
        }
        Err(Failure::Refused(Refusal::Code(why))) => {
            let mistakes = Mistakes::code(verify::code_error(why));
            let page = page(inside, &asked, Some(&sent.fields), mistakes);
            inside.visitor.show(&page, verify::status_of(why))
        }
        Err(failure) => inside.tell(failure),
    }
}
