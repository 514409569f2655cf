"""The share of lines that tests run, for each floor that decides, from what llvm-cov exports (lcov)."""

import collections
import pathlib
import re
import sys

FLOORS = ["domain", "ops", "crypto", "store"]
ENOUGH = 95.0


def test_lines(text):
    """Lines of `#[cfg(test)] mod … { … }`; they end where a line begins with the brace."""
    lines, found, inside = text.splitlines(), set(), False
    for number, line in enumerate(lines, 1):
        if line.startswith("#[cfg(test)]"):
            inside = True
        if inside:
            found.add(number)
        if inside and (line.startswith("}") or re.match(r"mod \w+;", line)):
            inside = False
    return found


def only_for_tests(root):
    """Files that are modules for tests alone."""
    found = set()
    for path in root.rglob("*.rs"):
        below = path.parent if path.stem == "mod" else path.with_suffix("")
        for name in re.findall(r"#\[cfg\(test\)\]\n(?:pub\([^)]*\) )?mod (\w+);", path.read_text()):
            found.add(below / f"{name}.rs")
            found.update((below / name).rglob("*.rs"))
    return found


def counts(export):
    """How often each line of each file ran."""
    ran, path = collections.defaultdict(dict), None
    for line in export.read_text().splitlines():
        if line.startswith("SF:"):
            path = pathlib.Path(line[3:])
        elif line.startswith("DA:"):
            number, count = (int(part) for part in line[3:].split(",")[:2])
            ran[path][number] = max(count, ran[path].get(number, 0))
    return ran


def main():
    root = pathlib.Path.cwd() / "src"
    left_out = only_for_tests(root)
    floors = {floor: [0, 0] for floor in FLOORS}
    missing = {}
    for path, lines in sorted(counts(pathlib.Path(sys.argv[1])).items()):
        if not path.is_relative_to(root) or path in left_out:
            continue
        floor = path.relative_to(root).parts[0]
        if floor not in floors:
            continue
        tests = test_lines(path.read_text())
        own = {number: count for number, count in lines.items() if number not in tests}
        floors[floor][0] += sum(count > 0 for count in own.values())
        floors[floor][1] += len(own)
        if unrun := [number for number, count in own.items() if count == 0]:
            missing[path] = sorted(unrun)
    if "--lines" in sys.argv:
        for path, numbers in missing.items():
            text = path.read_text().splitlines()
            for number in numbers:
                print(f"{path.relative_to(root.parent)}:{number}: {text[number - 1].strip()}")
    print(f"{'floor':8} {'lines':>6} {'run':>6} {'share':>8}")
    low = []
    for floor, (run, all_lines) in floors.items():
        share = 100 * run / all_lines if all_lines else 0.0
        print(f"{floor:8} {all_lines:6} {run:6} {share:7.2f}%")
        if share < ENOUGH:
            low.append(floor)
    if low:
        sys.exit(f"Under {ENOUGH:.0f} %: {', '.join(low)}")


main()
