//! `/setup/{link}`: the first run, and invitations. A link that was used is a page that does not
//! exist.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use http::header::SET_COOKIE;

use crate::base::secret::Secret;
use crate::domain::company::Environment;
use crate::domain::company::Slug;
use crate::domain::link::LinkPurpose;
use crate::domain::user::Email;
use crate::http::cookies;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::administration::names;
use crate::ops::administration::new_password;
use crate::ops::administration::new_password::WeakPassword;
use crate::ops::failure::Failure;
use crate::ops::links::FirstOwner;
use crate::ops::links::LinkRefusal;
use crate::ops::links::OpenLink;
use crate::ops::sessions::LiveSession;
use crate::view::pages::BooksChoice;
use crate::view::pages::ErrorKind;
use crate::view::pages::FieldError;
use crate::view::pages::FieldProblem;
use crate::view::pages::Join;
use crate::view::pages::Setup;
use crate::view::pages::SetupField;
use crate::view::pages::SetupKind;
use crate::web::recovering;
use crate::web::visitor;
use crate::web::visitor::Visitor;

/// The form that every link leads to.
pub(super) const FORM: &str = "setup";

/// Shows the form while the link is good.
pub(super) async fn show(visitor: Visitor, Path(link): Path<String>) -> Response {
    match visitor.ops().open_link(&link) {
        Ok(Some(open)) => match (recovering::lost(&open), joining(&visitor, &open)) {
            (Some(lost), _) => {
                visitor.show(&recovering::page(&visitor, &link, &open, lost), StatusCode::OK)
            }
            (None, Some(_)) => visitor.show(&join(&visitor, &link, &open), StatusCode::OK),
            (None, None) => {
                let page = form(&visitor, &link, &open, &Parameters::default(), Vec::new());
                visitor.show(&page, StatusCode::OK)
            }
        },
        Ok(None) => visitor.refuse(ErrorKind::LinkUsed),
        Err(fault) => visitor.fail(&fault),
    }
}

fn form(
    visitor: &Visitor,
    link: &str,
    open: &OpenLink,
    sent: &Parameters,
    errors: Vec<FieldError>,
) -> Setup {
    let typed = |name: &str| sent.first(name).to_owned();
    let invited = invited_as(open);
    let name = match (sent.first("name"), &invited) {
        ("", Some((name, _))) => name.clone(),
        (name, _) => name.to_owned(),
    };
    let joins = open.invitation.is_some();
    let back = visitor::return_to(&paths::setup(link)).filter(|_| joins);
    Setup {
        frame: visitor.frame(),
        csrf: visitor.form_tag(FORM, link),
        action: paths::setup(link),
        kind: if invited.is_some() { SetupKind::Invited } else { SetupKind::FirstOwner },
        name,
        company_name: if joins { open.place_name.clone() } else { typed("company") },
        sign_in: back.map(|back| paths::resuming(paths::SIGN_IN, Some(&back))),
        email: invited.map_or_else(|| typed("email"), |(_, email)| email),
        environment: environment_of(sent).0,
        errors,
    }
}

/// The name and the address of whom a link invites.
fn invited_as(open: &OpenLink) -> Option<(String, String)> {
    let invitation = open.invitation.as_ref();
    let invitation = invitation.map(|one| (one.name.clone(), one.email.to_string()));
    let user = open.invited.as_ref().map(|user| (user.name.clone(), user.email.to_string()));
    invitation.or(user)
}

/// The session that can accept the invitation: of the account that has its address.
fn joining<'v>(visitor: &'v Visitor, open: &OpenLink) -> Option<&'v LiveSession> {
    let invitation = open.invitation.as_ref()?;
    visitor.signed_in().filter(|live| live.user.email == invitation.email)
}

fn join(visitor: &Visitor, link: &str, open: &OpenLink) -> Join {
    Join {
        frame: visitor.frame(),
        csrf: visitor.form_tag(FORM, link),
        action: paths::setup(link),
        place: open.place_name.clone(),
    }
}

