//! Every bound of the pipeline, as a named sum. Full means "to exam" and "say so", never "drop".

use gatepost_hardware::lane::EYES_MAX;
use gatepost_hardware::link::INVENTORY_MAX;

/// Passes that one lane keeps in mind: those on the belt, and those that left whose records are not durable yet. When
/// it is full the feed is stopped.
pub const PASSES_MAX: usize = PASSES_ON_BELT_MAX + PASSES_LEFT_MAX;
pub const PASSES_ON_BELT_MAX: usize = INVENTORY_MAX;
pub const PASSES_LEFT_MAX: usize = 48;

/// Codes kept of one pass; more is a reason of its own.
pub const CODES_MAX: usize = 16;
/// Bytes of one code that are kept.
pub const CODE_BYTES_MAX: usize = 4_096;

/// Readings waiting for the belt's position to be known: one beat of the controller (50 ms) at every device's fastest.
pub const READINGS_WAITING_MAX: usize = 64;
/// Weights kept of one decision: the one used and one beside it, or those that were refused.
pub const WEIGHTS_MAX: usize = 4;
/// Label pictures named in a decision: more than one camera takes of one parcel.
pub const LABELS_MAX: usize = 8;
/// From a finished label picture until it has been read: opening it (150 ms), the plain look (150 ms), the tries after that
/// (200 ms), a picture of the parcel before it still being stored (100 ms). What is read later comes too late for the decision.
pub const LABEL_READ_MS_MAX: u64 = 150 + 150 + 200 + 100;
/// Images waiting for their owner or their assessment.
pub const IMAGES_WAITING_MAX: usize = 24;
/// Positions of one segment kept: at a beat every 50 ms and an edge of each eye in between, more than twice as long as
/// the latest reading may be.
pub const BELT_SAMPLES_MAX: usize = 512;
/// Ended passes remembered, so that what the controller still counts of them is not taken for new.
pub const CLOSED_MAX: usize = 4 * PASSES_MAX;
/// Records that came back because the disk was full, kept until it is not.
pub const RECORDS_WAITING_MAX: usize = 2 * PASSES_MAX + ALARMS_MAX;
/// Alarms kept for the page and, while the disk is full, for the journal.
pub const ALARMS_MAX: usize = 32;

/// A decision must be durable and its permit at the controller this long before the diverter eye: one slow group commit
/// (120 ms), one cable round trip with a retransmission (60 ms), one turn of the station's loop (20 ms).
pub const DECIDE_BEFORE_MS: u64 = 120 + 60 + 20;
/// A look-up unanswered for this long is no answer, once the decision is due.
pub const HEARTBEAT_MS: u64 = 100;
pub const TIME_SYNC_MS: u64 = 500;
/// How long a station that starts waits for the lane controller to tell what it missed: several greetings, then every
/// fact that can be kept on a slow cable. Then what the journal left open is exam.
pub const GREETING_MS: u64 = 6 * TIME_SYNC_MS;

/// Presentations of a bench kept in mind: the one that lies there, and those whose records are not durable yet.
pub const PRESENTATIONS_MAX: usize = 32;
/// From the first reading of a presentation until what is missing is held to be missing, and will not come any more: an
/// image that came later would be taken for the next item's.
pub const PRESENTATION_MS_MAX: u64 = 16_000;
/// All sensors of a bench have spoken, and for so long nothing new was said: time for a second label, or a second image.
pub const PRESENTATION_QUIET_MS: u64 = 300;
/// No answer of the lists for so long after they were asked is no answer. Nothing moves at a bench: an officer rather
/// waits for a slow disk than examines clean mail.
pub const LOOKUP_MS_MAX: u64 = 4_000;
/// Lists that could not answer are asked again so long after the last question.
pub const LOOKUP_AGAIN_MS: u64 = 400;
/// A bench's scale that says nothing for so long does not see what lies on it: no one could tell one item from another
/// that was laid there in between.
pub const SCALE_SILENT_MS_MAX: u64 = 3_000;
/// And after so long a silence no release is shown: the hand that follows it might not be seen.
pub const SCALE_WATCHES_MS_MAX: u64 = 1_200;
/// Of a longer pause between two pulses the station was asleep, and no device is to blame for it.
pub const PULSE_MS_MAX: u64 = 100;
/// How long a changed weight must stand before something was laid on or taken off; shorter, it is a hand.
pub const PLATE_CHANGE_MS: u64 = 800;
/// From lifting an item until its chute's label must have been scanned; then it went where it was shown to go.
pub const LIFTED_MS_MAX: u64 = 2_000;
/// What was shown for less than this before an item was lifted, no officer can have acted on.
pub const HAND_MS: u64 = 150;
/// An item that was scanned, or pictured, and not laid on the scale for so long will not be.
pub const SCANNED_MS_MAX: u64 = 60_000;
/// Images kept of one presentation.
pub const PRESENTATION_IMAGES_MAX: usize = 4;

/// Relative error of two crystals that are each good to 100 ppm.
pub const CLOCK_DRIFT_PPM: i64 = 200;
/// How much that error changes within two minutes: a housing that warms up by some degrees.
pub const CLOCK_WANDER_PPM: i64 = 5;
/// Where an edge is: debounce jitter and beam width.
pub const EDGE_MM: i32 = 10;

const _: () = assert!(HEARTBEAT_MS * 3 < 500, "three beats must fit in the shortest heartbeat limit of a lane");
const _: () = assert!(PASSES_ON_BELT_MAX <= INVENTORY_MAX, "what is on the belt must fit in one inventory");
const _: () = assert!(READINGS_WAITING_MAX >= 4 * EYES_MAX, "a burst at every eye must not crowd readings out");
const _: () = assert!(SCALE_WATCHES_MS_MAX < SCALE_SILENT_MS_MAX, "what is shown must be seen to be followed");
const _: () = assert!(
    PRESENTATION_QUIET_MS + LOOKUP_MS_MAX < PRESENTATION_MS_MAX,
    "a complete item must not wait for its deadline"
);
