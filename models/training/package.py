"""Turns trained weights into a model package: model.onnx, manifest.toml, golden pictures, CARD.md.

    python3 package.py --work FOLDER --out ../catalog/mail

It stands alone because judging must use the exported graph in the station's own runtime, not the weights in the
framework that learnt them. Calibration and thresholds come from `cal`, whose scanners and harmless things training did not
see, the mass table from `val`; every figure printed comes from `test`.
"""

import argparse
import json
import math
import pathlib
import shutil

import blake3
import numpy as np
import onnxruntime
import torch

import card
from judge import by_bins, canvas_of, decode, figures, interval, matched, thresholds_for, to_source
from network import Detector
from prepare import CLASSES, RESOLUTION_UM_MIN, SCALE, SIZE, boxes_in_input, load_split, network_input, read_labels, read_planes

# A quarter of the 2 % that a lane bears: other scanners and harmless things that no split held have cost four to nine times
# as many alarms, and other reasons hold clean parcels too.
CLEAN_FLAGGED_AIM = 0.005
RATIOS_E3 = [1150, 1200, 1240, 1400, 1640, 2080, 2520]
ATTENUATION_E3_MIN = 20
LEAST_REPORTED = [50] * len(CLASSES)


def export(model: Detector, out: pathlib.Path) -> pathlib.Path:
    """The graph as ONNX, opset 17, normalisation folded into the convolutions."""
    path = out / "model.onnx"
    example = torch.zeros(1, 2, SIZE, SIZE)
    names = {"input_names": ["image"], "output_names": ["heatmap", "distances"]}
    torch.onnx.export(model.eval(), (example,), str(path), opset_version=17, dynamo=False, **names)
    return path


def slopes(found: list[list[dict]], truth: list[np.ndarray]) -> list[tuple[float, float]]:
    """For each class slope and shift of the logit that make its score the share of right detections (Platt 1999), by
    Newton's method; a weak pull towards leaving it as it is keeps rare classes sane."""
    solved = []
    for name in CLASSES:
        pairs = [
            (math.log(d["score"] / (1 - d["score"])), hit)
            for list_, boxes in zip(found, truth)
            for d, hit in zip(list_, matched(list_, boxes))
            if d["class"] == name
        ]
        x = np.array([[logit, 1.0] for logit, _ in pairs]).reshape(-1, 2)
        y = np.array([hit for _, hit in pairs], float)
        at, start = np.array([1.0, 0.0]), np.array([1.0, 0.0])
        for _ in range(50):
            p = 1 / (1 + np.exp(-np.clip(x @ at, -30, 30)))
            slope = x.T @ (p - y) + 2.0 * (at - start)
            at = at - np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + 2.0 * np.eye(2), slope)
        solved.append((float(max(at[0], 0.05)), float(at[1])))
    return solved


def calibrated(model: Detector, lines: list[tuple[float, float]]) -> Detector:
    """The same model with every class's logit on its line: the order of scores within a class stays."""
    with torch.no_grad():
        for channel, (slope, shift) in enumerate(lines):
            model.heatmap.weight[channel] *= slope
            model.heatmap.bias[channel] = model.heatmap.bias[channel] * slope + shift
    return model


def session_of(path: pathlib.Path) -> onnxruntime.InferenceSession:
    """The station's runtime, one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def look(session, image: np.ndarray, label: dict, least: list[int]) -> list[dict]:
    """Detections of one input."""
    heatmap, distances = session.run(None, {"image": image[None].astype(np.float32)})
    return decode(heatmap[0], distances[0], canvas_of(label)[:2], least)


def mass_terms(image: np.ndarray, label: dict) -> np.ndarray:
    """Attenuation times area (cm²) of one input, shared out over the ratio table's points."""
    high = image[0].astype(np.float32) / SCALE[0]
    low = high + image[1].astype(np.float32) / SCALE[1]
    seen = high * 1000 >= ATTENUATION_E3_MIN
    ratio = np.clip(low[seen] / high[seen], RATIOS_E3[0] / 1000, RATIOS_E3[-1] / 1000)
    _, _, across, _ = canvas_of(label)
    area = (across * label["pitch_um"] * 1e-4) ** 2
    points = np.array(RATIOS_E3) / 1000
    terms = np.zeros(len(points))
    index = np.clip(np.searchsorted(points, ratio, side="right") - 1, 0, len(points) - 2)
    share = (ratio - points[index]) / (points[index + 1] - points[index])
    np.add.at(terms, index, (1 - share) * high[seen] * area)
    np.add.at(terms, index + 1, share * high[seen] * area)
    return terms


