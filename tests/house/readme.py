#!/usr/bin/env python3
"""readme.py ROOT SEKIMORI [--write]: the output that README.md shows is what the program says today.

Each command in a block that begins with "$ build/release/bin/sekimori" is run; what follows it in the block has to be its
output. A line "..." stands for left-out lines. --write puts today's output in: for the long one the lines chosen below.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

root, program = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
readme = root / "README.md"
text = readme.read_text()

# The lines of the long output that tell a newcomer most: words that must all be in the line.
CHOSEN = [("notice exception",), ("warning opened", "10.10.21.34"), ("alert escalated", "10.10.21.34", "データ転送あり"),
          ("【例外措置期限切れ】", "warning opened"), ("warning sweep",)]
BLOCK = re.compile(r"```\n\$ build/release/bin/sekimori ([^\n]*)\n(.*?)```\n", re.S)


def run(arguments):
    """Output of the tool in the root, Japanese, messages after results; my-city.yaml is the README's own."""
    city = re.search(r"```yaml\n(.*?)```\n", text, re.S).group(1)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "my-city.yaml").write_text(city)
        for name in ("config", "policy"):
            (pathlib.Path(folder) / name).symlink_to(root / name)
        told = subprocess.run([program, *arguments.split(), "--lang", "ja"], cwd=folder, capture_output=True, text=True)
    # The one thing that differs between two runs: the time of the question.
    return re.sub(r"(日時 +)\S+", r"\g<1>2026-11-21T09:00:00+09:00", told.stdout + told.stderr).rstrip("\n")


def shown(output):
    lines = output.split("\n")
    if len(lines) < 50:
        return output
    table = next(i for i, line in enumerate(lines) if line.startswith("発信側＼"))
    first = []
    for words in CHOSEN:
        first += [next(line for line in lines[:table] if all(word in line for word in words)), "..."]
    return "\n".join(first + [""] + [line for line in lines[table:] if line])


faults = []
count = 0


def replace(match):
    global count
    arguments, old = match.group(1), match.group(2).rstrip("\n")
    if "FILE.pcap" in arguments:
        return match.group(0)
    count += 1
    new = shown(run(arguments))
    if old != new:
        faults.append(f"sekimori {arguments}: README shows\n{old}\nand the program says\n{new}")
    return f"```\n$ build/release/bin/sekimori {arguments}\n{new}\n```\n"


written = BLOCK.sub(replace, text)
if "--write" in sys.argv:
    readme.write_text(written)
    print(f"{count} outputs written")
    sys.exit(0)
for fault in faults:
    print(fault)
print(f"{count} outputs, {len(faults)} differ (tests/house/readme.py ROOT SEKIMORI --write puts today's in)")
sys.exit(1 if faults or count < 3 else 0)
