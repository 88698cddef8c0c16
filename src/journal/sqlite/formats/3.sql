-- Format 3: the numbers of identifiers start again with each minute, as the Identificatore names it.

DROP TABLE progressivo;

-- The first number of each porta in each minute that is not reserved yet.
CREATE TABLE progressivo (
    porta  TEXT    NOT NULL,
    minuto TEXT    NOT NULL,
    next   INTEGER NOT NULL CHECK (next > 0),
    PRIMARY KEY (porta, minuto)
) STRICT, WITHOUT ROWID;
