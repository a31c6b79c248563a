-- What is told to the post, and what came of it. Made from holds and records; never changed but in how it stands.

-- Of a hold: 0 nothing, 1 the post was to be asked for its item, 2 it was to be told of its end.
ALTER TABLE hold ADD COLUMN post BIGINT NOT NULL DEFAULT 0;
CREATE INDEX hold_to_ask_for ON hold (placed_ms, id) WHERE post = 0 AND lifted_ms IS NULL AND restricted = 0;
CREATE INDEX hold_to_tell_of ON hold (id) WHERE post = 1 AND lifted_ms IS NOT NULL;
CREATE INDEX record_of_presentations ON record (station, pass) WHERE kind = 'presentation';

-- One row, made when central first runs with a post: which of several centrals tells it at present, and until when.
CREATE TABLE post_desk (
    desk         BIGINT NOT NULL PRIMARY KEY,
    -- What happened before is not told.
    since_ms     BIGINT NOT NULL,
    holder       TEXT   NOT NULL,
    until_ms     BIGINT NOT NULL
);

-- Records of a station up to here have been read for it.
CREATE TABLE post_read (
    station      TEXT   NOT NULL PRIMARY KEY,
    seq          BIGINT NOT NULL
);

CREATE TABLE post_message (
    -- By this the post answers.
    number       BIGINT NOT NULL PRIMARY KEY,
    -- What it was made from; nothing is made from the same twice.
    source       TEXT   NOT NULL UNIQUE,
    -- hold-request, hold-lifted, presented, held, released, terminated, disposed.
    kind         TEXT   NOT NULL,
    -- The word that the table of codes is asked for: the kind itself, or a disposition.
    word         TEXT   NOT NULL,
    item         TEXT   NOT NULL,
    -- Empty: every facility.
    facility     TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    made_ms      BIGINT NOT NULL,
    hold         TEXT,
    until_ms     BIGINT,
    -- Of a hold's end: the message that asked for it, and whether others still ask for the item.
    of_number    BIGINT,
    still_held   BIGINT NOT NULL DEFAULT 0,
    -- waiting, no-code, sent, acknowledged, refused.
    state        TEXT   NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    -- Not tried before.
    next_ms      BIGINT NOT NULL DEFAULT 0,
    sent_ms      BIGINT,
    answered_ms  BIGINT,
    says         TEXT   NOT NULL DEFAULT '',
    -- As it was first tried: sent again, it is the same.
    wire         TEXT
);
CREATE INDEX post_message_by_item ON post_message (item, number);
CREATE INDEX post_message_by_state ON post_message (state, number);
CREATE INDEX post_message_by_pause ON post_message (next_ms) WHERE next_ms > 0;
CREATE INDEX post_message_by_hold ON post_message (hold);

-- Of messages to the post too the next number after a restore is above those that may have been given.
ALTER TABLE restored ADD COLUMN post_message BIGINT NOT NULL DEFAULT 0;
