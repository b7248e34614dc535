#!/usr/bin/env python3
"""tidy.py ROOT BUILD [--whole]: clang-tidy 14 over the project's own sources (the tests left out), as compiled in BUILD.

Every check of .clang-tidy, the static analyzer among them, is for the rooms that read what comes from the wire. The
analyzer is four fifths of the time and is left out where a policy is made and proved, whose input is a checked
configuration. Elsewhere, where Boost and yaml-cpp are included, every check takes up to a minute a source, nearly all of it
spent in those headers: there a short list is asked. --whole asks everything of everything.

Sources that BUILD compiles as one (SEKIMORI_UNITY) are joined, but for the analyzer, one text after the other, so that the
headers are read once; as parts of one text they are all the "main file", which some checks keep to. What is said of the
text is told by source and line.

A source that passed is not looked at again until it, one it is joined with, a header of the project that it includes, or
.clang-tidy changes: what passed is remembered by content in BUILD/tidy/.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ask_whole = sys.argv[3:] == ["--whole"]
root, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
if not shutil.which("clang-tidy-14"):
    print("SKIPPED: no clang-tidy-14 (tools/test.sh installs it)")
    sys.exit(77)
commands = build / "compile_commands.json"
if not commands.exists():
    print(f"SKIPPED: no {commands} (configure with a preset)")
    sys.exit(77)


WHOLE = ("capture/", "policy/policy.cpp", "policy/matrix.cpp", "policy/segment_map.cpp", "policy/text/")
NOT_ANALYZED = ("policy/",)
SHORT = ("-*,bugprone-use-after-move,bugprone-dangling-handle,bugprone-unused-raii,bugprone-infinite-loop,"
         "bugprone-sizeof-expression,bugprone-undelegated-constructor,bugprone-virtual-near-miss,cert-err34-c,"
         "misc-unused-alias-decls,modernize-use-override,performance-for-range-copy,performance-move-const-arg,"
         "performance-unnecessary-copy-initialization,readability-misleading-indentation")


def checks(path):
    name = str(path.relative_to(root))
    if ask_whole or name.startswith(WHOLE):
        return []
    return ["--checks=-clang-analyzer-*"] if name.startswith(NOT_ANALYZED) else [f"--checks={SHORT}"]


class Text:
    """What one clang-tidy reads: a source, or several joined."""

    def __init__(self, entry, paths, joined):
        words = shlex.split(entry["command"])
        self.paths, self.output = paths, words[words.index("-o") + 1]
        self.name = " ".join(str(path.relative_to(root)) for path in paths)
        self.mark = passed / (str(paths[0].relative_to(root)).replace("/", "-") + ".sha256")
        self.file = passed / (self.output.replace("/", "-") + ".cpp") if joined else paths[0]
        if joined:
            self.file.write_text("".join(path.read_text() for path in paths))
        self.command = {"directory": entry["directory"], "file": str(self.file),
                        "arguments": [str(self.file) if word == entry["file"] else word for word in words]}

    def size(self):
        return sum(path.stat().st_size for path in self.paths)

    def told(self, said):
        """The places in a joined text as places in its sources."""

        def place(found):
            line = int(found[1])
            for path in self.paths:
                lines = path.read_text().count("\n")
                if line <= lines:
                    return f"{path}:{line}:"
                line -= lines
            return found[0]

        return re.sub(re.escape(str(self.file)) + r":(\d+):", place, said) if len(self.paths) > 1 else said


def texts():
    seen = set()
    for entry in json.loads(commands.read_text()):
        source = pathlib.Path(entry["file"])
        joint = "/Unity/" in entry["file"] and source.is_relative_to(build)
        parts = re.findall(r'^#include "(.*)"$', source.read_text(), re.MULTILINE) if joint else [entry["file"]]
        mine = []
        for path in map(pathlib.Path, parts):
            inside = path.is_relative_to(root) and not path.is_relative_to(build)
            if inside and path.relative_to(root).parts[0] != "tests" and path.exists() and path not in seen:
                seen.add(path)
                mine.append(path)
        # What one compiler reads is of one folder: all of it is asked the same, but for what is asked everything.
        together = [path for path in mine if checks(path)] if joint else []
        if together:
            yield Text(entry, together, True)
        for path in mine:
            if path not in together:
                yield Text(entry, [path], False)


def headers_by_object():
    """The project's files that each object was made from, as Ninja wrote them down at the last build."""
    told = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True).stdout
    deps, current = {}, None
    for line in told.splitlines():
        if line.startswith("    "):
            path = (build / line.strip()).resolve()
            if path.is_relative_to(root):
                deps[current].append(path)
        elif ":" in line:
            current = line.split(":")[0]
            deps[current] = []
    return deps


def digest(paths):
    total = hashlib.sha256((root / ".clang-tidy").read_bytes() + repr((SHORT, WHOLE, NOT_ANALYZED, ask_whole)).encode())
    for path in sorted(set(paths)):
        total.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def tidy(text):
    began = time.monotonic()
    run = subprocess.run(
        ["clang-tidy-14", "--quiet", "-p", str(passed), f"--config-file={root / '.clang-tidy'}",
         "--extra-arg=-Wno-unknown-warning-option", *checks(text.paths[0]), str(text.file)],
        capture_output=True, text=True, cwd=root)
    return run.returncode, text.told(run.stdout or run.stderr), time.monotonic() - began


passed = build / "tidy"
passed.mkdir(exist_ok=True)
deps = headers_by_object()
work = []
everything = list(texts())
for text in everything:
    # Of the other sources in the same object nothing is read.
    headers = [d for d in deps.get(text.output, []) if d.exists() and not d.is_relative_to(build) and d.suffix != ".cpp"]
    now = digest(text.paths + headers)
    if not text.mark.exists() or text.mark.read_text() != now:
        work.append((text, now))
(passed / "compile_commands.json").write_text(json.dumps([text.command for text in everything]))
looked_at = {path for text in everything for path in text.paths}
# The measuring programs are built where they are asked for.
unseen = [path for room in ("capture", "policy", "config", "daemon", "tools") for path in sorted((root / room).rglob("*.cpp"))
          if path not in looked_at and not path.is_relative_to(root / "tools/bench")]
if unseen:
    sys.exit(f"{commands} does not have these: {' '.join(str(path.relative_to(root)) for path in unseen)}")

failed = 0
# The long ones first, so that they do not come last alone.
work.sort(key=lambda item: -item[0].size())
with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
    for (text, now), (code, said, seconds) in zip(work, pool.map(lambda item: tidy(item[0]), work)):
        if code == 0:
            text.mark.write_text(now)
        else:
            failed += 1
            print(said)
        print(f"{'ok  ' if code == 0 else 'FAIL'} {seconds:5.1f} s {text.name}")
new = sum(len(text.paths) for text, _ in work)
print(f"{len(looked_at)} sources: {new} looked at, {len(looked_at) - new} known, {failed} texts with faults")
sys.exit(1 if failed else 0)
