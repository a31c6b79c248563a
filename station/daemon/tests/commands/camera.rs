//! A label camera, as a technician types it: it is wanted by its lane file, counted in the lane's timing, tried by its
//! folder, and what is wrong with it is said with the remedy.

use super::{Site, gatepost, station};

/// The north station as west, with its camera.
fn with_camera() -> String {
    station().replace("north.toml", "west.toml") + "[lane.camera.camera]\nfolder = \"labels\"\n"
}

#[test]
fn a_camera_is_connected_by_its_folder_and_its_reading_takes_time() {
    let site = Site::with(&with_camera());
    let checked = gatepost(&["check", "--json", "--config", &site.config()]).is(0, &[]).json();
    let timings = checked["lanes"][0]["timings"].as_array().unwrap().clone();
    let camera = timings.iter().find(|one| one["device"] == "camera").unwrap();
    assert_eq!((camera["device_ms"].as_i64(), camera["label_ms"].as_i64()), (Some(160), Some(600)));
    gatepost(&["check", "--config", &site.config()]).is(0, &["600 looking"]);

    let doctor = |code| gatepost(&["doctor", "--json", "--config", &site.config()]).is(code, &[]).json();
    let of = |found: &serde_json::Value| {
        found.as_array().unwrap().iter().find(|one| one["part"] == "west camera").unwrap().clone()
    };
    let missing = of(&doctor(1));
    assert_eq!(missing["works"], false);
    assert!(missing["next_action"].as_str().unwrap().contains("make the folder"), "{missing}");
    std::fs::create_dir(site.at("labels")).unwrap();
    assert_eq!(of(&doctor(1))["works"], true);
}

#[test]
fn what_is_wrong_with_a_camera_is_said() {
    let refused = |from: &str, to: &str, says: &[&str]| {
        let text = with_camera();
        assert!(text.contains(from), "{from}");
        let site = Site::with(&text.replacen(from, to, 1));
        gatepost(&["check", "--config", &site.config()]).is(1, says);
    };
    refused("[lane.camera.camera]", "[lane.camera.eye]", &["\"camera\" is not connected", "[lane.camera.camera]"]);
    refused("folder = \"labels\"", "folders = \"labels\"", &["station.toml:", "did you mean `folder`?"]);
    refused(
        "folder = \"labels\"",
        "folder = \"labels\"\nsymbologies = []",
        &["device \"camera\"", "never read anything"],
    );
    refused("folder = \"labels\"", "folder = \"labels\"\nsymbologies = [\"code129\"]", &["code129", "code128"]);
}
