#!/usr/bin/env python3
"""Alters one hexadecimal digit of a valid case and shows that both checkers refuse it, again and again.

    python3 mutate.py PHI-PRE [COUNT]

PHI-PRE is the command to run. Each alteration is of a case chosen at random (seeded), file by file in turn; the case
goes alone into a file, unaltered first, which both must accept. At least COUNT alterations, 300 by default."""

import copy
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import check

FOLDER = Path(__file__).parent


def alone(file, operation, case):
    """The file with this case alone."""
    only = {**file, "numberOfTests": 1, "notes": {flag: file["notes"][flag] for flag in case["flags"]}}
    only["testGroups"] = [{"type": operation, "tests": [{**case, "tcId": 1}]}]
    return only


def digits(value, path=()):
    """Where hexadecimal digits stand: paths and positions in the text."""
    if isinstance(value, str):
        runs = [(0, len(value))] if re.fullmatch("([0-9a-f]{2})+", value) else []
        runs += [found.span() for found in re.finditer("[0-9a-f]{64}", value)] if not runs else []
        if runs:
            yield path, [at for start, end in runs for at in range(start, end)]
    elif isinstance(value, (list, dict)):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from digits(item, (*path, name))


def alter(case, rng):
    """A copy with one digit altered, and which."""
    altered = copy.deepcopy(case)
    places = [((part, *path), at) for part in ("input", "output") for path, at in digits(case[part])]
    if not places:
        return None, None
    path, positions = rng.choice(places)
    at, holder = rng.choice(positions), altered
    for name in path[:-1]:
        holder = holder[name]
    text = holder[path[-1]]
    digit = rng.choice([d for d in "0123456789abcdef" if d != text[at]])
    holder[path[-1]] = text[:at] + digit + text[at + 1 :]
    return altered, f"{'/'.join(map(str, path))} digit {at}"


def second_accepts(operation, case):
    try:
        check.check_case(operation, case)
        return True
    except Exception:
        return False


def first_accepts(command, folder, name, file):
    path = Path(folder, name)
    path.write_text(json.dumps(file), encoding="utf-8")
    done = subprocess.run([command, "vectors", "check", folder], capture_output=True, text=True)
    path.unlink()
    if done.returncode not in (0, 1):
        sys.exit(f"{command}: exit code {done.returncode}: {done.stderr}")
    return done.returncode == 0


def main():
    command, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 300
    rng, done = random.Random(4), 0
    files = [(path.name, check.load(path)) for path in sorted(FOLDER.glob("*.json"))]
    cases = {
        name: [
            (group["type"], case)
            for group in file["testGroups"]
            for case in group["tests"]
            if case["result"] == "valid" and case["comment"] != "65536000 bytes"
        ]
        for name, file in files
    }
    with tempfile.TemporaryDirectory() as folder:
        while done < count:
            for name, file in files:
                operation, case = rng.choice(cases[name])
                altered, place = alter(case, rng)
                if altered is None:
                    continue
                if not second_accepts(operation, case):
                    sys.exit(f"{name}, tcId {case['tcId']}: check.py refuses the unaltered case")
                if not first_accepts(command, folder, name, alone(file, operation, case)):
                    sys.exit(f"{name}, tcId {case['tcId']}: phi-pre refuses the unaltered case")
                if second_accepts(operation, altered):
                    sys.exit(f"{name}, tcId {case['tcId']}, {place}: check.py does not see it")
                if first_accepts(command, folder, name, alone(file, operation, altered)):
                    sys.exit(f"{name}, tcId {case['tcId']}, {place}: phi-pre does not see it")
                done += 1
    print(f"{done} alterations of one digit each: both checkers refuse every one")


if __name__ == "__main__":
    main()
