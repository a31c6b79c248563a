-- Each time this database was restored from a backup. Numbers that were given after that backup was made are not known here
-- any more; those that are given now begin above these, because a station takes nothing that is older than what it took.
CREATE TABLE restored (
    number       BIGINT NOT NULL PRIMARY KEY,
    restored_ms  BIGINT NOT NULL,
    -- When the backup was made.
    backup_ms    BIGINT NOT NULL,
    -- The next number of each is above.
    hold_list    BIGINT NOT NULL,
    rules_order  BIGINT NOT NULL,
    command      BIGINT NOT NULL
);
