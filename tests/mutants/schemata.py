"""All mutants of cargo-mutants in one build, switched on one at a time by an environment variable.

build   rewrites a copy of the sources under target/mutants, drops what does not compile, builds the test binaries
run     finds which tests reach which mutant, then runs each mutant against those tests, quickest first, until one fails
apart   runs those that such a build cannot hold, one by one
table   prints the score by module, and what no test caught

With one build for each mutant, as cargo-mutants has it, this takes days. The commands stand in tests/README.md.
"""

import collections, json, os, re, resource, shutil, signal, subprocess, sys, tempfile, time, tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import rewrite

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target/mutants"
COPY, PLAIN = WORK / "checkout", WORK / "plain"
CONFIG = "tests/mutants.toml"
# Integration tests in the order in which they are tried, after the unit tests.
TESTS = "ledger ledger_files attacks flow external vectors cli consistency access bulk hostile crash power".split()
SHORT = {"PHI_PRE_ROUNDS": "50"}
QUICK = [f"--config=profile.release.package.phi-pre.{x}" for x in ("opt-level=1", "debug=false")]
# What a mutated expression does wherever it stands; all other errors may come from the rewriting itself.
TYPE_ERRORS = set(
    "E0061 E0063 E0107 E0277 E0282 E0283 E0308 E0368 E0369 E0423 E0425 E0432 E0433 E0599 E0600 E0604 E0605 E0606 E0614 "
    "E0790 arithmetic_overflow unconditional_panic".split()
)


def environment(folder):
    # Folders of their own: to cargo a copy is the same package as the original.
    return os.environ | {"CARGO_TARGET_DIR": str(WORK / folder), "CARGO_INCREMENTAL": "1"}


def cargo(*arguments, **more):
    return subprocess.run(["cargo", *arguments], env=environment("build"), stdout=subprocess.PIPE, text=True, **more)


def output(command, cwd):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True).stdout


def mutants():
    """As cargo-mutants lists them. `key` names one without its line: file, what is done, and which such it is."""
    listed = json.loads(cargo("mutants", "--config", CONFIG, "--list", "--json", cwd=ROOT).stdout)
    count = collections.Counter()
    for n, m in enumerate(listed, 1):
        description = f"{m['file']}: {m['name'].split(': ', 1)[1]}"
        count[description] += 1
        m["n"], m["key"] = n, f"{description} #{count[description]}"
        del m["diff"]
    return listed


def copy_sources(to):
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    listing = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    for name in filter(None, output(listing, ROOT).split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)  # with a new date, or cargo takes what it built last for this


def add_switch():
    shutil.copy(Path(__file__).parent / "mutant.rs", COPY / "src/mutant.rs")
    with open(COPY / "src/lib.rs", "a") as lib:
        lib.write("\npub(crate) mod mutant;\n")


def culprits(message):
    """(number, whether the mutated expression itself is at fault) of those that an error of rustc points into."""
    code = (message.get("code") or {}).get("code")
    for span in sorted(message["spans"], key=lambda span: not span["is_primary"]):
        while span.get("expansion"):
            span = span["expansion"]["span"]
        text = (COPY / span["file_name"]).read_bytes()
        for opened, closed, inside in ((rb"/\*<(\d+)\*/", b"/*%s>*/", True), (rb"/\*\[(\d+)\*/", b"/*%s]*/", False)):
            around = [m for m in re.finditer(opened, text[: span["byte_start"]])
                      if text.find(closed % m[1], m.end()) >= span["byte_end"]]
            if around:
                yield int(around[-1][1]), inside and code in TYPE_ERRORS
                return


def errors(*arguments):
    done = cargo(*arguments, "--release", *QUICK, "--message-format=json", cwd=COPY, stderr=subprocess.DEVNULL)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = [m["message"] for m in messages if m["reason"] == "compiler-message" and m["message"]["level"] == "error"]
    return done.returncode, [m for m in found if m["spans"]], messages


