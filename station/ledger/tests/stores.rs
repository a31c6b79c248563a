//! Evidence, personal data and the evidence package.

mod common;

use common::*;
use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::Disk;
use gatepost_ledger::disk::memory::{Crash, MemoryDisk};
use gatepost_ledger::evidence::{Evidence, EvidenceError};
use gatepost_ledger::limits;
use gatepost_ledger::package::{Link, Package, package, verify_package};
use gatepost_ledger::personal::{Entropy, Personal, PersonalError, Visit};
use gatepost_ledger::verify;

#[test]
fn an_image_is_there_whole_or_not_at_all() {
    let image: Vec<u8> = (0..5_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    for at in 1..=8 {
        for seed in 0..6 {
            let disk = MemoryDisk::new();
            let mut store = Evidence::open(shared(&disk), "evidence", 1 << 20).unwrap();
            let old = store.put(b"an older image").unwrap();
            disk.power_off_in(at);
            let stored = store.put(&image);
            disk.power_on(Crash::Seeded(seed));
            let store = Evidence::open(shared(&disk), "evidence", 1 << 20).unwrap();
            assert_eq!(store.get(old).unwrap(), b"an older image");
            match stored {
                Ok(digest) => assert_eq!(store.get(digest).unwrap(), image),
                // Not promised: then it is not there, or it is there whole.
                Err(_) => match store.get(Digest::of(&image)) {
                    Ok(bytes) => assert_eq!(bytes, image),
                    Err(error) => assert!(matches!(error, EvidenceError::Unknown { .. }), "{error}"),
                },
            }
        }
    }
}

#[test]
fn images_are_read_in_chunks_and_damage_shows() {
    let disk = MemoryDisk::new();
    let mut store = Evidence::open(shared(&disk), "evidence", 1 << 20).unwrap();
    let image = vec![9; limits::EVIDENCE_CHUNK_BYTES * 2 + 5];
    let digest = store.put(&image).unwrap();
    assert_eq!(store.put(&image).unwrap(), digest, "the same image is stored once");
    assert_eq!((store.images(), store.bytes()), (1, image.len() as u64));
    let mut read = Vec::new();
    loop {
        let chunk = store.chunk(digest, read.len() as u64).unwrap();
        if chunk.is_empty() {
            break;
        }
        assert!(chunk.len() <= limits::EVIDENCE_CHUNK_BYTES);
        read.extend(chunk);
    }
    assert_eq!(read, image);
    disk.damage(&format!("evidence/00000001/{digest}"), |bytes| bytes[77] ^= 1);
    assert_eq!(store.get(digest), Err(EvidenceError::Changed { digest }));
}

#[test]
fn a_full_store_drops_the_oldest_that_central_has_and_nothing_else() {
    let disk = MemoryDisk::new();
    let mut store = Evidence::open(shared(&disk), "evidence", 3_500).unwrap();
    let digests: Vec<Digest> = (0..3).map(|n| store.put(&vec![n; 1_000]).unwrap()).collect();
    assert_eq!(store.put(&[7; 1_000]), Err(EvidenceError::Full));
    store.acknowledge(digests[1]).unwrap();
    let mut store = Evidence::open(shared(&disk), "evidence", 3_500).unwrap();
    let newest = store.put(&[7; 1_000]).unwrap();
    assert_eq!(store.get(digests[1]), Err(EvidenceError::Unknown { digest: digests[1] }));
    for kept in [digests[0], digests[2], newest] {
        assert!(store.get(kept).is_ok());
    }
    assert_eq!(store.unacknowledged().count(), 3);
}

fn entropy(seed: u8) -> Entropy {
    let mut next = seed;
    Box::new(move |bytes| {
        for byte in bytes {
            next = next.wrapping_mul(37).wrapping_add(11);
            *byte = next;
        }
        Ok(())
    })
}

const TEXT: &[u8] = b"Erika Mustermann, Heidestrasse 17, Koeln; hand-made soap for mother";

#[test]
fn personal_data_open_with_their_key_only_and_expire_with_it() {
    let disk = MemoryDisk::new();
    let mut store = Personal::open(shared(&disk), "personal", entropy(1)).unwrap();
    let (visit, other) = (Visit::new("RR473124829GB-1").unwrap(), Visit::new("RR473124829GB-2").unwrap());
    let digest = store.seal(&visit, TEXT).unwrap();
    let second = store.seal(&other, TEXT).unwrap();
    assert_ne!(digest, second, "the digest is keyed: equal names do not show");
    assert_ne!(digest, Digest::of(TEXT));
    assert_eq!(store.unseal(&visit).unwrap().as_deref(), Some(TEXT));
    assert!(store.matches(&visit, TEXT, digest).unwrap());
    // A visit's file under another visit's name does not open.
    let mut sealed = Vec::new();
    disk.damage("personal/sealed/RR473124829GB-1", |bytes| sealed = bytes.clone());
    assert!(!sealed.windows(10).any(|part| part == &TEXT[..10]));
    disk.damage("personal/sealed/RR473124829GB-2", |bytes| *bytes = sealed);
    assert!(matches!(store.unseal(&other), Err(PersonalError::Changed(_))));
    assert!(store.destroy(&visit).unwrap());
    assert!(!store.destroy(&visit).unwrap());
    assert_eq!(store.unseal(&visit).unwrap(), None);
    assert!(!store.matches(&visit, TEXT, digest).unwrap());
    assert_eq!(store.visits().unwrap(), [other]);
    assert_eq!(Visit::new("../keys"), None);
}

#[test]
fn destroying_a_key_leaves_the_journal_whole_and_interrupted_it_ends_the_key_all_the_same() {
    for at in 1..=7 {
        let disk = MemoryDisk::new();
        let mut store = Personal::open(shared(&disk), "personal", entropy(3)).unwrap();
        let visit = Visit::new("v1").unwrap();
        let digest = store.seal(&visit, TEXT).unwrap();
        let (mut journal, _) = open(&disk, small()).unwrap();
        let body = std::collections::BTreeMap::from([("personal", digest.to_string())]);
        let pending = gatepost_pipeline::record::Pending::entry(
            gatepost_pipeline::record::Kind::Sighting,
            gatepost_pipeline::record::Urgency::default(),
            gatepost_pipeline::record::Audience::Officer,
            "A",
            NOW,
            &body,
        );
        assert_eq!(commit(&mut journal, vec![(1, pending.unwrap())]).len(), 1);
        let _ = journal.close(NOW);
        disk.power_off_in(at);
        let _ = store.destroy(&visit);
        disk.power_on(Crash::Everything);
        let mut store = Personal::open(shared(&disk), "personal", entropy(4)).unwrap();
        store.destroy(&visit).unwrap();
        assert_eq!(store.unseal(&visit).unwrap(), None);
        assert!(disk.list("personal/keys").unwrap().is_empty() && disk.list("personal/sealed").unwrap().is_empty());
        assert!(verify::journal(&shared(&disk), "journal", None).unwrap().whole);
    }
}

/// A journal of 23 records in which records 4, 5 and 17 belong to the item.
fn packed() -> (MemoryDisk, Package) {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    for number in 1..=23 {
        let pending = if [4, 5, 17].contains(&number) { long(number, 8) } else { record(number) };
        commit(&mut journal, vec![(number, pending)]);
    }
    journal.sign_now(NOW);
    let mut evidence = Evidence::open(shared(&disk), "evidence", 1 << 20).unwrap();
    let image = evidence.put(b"pixels").unwrap();
    let belongs = |envelope: &gatepost_ledger::journal::envelope::Envelope<'_>| {
        envelope.kind == gatepost_pipeline::record::Kind::Exam
    };
    let made = package(&journal.view(), &belongs, Some(&evidence), &[image]).unwrap();
    (disk, made)
}

