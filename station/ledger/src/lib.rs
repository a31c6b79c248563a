//! What the station remembers: the journal and what is built on it, over a small [`disk::Disk`].
//!
//! **The bytes.** The truth is a folder of segment files, append-only, one writer:
//!
//! ```text
//! journal/00000001.seg     | S | R R C | R | R R R R C | …          frames; groups between bars, one sync after each
//! journal/00000002.seg     | S | …                                  S: head frame, synced before anything follows it
//! journal/mark             three slots of 4 KiB: the newest checkpoints, outside the segments
//! journal/dropped          one line of JSON per segment that retention removed: its digest, records, heads
//! journal/acked            which records central has
//! journal/ballast          takes room, holds nothing; given up when the disk is full
//! journal/torn/            tails that were cut off at a start
//!
//! frame    0     1     2     3     4         8        12         20
//!          ┌─────┬─────┬─────┬─────┬─────────┬────────┬──────────┬─────────────────────┐
//!          │ 'G' │kind │  1  │  0  │ length  │  back  │  check   │ payload (length B)  │   integers little-endian
//!          └─────┴─────┴─────┴─────┴─────────┴────────┴──────────┴─────────────────────┘
//! kind     'S' segment head · 'R' record · 'C' checkpoint
//! back     bytes from the beginning of this frame's group to this frame; what lies before the group was synced before
//! check    check[i] = d[i] ^ frame[i] ^ (i < 4 ? frame[8 + i] : 0), with d = BLAKE3(payload)
//!
//! S  {"station":…,"segment":n,"first_seq":…,"prev":"<head before>","before_bytes":<bytes of segment n-1 that count>}
//! R  {"seq":…,"prev":"<head before>","station":…,"lane":…,"at":<ms>,"kind":…,"class":…,"audience":…,"body":{…verbatim…}}
//! C  {"checkpoint":{"station":…,"seq":…,"head":…,"at":<ms>,"key":…},"signature":…}     signed: "gatepost checkpoint 1\0" + the inner object
//!
//! d(n) = BLAKE3(R's payload)      head(n) = BLAKE3(head(n-1) ‖ d(n))      prev = head(n-1)      head(0) = 32 zero bytes
//! ```
//!
//! **State constraints**, in the order they were bought:
//! 1. A record is acknowledged only after its group's sync returned; `Pending::durable` is called in one place.
//! 2. A segment whose write or sync failed is never written again; the next segment's head says how much of it counts.
//! 3. Once the next segment was tried, the old one is never written again, whatever came of the try.
//! 4. A bad frame with nothing sound behind it that was written in a later group is a torn tail; any other is damage.
//! 5. Nothing is cut off, removed or begun at a start before the journal was found to reach as far as central's
//!    acknowledgement and the station's own mark say.
//! 6. A dropped segment's line is durable before its file goes.

pub mod limits;
pub mod disk;
pub mod chain;
pub mod key;
pub mod journal;
pub mod retain;
pub mod outbox;
pub mod verify;
pub mod evidence;
pub mod package;
pub mod sealed;
pub mod personal;
pub mod lists;
pub mod bench;
