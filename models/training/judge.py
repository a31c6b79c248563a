"""From network outputs to detections, and from detections to figures.

It stands alone because figures must be made the way the station decodes (`centre-peaks-v1`), integers and all. It
refuses to drop a class that does badly.
"""

import math

import numpy as np

from prepare import CLASSES, RESOLUTION_UM_MIN, SIZE, STRIDE

IOU_MAX = 0.5
DETECTIONS_MAX = 50


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


def thresholds_for(found: list[list[dict]], truth: list[np.ndarray], share: float) -> dict[str, int]:
    """Least scores at which at most `share` of the clean pictures are flagged by any class: every class is given the
    same part of the alarms, as large as the whole allows."""
    clean = [i for i, boxes in enumerate(truth) if len(boxes) == 0]
    greatest = {
        name: sorted((max([d["score_e4"] for d in found[i] if d["class"] == name], default=0) for i in clean), reverse=True)
        for name in CLASSES
    }
    best = {name: greatest[name][0] + 1 for name in CLASSES}
    for allowed in range(0, max(1, int(len(clean) * share)) + 1):
        least = {name: max(greatest[name][allowed] + 1, 300) for name in CLASSES}
        flagged = sum(any(d["score_e4"] >= least[d["class"]] for d in found[i]) for i in clean)
        if flagged > share * len(clean):
            break
        best = least
    return best


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


def figures(found: list[list[dict]], truth: list[np.ndarray], least: dict[str, int]) -> dict:
    """All that the card says of a split at the given thresholds."""
    said = [[d for d in list_ if d["score_e4"] >= least[d["class"]]] for list_ in found]
    clean = [i for i, boxes in enumerate(truth) if len(boxes) == 0]
    result = {
        "clean": len(clean),
        "clean_flagged": sum(bool(said[i]) for i in clean),
        "clean_flagged_by": {name: sum(any(d["class"] == name for d in said[i]) for i in clean) for name in CLASSES},
        "classes": {},
    }
    for channel, name in enumerate(CLASSES):
        boxes = [(i, row[1:]) for i, rows in enumerate(truth) for row in rows if row[0] == channel]
        own = lambda i: [d for d in said[i] if d["class"] == name]
        result["classes"][name] = {
            "boxes": len(boxes),
            "found": sum(any(overlap(d["box"], box) >= 0.5 for d in own(i)) for i, box in boxes),
            "touched": sum(any(overlap(d["box"], box) >= 0.1 for d in own(i)) for i, box in boxes),
            "flagged": sum(bool(said[i]) for i, _ in boxes),
            "ap50": average_precision(found, truth, channel),
        }
    result["map50"] = float(np.mean([entry["ap50"] for entry in result["classes"].values()]))
    return result
