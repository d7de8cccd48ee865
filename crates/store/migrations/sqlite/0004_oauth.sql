-- OAuth applications. Only the hash of a client secret is kept (S-3). `redirect_urls` is a JSON array.
CREATE TABLE oauth_apps (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id     TEXT NOT NULL UNIQUE,
    secret_hash   BLOB NOT NULL,
    name          TEXT NOT NULL,
    owner_id      INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    homepage      TEXT,
    redirect_urls TEXT NOT NULL,
    device_flow   INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_apps_of_owner ON oauth_apps (owner_id);

-- The application a token was given to; NULL: a person made it.
ALTER TABLE tokens ADD COLUMN app_id INTEGER REFERENCES oauth_apps (id) ON DELETE CASCADE;
CREATE INDEX tokens_of_app ON tokens (app_id, user_id) WHERE app_id IS NOT NULL;

-- The application a hook was made through. No foreign key: hooks outlive it, and become hooks of no application in the
-- transaction that deletes it.
ALTER TABLE hooks ADD COLUMN app_id INTEGER;
CREATE INDEX hooks_of_app ON hooks (app_id) WHERE app_id IS NOT NULL;

-- Authorization codes, by hash. A spent one stays for a while, so that its replay revokes what it gave; `token_id` has
-- no foreign key, for a revoked token does not make a spent code fresh. `signed_in_with` is the user's own token,
-- and the token given ends when that one does.
CREATE TABLE oauth_codes (
    hash           BLOB PRIMARY KEY,
    app_id         INTEGER NOT NULL REFERENCES oauth_apps (id) ON DELETE CASCADE,
    user_id        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    signed_in_with INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    scopes         TEXT NOT NULL,
    redirect_url   TEXT NOT NULL,
    challenge      TEXT,
    token_ends     INTEGER,
    expires_at     INTEGER NOT NULL,
    spent          INTEGER NOT NULL,
    token_id       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_codes_by_end ON oauth_codes (expires_at);
CREATE INDEX oauth_codes_of_app ON oauth_codes (app_id, user_id);
CREATE INDEX oauth_codes_of_user ON oauth_codes (user_id);
CREATE INDEX oauth_codes_by_sign_in ON oauth_codes (signed_in_with);

-- Device codes, by hash. `answer` is NULL while the user has not answered; `granted`, `user_id` and `signed_in_with` are
-- set when the answer was yes.
CREATE TABLE oauth_devices (
    hash           BLOB PRIMARY KEY,
    user_code_hash BLOB NOT NULL UNIQUE,
    app_id         INTEGER NOT NULL REFERENCES oauth_apps (id) ON DELETE CASCADE,
    scopes         TEXT NOT NULL,
    answer         INTEGER,
    granted        TEXT,
    user_id        INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    signed_in_with INTEGER REFERENCES tokens (id) ON DELETE CASCADE,
    token_ends     INTEGER,
    interval_us    INTEGER NOT NULL,
    polled_at      INTEGER,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_devices_by_end ON oauth_devices (expires_at);
CREATE INDEX oauth_devices_of_app ON oauth_devices (app_id);
CREATE INDEX oauth_devices_of_user ON oauth_devices (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX oauth_devices_by_sign_in ON oauth_devices (signed_in_with) WHERE signed_in_with IS NOT NULL;

-- Signed-in browsers, by the hash of their cookie. A session ends with the token it was made with.
CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,
    token_id   INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_token ON sessions (token_id);
CREATE INDEX sessions_by_start ON sessions (started_at);
