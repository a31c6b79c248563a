"""From pictures of a split to training examples: turned, scaled, laid over one another, a window of them.

It stands alone because what a model may not learn (a corner, a direction, a scanner's exact voltage) is decided here.
It refuses to change what a thing is: attenuation is scaled a little, never inverted or equalised.
"""

import numpy as np
import torch
from torch.nn import functional

from prepare import ATTENUATION_MAX, CLASSES, SCALE, STRIDE

# Small windows first, large ones last: near things are learnt from many, long ones and their surroundings from few.
WINDOW_FIRST, WINDOW_LAST = 160, 224
# Of a box that the window cuts, at least this much must be left for it to be taught.
LEFT_MIN = 0.45

Random = np.random.Generator

# Drawing two numbers for every pixel would cost more than all else: a window into numbers drawn once is as good.
NOISE = np.random.default_rng(0).standard_normal((2, WINDOW_LAST * 3, WINDOW_LAST * 3), np.float32)


def turned(image: np.ndarray, boxes: np.ndarray, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """Mirrored and turned by quarters, boxes with it."""
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
    return np.ascontiguousarray(image), boxes


def scaled(image: np.ndarray, boxes: np.ndarray, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """A little larger or smaller, across and along apart: height in the tunnel, pitch and belt speed differ."""
    factors = random.uniform(0.82, 1.18) * np.array([random.uniform(0.94, 1.06), 1.0])
    size = [max(8, round(side * factor)) for side, factor in zip(image.shape[1:], factors)]
    image_ = functional.interpolate(torch.from_numpy(image)[None], size=size, mode="bilinear", align_corners=False)[0].numpy()
    boxes = boxes.copy()
    boxes[:, [1, 3]] *= size[1] / image.shape[2]
    boxes[:, [2, 4]] *= size[0] / image.shape[1]
    return image_, boxes


def windowed(image: np.ndarray, boxes: np.ndarray, window: int, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """A window of it: round one of its boxes where it has some, anywhere else. What is smaller lies anywhere in it."""
    canvas = np.zeros((2, window, window), np.float32)
    aim = boxes[random.integers(len(boxes))] if len(boxes) else None
    starts = []
    for axis, side in ((0, image.shape[1]), (1, image.shape[2])):
        spare = side - window
        start = random.integers(min(spare, 0), max(spare, 0) + 1)
        if spare > 0 and aim is not None:
            low, high = aim[2 - axis], aim[4 - axis]
            least, most = max(0, int(high) - window), min(spare, int(low))
            if least <= most:
                start = random.integers(least, most + 1)
        starts.append(start)
    top, left = starts
    rows, columns = slice(max(top, 0), min(top + window, image.shape[1])), slice(max(left, 0), min(left + window, image.shape[2]))
    canvas[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[:, rows, columns]
    moved = boxes.copy()
    moved[:, [1, 3]] -= left
    moved[:, [2, 4]] -= top
    cut = moved.copy()
    cut[:, 1:] = cut[:, 1:].clip(0, window)
    area = lambda b: np.maximum(b[:, 3] - b[:, 1], 0) * np.maximum(b[:, 4] - b[:, 2], 0)
    return canvas, cut[area(cut) >= LEFT_MIN * np.maximum(area(moved), 1e-3)]


def drawn(index: int, inputs, boxes, window: int, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """One picture of the split, turned, scaled, windowed."""
    image, found = turned(inputs[index], boxes[index], random)
    if random.random() < 0.6:
        image, found = scaled(image, found, random)
    return windowed(image, found, window, random)


def example(index: int, inputs, boxes, window: int, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """One training example: seldom two parcels in one, always a little lighter or denser than drawn."""
    image, found = drawn(index, inputs, boxes, window, random)
    if random.random() < 0.1:
        over, more = drawn(random.integers(len(inputs)), inputs, boxes, window, random)
        image = image + over
        found = np.concatenate([found, more])
    image[0] *= random.uniform(0.93, 1.07)
    image[1] *= random.uniform(0.90, 1.10)
    if random.random() < 0.5:
        top, left = random.integers(0, NOISE.shape[1] - window, 2)
        noise = NOISE[:, top : top + window, left : left + window]
        image += noise * (image > 0.004) * np.float32(random.uniform(0.0, 0.02))
    image[0] = image[0].clip(0.0, ATTENUATION_MAX * SCALE[0])
    image[1] = np.minimum(image[1], (ATTENUATION_MAX - image[0] / SCALE[0]) * SCALE[1])
    return image, found


def targets_of(boxes: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heatmap [C,G,G], box [4,G,G] and weight [G,G] of one example. A box is learnt near its middle; where two claim
    a cell the smaller has it."""
    grid = window // STRIDE
    heatmap = np.zeros((len(CLASSES), grid, grid), np.float32)
    edges = np.zeros((4, grid, grid), np.float32)
    weight = np.zeros((grid, grid), np.float32)
    middle = (np.arange(grid, dtype=np.float32) + 0.5) * STRIDE
    order = np.argsort(-(boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2]))
    for kind, x0, y0, x1, y1 in boxes[order]:
        cx, cy, width, height = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, 2.0), max(y1 - y0, 2.0)
        sigma_x, sigma_y = max(width * 0.11, 5.0), max(height * 0.11, 5.0)
        bump = np.exp(-((middle - cx) ** 2) / (2 * sigma_x**2))[None, :]
        bump = bump * np.exp(-((middle - cy) ** 2) / (2 * sigma_y**2))[:, None]
        column, row = (min(max(int(v / STRIDE), 0), grid - 1) for v in (cx, cy))
        bump[row, column] = 1.0
        heatmap[int(kind)] = np.maximum(heatmap[int(kind)], bump)
        near = bump > 0.5
        edges[:, near] = np.array([x0, y0, x1, y1], np.float32)[:, None]
        weight[near] = bump[near]
    return heatmap, edges, weight


def batch_of(indices, inputs, boxes, window: int, random: Random):
    """Tensors of one step: images, heatmap, edges, weight."""
    examples = [example(index, inputs, boxes, window, random) for index in indices]
    images = torch.from_numpy(np.stack([image for image, _ in examples]))
    wanted = [targets_of(found, window) for _, found in examples]
    heatmap, edges, weight = (torch.from_numpy(np.stack(part)) for part in zip(*wanted))
    return images.to(memory_format=torch.channels_last), heatmap, edges, weight
