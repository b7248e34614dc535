#!/usr/bin/env python3
"""tidy.py ROOT BUILD [--whole]: clang-tidy 14 over the project's own sources (the tests left out), as compiled in BUILD.

Every check of .clang-tidy, the static analyzer among them, is for the rooms that read what comes from the wire. The
analyzer is four fifths of the time and is left out where a policy is made and proved, whose input is a checked
configuration. Elsewhere, where Boost and yaml-cpp are included, every check takes up to a minute a source, nearly all of it
spent in those headers: there a short list is asked. --whole asks everything of everything.

A source that passed is not looked at again until it, a header of the project that it includes, or .clang-tidy changes:
what passed is remembered by content in BUILD/tidy/.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
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


def sources():
    for entry in json.loads(commands.read_text()):
        path = pathlib.Path(entry["file"])
        inside = path.is_relative_to(root) and not path.is_relative_to(build)
        if inside and path.relative_to(root).parts[0] != "tests" and path.exists():
            yield path, entry.get("output", "")


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


def tidy(path):
    began = time.monotonic()
    run = subprocess.run(
        ["clang-tidy-14", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", *checks(path), str(path)],
        capture_output=True, text=True, cwd=root)
    return run.returncode, run.stdout or run.stderr, time.monotonic() - began


passed = build / "tidy"
passed.mkdir(exist_ok=True)
deps = headers_by_object()
work = []
everything = dict(sources())
for path, output in everything.items():
    mark = passed / (str(path.relative_to(root)).replace("/", "-") + ".sha256")
    now = digest([path] + [d for d in deps.get(output, []) if d.exists() and not d.is_relative_to(build)])
    if not mark.exists() or mark.read_text() != now:
        work.append((path, mark, now))
if len(everything) < 10:
    sys.exit(f"only {len(everything)} sources in {commands}: wrong folder?")

failed = 0
# The long ones first, so that they do not come last alone.
work.sort(key=lambda item: -item[0].stat().st_size)
with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
    for (path, mark, now), (code, output, seconds) in zip(work, pool.map(lambda item: tidy(item[0]), work)):
        if code == 0:
            mark.write_text(now)
        else:
            failed += 1
            print(output)
        print(f"{'ok  ' if code == 0 else 'FAIL'} {seconds:5.1f} s {path.relative_to(root)}")
print(f"{len(everything)} sources: {len(work)} looked at, {len(everything) - len(work)} known, {failed} with faults")
sys.exit(1 if failed else 0)
