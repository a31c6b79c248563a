use super::*;
use std::io::Write;

#[test]
fn a_library_is_what_its_digest_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(LIBRARY);
    std::fs::write(&path, b"abc").expect("written");
    // FIPS 180-4, example of "abc".
    let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest_of(&path).expect("readable"), of_abc);
    match pinned(&path, Origin::Cached) {
        Err(RuntimeError::OtherDigest { found, .. }) => assert_eq!(found, of_abc),
        other => panic!("a wrong library passed: {other:?}"),
    }
    let named = named(&path, Origin::Configured).expect("who names a file may have another build");
    assert!(!named.pinned && named.sha256 == of_abc);
}

#[test]
fn a_named_file_that_is_missing_is_an_error_and_not_skipped() {
    let missing = Path::new("/nonexistent/libonnxruntime.so");
    let error = find(Some(missing)).expect_err("not there");
    assert!(matches!(&error, RuntimeError::Unreadable { path, .. } if path == missing), "{error:?}");
}

#[test]
fn a_wheel_without_the_library_or_with_another_one_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (wheel, library) = (folder.path().join("a.whl"), folder.path().join(LIBRARY));
    let pin = &PINS[0];
    let write_wheel = |name: &str| {
        let mut writer = zip::ZipWriter::new(std::fs::File::create(&wheel).expect("created"));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(name, options).expect("an entry");
        writer.write_all(b"not the library").expect("written");
        writer.finish().expect("finished");
    };
    write_wheel("onnxruntime/capi/other.so");
    assert!(matches!(wheel::unpack(&wheel, &library, pin), Err(RuntimeError::Wheel { .. })));
    write_wheel(&format!("onnxruntime/capi/{LIBRARY}"));
    assert!(matches!(wheel::unpack(&wheel, &library, pin), Err(RuntimeError::OtherDigest { .. })));
    std::fs::write(&wheel, b"PK no zip").expect("written");
    assert!(matches!(wheel::unpack(&wheel, &library, pin), Err(RuntimeError::Wheel { .. })));
    assert!(!library.exists() && !library.with_extension("partial").exists());
}

#[test]
fn the_texts_say_where_to_put_the_file() {
    let cache = PathBuf::from("/home/officer/.cache/gatepost");
    let offline = RuntimeError::Download { wheel: PINS[0].wheel, cache, what: "no network".into() }.to_string();
    assert!(offline.contains("/home/officer/.cache/gatepost") && offline.contains(OVERRIDE), "{offline}");
    let missing = RuntimeError::NotFound { looked_at: vec![PathBuf::from(PACKAGED).join(LIBRARY)] }.to_string();
    assert!(missing.contains("gatepost runtime fetch") && missing.contains(PACKAGED), "{missing}");
}
