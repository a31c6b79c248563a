"""Our graph beside a nano YOLO of the same input, in the same ONNX Runtime, one thread, one run.

    python3 beside_nano.py [--model ../catalog/mail/model.onnx] [--rounds N]

It stands alone because the other graph is nobody's product here: the shape of YOLOv8n (github.com/ultralytics/ultralytics,
cfg/models/v8/yolov8.yaml: depth 0.33, width 0.25) with random weights, which cost the same time as learnt ones. It
refuses absolute times: machines are shared, ratios of interleaved runs stay.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import numpy as np
import onnxruntime
import torch
from torch import nn

from prepare import CLASSES, SIZE


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation, SiLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.SiLU()
    )


class Bottleneck(nn.Module):
    """Two convolutions, beside a short cut where told."""

    def __init__(self, channels: int, short_cut: bool):
        super().__init__()
        self.body = nn.Sequential(convolution(channels, channels), convolution(channels, channels))
        self.short_cut = short_cut

    def forward(self, x):
        return x + self.body(x) if self.short_cut else self.body(x)


class Split(nn.Module):
    """C2f: half of the channels through bottlenecks, every stage kept."""

    def __init__(self, inputs: int, outputs: int, count: int, short_cut: bool):
        super().__init__()
        self.half = outputs // 2
        self.into = convolution(inputs, outputs, 1)
        self.stages = nn.ModuleList(Bottleneck(self.half, short_cut) for _ in range(count))
        self.out = convolution(self.half * (2 + count), outputs, 1)

    def forward(self, x):
        kept = list(self.into(x).split(self.half, 1))
        for stage in self.stages:
            kept.append(stage(kept[-1]))
        return self.out(torch.cat(kept, 1))


class Pyramid(nn.Module):
    """SPPF: three pools of five, one after the other."""

    def __init__(self, channels: int):
        super().__init__()
        self.into, self.pool = convolution(channels, channels // 2, 1), nn.MaxPool2d(5, 1, 2)
        self.out = convolution(channels * 2, channels, 1)

    def forward(self, x):
        kept = [self.into(x)]
        for _ in range(3):
            kept.append(self.pool(kept[-1]))
        return self.out(torch.cat(kept, 1))


class Nano(nn.Module):
    """YOLOv8n's shape up to its raw outputs: 16 bins a side and a score a class, at strides 8, 16, 32."""

    def __init__(self, classes: int):
        super().__init__()
        self.to_8 = nn.Sequential(
            convolution(3, 16, 3, 2), convolution(16, 32, 3, 2), Split(32, 32, 1, True), convolution(32, 64, 3, 2), Split(64, 64, 2, True)
        )
        self.to_16 = nn.Sequential(convolution(64, 128, 3, 2), Split(128, 128, 2, True))
        self.to_32 = nn.Sequential(convolution(128, 256, 3, 2), Split(256, 256, 1, True), Pyramid(256))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.at_16, self.at_8 = Split(384, 128, 1, False), Split(192, 64, 1, False)
        self.down_16, self.again_16 = convolution(64, 64, 3, 2), Split(192, 128, 1, False)
        self.down_32, self.again_32 = convolution(128, 128, 3, 2), Split(384, 256, 1, False)
        widths = (64, 128, 256)
        self.sides = nn.ModuleList(
            nn.Sequential(convolution(w, 64), convolution(64, 64), nn.Conv2d(64, 64, 1)) for w in widths
        )
        self.scores = nn.ModuleList(
            nn.Sequential(convolution(w, 64), convolution(64, 64), nn.Conv2d(64, classes, 1)) for w in widths
        )

    def forward(self, image):
        at_8 = self.to_8(image)
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        up_16 = self.at_16(torch.cat([self.up(at_32), at_16], 1))
        out_8 = self.at_8(torch.cat([self.up(up_16), at_8], 1))
        out_16 = self.again_16(torch.cat([self.down_16(out_8), up_16], 1))
        out_32 = self.again_32(torch.cat([self.down_32(out_16), at_32], 1))
        outputs = zip(self.sides, self.scores, (out_8, out_16, out_32))
        return [torch.cat([sides(x), scores(x)], 1).flatten(2) for sides, scores, x in outputs]


def session(path: pathlib.Path) -> onnxruntime.InferenceSession:
    """One thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path(__file__).parent / "../catalog/mail/model.onnx")
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    nano = Nano(len(CLASSES)).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "nano.onnx"
        torch.onnx.export(nano, (torch.zeros(1, 3, SIZE, SIZE),), str(path), opset_version=17, dynamo=False)
        sessions = {"ours": session(arguments.model), "nano": session(path)}
    random = np.random.default_rng(1)
    inputs = {
        name: {one.get_inputs()[0].name: random.random((1, *one.get_inputs()[0].shape[1:]), np.float32)}
        for name, one in sessions.items()
    }
    times = {name: [] for name in sessions}
    for turn in range(arguments.rounds + 5):
        for name, one in sessions.items():
            begin = time.perf_counter()
            one.run(None, inputs[name])
            if turn >= 5:
                times[name].append(time.perf_counter() - begin)
    medians = {name: 1000 * statistics.median(found) for name, found in times.items()}
    parameters = sum(p.numel() for p in nano.parameters())
    print(f"ratio_to_nano {medians['ours'] / medians['nano']:.3f}")
    print(f"ours {medians['ours']:.2f} ms, nano {medians['nano']:.2f} ms ({parameters:,} parameters), input {SIZE}, one thread")


if __name__ == "__main__":
    main()