def build():
    everything = mutants()
    # `return` would settle what `impl Trait` stands for.
    opaque = lambda m: m["genre"] == "FnValue" and "impl " in m["function"]["return_type"]
    kept = [m for m in everything if not opaque(m)]
    dropped = {m["key"]: {"outcome": "apart", "why": "impl"} for m in everything if opaque(m)}
    for m in [m for m in kept if rewrite.chained((ROOT / m["file"]).read_bytes(), m)]:
        kept.remove(m)
        dropped[m["key"]] = {"outcome": "unviable", "why": "a chain of let"}
    copy_sources(COPY)
    add_switch()
    while True:
        for path in sorted({m["file"] for m in everything}):
            here = [m for m in kept if m["file"] == path]
            (COPY / path).write_text(rewrite.rewritten((ROOT / path).read_bytes(), here))
        failed, found, _ = errors("check", "--lib")
        if not failed:
            tests = ("--lib", "--bins", *(f"--test={t}" for t in TESTS))
            failed, found, messages = errors("test", "--no-run", *tests)
        if not failed:
            break
        bad = {}
        for message in found:
            for n, itself in culprits(message):
                bad[n] = (itself and not bad.get(n, (True,))[0] is False, message["rendered"])
            # A function that has to stay const keeps its mutants out.
            called = re.search(r"non-const .*`(?:.*::)?(\w+)(?:::<.*>)?` in const", message["message"])
            if called and called[1] != "is":
                for m in kept:
                    if re.search(rf"\b{called[1]}$", m["function"]["function_name"]):
                        bad[m["n"]] = (False, message["rendered"])
        print(f"{len(kept)} mutants, {len(found)} errors, {len(bad)} to drop", flush=True)
        if not bad:
            sys.exit("\n".join(m["rendered"] for m in found[:10]))
        for m in kept:
            if m["n"] in bad:
                dropped[m["key"]] = {"outcome": "unviable" if bad[m["n"]][0] else "apart", "why": bad[m["n"]][1]}
        kept = [m for m in kept if m["n"] not in bad]
    binaries = {m["target"]["name"]: (m["executable"], str(Path(m["manifest_path"]).parent)) for m in messages
                if m["reason"] == "compiler-artifact" and m["profile"]["test"] and m["target"]["kind"] != ["bin"]}
    save("build", {"binaries": binaries, "kept": kept, "dropped": dropped})
    print(f"{len(kept)} of {len(everything)} mutants built;",
          collections.Counter(d["outcome"] for d in dropped.values()), flush=True)


def save(name, value):
    (WORK / f"{name}.new").write_text(json.dumps(value, indent=1))
    (WORK / f"{name}.new").rename(WORK / f"{name}.json")


def load(name):
    path = WORK / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