#[test]
fn an_evidence_package_proves_its_records_offline_and_shows_no_others() {
    let (_, made) = packed();
    assert_eq!(made.spans.len(), 2, "4 and 5 up to the checkpoint at 5, 17 up to the one at 20");
    let text = serde_json::to_string(&made).unwrap();
    let read: Package = serde_json::from_str(&text).unwrap();
    let proof = verify_package(&read, Some(key().public()));
    assert!(proof.whole, "{proof:?}");
    assert_eq!((proof.records, proof.signed, proof.images), (3, 3, 1));
    assert_eq!(proof.key, Some(key().public().to_string()));
    assert!(!text.contains("\\\"number\\\":18"), "records of others are digests only");
    let other = gatepost_ledger::key::StationKey::from_bytes(&[9; 32]).public();
    assert!(!verify_package(&read, Some(other)).whole);
}

#[test]
fn a_changed_package_is_found_out() {
    let (_, made) = packed();
    let mut changes: Vec<(&str, Package)> = Vec::new();
    let mut changed = made.clone();
    if let Link::Record(text) = &mut changed.spans[0].links[0] {
        *text = text.replace("\"number\":4", "\"number\":6");
    }
    changes.push(("a body", changed));
    let mut changed = made.clone();
    changed.spans[0].links.remove(0);
    changes.push(("a record left out", changed));
    let mut changed = made.clone();
    changed.spans[1].links[1] = Link::D(Digest::of(b"other"));
    changes.push(("a digest between", changed));
    let mut changed = made.clone();
    changed.spans[1].checkpoint = made.spans[0].checkpoint.clone();
    changes.push(("another checkpoint", changed));
    let mut changed = made.clone();
    changed.spans[0].checkpoint = None;
    changes.push(("no signature", changed));
    let mut changed = made.clone();
    changed.spans[0].checkpoint = made.spans[0].checkpoint.as_ref().map(|text| text.replace("st-01", "st-02"));
    changes.push(("another station", changed));
    let mut changed = made.clone();
    changed.files[0].base64 = "cGl4ZWxT".to_owned();
    changes.push(("an image", changed));
    for (what, changed) in changes {
        assert_ne!(changed, made, "{what}");
        assert!(!verify_package(&changed, None).whole, "{what} was changed and not found");
    }
}