def fit_mass(inputs, labels) -> np.ndarray:
    """mg/cm² per unit of attenuation at each ratio: least squares of relative errors over a split's true masses."""
    terms = np.array([mass_terms(image, label) for image, label in zip(inputs, labels)])
    grams = np.array([max(label["mass_g"], 20) for label in labels], float)
    # Heavy shields hide their mass; they would bend the table for everything else.
    shown = np.array([all(t["class"] != "opaque" for t in label["targets"]) for label in labels])
    left = terms[shown] / 1000 / grams[shown, None]
    # A weak pull towards organic matter keeps points that few pictures reach sane.
    pull = np.eye(len(RATIOS_E3)) * 1e-3
    solved, *_ = np.linalg.lstsq(np.vstack([left, pull]), np.append(np.ones(len(left)), pull @ np.full(len(pull), 5500.0)), rcond=None)
    return np.clip(np.round(solved), 200, 20_000).astype(int)


def mass_errors(inputs, labels, table: np.ndarray) -> dict:
    """Relative error of mass from the picture, parcels of 50 g and more without a shield."""
    errors = [
        abs(float(mass_terms(image, label) @ table) / 1000 / label["mass_g"] - 1)
        for image, label in zip(inputs, labels)
        if label["mass_g"] >= 50 and all(t["class"] != "opaque" for t in label["targets"])
    ]
    return {"n": len(errors), "p50": float(np.median(errors)), "p90": float(np.quantile(errors, 0.9))}


# The rule `concealment.mass` of the default pack: picture over scale, from so many grams on the scale.
MASS_BETWEEN, MASS_FROM_G = (0.40, 1.75), 200


def swaps(inputs, labels, table: np.ndarray) -> dict:
    """How often that rule speaks: when picture and weight are one parcel's, and when the weight is the next one's."""
    seen = [float(mass_terms(image, label) @ table) / 1000 for image, label in zip(inputs, labels)]
    speaks = lambda grams, scale: scale > MASS_FROM_G and not MASS_BETWEEN[0] <= grams / scale <= MASS_BETWEEN[1]
    shown = [i for i, label in enumerate(labels) if all(t["class"] != "opaque" for t in label["targets"])]
    own = sum(speaks(seen[i], labels[i]["mass_g"]) for i in shown)
    # A swap as far as it can matter: the two differ by a third at least.
    pairs = [(a, b) for a, b in zip(shown, shown[1:]) if labels[b]["mass_g"] > MASS_FROM_G]
    pairs = [(a, b) for a, b in pairs if not 0.75 <= labels[a]["mass_g"] / labels[b]["mass_g"] <= 4 / 3]
    noticed = sum(speaks(seen[a], labels[b]["mass_g"]) for a, b in pairs)
    return {"own": own, "own_of": len(shown), "noticed": noticed, "swapped": len(pairs)}


