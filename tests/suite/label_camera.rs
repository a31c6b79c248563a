//! A label camera from its folder to the lane's feed and the store that forgets: real files, the real reader, no lane.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatepost_daemon::config::CameraDevice;
use gatepost_daemon::run::devices::camera::{Cellar, camera};
use gatepost_daemon::run::feed::{Fed, feed};
use gatepost_daemon::run::health::HealthBoard;
use gatepost_daemon::run::labels::LabelStore;
use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::disk::{Disk, How};
use gatepost_ledger::journal::writer::{Surroundings, Writer};
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_ledger::limits::LABEL_BYTES_MAX;
use gatepost_ledger::personal::system_entropy;
use gatepost_models::labels::{LabelReader, Picture};
use gatepost_pipeline::event::{Event, LabelPicture};
use gatepost_pipeline::identify::{CodeRead, ItemIdentity, arbitrate};
use gatepost_pipeline::record::WallMs;
use gatepost_virtual::device::Unclear;
use gatepost_virtual::photo;

const ITEM: &str = "RR473124829GB";
const ADDRESS: &str = "RR473124829GB;TO ERIKA MUSTERMANN;HEIDESTRASSE 17;51147 KOELN";
const PATIENCE: Duration = Duration::from_secs(30);

struct Rig {
    folder: tempfile::TempDir,
    disk: MemoryDisk,
    labels: Arc<Mutex<LabelStore>>,
    ledger: Writer,
    fed: Fed,
}

impl Rig {
    /// In a folder where these files lie already.
    fn start(lying: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(10);
        for (name, bytes) in lying {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        }
        let disk = MemoryDisk::new();
        let labels = LabelStore::open(Arc::new(disk.clone()), 0, system_entropy()).unwrap();
        let labels = Arc::new(Mutex::new(labels));
        let setup = Setup {
            station: "test".to_owned(),
            key: StationKey::from_bytes(&[1; 32]),
            bounds: Bounds { reserve_bytes: 0, ..Bounds::default() },
        };
        let (journal, _) = Journal::open(Arc::new(disk.clone()), "journal", setup).unwrap();
        let surroundings = Surroundings { now: Box::new(|| WallMs(1_795_305_600_000)), on_health: Box::new(|_| {}) };
        let (ledger, _thread) = Writer::start(journal, surroundings).unwrap();
        let (feed, fed) = feed(Instant::now());
        let config = CameraDevice { folder: folder.path().to_owned(), symbologies: None };
        let cellar = Cellar { labels: Arc::clone(&labels), ledger: ledger.clone() };
        let health = HealthBoard::default().part("west camera");
        camera(&config, folder.path().to_owned(), 2, feed, health, cellar).unwrap();
        let rig = Self { folder, disk, labels, ledger, fed };
        assert!(matches!(rig.next(), Event::Part { failed: false, .. }), "the folder is watched");
        rig
    }

    fn next(&self) -> Event {
        self.fed.next(PATIENCE).expect("the camera lives").expect("something was said in time")
    }

    /// Lays a finished file into the folder; what the lane hears of it.
    fn file(&self, name: &str, bytes: &[u8]) -> LabelPicture {
        let path = self.folder.path().join(name);
        std::fs::write(path.with_extension("part"), bytes).unwrap();
        std::fs::rename(path.with_extension("part"), &path).unwrap();
        self.picture(name)
    }

