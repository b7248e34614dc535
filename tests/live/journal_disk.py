#!/usr/bin/env python3
"""journal_disk.py BIN CONFIG FOLDER SENDER FULL|REFUSED|FAULTS [CALLS]: a journal on a disk that is full or fails, under a running
daemon. Run in a mount namespace of its own, where FOLDER/small is made a file system of 4 MB.

FULL: filled and freed while forbidden frames come in; killed while it is full.
REFUSED: folders that must not be written: another daemon's, another user's, a newer version's.
FAULTS: every system call by which the journal is written fails at its Nth time, N up to CALLS, each time in a daemon of its own.
"""
import os
import shutil
import subprocess
import sys
import threading
import time

from journal_kit import Daemon, Receiver, committed, eve_sequences, journal_alerts, verified

binaries, config, folder, sender, part = sys.argv[1:6]
small = f"{folder}/small"
journal = f"{small}/journal"
filler = f"{small}/filler"
WAITING_MAX = 400  # of the configuration
FILES = ("", "/lock", "/head", "/holds", "/holds.new", "/journal.key", "/journal.key.new", "/journal.pub", "/journal.pub.new", "/cursor-eve",
         "/cursor-tcp", *(f"/alerts-{number:016}.skj" for number in range(1, 40)))
failures = 0


def check(sentence, good, more=""):
    global failures
    failures += not good
    print(f"{'ok   -' if good else 'FAIL -'} {sentence}{more}", flush=True)


def send(first, count, rate=400):
    subprocess.run(f"{sender} {first} {count} {rate}", shell=True, check=True)


