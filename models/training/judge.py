"""From network outputs to detections, and from detections to figures.

It stands alone because figures must be made the way the station decodes (`centre-peaks-v1`), integers and all. It
refuses to drop a class that does badly.
"""

import math

import numpy as np

from prepare import CLASSES, RESOLUTION_UM_MIN, SIZE, STRIDE

IOU_MAX = 0.5
DETECTIONS_MAX = 50
# No threshold is set lower: what is said must mean something.
LEAST_E4 = 500


def overlap(a, b) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    along = min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or along <= 0:
        return 0.0
    both = across * along
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def peaks(logits: np.ndarray) -> np.ndarray:
    """Mask of cells that are the greatest of their 3×3; of equal neighbours the first in raster order."""
    padded = np.full((logits.shape[0] + 2, logits.shape[1] + 2), -np.inf, np.float32)
    padded[1:-1, 1:-1] = logits
    mask = np.ones(logits.shape, bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dy or dx:
                other = padded[1 + dy : 1 + dy + logits.shape[0], 1 + dx : 1 + dx + logits.shape[1]]
                earlier = dy < 0 or (dy == 0 and dx < 0)
                mask &= (logits > other) if earlier else (logits >= other)
    return mask


def decode(heatmap: np.ndarray, distances: np.ndarray, canvas: tuple[float, float], least: list[int]) -> list[dict]:
    """Detections of one picture in input pixels, by score; `canvas` is the used width and height, `least` the score
    in 1/10,000 per class below which nothing is said."""
    found = []
    for channel, name in enumerate(CLASSES):
        candidates = []
        for row, column in zip(*np.nonzero(peaks(heatmap[channel]))):
            score = 1.0 / (1.0 + math.exp(-float(heatmap[channel, row, column])))
            score_e4 = math.floor(score * 10_000 + 0.5)
            if score_e4 < least[channel]:
                continue
            left, top, right, bottom = distances[:, row, column]
            cx, cy = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            box = [max(cx - left, 0.0), max(cy - top, 0.0), min(cx + right, canvas[0]), min(cy + bottom, canvas[1])]
            if box[2] > box[0] and box[3] > box[1]:
                candidates.append((-score, row, column, score_e4, [float(v) for v in box]))
        kept = []
        for candidate in sorted(candidates, key=lambda c: c[:3]):
            if all(overlap(candidate[4], other[4]) <= IOU_MAX for other in kept):
                kept.append(candidate)
        found += [{"class": name, "score_e4": c[3], "box": c[4], "score": -c[0]} for c in kept]
    return sorted(found, key=lambda d: -d["score"])[:DETECTIONS_MAX]


def canvas_of(label: dict) -> tuple[float, float, float, float]:
    """Used width and height in input pixels, and source pixels per input pixel across and along."""
    size = label["width"] * label["pitch_um"], label["height"] * label["belt_step_um"]
    step = max(float(RESOLUTION_UM_MIN), max(size) / SIZE)
    return size[0] / step, size[1] / step, step / label["pitch_um"], step / label["belt_step_um"]


def to_source(detection: dict, label: dict) -> list[int]:
    """The box in pixels of the picture, outward to whole pixels."""
    _, _, x, y = canvas_of(label)
    x0, y0, x1, y1 = detection["box"]
    return [
        max(math.floor(x0 * x), 0),
        max(math.floor(y0 * y), 0),
        min(math.ceil(x1 * x), label["width"]),
        min(math.ceil(y1 * y), label["height"]),
    ]


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    if of == 0:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


# Classes whose misses cost most; `thresholds_for` spends false alarms on them first.
FIRST = ("firearm", "firearm_part", "blade", "ammunition", "explosive_device", "battery")


def found_by(found: list[dict], boxes: np.ndarray) -> list[int | None]:
    """For each detection of a picture the target it finds: by score, the one of its class that it overlaps most, by half at
    least, and that none before it found."""
    hits, taken = [None] * len(found), set()
    for index in sorted(range(len(found)), key=lambda index: -found[index]["score"]):
        detection = found[index]
        best = max(
            (
                (overlap(detection["box"], row[1:]), j)
                for j, row in enumerate(boxes)
                if CLASSES[int(row[0])] == detection["class"] and j not in taken
            ),
            default=(0.0, -1),
        )
        if best[0] >= 0.5:
            hits[index] = best[1]
            taken.add(best[1])
    return hits


def matched(found: list[dict], boxes: np.ndarray) -> list[bool]:
    """For each detection of a picture whether it finds a target."""
    return [hit is not None for hit in found_by(found, boxes)]


def thresholds_for(found: list[list[dict]], truth: list[np.ndarray], share: float) -> dict[str, int]:
    """Least scores at which at most `share` of the clean pictures are flagged by any class. Each class begins where it
    flags no clean picture; then, while the share allows, the class whose next false alarm buys the greatest part of its
    targets lowers its own, the `FIRST` ones counting three times."""
    clean = [i for i, boxes in enumerate(truth) if len(boxes) == 0]
    alarms, catches = {}, {}
    for name in CLASSES:
        best = {i: max([d["score_e4"] for d in found[i] if d["class"] == name], default=0) for i in clean}
        alarms[name] = sorted(((score, i) for i, score in best.items()), reverse=True)
        scores = [
            d["score_e4"]
            for list_, boxes in zip(found, truth)
            for d, hit in zip(list_, matched(list_, boxes))
            if hit and d["class"] == name
        ]
        total = sum(CLASSES[int(row[0])] == name for boxes in truth for row in boxes)
        catches[name] = (np.sort(scores), max(1, total))
    # Levels at which a class flags one clean picture more than at the level before; equal scores fall together.
    levels = {
        name: [(score, {i for s, i in alarms[name] if s >= score}) for score in sorted({s for s, _ in alarms[name]}, reverse=True)]
        for name in CLASSES
    }
    step = dict.fromkeys(CLASSES, 0)
    least = lambda name, at: min(10_000, max(levels[name][at][0] + 1 if at < len(levels[name]) else 1, LEAST_E4))
    flags = lambda name, at: levels[name][at - 1][1] if at > 0 else set()
    while True:
        best = None
        for name in CLASSES:
            if step[name] >= len(levels[name]) or least(name, step[name]) == LEAST_E4:
                continue
            now, lower = least(name, step[name]), least(name, step[name] + 1)
            everywhere = set().union(*(flags(other, step[other] + (other == name)) for other in CLASSES))
            scores, total = catches[name]
            gain = int(((scores >= lower) & (scores < now)).sum()) / total * (3 if name in FIRST else 1)
            cost = len(everywhere) - len(set().union(*(flags(other, step[other]) for other in CLASSES)))
            if len(everywhere) <= share * len(clean) and (best is None or gain / (cost + 0.1) > best[0]):
                best = (gain / (cost + 0.1), name)
        if best is None:
            return {name: least(name, step[name]) for name in CLASSES}
        step[best[1]] += 1


def average_precision(found: list[list[dict]], truth: list[np.ndarray], channel: int) -> float:
    """Area under precision over recall at an overlap of 0.5, all points."""
    total = sum(int((boxes[:, 0] == channel).sum()) for boxes in truth)
    ranked = sorted(
        ((d["score"], i, d["box"]) for i, list_ in enumerate(found) for d in list_ if d["class"] == CLASSES[channel]),
        key=lambda entry: -entry[0],
    )
    taken, hits = set(), []
    for _, i, box in ranked:
        best = max(
            ((overlap(box, row[1:]), j) for j, row in enumerate(truth[i]) if row[0] == channel and (i, j) not in taken),
            default=(0.0, -1),
        )
        hits.append(best[0] >= 0.5)
        if best[0] >= 0.5:
            taken.add((i, best[1]))
    if total == 0 or not hits:
        return 0.0
    right = np.cumsum(hits)
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float((precision * hits).sum() / total)


def calibration_error(found: list[list[dict]], truth: list[np.ndarray], bins: int = 10) -> float:
    """Expected calibration error: of all detections of 5 % and more, how far a bin's mean score is from the share of
    right ones in it, bins weighted by how many they hold."""
    scores, hits = [], []
    for list_, boxes in zip(found, truth):
        for detection, hit in zip(list_, matched(list_, boxes)):
            if detection["score"] >= 0.05:
                scores.append(detection["score"])
                hits.append(hit)
    scores, hits = np.array(scores), np.array(hits, float)
    index = np.minimum((scores * bins).astype(int), bins - 1)
    parts = [(index == b).sum() * abs(scores[index == b].mean() - hits[index == b].mean()) for b in range(bins) if (index == b).any()]
    return float(sum(parts) / max(1, len(scores)))


def by_bins(found, truth, labels, least: dict[str, int], value, limits: list[float]) -> list[dict]:
    """Targets and how many were found at their thresholds, by a value of (label, target); `limits` are upper limits."""
    bins = [{"below": limit, "targets": 0, "found": 0} for limit in limits + [math.inf]]
    for list_, boxes, label in zip(found, truth, labels):
        said = [d for d in list_ if d["score_e4"] >= least[d["class"]]]
        claimed = set(found_by(said, boxes))
        for number, target in enumerate(label["targets"]):
            entry = next(b for b in bins if value(label, target) < b["below"])
            entry["targets"] += 1
            entry["found"] += number in claimed
    return bins


def figures(found: list[list[dict]], truth: list[np.ndarray], least: dict[str, int]) -> dict:
    """All that the card says of a split at the given thresholds."""
    said = [[d for d in list_ if d["score_e4"] >= least[d["class"]]] for list_ in found]
    clean = [i for i, boxes in enumerate(truth) if len(boxes) == 0]
    # One detection is one thing: it does not find two targets.
    claimed = [{j for j in found_by(list_, rows) if j is not None} for list_, rows in zip(said, truth)]
    result = {
        "clean": len(clean),
        "clean_flagged": sum(bool(said[i]) for i in clean),
        "clean_flagged_by": {name: sum(any(d["class"] == name for d in said[i]) for i in clean) for name in CLASSES},
        "classes": {},
    }
    for channel, name in enumerate(CLASSES):
        boxes = [(i, j, row[1:]) for i, rows in enumerate(truth) for j, row in enumerate(rows) if row[0] == channel]
        own = lambda i: [d for d in said[i] if d["class"] == name]
        result["classes"][name] = {
            "boxes": len(boxes),
            "found": sum(j in claimed[i] for i, j, _ in boxes),
            "touched": sum(any(overlap(d["box"], box) >= 0.1 for d in own(i)) for i, _, box in boxes),
            "flagged": sum(bool(said[i]) for i, _, _ in boxes),
            "ap50": average_precision(found, truth, channel),
        }
    result["ece"] = calibration_error(found, truth)
    result["map50"] = float(np.mean([entry["ap50"] for entry in result["classes"].values()]))
    return result
