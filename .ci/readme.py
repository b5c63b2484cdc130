"""Print the README's one shell command that contains the given words, so that CI cannot drift."""

import re
import sys
from pathlib import Path

readme = Path(__file__).parents[1] / "README.md"
blocks = re.findall(r"^```sh\n(.*?)^```", readme.read_text(encoding="utf-8"), re.M | re.S)
found = [line for block in blocks for line in block.splitlines() if sys.argv[1] in line]
lines = [line for line in found if " && " in line]
if len(lines) != 1:
    sys.exit(f"README.md must have one line `pip install ... && ... {sys.argv[1]}`: {lines}")
print(lines[0])
