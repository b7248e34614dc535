#!/usr/bin/env bash
# format.sh ROOT: every source has the form that clang-format 14 gives it. Mends nothing: clang-format-14 -i does.
set -euo pipefail
root=$1
command -v clang-format-14 >/dev/null || { echo "SKIPPED: no clang-format-14 (tools/test.sh installs it)"; exit 77; }
cd "$root"
mapfile -d '' files < <(find capture policy config daemon tools tests \( -name '*.cpp' -o -name '*.hpp' \) -print0)
[ "${#files[@]}" -gt 20 ] || { echo "only ${#files[@]} sources found: wrong folder?"; exit 1; }
clang-format-14 --dry-run --Werror "${files[@]}" || { echo "mend with: clang-format-14 -i FILE"; exit 1; }
echo "${#files[@]} sources"
