#!/usr/bin/env python3
"""Checks the vectors by a second implementation that shares no code with phi-pre: README.md, "The second checker".

    pip install -r requirements.txt
    python3 check.py [DIR]

Every output is computed anew from its input and every refusal is found anew, with its error. One line for each file,
the same as of `phi-pre vectors check`. Every file that does not hold or is missing is named; the exit code is then 1."""

import json
import sys
from hashlib import sha256
from pathlib import Path

from jsonschema import Draft202012Validator

from second.errors import Malformed, Refused
from second.operations import OPERATIONS

# Classes of cases that this checker cannot decide.
UNDECIDED = ()


def without_twins(pairs):
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("a field twice")
    return fields


def load(path):
    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=without_twins)


def answer(operation, fields):
    """("output", fields) or ("error", text)."""
    try:
        return "output", OPERATIONS[operation](fields)
    except Refused as refusal:
        return "error", str(refusal)


def check_case(operation, case):
    kind, found = answer(operation, case["input"])
    expected = "output" if case["result"] == "valid" else "error"
    if kind != expected or found != case[expected]:
        raise Malformed(f"{operation}, tcId {case['tcId']}: {kind} {found}")


def check(path):
    """Counts of valid and invalid cases."""
    file = load(path)
    schema = load(path.parent / "schemas" / f"{path.stem}.schema.json")
    Draft202012Validator(schema).validate(file)
    if file["seed"] != sha256(b"phi-pre/vectors/1/" + path.stem.encode()).hexdigest():
        raise Malformed("another seed")
    counts, flags = {"valid": 0, "invalid": 0}, set()
    for group in file["testGroups"]:
        for case in group["tests"]:
            counts[case["result"]] += 1
            flags.update(case["flags"])
            if case["tcId"] != sum(counts.values()):
                raise Malformed(f"tcId {case['tcId']} out of order")
            check_case(group["type"], case)
    if file["numberOfTests"] != sum(counts.values()) or flags != set(file["notes"]):
        raise Malformed("numberOfTests or notes")
    return counts


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    total = {"valid": 0, "invalid": 0}

    def line(name, counts):
        print(f"{name:<24} {counts['valid']:>4} valid {counts['invalid']:>4} invalid", flush=True)

    # A schema without its file: the file is missing.
    schemas = [folder / f"{path.name.removesuffix('.schema.json')}.json" for path in folder.glob("schemas/*.schema.json")]
    paths, failed = sorted({*folder.glob("*.json"), *schemas}), 0
    for path in paths:
        try:
            counts = check(path)
        except Exception as fault:  # whatever it is, the file does not hold
            print(f"FAILED   {path.name}: {type(fault).__name__}: {str(fault)[:2000]}", flush=True)
            failed += 1
            continue
        line(path.name, counts)
        total = {result: total[result] + counts[result] for result in total}
    if failed or not paths:
        print(f"{failed} of {len(paths)} files do not hold" if paths else f"{folder}: no vectors", file=sys.stderr)
        return 1
    line("all", total)
    for name in UNDECIDED:
        print(f"undecided: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