    fn picture(&self, name: &str) -> LabelPicture {
        match self.next() {
            Event::Picture { device: 2, picture, .. } => picture,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The picture of a record's digest.
    fn shown(&self, picture: &LabelPicture) -> Option<Vec<u8>> {
        let digest = Digest::parse(picture.digest.as_ref()?.as_str())?;
        self.labels.lock().unwrap().show(digest).unwrap()
    }

    fn lying(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// Every byte of the station's disk.
    fn on_disk(&self, folder: &str) -> Vec<u8> {
        let mut all = Vec::new();
        for entry in self.disk.list(folder).unwrap_or_default() {
            let path = format!("{folder}/{}", entry.name);
            if entry.folder {
                all.extend(self.on_disk(&path));
                continue;
            }
            let mut bytes = vec![0; usize::try_from(entry.length).unwrap()];
            self.disk.open(&path, How::Read).unwrap().read_at(0, &mut bytes).unwrap();
            all.extend(bytes);
        }
        all
    }
}

fn label(unclear: Option<Unclear>) -> Vec<u8> {
    photo::draw(&[ITEM, ADDRESS], unclear, 7).png()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_finished_picture_is_one_reading_of_all_its_codes_and_is_sealed_away() {
    let lay = label(None);
    let rig = Rig::start(&[("old.png", &lay)]);
    let first = rig.file("first.png", &lay);
    let ItemIdentity::Item(item) = arbitrate(&first.reads) else { panic!("{:?}", first.reads) };
    assert_eq!((item.id.as_str(), first.reads.len()), (ITEM, 2), "the number, and a code that is none");
    let heard = serde_json::to_string(&first).unwrap();
    assert!(!heard.contains("ERIKA") && !heard.contains("HEIDE"), "{heard}");
    // One camera's pictures are done one after the other: the ones before have been stored and have left.
    let second = rig.file("second.png", &label(Some(Unclear::NoLabel)));
    assert_eq!(second.reads, [CodeRead::Nothing]);
    assert_eq!(rig.shown(&first), Some(lay.clone()));
    // What lay there before is sealed too, when no picture waits.
    let begun = Instant::now();
    while rig.lying().iter().any(|name| name != "second.png") {
        assert!(begun.elapsed() < PATIENCE, "{:?} still lie there", rig.lying());
        std::thread::yield_now();
    }
    let disk = [rig.on_disk("personal"), rig.on_disk("journal")].concat();
    assert!(disk.len() > 2 * lay.len() && !contains(&disk, &lay[..64]), "no picture stands anywhere in the clear");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_no_picture_is_said_and_nothing_of_it_is_lost() {
    let rig = Rig::start(&[]);
    let whole = label(None);
    let cases: [(&str, &[u8]); 4] = [
        ("empty.png", b""),
        ("text.png", b"not a picture"),
        ("torn.png", &whole[..whole.len() / 3]),
        ("short.jpg", b"\xff\xd8\xff"),
    ];
    for (name, bytes) in cases {
        let picture = rig.file(name, bytes);
        assert_eq!(picture.reads, [CodeRead::NoPicture], "{name}");
        let next = rig.file("a-good-one.png", &whole);
        assert!(matches!(arbitrate(&next.reads), ItemIdentity::Item(_)), "the camera goes on after {name}");
        assert_eq!(rig.shown(&picture).as_deref(), Some(bytes), "{name} may still show an address");
    }
    let path = rig.folder.path().join("huge.png");
    let huge = std::fs::File::create(path.with_extension("part")).unwrap();
    huge.set_len(LABEL_BYTES_MAX as u64 + 1).unwrap();
    std::fs::rename(path.with_extension("part"), &path).unwrap();
    let picture = rig.picture("huge.png");
    assert_eq!((picture.reads.as_slice(), &picture.digest), (&[CodeRead::NoPicture][..], &None));
    rig.file("another-good-one.png", &whole);
    assert!(rig.lying().contains(&"huge.png".to_owned()), "what cannot be stored stays");
    rig.ledger.close();
    assert!(contains(&rig.on_disk("journal"), b"\"event\":\"label-not-kept\",\"camera\":\"west camera\""));
}

#[test]
fn what_the_virtual_camera_spoils_no_reader_reads() {
    let reader = LabelReader::default();
    for unclear in Unclear::ALL {
        for seed in 0..4 {
            let file = photo::draw(&[ITEM, ADDRESS], Some(unclear), seed).png();
            let picture = Picture::decode(Path::new("drawn.png"), &file).unwrap();
            let labels = reader.read(&picture);
            assert!(labels.codes.is_empty() && labels.cause.is_some(), "SEED={seed} {unclear:?}: {labels:?}");
        }
    }
}
