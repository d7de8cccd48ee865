-- Apps whose code is built. The trigger token is part of the URLs that hosts call, and is shown to its admins, so it is
-- sealed and not hashed. `builds` counts the builds there have been: the number of the last one.
CREATE TABLE ci_apps (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             BLOB NOT NULL UNIQUE,
    owner_id        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id   INTEGER REFERENCES repositories (id) ON DELETE SET NULL,
    title           TEXT NOT NULL,
    project_type    TEXT,
    provider        TEXT NOT NULL,
    repo_url        TEXT NOT NULL,
    is_public       INTEGER NOT NULL,
    is_disabled     INTEGER NOT NULL,
    default_branch  TEXT NOT NULL,
    manual_approval INTEGER NOT NULL,
    relay           INTEGER NOT NULL,
    token_sealed    BLOB,
    secret_sealed   BLOB,
    config          TEXT,
    version         INTEGER NOT NULL,
    builds          INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX ci_apps_of_owner ON ci_apps (owner_id);
CREATE INDEX ci_apps_of_repository ON ci_apps (repository_id) WHERE repository_id IS NOT NULL;

-- Builds. `params` is what is built, `original` the parameters as they came; the columns after them are facts of
-- `params` that lists ask for. `epoch` is set while this server's own executor runs it (D-12); `heard_at` is the last
-- time anybody reported on it.
CREATE TABLE builds (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    uid            BLOB NOT NULL UNIQUE,
    app_id         INTEGER NOT NULL REFERENCES ci_apps (id) ON DELETE CASCADE,
    number         INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    stage          INTEGER NOT NULL,
    workflow       TEXT,
    pipeline       TEXT,
    params         TEXT NOT NULL,
    original       TEXT,
    priority       INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    branch         TEXT NOT NULL,
    commit_hash    TEXT NOT NULL,
    commit_message TEXT NOT NULL,
    pull_request   INTEGER NOT NULL,
    secrets_sealed BLOB,
    triggered_by   TEXT,
    executor       TEXT,
    epoch          INTEGER,
    abort_reason   TEXT,
    triggered_at   INTEGER NOT NULL,
    started_at     INTEGER,
    finished_at    INTEGER,
    heard_at       INTEGER NOT NULL,
    incoming_id    INTEGER,
    hops           INTEGER NOT NULL DEFAULT 0,
    log_bytes      INTEGER NOT NULL DEFAULT 0,
    log_pieces     INTEGER NOT NULL DEFAULT 0,
    CHECK ((workflow IS NULL) <> (pipeline IS NULL)),
    UNIQUE (app_id, number)
) STRICT;
CREATE INDEX builds_queued ON builds (priority DESC, id) WHERE stage = 0;
CREATE INDEX builds_open ON builds (heard_at) WHERE stage < 2;
CREATE INDEX builds_local ON builds (epoch) WHERE epoch IS NOT NULL;
CREATE INDEX builds_by_branch ON builds (app_id, branch, id);
CREATE INDEX builds_by_stage ON builds (app_id, id) WHERE stage < 2;

CREATE TABLE build_logs (
    build_id INTEGER NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (build_id, position)
) STRICT, WITHOUT ROWID;

-- Builds that wait for approval. `targets` is a JSON array of {"workflow": …} and {"pipeline": …}.
CREATE TABLE build_requests (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uid          BLOB NOT NULL UNIQUE,
    app_id       INTEGER NOT NULL REFERENCES ci_apps (id) ON DELETE CASCADE,
    params       TEXT NOT NULL,
    original     TEXT,
    targets      TEXT NOT NULL,
    triggered_by TEXT,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX build_requests_of_app ON build_requests (app_id, id);

-- Requests that came in, the newest thousand of each app. `headers` is a JSON array of [name, value], credentials masked.
CREATE TABLE incoming (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uid         BLOB NOT NULL UNIQUE,
    app_id      INTEGER NOT NULL REFERENCES ci_apps (id) ON DELETE CASCADE,
    provider    TEXT NOT NULL,
    delivery_id TEXT,
    event       TEXT,
    verdict     INTEGER NOT NULL,
    headers     TEXT NOT NULL,
    body        BLOB NOT NULL,
    replay_of   BLOB,
    received_at INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    answer      TEXT NOT NULL,
    repeats     INTEGER NOT NULL
) STRICT;
CREATE INDEX incoming_of_app ON incoming (app_id, id);

-- What hosts have sent within a week, by provider and the host's own id: a repeat gets the answer, and does nothing.
CREATE TABLE incoming_seen (
    app_id      INTEGER NOT NULL REFERENCES ci_apps (id) ON DELETE CASCADE,
    key         BLOB NOT NULL,
    incoming_id INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    answer      TEXT NOT NULL,
    PRIMARY KEY (app_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX incoming_seen_by_age ON incoming_seen (seen_at);

-- Events can be of an app, and know how many deliveries in a row led to them.
ALTER TABLE events ADD COLUMN ci_app_id INTEGER;
ALTER TABLE events ADD COLUMN hops INTEGER NOT NULL DEFAULT 0;

-- Hooks can be on an app, and can have headers of their own. SQLite changes no CHECK in place, so the table is made anew;
-- what refers to it is put aside meanwhile, because dropping it would cascade.
CREATE TABLE new_hooks (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    uid                  BLOB NOT NULL,
    dialect              TEXT NOT NULL,
    account_id           INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    repository_id        INTEGER REFERENCES repositories (id) ON DELETE CASCADE,
    topic_id             INTEGER REFERENCES topics (id) ON DELETE CASCADE,
    ci_app_id            INTEGER REFERENCES ci_apps (id) ON DELETE CASCADE,
    version              INTEGER NOT NULL,
    active               INTEGER NOT NULL,
    url                  TEXT,
    url_sealed           BLOB,
    events               TEXT NOT NULL,
    secret_sealed        BLOB,
    headers_sealed       BLOB,
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
    CHECK ((account_id IS NOT NULL) + (repository_id IS NOT NULL) + (topic_id IS NOT NULL) + (ci_app_id IS NOT NULL) = 1)
) STRICT;
INSERT INTO new_hooks (id, uid, dialect, account_id, repository_id, topic_id, version, active, url, url_sealed, events,
    secret_sealed, format, insecure_tls, timeout_us, retries, extra, auth_user, auth_password_sealed, creator_id, app_id,
    expires_at, created_at, updated_at)
    SELECT id, uid, dialect, account_id, repository_id, topic_id, version, active, url, url_sealed, events,
    secret_sealed, format, insecure_tls, timeout_us, retries, extra, auth_user, auth_password_sealed, creator_id, app_id,
    expires_at, created_at, updated_at FROM hooks;
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
CREATE INDEX hooks_of_ci_app ON hooks (ci_app_id) WHERE ci_app_id IS NOT NULL;
CREATE INDEX hooks_of_app ON hooks (app_id) WHERE app_id IS NOT NULL;
-- One subscription for each topic and callback.
CREATE UNIQUE INDEX hooks_of_topic ON hooks (topic_id, url) WHERE topic_id IS NOT NULL;
CREATE INDEX hooks_by_end ON hooks (expires_at) WHERE expires_at IS NOT NULL;
