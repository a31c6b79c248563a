-- Who may ask central over HTTP. Of a token and of a session only the digest stands here: who reads the database or its backup
-- can ask for nothing. A token is never changed and never deleted; taking it back fills in its revoked_ columns.
CREATE TABLE token (
    name         TEXT   NOT NULL PRIMARY KEY,
    digest       TEXT   NOT NULL UNIQUE,
    -- What it is for, as read,holds.
    scopes       TEXT   NOT NULL,
    made_ms      BIGINT NOT NULL,
    made_by      TEXT   NOT NULL,
    ends_ms      BIGINT NOT NULL,
    revoked_ms   BIGINT,
    revoked_by   TEXT,
    -- To the minute.
    used_ms      BIGINT NOT NULL DEFAULT 0
);

-- A person's browser that showed a token.
CREATE TABLE session (
    digest       TEXT   NOT NULL PRIMARY KEY,
    token        TEXT   NOT NULL,
    began_ms     BIGINT NOT NULL,
    ends_ms      BIGINT NOT NULL
);
CREATE INDEX session_by_token ON session (token, ends_ms);

-- Who was refused, and why. The same again is counted in its row; there are so many rows and no more.
CREATE TABLE refusal (
    address      TEXT   NOT NULL,
    -- The token's or station's name where it is known, else empty.
    who          TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    path         TEXT   NOT NULL,
    first_ms     BIGINT NOT NULL,
    last_ms      BIGINT NOT NULL,
    times        BIGINT NOT NULL,
    PRIMARY KEY (address, who, reason, path)
);
CREATE INDEX refusal_by_time ON refusal (last_ms);

-- Stations that may enrol, once each: one open invitation a station. Of its code only the public half stands here.
CREATE TABLE invitation (
    station      TEXT   NOT NULL PRIMARY KEY,
    facility     TEXT   NOT NULL,
    verifier     TEXT   NOT NULL,
    made_ms      BIGINT NOT NULL,
    made_by      TEXT   NOT NULL,
    ends_ms      BIGINT NOT NULL,
    -- Requests by another code.
    attempts     BIGINT NOT NULL DEFAULT 0,
    used_ms      BIGINT
);

-- Stations that enrolled: by which key each is known, and since when it is believed no more.
CREATE TABLE enrolment (
    station      TEXT   NOT NULL PRIMARY KEY,
    facility     TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    enrolled_ms  BIGINT NOT NULL,
    -- The station's clock in its newest request.
    asked_ms     BIGINT NOT NULL,
    revoked_ms   BIGINT,
    revoked_by   TEXT,
    why          TEXT
);

-- Certificates that were signed here; what was taken back goes into the broker's list until it would have ended anyway.
CREATE TABLE certificate (
    serial       TEXT   NOT NULL PRIMARY KEY,
    station      TEXT   NOT NULL,
    signed_ms    BIGINT NOT NULL,
    ends_ms      BIGINT NOT NULL,
    revoked_ms   BIGINT
);
CREATE INDEX certificate_by_station ON certificate (station);
