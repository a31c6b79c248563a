//! Every bound of the uplink, as named sums, with what must hold between them. Full means "wait and say so".

/// Records sent and not yet confirmed by central. The window starts here, grows with confirmations and halves when they
/// stop coming.
pub const WINDOW_START: usize = 256;
pub const WINDOW_MIN: usize = 16;
pub const WINDOW_MAX: usize = 4_096;

/// Records asked of the outbox at once; a fresh alert waits for no more than these.
pub const BATCH_RECORDS: usize = 64;
/// Bytes asked of the outbox at once; one record larger than this still comes, alone.
pub const BATCH_BYTES: usize = 1 << 20;

/// Records that are history, together in one message, and their bytes; one record larger than this goes alone.
pub const RUN_RECORDS_MAX: usize = BATCH_RECORDS;
pub const RUN_BYTES_MAX: usize = 256 << 10;

/// Publishes handed to the MQTT library and not yet acknowledged by the broker.
pub const PUBLISH_WINDOW: usize = 512;
/// Events read from the broker and not yet looked at.
pub const EVENTS_WAITING: usize = 1_024;
/// Room in the MQTT library's own queue: every publish we allow, and the few subscriptions and the disconnect.
pub const REQUEST_QUEUE: usize = PUBLISH_WINDOW + 16;

/// One record's bytes, envelope included.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// The largest MQTT packet taken from a broker.
pub const INCOMING_BYTES_MAX: usize = 16 << 20;
/// One piece of a whole in one message, either way.
pub const CHUNK_BYTES_MAX: usize = 128 << 10;

/// A signed package from central that is larger comes in parts of [`CHUNK_BYTES_MAX`].
pub const IN_ONE_MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Parts of one package; their digests are one piece themselves.
pub const PARTS_MAX: usize = 4_096;
/// One package in parts, and what it may take on a station's disk.
pub const PACKAGE_BYTES_MAX: u64 = (PARTS_MAX * CHUNK_BYTES_MAX) as u64;
/// Parts a station asks for at once; so many are under way to it and no more.
pub const PARTS_ASKED: usize = 16;
/// What a station asks for, as a message.
pub const WANT_BYTES_MAX: usize = 512;
/// One image or package as a whole.
pub const EVIDENCE_BYTES_MAX: u64 = 1 << 30;
/// Images central is still receiving from one station.
pub const EVIDENCE_OPEN_MAX: usize = 64;

/// An order about rules: a pack, its cases, and what JSON adds to them.
pub const RULES_ORDER_BYTES_MAX: u64 = 4 << 20;

/// A command: its reason in four-byte characters, each escaped, and what JSON adds.
pub const COMMAND_BYTES_MAX: usize = 4 << 10;
/// Characters of a command's reason; beside other words it must fit an officer's sentence of 240.
pub const COMMAND_WHY_CHARS_MAX: usize = 160;
/// The longest time for which everything may be sent to exam, and for which any command is good.
pub const COMMAND_MS_MAX: i64 = 24 * 3_600_000;

/// Consumers at central whose sessions a station remembers; beyond, the one that began first is forgotten.
pub const CONSUMERS_MAX: usize = 16;

/// Ranges in one acknowledgement, and what an acknowledgement may weigh.
pub const ACK_RANGES_MAX: usize = 4_096;
pub const ACK_BYTES_MAX: usize = 256 << 10;
/// Ranges of records that central holds and has not verified: beyond, the highest are forgotten (and sent again).
pub const HELD_RANGES_MAX: usize = 65_536;

/// A signed document's header, in bytes.
pub const ENVELOPE_HEADER_BYTES_MAX: usize = 4 << 10;

/// A record this much older than its sending is history: central lists it and raises no fresh alarm.
pub const HISTORY_AFTER_MS: i64 = 60_000;

/// How long central is listened to on a new connection before anything is sent: one round trip is usual.
pub const LISTEN_FIRST_MS: u64 = 1_000;

/// How long central may take to confirm before a record is sent again; doubles while nothing is confirmed.
pub const RESEND_AFTER_MS: u64 = 5_000;
pub const RESEND_AFTER_MS_MAX: u64 = 300_000;

const _: () = {
    assert!(WINDOW_MIN <= WINDOW_START && WINDOW_START <= WINDOW_MAX);
    assert!(BATCH_RECORDS <= ACK_RANGES_MAX, "a batch of scattered records must fit one acknowledgement");
    assert!(WINDOW_MAX <= HELD_RANGES_MAX, "what is in the window must be rememberable once central holds it");
    assert!(RUN_RECORDS_MAX <= WINDOW_MAX && RUN_BYTES_MAX + RECORD_BYTES_MAX < INCOMING_BYTES_MAX);
    assert!(CHUNK_BYTES_MAX <= RECORD_BYTES_MAX && RECORD_BYTES_MAX <= INCOMING_BYTES_MAX);
    assert!(PARTS_MAX * 32 <= CHUNK_BYTES_MAX, "the digests of all parts must fit one piece");
    assert!(PACKAGE_BYTES_MAX <= EVIDENCE_BYTES_MAX, "a package's pieces are read as those of evidence are");
    assert!(IN_ONE_MESSAGE_BYTES_MAX + ENVELOPE_HEADER_BYTES_MAX < INCOMING_BYTES_MAX);
    assert!(PARTS_ASKED <= EVENTS_WAITING);
    assert!(RULES_ORDER_BYTES_MAX <= PACKAGE_BYTES_MAX);
    assert!(ACK_BYTES_MAX >= ACK_RANGES_MAX * 44, "44 bytes hold `[a,b],` of two 20-digit numbers");
    assert!(RESEND_AFTER_MS <= RESEND_AFTER_MS_MAX);
};
