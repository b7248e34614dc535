#!/usr/bin/env bash
# format.sh ROOT: every source has the form that clang-format 14 gives it. Mends nothing: clang-format-14 -i does.
set -euo pipefail
root=$1
command -v clang-format-14 >/dev/null || { echo "SKIPPED: no clang-format-14 (tools/test.sh installs it)"; exit 77; }
cd "$root"
mapfile -d '' files < <(find capture policy config daemon tools tests \( -name '*.cpp' -o -name '*.hpp' \) -print0)
[ "${#files[@]}" -gt 20 ] || { echo "only ${#files[@]} sources found: wrong folder?"; exit 1; }
if ! faults=$(clang-format-14 --dry-run --Werror "${files[@]}" 2>&1); then
  grep -o -E '^[^ :]+\.(cpp|hpp):[0-9]+' <<<"$faults" | sort -u -t : -k 1,1
  echo "the first place in each file that has another form; mend with: clang-format-14 -i FILE"
  exit 1
fi
echo "${#files[@]} sources"
