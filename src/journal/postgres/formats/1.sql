-- Format 1. Instants are microseconds since 1970 UTC, but for those of leases, which only the database's clock tells. A released
-- format is never edited: a change is a new file.

-- The end of everything that grows. Whoever writes locks this row first, so that writers of all replicas take turns.
CREATE TABLE head (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    format    integer NOT NULL,
    message   bigint  NOT NULL,
    link      bigint  NOT NULL,
    hash      bytea   NOT NULL CHECK (length(hash) = 32),
    life      bigint  NOT NULL,
    probed_at bigint
);

-- One row each time a replica began to serve, or began again after it had lost its lease. The number is its fence.
CREATE TABLE life (
    fence       bigint      PRIMARY KEY,
    replica     text        NOT NULL,
    started_at  timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    ended_at    timestamptz
);

CREATE INDEX life_open ON life (fence) WHERE ended_at IS NULL;

-- One row a reception. No bytes of any document: those are payloads, which may be forgotten earlier. The carrier is the life
-- that was last permitted to forward it.
CREATE TABLE message (
    id             bigint  PRIMARY KEY,
    direction      text    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    mittente       text,
    identificatore text,
    destinatario   text,
    servizio       text,
    azione         text,
    profilo        text,
    riferimento    text,
    collaborazione text,
    chiamante      text,
    inoltro        text,
    digest         bytea   CHECK (length(digest) = 32),
    schemi         text,
    stato          text    NOT NULL,
    esito          text,
    blocks         boolean NOT NULL,
    attempts       integer NOT NULL,
    received_at    bigint  NOT NULL,
    changed_at     bigint  NOT NULL,
    timings        text    NOT NULL,
    carrier        bigint,
    CHECK (NOT blocks OR (mittente IS NOT NULL AND identificatore IS NOT NULL AND digest IS NOT NULL))
);

-- What closes the race between twins, whatever else should fail to.
CREATE UNIQUE INDEX message_blocking ON message (identificatore, mittente, direction) WHERE blocks;
-- What an operator searches by, and what start-up and the task of held messages look for.
CREATE INDEX message_identificatore ON message (identificatore);
CREATE INDEX message_received ON message (received_at);
CREATE INDEX message_open ON message (stato, id) WHERE stato IN ('intended', 'unknown', 'held');

-- One row a passage towards the other side; number 0 is the bridge's own refusal or acknowledgement.
CREATE TABLE attempt (
    message              bigint  NOT NULL REFERENCES message (id),
    number               integer NOT NULL,
    stato                text    NOT NULL,
    esito                text,
    started_at           bigint  NOT NULL,
    ended_at             bigint,
    node_status          integer,
    reply_status         integer,
    reply_type           text,
    reply_identificatore text,
    failure              text,
    timings              text    NOT NULL,
    doubted_at           bigint,
    PRIMARY KEY (message, number)
);

-- The bytes: request (of attempt 0), forwarded, answer, reply, and detail (why it failed, values included).
CREATE TABLE payload (
    message bigint  NOT NULL REFERENCES message (id),
    attempt integer NOT NULL,
    kind    text    NOT NULL,
    bytes   bytea   NOT NULL,
    PRIMARY KEY (message, attempt, kind)
);

CREATE TABLE resolution (
    message    bigint PRIMARY KEY REFERENCES message (id),
    resolution text   NOT NULL,
    who        text   NOT NULL,
    why        text   NOT NULL,
    at         bigint NOT NULL
);

-- The chain of evidence. A link outlives the record that it tells of, hence no reference.
CREATE TABLE link (
    number  bigint PRIMARY KEY,
    message bigint NOT NULL,
    line    text   NOT NULL,
    content bytea  NOT NULL CHECK (length(content) = 32),
    hash    bytea  NOT NULL CHECK (length(hash) = 32)
);

CREATE INDEX link_message ON link (message);

-- The first number of each porta in each minute that is not reserved yet.
CREATE TABLE progressivo (
    porta  text   NOT NULL,
    minuto text   NOT NULL,
    next   bigint NOT NULL CHECK (next > 0),
    PRIMARY KEY (porta, minuto)
);

-- Ordered series: what the messages of each have in common, the number that it expects next, and the life that forwards what
-- is held of it.
CREATE TABLE serie (
    collaborazione    text    PRIMARY KEY,
    mittente_tipo     text    NOT NULL,
    mittente          text    NOT NULL,
    destinatario_tipo text    NOT NULL,
    destinatario      text    NOT NULL,
    servizio_tipo     text    NOT NULL,
    servizio          text    NOT NULL,
    azione            text,
    prossimo          integer NOT NULL CHECK (prossimo > 0),
    lane              bigint
);

-- The place of a message in its series.
CREATE TABLE posto (
    message        bigint  PRIMARY KEY REFERENCES message (id),
    collaborazione text    NOT NULL REFERENCES serie (collaborazione),
    numero         integer NOT NULL CHECK (numero > 0)
);

CREATE INDEX posto_numero ON posto (collaborazione, numero);

-- How many messages stand in each state, kept by whoever writes: counting millions for every look is no option.
CREATE TABLE message_count (
    stato  text   PRIMARY KEY,
    number bigint NOT NULL
);

INSERT INTO head (format, message, link, hash, life) VALUES (1, 0, 0, decode(repeat('00', 32), 'hex'), 0);
