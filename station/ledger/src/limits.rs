//! Every bound of the ledger, in one place. Full means "say so, and the lane goes to exam", never "drop".

/// A record's body, bytes. A decision with every input of a crowded image stays under a tenth of this.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// What an envelope adds to its body, bytes: numbers, hashes, names, an audience's cover text.
pub const ENVELOPE_BYTES_MAX: usize = 4 * 1024;
/// The payload of one frame, bytes. A reader refuses more before it allocates.
pub const FRAME_BYTES_MAX: usize = BODY_BYTES_MAX + ENVELOPE_BYTES_MAX;
/// Records in one group, that is behind one sync.
pub const GROUP_RECORDS_MAX: usize = 64;
/// Bytes of one group's records before it is written, whatever the count.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A segment is closed at the first group that ends beyond this, bytes.
pub const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
/// Records between two signed checkpoints.
pub const CHECKPOINT_RECORDS: u64 = 256;
/// Milliseconds between two signed checkpoints while records arrive.
pub const CHECKPOINT_MS: i64 = 60_000;
/// Bytes held back in the ballast file: what is still writable when the disk is full.
pub const RESERVE_BYTES: u64 = 16 * 1024 * 1024;
/// Milliseconds between two attempts to build the ballast again.
pub const RESERVE_RETRY_MS: i64 = 1_000;
/// The journal's own bound, bytes. When nothing may be dropped and this is reached, the journal says `Full`.
pub const JOURNAL_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// Separate ranges of acknowledged records kept. More: an acknowledgement out of order is not noted, central is sent
/// the record again and drops it as known.
pub const ACKNOWLEDGED_RANGES_MAX: usize = 65_536;
/// Digests of dropped segments kept one by one; the older half is folded into one beyond this.
pub const DROPPED_SEGMENTS_MAX: usize = 16_384;
/// Bytes moved aside at one start, when a torn tail is cut off. The rest of a longer tail is cut without a copy.
pub const TORN_BYTES_KEPT: usize = 8 * 1024 * 1024;
/// Torn tails kept aside, oldest removed first.
pub const TORN_FILES_MAX: usize = 8;

/// An image in the evidence store, bytes.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// One chunk of an image on its way to central, bytes (DESIGN §6, `up/evidence`).
pub const EVIDENCE_CHUNK_BYTES: usize = 128 * 1024;
/// One line of a list file, bytes.
pub const LIST_LINE_BYTES_MAX: usize = 4 * 1024;
/// A list package's header, bytes.
pub const LIST_HEADER_BYTES_MAX: usize = 4 * 1024;
/// Lines of one list about one item: beyond, the list repeats itself, and nothing is answered about that item.
pub const LINES_PER_ITEM_MAX: usize = 256;
/// Holds that one item id may match; more are counted in `Match::holds_left_off`.
pub const HOLDS_PER_ITEM_MAX: usize = 16;
/// The personal data of one item visit, bytes.
pub const PERSONAL_BYTES_MAX: usize = 64 * 1024;
/// One picture of a label in the store that forgets, bytes.
pub const LABEL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Label pictures kept, and their bytes where the configuration says nothing: more than two days of all parcels of a lane,
/// and then of those that could not be read.
pub const LABELS_MAX: usize = 50_000;
pub const LABELS_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

const _: () = {
    assert!(GROUP_BYTES_MAX >= FRAME_BYTES_MAX, "the largest record fits a group");
    assert!(SEGMENT_BYTES >= GROUP_BYTES_MAX as u64, "a segment holds at least one full group");
    assert!(RESERVE_BYTES / 2 >= 2 * GROUP_BYTES_MAX as u64, "half the reserve holds two full groups");
    assert!(JOURNAL_BYTES_MAX >= 16 * SEGMENT_BYTES + RESERVE_BYTES, "retention has whole segments to work with");
    assert!(LABELS_BYTES_MAX >= 16 * LABEL_BYTES_MAX as u64, "some pictures of the largest size fit");
    assert!(
        LINES_PER_ITEM_MAX > HOLDS_PER_ITEM_MAX,
        "an item with too many holds is told apart from a list that repeats itself"
    );
    assert!(EVIDENCE_CHUNK_BYTES < EVIDENCE_BYTES_MAX, "an image is at least one chunk");
};
