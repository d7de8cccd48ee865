-- Moments are microseconds since 1970; ids come from the server, rowids of the registry are never used twice.
-- Enumerations are small integers; src/sqlite/codes.rs names them.

CREATE TABLE node (
    only        INTEGER PRIMARY KEY CHECK (only = 0),
    -- Rises with each takeover; claims of earlier epochs have lapsed (D-12).
    epoch       INTEGER NOT NULL,
    -- Every event up to this one has all its planned deliveries in `attempts` or in `queue`, but for `stragglers`.
    fresh_mark  INTEGER NOT NULL
) STRICT;
INSERT INTO node (only, epoch, fresh_mark) VALUES (0, 0, 0);

-- Events below the mark that may have deliveries in neither: their receivers are slow.
CREATE TABLE stragglers (
    event_id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE accounts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uid         BLOB NOT NULL,
    kind        INTEGER NOT NULL,
    login       TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name        TEXT,
    email       TEXT,
    description TEXT,
    site_admin  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    organization_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role            INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_of_user ON memberships (user_id);

CREATE TABLE repositories (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    uid            BLOB NOT NULL,
    owner_id       INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name           TEXT NOT NULL COLLATE NOCASE,
    description    TEXT,
    homepage       TEXT,
    default_branch TEXT NOT NULL,
    private        INTEGER NOT NULL,
    archived       INTEGER NOT NULL,
    fork_of        INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    pushed_at      INTEGER,
    UNIQUE (owner_id, name)
) STRICT;

CREATE TABLE collaborators (
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    user_id       INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    level         INTEGER NOT NULL,
    PRIMARY KEY (repository_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX collaborators_of_user ON collaborators (user_id);

-- Only the hash of a token is kept (S-3).
CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    hash         BLOB NOT NULL UNIQUE,
    user_id      INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scopes       TEXT NOT NULL,
    note         TEXT,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX tokens_of_user ON tokens (user_id);

-- One of `account_id` and `repository_id` is set. `url_sealed` replaces `url` when the URL carries credentials (E-2).
CREATE TABLE hooks (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uid           BLOB NOT NULL,
    dialect       TEXT NOT NULL,
    account_id    INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id INTEGER REFERENCES repositories (id) ON DELETE CASCADE,
    version       INTEGER NOT NULL,
    active        INTEGER NOT NULL,
    url           TEXT,
    url_sealed    BLOB,
    events        TEXT NOT NULL,
    secret_sealed BLOB,
    format        INTEGER NOT NULL,
    insecure_tls  INTEGER NOT NULL,
    timeout_us    INTEGER,
    retries       TEXT,
    extra         TEXT,
    creator_id    INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    CHECK ((account_id IS NULL) <> (repository_id IS NULL))
) STRICT;
CREATE INDEX hooks_of_account ON hooks (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX hooks_of_repository ON hooks (repository_id) WHERE repository_id IS NOT NULL;

-- Where a hook pointed from `since` on: the log looks its URLs up here instead of repeating them in every row.
-- Rows outlive their hook, as the log does.
CREATE TABLE targets (
    hook_id    INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    url        TEXT,
    url_sealed BLOB,
    PRIMARY KEY (hook_id, since)
) STRICT, WITHOUT ROWID;

-- `id + 16 * n` is the n-th planned delivery (n from 1). `plan` is src/plan.rs's; `bodies` joins the bodies of the
-- messages that are not the event's own data. Large columns come last, so that the others are read without them.
CREATE TABLE events (
    id            INTEGER PRIMARY KEY,
    uid           BLOB NOT NULL,
    dedupe        BLOB NOT NULL UNIQUE,
    payload_hash  BLOB NOT NULL,
    planned       INTEGER NOT NULL,
    accepted_at   INTEGER NOT NULL,
    account_id    INTEGER NOT NULL,
    repository_id INTEGER,
    kind          TEXT NOT NULL,
    source        TEXT NOT NULL,
    ce_id         TEXT NOT NULL,
    subject       TEXT,
    occurred_at   INTEGER,
    content_type  TEXT NOT NULL,
    plan          BLOB NOT NULL,
    data          BLOB NOT NULL,
    bodies        BLOB
) STRICT;
CREATE INDEX events_of_repository ON events (repository_id) WHERE repository_id IS NOT NULL;

-- Deliveries planned by hand, beside those of the plans (P3).
CREATE TABLE redeliveries (
    delivery_id INTEGER PRIMARY KEY,
    event_id    INTEGER NOT NULL
) STRICT;

-- The log. `delivery_id` is NULL when it equals `id`: a delivery's first attempt, and so nearly every row.
-- `outcome` is NULL when nothing was tried.
CREATE TABLE attempts (
    id             INTEGER PRIMARY KEY,
    delivery_id    INTEGER,
    event_id       INTEGER NOT NULL,
    hook_id        INTEGER NOT NULL,
    message        INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    flags          INTEGER NOT NULL,
    state          INTEGER NOT NULL,
    reason         INTEGER,
    outcome        INTEGER,
    status         INTEGER,
    started_at     INTEGER NOT NULL,
    duration_us    INTEGER,
    retry_at       INTEGER,
    retry_after_us INTEGER,
    error          TEXT,
    request_head   BLOB,
    response_head  BLOB,
    response_body  BLOB
) STRICT;
CREATE INDEX attempts_of_hook ON attempts (hook_id);
CREATE INDEX attempts_of_delivery ON attempts (delivery_id) WHERE delivery_id IS NOT NULL;

-- Open deliveries that are no longer (or never were) fresh in a lane. `epoch` is NULL while nobody has claimed the row.
CREATE TABLE queue (
    delivery_id INTEGER PRIMARY KEY,
    event_id    INTEGER NOT NULL,
    hook_id     INTEGER NOT NULL,
    message     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    recoveries  INTEGER NOT NULL,
    redelivery  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    epoch       INTEGER,
    lease_until INTEGER
) STRICT;
CREATE INDEX queue_due ON queue (hook_id, due_at) WHERE epoch IS NULL;
CREATE INDEX queue_claimed ON queue (epoch) WHERE epoch IS NOT NULL;
