-- What stations sent. Plain SQL that SQLite and PostgreSQL both take; digests are 64 hexadecimal digits, times are
-- milliseconds since 1970, truth values are 0 or 1. A record is counted once: its key is (station, seq).

CREATE TABLE station (
    station          TEXT   NOT NULL PRIMARY KEY,
    facility         TEXT   NOT NULL,
    first_heard_ms   BIGINT NOT NULL,
    last_heard_ms    BIGINT NOT NULL,
    -- Every good record message that arrived, repetitions included.
    received         BIGINT NOT NULL DEFAULT 0,
    repeated         BIGINT NOT NULL DEFAULT 0,
    durable          BIGINT NOT NULL DEFAULT 0,
    quarantined      BIGINT NOT NULL DEFAULT 0,
    -- Records 1 to verified_to are here and each link of their chain holds; 0 before the first.
    verified_to      BIGINT NOT NULL DEFAULT 0,
    verified_head    TEXT   NOT NULL DEFAULT '0000000000000000000000000000000000000000000000000000000000000000',
    -- Decisions up to here have been judged again.
    audited_to       BIGINT NOT NULL DEFAULT 0,
    -- The highest record here, 0 before the first; and the highest the station says it has recorded.
    high             BIGINT NOT NULL DEFAULT 0,
    claimed_high     BIGINT NOT NULL DEFAULT 0,
    backlog          BIGINT NOT NULL DEFAULT 0,
    online           BIGINT NOT NULL DEFAULT 0,
    online_since_ms  BIGINT NOT NULL DEFAULT 0,
    software         TEXT   NOT NULL DEFAULT ''
);

CREATE TABLE record (
    station      TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    prev         TEXT   NOT NULL,
    digest       TEXT   NOT NULL,
    head         TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    received_ms  BIGINT NOT NULL,
    -- Older than its sending: replayed after an outage.
    history      BIGINT NOT NULL,
    lane         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    class        TEXT   NOT NULL,
    -- What the body names, where it names it.
    pass         TEXT,
    item         TEXT,
    outcome      TEXT,
    -- The record itself, byte for byte as it was hashed.
    envelope     TEXT   NOT NULL,
    PRIMARY KEY (station, seq)
);
CREATE INDEX record_by_item ON record (item, at_ms);
CREATE INDEX record_by_pass ON record (station, pass);

CREATE TABLE alert (
    station      TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    received_ms  BIGINT NOT NULL,
    -- 1: raised when it happened. 0: came as history and raised no alarm.
    fresh        BIGINT NOT NULL,
    lane         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    pass         TEXT,
    item         TEXT,
    -- What everyone may read; the cover text where the record is restricted.
    reason       TEXT   NOT NULL,
    restricted   BIGINT NOT NULL,
    PRIMARY KEY (station, seq)
);
CREATE INDEX alert_by_time ON alert (at_ms);

-- What was not believed. Never acknowledged; kept so that a person can look.
CREATE TABLE quarantine (
    station      TEXT   NOT NULL,
    digest       TEXT   NOT NULL,
    facility     TEXT   NOT NULL,
    seq          BIGINT,
    reason       TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    first_ms     BIGINT NOT NULL,
    last_ms      BIGINT NOT NULL,
    times        BIGINT NOT NULL,
    -- The beginning of the message, unreadable bytes replaced.
    bytes        TEXT   NOT NULL,
    PRIMARY KEY (station, digest, reason)
);

CREATE TABLE evidence (
    station      TEXT   NOT NULL,
    digest       TEXT   NOT NULL,
    total_bytes  BIGINT NOT NULL,
    have_bytes   BIGINT NOT NULL,
    complete_ms  BIGINT,
    PRIMARY KEY (station, digest)
);

-- The newest signed document per station and kind; said again when a station or the broker comes back.
CREATE TABLE document (
    facility     TEXT   NOT NULL,
    station      TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    sent_ms      BIGINT NOT NULL,
    bytes        BLOB   NOT NULL,
    PRIMARY KEY (facility, station, kind)
);

-- Decisions judged again from their own inputs.
CREATE TABLE audit (
    station      TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    audited_ms   BIGINT NOT NULL,
    -- same, differs, or unjudged: these rules or this body are not known here.
    result       TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    PRIMARY KEY (station, seq)
);
