//! `gatepost-fleet holds`: a thousand holds through every stage of their way, with losses at each, and an outage; then what
//! central says of each, held against what the simulator knows.
//!
//! Four facilities of three stations. At the last one a station refuses every list, so no hold is ever in force there. At the
//! others one station is away: it releases what it does not know to be held, and says so when it comes back. Central is killed
//! on the way, and at last the broker, so that the newest holds cannot even be sent. The post's gateway lets nothing about every
//! fifth item through, and takes another fifth without an answer.

mod gateway;
mod post;
mod truth;

use std::time::{Duration, Instant};

use gatepost_central::follow::{Patience, Step};
use gatepost_central::holds::{HoldLine, Signatory};
use gatepost_central::store::Store;
use gatepost_central::store::holds::HoldChange;
use gatepost_world::central::Ground;
use serde::Serialize;

use crate::ground::{Consumer, Site};
use crate::records::{Bodies, now_ms};
use gateway::Gateway;
use post::Post;
use truth::{Ending, Said, Truth};

pub struct Plan {
    pub holds: u64,
    pub kills: u64,
    pub postgres: bool,
}

#[derive(Serialize)]
pub struct Figures {
    /// Holds, facilities or items of which central says another thing than is true.
    wrong: u64,
    /// Some of them, in words.
    differences: Vec<String>,
    holds: u64,
    kills: u64,
    /// Of each stage: items whose hold stands before it, in truth.
    stands_before: std::collections::BTreeMap<&'static str, u64>,
    to_be_fetched_back: u64,
    /// Of [`MUTANTS`], those that the comparison did not notice.
    mutants_missed: Vec<&'static str>,
    /// From a hold placed to the alarm that its item was released before, milliseconds; the slowest of all.
    late_hold_found_ms_max: i64,
    seconds: f64,
}

impl Figures {
    pub fn is_good(&self) -> bool {
        self.wrong == 0 && self.mutants_missed.is_empty() && self.late_hold_found_ms_max <= LATE_MS_MAX
    }
}

/// The bar of the issue: a hold finds what is gone within ten seconds.
const LATE_MS_MAX: i64 = 10_000;
pub const FACILITIES: [&str; 4] = ["JFK", "ORD", "LAX", "MIA"];
/// Where a station refuses every list.
pub const REFUSING: &str = "MIA";
const STATIONS: usize = 3;
/// Holds of one list.
const TOGETHER: usize = 100;
/// Holds that are placed when there is no broker any more.
const UNSENT: u64 = 50;
/// Longest that central may take to know what it has been told.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a stage may take here; a day has no room for the real ones.
const STAGE_S: u32 = 1;

