//! One-time links for a lost password or a lost second factor.
//!
//! Such a link lets nobody in: the one for the password asks for the factor afterwards, the one for
//! the factor asks for the password before. Both in a row would, so the second is refused until the
//! person has signed in after the first. The person is told at their next sign-in.

use crate::base::id::UserId;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::link::LinkPurpose;
use crate::domain::link::Lost;
use crate::domain::link::Recovery;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::issue_link;
use crate::ops::administration::issue_link::DrawnLink;
use crate::ops::administration::issue_link::IssuedLink;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Factors;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Whose account, as seen from where.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Whose.
    pub user: UserId,
    /// The company or firm in which whoever acts administers them; the machine needs none.
    pub place: Option<Place>,
}

impl Account {
    /// What an act on the account needs of a person.
    #[must_use]
    pub const fn authority(self) -> Authority {
        match self.place {
            Some(place) => Authority::MemberOf { place, user: self.user },
            None => Authority::Operator,
        }
    }
}

/// The act on the writer.
struct IssueRecovery {
    ops: Ops,
    account: Account,
    lost: Lost,
    drawn: DrawnLink,
    by: Option<UserId>,
    origin: Origin,
}

impl Operation for IssueRecovery {
    type Outcome = Result<User, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let user = match self.issuable(reader)? {
            Ok(user) => user,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        let now = self.ops.now();
        let mut changes = Changes::new();
        issue_link::replace_older(reader, &mut changes, self.drawn.link.purpose)?;
        issue_link::put(&mut changes, &self.drawn, now, self.origin)?;
        let recovery = Some(Recovery { lost: self.lost, by: self.by, at: now });
        changes.put::<Users>(&user.id, &User { recovery, ..user.clone() })?;
        Ok(Decision { changes, outcome: Ok(user) })
    }
}

impl IssueRecovery {
    fn issuable(&self, reader: &Reader<'_>) -> Result<Result<User, Refusal>, Fault> {
        let Account { user, place } = self.account;
        let Some(account) = reader.get::<Users>(&user)?.filter(|user| user.erased_at.is_none())
        else {
            return Ok(Err(Refusal::UnknownUser));
        };
        if !account.is_active() {
            return Ok(Err(Refusal::UserDisabled));
        }
        let hand = Hand { reader, ops: &self.ops, by: self.by };
        if let Some(place) = place
            && let Err(why) = hand.governs(place, user)?
        {
            return Ok(Err(why));
        }
        let enrolled = reader.get::<Factors>(&user)?.unwrap_or_default().enrolled();
        let had = match self.lost {
            Lost::Password => account.password.is_some(),
            Lost::Factor => account.password.is_some() && enrolled,
        };
        let other = account.recovery.as_ref().is_some_and(|earlier| earlier.lost != self.lost);
        Ok(if !had {
            Err(Refusal::NothingLost)
        } else if other {
            Err(Refusal::RecoveryPending)
        } else {
            Ok(account)
        })
    }
}

impl Ops {
    /// Makes a link for what somebody lost. Whoever makes it sets nothing.
    ///
    /// # Errors
    /// The person is unknown or disabled or has nothing to lose, the account is not only that place's,
    /// or a link for the other of the two was made since they last signed in.
    pub async fn issue_recovery(
        &self,
        account: Account,
        lost: Lost,
        by: impl Into<By>,
    ) -> Outcome<IssuedLink, Refusal> {
        let (by, user) = (by.into(), account.user);
        let purpose = match lost {
            Lost::Password => LinkPurpose::Password { user },
            Lost::Factor => LinkPurpose::Factor { user },
        };
        let (drawn, issued) = self.draw_link(purpose, self.now());
        let (ops, origin) = (self.frozen(), by.origin());
        let act = IssueRecovery { ops, account, lost, drawn, by: by.user(), origin };
        self.administer(by, Needs::confirmed(account.authority()), act).await?;
        Ok(issued)
    }
}
