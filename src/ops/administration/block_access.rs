//! A company blocks an app or a connection for itself, or lets it in again.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::block::Block;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::names::misleads;
use crate::ops::administration::refusal::Refusal;
use crate::ops::blocks;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Blocks;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

const LONGEST_REASON: usize = 200;

/// The act on the writer.
struct SetBlock {
    block: Block,
    lift: bool,
    now: Timestamp,
    origin: Origin,
}

impl Operation for SetBlock {
    type Outcome = Result<Block, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let refused = |why| Ok(Decision::unchanged(Err(why)));
        let Block { company, blocked, by, .. } = &self.block;
        let Some(company) = reader.get::<Companies>(company)? else {
            return refused(Refusal::UnknownCompany);
        };
        if by.map_or(Ok(false), |user| reader.has::<Users>(&user).map(|known| !known))? {
            return refused(Refusal::UnknownUser);
        }
        let standing = reader.get::<Blocks>(&(company.id, *blocked))?;
        match (standing, self.lift) {
            (Some(standing), false) => Ok(Decision::unchanged(Ok(standing))),
            (Some(standing), true) => self.lift(reader, company, standing),
            (None, true) => refused(Refusal::NotBlocked),
            (None, false) => match reached_by(reader, &company, *blocked)? {
                Ok(app) => self.put(company, app),
                Err(why) => refused(why),
            },
        }
    }
}

impl SetBlock {
    fn put(self, company: Company, app: AppId) -> Result<Decision<Result<Block, Refusal>>, Fault> {
        let mut changes = Changes::new();
        changes.record(self.event(EventKind::AccessBlocked, app).cause(self.block.reason.as_str()));
        changes.put::<Blocks>(&(company.id, self.block.blocked), &self.block)?;
        changes.put::<Companies>(&company.id, &Company { blocks: true, ..company })?;
        Ok(Decision { changes, outcome: Ok(self.block) })
    }

    fn lift(
        self,
        reader: &Reader<'_>,
        company: Company,
        standing: Block,
    ) -> Result<Decision<Result<Block, Refusal>>, Fault> {
        let app = match standing.blocked {
            Blocked::App(app) => Some(app),
            Blocked::Connection(id) => reader.get::<Connections>(&id)?.map(|found| found.app),
        };
        let others = blocks::of_company(reader, company.id)?.len() > 1;
        let mut changes = Changes::new();
        if let Some(app) = app {
            changes.record(self.event(EventKind::AccessUnblocked, app));
        }
        changes.delete::<Blocks>(&(company.id, standing.blocked));
        changes.put::<Companies>(&company.id, &Company { blocks: others, ..company })?;
        Ok(Decision { changes, outcome: Ok(standing) })
    }

    fn event(&self, kind: EventKind, app: AppId) -> Event {
        let event = Event::new(kind, self.now, self.origin);
        let event = event.place(Place::Company(self.block.company)).app(app);
        let event = match self.block.blocked {
            Blocked::App(_) => event,
            Blocked::Connection(connection) => event.connection(connection),
        };
        match self.block.by {
            Some(user) => event.user(user),
            None => event,
        }
    }
}

/// The app behind what is to be blocked. Any app can be blocked; a connection only where it could
/// reach: one of another company is as unknown as one that does not exist.
fn reached_by(
    reader: &Reader<'_>,
    company: &Company,
    blocked: Blocked,
) -> Result<Result<AppId, Refusal>, Fault> {
    Ok(match blocked {
        Blocked::App(app) if reader.has::<Apps>(&app)? => Ok(app),
        Blocked::App(_) => Err(Refusal::UnknownApp),
        Blocked::Connection(id) => {
            let places = [Some(Place::Company(company.id)), company.firm.map(Place::Firm)];
            let found = reader.get::<Connections>(&id)?;
            let reaching = found.filter(|found| places.contains(&Some(found.place)));
            reaching.map(|found| found.app).ok_or(Refusal::UnknownConnection)
        }
    })
}

impl Ops {
    /// Keeps an app or a connection away from `company`, from its next use on, whoever allowed it and
    /// through whichever firm. Nothing else of it ends. `named` is who decided it, where the operator
    /// does it for them. Whoever administers the company only through its firm may not: what the
    /// company set against its firm is not the firm's to lift.
    ///
    /// # Errors
    /// What is named does not exist, or the reason cannot be shown; for a person, also a company that
    /// they do not govern.
    pub async fn block(
        &self,
        company: CompanyId,
        blocked: Blocked,
        named: Option<UserId>,
        reason: &str,
        by: impl Into<By>,
    ) -> Outcome<Block, Refusal> {
        let reason = reason.trim().to_owned();
        if reason.chars().count() > LONGEST_REASON || reason.chars().any(misleads) {
            return Err(Failure::Refused(Refusal::ReasonUnusable));
        }
        self.set_block((company, blocked), named, reason, false, by.into()).await
    }

    /// Lets it in again, as far as people's permissions do; answers the block that was lifted.
    ///
    /// # Errors
    /// The company does not block it; for a person, also a company that they do not govern.
    pub async fn unblock(
        &self,
        company: CompanyId,
        blocked: Blocked,
        named: Option<UserId>,
        by: impl Into<By>,
    ) -> Outcome<Block, Refusal> {
        self.set_block((company, blocked), named, String::new(), true, by.into()).await
    }

    async fn set_block(
        &self,
        (company, blocked): (CompanyId, Blocked),
        named: Option<UserId>,
        reason: String,
        lift: bool,
        by: By,
    ) -> Outcome<Block, Refusal> {
        let now = self.now();
        let block = Block { company, blocked, by: by.user().or(named), at: now, reason };
        let needs = Needs::confirmed(Authority::Governs(Place::Company(company)));
        let act = SetBlock { block, lift, now, origin: by.origin() };
        self.administer(by, needs, act).await
    }

    /// All that `company` blocks.
    ///
    /// # Errors
    /// The store failed.
    pub fn blocks(&self, company: CompanyId) -> Result<Vec<Block>, Fault> {
        self.store.read(|reader| blocks::of_company(reader, company))
    }
}
