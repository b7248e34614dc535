#!/usr/bin/env bash
# tools/build.sh [release|dev|tsan|fuzz]: builds into build/<preset>/bin/ and installs nothing.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/house.sh"

preset=${1:-release}
needed=("${packages_build[@]}")
case "$preset" in
  release) ;;
  dev | tsan) needed+=(libgtest-dev) ;;
  fuzz) needed+=(libgtest-dev clang-14 libclang-rt-14-dev) ;;
  *)
    say "使い方: tools/build.sh [release|dev|tsan|fuzz]" "usage: tools/build.sh [release|dev|tsan|fuzz]" >&2
    exit 2
    ;;
esac

# Only where dpkg can tell: elsewhere CMake says what it does not find.
if command -v dpkg-query >/dev/null; then
  mapfile -t missing < <(packages_missing "${needed[@]}")
  [ "${#missing[@]}" = 0 ] ||
    fail "不足しているパッケージがあります。次を実行してください: apt-get install --no-install-recommends ${missing[*]}" \
         "Packages are missing. Run: apt-get install --no-install-recommends ${missing[*]}"
fi
build "$preset"
say "できました: build/$preset/bin/" "Built: build/$preset/bin/"
