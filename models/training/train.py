"""Trains the detector from the pictures of one seed.

    python3 train.py --work FOLDER [--epochs N] [--minutes M] [--seed S]      (FOLDER holds train/; writes weights.pt, training.json)

It stands alone because it may run for an hour; export and judging read what it leaves. It refuses to look at the other
splits. Everything random is seeded: a run that ends by epochs can be repeated up to the order in which threads add; one
that a busy machine ends by minutes says so in what it leaves.
"""

import argparse
import collections
import concurrent.futures
import copy
import json
import pathlib
import time

import numpy as np
import torch

from augment import WINDOW_FIRST, WINDOW_LAST, batch_of
from network import Detector, parameters_of
from prepare import STRIDE, load_split

PEAK_RATE = 4e-3
# The weights that are shipped follow the trained ones at this pace: the last steps' noise is averaged away.
FOLLOWING = 0.998
# Share of the run that sees small windows.
SMALL_SHARE = 0.6


def heatmap_loss(logits, wanted):
    """Focal loss with soft negatives near a middle (CenterNet, arXiv 1904.07850)."""
    probability = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    hit = wanted.eq(1.0)
    positive = -torch.log(probability) * (1 - probability) ** 2 * hit
    negative = -torch.log(1 - probability) * probability**2 * (1 - wanted) ** 4 * ~hit
    return (positive.sum() + negative.sum()) / hit.sum().clamp(min=1)


def box_loss(distances, edges, weight):
    """Generalised overlap, weighted."""
    middle = (torch.arange(distances.shape[-1], dtype=torch.float32) + 0.5) * STRIDE
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


def batches(count: int, size: int, random: np.random.Generator):
    """Indices of batch after batch without end."""
    while True:
        order = random.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def rate(done: float) -> float:
    """Learning rate at a share of the run: up over the first twentieth, then down a half cosine."""
    if done < 0.05:
        return PEAK_RATE * (0.05 + 0.95 * done / 0.05)
    return PEAK_RATE * max(0.01, 0.5 * (1 + np.cos(np.pi * (done - 0.05) / 0.95)))


def follow(shipped: torch.nn.Module, trained: torch.nn.Module, step: int) -> None:
    """Moves the shipped weights a little towards the trained ones, further in the first steps."""
    pace = min(FOLLOWING, (1 + step) / (10 + step))
    pairs = [pair for pair in zip(shipped.state_dict().values(), trained.state_dict().values()) if pair[0].is_floating_point()]
    with torch.no_grad():
        torch._foreach_lerp_([kept for kept, _ in pairs], [new for _, new in pairs], 1 - pace)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=float, default=12)
    parser.add_argument("--minutes", type=float, default=42.0, help="end earlier than --epochs on a busy machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--revision", default="unknown", help="of the generator that made the pictures; goes into the manifest")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    random = np.random.default_rng(arguments.seed)
    inputs, boxes, _ = load_split(arguments.work / "train")
    model = Detector().to(memory_format=torch.channels_last)
    shipped = copy.deepcopy(model)
    length = len(boxes) // arguments.batch
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.02, fused=True)
    started, history, step, done, sums = time.time(), [], 0, 0.0, np.zeros(3)
    print(f"{len(boxes)} pictures, {parameters_of(model)} parameters, {length} steps an epoch", flush=True)
    # Two batches are drawn beside the one that is learnt from, each from a seed of its own: which is ready first does not
    # matter.
    with concurrent.futures.ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as ahead:
        wanted = batches(len(boxes), arguments.batch, random)
        window = lambda: WINDOW_FIRST if done < SMALL_SHARE else WINDOW_LAST
        seed = lambda: np.random.default_rng(random.integers(2**63))
        draw = lambda: ahead.submit(batch_of, next(wanted), inputs, boxes, window(), seed())
        drawn = collections.deque(draw() for _ in range(3))
        while done < 1.0:
            images, heatmap, edges, weight = drawn.popleft().result()
            drawn.append(draw())
            for group in optimiser.param_groups:
                group["lr"] = rate(done)
            with torch.autocast("cpu", torch.bfloat16):
                logits, distances = model(images)
            losses = heatmap_loss(logits.float(), heatmap), box_loss(distances.float(), edges, weight)
            optimiser.zero_grad(set_to_none=True)
            (losses[0] + losses[1]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            follow(shipped, model, step)
            step += 1
            done = max(step / (arguments.epochs * length), (time.time() - started) / (60 * arguments.minutes))
            sums += [losses[0].item(), losses[1].item(), 1]
            if step % 50 == 0 or done >= 1.0:
                history.append([step] + [round(float(value / sums[2]), 4) for value in sums[:2]])
                print(f"step {step} {time.time() - started:.0f} s {done:.2f} {history[-1][1:]}", flush=True)
                torch.save(shipped.state_dict(), arguments.work / "weights.pt")
                sums[:] = 0
    facts = {
        "train_images": len(boxes),
        "epochs_e2": round(100 * step / length),
        "steps": step,
        "ended_by": "epochs" if step >= arguments.epochs * length else "minutes",
        "seed": arguments.seed,
        "revision": arguments.revision,
        "parameters": parameters_of(model),
        "torch": torch.__version__.split("+")[0],
        "minutes": round((time.time() - started) / 60, 1),
        "history": history,
    }
    (arguments.work / "training.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
