//! A lane on this board's own pins, as a technician types it: the page's own configuration is good, what is wrong with
//! another is said with file, line and remedy, and a machine without such pins says what to do.

use super::{LANES, Site, gatepost};
use serde_json::json;

/// The configuration that hardware/wiring/PINS.md shows, in a station.
fn station() -> String {
    let page = include_str!("../../../../hardware/wiring/PINS.md");
    let shown = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the page's example");
    format!(
        "[station]\nname = \"try-1\"\nfacility = \"jfk\"\ndata = \"data\"\nclock = \"host\"\n\n[[lane]]\n\
         file = \"{LANES}/south.toml\"\n[lane.scanner.scanner]\nserial = {{ port = \"no-scanner\" }}\n\
         protocol = {{ plain = {{}} }}\n[lane.scale.scale]\nserial = {{ port = \"no-scale\" }}\n\
         protocol = {{ mt-sics = {{}} }}\n[lane.xray.xray]\nfolder = \"xray\"\npitch_um = 1500\nbelt_step_um = 1000\n\
         {shown}"
    )
}

fn line_of(text: &str, part: &str) -> usize {
    text[..text.find(part).unwrap()].matches('\n').count() + 1
}

#[test]
fn the_page_s_own_example_is_good_and_check_says_what_it_costs() {
    let site = Site::with(&station());
    let found = gatepost(&["check", "--json", "--config", &site.config()]).is(0, &[]).json();
    assert_eq!(found["lanes"][0]["pins"], json!({"jitter_um": 1_500, "edges_per_s": 1_500}));
    gatepost(&["check", "--config", &site.config()])
        .is(0, &["1.5 mm of belt within jitter_ms, 1500 encoder edges a second", "no hard real time"]);
}

#[test]
fn what_cannot_work_on_pins_is_refused_all_at_once_with_file_line_and_remedy() {
    let good = station();
    let refused = |from: &str, to: &str, says: &[&str]| {
        assert!(good.contains(from), "{from}");
        let site = Site::with(&good.replacen(from, to, 1));
        gatepost(&["check", "--config", &site.config()]).is(1, says);
        gatepost(&["run", "--config", &site.config()]).is(1, says);
    };
    let reset = format!("station.toml:{}: input.reset", line_of(&good, "reset           = 26"));
    refused("reset           = 26", "reset = 13", &[&reset, "line 13 is input.e-stop already", "give each its own"]);
    refused("alive = 24", "# alive = 24", &["the dead-man relay", "add alive = <line> under [lane.pins.output]"]);
    refused("jitter_ms = 5", "jiter_ms = 5", &["unknown field `jiter_ms`", "did you mean `jitter_ms`?"]);
    refused("jitter_ms = 5", "jitter_ms = 90", &["2 to 50 is possible", "its belt runs 27 mm", "microcontroller"]);
    refused("entry ", "entrance ", &["eye \"entry\" has no pin", "eye.entrance: lane south has no such part"]);
    let both = "[lane.controller]\nport = \"/dev/x\"\n[lane.pins]";
    refused("[lane.pins]", both, &["two controllers of one lane: remove one"]);
}

#[test]
fn off_a_board_doctor_and_probe_say_what_to_do() {
    let site = Site::with(&station());
    let found = gatepost(&["doctor", "--json", "--config", &site.config()]).is(1, &[]).json();
    let of = |part: &str| found.as_array().unwrap().iter().find(|one| one["part"] == part).unwrap().clone();
    let pins = of("south controller pins");
    assert_eq!(pins["works"], false, "{pins}");
    assert!(pins["what"].as_str().unwrap().contains("driver = \"gpiocdev\""), "{pins}");
    let punctual = of("south controller loop");
    assert!(punctual["what"].as_str().unwrap().contains("waits of 1 ms: the worst was"), "{punctual}");
    gatepost(&["probe", "controller", "--config", &site.config()]).is(1, &["lane south", "lane.controller"]);
    let other = station().replacen("\"rppal\"", "\"gpiocdev\"\nchip = \"/dev/no-such-chip\"", 1);
    let other = Site::with(&other);
    gatepost(&["probe", "controller", "--config", &other.config()]).is(1, &["/dev/no-such-chip", "gpiodetect"]);
    gatepost(&["probe", "controller", "--config", &site.config(), "--lane", "west"]).is(1, &["no such lane"]);
    gatepost(&["probe", "controller"]).is(2, &["--port"]);
}
