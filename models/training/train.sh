#!/bin/sh
# From nothing to models/catalog/mail: environment, pictures, training, export, judging. Under an hour on 2 cores.
#   models/training/train.sh [MINUTES]      (time budget of the training itself; default 42)
# Needs: cargo, python3 (3.11 or later) with venv, some 14 GB of disk, 6 of them PyTorch. Everything is written under models/training
# (venv, work: both ignored by git) and models/catalog/mail.
set -eu
minutes="${1:-42}"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="$here/work"
python="${GATEPOST_TRAINING_PYTHON:-$here/venv/bin/python}"

if [ ! -x "$python" ]; then
    python3 -m venv "$here/venv"
    "$here/venv/bin/pip" install --requirement "$here/requirements.txt"
    python="$here/venv/bin/python"
fi

(cd "$root" && cargo build --release --package gatepost-virtual --bin gatepost-virtual)
generator="${CARGO_TARGET_DIR:-$root/target}/release/gatepost-virtual"
cd "$here"
# pictures SPLIT SEED COUNT: made once, kept as network inputs.
pictures() {
    "$python" pictures.py --generator "$generator" --split "$1" --seed "$2" --count "$3" --out "$work/$1"
}
pictures train 1 40000
pictures val 1 2400
pictures cal 1 4800
pictures test 1 2400
rm -rf "$work/golden"
"$generator" images --split val --seed 2 --count 120 --out "$work/golden" --raw
"$generator" images --split val --seed 2 --count 120 --out "$work/golden/png"
mv "$work/golden/png/"*.png "$work/golden/"

# Waiting threads sleep instead of spinning. On a machine busy with other work take one thread: two that wait for each
# other cost four times the processor time (measured).
threads="${GATEPOST_TRAINING_THREADS:-2}"
export OMP_NUM_THREADS="$threads" OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
revision=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
"$python" train.py --work "$work" --minutes "$minutes" --threads "$threads" --revision "$revision"
"$python" package.py --work "$work" --out "$root/models/catalog/mail"
