"""Counts the specs that passed in Ginkgo's reports, beside the table in docs/envtest.md.

table.py COLUMN REPORTS DOCUMENT [--write] PACKAGE..
"""
import json
import pathlib
import re
import sys

ROW = re.compile(r"^\| `(pkg/[^`]+)` \| ([0-9]+) \| ([0-9]+) \| ([0-9]+) \|$", re.MULTILINE)
COLUMNS = {"real": 1, "standin": 2}


def count(report):
    """The specs that passed, all of them, and the texts of those that failed."""
    specs = passed = 0
    failed = []
    for suite in json.loads(report.read_text()):
        for spec in suite["SpecReports"] or []:
            name = " ".join((spec["ContainerHierarchyTexts"] or []) + [spec["LeafNodeText"]])
            if spec["State"] not in ("passed", "skipped", "pending"):
                why = (spec.get("Failure") or {}).get("Message", "").split("\n")[0]
                failed.append(f"{name.strip() or spec['LeafNodeType']}: {why}"[:240])
            if spec["LeafNodeType"] == "It":
                specs += 1
                passed += spec["State"] == "passed"
    return passed, specs, failed


def main(column, reports, document, *rest):
    write = "--write" in rest
    document = pathlib.Path(document)
    text = document.read_text()
    known = {row[1]: [int(row[2]), int(row[3]), int(row[4])] for row in ROW.finditer(text)}
    fewer = []
    for package in (one for one in rest if one != "--write"):
        report = pathlib.Path(reports, f"{package.replace('/', '_')}.{column}.json")
        passed, specs, failed = 0, 0, ["the suite wrote no report; its log is beside it"]
        if report.exists():
            passed, specs, failed = count(report)
        print(f"{package}: {passed} of {specs} specs pass")
        for line in failed:
            print(f"  {line}")
        row = known.setdefault(package, [specs, 0, 0])
        row[0] = specs or row[0]
        before, row[COLUMNS[column]] = row[COLUMNS[column]], passed
        if passed < before:
            fewer.append(f"{package}: {passed} specs pass, {before} did before")
    if write:
        document.write_text(ROW.sub(lambda found: "| `{}` | {} | {} | {} |".format(found[1], *known[found[1]]), text))
        return 0
    for line in fewer:
        print(line, file=sys.stderr)
    return 1 if fewer else 0


sys.exit(main(*sys.argv[1:]))
