//! Serves a station that does not exist, with parcels that move: `cargo run -p gatepost-console --example preview`.
//!
//! `preview [ADDR] [works|two|degraded|stopped] [still]`; ADDR is 127.0.0.1:8380 when left out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepost_console::desk::{Denied, Desk, Refusal, StationView, Wish};
use gatepost_console::sample;
use tokio::sync::watch;

struct Preview {
    began: Instant,
    station: fn(i64) -> StationView,
    still: bool,
    changed: watch::Receiver<u64>,
}

/// Where the sample is most telling: the firearm is decided and still on the belt.
const STORY_MS: i64 = 79_900;

impl Desk for Preview {
    fn view(&self) -> StationView {
        let ms = if self.still { 0 } else { self.began.elapsed().as_millis() as i64 };
        (self.station)(STORY_MS + ms)
    }
    fn image(&self, digest: &str) -> Option<Vec<u8>> {
        (digest == sample::PICTURE).then(picture)
    }
    fn act(&self, wish: Wish) -> Result<(), Denied> {
        println!("{wish:?}");
        Err(Denied("This is a preview: there is no lane behind it.".into()))
    }
    fn refused(&self, refusal: Refusal) {
        println!("{refusal:?}");
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let address = words.iter().find_map(|word| word.parse().ok());
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let station = match () {
        () if has("two") => sample::two_lanes,
        () if has("degraded") => sample::degraded,
        () if has("stopped") => sample::stopped,
        () => sample::station,
    };
    let (change, changed) = watch::channel(0);
    let desk = Arc::new(Preview { began: Instant::now(), station, still: has("still"), changed });
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(Duration::from_millis(200));
        loop {
            beat.tick().await;
            change.send_modify(|number| *number += 1);
        }
    });
    let listener = tokio::net::TcpListener::bind(address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8380)))).await?;
    println!("open http://{}/", listener.local_addr()?);
    gatepost_console::serve(listener, desk, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await?;
    Ok(())
}

/// Something like an X-ray: shapes that take light away, each in the colour of its material.
fn picture() -> Vec<u8> {
    let (width, height) = sample::PICTURE_PX;
    let mut pixels = vec![255u8; (width * height * 3) as usize];
    for (at, pixel) in pixels.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((at as u32 % width) as f32, (at as u32 / width) as f32);
        let mut light = [1.0f32; 3];
        for (inside, colour) in shapes(x, y) {
            if inside {
                light.iter_mut().zip(colour).for_each(|(light, part)| *light *= part);
            }
        }
        let grain = 0.985 + 0.015 * ((at as u32).wrapping_mul(2_654_435_761) >> 24) as f32 / 255.0;
        pixel.iter_mut().zip(light).for_each(|(byte, light)| *byte = (light * grain * 255.0) as u8);
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    if written.is_err() { Vec::new() } else { file }
}

fn shapes(x: f32, y: f32) -> Vec<(bool, [f32; 3])> {
    const ORGANIC: [f32; 3] = [0.98, 0.86, 0.66];
    const MIXED: [f32; 3] = [0.55, 0.82, 0.55];
    const METAL: [f32; 3] = [0.22, 0.33, 0.66];
    let within = |left: f32, top: f32, right: f32, bottom: f32| x > left && x < right && y > top && y < bottom;
    let disc = |cx: f32, cy: f32, r: f32| (x - cx).powi(2) + (y - cy).powi(2) < r * r;
    let ring = |cx: f32, cy: f32, r: f32| disc(cx, cy, r) && !disc(cx, cy, r * 0.6);
    let lean = (y - 200.0) * 0.25;
    let mut shapes = vec![
        (within(40.0, 40.0, 680.0, 420.0), [0.97, 0.92, 0.82]),
        (within(40.0, 40.0, 680.0, 46.0) || within(40.0, 414.0, 680.0, 420.0), ORGANIC),
        (disc(560.0, 140.0, 70.0), ORGANIC),
        (disc(560.0, 140.0, 44.0), ORGANIC),
        (within(70.0, 330.0, 380.0, 400.0), ORGANIC),
        (within(150.0, 345.0, 350.0, 385.0), MIXED),
        (within(130.0, 135.0, 392.0, 182.0), METAL),
        (within(150.0, 148.0, 392.0, 160.0), [0.5, 0.6, 0.85]),
        (within(145.0, 182.0, 250.0, 205.0), METAL),
        (x > 150.0 - lean && x < 215.0 - lean && y > 200.0 && y < 296.0, METAL),
        (ring(242.0, 216.0, 28.0), METAL),
    ];
    for n in 0..6 {
        let (cx, cy) = (490.0 + (n % 3) as f32 * 50.0, 296.0 + (n / 3) as f32 * 50.0);
        shapes.push((disc(cx, cy, 16.0), [0.35, 0.55, 0.55]));
        shapes.push((disc(cx, cy, 8.0), METAL));
    }
    shapes
}