# Running


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def passes(command, seconds, **more):
    """True, False, or None where it ran out of time; nothing of it goes on running."""
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    process = subprocess.Popen(command, start_new_session=True, preexec_fn=limit, **nowhere, **more)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def test(binary, package, name, mutant, seconds):
    """One test in a process of its own, with a temporary folder of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        env = os.environ | SHORT | {"PHI_PRE_MUTANT": str(mutant), "TMPDIR": folder, "CARGO_MANIFEST_DIR": package,
                                    "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1"}
        return passes([binary, "--exact", name, "--quiet"], seconds, cwd=package, env=env)


def trace(binaries, until):
    """For each test: seconds without a mutant, and the mutants that it reaches. Kept until a binary changes."""
    known, traces = load("traces"), []
    targets = ["phi_pre", *TESTS]
    for order, target in enumerate(targets[: targets.index(until) + 1]):
        binary, package = binaries[target]
        stamp = f"{binary} {os.stat(binary).st_mtime_ns}"
        listed, ignored = (
            set(re.findall(r"(.*): test", output([binary, "--list", "--format=terse", *more], package)))
            for more in ([], ["--ignored"])
        )
        for name in sorted(listed - ignored):
            entry = known.get(f"{target} {name}")
            if not entry or entry["stamp"] != stamp:
                with tempfile.NamedTemporaryFile() as file:
                    os.chmod(file.name, 0o666)
                    begun = time.monotonic()
                    if not test(binary, package, name, file.name, 600):
                        sys.exit(f"fails without a mutant: {binary} {name}")
                    seconds, reached = time.monotonic() - begun, set(map(int, Path(file.name).read_text().split()))
                    entry = {"stamp": stamp, "seconds": seconds, "reached": sorted(reached)}
                known[f"{target} {name}"] = entry
            traces.append((order > 0, entry["seconds"], order, target, name, set(entry["reached"])))
        save("traces", known)
        print(target, "traced", flush=True)
    return sorted(traces, key=lambda t: t[:3])


def run(pattern="", until="crash", again=""):
    """Those whose key matches and that have no result yet, against the unit tests (`phi_pre`) and the integration tests
    up to `until`; with `again`, those that were missed before."""
    made = load("build")
    traces = trace(made["binaries"], until)
    results = load("results") | made["dropped"]
    outcome = lambda m: results.get(m["key"], {}).get("outcome")
    todo = [m for m in made["kept"] if re.search(pattern, m["key"]) and outcome(m) == ("missed" if again else None)]

    def judge(m):
        begun, reaching = time.monotonic(), 0
        for _, seconds, _, target, name, reached in traces:
            if m["n"] in reached:
                reaching += 1
                passed = test(*made["binaries"][target], name, m["n"], 20 + 5 * seconds)
                if not passed:
                    return m, {"outcome": "caught" if passed is False else "timeout", "by": f"{target} {name}",
                               "seconds": round(time.monotonic() - begun, 1)}
        return m, {"outcome": "missed", "tests": reaching, "seconds": round(time.monotonic() - begun, 1)}

    with ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for i, (m, result) in enumerate(pool.map(judge, todo), 1):
            results[m["key"]] = result | {"name": m["name"]}
            save("results", results)
            if result["outcome"] != "caught" or i % 50 == 0:
                print(f"{i}/{len(todo)} {result['outcome']} {m['name']}", flush=True)


def apart(*tests):
    """Those that the schema cannot hold, with a build for each: `--lib`, and what is then missed with `--tests`."""
    copy_sources(PLAIN)
    dropped, results = load("build")["dropped"], load("apart")
    todo = [m for m in mutants() if dropped.get(m["key"], {}).get("outcome") == "apart"]
    for m in [m for m in todo if results.get(m["key"], {}).get("outcome", "missed") == "missed"]:
        source = (ROOT / m["file"]).read_bytes()
        start, end = rewrite.offsets(source.decode(), m["span"])
        (PLAIN / m["file"]).write_bytes(source[:start] + m["replacement"].encode() + source[end:])
        command = ["cargo", "test", "--release", *QUICK, *tests]
        outcome = "unviable"
        if passes([*command, "--no-run"], 1200, cwd=PLAIN, env=environment("apart")):
            passed = passes(command, 90, cwd=PLAIN, env=environment("apart"))
            outcome = {True: "missed", False: "caught", None: "timeout"}[passed]
        (PLAIN / m["file"]).write_bytes(source)
        results[m["key"]] = {"outcome": outcome, "name": m["name"]}
        save("apart", results)
        print(outcome, m["name"], flush=True)


def table():
    """Counts by module; what explained.toml explains stands apart from what is missed."""
    reasons = tomllib.loads((Path(__file__).parent / "explained.toml").read_text())
    results = load("results") | load("apart")
    columns = ["mutants", "unviable", "caught", "timeout", "explained", "missed", "not run"]
    rows, missed = collections.defaultdict(collections.Counter), []
    for m in mutants():
        outcome = results.get(m["key"], {}).get("outcome", "apart").replace("apart", "not run")
        if outcome == "missed" and m["key"] in reasons:
            outcome = "explained"
        if outcome == "missed":
            missed.append(m["name"])
        for row in (re.match(r"src/(\w+)", m["file"])[1], "all"):
            rows[row].update(["mutants", outcome])
    print("| module |", " | ".join(columns), "| score |")
    print("|---" * (len(columns) + 2) + "|")
    for row in [*sorted(rows.keys() - {"all"}), "all"]:
        found = rows[row]["caught"] + rows[row]["timeout"]
        score = 100 * found / max(1, found + rows[row]["missed"])
        print(f"| `{row}` |", " | ".join(str(rows[row][c]) for c in columns), f"| {score:.1f} % |")
    print(*missed, sep="\n")


if __name__ == "__main__":
    {"build": build, "run": run, "apart": apart, "table": table}[sys.argv[1]](*sys.argv[2:])
