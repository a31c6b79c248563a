#!/usr/bin/env python3
"""Holds every package of Cargo.lock to the licences that deny.toml allows, offline.

cargo-deny says more (advisories, clarifications) where it can be had; this says the part that must never be skipped.
"""

import json
import re
import subprocess
import sys
import tomllib

allowed = set(tomllib.load(open("deny.toml", "rb"))["licenses"]["allow"])
metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--locked"]))


def holds(expression):
    """Whether an SPDX expression can be met with allowed licences alone."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    names = []
    for token in tokens:
        if token in ("(", ")", "AND", "OR"):
            names.append(token)
        elif token == "WITH" or (names and names[-1].endswith(" WITH")):
            names[-1] += " " + token
        else:
            names.append(token)
    terms = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
    return eval(" ".join(terms.get(name) or str(name in allowed) for name in names))  # only and, or, True, False, brackets


wrong = []
for package in metadata["packages"]:
    expression = package["license"]
    if package["source"] is not None and not package["source"].startswith("registry+"):
        wrong.append(f"{package['name']} {package['version']}: comes from {package['source']}, not from the registry")
    if expression is None or not holds(expression):
        wrong.append(f"{package['name']} {package['version']}: licence {expression} is not allowed by deny.toml")
print(f"{len(metadata['packages'])} packages looked at, {len(wrong)} not allowed")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