/// # Errors
/// What could not be started, or did not end in time.
pub async fn run(plan: &Plan) -> Result<Figures, String> {
    let bodies: &'static Bodies = Box::leak(Box::new(Bodies::new()?));
    let mut site = Site::new(plan.postgres).await;
    let (begun, key) = (Instant::now(), site.ground.path().join("holds.key"));
    let signatory = Signatory::load_or_create("central", &key).map_err(|error| error.to_string())?;
    let gateway = Gateway::default();
    let (more, patience) = impatient(&key, &gateway.open().await?)?;
    let mut central = site.central_with(1, false, &more)?;
    let store = site.ground.open().await;

    let mut posts = Vec::new();
    for facility in FACILITIES {
        for number in 0..STATIONS {
            posts.push(Post::start(facility, number, site.broker.port, bodies).await?);
        }
    }
    let mut truth = Truth::new(plan.holds, gateway);
    for post in posts.iter_mut().filter(|post| post.number + 1 == STATIONS && post.facility != REFUSING) {
        post.leave().await;
    }
    // What was before: released, or lying in exam.
    for parcel in truth.parcels.iter().filter(|parcel| parcel.ending.is_before()) {
        posts[parcel.post].passes(&parcel.item, parcel.ending, now_ms());
    }
    all_heard(&posts).await?;
    let placed = place(&store, &signatory, &truth.items(), now_ms() + 1).await?;
    for post in posts.iter_mut().filter(|post| post.is_there()) {
        post.takes_list(placed).await?;
    }
    let parcels: Vec<_> = truth.parcels.iter_mut().filter(|parcel| parcel.ending.comes()).collect();
    let each = (parcels.len() / (plan.kills as usize + 1)).max(1);
    for (at, parcel) in parcels.into_iter().enumerate() {
        parcel.went = posts[parcel.post].passes(&parcel.item, parcel.ending, now_ms());
        if at % each == each - 1 && at / each < plan.kills as usize {
            die(&mut central).await?;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for post in posts.iter_mut().filter(|post| !post.is_there()) {
        post.comes_back();
        post.takes_list(placed).await?;
    }
    all_heard(&posts).await?;
    let mut differences = settled(&store, &patience, &truth).await?;
    let late = latest(&site.ground, &truth).await.map_err(|error| error.to_string())?;

    // Nobody hears of the last ones.
    site.broker.kill();
    let unsent: Vec<String> = (0..UNSENT).map(|number| format!("UN{number:09}US")).collect();
    place(&store, &signatory, &unsent, now_ms()).await?;
    truth.unsent = unsent;
    differences.extend(settled(&store, &patience, &truth).await?);
    let mutants_missed = mutants(&site.ground, &store, &patience, &truth).await?;
    for post in posts {
        post.stop().await;
    }
    Ok(Figures {
        wrong: differences.len() as u64,
        differences: differences.into_iter().take(20).collect(),
        holds: plan.holds + UNSENT,
        kills: plan.kills,
        stands_before: truth.stands_before(),
        to_be_fetched_back: truth.lost().count() as u64,
        mutants_missed,
        late_hold_found_ms_max: late,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// What central's configuration says besides: how little patience it has, and where the post is; and that patience.
fn impatient(key: &std::path::Path, url: &str) -> Result<(String, Patience), String> {
    const STAGES: [&str; 8] = [
        "sent_to_post",
        "acknowledged_by_post",
        "distributed",
        "applied",
        "diverted",
        "presented",
        "examined",
        "outcome",
    ];
    let patience: String = STAGES.iter().map(|stage| format!("{stage} = {STAGE_S}\n")).collect();
    let post = format!("[post]\nsink = {{ http = {{ url = {url:?} }} }}\n");
    let more = format!("[holds]\nkey = {key:?}\n[holds.patience]\n{patience}{post}");
    let patience: Patience = toml::from_str(&patience).map_err(|error| error.to_string())?;
    Ok((more, patience.with_post(true)))
}

/// kill -9, and another.
async fn die(central: &mut Consumer) -> Result<(), String> {
    central.kill();
    tokio::time::sleep(Duration::from_millis(500)).await;
    central.start()
}

/// Places a hold on each, [`TOGETHER`] at a time, as the command does; gives the last list's version.
async fn place(store: &Store, signatory: &Signatory, items: &[String], now_ms: i64) -> Result<u64, String> {
    let mut version = 0;
    for items in items.chunks(TOGETHER) {
        let mut changes = Vec::with_capacity(items.len());
        for item in items {
            let text = format!(
                r#"{{"item":"{item}","hold":{{"id":"{}","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"exam","authority":"CBP","audience":"all"}}}}"#,
                hold_of(item)
            );
            let line: HoldLine = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            changes.push(HoldChange::Place(Box::new(line)));
        }
        let list = store.change_holds(&changes, "fleet", signatory, now_ms).await;
        version = list.map_err(|error| error.to_string())?.version;
    }
    Ok(version)
}

pub fn hold_of(item: &str) -> String {
    format!("h-{item}")
}

/// Until central has verified everything of those that are there.
async fn all_heard(posts: &[Post]) -> Result<(), String> {
    for post in posts.iter().filter(|post| post.is_there()) {
        tokio::time::timeout(PATIENCE, post.heard()).await.map_err(|_| format!("{} was not heard", post.name()))?;
    }
    Ok(())
}

/// In what central is wrong when its time is up; nothing as soon as it says what is true.
async fn settled(store: &Store, patience: &Patience, truth: &Truth) -> Result<Vec<String>, String> {
    // Stages are late only after their patience.
    tokio::time::sleep(Duration::from_secs(u64::from(STAGE_S) * 2)).await;
    let until = Instant::now() + PATIENCE;
    loop {
        let differences = compare(store, patience, truth).await?;
        if differences.is_empty() || Instant::now() > until {
            return Ok(differences);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

async fn compare(store: &Store, patience: &Patience, truth: &Truth) -> Result<Vec<String>, String> {
    let now_ms = now_ms();
    let said = async {
        Ok::<_, gatepost_central::store::StoreError>(Said {
            funnel: store.funnel(patience, now_ms).await?,
            ways: store.ways(patience, now_ms).await?,
            recoveries: store.recoveries(u32::MAX).await?,
        })
    };
    Ok(truth.differences(&said.await.map_err(|error| error.to_string())?, now_ms))
}

/// What a central that follows badly would leave behind.
const MUTANTS: [(&str, &str); 7] = [
    (
        "an outcome forgotten",
        "DELETE FROM hold_step WHERE step = 'outcome' AND hold IN (SELECT MIN(hold) FROM hold_step WHERE step = 'outcome')",
    ),
    (
        "an item at another facility",
        "UPDATE hold_step SET facility = 'ORD' WHERE hold IN (SELECT MIN(hold) FROM hold_step WHERE facility = 'JFK')",
    ),
    ("a release that raised nothing", "DELETE FROM recovery WHERE hold IN (SELECT MIN(hold) FROM recovery)"),
    ("a search given up", "UPDATE recovery SET found_ms = at_ms WHERE hold IN (SELECT MAX(hold) FROM recovery)"),
    (
        "an acknowledgement made up",
        "UPDATE post_message SET state = 'acknowledged' WHERE number IN
         (SELECT MIN(number) FROM post_message WHERE kind = 'hold-request' AND state = 'sent')",
    ),
    (
        "a request that never went",
        "UPDATE post_message SET sent_ms = NULL WHERE number IN
         (SELECT MIN(number) FROM post_message WHERE kind = 'hold-request' AND state = 'acknowledged')",
    ),
    (
        "a list in force where it was refused",
        "UPDATE list_reached SET facility = 'MIA' WHERE facility = 'JFK' AND step = 'applied'",
    ),
];

/// Those that the comparison does not notice.
async fn mutants(
    ground: &Ground,
    store: &Store,
    patience: &Patience,
    truth: &Truth,
) -> Result<Vec<&'static str>, String> {
    let mut connection = ground.connect().await;
    let (mut missed, mut known) = (Vec::new(), compare(store, patience, truth).await?.len());
    for (name, sql) in MUTANTS {
        sqlx::query(sql).execute(&mut connection).await.map_err(|error| format!("{name}: {error}"))?;
        let noticed = compare(store, patience, truth).await?.len();
        if noticed <= known {
            missed.push(name);
        }
        known = noticed;
    }
    Ok(missed)
}

/// The slowest that a hold found its item released before, of those that central had heard of.
async fn latest(ground: &Ground, truth: &Truth) -> Result<i64, sqlx::Error> {
    let mut connection = ground.connect().await;
    let mut slowest = 0;
    for parcel in truth.parcels.iter().filter(|parcel| parcel.ending == Ending::ReleasedBefore && !parcel.is_away()) {
        let took: Option<(i64,)> = sqlx::query_as(
            "SELECT r.raised_ms - h.placed_ms FROM recovery AS r JOIN hold AS h ON h.id = r.hold WHERE h.id = $1",
        )
        .bind(hold_of(&parcel.item))
        .fetch_optional(&mut connection)
        .await?;
        slowest = slowest.max(took.map_or(i64::MAX, |(took,)| took));
    }
    Ok(slowest)
}

pub fn stations() -> usize {
    STATIONS
}

/// What stands beside the way.
pub const POST_STEPS: [Step; 2] = Step::POST;
pub const ALL_STEPS: [Step; 7] = Step::ALL;
