"""Writes the copyright file of the packages from the list of components (its argument)."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    components = json.load(file)["components"]

print("""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: countersign
Comment: The program is one static binary. It holds the libraries below; the same list, with
 checksums, is countersign.cdx.json beside this file.

Files: *
Copyright: 2026 the authors of Countersign
License: Apache-2.0 or Expat
""")
for component in components:
    licence = component.get("licenses", [{}])[0].get("expression", "see its source")
    print(f"Files: (in the binary) {component['name']} {component['version']}")
    print("Copyright: by its authors, as its source says")
    print(f"License: {licence}\n")
print("""License: Apache-2.0
 On Debian systems the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.

License: Expat
 Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
 associated documentation files (the "Software"), to deal in the Software without restriction,
 including without limitation the rights to use, copy, modify, merge, publish, distribute,
 sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
 furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in all copies or
 substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
 NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
 NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
 DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
 OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.""")
