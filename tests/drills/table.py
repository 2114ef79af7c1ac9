#!/usr/bin/env python3
"""The results of clients under the shipped scenarios as a page, from the JSON of `standin drill`.

    table.py count FILE                         how many drills of a client end with "copes"
    table.py cell FILE                          the cell of the first drill in a file
    table.py page LOGS NAME=VERSION...          the page, from LOGS/drill-NAME.json
    table.py differing PAGE LOGS NAME=VERSION.. the cells that differ from the page:
                                                client, scenario, what the page says
"""

import json
import re
import sys
from pathlib import Path

THEMES = "auth paging watch throttling brownout network control-plane semantics delete status".split()

HEAD = """\
# Drills of real clients

Written by `tests/drills/run`, which puts a small program on each client through every shipped scenario, over
HTTP/1.1. For each theme the programs do the same (a list in pages, the life of a job, a cache maintained by a watch),
each in the idiom of its client, with the client's default handling of failures and no retry loop around it: a cell
shows what the client does by itself, not what can be built with it.

- `copes`: the program met every fault of the scenario, reached its end within 15 s, and met the scenario's
  expectations.
- `fails`: the code of the drill's finding, or else how the program ended. `exit 1` is an error that the client
  returned, or that it was not done after 15 s.
- `not met`: the program made no mistake, but did not make the requests that the scenario's faults apply to, or not
  often enough.
"""


WORDS = {"passed": "copes", "not_met": "not met"}


def load(path):
    return json.loads(Path(path).read_text())["drills"]


def cell(drill):
    if drill["verdict"] in WORDS:
        return WORDS[drill["verdict"]]
    fails = [finding["code"] for finding in drill["findings"] if finding["fails"]]
    failing = [code for code in fails if code != "not-met"]
    # Each once, in the order in which they were found.
    return "fails: " + (", ".join(dict.fromkeys(failing)) or drill["ended"])


def verdict(text):
    return re.match("copes|fails|not met", text)[0]


def cells(logs, name):
    return {drill["scenario"]: cell(drill) for drill in load(Path(logs) / f"drill-{name}.json")}


def count(found):
    found = list(found)
    text = f"copes with {found.count('copes')} of {len(found)}"
    unmet = found.count("not met")
    return f"{text}, and did not meet {unmet}" if unmet else text


def page(logs, clients):
    columns = {name: cells(logs, name) for name, _ in clients}
    scenarios = dict.fromkeys(scenario for column in columns.values() for scenario in column)
    # A theme that is missing here is an error, and ends the program.
    ordered = sorted(scenarios, key=lambda scenario: (THEMES.index(scenario.split("/")[0]), scenario))
    yield HEAD
    heads = [f"[{name}](../tests/drills/{name}) {version}" for name, version in clients]
    yield "| scenario | " + " | ".join(heads) + " |"
    yield "|---" * (len(clients) + 1) + "|"
    for scenario in ordered:
        row = [columns[name].get(scenario, "-") for name, _ in clients]
        yield f"| [{scenario}](../scenarios/{scenario}.yaml) | " + " | ".join(row) + " |"
    yield ""
    for name, version in clients:
        yield f"- {name} {version} {count(columns[name].values())}."


def read(text):
    """The cells of a page: by client, by scenario."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| [")]
    head = next(line for line in text.splitlines() if line.startswith("| scenario "))
    names = re.findall(r"\[([^]]+)\]", head)
    scenarios = [re.match(r"\[([^]]+)\]", row[0])[1] for row in rows]
    return {
        name: {scenario: row[index] for scenario, row in zip(scenarios, rows)}
        for index, name in enumerate(names, start=1)
    }


def differing(written, logs, clients):
    known = read(Path(written).read_text())
    for name, _ in clients:
        now = cells(logs, name)
        strange = now.keys() ^ known.get(name, {}).keys()
        if strange:
            sys.exit(f"{written} has other scenarios than there are for {name}: {' '.join(sorted(strange))}")
        for scenario, text in now.items():
            said = verdict(known[name][scenario])
            if verdict(text) != said:
                yield f"{name} {scenario} {said.replace(' ', '-')}"


def main(command, *arguments):
    if command == "count":
        print(count([cell(drill) for drill in load(arguments[0])]))
        return
    if command == "cell":
        print(cell(load(arguments[0])[0]))
        return
    own = 1 if command == "differing" else 0
    logs = arguments[own]
    clients = [tuple(argument.split("=", 1)) for argument in arguments[own + 1 :]]
    lines = {"page": lambda: page(logs, clients), "differing": lambda: differing(arguments[0], logs, clients)}
    for line in lines[command]():
        print(line)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
