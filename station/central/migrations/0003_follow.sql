-- Holds followed to their end. Which list first carried a hold, and whether everyone may know of it.
ALTER TABLE hold ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hold ADD COLUMN restricted BIGINT NOT NULL DEFAULT 0;
UPDATE hold SET restricted = 1 WHERE line LIKE '%"restricted"%' OR line LIKE '%"audience":"officer"%';
ALTER TABLE hold ADD COLUMN until_ms BIGINT;
CREATE INDEX hold_by_end ON hold (until_ms);
CREATE INDEX hold_by_item ON hold (item);
CREATE INDEX hold_by_version ON hold (version);

-- By its digest a station's record says which list it took.
ALTER TABLE hold_list ADD COLUMN digest TEXT NOT NULL DEFAULT '';
CREATE INDEX record_of_lists ON record (station, seq) WHERE kind = 'list';

-- The newest hold list that each station said it has in force.
CREATE TABLE station_list (
    station      TEXT   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    -- The record that says so; list records up to here have been read.
    seq          BIGINT NOT NULL
);

-- When the lists up to a version were sent to a facility (distributed), and in force at every station of it (applied).
CREATE TABLE list_reached (
    facility     TEXT   NOT NULL,
    step         TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    PRIMARY KEY (facility, step, version)
);

-- Where a held item has been since: each step once for a facility, with the record that shows it.
CREATE TABLE hold_step (
    hold         TEXT   NOT NULL,
    facility     TEXT   NOT NULL,
    step         TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    station      TEXT   NOT NULL,
    lane         TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    pass         TEXT,
    PRIMARY KEY (hold, facility, step)
);

-- Held items that are not where they should be: to be fetched back. One for a hold.
CREATE TABLE recovery (
    hold         TEXT   NOT NULL PRIMARY KEY,
    raised_ms    BIGINT NOT NULL,
    -- How it went: release, removed or unaccounted; when and where.
    went         TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    facility     TEXT   NOT NULL,
    station      TEXT   NOT NULL,
    lane         TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    pass         TEXT,
    -- It came back: records show it in exam, or its outcome.
    found_ms     BIGINT
);
CREATE INDEX recovery_by_time ON recovery (raised_ms);