def fill():
    with open(filler, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


class Watch(threading.Thread):
    """Asks for the status again and again: how long the answers took, and whether one ever called committed what is not on
    disk."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.daemon_, self.going, self.longest, self.refused, self.asked, self.false = daemon, True, 0.0, 0, 0, 0
        self.start()

    def run(self):
        while self.going:
            begin = time.monotonic()
            try:
                said = self.daemon_.status()["journal"]["last_sequence"]
                self.false += said > 0 and said > max((row[0] for row in journal_alerts(journal)), default=0)
            except (subprocess.SubprocessError, ValueError):
                self.refused += 1
            self.longest = max(self.longest, time.monotonic() - begin)
            self.asked += 1
            time.sleep(0.2)

    def end(self):
        self.going = False
        self.join()


def notices(kinds):
    """When each kind of line about the failing journal was told."""
    import json
    out = []
    for line in open(f"{folder}/eve.json", errors="replace"):
        try:
            ours = json.loads(line).get("sekimori", {})
        except ValueError:
            continue
        if ours.get("finding") == "JOURNAL-FAILING" and ours.get("kind") in kinds:
            out.append(ours)
    return out


def full_and_freed():
    receiver = Receiver()
    receiver.start()
    daemon = Daemon(binaries, config, folder)
    daemon.start()
    send(0, 100)
    daemon.until(lambda: daemon.status()["journal"]["committed"] >= 100, 10)
    watch = Watch(daemon)
    fill()
    began = time.monotonic()
    send(100, 300)
    check("full: JOURNAL-FAILING is raised", daemon.until(lambda: notices({"opened"}), 10), f" ({time.monotonic() - began:.1f} s after it was full)")
    waited = daemon.status()["journal"]
    send(400, 300)  # more than may wait
    time.sleep(1.5)
    full = daemon.status()["journal"]
    print(f"       full: added {full['added']}, committed {full['committed']}, waiting {full['waiting']}, lost {full['lost']}: {full.get('trouble', '')}")
    check("full: alerts wait in memory, no more than may", 0 < waited["waiting"] <= full["waiting"] <= WAITING_MAX)
    check("full: what memory cannot keep is counted", full["lost"] > 0 and full["added"] == full["committed"] + full["waiting"] + full["lost"])
    check("full: what is sent goes on", daemon.until(lambda: len(eve_sequences(f"{folder}/eve.json")[0]) >= full["added"] - 1, 10))
    os.unlink(filler)
    freed = time.monotonic()
    daemon.until(lambda: daemon.status()["journal"]["waiting"] == 0, 20)
    check("freed: all that waited is committed within 5 s", time.monotonic() - freed < 5, f" ({time.monotonic() - freed:.1f} s)")
    check("freed: JOURNAL-FAILING is closed", daemon.until(lambda: notices({"closed"}), 10))
    send(700, 50)
    daemon.until(lambda: daemon.status()["journal"]["waiting"] == 0 and daemon.behind() == 0, 20)
    watch.end()
    end = daemon.status()
    check("capture lost no frame", sum(tap["dropped_kernel"] for tap in end["taps"]) == 0)
    check("every question was answered", watch.refused == 0, f" ({watch.asked} of them, the longest took {watch.longest * 1000:.0f} ms)")
    check("nothing was called committed that was not on disk", watch.false == 0)
    kept = journal_alerts(journal)
    figures = end["journal"]
    eve, _ = eve_sequences(f"{folder}/eve.json")
    print(f"       generated {figures['added']} = on disk {len(kept)} + lost to the journal {figures['lost']}; delivered: "
          f"eve {len(set(eve))}, tcp {len(set(receiver.arrived) - {None})}")
    check("generated = on disk + lost", figures["added"] == len(kept) + figures["lost"] == figures["committed"] + figures["lost"])
    check("the file got every alert, the journal's lost ones as well", set(eve) >= set(range(1, figures["added"] + 1)))
    check("so did the receiver", set(receiver.arrived) >= set(range(1, figures["added"] + 1)))
    code, words = verified(binaries, journal)
    check("verify: the journal is whole, its loss is told in it", code == 0, f" ({words})")

    fill()
    send(750, 50)
    time.sleep(1.5)
    daemon.end()  # killed while the disk is full
    took = daemon.start()
    check("killed while full: starts on the full disk", took < 3000, f" ({took:.0f} ms)")
    send(1024, 20)
    check("killed while full: what comes is told", daemon.until(lambda: told_of('"src_ip":"100.64.4.') >= 20, 10))
    check("killed while full: what was committed is still there", {row[0] for row in kept} <= {row[0] for row in journal_alerts(journal)})
    os.unlink(filler)
    check("and freed: it commits again", daemon.until(lambda: daemon.status()["journal"]["waiting"] == 0, 10))
    check("SIGTERM ends it with 0", daemon.end(15) == 0)
    code, words = verified(binaries, journal)
    check("verify: whole", code == 0, f" ({words})")


def torn():
    """A journal as a power cut leaves it: its last record is there in part."""
    daemon = Daemon(binaries, config, folder, "faults.log")
    daemon.start()
    send(200, 5, 200)
    daemon.until(lambda: daemon.status()["journal"]["committed"] >= 5 and daemon.behind() == 0, 10)
    daemon.end(15)
    newest = max(name for name in os.listdir(journal) if name.startswith("alerts-"))
    with open(f"{journal}/{newest}", "ab") as file:
        file.write(b"\xf5SKJ" + b"\x40\x01\0\0" + b"half a frame")


def fault(call, error, number):
    """One run in which the call fails at its `number`th time in each thread, and a healthy one after it."""
    shutil.rmtree(journal, ignore_errors=True)
    if os.path.exists(f"{folder}/eve.json"):
        os.unlink(f"{folder}/eve.json")
    if call == "ftruncate":  # only a torn end is cut back by a daemon whose disk is well otherwise
        torn()
    trace = f"{folder}/strace.out"
    # Of the journal's files alone: a program without its libraries does not start.
    paths = [word for name in FILES for word in ("-P", f"{journal}{name}")]
    wrap = ("strace", "-f", "-qq", *paths, "-e", "trace=" + call, "-e", f"inject={call}:error={error}:when={number}", "-o", trace)
    daemon = Daemon(binaries, config, folder, "faults.log", wrap)
    false = 0
    try:
        daemon.start(10)
        started = True
    except (TimeoutError, BlockingIOError):
        started = False
    answered = added = 0
    if started:
        send(0, 12, 200)
        time.sleep(0.3)
        try:
            figures = daemon.status()["journal"]
            answered, added = 1, figures.get("added", 0)
            on_disk = max((row[0] for row in journal_alerts(journal)), default=0) if os.path.isdir(journal) else 0
            false += figures.get("last_sequence", 0) > on_disk
        except (subprocess.SubprocessError, OSError, ValueError):
            answered = 0
    child = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], stdout=subprocess.PIPE).stdout.split()
    for pid in child:
        os.kill(int(pid), 15 if started else 9)
    code = daemon.process.wait(30)
    promised = committed(journal) if os.path.isdir(journal) else 0
    hit = open(trace, errors="replace").read().count("(INJECTED)")
    clean = Daemon(binaries, config, folder, "faults.log")
    clean.start()
    send(100, 3, 200)
    drained = clean.until(lambda: clean.status()["journal"]["committed"] > 0 and clean.behind() == 0, 10)
    clean.end(15)
    kept = {row[0] for row in journal_alerts(journal)}
    told, _ = eve_sequences(f"{folder}/eve.json")
    proof, words = verified(binaries, journal)
    false += promised > max(kept, default=0)
    crashed = code < 0 or code >= 128
    missing = len(kept - set(told))
    good = not crashed and not false and drained and missing == 0 and proof == 0 and (not started or answered)
    if not good:
        print(f"       {call} {error} at {number}: exit {code}, started {started}, answered {answered}, promised {promised}, kept {len(kept)}, "
              f"missing {missing}, drained {drained}, verify {proof} {words}")
    return {"hit": hit, "started": started, "crashed": crashed, "false": false, "missing": missing, "good": good}


def log_says(words, name="sensor.log"):
    return words in open(f"{folder}/{name}", errors="replace").read()


def told_of(sources):
    return sum(1 for line in open(f"{folder}/eve.json", errors="replace") if sources in line and '"opened"' in line)


def refused():
    receiver = Receiver()
    receiver.start()
    first = Daemon(binaries, config, folder)
    first.start()
    send(0, 20)
    first.until(lambda: first.status()["journal"]["committed"] >= 20, 10)

    second_folder = f"{folder}/second"
    os.makedirs(second_folder, exist_ok=True)
    second_config = f"{second_folder}/sensor.yaml"
    with open(second_config, "w") as file:
        file.write(open(config).read().replace(f"{folder}/eve.json", f"{second_folder}/eve.json").replace(f"{folder}/control.sock", f"{second_folder}/control.sock"))
    second = Daemon(binaries, second_config, second_folder)
    second.start()
    send(20, 20)
    trouble = second.status()["journal"].get("trouble", "")
    check("a second daemon on the folder: it says so and watches on", "別のプロセスが使用中" in trouble, f" ({trouble})")
    check("it tells what it sees, without a journal", second.until(
        lambda: sum('"opened"' in line for line in open(f"{second_folder}/eve.json", errors="replace")) >= 20, 10))
    check("the first one commits on", first.until(lambda: first.status()["journal"]["committed"] >= 40, 10))
    second.end(15)
    check("SIGTERM ends the first with 0", first.end(15) == 0)
    before = journal_alerts(journal)

    try:
        os.chown(journal, 4321, 4321)
        given = True
    except OSError as error:  # a user namespace with one user in it
        given = print(f"       no other user to give the folder to: {error}")
    if given:
        first.start()
        trouble = first.status()["journal"].get("trouble", "")
        check("a folder of another user: refused, with both users named", "4321" in trouble and "UID 0" in trouble, f" ({trouble})")
        send(256, 5)
        check("and what comes is told all the same", first.until(lambda: told_of('"src_ip":"100.64.1.') >= 5, 10))
        first.end(15)
        os.chown(journal, 0, 0)

    newest = max(name for name in os.listdir(journal) if name.startswith("alerts-"))
    with open(f"{journal}/{newest}", "r+b") as file:
        file.seek(7)
        file.write(b"2")
    content = {name: open(f"{journal}/{name}", "rb").read() for name in os.listdir(journal)}
    first.start()
    trouble = first.status()["journal"].get("trouble", "")
    check("a journal of a newer format: refused", "より新しい形式" in trouble, f" ({trouble})")
    first.end(15)
    check("and nothing in it is touched", content == {name: open(f"{journal}/{name}", "rb").read() for name in os.listdir(journal)})
    code, words = verified(binaries, journal)
    check("verify says that it is newer", code == 1 and "newer format" in words, f" ({words})")
    with open(f"{journal}/{newest}", "r+b") as file:
        file.seek(7)
        file.write(b"1")
    first.start()
    check("set right, it goes on where it was", journal_alerts(journal)[:len(before)] == before and not first.status()["journal"].get("trouble"))
    check("SIGTERM ends it with 0", first.end(15) == 0)
    code, words = verified(binaries, journal)
    check("verify: whole", code == 0, f" ({words})")


def every_call_fails(calls):
    receiver = Receiver()
    receiver.start()
    plan = [("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("ftruncate", "EIO"), ("fsync", "EIO"), ("openat", "EIO"),
            ("unlink", "EIO"), ("rename", "EIO")]
    print(f"{'call':10} {'error':7}{'runs':>5}{'hit':>5}{'no start':>10}{'crashed':>9}{'false committed':>17}{'missing':>9}")
    for call, error in plan:
        rows = [fault(call, error, number) for number in range(1, calls + 1)]
        total = {name: sum(bool(row[name]) if name == "hit" else row[name] for row in rows) for name in ("hit", "crashed", "false", "missing")}
        print(f"{call:10} {error:7}{len(rows):5}{total['hit']:5}{sum(not row['started'] for row in rows):10}{total['crashed']:9}{total['false']:17}"
              f"{total['missing']:9}", flush=True)
        if call == "ftruncate":
            check("ftruncate: the torn end was cut back, and that failed", rows[0]["hit"] > 0)
        check(f"{call} {error}: no fault, nothing falsely committed, nothing missing", all(row["good"] for row in rows))


os.makedirs(small, exist_ok=True)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", small], check=True)
if part == "FULL":
    full_and_freed()
elif part == "REFUSED":
    refused()
else:
    every_call_fails(int(sys.argv[6]))
sys.exit(1 if failures else 0)
