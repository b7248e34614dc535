#!/usr/bin/env bash
# tests/coverage.sh: which lines of the packet path (capture/decode, capture/flow) the tests of that floor run, fuzz
# replays among them. Prints each file's share and the lines left out; exit 1 when less than 95 % of all are run.
# Needs nothing but the compiler's own gcov. Builds into build/coverage.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../tools/house.sh"
least=95
cd "$root"
cmake --preset coverage >/dev/null
cmake --build --preset coverage >&2
build=$root/build/coverage
find "$build" -name '*.gcda' -delete
export GTEST_BRIEF=1
"$build/bin/capture_tests" >&2 || echo "some tests fail: their lines count all the same" >&2
"$build/bin/decode_replay" 500 100 >&2
"$build/bin/capture_file_replay" 20 10 >&2
"$build/bin/fragments_replay" 50 20 >&2
"$build/bin/flow_model_replay" 20 5 >&2
python3 - "$root" "$build" "$least" <<'PYTHON'
import collections, json, pathlib, subprocess, sys

root, build, least = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), float(sys.argv[3])
lines = collections.defaultdict(lambda: collections.defaultdict(int))  # file -> line -> times run
notes = sorted(str(path) for path in build.rglob("*.gcda") if path.with_suffix(".gcno").exists())
for first in range(0, len(notes), 16):
    said = subprocess.run(["gcov", "--json-format", "--stdout", *notes[first:first + 16]], cwd=build,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    for part in said.splitlines():
        for file in json.loads(part)["files"]:
            path = pathlib.Path(file["file"])
            path = (path if path.is_absolute() else build / path).resolve()
            if not path.is_relative_to(root) or path.is_relative_to(build):
                continue
            name = str(path.relative_to(root))
            if name.startswith(("capture/decode/", "capture/flow/")):
                for line in file["lines"]:
                    lines[name][line["line_number"]] += line["count"]

def spans(numbers):
    """[3, 4, 5, 9] -> "3-5 9"."""
    result = []
    for number in numbers:
        if result and number == result[-1][1] + 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in result)

all_lines = all_run = 0
print("run\tlines\tshare\tfile\tnot run")
for name in sorted(lines):
    run = sum(1 for count in lines[name].values() if count)
    all_lines, all_run = all_lines + len(lines[name]), all_run + run
    left = sorted(line for line, count in lines[name].items() if not count)
    print(f"{run}\t{len(lines[name])}\t{100 * run / len(lines[name]):.1f} %\t{name}\t{spans(left)}")
# Every source has to be there: a file that no test links would be left out of the sum otherwise.
missing = [str(path.relative_to(root)) for folder in ("decode", "flow")
           for path in (root / "capture" / folder).glob("*.cpp") if str(path.relative_to(root)) not in lines]
share = 100 * all_run / all_lines if all_lines else 0
print(f"{all_run}\t{all_lines}\t{share:.1f} %\tall")
for name in missing:
    print(f"no figures for {name}", file=sys.stderr)
sys.exit(0 if share >= least and not missing else 1)
PYTHON
