#!/bin/sh
# From nothing to models/catalog/first: environment, pictures, training, export, judging. About 30 minutes on 2 cores.
#   models/training/train.sh [MINUTES]      (time budget of the training itself; default 25)
# Needs: cargo, python3 (3.11 or later) with venv, some 8 GB of disk. Everything is written under models/training
# (venv, work: both ignored by git) and models/catalog/first.
set -eu
minutes="${1:-25}"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="$here/work"
python="${GATEPOST_TRAINING_PYTHON:-$here/venv/bin/python}"

if [ ! -x "$python" ]; then
    python3 -m venv "$here/venv"
    "$here/venv/bin/pip" install --requirement "$here/requirements.txt"
    python="$here/venv/bin/python"
fi

# pictures SPLIT SEED COUNT FOLDER: two halves at once, skipped where they are already.
(cd "$root" && cargo build --release --package gatepost-virtual --bin gatepost-virtual)
generator="${CARGO_TARGET_DIR:-$root/target}/release/gatepost-virtual"
pictures() {
    if [ ! -f "$work/$4/.complete" ]; then
        half=$(($3 / 2))
        "$generator" images --split "$1" --seed "$2" --first 0 --count "$half" --out "$work/$4" --raw &
        "$generator" images --split "$1" --seed "$2" --first "$half" --count "$(($3 - half))" --out "$work/$4" --raw
        wait $!
        touch "$work/$4/.complete"
    fi
}
pictures train 1 7000 train
pictures val 1 1200 val
pictures test 1 1600 test
pictures val 2 60 golden
"$generator" images --split val --seed 2 --first 0 --count 60 --out "$work/golden/png"
mv "$work/golden/png/"*.png "$work/golden/"

# Waiting threads sleep instead of spinning. On a machine busy with other work take one thread: two that wait for each
# other cost four times the processor time (measured).
threads="${GATEPOST_TRAINING_THREADS:-2}"
export OMP_NUM_THREADS="$threads" OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
cd "$here"
"$python" train.py --work "$work" --minutes "$minutes" --threads "$threads"
"$python" package.py --work "$work" --out "$root/models/catalog/first"
