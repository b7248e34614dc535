#!/usr/bin/env bash
# tools/bench/stages.sh [--all] [--build FOLDER] [BENCHMARK-ARGUMENT...]: what each stage of the packet path costs.
# Runs sekimori-bench, each stage five times, and prints medians and how they
# grow. Without --all the ten-million-flow sizes, which take gigabytes, are left out.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
build=$here/../../build/release
most=1000000
while [ $# -gt 0 ]; do
  case $1 in
    --all) most=10000000 ;;
    --build) build=$2; shift ;;
    *) break ;;
  esac
  shift
done
program=$build/bin/sekimori-bench
[ -x "$program" ] || { echo "$program is not there: cmake --build --preset release --target bench" >&2; exit 2; }

out=$(mktemp "${TMPDIR:-/tmp}/sekimori-stages.XXXXXX")
trap 'rm -f "$out"' EXIT
filter='.'
[ "$most" = 10000000 ] || filter='-/10000000/'
"$program" --benchmark_filter="$filter" --benchmark_repetitions=5 --benchmark_min_time=0.2 \
  --benchmark_format=json --benchmark_out_format=json "$@" >"$out"

python3 - "$out" <<'PYTHON'
import collections, json, statistics, sys

values, counters = collections.OrderedDict(), {}
for run in json.load(open(sys.argv[1]))["benchmarks"]:
    if run.get("run_type") != "iteration":
        continue
    name = run["run_name"].replace("/manual_time", "").replace("/real_time", "")
    if run.get("error_occurred"):
        sys.exit(f"{name}: {run['error_message']}")
    values.setdefault(name, []).append(1e9 / run["items_per_second"])
    counters[name] = {key: run[key] for key in ("bytes_a_flow", "lines", "lines_max", "looks_max", "refused") if key in run}
median = {name: statistics.median(times) for name, times in values.items()}
print(f"{'stage':44} {'ns':>8} {'spread':>11}  beside")
for name, times in values.items():
    beside = ", ".join(f"{key} {value:.4g}" for key, value in counters[name].items())
    print(f"{name:44} {median[name]:8.1f} {min(times) / median[name]:5.2f}-{max(times) / median[name]:.2f}  {beside}")
print("\ngrowth")
for name in median:
    stage, _, size = name.rpartition("/")
    for low, high in (("10000", "1000000"), ("1000000", "10000000"), ("10", "100000")):
        if size == high and f"{stage}/{low}" in median:
            print(f"{stage:34} {int(low):>10,} -> {int(high):>10,} {median[name] / median[f'{stage}/{low}']:8.2f}x")
print("\nbeside library tables (above 1: the library takes longer)")
for name in median:
    parts = name.split("/")
    if parts[0] == "library" and parts[1] != "ours":
        ours = median.get("/".join(["library", "ours", *parts[2:]]))
        if ours:
            print(f"{parts[1]:20} {parts[2]:7} {int(parts[3]):>12,} {median[name] / ours:8.2f}x")
PYTHON
