-- What owners of repositories are called where they have a short key; NULL: the login in upper case.
ALTER TABLE accounts ADD COLUMN project_key TEXT COLLATE NOCASE;
CREATE UNIQUE INDEX accounts_by_key ON accounts (project_key) WHERE project_key IS NOT NULL;

-- Basic authentication to the receiver; both are set, or neither.
ALTER TABLE hooks ADD COLUMN auth_user TEXT;
ALTER TABLE hooks ADD COLUMN auth_password_sealed BLOB;

-- Attempts that earlier deliveries of the same message to the same hook had made.
ALTER TABLE redeliveries ADD COLUMN earlier INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN earlier INTEGER NOT NULL DEFAULT 0;

-- What exchanges came to, by event name and UTC day (days since 1970), for dialects whose API shows such counts.
-- `last_*` are attempts.
CREATE TABLE tallies (
    hook_id      INTEGER NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    day          INTEGER NOT NULL,
    successes    INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    errors       INTEGER NOT NULL,
    last_success INTEGER,
    last_failure INTEGER,
    last_error   INTEGER,
    PRIMARY KEY (hook_id, kind, day)
) STRICT, WITHOUT ROWID;

-- How a hook's breaker stood after its last observation, and for which version of the hook. `step` counts observations
-- of one epoch.
CREATE TABLE breakers (
    hook_id    INTEGER PRIMARY KEY REFERENCES hooks (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    failures   INTEGER NOT NULL,
    open_until INTEGER,
    healed     INTEGER
) STRICT;

-- First attempts that a person asked for: an open breaker does not hold them.
ALTER TABLE queue ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;
CREATE INDEX queue_by_hand ON queue (hook_id, due_at) WHERE by_hand = 1 AND epoch IS NULL;
UPDATE queue SET by_hand = 1 WHERE redelivery = 1 AND attempts = 0;
