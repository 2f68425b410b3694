use super::Table;

/// Two nodes that make the same table at once would run into each other, also with `IF NOT
/// EXISTS`. Whoever has this lock makes it. The number is arbitrary, and the same for all.
const LOCK: i64 = 0x6361_7074_6368_6100;

/// What makes the table, and its index, where they do not exist.
///
/// Neither is touched where they do: making them again would need permission to, and the index a
/// lock that waits for writers. Room is left on each page, so that counting a try leaves the
/// indexes alone.
pub(crate) fn create(table: &Table, unlogged: bool) -> String {
    let unlogged = if unlogged { "UNLOGGED " } else { "" };
    let index = table.index();
    format!(
        "SELECT pg_advisory_xact_lock({LOCK});
DO $$ BEGIN
  IF to_regclass('{table}') IS NULL THEN
    CREATE {unlogged}TABLE {table} (
      key text COLLATE \"C\" PRIMARY KEY,
      payload bytea NOT NULL,
      answers integer NOT NULL DEFAULT 0,
      renders integer NOT NULL DEFAULT 0,
      expires_at timestamptz NOT NULL
    ) WITH (fillfactor = 70);
    CREATE INDEX {index} ON {table} (expires_at);
  END IF;
END $$;
SELECT key, payload, answers, renders, expires_at FROM {table} LIMIT 0;
"
    )
}
