"""Fail if a test was skipped for a reason that is not on the list: check_skips.py XML LIST."""

import sys
from pathlib import Path
from xml.etree import ElementTree

report, allowed = sys.argv[1:]
reasons = {
    line.strip()
    for line in Path(allowed).read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
}
cases = list(ElementTree.parse(report).iter("testcase"))
skipped = [(case, mark.get("message")) for case in cases for mark in case.iter("skipped")]
wrong = [f"{case.get('classname')}::{case.get('name')}: {why}" for case, why in skipped]
wrong = [line for line, (_, why) in zip(wrong, skipped, strict=True) if why not in reasons]
print(f"{len(cases)} tests, {len(skipped)} skipped, {len(wrong)} of them for no listed reason")
if wrong or not cases:
    sys.exit("\n".join(wrong) or "no test ran")
