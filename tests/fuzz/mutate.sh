#!/usr/bin/env bash
# tests/fuzz/mutate.sh [MUTATIONS]: damages each published capture so many times (1000) and sends it through the whole
# engine, under AddressSanitizer and UndefinedBehaviorSanitizer, as many captures at a time as there are processors.
# Prints counts per capture and in all; the same on every run. The captures are ../shared/pcaps or $SEKIMORI_PCAPS.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../../tools/house.sh"
mutations=${1:-1000}
cd "$root"
pcaps=${SEKIMORI_PCAPS:-$root/../shared/pcaps}
[ -d "$pcaps" ] || { echo "no captures here: set SEKIMORI_PCAPS" >&2; exit 77; }
build=${SEKIMORI_BUILD:-$root/build/dev}
[ -f "$build/build.ninja" ] || cmake --preset dev >/dev/null
cmake --build "$build" --target capture_mutate >&2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The long ones first, so that none is left over at the end.
find "$pcaps" -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' | xargs ls -S >"$dir/captures"
faults=0
export build mutations dir
xargs -P "$(nproc)" -I{} bash -c \
  '"$build/bin/capture_mutate" "$mutations" "$1" >"$dir/${1##*/}.out" 2>"$dir/${1##*/}.err"' _ {} <"$dir/captures" ||
  faults=1
cat "$dir"/*.out | awk -F'\t' -v OFS='\t' '
  $1 == "capture" { if (!head++) print; next }
  $1 == "all" { n++; for (i = 2; i <= NF; i++) sum[i] += $i; columns = NF; next }
  { print }
  END { line = n + 0 " captures"; for (i = 2; i <= columns; i++) line = line OFS sum[i]; print line }'
if [ "$faults" -ne 0 ]; then
  cat "$dir"/*.err >&2
  exit 1
fi
