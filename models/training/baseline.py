"""A threshold-and-blob detector on the same test split: what a set that is too easy would give away.

    python3 baseline.py --work FOLDER      (FOLDER holds train/ and test/)

It stands alone because it must not share a weakness with the network: attenuation above a level, connected pixels, a
class by what such blobs are in training (size, attenuation, ratio; naive Bayes). It is given every chance: several
levels at once, and the class frequencies of the training split. It refuses texture and shape: those are what the
detector is for.
"""

import argparse
import json
import pathlib

import numpy as np
from scipy import ndimage

from judge import IOU_MAX, average_precision, overlap
from prepare import CLASSES, SCALE, load_split

# High-energy attenuation: paper and plastic stay under the first, a pistol's slide is over the last.
LEVELS = (0.25, 0.5, 0.9, 1.6, 3.0)
PIXELS_MIN = 6
TRAINING = 4000


def blobs(image: np.ndarray) -> list[tuple[list[float], np.ndarray]]:
    """Boxes in input pixels and features of every blob at every level."""
    high = image[0] / SCALE[0]
    low = high + image[1] / SCALE[1]
    found = []
    for level in LEVELS:
        names, count = ndimage.label(high > level)
        for index, place in enumerate(ndimage.find_objects(names), 1):
            mask = names[place] == index
            pixels = int(mask.sum())
            if pixels < PIXELS_MIN:
                continue
            rows, columns = place
            values, lows = high[place][mask], low[place][mask]
            sides = sorted((rows.stop - rows.start, columns.stop - columns.start))
            features = [np.log(pixels), np.log(sides[1] / sides[0]), pixels / (sides[0] * sides[1])]
            features += [np.log(values.mean()), values.std() / values.mean(), float(np.median(lows / values)), np.log(level)]
            found.append(([columns.start, rows.start, columns.stop, rows.stop], np.array(features, float)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    inputs, truth, _ = load_split(arguments.work / "train")
    samples = {name: [] for name in [*CLASSES, "nothing"]}
    for index in range(min(TRAINING, len(inputs))):
        for box, features in blobs(inputs[index]):
            best = max(((overlap(box, row[1:]), int(row[0])) for row in truth[index]), default=(0.0, 0))
            samples[CLASSES[best[1]] if best[0] >= 0.5 else "nothing"].append(features)
    models = {}
    whole = sum(len(rows) for rows in samples.values())
    for name, rows in samples.items():
        if len(rows) >= 5:
            values = np.array(rows)
            models[name] = (values.mean(0), values.std(0) + 0.05, np.log(len(rows) / whole))
    inputs, truth, labels = load_split(arguments.work / "test")
    found = []
    for index in range(len(inputs)):
        said = []
        for box, features in blobs(inputs[index]):
            logs = {
                name: prior - (np.log(spread) + 0.5 * ((features - mean) / spread) ** 2).sum()
                for name, (mean, spread, prior) in models.items()
            }
            most = max(logs.values())
            total = sum(np.exp(value - most) for value in logs.values())
            for name, value in logs.items():
                score = float(np.exp(value - most) / total)
                if name != "nothing" and score >= 0.02:
                    said.append({"class": name, "score": score, "box": box})
        kept: list[dict] = []
        for one in sorted(said, key=lambda d: -d["score"]):
            if all(one["class"] != other["class"] or overlap(one["box"], other["box"]) <= IOU_MAX for other in kept):
                kept.append(one)
        found.append(kept)
    precision = {name: average_precision(found, truth, channel) for channel, name in enumerate(CLASSES)}
    print(f"baseline_map50 {np.mean(list(precision.values())):.3f}")
    print(json.dumps({name: round(value, 3) for name, value in precision.items()}), f"{len(labels)} pictures")


if __name__ == "__main__":
    main()
