"""Mutations of the operations that issue and check tokens, all of them in one build.

The whole crate and the house tests take minutes to build, which is too long for a build a mutation. So every
mutation that cargo-mutants lists is put beside what it replaces, behind a number, into one copy of the crate;
what does not compile is taken out again; and the tests beside the operations and those of the house run once a
number (COUNTERSIGN_MUTANT), until one of them fails. `tests/campaigns/mutants --issuing` calls this.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

SWITCH = """
/// Which mutation is in force, and which were reached by a test while none was.
pub mod mutant {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::io::Write;
    use std::sync::LazyLock;
    use std::sync::Mutex;

    static CHOSEN: LazyLock<u32> = LazyLock::new(|| {
        std::env::var("COUNTERSIGN_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    });
    static REACHED: LazyLock<Option<Mutex<(File, BTreeSet<u32>)>>> = LazyLock::new(|| {
        let path = std::env::var("COUNTERSIGN_REACHED").ok()?;
        Some(Mutex::new((File::create(path).ok()?, BTreeSet::new())))
    });

    /// Whether it is this one.
    pub fn is(number: u32) -> bool {
        if let Some(reached) = REACHED.as_ref() {
            let mut reached = reached.lock().unwrap();
            if reached.1.insert(number) {
                writeln!(reached.0, "{number}").unwrap();
            }
        }
        *CHOSEN == number
    }
}
"""


class Text:
    """A source file, addressed as cargo-mutants does: lines and columns from 1."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        self.starts = [0]
        for line in self.text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, span):
        ends = (span["start"], span["end"])
        return tuple(self.starts[end["line"] - 1] + end["column"] - 1 for end in ends)


def body_of(text, start, end):
    """Where the body's opening brace of the function at start is."""
    at = re.compile(r"\bfn\s").search(text, start, end).end()
    depth = 0
    while at < end:
        c = text[at]
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == "{" and depth == 0:
            return at
        at += 1
    raise ValueError("a function without a body")


def listed(tool, root, files):
    asked = [tool, "mutants", "--list", "--json", "--exclude-re", "impl .*(Debug|Display)"]
    for file in files:
        asked += ["-f", file]
    found = subprocess.run(asked, cwd=root, check=True, capture_output=True, text=True).stdout
    return json.loads(found)


def outermost(mutants):
    """Mutations by file and by the outermost function that they are in."""
    by_file = collections.defaultdict(list)
    for mutant in mutants:
        if mutant["function"]:
            by_file[mutant["file"]].append(mutant)
    return by_file


def write(copy, root, file, mutants):
    """Puts the mutations of one file into the copy; answers which lines belong to which, and to which function."""
    source = Text(root / file)
    groups = collections.defaultdict(list)
    spans = sorted({source.span(mutant["function"]["span"]) for mutant in mutants})
    for mutant in mutants:
        own = source.span(mutant["function"]["span"])
        groups[min(span for span in spans if span[0] <= own[0] and own[1] <= span[1])].append(mutant)
    written, at, regions, functions = [], 0, [], []

    def put(text):
        written.append(text)

    def line():
        return "".join(written).count("\n") + 1

    for (start, end), group in sorted(groups.items()):
        brace = body_of(source.text, start, end)
        put(source.text[at:start])
        opens = line()
        put(re.sub(r"\bconst fn\b", "fn", source.text[start:brace]))
        original = source.text[brace:end]
        put("{\n")
        for mutant in group:
            first, last = source.span(mutant["span"])
            changed = source.text[brace:first] + mutant["replacement"] + source.text[last:end]
            begins = line()
            put(f"if crate::mutant::is({mutant['number']}) {changed} else ")
            regions.append((begins, line(), mutant["number"]))
            put("\n")
        put(original)
        put("\n}")
        functions += [(opens, line(), mutant["number"]) for mutant in group]
        at = end
    put(source.text[at:])
    (copy / file).write_text("".join(written))
    return regions, functions


def failing_lines(copy, environment):
    """Lines of the copy at which it does not compile."""
    asked = ["cargo", "check", "--lib", "--message-format=json", "--quiet"]
    told = subprocess.run(asked, cwd=copy, env=environment, capture_output=True, text=True)
    found = []
    for text in told.stdout.splitlines():
        message = json.loads(text).get("message") or {}
        if message.get("level") != "error":
            continue
        # What the compiler points at first; anything else that it shows may be somebody else's.
        found += [(span["file_name"], span["line_start"]) for span in message["spans"] if span["is_primary"]]
    if told.returncode and not found:
        sys.exit(told.stderr)
    return found


def at_lines(places, regions):
    """The mutations that lie at places."""
    found = ((regions.get(file, []), line) for file, line in places)
    return {number for within, line in found for first, last, number in within if first <= line <= last}


def compile_all(copy, root, mutants, environment):
    """Writes all mutations, and takes out what does not compile."""
    unviable = set()
    while True:
        regions, functions = {}, {}
        for file, group in outermost(mutants).items():
            kept = [mutant for mutant in group if mutant["number"] not in unviable]
            if kept:
                regions[file], functions[file] = write(copy, root, file, kept)
            else:
                shutil.copy(root / file, copy / file)
        failing = failing_lines(copy, environment)
        if not failing:
            return unviable
        # Where no mutation is to blame alone, all of its function are: types that one answer gives away.
        bad = at_lines(failing, regions) or at_lines(failing, functions)
        if not bad:
            sys.exit(f"The copy does not compile: {failing[:5]}")
        unviable |= bad
        print(f"{len(bad)} do not compile, {len(unviable)} in all", flush=True)


def build(copy, environment, name, target):
    asked = ["cargo", "test", "--no-run", *target, "--message-format=json", "--quiet"]
    told = subprocess.run(asked, cwd=copy, env=environment, check=True, capture_output=True, text=True)
    built = (json.loads(line).get("executable") for line in told.stdout.splitlines())
    # A copy: the next build of the crate itself puts another in the place of this one.
    return shutil.copy([path for path in built if path][-1], copy / name)


def suites(copy, environment):
    """What judges, the quickest first: each a binary and the tests of it."""
    beside = build(copy, environment, "beside", ["--lib"])
    house = build(copy, environment, "house", ["--test", "house"])
    return [(beside, [test for test in tests_of(beside) if test.startswith("ops::")]), (house, tests_of(house))]


def tests_of(binary):
    told = subprocess.run([binary, "--list"], check=True, capture_output=True, text=True).stdout
    return [line[: -len(": test")] for line in told.splitlines() if line.endswith(": test")]


def run(binary, copy, number, tests, limit):
    """The first test that fails; "time" if they do not end; none."""
    environment = dict(os.environ, COUNTERSIGN_MUTANT=str(number), RUST_BACKTRACE="0")
    asked = [binary, "--exact", "--test-threads", str(os.cpu_count()), *tests]
    running = subprocess.Popen(
        asked, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    ends, told = time.monotonic() + limit, b""
    try:
        while time.monotonic() < ends:
            ready, _, _ = select.select([running.stdout], [], [], 1)
            part = os.read(running.stdout.fileno(), 65536) if ready else None
            if part == b"":
                return "crash" if running.wait() else None
            told += part or b""
            if failed := re.search(rb"^test (\S+) .*\.\.\. FAILED", told, re.M):
                return failed[1].decode()
        return "time"
    finally:
        running.kill()
        running.wait()


def reach(binary, copy, test):
    """How long a test takes, and which mutations it would meet; nothing of one that fails unchanged."""
    with tempfile.NamedTemporaryFile("r") as file:
        environment = dict(os.environ, COUNTERSIGN_REACHED=file.name, RUST_BACKTRACE="0")
        began = time.monotonic()
        asked = [binary, "--exact", test]
        ended = subprocess.run(asked, cwd=copy, env=environment, capture_output=True)
        took = time.monotonic() - began
        if ended.returncode:
            print(f"{test} fails unchanged and is left out", flush=True)
            return test, took, set()
        return test, took, {int(number) for number in file.read().split()}


def meeting(binary, copy, tests):
    """Those of the tests that meet each mutation, the quickest first."""
    found = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        told = list(workers.map(lambda test: reach(binary, copy, test), tests))
    for test, took, reached in sorted(told, key=lambda one: one[1]):
        for number in reached:
            found[number].append((test, took))
    return found


def verdict(binary, copy, number, tests):
    """What notices a mutation; none if nothing does. A few tests at first: most are noticed at once."""
    at, many = 0, 4
    while at < len(tests):
        part = tests[at : at + many]
        limit = 60 + 10 * sum(took for _, took in part)
        if failed := run(binary, copy, number, [test for test, _ in part], limit):
            return failed
        at, many = at + many, many * 3
    return None


def prepare(root, copy):
    copy.mkdir(parents=True, exist_ok=True)
    for name in ["src", "templates", "tests", "docs", "packaging", "benches"]:
        if (root / name).exists():
            ignored = shutil.ignore_patterns("node_modules", "venv", "scanners", "target")
            shutil.copytree(root / name, copy / name, dirs_exist_ok=True, ignore=ignored)
    for name in ["Cargo.lock", "config.toml.example", "CHANGELOG.md", "README.md"]:
        shutil.copy(root / name, copy / name)
    shutil.copytree(root / ".cargo", copy / ".cargo", dirs_exist_ok=True)
    manifest = (root / "Cargo.toml").read_text()
    manifest = re.sub(r"\[lints\.\w+\].*?(?=\n\[)", "", manifest, flags=re.S)
    (copy / "Cargo.toml").write_text(manifest + "\n[workspace]\n")
    with (copy / "src/lib.rs").open("a") as library:
        library.write(SWITCH)


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--tool", required=True, help="cargo-mutants")
    asked.add_argument("--copy", required=True, type=pathlib.Path, help="where the copy of the crate is made")
    asked.add_argument("--only", default="", help="expression: mutations to run")
    asked.add_argument("files", nargs="+")
    asked = asked.parse_args()
    root = pathlib.Path.cwd()
    prepare(root, asked.copy)
    mutants = listed(asked.tool, root, asked.files)
    for number, mutant in enumerate(mutants, 1):
        mutant["number"] = number
    environment = dict(os.environ, CARGO_TERM_COLOR="never")
    unviable = compile_all(asked.copy, root, mutants, environment)
    judges = [(binary, meeting(binary, asked.copy, tests)) for binary, tests in suites(asked.copy, environment)]
    print(f"{len(mutants)} mutations, {len(unviable)} do not compile", flush=True)
    missed = 0
    for mutant in mutants:
        number = mutant["number"]
        if number in unviable or not mutant["function"] or not re.search(asked.only, mutant["name"]):
            continue
        verdicts = (verdict(binary, asked.copy, number, met[number]) for binary, met in judges)
        failed = next(filter(None, verdicts), None)
        missed += not failed
        noticed = f"caught {mutant['name']} ({failed})" if failed else f"MISSED {mutant['name']}"
        print(f"{noticed}, of {sum(len(met[number]) for _, met in judges)} tests", flush=True)
    print(f"{missed} missed")
    sys.exit(1 if missed else 0)


main()
