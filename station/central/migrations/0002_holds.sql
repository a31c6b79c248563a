-- Holds placed at central. Never changed: lifting one fills in its lifted_ columns.
CREATE TABLE hold (
    id           TEXT   NOT NULL PRIMARY KEY,
    item         TEXT   NOT NULL,
    -- The line of the list, JSON.
    line         TEXT   NOT NULL,
    placed_ms    BIGINT NOT NULL,
    placed_by    TEXT   NOT NULL,
    lifted_ms    BIGINT,
    lifted_by    TEXT
);

-- The signed lists sent to stations; the highest version is in force.
CREATE TABLE hold_list (
    version      BIGINT NOT NULL PRIMARY KEY,
    signed_ms    BIGINT NOT NULL,
    bytes        BLOB   NOT NULL
);
