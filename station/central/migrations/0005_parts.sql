-- Packages too large for one message: stations ask for their parts (up/want) and get them (down/part).
CREATE TABLE package (
    -- BLAKE3 of the whole.
    digest       TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    -- The newest version of its kind that is this package.
    version      BIGINT NOT NULL,
    -- For whom it is, as its signed offer says it; nobody else is given a part.
    audience     TEXT   NOT NULL,
    total_bytes  BIGINT NOT NULL,
    -- The digests of all parts, and the digest of that.
    outline      BLOB   NOT NULL,
    outline_digest TEXT NOT NULL
);
CREATE INDEX package_by_outline ON package (outline_digest);

CREATE TABLE package_part (
    digest       TEXT   NOT NULL,
    part         BIGINT NOT NULL,
    bytes        BLOB   NOT NULL,
    PRIMARY KEY (digest, part)
);
