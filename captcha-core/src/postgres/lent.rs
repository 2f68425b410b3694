use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;

/// A connection of the pool that goes back there only when it has answered.
///
/// One that was given up while something is expected from it is closed instead: the pool would wait
/// for the answer before it lends the connection again, which can be for ever.
pub(super) struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    pub(super) const fn new(connection: PoolConnection<Postgres>) -> Self {
        Self(Some(connection))
    }

    /// The connection, until it is given back.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.0.as_deref_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// To be called when everything that was asked is answered.
    pub(super) fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
