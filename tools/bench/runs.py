"""What the measuring scripts share: programs run in turn, what they cost, and ratios of medians.

A time by itself says little on a machine that others share, so every script compares things that ran in the same
round: round 1 runs A, B, C, round 2 runs A, B, C... and what is printed are ratios of the medians.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import city

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Place:
    """Where programs are, where inputs lie (memory-backed if possible), and how often to run."""

    def __init__(self, chosen):
        self.programs = pathlib.Path(chosen.build).resolve() / "bin"
        self.runs = chosen.runs
        self.packets = chosen.packets
        self.keep = chosen.inputs is not None
        shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.folder = pathlib.Path(chosen.inputs or tempfile.mkdtemp(prefix="sekimori-bench.", dir=shared))
        self.folder.mkdir(parents=True, exist_ok=True)
        for program in ("sekimori", "sekimori-bench-traffic"):
            if not (self.programs / program).exists():
                sys.exit(f"{self.programs / program} is not there: cmake --build --preset release --target bench")

    def program(self, name):
        return str(self.programs / name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def traffic(self, name, *words, packets=None):
        """The capture file of that name and the truth about it; made unless an earlier run made the same."""
        path = self.folder / f"{name}.pcap"
        note = self.folder / f"{name}.json"
        words = [str(word) for word in words] + ["--packets", str(packets or self.packets)]
        if note.exists() and path.exists():
            known = json.loads(note.read_text())
            if known["words"] == words:
                return str(path), known["truth"]
        made = subprocess.run([self.program("sekimori-bench-traffic"), *words, str(path)],
                              capture_output=True, text=True, check=True)
        truth = json.loads(made.stdout)
        note.write_text(json.dumps({"words": words, "truth": truth}))
        return str(path), truth

    def drop(self, path):
        """Room for the next one: these files are large."""
        if not self.keep:
            os.remove(path)

    def city(self, name="city", **how):
        flows = how.pop("flows_max", 1_000_000)
        return str(city.make(self.folder / name, settings=[f"flows: {{max: {flows}}}"], **how))

    def replay(self, config, capture, *more):
        return [self.program("sekimori"), "replay", "--lang", "en", "--config", config, *(more or ("--emit", "stats")),
                "--json", capture]


def place(description, packets=10_000_000, extra=None):
    arguments = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", default=ROOT / "build" / "release", help="the release's build folder")
    arguments.add_argument("--inputs", help="folder for inputs, which then stay; default: a temporary one")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--packets", type=int, default=packets)
    if extra:
        extra(arguments)
    chosen = arguments.parse_args()
    return Place(chosen), chosen


class Run:
    """One program from start to end: seconds, processor seconds, peak resident octets, what it printed."""

    def __init__(self, command, codes=(0,)):
        with tempfile.TemporaryFile() as out:
            begin = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            _, status, used = os.wait4(process.pid, 0)
            self.wall = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            self.text = out.read().decode(errors="replace")
        self.cpu = used.ru_utime + used.ru_stime
        self.peak = used.ru_maxrss * 1024
        self.code = process.returncode
        if codes is not None and self.code not in codes:
            sys.exit(f"{' '.join(command)}\nended with {self.code}:\n{self.text[-2000:]}")

    def event(self, kind):
        """Of sekimori's JSON lines."""
        for line in self.text.splitlines():
            if line.startswith("{"):
                event = json.loads(line)
                if event.get("event_type") == kind:
                    return event
        sys.exit(f"no {kind} in:\n{self.text[-2000:]}")


def in_turn(commands, runs, codes=(0, 3)):
    """{name: [Run, ...]} of {name: command}, one of each a round. Exit code 3 of sekimori: something was forbidden."""
    for name, command in commands.items():
        print(f"  {name}: {' '.join(map(str, command))}")
    results = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            results[name].append(Run(command, codes))
    return results


def median(results, what="cpu"):
    return statistics.median(getattr(run, what) for run in results)


def spread(results, what="cpu"):
    values = [getattr(run, what) for run in results]
    return f"{min(values) / statistics.median(values):.2f}..{max(values) / statistics.median(values):.2f}"


def check_truth(run, truth, what):
    """Packets, bytes and flows equal the truth, and the books close; else this measured something else."""
    stats = run.event("stats")["stats"]
    found = {"packets": stats["packets_read"], "bytes": stats["bytes_read"], "flows": stats["flows_opened"]}
    if found != truth or not stats["closes"] or stats["in_flows"] != truth["packets"]:
        sys.exit(f"{what}: told {found}, true {truth}, closes: {stats['closes']}")
    print(f"  exact: {truth['packets']:,} packets, {truth['bytes']:,} bytes, {truth['flows']:,} flows; books close")


def verdict(label, value, must=None, aim=None, unit="x", at_least=True):
    """One line of the result: the figure, and whether it is what it has to be."""
    def reached(limit):
        return value >= limit if at_least else value <= limit
    sign = ">=" if at_least else "<="
    words = ""
    if must is not None:
        words = f"   must {sign} {must:g}{unit}: {'yes' if reached(must) else 'NO'}"
    if aim is not None:
        words += f", aim {sign} {aim:g}{unit}: {'yes' if reached(aim) else 'no'}"
    print(f"{label:58} {value:9.3f}{unit}{words}", flush=True)
