//! Blocks in the store. Most companies block nothing, and their row says so.

use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::domain::block::Block;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Blocks;

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

/// All that `company` blocks.
pub fn of_company(reader: &Reader<'_>, company: CompanyId) -> Result<Vec<Block>, Fault> {
    Ok(reader.under::<Blocks>(&company)?.into_iter().map(|(_, block)| block).collect())
}
