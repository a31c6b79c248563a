//! The pages over a real connection on a free port: headers, refusals, bounds, news.

use std::sync::{Arc, Mutex};

use gatepost_pipeline::event::OfficerAction;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use super::serve;
use crate::desk::{Denied, Desk, Refusal, StationView, Wish};
use crate::limits::{FORM_BYTES_MAX, LIVE_PAGES_MAX, PICTURE_BYTES_MAX};
use crate::sample;

/// A station whose moment and mood the test sets.
struct Stub {
    view: Mutex<StationView>,
    wishes: Mutex<Vec<Wish>>,
    refusals: Mutex<Vec<Refusal>>,
    asked: Mutex<Vec<String>>,
    denies: bool,
    changed: watch::Sender<u64>,
}

impl Desk for Stub {
    fn view(&self) -> StationView {
        self.view.lock().unwrap().clone()
    }
    fn image(&self, digest: &str) -> Option<Vec<u8>> {
        self.asked.lock().unwrap().push(digest.to_owned());
        match &digest[..1] {
            "5" => Some(b"\x89PNG and so on".to_vec()),
            "6" => Some(vec![0; PICTURE_BYTES_MAX + 1]),
            "7" => panic!("a picture that breaks its reader"),
            _ => None,
        }
    }
    fn act(&self, wish: Wish) -> Result<(), Denied> {
        if self.denies {
            return Err(Denied("The lane does not answer. Use the stop at the lane.".into()));
        }
        self.wishes.lock().unwrap().push(wish);
        Ok(())
    }
    fn refused(&self, refusal: Refusal) {
        self.refusals.lock().unwrap().push(refusal);
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

struct Run {
    desk: Arc<Stub>,
    port: u16,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn start(view: StationView, denies: bool) -> Run {
    let desk = Arc::new(Stub {
        view: Mutex::new(view),
        wishes: Mutex::default(),
        refusals: Mutex::default(),
        asked: Mutex::default(),
        denies,
        changed: watch::Sender::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(listener, Arc::clone(&desk) as Arc<dyn Desk>, async {
        let _ = stopped.await;
    }));
    Run { desk, port, stop, served }
}

impl Run {
    /// Sends a request and reads the answer whole.
    async fn ask(&self, head: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let host = if head.contains("\nhost:") { String::new() } else { format!("host: 127.0.0.1:{}\r\n", self.port) };
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let (line, more) = head.split_once('\n').unwrap_or((head, ""));
        let more: String = more.lines().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{line} HTTP/1.1\r\n{host}connection: close\r\n{length}{more}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A refused body may be answered before it was read whole; what came until then is the answer.
        let _ = stream.read_to_end(&mut answer).await;
        Answer(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "").await
    }

    async fn token(&self) -> String {
        let page = self.get("/").await;
        let (_, rest) = page.0.split_once("name=\"token\" content=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    async fn post(&self, more: &str, body: &str) -> Answer {
        let head = format!(
            "POST /act\ncontent-type: application/x-www-form-urlencoded\norigin: http://127.0.0.1:{}\n{more}",
            self.port
        );
        self.ask(&head, body).await
    }
}

struct Answer(String);

impl Answer {
    fn status(&self) -> &str {
        self.0.get(9..12).unwrap_or("none")
    }
    #[track_caller]
    fn expect(&self, status: &str, part: &str) {
        assert!(self.status() == status && self.0.contains(part), "expected {status} with {part:?}: {}", self.0);
    }
}

#[tokio::test]
async fn every_answer_forbids_the_browser_anything_but_this_station() {
    let run = start(sample::station(0), false).await;
    let image = format!("/image/{}.png", sample::PICTURE);
    let expected = [
        ("/", "200"),
        ("/view.json", "200"),
        ("/app.css", "200"),
        ("/app.js", "200"),
        ("/icon.svg", "200"),
        ("/health", "200"),
        (image.as_str(), "200"),
        ("/nothing", "404"),
        ("/image/..%2f..%2fetc%2fpasswd", "404"),
        ("/act", "405"),
    ];
    for (path, status) in expected {
        let answer = run.get(path).await;
        answer.expect(status, "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';");
        answer.expect(status, "x-content-type-options: nosniff");
        assert!(!answer.0.contains("unsafe-inline"));
    }
    run.get("/").await.expect("200", "cache-control: no-store");
    run.get("/nothing").await.expect("404", "Back to the belt");
}

#[tokio::test]
async fn only_a_digest_ever_reaches_the_evidence() {
    let run = start(sample::station(0), false).await;
    let upper = sample::PICTURE.to_uppercase();
    for bad in [
        "x.png",
        "",
        &format!("{}.jpg", sample::PICTURE),
        &format!("{upper}.png"),
        &format!("{}0.png", sample::PICTURE),
    ] {
        assert_eq!(run.get(&format!("/image/{bad}")).await.status(), "404", "{bad}");
    }
    assert!(run.desk.asked.lock().unwrap().is_empty());
    run.get(&format!("/image/{}.png", sample::PICTURE)).await.expect("200", "content-type: image/png");
    run.get(&format!("/image/{}.png", "0".repeat(64))).await.expect("404", "There is no such picture.");
    run.get(&format!("/image/{}.png", "6".repeat(64))).await.expect("404", "too large");
    run.get(&format!("/image/{}.png", "7".repeat(64))).await.expect("500", "could not be made");
    assert_eq!(run.desk.asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn an_officer_stops_the_belt_and_is_told() {
    let run = start(sample::station(0), false).await;
    let form = format!("token={}&lane=north&action=stop-belt", run.token().await);
    run.post("accept: application/json", &form)
        .await
        .expect("200", r#"{"ok":true,"says":"The lane was told to stop."}"#);
    run.post("", &form).await.expect("200", "Back to the belt");
    let wishes = run.desk.wishes.lock().unwrap();
    assert_eq!(wishes.len(), 2);
    assert_eq!((wishes[0].lane.as_str(), wishes[0].officer.as_str()), ("north", "station-screen"));
    assert_eq!(wishes[0].action, OfficerAction::StopBelt);
    assert!(run.desk.refusals.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_the_lane_denies_is_said_as_it_said_it() {
    let run = start(sample::station(0), true).await;
    let form = format!("token={}&lane=north&action=stop-belt", run.token().await);
    run.post("accept: application/json", &form)
        .await
        .expect("409", r#""says":"The lane does not answer. Use the stop at the lane.""#);
}

#[tokio::test]
async fn a_form_without_a_good_token_is_refused_and_told() {
    let run = start(sample::station(0), false).await;
    let token = run.token().await;
    let bad = format!("token={}&lane=north&action=stop-belt", token.replace('-', "0"));
    run.post("accept: application/json", &bad)
        .await
        .expect("403", r#"{"ok":false,"says":"Refused: the page is too old."#);
    let first = run.desk.refusals.lock().unwrap()[0].clone();
    assert_eq!(first, Refusal { why: "token", peer: "127.0.0.1".into(), times: 1 });
    for form in [
        "lane=north&action=stop-belt",
        "token=%00&lane=&action=",
        "token=a&token=b",
        "\u{7f}=",
        "token=a&lane=b&action=c&more=d",
    ] {
        let answer = run.post("", form).await;
        assert!(["403", "422"].contains(&answer.status()), "{form}: {}", answer.0);
    }
    assert!(run.desk.wishes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused_even_with_a_good_token() {
    let run = start(sample::station(0), false).await;
    let form = format!("token={}&lane=north&action=stop-belt", run.token().await);
    let kind = "content-type: application/x-www-form-urlencoded";
    for origin in ["", "\norigin: null", "\norigin: http://evil.example", "\norigin: http://127.0.0.1:1"] {
        run.ask(&format!("POST /act\n{kind}{origin}"), &form).await.expect("403", "did not come from the station");
    }
    run.post("sec-fetch-site: cross-site", &form).await.expect("403", "did not come from the station");
    assert!(run.desk.wishes.lock().unwrap().is_empty());
    assert_eq!(run.desk.refusals.lock().unwrap()[0].why, "origin");
}

#[tokio::test]
async fn an_oversized_or_malformed_form_is_refused() {
    let run = start(sample::station(0), false).await;
    let token = run.token().await;
    let large = format!("token={token}&lane=north&action={}", "x".repeat(FORM_BYTES_MAX));
    assert_eq!(run.post("", &large).await.status(), "413");
    run.post("", &format!("token={token}&lane=north&action=open-gate")).await.expect("422", "does not know");
    run.post("", &format!("token={token}&lane=north&action=removed&pass=south/1/1"))
        .await
        .expect("422", "another lane");
    let text = format!("POST /act\ncontent-type: text/plain\norigin: http://127.0.0.1:{}", run.port);
    assert_eq!(run.ask(&text, "token").await.status(), "415");
    assert!(run.desk.wishes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_is_not_the_stations_opens_nothing() {
    let run = start(sample::station(0), false).await;
    for path in ["/", "/view.json", "/events", &format!("/image/{}.png", sample::PICTURE)] {
        let answer = run.ask(&format!("GET {path}\nhost: rebound.example:8380"), "").await;
        answer.expect("403", "This name is not the station");
    }
    assert_eq!(run.desk.refusals.lock().unwrap()[0].why, "host");
}

#[tokio::test]
async fn health_says_what_is_wrong_and_names_no_parcel() {
    let run = start(sample::station(0), false).await;
    run.get("/health").await.expect("200", r#""ok":true"#);
    *run.desk.view.lock().unwrap() = sample::degraded(0);
    let answer = run.ask("GET /health\nhost: station.example", "").await;
    answer.expect("503", "The X-ray gives no pictures.");
    assert!(!answer.0.contains("GB\"") && !answer.0.contains("north/3"));
}

/// Reads events until one holds something; gives its data.
async fn event(reader: &mut BufReader<TcpStream>) -> serde_json::Value {
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).await.unwrap() > 0, "the stream ended");
        if let Some(data) = line.strip_prefix("data: ") {
            return serde_json::from_str(data).unwrap();
        }
    }
}

async fn follow(run: &Run) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", run.port)).await.unwrap();
    let request = format!("GET /events HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n\r\n", run.port);
    stream.write_all(request.as_bytes()).await.unwrap();
    BufReader::new(stream)
}

fn regions(event: &serde_json::Value) -> Vec<String> {
    event["regions"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn an_open_page_hears_all_at_first_then_what_changed_and_ends_with_the_station() {
    let run = start(sample::station(79_900), false).await;
    let mut reader = follow(&run).await;
    let first = event(&mut reader).await;
    assert_eq!(regions(&first), ["clock", "degraded", "focus", "lanes", "queue", "strip"]);

    run.desk.view.lock().unwrap().uplink.connected = false;
    run.desk.changed.send_modify(|number| *number += 1);
    let news = loop {
        let news = event(&mut reader).await;
        assert_eq!(news["run"], first["run"]);
        if !regions(&news).is_empty() {
            break news;
        }
    };
    assert_eq!(regions(&news), ["strip"]);
    assert!(news["regions"]["strip"].as_str().unwrap().contains("not connected"));

    run.stop.send(()).unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).await.unwrap();
    run.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_page_too_many_is_told_to_come_later_and_a_closed_one_makes_room() {
    let run = start(sample::station(0), false).await;
    let mut open = Vec::new();
    for _ in 0..LIVE_PAGES_MAX {
        let mut reader = follow(&run).await;
        event(&mut reader).await;
        open.push(reader);
    }
    run.get("/events").await.expect("503", "retry-after: 5");
    drop(open);
    let mut reader = loop {
        let mut reader = follow(&run).await;
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        if line.contains("200") {
            break reader;
        }
    };
    assert_eq!(regions(&event(&mut reader).await).len(), 6);
}
