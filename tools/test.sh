#!/usr/bin/env bash
# tools/test.sh [CTEST-ARGUMENT...]: installs what is missing, builds with AddressSanitizer and
# UndefinedBehaviorSanitizer, and runs every test. Its last lines and its exit code are ctest's.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/house.sh"

packages_install "${packages_build[@]}" "${packages_speed[@]}" "${packages_test[@]}"
build dev

if why=$("$root/tests/live/possible.sh"); then
  say "実通信試験: 実行します (ネットワーク名前空間を使用)。" "Live tests: they run, in network namespaces."
else
  say "実通信試験: この環境では省略します ($why)。" "Live tests: skipped here ($why)."
fi
if [ ! -d "${SEKIMORI_PCAPS:-$root/../shared/pcaps}" ]; then
  say "第三者の記録との照合: 省略します (SEKIMORI_PCAPS の指す場所に記録がありません)。" \
      "Comparison with third-party captures: skipped (SEKIMORI_PCAPS names no folder with them)."
fi
cd "$root"
exec ctest --preset dev --parallel "$(jobs_count)" "$@"
