//! Blocks in the store. Most companies block nothing, and their row says so.

use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::domain::block::Block;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Blocks;
use crate::store::tables::Companies;

/// Whether `company` blocks this app or this connection.
pub fn stands(
    reader: &Reader<'_>,
    company: &Company,
    app: AppId,
    connection: Option<ConnectionId>,
) -> Result<bool, Fault> {
    if !company.blocks {
        return Ok(false);
    }
    let has = |blocked| reader.has::<Blocks>(&(company.id, blocked));
    if has(Blocked::App(app))? {
        return Ok(true);
    }
    connection.map_or(Ok(false), |connection| has(Blocked::Connection(connection)))
}

/// Whether the company `place` blocks this app; a firm blocks nothing.
pub fn keeps_away(reader: &Reader<'_>, place: Place, app: AppId) -> Result<bool, Fault> {
    let Place::Company(company) = place else { return Ok(false) };
    match reader.shared::<Companies>(&company)? {
        Some(company) => stands(reader, &company, app, None),
        None => Ok(false),
    }
}

/// All that `company` blocks.
pub fn of_company(reader: &Reader<'_>, company: CompanyId) -> Result<Vec<Block>, Fault> {
    Ok(reader.under::<Blocks>(&company)?.into_iter().map(|(_, block)| block).collect())
}
