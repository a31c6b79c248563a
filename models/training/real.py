"""Small dense bodies in real line-scan pictures: trained on the public set's `train`, reported on its `check`.

    python3 real.py --data FOLDER [--minutes M]      (FOLDER holds boxes.csv, train/, check/)

It stands alone because these pictures are 8-bit, one energy, stretched, and of one product: nothing of them can go into
the shipped model, which reads counts. They say one thing only: how far the same kind of network gets on real rays. It
refuses to choose anything on `check`: the threshold comes from a fifth of the training scans that it did not learn from.

Data: Roboflow Universe, "unknown detection in chocolate box" v12 by hakan-cetin, CC BY 4.0; not part of this project.
"""

import argparse
import csv
import pathlib
import time

import numpy as np
import torch
from PIL import Image
from torch import nn

from judge import interval, overlap
from network import Residual, convolution
from train import heatmap_loss

STRIDE = 4
CROP = 192
FALSE_AIM = 0.3
BATCH = 16


class Finder(nn.Module):
    """`image` [N,1,S,S] to a logit and four sides (pixels) at every fourth pixel; the bodies are some ten pixels wide."""

    def __init__(self):
        super().__init__()
        self.to_4 = nn.Sequential(convolution(1, 32, 3, 2), convolution(32, 48, 3, 2), Residual(48))
        self.to_8 = nn.Sequential(convolution(48, 96, 3, 2), Residual(96), Residual(96))
        self.back = convolution(96, 48, 1)
        self.at_4 = nn.Sequential(Residual(48), convolution(48, 48))
        self.out = nn.Conv2d(48, 5, 1)
        nn.init.constant_(self.out.bias, 0.0)
        with torch.no_grad():
            self.out.bias[0] = -4.0

    def forward(self, image):
        at_4 = self.to_4(image)
        back = nn.functional.interpolate(self.back(self.to_8(at_4)), scale_factor=2.0, mode="nearest")
        answer = self.out(self.at_4(at_4 + back))
        return answer[:, :1], nn.functional.softplus(answer[:, 1:]) * STRIDE


def attenuation(path: pathlib.Path) -> np.ndarray:
    """-ln of the grey level, the black corners that the set's authors turned in taken for air."""
    grey = np.asarray(Image.open(path).convert("L"), np.float32)
    return np.where(grey < 4, 0.0, -np.log(np.maximum(grey, 4) / 255.0)).astype(np.float32)


