"""Makes the pictures of a split and keeps them as network inputs: one file, read without copying.

    python3 pictures.py --generator FILE --split train --seed 1 --count N --out FOLDER [--processes P]

It stands alone because twenty thousand pictures as files are thirty gigabytes, and as inputs two: every chunk is
generated, reduced and thrown away. It refuses to make what is there already by the same generator and arguments.
"""

import argparse
import json
import multiprocessing
import pathlib
import shutil
import subprocess

import blake3
import numpy as np

from prepare import network_input, read_labels, read_planes

CHUNK = 200


def chunk(work: tuple) -> tuple[pathlib.Path, list[dict]]:
    """One chunk's inputs as a file, and its labels with where each input stands in the file."""
    generator, split, seed, first, count, out = work
    folder = out / f"chunk-{first:06}"
    command = [generator, "images", "--raw", "--split", split, "--seed", seed, "--first", first, "--count", count]
    subprocess.run([str(part) for part in command + ["--out", folder]], check=True)
    path = out / f"part-{first:06}.f16"
    labels, offset = read_labels(folder), 0
    with open(path, "wb") as part:
        for label in labels:
            low, high = read_planes(folder, label)
            image = used(network_input(low, high, label["pitch_um"], label["belt_step_um"], label["air_level"]))
            label["input"] = [offset, *image.shape[1:]]
            part.write(image.astype(np.float16).tobytes())
            offset += image.size
    shutil.rmtree(folder)
    return path, labels


def used(image: np.ndarray) -> np.ndarray:
    """Cuts away the empty canvas right of and below the picture."""
    columns, rows = np.flatnonzero(image[0].max(0)), np.flatnonzero(image[0].max(1))
    return image[:, : rows[-1] + 1 if rows.size else 1, : columns[-1] + 1 if columns.size else 1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--generator", type=pathlib.Path, required=True)
    parser.add_argument("--split", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    generator = blake3.blake3(arguments.generator.read_bytes()).hexdigest()
    out, facts = arguments.out, [arguments.split, arguments.seed, arguments.count, generator]
    made = out / "made.json"
    if made.exists() and json.loads(made.read_text()) == facts:
        return
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    work = [
        (arguments.generator, arguments.split, arguments.seed, first, min(CHUNK, arguments.count - first), out)
        for first in range(0, arguments.count, CHUNK)
    ]
    labels, base = [], 0
    with multiprocessing.Pool(arguments.processes) as pool, open(out / "inputs.f16", "wb") as whole:
        for path, found in pool.imap(chunk, work):
            for label in found:
                label["input"][0] += base
            base += path.stat().st_size // 2
            with open(path, "rb") as part:
                shutil.copyfileobj(part, whole)
            path.unlink()
            labels += found
    (out / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    made.write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
