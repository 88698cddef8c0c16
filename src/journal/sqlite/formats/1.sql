-- Format 1. Instants are microseconds since 1970 UTC. A released format is never edited: a change is a new file.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a reception. No bytes of any document: those are payloads, which may be forgotten earlier.
CREATE TABLE message (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    direction      TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    mittente       TEXT,
    identificatore TEXT,
    destinatario   TEXT,
    servizio       TEXT,
    azione         TEXT,
    profilo        TEXT,
    riferimento    TEXT,
    collaborazione TEXT,
    chiamante      TEXT,
    inoltro        TEXT,
    digest         BLOB    CHECK (length(digest) = 32),
    schemi         TEXT,
    stato          TEXT    NOT NULL,
    esito          TEXT,
    blocks         INTEGER NOT NULL CHECK (blocks IN (0, 1)),
    attempts       INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    timings        TEXT    NOT NULL,
    CHECK (blocks = 0 OR (mittente IS NOT NULL AND identificatore IS NOT NULL AND digest IS NOT NULL))
) STRICT;

-- What closes the race between twins.
CREATE UNIQUE INDEX message_blocking ON message (identificatore, mittente, direction) WHERE blocks = 1;
-- What an operator searches by, and what start-up recovers.
CREATE INDEX message_identificatore ON message (identificatore);
CREATE INDEX message_received ON message (received_at);
CREATE INDEX message_open ON message (stato) WHERE stato = 'intended' OR stato = 'unknown';

-- One row a passage towards the other side; number 0 is the bridge's own refusal.
CREATE TABLE attempt (
    message              INTEGER NOT NULL REFERENCES message (id),
    number               INTEGER NOT NULL,
    stato                TEXT    NOT NULL,
    esito                TEXT,
    started_at           INTEGER NOT NULL,
    ended_at             INTEGER,
    node_status          INTEGER,
    reply_status         INTEGER,
    reply_type           TEXT,
    reply_identificatore TEXT,
    failure              TEXT,
    timings              TEXT    NOT NULL,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- The bytes: request (of attempt 0), forwarded, answer, reply, and detail (why it failed, values included).
CREATE TABLE payload (
    message INTEGER NOT NULL REFERENCES message (id),
    attempt INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (message, attempt, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE resolution (
    message    INTEGER PRIMARY KEY REFERENCES message (id),
    resolution TEXT    NOT NULL,
    who        TEXT    NOT NULL,
    why        TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;

-- The first number of each porta that is not reserved yet.
CREATE TABLE progressivo (
    porta TEXT PRIMARY KEY,
    next  INTEGER NOT NULL CHECK (next > 0)
) STRICT, WITHOUT ROWID;

-- How many messages stand in each state, kept by the triggers: counting millions for every look is no option.
CREATE TABLE message_count (
    stato  TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER message_counted AFTER INSERT ON message BEGIN
    INSERT INTO message_count (stato, number) VALUES (NEW.stato, 1)
        ON CONFLICT (stato) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER message_recounted AFTER UPDATE OF stato ON message WHEN NEW.stato <> OLD.stato BEGIN
    UPDATE message_count SET number = number - 1 WHERE stato = OLD.stato;
    INSERT INTO message_count (stato, number) VALUES (NEW.stato, 1)
        ON CONFLICT (stato) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER message_discounted AFTER DELETE ON message BEGIN
    UPDATE message_count SET number = number - 1 WHERE stato = OLD.stato;
END;
