//! Using a link for a lost password or a lost factor: neither lets anybody in by itself.

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::link::LinkPurpose;
use crate::domain::session::Level;
use crate::domain::session::Session;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::links;
use crate::ops::links::LinkRefusal;
use crate::ops::links::OpenLink;
use crate::ops::sessions;
use crate::ops::sessions::BrowserMark;
use crate::ops::sign_in::NewSession;
use crate::ops::sign_in::SignInRefusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Factors;
use crate::store::tables::Links;
use crate::store::tables::Sessions;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Why the password did not open the way to another factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorRefusal {
    /// The link does nothing.
    Gone,
    /// The password is not right, or was not looked at.
    Password(SignInRefusal),
}

impl Ops {
    /// Chooses another password by a link. Every session ends, and the one that begins has proved no
    /// more than the password: the second factor is asked for.
    ///
    /// # Errors
    /// [`LinkRefusal::Gone`].
    pub async fn replace_password(
        &self,
        link: &OpenLink,
        password: Secret,
        origin: Origin,
    ) -> Outcome<NewSession, LinkRefusal> {
        let hash = self.hashing.hash(password, self.draw()).await?;
        let session = self.draw_session(self.now());
        let (ops, token) = (self.frozen(), link.token.clone());
        let act = ReplacePassword { ops, token, hash, session: session.clone(), origin };
        let enrolled = flatten(self.store.submit(act).await)?;
        Ok(NewSession { cookie: session.text().into(), enrolled })
    }

    /// Proves the password for a link that replaces a lost factor; the session that begins may set up
    /// another, and nothing else. A wrong password is a guess like any other, and leaves the link.
    ///
    /// # Errors
    /// [`FactorRefusal`].
    pub async fn begin_factor_replacement(
        &self,
        link: &OpenLink,
        password: Secret,
        browser: BrowserMark,
        origin: Origin,
    ) -> Outcome<NewSession, FactorRefusal> {
        let gone = || Failure::Refused(FactorRefusal::Gone);
        let Some(user) = &link.invited else { return Err(gone()) };
        let email = user.email.to_string();
        let signed = self.sign_in(&email, password, browser, None, origin).await;
        let session = signed.map_err(|failure| match failure {
            Failure::Refused(why) => Failure::Refused(FactorRefusal::Password(why)),
            Failure::Fault(fault) => Failure::Fault(fault),
        })?;
        let token = PlainToken::parse(TokenKind::Session, session.cookie.expose());
        let Some(id) = token.map(|token| *token.id()) else { return Err(gone()) };
        let (ops, token) = (self.frozen(), link.token.clone());
        let marked = flatten(self.store.submit(MarkReplacing { ops, token, id }).await);
        marked.map_err(|failure| match failure {
            Failure::Refused(_) => gone(),
            Failure::Fault(fault) => Failure::Fault(fault),
        })?;
        Ok(NewSession { enrolled: false, ..session })
    }
}

/// Whose account a good link changes, if they may use it.
fn account_of(reader: &Reader<'_>, user: UserId) -> Result<Option<User>, Fault> {
    Ok(reader.get::<Users>(&user)?.filter(User::is_active))
}

struct ReplacePassword {
    ops: Ops,
    token: PlainToken,
    hash: String,
    session: PlainToken,
    origin: Origin,
}

impl Operation for ReplacePassword {
    type Outcome = Result<bool, LinkRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let gone = || Ok(Decision::unchanged(Err(LinkRefusal::Gone)));
        let link = links::good_link(&self.ops, reader, &self.token)?;
        let Some(LinkPurpose::Password { user: id }) = link.map(|link| link.purpose) else {
            return gone();
        };
        let Some(user) = account_of(reader, id)? else { return gone() };
        let mut changes = Changes::new();
        sessions::end_all(reader, &mut changes, id, None)?;
        changes.put::<Users>(
            &id,
            &User { password: Some(self.hash), password_at: Some(self.ops.now()), ..user },
        )?;
        changes.delete::<Links>(self.token.id());
        let row = sessions::row(&self.ops, &self.session, id, Level::Password, self.origin);
        sessions::begin(reader, &mut changes, self.session.id(), &row)?;
        let event = self.ops.event(EventKind::PasswordSet, self.origin).user(id);
        changes.record(event.cause("lost_password"));
        let factors = reader.get::<Factors>(&id)?.unwrap_or_default();
        Ok(Decision { changes, outcome: Ok(factors.enrolled()) })
    }
}

struct MarkReplacing {
    ops: Ops,
    token: PlainToken,
    id: RawId,
}

impl Operation for MarkReplacing {
    type Outcome = Result<(), LinkRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let gone = || Ok(Decision::unchanged(Err(LinkRefusal::Gone)));
        let Some(link) = links::good_link(&self.ops, reader, &self.token)? else { return gone() };
        let row = reader.get::<Sessions>(&self.id)?;
        let Some(row) = row.filter(|row| link.purpose == LinkPurpose::Factor { user: row.user })
        else {
            return gone();
        };
        let mut changes = Changes::new();
        let row = Session { replaces_factor_until: Some(link.expires_at), ..row };
        changes.put::<Sessions>(&self.id, &row)?;
        changes.delete::<Links>(self.token.id());
        Ok(Decision { changes, outcome: Ok(()) })
    }
}
