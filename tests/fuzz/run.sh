#!/usr/bin/env bash
# tests/fuzz/run.sh [SECONDS [TARGET...]]: every fuzz target under libFuzzer for so long (60), two at a time, or
# FUZZ_JOBS at a time; prints for each what was executed, what it covers, and faults. What it found interesting stays
# in build/fuzz/corpus/TARGET and is where the next run begins; inputs with a fault stay in build/fuzz/faults/.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../../tools/house.sh"
seconds=${1:-60}
targets=("${@:2}")
[ "${#targets[@]}" -gt 0 ] || targets=(decode capture_file fragments flow_model engine config control)
packages_install "${packages_build[@]}" libgtest-dev clang-14 libclang-rt-14-dev >&2
cd "$root"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz >&2
out=$root/build/fuzz

one() {
  local target=$1 corpus=$out/corpus/$1 seeds=$out/seeds/$1 longest=16384
  case $target in fragments | flow_model) longest=4096 ;; esac  # some 500 operations
  mkdir -p "$corpus" "$seeds" "$out/faults" "$out/logs"
  SEKIMORI_SEEDS=$seeds "$out/bin/${target}_replay"
  # Generous with time and memory: a fault here is a fault anywhere. Long inputs slow the search down.
  "$out/bin/${target}_fuzz" -max_total_time="$seconds" -max_len="$longest" -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$out/faults/$target-" "$corpus" "$seeds" >"$out/logs/$target" 2>&1 || true
}
export -f one
export out seconds
printf '%s\n' "${targets[@]}" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -c 'one {}'

# stat LOG NAME: a figure that libFuzzer prints at the end.
stat() { sed -n "s/^stat::$2: *//p" "$out/logs/$1"; }
faults=0
printf 'target\tseconds\texecutions\tper second\tinputs kept\tcoverage before\tcoverage after\tfaults\n'
for target in "${targets[@]}"; do
  found=$(find "$out/faults" -name "$target-*" | wc -l)
  # A fuzzer that did not come to its end says so without leaving an input.
  executions=$(stat "$target" number_of_executed_units)
  if [ "$found" -eq 0 ] && { [ -z "$executions" ] || grep -q '^==.*ERROR' "$out/logs/$target"; }; then found=1; fi
  faults=$((faults + found))
  before=$(sed -n 's/.*INITED cov: \([0-9]*\).*/\1/p' "$out/logs/$target" | tail -n 1)
  after=$(sed -n 's/^#.* cov: \([0-9]*\).*/\1/p' "$out/logs/$target" | tail -n 1)
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$target" "$seconds" "${executions:--}" \
    "$(stat "$target" average_exec_per_sec)" "$(stat "$target" new_units_added)" "${before:--}" "${after:--}" "$found"
done
[ "$faults" -eq 0 ] || { echo "faults: see build/fuzz/faults and build/fuzz/logs" >&2; exit 1; }
