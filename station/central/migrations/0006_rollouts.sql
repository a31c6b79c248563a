-- Rule packs, staged.
CREATE TABLE rollout (
    rollout      BIGINT NOT NULL PRIMARY KEY,
    pack         TEXT   NOT NULL,
    cases        TEXT,
    digest       TEXT   NOT NULL,
    -- As they were written, with a blank between.
    stages       TEXT   NOT NULL,
    soak_ms      BIGINT NOT NULL,
    jump_points  BIGINT NOT NULL,
    started_ms   BIGINT NOT NULL,
    started_by   TEXT   NOT NULL,
    -- running, halted, done or back.
    state        TEXT   NOT NULL,
    stage        BIGINT NOT NULL,
    -- When every reachable station of the stage had it; nothing until then.
    soaks_since_ms BIGINT,
    changed_ms   BIGINT NOT NULL
);

-- Every order to a station, ever: its version only grows, also when it says to go back.
CREATE TABLE rules_order (
    version      BIGINT NOT NULL PRIMARY KEY,
    rollout      BIGINT NOT NULL,
    station      TEXT   NOT NULL,
    back         BIGINT NOT NULL,
    ordered_ms   BIGINT NOT NULL,
    -- BLAKE3 of the message and of what it holds: by one of them a refusal says what was refused.
    message      TEXT   NOT NULL,
    content      TEXT   NOT NULL
);
CREATE INDEX rules_order_by_message ON rules_order (message);

CREATE TABLE rollout_station (
    rollout      BIGINT NOT NULL,
    station      TEXT   NOT NULL,
    facility     TEXT   NOT NULL,
    stage        BIGINT NOT NULL,
    -- The versions of the orders to take the pack, and to go back.
    order_out    BIGINT,
    order_back   BIGINT,
    -- The pack it had when it was ordered to take this one.
    before       TEXT   NOT NULL DEFAULT '',
    applied_ms   BIGINT,
    back_ms      BIGINT,
    error        TEXT,
    -- Decisions of before are counted; those of after up to this record.
    counted_to   BIGINT NOT NULL DEFAULT 0,
    decisions_before BIGINT NOT NULL DEFAULT 0,
    flagged_before   BIGINT NOT NULL DEFAULT 0,
    decisions_after  BIGINT NOT NULL DEFAULT 0,
    flagged_after    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, station)
);

-- What became of it, in words; an alarm is shown among the alerts.
CREATE TABLE rollout_event (
    rollout      BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    alarm        BIGINT NOT NULL,
    says         TEXT   NOT NULL,
    PRIMARY KEY (rollout, number)
);
CREATE INDEX rollout_event_by_time ON rollout_event (at_ms);

-- The rules that each station said it has in force.
CREATE TABLE station_rules (
    station      TEXT   NOT NULL PRIMARY KEY,
    order_version BIGINT NOT NULL,
    digest       TEXT   NOT NULL,
    since_ms     BIGINT NOT NULL,
    says         TEXT   NOT NULL,
    -- The record that says so.
    seq          BIGINT NOT NULL
);
CREATE INDEX record_of_config ON record (received_ms) WHERE kind = 'config';
