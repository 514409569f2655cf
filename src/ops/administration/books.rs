//! The companies that a person reaches and the firms beside them; all of them for an operator.

use crate::base::id::CompanyId;
use crate::base::id::UserId;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::role::HeldRole;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::people_here;
use crate::ops::administration::reaching;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::place_access;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Companies;
use crate::store::tables::FirmCompanies;
use crate::store::tables::Firms;
use crate::store::tables::Users;

/// A company as somebody sees it.
#[derive(Clone, Debug)]
pub struct CompanyHere {
    /// The company.
    pub company: Company,
    /// The titles of the person's roles in it; empty for none.
    pub role: String,
    /// The name of its firm.
    pub firm: Option<String>,
    /// Whether they administer it, or the installation.
    pub administers: bool,
    /// Whether they may say which firm looks after it and who of the firm sees it.
    pub governs: bool,
}

/// A firm as somebody sees it.
#[derive(Clone, Debug)]
pub struct FirmHere {
    /// The firm.
    pub firm: Firm,
    /// The titles of the person's roles in it; empty for none.
    pub role: String,
    /// The names of the companies that it looks after, as far as the person reaches them.
    pub companies: Vec<String>,
    /// How many it looks after beside these; told to those who administer it.
    pub hidden: u64,
    /// How many members it has; told to those who administer it.
    pub people: Option<u64>,
    /// Whether they may give companies into its care.
    pub governs: bool,
}

/// What a company's row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompanyCounts {
    /// People who reach it.
    pub people: u64,
    /// Apps, connections and tokens that do.
    pub access: u64,
}

/// Both, by name.
#[derive(Clone, Debug)]
pub struct Books {
    /// The companies.
    pub companies: Vec<CompanyHere>,
    /// The firms.
    pub firms: Vec<FirmHere>,
}

/// Who looks, and at which state.
struct View<'a> {
    ops: &'a Ops,
    reader: &'a Reader<'a>,
    user: &'a User,
}

impl View<'_> {
    fn books(&self) -> Result<Books, Fault> {
        let mut books = Books { companies: self.companies()?, firms: Vec::new() };
        books.companies.sort_by_key(|here| here.company.name.to_lowercase());
        books.firms = self.firms(&books.companies)?;
        books.firms.sort_by_key(|here| here.firm.name.to_lowercase());
        Ok(books)
    }

    fn roles(&self, place: Place) -> Result<Vec<HeldRole>, Fault> {
        Ok(place_access::standing(self.reader, self.user.id, place)?.1)
    }

    fn governs(&self, place: Place) -> Result<bool, Fault> {
        let operator = self.user.operator;
        Ok(operator || authority::administers_itself(self.reader, self.ops, self.user, place)?)
    }

    fn companies(&self) -> Result<Vec<CompanyHere>, Fault> {
        let ids: Vec<CompanyId> = if self.user.operator {
            self.reader.all::<Companies>()?.into_iter().map(|(_, company)| company.id).collect()
        } else {
            let places = place_access::reachable(self.reader, self.user.id)?.into_iter();
            let company = |place| match place {
                Place::Company(id) => Some(id),
                Place::Firm(_) => None,
            };
            places.filter_map(company).collect()
        };
        let mut found = Vec::new();
        for id in ids {
            if let Some(company) = self.reader.get::<Companies>(&id)? {
                found.push(self.company(company)?);
            }
        }
        Ok(found)
    }

    fn company(&self, company: Company) -> Result<CompanyHere, Fault> {
        let place = Place::Company(company.id);
        let roles = self.roles(place)?;
        let firm = company.firm.map(Place::Firm);
        Ok(CompanyHere {
            role: self.ops.role_titles(&roles),
            firm: firm.map(|firm| place_access::name(self.reader, firm)).transpose()?,
            administers: self.user.operator || self.ops.administers(&roles),
            governs: self.governs(place)?,
            company,
        })
    }

    /// The firms of the person, and of the companies that they administer.
    fn firms(&self, companies: &[CompanyHere]) -> Result<Vec<FirmHere>, Fault> {
        let mut found = Vec::new();
        for (_, firm) in self.reader.all::<Firms>()? {
            let of_firm = |here: &&CompanyHere| here.company.firm == Some(firm.id);
            let beside = companies.iter().filter(of_firm).any(|here| here.administers);
            let roles = self.roles(Place::Firm(firm.id))?;
            if self.user.operator || beside || !roles.is_empty() {
                found.push(self.firm(firm, &roles, companies)?);
            }
        }
        Ok(found)
    }

    fn firm(
        &self,
        firm: Firm,
        roles: &[HeldRole],
        companies: &[CompanyHere],
    ) -> Result<FirmHere, Fault> {
        let seen = companies.iter().filter(|here| here.company.firm == Some(firm.id));
        let seen: Vec<String> = seen.map(|here| here.company.name.clone()).collect();
        let place = Place::Firm(firm.id);
        let administers = self.user.operator || self.ops.administers(roles);
        let (mut hidden, mut people) = (0, None);
        if administers {
            let all = self.reader.under::<FirmCompanies>(&firm.id)?.len();
            hidden = all.saturating_sub(seen.len()) as u64;
            people = Some(roles::members(self.reader, place)?.len() as u64);
        }
        Ok(FirmHere {
            role: self.ops.role_titles(roles),
            companies: seen,
            hidden,
            people,
            governs: self.governs(place)?,
            firm,
        })
    }
}

impl Ops {
    /// The companies and firms of a person who administers one, or the installation.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for everybody else.
    pub fn books_of(&self, live: &LiveSession) -> Outcome<Books, Refusal> {
        flatten(self.store.read(|reader| {
            let books = View { ops: self, reader, user: &live.user }.books()?;
            let administers = live.user.operator
                || books.companies.iter().any(|here| here.administers)
                || books.firms.iter().any(|here| here.people.is_some());
            Ok(if administers { Ok(books) } else { Err(Refusal::NotAllowed) })
        }))
    }

    /// How many people reach a company, and how many apps, connections and tokens do; none of a company
    /// with more than is counted at once.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`].
    pub fn company_counts(
        &self,
        live: &LiveSession,
        company: CompanyId,
    ) -> Outcome<Option<CompanyCounts>, Refusal> {
        let place = Place::Company(company);
        self.look_for(live, Authority::Oversees(place), |reader| {
            let people = people_here::count(reader, place)?;
            let counted = reaching::count(self, reader, company)?;
            let both = |access: Option<u64>| people.zip(access);
            let told = |(people, access)| CompanyCounts { people, access };
            Ok(counted.map(|access| both(access).map(told)))
        })
    }

    /// The members of the firm of a company, by name: those to whom the company can be confided. None
    /// where it has no firm.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`].
    pub fn firm_members(
        &self,
        live: &LiveSession,
        company: CompanyId,
    ) -> Outcome<Vec<(UserId, String)>, Refusal> {
        self.look_for(live, Authority::Governs(Place::Company(company)), |reader| {
            let firm = reader.shared::<Companies>(&company)?.and_then(|company| company.firm);
            let Some(firm) = firm else { return Ok(Ok(Vec::new())) };
            let mut members = Vec::new();
            for held in roles::members(reader, Place::Firm(firm))? {
                let user = reader.shared::<Users>(&held.user)?;
                members.extend(user.map(|user| (user.id, user.name.clone())));
            }
            members.sort_by_key(|(_, name)| name.to_lowercase());
            Ok(Ok(members))
        })
    }
}
