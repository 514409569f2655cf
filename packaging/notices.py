"""Writes what the licences of the libraries in the binary ask to be handed on: each text with its
copyright lines once, under the names of those that have it. Its argument is the list of components."""

import json
import re
import subprocess
import sys
from pathlib import Path

with open(sys.argv[1], encoding="utf-8") as file:
    components = json.load(file)["components"]
metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version=1", "--locked"]))
folders = {(one["name"], one["version"]): Path(one["manifest_path"]).parent for one in metadata["packages"]}
NOTICE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)

texts = {}
for component in components:
    folder = folders.get((component["name"], component["version"]))
    name = f"{component['name']} {component['version']}"
    if folder is None:
        continue
    for path in sorted(folder.iterdir()):
        if path.is_file() and NOTICE.match(path.name) and path.suffix not in (".rs", ".toml", ".html"):
            text = "\n".join(line.rstrip() for line in path.read_text("utf-8", "replace").splitlines())
            texts.setdefault(text.strip(), set()).add(name)

# A list that came from elsewhere without being a library.
words = Path(__file__).parent.parent / "src/domain/guessable"
texts.setdefault((words / "LICENSE").read_text("utf-8").strip(), set()).add("the list of common passwords")

for text, names in sorted(texts.items(), key=lambda one: sorted(one[1])):
    print("=" * 78, *sorted(names), "=" * 78, "", text, "", sep="\n")
