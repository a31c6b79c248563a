"""What the shipped graph would gain and lose in eight bits: speed beside the float graph, and figures on the same pictures.

    python3 int8.py --work work [--count 600]      (work holds val/ and test/)

It stands alone because nothing is shipped from here: eight bits are taken where they gain without losing recall, and this
says whether they do. Weights and activations are quantised after training (quantise/dequantise pairs, per channel),
ranges from validation pictures; the two heads stay float, because their numbers are scores and millimetres.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from judge import average_precision, found_by
from package import LEAST_REPORTED, look, session_of
from prepare import CLASSES, load_split

CALIBRATION = 160
ROUNDS = 60


class Pictures(CalibrationDataReader):
    """Validation inputs, one at a time."""

    def __init__(self, inputs):
        step = max(1, len(inputs) // CALIBRATION)
        self.left = iter([{"image": inputs.whole(i)[None]} for i in range(0, len(inputs), step)])

    def get_next(self):
        return next(self.left, None)


def heads(path: pathlib.Path) -> list[str]:
    """Names of the convolutions that make the outputs."""
    graph = onnx.load(str(path)).graph
    makers = {output: node for node in graph.node for output in node.output}
    found = []
    for output in graph.output:
        node = makers[output.name]
        while node.op_type != "Conv":
            node = makers[node.input[0]]
        found.append(node.name)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path(__file__).parent / "../catalog/mail/model.onnx")
    parser.add_argument("--count", type=int, default=600, help="test pictures to judge both graphs on")
    arguments = parser.parse_args()
    calibration, _, _ = load_split(arguments.work / "val")
    inputs, truth, labels = load_split(arguments.work / "test")
    with tempfile.TemporaryDirectory() as folder:
        prepared, small = pathlib.Path(folder) / "prepared.onnx", pathlib.Path(folder) / "int8.onnx"
        quant_pre_process(str(arguments.model), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared), str(small), Pictures(calibration), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_exclude=heads(prepared),
            calibrate_method=CalibrationMethod.MinMax,
        )  # fmt: skip
        print(f"bytes: float {arguments.model.stat().st_size:,}, int8 {small.stat().st_size:,}")
        sessions = {"float": session_of(arguments.model), "int8": session_of(small)}
    times = {name: [] for name in sessions}
    image = {"image": inputs.whole(1)[None]}
    for turn in range(ROUNDS + 5):
        for name, session in sessions.items():
            begin = time.perf_counter()
            session.run(None, image)
            if turn >= 5:
                times[name].append(1000 * (time.perf_counter() - begin))
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"one thread: float {medians['float']:.2f} ms, int8 {medians['int8']:.2f} ms, ratio {medians['int8'] / medians['float']:.3f}")
    chosen = range(min(arguments.count, len(labels)))
    truth = [truth[i] for i in chosen]
    found = {name: [look(session, inputs.whole(i), labels[i], LEAST_REPORTED) for i in chosen] for name, session in sessions.items()}
    for name, lists in found.items():
        precision = np.mean([average_precision(lists, truth, channel) for channel in range(len(CLASSES))])
        hits = sum(hit is not None for list_, boxes in zip(lists, truth) for hit in found_by(list_, boxes))
        print(f"{name}: mAP50 {precision:.3f}, {hits} targets met by a detection of {LEAST_REPORTED[0] / 100:g} %")
    # The same detections: the best of every float detection's class in the other graph that overlaps it.
    moved = [
        abs(a["score"] - b["score"])
        for ours, theirs in zip(found["float"], found["int8"])
        for a in ours
        if a["score"] >= 0.2
        for b in theirs
        if b["class"] == a["class"] and max(abs(p - q) for p, q in zip(a["box"], b["box"])) <= 8
    ]
    print(f"scores of 20 % and more moved by {np.median(moved):.3f} (median), {np.quantile(moved, 0.95):.3f} (95 of 100), {max(moved):.3f} (most)")


if __name__ == "__main__":
    main()
