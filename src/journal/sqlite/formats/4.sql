-- Format 4: the end of an attempt may come after it was taken for lost; then this says when that was.

ALTER TABLE attempt ADD COLUMN doubted_at INTEGER;
