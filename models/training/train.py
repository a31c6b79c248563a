"""Trains the detector from the images of one seed.

    python3 train.py --work FOLDER [--epochs N] [--minutes M] [--seed S]      (FOLDER holds train/, val/; writes weights.pt, training.json)

It stands alone because it may run for minutes; export and judging read what it leaves. It refuses to look at the test
split. Everything random is seeded: a run that ends by epochs can be repeated up to the order in which threads add; one
that a busy machine ends by minutes says so in what it leaves.
"""

import argparse
import concurrent.futures
import json
import pathlib
import time

import numpy as np
import torch

from network import Detector, parameters_of
from prepare import ATTENUATION_MAX, CLASSES, SCALE, SIZE, STRIDE, load_split

GRID = SIZE // STRIDE
PEAK_RATE = 3e-3


def turned(image: np.ndarray, boxes: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The used part of an input mirrored and turned by quarters, boxes with it."""
    boxes = boxes.copy()
    if random.random() < 0.5:
        image = image[:, :, ::-1]
        boxes[:, [1, 3]] = image.shape[2] - boxes[:, [3, 1]]
    if random.random() < 0.5:
        image = image[:, ::-1, :]
        boxes[:, [2, 4]] = image.shape[1] - boxes[:, [4, 2]]
    if random.random() < 0.5:
        image = image.transpose(0, 2, 1)
        boxes = boxes[:, [0, 2, 1, 4, 3]]
    return image, boxes


def used(image: np.ndarray) -> np.ndarray:
    """Cuts away the empty canvas right of and below the picture."""
    columns = np.flatnonzero(image[0].max(0))
    rows = np.flatnonzero(image[0].max(1))
    return image[:, : rows[-1] + 1 if rows.size else 1, : columns[-1] + 1 if columns.size else 1]


def placed(image: np.ndarray, boxes: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Anywhere on the canvas: what is learnt may not depend on a corner."""
    height, width = image.shape[1:]
    top, left = random.integers(0, SIZE - height + 1), random.integers(0, SIZE - width + 1)
    canvas = np.zeros((2, SIZE, SIZE), np.float32)
    canvas[:, top : top + height, left : left + width] = image
    boxes = boxes.copy()
    boxes[:, [1, 3]] += left
    boxes[:, [2, 4]] += top
    return canvas, boxes


def augmented(index: int, inputs, boxes, clean, random: np.random.Generator):
    """One training example: turned, placed, a little lighter or denser, sometimes under a clean parcel's goods."""
    image, found = placed(*turned(used(inputs[index]), boxes[index], random), random)
    image *= random.uniform(0.94, 1.06)
    if random.random() < 0.25:
        none = np.zeros((0, 5), np.float32)
        over, _ = placed(*turned(used(inputs[random.choice(clean)]), none, random), random)
        image += over
        image[0] = np.minimum(image[0], ATTENUATION_MAX * SCALE[0])
        image[1] = np.minimum(image[1], (ATTENUATION_MAX - image[0] / SCALE[0]) * SCALE[1])
    return image, found


def targets_of(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heatmap [C,G,G], box [4,G,G] and weight [G,G] of one example. A box is learnt near its middle; where two claim
    a cell the smaller has it."""
    heatmap = np.zeros((len(CLASSES), GRID, GRID), np.float32)
    edges = np.zeros((4, GRID, GRID), np.float32)
    weight = np.zeros((GRID, GRID), np.float32)
    middle = (np.arange(GRID, dtype=np.float32) + 0.5) * STRIDE
    order = np.argsort(-(boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2]))
    for kind, x0, y0, x1, y1 in boxes[order]:
        cx, cy, width, height = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, 2.0), max(y1 - y0, 2.0)
        sigma_x, sigma_y = max(width * 0.11, 5.0), max(height * 0.11, 5.0)
        bump = np.exp(-((middle - cx) ** 2) / (2 * sigma_x**2))[None, :]
        bump = bump * np.exp(-((middle - cy) ** 2) / (2 * sigma_y**2))[:, None]
        column, row = (min(max(int(v / STRIDE), 0), GRID - 1) for v in (cx, cy))
        bump[row, column] = 1.0
        heatmap[int(kind)] = np.maximum(heatmap[int(kind)], bump)
        near = bump > 0.5
        edges[:, near] = np.array([x0, y0, x1, y1], np.float32)[:, None]
        weight[near] = bump[near]
    return heatmap, edges, weight


def heatmap_loss(logits, wanted):
    """Focal loss with soft negatives near a middle."""
    probability = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    hit = wanted.eq(1.0)
    positive = -torch.log(probability) * (1 - probability) ** 2 * hit
    negative = -torch.log(1 - probability) * probability**2 * (1 - wanted) ** 4 * ~hit
    return (positive.sum() + negative.sum()) / hit.sum().clamp(min=1)


def box_loss(distances, edges, weight):
    """Generalised overlap, weighted."""
    middle = (torch.arange(GRID, dtype=torch.float32) + 0.5) * STRIDE
    cx, cy = middle[None, None, :], middle[None, :, None]
    x0, y0, x1, y1 = cx - distances[:, 0], cy - distances[:, 1], cx + distances[:, 2], cy + distances[:, 3]
    u0, v0, u1, v1 = edges.unbind(1)
    across = (torch.minimum(x1, u1) - torch.maximum(x0, u0)).clamp(min=0)
    along = (torch.minimum(y1, v1) - torch.maximum(y0, v0)).clamp(min=0)
    both = across * along
    either = (x1 - x0) * (y1 - y0) + (u1 - u0) * (v1 - v0) - both + 1e-3
    hull = (torch.maximum(x1, u1) - torch.minimum(x0, u0)) * (torch.maximum(y1, v1) - torch.minimum(y0, v0)) + 1e-3
    loss = 1 - both / either + (hull - either) / hull
    return (loss * weight).sum() / weight.sum().clamp(min=1e-3)


def batches(holding: list[int], clean: list[int], size: int, random: np.random.Generator):
    """Indices of batch after batch without end. Clean pictures teach less each: two of five take part in an epoch,
    others as clutter on top."""
    while True:
        order = random.permutation(holding + list(random.choice(clean, len(clean) * 2 // 5, replace=False)))
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]


def rate(done: float) -> float:
    """Learning rate at a share of the run: up over the first tenth, then down a half cosine."""
    if done < 0.1:
        return PEAK_RATE * (0.05 + 0.95 * done / 0.1)
    return PEAK_RATE * max(0.01, 0.5 * (1 + np.cos(np.pi * (done - 0.1) / 0.9)))


def batch_of(indices, inputs, boxes, clean, random):
    """Tensors of one step."""
    examples = [augmented(index, inputs, boxes, clean, random) for index in indices]
    images = torch.from_numpy(np.stack([image for image, _ in examples]))
    wanted = [targets_of(found) for _, found in examples]
    heatmap, edges, weight = (torch.from_numpy(np.stack(part)) for part in zip(*wanted))
    return images.to(memory_format=torch.channels_last), heatmap, edges, weight


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--minutes", type=float, default=25.0, help="end earlier than --epochs on a busy machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    random = np.random.default_rng(arguments.seed)
    inputs, boxes, _ = load_split(arguments.work / "train")
    clean = [index for index, found in enumerate(boxes) if len(found) == 0]
    holding = [index for index, found in enumerate(boxes) if len(found) > 0]
    model = Detector().to(memory_format=torch.channels_last)
    length = (len(holding) + len(clean) * 2 // 5) // arguments.batch
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    started, history, step = time.time(), [], 0
    print(f"{len(boxes)} images, {parameters_of(model)} parameters, {length} steps an epoch", flush=True)
    done = 0.0
    with concurrent.futures.ThreadPoolExecutor(1) as ahead:
        draw = lambda: ahead.submit(batch_of, next(wanted), inputs, boxes, clean, random)
        wanted = batches(holding, clean, arguments.batch, random)
        following = draw()
        sums = np.zeros(3)
        while done < 1.0:
            images, heatmap, edges, weight = following.result()
            following = draw()
            for group in optimiser.param_groups:
                group["lr"] = rate(done)
            with torch.autocast("cpu", torch.bfloat16):
                logits, distances = model(images)
            losses = heatmap_loss(logits.float(), heatmap), box_loss(distances.float(), edges, weight)
            optimiser.zero_grad(set_to_none=True)
            (losses[0] + losses[1]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            step += 1
            done = max(step / (arguments.epochs * length), (time.time() - started) / (60 * arguments.minutes))
            sums += [losses[0].item(), losses[1].item(), 1]
            if step % 25 == 0 or done >= 1.0:
                history.append([step] + [round(float(value / sums[2]), 4) for value in sums[:2]])
                print(f"step {step} {time.time() - started:.0f} s {done:.2f} {history[-1][1:]}", flush=True)
                torch.save(model.state_dict(), arguments.work / "weights.pt")
                sums[:] = 0
    facts = {
        "train_images": len(boxes),
        "epochs_e2": round(100 * step / length),
        "steps": step,
        "ended_by": "epochs" if step >= arguments.epochs * length else "minutes",
        "seed": arguments.seed,
        "parameters": parameters_of(model),
        "torch": torch.__version__.split("+")[0],
        "minutes": round((time.time() - started) / 60, 1),
        "history": history,
    }
    (arguments.work / "training.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
