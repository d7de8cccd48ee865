-- Accounts at git hosts, one for each owner and host. `api` is the base URL the token was given for.
CREATE TABLE git_accounts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id     INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    host         TEXT NOT NULL,
    api          TEXT NOT NULL,
    user         TEXT,
    token_sealed BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (owner_id, host)
) STRICT;
