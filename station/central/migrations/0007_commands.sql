-- Commands to stations, ever: each numbered once over all stations, sent in that order, and answered by the station's record.
CREATE TABLE command (
    version      BIGINT NOT NULL PRIMARY KEY,
    facility     TEXT   NOT NULL,
    station      TEXT   NOT NULL,
    -- exam-all, exam-all-end or verify.
    verb         TEXT   NOT NULL,
    -- Empty: every lane.
    lane         TEXT   NOT NULL,
    until_ms     BIGINT,
    why          TEXT   NOT NULL,
    -- What goes into the envelope.
    content      BLOB   NOT NULL,
    ordered_ms   BIGINT NOT NULL,
    ordered_by   TEXT   NOT NULL,
    expires_ms   BIGINT NOT NULL,
    -- waiting, sent, taken, done, refused, expired.
    state        TEXT   NOT NULL,
    -- Signed when its turn came, and its BLAKE3: by that a refusal says what was refused.
    message      BLOB   NULL,
    digest       TEXT,
    sent_ms      BIGINT,
    answered_ms  BIGINT,
    says         TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX command_by_station ON command (station, version);
CREATE INDEX command_by_state ON command (state);
