//! The companies that a token reaches, a page at a time. A cursor is ours, of this kind, and of this
//! person's tokens for this firm, or it is refused.

use crate::base::encoding;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::digest;
use crate::crypto::keyring::Keyring;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::gate::PlaceFacts;
use crate::ops::Ops;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::place_access;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Companies;
use crate::store::tables::FirmCompanies;

/// Rows of the index that are looked at in one go.
const PIECE: usize = 100;

const CURSOR: &str = "cursor: companies of a firm";

/// Some of the companies, oldest first.
#[derive(Clone, Debug)]
pub struct ReachedCompanies {
    /// The companies.
    pub companies: Vec<Company>,
    /// Where the list goes on, if it does.
    pub next_cursor: Option<String>,
}

/// The cursor is none that this list gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACursor;

impl Ops {
    /// At most `limit` of the companies that a token reaches, those behind `cursor`.
    ///
    /// # Errors
    /// [`NotACursor`].
    pub fn companies_reached(
        &self,
        live: &LiveToken,
        limit: usize,
        cursor: Option<&str>,
    ) -> Outcome<ReachedCompanies, NotACursor> {
        let whole = |companies| Ok(ReachedCompanies { companies, next_cursor: None });
        match (live.place(), cursor) {
            (PlaceFacts::Company(company), None) => whole(vec![Company::clone(company)]),
            (PlaceFacts::Gone, None) => whole(Vec::new()),
            (PlaceFacts::Company(_) | PlaceFacts::Gone, Some(_)) => {
                Err(Failure::Refused(NotACursor))
            }
            (PlaceFacts::Firm(firm), cursor) => flatten(self.store.read(|reader| {
                let after = match cursor.map(|text| read(&self.keys, firm.id, live.person, text)) {
                    Some(None) => return Ok(Err(NotACursor)),
                    after => after.flatten(),
                };
                self.page(reader, live, firm, after, limit).map(Ok)
            })),
        }
    }

    fn page(
        &self,
        reader: &Reader<'_>,
        live: &LiveToken,
        firm: &Firm,
        mut after: Option<CompanyId>,
        limit: usize,
    ) -> Result<ReachedCompanies, Fault> {
        let mut companies: Vec<Company> = Vec::new();
        loop {
            let key = after.map(|company| (firm.id, company));
            let rows = reader.under_after::<FirmCompanies>(&firm.id, key.as_ref(), PIECE)?;
            let full = rows.len() == PIECE;
            for id in rows.iter().filter_map(|(key, ())| tables::last_id(key)) {
                let id = CompanyId::from_raw(id);
                after = Some(id);
                let Some(company) = reader.get::<Companies>(&id)? else { continue };
                if !place_access::reaches(reader, firm, &company, live.reach())? {
                    continue;
                }
                if companies.len() == limit {
                    let last = companies.last().map(|last| last.id);
                    let next = last.map(|last| cursor(&self.keys, firm.id, live.person, last));
                    return Ok(ReachedCompanies { companies, next_cursor: next });
                }
                companies.push(company);
            }
            if !full {
                return Ok(ReachedCompanies { companies, next_cursor: None });
            }
        }
    }
}

const TAG: usize = 16;

fn tag(keys: &Keyring, firm: FirmId, person: UserId, last: CompanyId) -> Vec<u8> {
    let parts = [firm.raw(), person.raw(), last.raw()].map(RawId::bytes);
    let tag = keys.bind(CURSOR, &parts.map(|part| part.as_slice()));
    tag.into_iter().take(TAG).collect()
}

fn cursor(keys: &Keyring, firm: FirmId, person: UserId, last: CompanyId) -> String {
    let tag = tag(keys, firm, person, last);
    encoding::base64url(&[last.raw().bytes().as_slice(), &tag].concat())
}

fn read(keys: &Keyring, firm: FirmId, person: UserId, text: &str) -> Option<CompanyId> {
    let bytes = encoding::base64url_decode(text)?;
    let (id, stated) = bytes.split_first_chunk::<16>()?;
    let last = CompanyId::from_raw(RawId::from_bytes(*id));
    digest::equal(&tag(keys, firm, person, last), stated).then_some(last)
}
