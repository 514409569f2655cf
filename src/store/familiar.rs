//! Rows that are read over and over, parsed once.
//!
//! What is kept is never trusted: each reading still looks the row up in its own state, and takes the
//! parsed one only if it came of the very same bytes. So nothing has to be told of a change.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use crate::domain::app::App;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::connection::Connection;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::store::fault::Fault;
use crate::store::table::Row;
use crate::store::table::Table;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Firms;
use crate::store::tables::Memberships;
use crate::store::tables::Users;

/// Rows of one table that are kept at most; at the next one all are let go.
const MOST: usize = 1024;

/// A table whose rows are worth keeping: few, larger than a line, and looked at for every token.
pub trait Familiar: Table {
    /// Where they are kept.
    fn shelf(kept: &Kept) -> &Shelf<Self::Row>;
}

/// Declares the shelves.
macro_rules! shelves {
    ($($field:ident: $table:ident => $row:ty),+ $(,)?) => {
        /// The parsed rows of all such tables.
        #[derive(Default)]
        pub struct Kept { $($field: Shelf<$row>),+ }

        $(impl Familiar for $table {
            fn shelf(kept: &Kept) -> &Shelf<$row> {
                &kept.$field
            }
        })+
    };
}

shelves! {
    apps: Apps => App,
    companies: Companies => Company,
    connections: Connections => Connection,
    firms: Firms => Firm,
    memberships: Memberships => Membership,
    users: Users => User,
}

/// The parsed rows of one table, by key.
pub struct Shelf<R>(RwLock<HashMap<Vec<u8>, Parsed<R>>>);

struct Parsed<R> {
    bytes: Vec<u8>,
    row: Arc<R>,
}

impl<R> Default for Shelf<R> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<R: Row> Shelf<R> {
    /// The row that `bytes` are, found under `key` just now.
    pub(in crate::store) fn row(
        &self,
        table: &'static str,
        key: &[u8],
        bytes: &[u8],
    ) -> Result<Arc<R>, Fault> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = kept.get(key).filter(|parsed| parsed.bytes == bytes) {
            return Ok(Arc::clone(&parsed.row));
        }
        drop(kept);
        let row = Arc::new(R::from_bytes(table, bytes)?);
        let parsed = Parsed { bytes: bytes.to_vec(), row: Arc::clone(&row) };
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key.to_vec(), parsed);
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(shelf: &Shelf<String>, key: &str, bytes: &str) -> Arc<String> {
        shelf.row("texts", key.as_bytes(), bytes.as_bytes()).unwrap()
    }

    #[test]
    fn the_same_bytes_give_the_same_row_and_others_give_their_own() {
        let shelf = Shelf::default();
        let first = row(&shelf, "a", "one");
        assert!(Arc::ptr_eq(&first, &row(&shelf, "a", "one")));
        assert_eq!(*row(&shelf, "a", "two"), "two");
        assert_eq!(*row(&shelf, "a", "one"), "one");
        assert_eq!(*row(&shelf, "b", "two"), "two");
    }

    #[test]
    fn no_more_is_kept_than_fits() {
        let shelf = Shelf::default();
        for n in 0..=MOST {
            row(&shelf, &n.to_string(), "x");
        }
        assert_eq!(shelf.0.read().unwrap().len(), 1);
    }
}
