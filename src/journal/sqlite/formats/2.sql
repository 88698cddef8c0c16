-- Format 2: the chain of evidence. A link outlives the record that it tells of, hence no reference.

CREATE TABLE link (
    number  INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    line    TEXT    NOT NULL,
    content BLOB    NOT NULL CHECK (length(content) = 32),
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX link_message ON link (message);
