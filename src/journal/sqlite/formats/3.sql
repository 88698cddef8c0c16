-- Format 3: the numbers of identifiers start again with each minute, as the Identificatore names it.

DROP TABLE progressivo;

-- The first number of each porta in each minute that is not reserved yet.
CREATE TABLE progressivo (
    porta  TEXT    NOT NULL,
    minuto TEXT    NOT NULL,
    next   INTEGER NOT NULL CHECK (next > 0),
    PRIMARY KEY (porta, minuto)
) STRICT, WITHOUT ROWID;

-- Ordered series: what the messages of each have in common, and the number that it expects next.
CREATE TABLE serie (
    collaborazione    TEXT PRIMARY KEY,
    mittente_tipo     TEXT NOT NULL,
    mittente          TEXT NOT NULL,
    destinatario_tipo TEXT NOT NULL,
    destinatario      TEXT NOT NULL,
    servizio_tipo     TEXT NOT NULL,
    servizio          TEXT NOT NULL,
    azione            TEXT,
    prossimo          INTEGER NOT NULL CHECK (prossimo > 0)
) STRICT, WITHOUT ROWID;

-- The place of a message in its series.
CREATE TABLE posto (
    message        INTEGER PRIMARY KEY REFERENCES message (id),
    collaborazione TEXT    NOT NULL REFERENCES serie (collaborazione),
    numero         INTEGER NOT NULL CHECK (numero > 0)
) STRICT;

CREATE INDEX posto_numero ON posto (collaborazione, numero);
CREATE INDEX message_held ON message (id) WHERE stato = 'held';