def golden(session, work: pathlib.Path, out: pathlib.Path, least: dict[str, int]) -> list[str]:
    """Three small pictures with what the graph says of them: two with different targets, one clean."""
    folder = out / "golden"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chosen = []
    labels = sorted(read_labels(work / "golden"), key=lambda label: label["width"] * label["height"])
    # First pictures where the model is right, then any it says something of: expectations, not a show.
    for label, strict in [(label, True) for label in labels] + [(label, False) for label in labels]:
        low, high = read_planes(work / "golden", label)
        image = network_input(low, high, label["pitch_um"], label["belt_step_um"], label["air_level"])
        found = look(session, image, label, LEAST_REPORTED)
        near = any(abs(d["score_e4"] - least[d["class"]]) < 150 for d in found)
        said = [d for d in found if d["score_e4"] >= least[d["class"]]]
        classes = {d["class"] for d in said}
        truth = {t["class"] for t in label["targets"]}
        room = classes not in chosen and (not classes or sum(map(bool, chosen)) < 2)
        right = classes == truth if strict else bool(classes)
        if near or not right or not room or label["mass_g"] < 60:
            continue
        chosen.append(classes)
        name = "-".join(sorted(classes)) or "clean"
        for plane in ("low", "high"):
            shutil.copy(work / "golden" / f"{label['name']}.{plane}.png", folder / f"{name}.{plane}.png")
        detections = [{"class": d["class"], "score_e4": d["score_e4"], "box": to_source(d, label)} for d in said]
        facts = {"name": name} | {key: label[key] for key in ("width", "height", "pitch_um", "belt_step_um")}
        (folder / f"{name}.json").write_text(json.dumps(facts | {"detections": detections}, indent=1) + "\n")
    return sorted(path.stem for path in folder.glob("*.json"))


def table_of(values: dict) -> str:
    """Lines `key = integer` in class order."""
    return "\n".join(f"{name} = {values[name]}" for name in CLASSES)


def manifest(model: pathlib.Path, facts: dict, least: dict, test: dict, mass: np.ndarray, counts: dict) -> str:
    """The package's manifest; integers only."""
    e4 = lambda value: round(10_000 * value)
    entries = test["classes"]
    return f"""# Written by models/training/package.py; the digest is what a station checks before it loads the graph.
format = 1
name = "mail"
version = "1"
digest = "{blake3.blake3(model.read_bytes()).hexdigest()}"
bytes = {model.stat().st_size}
classes = {json.dumps(CLASSES)}

[input]
tensor = "image"
width = {SIZE}
height = {SIZE}
channels = ["high_attenuation", "low_minus_high_attenuation"]
preprocessing = "attenuation-area-v1"
air_level = 60000
attenuation_max_e3 = 6000
scale_e3 = [500, 1000]
resolution_um_min = {RESOLUTION_UM_MIN}
default_pitch_um = 1500
default_belt_step_um = 1000

[output]
heatmap = "heatmap"
distances = "distances"
stride = 8

[decoding]
method = "centre-peaks-v1"
iou_max_e4 = 5000
detections_max = 50

# Scores in 1/10,000, chosen on calibration pictures so that at most {CLEAN_FLAGGED_AIM:.1%} of their clean parcels are flagged.
[thresholds]
{table_of(least)}

[calibration]
method = "logistic-in-graph-v1"

[limits]
opaque_attenuation_e3 = 5000
opaque_area_mm2_max = 600
parcel_attenuation_e3 = 30
parcel_area_mm2_min = 400
width_px_max = 4096
height_px_max = 8192

# Grams from the picture: mg/cm² per unit of high-energy attenuation at a ratio of low to high.
[mass]
method = "ratio-table-v1"
attenuation_e3_min = {ATTENUATION_E3_MIN}
ratio_e3 = {RATIOS_E3}
mg_per_cm2 = {[int(v) for v in mass]}

[provenance]
trained_on = "simulation"
generator = "gatepost-virtual images"
revision = "{facts["revision"]}"
seed = {facts["seed"]}
train_images = {facts["train_images"]}
val_images = {counts["val"]}
calibration_images = {counts["cal"]}
test_images = {counts["test"]}
epochs_e2 = {facts["epochs_e2"]}
steps = {facts["steps"]}
parameters = {facts["parameters"]}
torch = "{facts["torch"]}"
opset = 17
licence = "Apache-2.0 OR MIT"

# On the test split: unseen scanners, designs and concealments.
[metrics]
map50_e4 = {e4(test["map50"])}
clean_flagged_e4 = {e4(test["clean_flagged"] / test["clean"])}
calibration_error_e4 = {e4(test["ece"])}

[metrics.recall_e4]
{table_of({n: e4(entries[n]["found"] / max(1, entries[n]["boxes"])) for n in CLASSES})}

[metrics.ap50_e4]
{table_of({n: e4(entries[n]["ap50"]) for n in CLASSES})}

[metrics.boxes]
{table_of({n: entries[n]["boxes"] for n in CLASSES})}
"""


