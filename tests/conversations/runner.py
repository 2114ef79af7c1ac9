"""runner.py [-v] [--list] [NAME...]: records conversations, replays them, and compares. `run` starts it.

Exit code 1 if a conversation comes out otherwise than open.txt says.
"""
import argparse
import concurrent.futures
import difflib
import os
import shutil
import signal
import sys
import time

import backends
from client import conversations
from leaks import leaks
from processes import Failed, Process, output_of, stop_all

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.environ["CONVERSATIONS_WORK"]
STANDIN = os.environ["STANDIN"]
AT_ONCE = 4
CLIENT_SECONDS = 60


def play(name, base, side):
    """Runs the client of a conversation: its exit code, and what it printed, without the address."""
    scratch = fresh(os.path.join(WORK, "scratch", f"{name}-{side}"))
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    environment.update(HOME=scratch, TMPDIR=scratch, PYTHONPATH=HERE, PYTHONUNBUFFERED="1")
    command = [sys.executable, "-m", "client", name, base]
    code, output = output_of(command, CLIENT_SECONDS, cwd=scratch, env=environment)
    shutil.rmtree(scratch, ignore_errors=True)
    return code, output.replace(base, "BASE").replace(base.partition("://")[2], "HOST")


def fresh(folder):
    """Makes the folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def record_and_replay(name):
    """Plays a conversation with its backend and without: both outputs, and what is wrong."""
    conversation = conversations[name]
    recording = os.path.join(WORK, "recordings", name)
    shutil.rmtree(recording, ignore_errors=True)
    logs = fresh(os.path.join(WORK, "logs", name))
    listen = ["--listen", "127.0.0.1:0", *conversation.listen]
    wrong = []
    with backends.start(conversation.backend, fresh(os.path.join(WORK, "backends", name))) as backend:
        command = [STANDIN, "record", "--upstream", backend.url, "--to", recording, "--upstream-insecure",
                   "--grace", str(CLIENT_SECONDS), *listen]
        with Process(command, os.path.join(logs, "record.log")) as recorder:
            code, live = play(name, recorder.wait_for_url(), "live")
            if code != 0:
                wrong.append("the client fails while recording")
            stopped = recorder.stop()
            if stopped != 0:
                wrong.append(f"the recorder ends with code {stopped}")
    code, report = output_of([STANDIN, "check", recording], CLIENT_SECONDS)
    if code != 0:
        wrong.append(f"the recording does not load: {report.strip()[:400]}")
    wrong.extend(f"a secret is in the recording: {leak}" for leak in leaks(recording)[:5])
    with Process([STANDIN, "serve", "--fixtures", recording, *listen], os.path.join(logs, "replay.log")) as server:
        _, replayed = play(name, server.wait_for_url(), "replay")
    if replayed != live:
        wrong.append("the replay differs")
    return live, replayed, wrong


def attempt(name):
    """The same with the time it took; a failure around the conversation is its result."""
    start = time.monotonic()
    try:
        live, replayed, wrong = record_and_replay(name)
    except Failed as failure:
        live, replayed, wrong = "", "", [str(failure)]
    return live, replayed, wrong, time.monotonic() - start


def open_conversations():
    """Those that are known to come out otherwise: name and reason, from open.txt."""
    known = {}
    with open(os.path.join(HERE, "open.txt")) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, _, reason = line.strip().partition(" ")
                known[name] = reason.strip()
    return known


def show(name, live, replayed, wrong, whole):
    """Prints what is wrong with a conversation, with the lines that differ, or with both sides."""
    for problem in wrong:
        print(f"    {problem}")
    if whole or (wrong and live == replayed):
        print("    live:   " + live.strip().replace("\n", "\n            "))
    if whole:
        print("    replay: " + replayed.strip().replace("\n", "\n            "))
    elif live != replayed:
        for line in difflib.unified_diff(live.splitlines(), replayed.splitlines(), "live", "replay", n=0, lineterm=""):
            print("    " + line[:400])


def end(*_):
    """Ends the run early, with all that it started."""
    stop_all()
    os._exit(130)


def main():
    arguments = argparse.ArgumentParser(prog="tests/conversations/run")
    arguments.add_argument("names", nargs="*", metavar="NAME")
    arguments.add_argument("-v", action="store_true", help="print both sides of each conversation")
    arguments.add_argument("--list", action="store_true", help="print the names, with their backends")
    options = arguments.parse_args()
    if options.list:
        for name, conversation in conversations.items():
            print(f"{name:<28} {conversation.backend:<14} {conversation.about}")
        return 0
    unknown = [name for name in options.names if name not in conversations]
    known = open_conversations()
    unknown.extend(name for name in known if name not in conversations)
    if unknown:
        print(f"no conversation named {', '.join(unknown)}; --list prints the names", file=sys.stderr)
        return 2
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    backends.prepare(WORK)
    names = options.names or list(conversations)
    start, unexpected, same = time.monotonic(), [], 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for name, result in zip(names, pool.map(attempt, names)):
            live, replayed, wrong, seconds = result
            verdict = ("open" if name in known else "FAILS") if wrong else ("PASSES" if name in known else "same")
            if verdict == "FAILS":
                # Alone: a busy machine changes the pauses of a stream, and who comes first.
                again = attempt(name)
                if not again[2]:
                    live, replayed, wrong, seconds = again
                    verdict = "same"
                    print(f"{name}: came out the same when it ran again")
            same += not wrong
            print(f"{name:<28} {verdict:<7} {seconds:5.1f} s  {known.get(name, '')}", flush=True)
            if verdict in ("FAILS", "PASSES"):
                unexpected.append(name)
            if verdict == "FAILS" or options.v:
                show(name, live, replayed, wrong, options.v)
            if verdict == "PASSES":
                print("    it comes out the same now: remove it from open.txt")
    print(f"{same} of {len(names)} replay the same, in {time.monotonic() - start:.0f} s")
    if unexpected:
        print(f"not as open.txt says: {' '.join(unexpected)}; logs and recordings are in {WORK}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
