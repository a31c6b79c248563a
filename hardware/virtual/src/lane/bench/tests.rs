use super::super::Chute;
use super::*;
use crate::device::Emitted;
use crate::faults::FaultWindow;
use crate::lane::shipped;

fn bench(seed: u64, parcels: u32, faults: FaultSchedule) -> VirtualBench {
    VirtualBench::new(shipped("bench"), seed, Plan { parcels, ..Plan::default() }, faults)
}

/// What a page shows beside a pass of this name.
fn seen(lamp: Lamp, pass: &str, item: Option<&str>) -> Seen {
    Seen { calls: false, lamp, pass: Some(pass.to_owned()), item: item.map(str::to_owned) }
}

/// Lives it with a lamp that is lit as soon as the picture is there; what was sent of scans and pictures.
fn live(bench: &mut VirtualBench, lamp: Lamp) -> String {
    let mut kinds = String::new();
    while !bench.finished() {
        bench.advance(50_000);
        if bench.lying().is_empty() {
            bench.show(&Seen { calls: true, ..Seen::default() });
        }
        for emission in bench.emitted() {
            match emission.what {
                Emitted::Scanner { .. } => kinds.push('s'),
                Emitted::Image { .. } => {
                    kinds.push('x');
                    bench.show(&seen(lamp, &bench.parcels().len().to_string(), None));
                }
                Emitted::Scale { .. } | Emitted::Picture { .. } | Emitted::Controller(_) => {}
            }
        }
    }
    kinds
}

fn left(bench: &VirtualBench, to: Chute) -> usize {
    bench.truth().iter().filter(|truth| matches!(truth.what, Happened::Left { chute, .. } if chute == to)).count()
}

#[test]
fn each_item_is_scanned_and_pictured_and_goes_where_the_lamp_says() {
    let mut exam = bench(5, 20, FaultSchedule::none());
    assert_eq!(live(&mut exam, Lamp::Exam), "sx".repeat(20));
    assert_eq!((left(&exam, Chute::Exam), exam.parcels().len()), (20, 20));
    let mut release = bench(5, 20, FaultSchedule::none());
    live(&mut release, Lamp::Release);
    assert_eq!(left(&release, Chute::Release), 20);
}

#[test]
fn without_a_lamp_the_officer_takes_an_item_away_and_puts_it_into_no_chute() {
    let mut dark = bench(5, 2, FaultSchedule::none());
    while !dark.finished() {
        dark.advance(50_000);
    }
    let removed = dark.truth().iter().filter(|truth| matches!(truth.what, Happened::Removed { .. })).count();
    assert_eq!((removed, left(&dark, Chute::Release)), (2, 0));
}

#[test]
fn what_is_shown_still_of_the_last_item_is_not_acted_on() {
    let mut bench = bench(5, 2, FaultSchedule::none());
    let mut shown = seen(Lamp::Release, "1", None);
    while bench.parcels().len() < 2 {
        bench.advance(50_000);
        if !bench.lying().is_empty() {
            bench.show(&shown); // and it stays
        }
    }
    for _ in 0..100 {
        bench.advance(50_000);
        bench.show(&shown);
    }
    assert_eq!((bench.lying(), left(&bench, Chute::Release)), (vec![2], 1));
    shown = seen(Lamp::Release, "2", Some("RR 000 000 000 XX"));
    for _ in 0..100 {
        bench.advance(50_000);
        bench.show(&shown);
    }
    assert_eq!(bench.lying(), [2], "a new pass with another number is not of this item");
    let number = bench.parcels()[1].item.clone();
    let (head, tail) = number.split_at(4);
    shown = seen(Lamp::Release, "2", Some(&format!("{head} {tail}")));
    for _ in 0..100 {
        bench.advance(50_000);
        bench.show(&shown);
    }
    assert!(bench.finished());
    assert_eq!(left(&bench, Chute::Release), 2);
}

#[test]
fn the_next_item_is_laid_when_the_page_calls_for_it_or_patience_ends() {
    let laid = |calls: bool| {
        let mut bench = bench(5, 1, FaultSchedule::none());
        bench.show(&Seen { calls, ..Seen::default() });
        while bench.lying().is_empty() {
            bench.advance(50_000);
        }
        bench.now()
    };
    assert!(laid(true) < PAUSE + Micros(100_000));
    assert!(laid(false) >= PAUSE + CALLED_WITHIN);
}

#[test]
fn a_lamp_that_nobody_renewed_says_nothing_of_the_next_item() {
    let mut bench = bench(5, 2, FaultSchedule::none());
    while bench.lying().is_empty() {
        bench.advance(50_000);
    }
    bench.show(&seen(Lamp::Release, "1", None));
    // A busy machine: one long step, without a look at the page.
    bench.advance(15_000_000);
    assert_eq!((bench.lying(), left(&bench, Chute::Release)), (vec![2], 1));
}

#[test]
fn the_scale_speaks_of_an_empty_plate_and_of_a_moving_one() {
    let mut one = bench(1, 1, FaultSchedule::none());
    let mut heard = Vec::new();
    for _ in 0..120 {
        one.advance(50_000);
        for emission in one.emitted() {
            if let Emitted::Scale { bytes, .. } = emission.what {
                heard.push(String::from_utf8(bytes).unwrap());
            }
        }
    }
    let mass = i64::from(one.parcels()[0].mass_g);
    let weight = |line: &String| line[4..14].trim().replace('.', "").parse::<i64>().unwrap();
    assert!(heard.iter().any(|line| line.starts_with("S S") && weight(line) == 0));
    assert!(heard.iter().any(|line| line.starts_with("S D")));
    assert!(heard.iter().any(|line| line.starts_with("S S") && (weight(line) - mass).abs() <= 2), "{heard:?}");
}

#[test]
fn a_second_item_lies_beside_the_first_and_both_go_together() {
    let whole = FaultWindow { fault: Fault::Inserted, from: Micros::ZERO, until: Micros::from_ms(60_000) };
    let mut two = bench(3, 2, FaultSchedule { windows: vec![whole] });
    live(&mut two, Lamp::Exam);
    let inserted = two.truth().iter().filter(|truth| matches!(truth.what, Happened::Inserted { .. })).count();
    assert_eq!((inserted, left(&two, Chute::Exam)), (1, 2));
}
