-- What subscribers of the hub subscribe to. `repository_id` and `page` say which page of ours it is; both NULL: it is
-- fetched from elsewhere, and the columns from `etag` on remember the last time. Urls compare as exact bytes.
CREATE TABLE topics (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    url           TEXT NOT NULL UNIQUE,
    repository_id INTEGER,
    page          TEXT,
    latest_event  INTEGER,
    created_at    INTEGER NOT NULL,
    fetched_at    INTEGER,
    etag          TEXT,
    last_modified TEXT,
    hash          BLOB,
    entries       BLOB,
    CHECK ((repository_id IS NULL) = (page IS NULL))
) STRICT;

-- Hooks can be on a topic and can end. SQLite changes no CHECK in place, so the table is made anew; what refers to it
-- is put aside meanwhile, because dropping it would cascade.
CREATE TABLE new_hooks (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    uid                  BLOB NOT NULL,
    dialect              TEXT NOT NULL,
    account_id           INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id        INTEGER REFERENCES repositories (id) ON DELETE CASCADE,
    topic_id             INTEGER REFERENCES topics (id) ON DELETE CASCADE,
    version              INTEGER NOT NULL,
    active               INTEGER NOT NULL,
    url                  TEXT,
    url_sealed           BLOB,
    events               TEXT NOT NULL,
    secret_sealed        BLOB,
    format               INTEGER NOT NULL,
    insecure_tls         INTEGER NOT NULL,
    timeout_us           INTEGER,
    retries              TEXT,
    extra                TEXT,
    auth_user            TEXT,
    auth_password_sealed BLOB,
    -- 0: nobody, the open hub.
    creator_id           INTEGER NOT NULL,
    app_id               INTEGER,
    expires_at           INTEGER,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    CHECK ((account_id IS NOT NULL) + (repository_id IS NOT NULL) + (topic_id IS NOT NULL) = 1)
) STRICT;
INSERT INTO new_hooks (id, uid, dialect, account_id, repository_id, version, active, url, url_sealed, events,
    secret_sealed, format, insecure_tls, timeout_us, retries, extra, auth_user, auth_password_sealed, creator_id, app_id,
    created_at, updated_at)
    SELECT id, uid, dialect, account_id, repository_id, version, active, url, url_sealed, events,
    secret_sealed, format, insecure_tls, timeout_us, retries, extra, auth_user, auth_password_sealed, creator_id, app_id,
    created_at, updated_at FROM hooks;
-- Ids of deleted hooks are not given out again.
DELETE FROM sqlite_sequence WHERE name = 'new_hooks';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_hooks', seq FROM sqlite_sequence WHERE name = 'hooks';
CREATE TEMP TABLE kept_tallies AS SELECT * FROM tallies;
CREATE TEMP TABLE kept_breakers AS SELECT * FROM breakers;
DROP TABLE hooks;
ALTER TABLE new_hooks RENAME TO hooks;
INSERT INTO tallies SELECT * FROM kept_tallies;
INSERT INTO breakers SELECT * FROM kept_breakers;
DROP TABLE kept_tallies;
DROP TABLE kept_breakers;
CREATE INDEX hooks_of_account ON hooks (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX hooks_of_repository ON hooks (repository_id) WHERE repository_id IS NOT NULL;
CREATE INDEX hooks_of_app ON hooks (app_id) WHERE app_id IS NOT NULL;
-- One subscription for each topic and callback.
CREATE UNIQUE INDEX hooks_of_topic ON hooks (topic_id, url) WHERE topic_id IS NOT NULL;
CREATE INDEX hooks_by_end ON hooks (expires_at) WHERE expires_at IS NOT NULL;

-- What the hub has to do. `epoch` is NULL while nobody has claimed it. `pair` stands for topic and callback of a request
-- to verify, `about` for its topic, `host` for the callback's. `sealed` holds what only the one who does it needs: callbacks and secrets.
CREATE TABLE tasks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         INTEGER NOT NULL,
    pair         BLOB,
    about        BLOB,
    host         TEXT,
    topic_id     INTEGER,
    event_id     INTEGER,
    requested_at INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    recoveries   INTEGER NOT NULL,
    epoch        INTEGER,
    sealed       BLOB
) STRICT;
CREATE INDEX tasks_due ON tasks (due_at) WHERE epoch IS NULL;
CREATE INDEX tasks_claimed ON tasks (epoch) WHERE epoch IS NOT NULL;
CREATE INDEX tasks_of_pair ON tasks (pair) WHERE pair IS NOT NULL;
CREATE INDEX tasks_about ON tasks (about) WHERE about IS NOT NULL;
CREATE INDEX tasks_of_host ON tasks (host) WHERE host IS NOT NULL;
CREATE INDEX tasks_of_topic ON tasks (topic_id) WHERE topic_id IS NOT NULL;

-- How tasks went, the newest ten thousand. Callbacks only by host and hash: their paths can be secrets (S-9).
CREATE TABLE task_notes (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    job           TEXT NOT NULL,
    topic         TEXT NOT NULL,
    mode          TEXT,
    callback_host TEXT,
    callback_hash TEXT,
    outcome       TEXT NOT NULL,
    status        INTEGER,
    reason        TEXT
) STRICT;
CREATE INDEX task_notes_of_topic ON task_notes (topic, id);
