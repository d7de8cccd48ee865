//! Reading rows, and what every noun's file needs for it.

use domain::directory::Change;
use domain::id::Uid;
use domain::ports::StoreError;
use domain::time::Timestamp;
use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::writer::Tx;
use crate::error::Done;

/// A moment in a column.
pub(crate) fn moment(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    row.get(at).map(Timestamp::from_micros)
}

/// A moment in a column that may be NULL.
pub(crate) fn maybe_moment(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_micros))
}

/// A 128-bit id in a column.
pub(crate) fn uid(row: &Row<'_>, at: usize) -> rusqlite::Result<Uid> {
    row.get(at).map(|bytes| Uid(Uuid::from_bytes(bytes)))
}

/// All rows of a query, in order.
pub(crate) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Done<T>,
) -> Done<Vec<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The one row of a query; [`StoreError::NotFound`] if there is none.
pub(crate) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> Done<T>,
) -> Done<T> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    read(rows.next()?.ok_or(StoreError::NotFound)?)
}

/// Deletes the row with that id; [`StoreError::NotFound`] if there is none.
pub(crate) fn delete(tx: &mut Tx<'_>, sql: &str, id: i64, change: Change) -> Done<()> {
    if tx.conn.prepare_cached(sql)?.execute([id])? == 0 {
        return Err(StoreError::NotFound.into());
    }
    tx.effects.changes.push(change);
    Ok(())
}