def looked_at(session, work: pathlib.Path, name: str) -> dict:
    """A split and what the graph says of it."""
    inputs, truth, labels = load_split(work / name)
    found = [look(session, inputs.whole(index), label, LEAST_REPORTED) for index, label in enumerate(labels)]
    print(f"{name}: {len(labels)} pictures looked at", flush=True)
    return {"inputs": inputs, "truth": truth, "labels": labels, "found": found}


def spread(split: dict, least: dict[str, int]) -> dict:
    """Histograms of the test split, with how many targets of each bin were found."""
    side_mm = lambda label, target: math.sqrt(
        (target["box"][2] - target["box"][0]) * label["pitch_um"] * (target["box"][3] - target["box"][1]) * label["belt_step_um"]
    ) / 1000
    over = lambda label, target: target["over_mg_cm2"] / max(1, target["own_mg_cm2"])
    things = lambda label, target: label["things"]
    bins = lambda value, limits: by_bins(split["found"], split["truth"], split["labels"], least, value, limits)
    return {
        "size: root of the box's area, mm": bins(side_mm, [20, 40, 60, 90, 130, 200]),
        "occlusion: what lies over it ÷ itself, areal density": bins(over, [0.1, 0.25, 0.5, 1, 2, 4]),
        "clutter: things in the parcel": bins(things, [2, 4, 6, 9, 13]),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    facts = json.loads((arguments.work / "training.json").read_text())
    model = Detector()
    model.load_state_dict(torch.load(arguments.work / "weights.pt", weights_only=True))
    plain = looked_at(session_of(export(model, arguments.out)), arguments.work, "cal")
    path = export(calibrated(model, slopes(plain["found"], plain["truth"])), arguments.out)
    session = session_of(path)
    splits = {name: looked_at(session, arguments.work, name) for name in ("val", "cal", "test")}
    least = thresholds_for(splits["cal"]["found"], splits["cal"]["truth"], CLEAN_FLAGGED_AIM)
    judged = {name: figures(split["found"], split["truth"], least) for name, split in splits.items()}
    mass = fit_mass(splits["val"]["inputs"], splits["val"]["labels"])
    masses = {"test": mass_errors(splits["test"]["inputs"], splits["test"]["labels"], mass)}
    masses["swaps"] = swaps(splits["test"]["inputs"], splits["test"]["labels"], mass)
    counts = {name: len(split["labels"]) for name, split in splits.items()}
    pictures = golden(session, arguments.work, arguments.out, least)
    text = manifest(path, facts, least, judged["test"], mass, counts)
    (arguments.out / "manifest.toml").write_text(text)
    bins = spread(splits["test"], least)
    clean = [label for label, boxes in zip(splits["test"]["labels"], splits["test"]["truth"]) if len(boxes) == 0]
    alike = sum(bool(label["lookalikes"]) for label in clean) / max(1, len(clean))
    (arguments.out / "CARD.md").write_text(
        card.text(facts, least, judged, masses, counts, bins, alike, interval, CLEAN_FLAGGED_AIM)
    )
    print(json.dumps({"test": judged["test"], "mass": masses, "golden": pictures}, indent=1))


if __name__ == "__main__":
    main()
