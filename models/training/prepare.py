"""Images and labels into network inputs: the preprocessing that `manifest.toml` names `attenuation-area-v1`.

It stands alone because the station does the same in Rust: what is written here is the definition, and the golden
pictures hold the two together. It refuses to normalise by the picture's own content: a thing keeps its attenuation
and its size, whatever lies beside it.
"""

import functools
import json
import math
import pathlib

import numpy as np

CLASSES = [
    "firearm",
    "firearm_part",
    "blade",
    "ammunition",
    "explosive_device",
    "battery",
    "pills",
    "powder",
    "liquid",
    "vape",
    "currency",
    "plant_matter",
    "repeated_goods",
    "dense_object",
    "opaque",
]
SIZE = 320
AIR_LEVEL = 60_000
ATTENUATION_MAX = 6.0
SCALE = (0.5, 1.0)
RESOLUTION_UM_MIN = 1600
STRIDE = 8


@functools.cache
def attenuation_table(air_level: int) -> np.ndarray:
    """Attenuation of every 16-bit count."""
    counts = np.maximum(np.arange(65536, dtype=np.float64), 1.0)
    return np.clip(np.log(air_level / counts), 0.0, ATTENUATION_MAX).astype(np.float32)


def resolution_um(width: int, height: int, pitch_um: int, belt_step_um: int) -> float:
    """Micrometres per input pixel: fixed, unless the picture would not fit."""
    return max(float(RESOLUTION_UM_MIN), max(width * pitch_um, height * belt_step_um) / SIZE)


@functools.lru_cache(512)
def area_weights(pixels: int, pixel_um: int, step_um: float) -> np.ndarray:
    """Row i holds the share of input pixel i that each source pixel covers; what is outside the source is air."""
    count = min(SIZE, math.ceil(pixels * pixel_um / step_um - 1e-9))
    ratio = step_um / pixel_um
    source = np.arange(pixels, dtype=np.float64)
    low = np.arange(count, dtype=np.float64)[:, None] * ratio
    overlap = np.minimum(low + ratio, source + 1.0) - np.maximum(low, source)
    return (np.maximum(overlap, 0.0) / ratio).astype(np.float32)


def network_input(low: np.ndarray, high: np.ndarray, pitch_um: int, belt_step_um: int, air_level: int) -> np.ndarray:
    """The 2×320×320 input of one picture."""
    table = attenuation_table(air_level)
    a_low, a_high = table[low], table[high]
    height, width = low.shape
    step = resolution_um(width, height, pitch_um, belt_step_um)
    across = area_weights(width, pitch_um, step)
    along = area_weights(height, belt_step_um, step)
    planes = np.zeros((2, SIZE, SIZE), np.float32)
    for plane, values, scale in ((0, a_high, SCALE[0]), (1, a_low - a_high, SCALE[1])):
        reduced = along @ (values * np.float32(scale)) @ across.T
        planes[plane, : reduced.shape[0], : reduced.shape[1]] = reduced
    return planes


def read_labels(folder: pathlib.Path) -> list[dict]:
    """All label lines of a folder, in the order of their names."""
    labels = []
    for path in sorted(folder.glob("labels-*.jsonl")):
        labels += [json.loads(line) for line in path.read_text().splitlines()]
    return sorted(labels, key=lambda label: label["name"])


def read_planes(folder: pathlib.Path, label: dict) -> tuple[np.ndarray, np.ndarray]:
    """The raw low and high plane of one picture."""
    raw = np.fromfile(folder / f"{label['name']}.u16", dtype="<u2")
    planes = raw.reshape(2, label["height"], label["width"])
    return planes[0], planes[1]


def boxes_in_input(label: dict) -> np.ndarray:
    """Rows of class, x0, y0, x1, y1 in input pixels."""
    step = resolution_um(label["width"], label["height"], label["pitch_um"], label["belt_step_um"])
    x, y = label["pitch_um"] / step, label["belt_step_um"] / step
    rows = [
        [CLASSES.index(target["class"])] + [v * s for v, s in zip(target["box"], (x, y, x, y))]
        for target in label["targets"]
    ]
    return np.array(rows, np.float32).reshape(-1, 5)


class Inputs:
    """The inputs of a split, without the empty canvas right of and below each; see `pictures.py`."""

    def __init__(self, folder: pathlib.Path, labels: list[dict]):
        self.data = np.memmap(folder / "inputs.f16", np.float16, "r")
        self.places = [label["input"] for label in labels]

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        """[2, rows, columns], rows and columns at most SIZE."""
        offset, rows, columns = self.places[index]
        return self.data[offset : offset + 2 * rows * columns].reshape(2, rows, columns).astype(np.float32)

    def whole(self, index: int) -> np.ndarray:
        """[2, SIZE, SIZE], as the network sees it on a station."""
        image = self[index]
        canvas = np.zeros((2, SIZE, SIZE), np.float32)
        canvas[:, : image.shape[1], : image.shape[2]] = image
        return canvas


def load_split(folder: pathlib.Path) -> tuple[Inputs, list[np.ndarray], list[dict]]:
    """Inputs, boxes and labels of a split."""
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    return Inputs(folder, labels), [boxes_in_input(label) for label in labels], labels
