"""Writes the list of components (CycloneDX 1.5): every crate that is in the binary, with its licence
and the checksum under which it was fetched. The order and the identity are those of the content."""

import json
import os
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone

version = sys.argv[1]
host = next(
    line.split()[1]
    for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines()
    if line.startswith("host:")
)
metadata = json.loads(
    subprocess.check_output(
        ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", host]
    )
)
with open("Cargo.lock", "rb") as lock:
    checksums = {
        (package["name"], package["version"]): package.get("checksum")
        for package in tomllib.load(lock)["package"]
    }

nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
inside, waiting = set(), [metadata["resolve"]["root"]]
while waiting:
    package = waiting.pop()
    if package in inside:
        continue
    inside.add(package)
    for dependency in nodes[package]["deps"]:
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            waiting.append(dependency["pkg"])


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package):
    entry = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
    }
    if package.get("license"):
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return entry


packages = {package["id"]: package for package in metadata["packages"]}
root = packages[metadata["resolve"]["root"]]
crates = sorted(
    (packages[one] for one in inside if packages[one] is not root),
    key=lambda package: (package["name"], package["version"]),
)
libc = os.confstr("CS_GNU_LIBC_VERSION").split()[1]
components = [component(package) for package in crates]
components.append(
    {
        "type": "library",
        "bom-ref": f"pkg:generic/glibc@{libc}",
        "name": "glibc",
        "version": libc,
        "purl": f"pkg:generic/glibc@{libc}",
        "licenses": [{"expression": "LGPL-2.1-or-later"}],
    }
)
moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
content = json.dumps(components, sort_keys=True)
bom = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, version + content)}",
    "version": 1,
    "metadata": {
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "component": {
            "type": "application",
            "bom-ref": f"pkg:generic/countersign@{version}",
            "name": "countersign",
            "version": version,
            "licenses": [{"expression": root["license"]}],
        },
    },
    "components": components,
}
json.dump(bom, sys.stdout, indent=1)
sys.stdout.write("\n")