/// Accepts with the account that is signed in.
async fn accept(visitor: &Visitor, live: &LiveSession, open: &OpenLink) -> Response {
    match visitor.ops().join(live, open, visitor.origin()).await {
        Ok(place) => {
            let mut response = visitor.go(paths::HOME);
            if let Some(cookie) = cookies::for_long(cookies::PLACE, &place.to_string()) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
        Err(Failure::Refused(_)) => visitor.refuse(ErrorKind::LinkUsed),
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}

fn environment_of(sent: &Parameters) -> (BooksChoice, Environment) {
    match sent.first("environment") {
        "test" => (BooksChoice::Test, Environment::Test),
        _ => (BooksChoice::Production, Environment::Production),
    }
}

/// Takes the form; the first to send a good one wins.
pub(super) async fn submit(
    visitor: Visitor,
    Path(link): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    let open = match visitor.ops().open_link(&link) {
        Ok(Some(open)) => open,
        Ok(None) => return visitor.refuse(ErrorKind::LinkUsed),
        Err(fault) => return visitor.fail(&fault),
    };
    if !visitor.sent(&sent, FORM, &link) {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    if let Some(lost) = recovering::lost(&open) {
        return recovering::submit(&visitor, &link, &open, lost, &sent).await;
    }
    if let Some(live) = joining(&visitor, &open) {
        return accept(&visitor, live, &open).await;
    }
    let again = |errors| {
        let page = form(&visitor, &link, &open, &sent, errors);
        visitor.show(&page, StatusCode::UNPROCESSABLE_ENTITY)
    };
    let password: Secret = sent.first("password").into();
    let done = match open.purpose {
        LinkPurpose::FirstOwner => match first_owner(&visitor, &sent) {
            Ok(owner) => {
                visitor.ops().set_up_by_link(&open, owner, password, visitor.origin()).await
            }
            Err(errors) => return again(errors),
        },
        LinkPurpose::Join { .. } => match invited(&visitor, &open, &sent) {
            Ok(name) => visitor.ops().join_anew(&open, name, password, visitor.origin()).await,
            Err(errors) => return again(errors),
        },
        LinkPurpose::Welcome { .. } | LinkPurpose::Password { .. } | LinkPurpose::Factor { .. } => {
            match invited(&visitor, &open, &sent) {
                Ok(name) => {
                    visitor.ops().accept_invitation(&open, name, password, visitor.origin()).await
                }
                Err(errors) => return again(errors),
            }
        }
    };
    match done {
        Ok(session) => {
            let next = if session.enrolled { paths::VERIFY } else { paths::ENROL };
            visitor.go_with(&session, next)
        }
        Err(Failure::Refused(LinkRefusal::Gone)) => visitor.refuse(ErrorKind::LinkUsed),
        Err(Failure::Refused(LinkRefusal::EmailTaken)) => {
            again(vec![wrong(SetupField::Email, FieldProblem::Taken)])
        }
        Err(Failure::Refused(LinkRefusal::CompanyNameTaken)) => {
            again(vec![wrong(SetupField::Company, FieldProblem::Taken)])
        }
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}

const fn wrong(field: SetupField, problem: FieldProblem) -> FieldError {
    FieldError { field, problem }
}

fn first_owner(visitor: &Visitor, sent: &Parameters) -> Result<FirstOwner, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut note = |field, problem| errors.push(wrong(field, problem));
    let name = named(sent.first("name")).map_err(|problem| note(SetupField::Name, problem));
    let email = address(sent.first("email")).map_err(|problem| note(SetupField::Email, problem));
    let company = named(sent.first("company"))
        .and_then(|name| {
            let slug = Slug::from_name(&name).ok_or(FieldProblem::NotValid)?;
            Ok((name, slug))
        })
        .map_err(|problem| note(SetupField::Company, problem));
    let words = [sent.first("name"), sent.first("email"), sent.first("company")];
    if let Err(error) = check_password(visitor, sent, &words) {
        errors.push(error);
    }
    match (name, email, company) {
        (Ok(name), Ok(email), Ok((company, slug))) if errors.is_empty() => {
            Ok(FirstOwner { name, email, company, slug, environment: environment_of(sent).1 })
        }
        _ => Err(errors),
    }
}

fn invited(
    visitor: &Visitor,
    open: &OpenLink,
    sent: &Parameters,
) -> Result<String, Vec<FieldError>> {
    let mut errors = Vec::new();
    let name = named(sent.first("name"));
    if let Err(problem) = name {
        errors.push(wrong(SetupField::Name, problem));
    }
    let email = invited_as(open).map(|(_, email)| email).unwrap_or_default();
    if let Err(error) = check_password(visitor, sent, &[sent.first("name"), &email]) {
        errors.push(error);
    }
    name.ok().filter(|_| errors.is_empty()).ok_or(errors)
}

fn address(text: &str) -> Result<Email, FieldProblem> {
    if text.trim().is_empty() {
        return Err(FieldProblem::Missing);
    }
    text.parse().map_err(|_| FieldProblem::NotValid)
}

/// A name as the operator's commands take it.
fn named(text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() {
        Err(FieldProblem::Missing)
    } else if text.chars().count() > names::LONGEST {
        Err(FieldProblem::TooLong)
    } else if text.chars().any(names::misleads) {
        Err(FieldProblem::NotValid)
    } else {
        Ok(text.to_owned())
    }
}

/// Checks a password that somebody chooses.
pub(super) fn check_password(
    visitor: &Visitor,
    sent: &Parameters,
    words: &[&str],
) -> Result<(), FieldError> {
    let host = visitor.ops().settings().issuer.host();
    let mut known = words.to_vec();
    known.extend([host.as_str(), "countersign"]);
    let password: Secret = sent.first("password").into();
    if password.expose().is_empty() {
        return Err(wrong(SetupField::Password, FieldProblem::Missing));
    }
    new_password::check(&password, &known).map_err(|weak| {
        let problem = match weak {
            WeakPassword::TooShort => FieldProblem::PasswordTooShort,
            WeakPassword::TooLong => FieldProblem::PasswordTooLong,
            WeakPassword::TooClose => FieldProblem::PasswordTooClose,
            WeakPassword::TooCommon => FieldProblem::PasswordTooCommon,
        };
        wrong(SetupField::Password, problem)
    })?;
    if sent.first("password") == sent.first("password_again") {
        Ok(())
    } else {
        Err(wrong(SetupField::PasswordAgain, FieldProblem::PasswordsDiffer))
    }
}