def read(data: pathlib.Path) -> dict[str, list[tuple[str, np.ndarray, np.ndarray]]]:
    """(scan, picture, boxes) of each part."""
    boxes: dict[tuple[str, str], list[list[float]]] = {}
    scans = {}
    for row in csv.DictReader((data / "boxes.csv").open()):
        key = row["part"], row["file"]
        scans[key] = row["source_scan"]
        # A picture with nothing to find has one row without numbers.
        if row["xmin"]:
            boxes.setdefault(key, []).append([float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")])
    parts = {}
    for part in ("train", "check"):
        files = sorted((data / part).glob("*.jpg"))
        parts[part] = [
            (
                scans.get((part, file.name), file.name.split("_jpg")[0]),
                attenuation(file),
                np.array(boxes.get((part, file.name), []), np.float32).reshape(-1, 4),
            )
            for file in files
        ]
    return parts


def crop(picture: np.ndarray, boxes: np.ndarray, random: np.random.Generator):
    """A turned and mirrored piece, most often with a body in it, a little lighter or darker."""
    if len(boxes) and random.random() < 0.8:
        x, y = boxes[random.integers(len(boxes))].reshape(2, 2).mean(0) - random.uniform(20, CROP - 20, 2)
    else:
        x, y = random.uniform(0, picture.shape[1] - CROP, 2)
    left, top = (int(np.clip(v, 0, side - CROP)) for v, side in ((x, picture.shape[1]), (y, picture.shape[0])))
    piece = picture[top : top + CROP, left : left + CROP]
    moved = boxes - [left, top, left, top]
    middle = moved.reshape(-1, 2, 2).mean(1)
    moved = moved[((middle > 0) & (middle < CROP)).all(1)]
    if random.random() < 0.5:
        piece, moved = piece[:, ::-1], np.stack([CROP - moved[:, 2], moved[:, 1], CROP - moved[:, 0], moved[:, 3]], 1)
    if random.random() < 0.5:
        piece, moved = piece[::-1], np.stack([moved[:, 0], CROP - moved[:, 3], moved[:, 2], CROP - moved[:, 1]], 1)
    if random.random() < 0.5:
        piece, moved = piece.T, moved[:, [1, 0, 3, 2]]
    return piece * random.uniform(0.85, 1.15), moved


def wanted(boxes: np.ndarray):
    """Heatmap, sides and weight of a crop."""
    grid = CROP // STRIDE
    heat, sides, weight = np.zeros((1, grid, grid), np.float32), np.zeros((4, grid, grid), np.float32), np.zeros((grid, grid), np.float32)
    at = (np.arange(grid, dtype=np.float32) + 0.5) * STRIDE
    for x0, y0, x1, y1 in boxes:
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        bump = np.exp(-((at - cx) ** 2) / 18)[None, :] * np.exp(-((at - cy) ** 2) / 18)[:, None]
        bump[min(int(cy / STRIDE), grid - 1), min(int(cx / STRIDE), grid - 1)] = 1.0
        heat[0] = np.maximum(heat[0], bump)
        near = bump > 0.4
        sides[0][near], sides[1][near] = (at[None, :] - x0 + 0 * at[:, None])[near], (at[:, None] - y0 + 0 * at[None, :])[near]
        sides[2][near], sides[3][near] = (x1 - at[None, :] + 0 * at[:, None])[near], (y1 - at[:, None] + 0 * at[None, :])[near]
        weight[near] = 1.0
    return heat, sides, weight


def found_in(model: Finder, picture: np.ndarray) -> list[tuple[float, list[float]]]:
    """Scores and boxes of a whole picture, best first, no two of them over each other."""
    with torch.no_grad():
        logits, sides = model(torch.from_numpy(picture)[None, None])
    scores = torch.sigmoid(logits)
    best = scores.eq(nn.functional.max_pool2d(scores, 3, 1, 1)) & (scores > 0.05)
    found = []
    for _, _, row, column in best.nonzero():
        left, top, right, bottom = sides[0, :, row, column].tolist()
        cx, cy = (column.item() + 0.5) * STRIDE, (row.item() + 0.5) * STRIDE
        found.append((scores[0, 0, row, column].item(), [cx - left, cy - top, cx + right, cy + bottom]))
    kept: list[tuple[float, list[float]]] = []
    for score, box in sorted(found, reverse=True):
        if all(overlap(box, other) <= 0.3 for _, other in kept):
            kept.append((score, box))
    return kept


def outcome(found, parts, threshold: float, least: float) -> tuple[int, int, int]:
    """Bodies, those found, false boxes at a threshold and a least overlap."""
    bodies = hits = false = 0
    for boxes_found, (_, _, boxes) in zip(found, parts):
        taken: set[int] = set()
        for score, box in boxes_found:
            if score < threshold:
                continue
            best = max(((overlap(box, other), j) for j, other in enumerate(boxes) if j not in taken), default=(0.0, -1))
            if best[0] >= least:
                taken.add(best[1])
            else:
                false += 1
        bodies, hits = bodies + len(boxes), hits + len(taken)
    return bodies, hits, false


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    random = np.random.default_rng(1)
    parts = read(arguments.data)
    scans = sorted({scan for scan, _, _ in parts["train"]})
    held = set(random.permutation(scans)[: len(scans) // 5])
    learnt = [entry for entry in parts["train"] if entry[0] not in held]
    chosen_on = [entry for entry in parts["train"] if entry[0] in held]
    model = Finder()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    started, step, done = time.time(), 0, 0.0
    while done < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * max(0.02, 0.5 * (1 + np.cos(np.pi * done)))
        examples = [crop(*learnt[random.integers(len(learnt))][1:], random) for _ in range(BATCH)]
        images = torch.from_numpy(np.stack([np.ascontiguousarray(piece) for piece, _ in examples]).astype(np.float32))[:, None]
        heat, sides, weight = (torch.from_numpy(np.stack(part)) for part in zip(*(wanted(boxes) for _, boxes in examples)))
        with torch.autocast("cpu", torch.bfloat16):
            logits, distances = model(images)
        apart = ((distances.float() - sides).abs().mean(1) * weight).sum() / weight.sum().clamp(min=1)
        loss = heatmap_loss(logits.float(), heat) + 0.3 * apart
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        step, done = step + 1, (time.time() - started) / (60 * arguments.minutes)
        if step % 50 == 0:
            print(f"step {step} {done:.2f} {loss.item():.3f}", flush=True)
    model.eval()
    found = {name: [found_in(model, picture) for _, picture, _ in entries] for name, entries in (("held", chosen_on), ("check", parts["check"]))}
    levels = np.arange(0.05, 0.96, 0.01)
    allowed = [level for level in levels if outcome(found["held"], chosen_on, level, 0.3)[2] <= FALSE_AIM * len(chosen_on)]
    threshold = float(allowed[0]) if allowed else 0.95
    for least in (0.3, 0.5):
        bodies, hits, false = outcome(found["check"], parts["check"], threshold, least)
        low, high = interval(hits, bodies)
        print(
            f"real_recall {hits / bodies:.3f} ({low:.2f}-{high:.2f}) false_per_image {false / len(parts['check']):.2f} "
            f"overlap {least} threshold {threshold:.2f} bodies {bodies} pictures {len(parts['check'])} steps {step}"
        )


if __name__ == "__main__":
    main()
