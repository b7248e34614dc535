# What the commands in this folder share: where the project is, how they speak, how packages get in. Sourced.
# Works from any directory, on a path with spaces, with and without a terminal.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=tools/packages.sh
. "$root/tools/packages.sh"

# say JAPANESE ENGLISH: in the language of LANG; both where LANG names neither.
say() {
  case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    ja*) printf '%s\n' "$1" ;;
    en*) printf '%s\n' "$2" ;;
    *) printf '%s\n%s\n' "$1" "$2" ;;
  esac
}

fail() {
  say "$1" "$2" >&2
  exit 1
}

# packages_missing NAME...: those not installed, one a line.
packages_missing() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# as_root COMMAND...: directly or with sudo. Ask may_be_root first.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
may_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; }

# packages_install NAME...: installs what is missing, and touches nothing where nothing is missing. No service is
# started or enabled by it, and no package that is already there is removed for it.
packages_install() {
  local missing name had_policy=no new_rsyslog=no
  mapfile -t missing < <(packages_missing "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "apt-get がありません。Debian 12 を対象としています。必要なもの: ${missing[*]}" \
                                       "No apt-get here: this is made for Debian 12. Needed: ${missing[*]}"
  may_be_root ||
    fail "管理者権限が必要です。root で次を実行してから、もう一度お試しください: apt-get update && apt-get install --no-install-recommends ${missing[*]}" \
         "This needs root. Run this as root, then try again: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  say "パッケージを導入します (${#missing[@]} 個とその依存): ${missing[*]}" \
      "Installing packages (${#missing[@]} and what they need): ${missing[*]}"
  for name in "${missing[@]}"; do [ "$name" != rsyslog ] || new_rsyslog=yes; done
  [ ! -e /usr/sbin/policy-rc.d ] || had_policy=yes
  if [ "$new_rsyslog" = yes ] && [ "$had_policy" = no ]; then
    # What Debian gives to keep a freshly installed service from starting: exit code 101.
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d'
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  # A newcomer sees what went wrong, not four hundred lines of what went well.
  local log apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -o DPkg::Lock::Timeout=300
                 -o Dpkg::Use-Pty=0)
  log=$(mktemp)
  as_root "${apt[@]}" update >"$log" 2>&1 || {
    cat "$log" >&2
    fail "パッケージ一覧を取得できません。ネットワークと apt の設定を確認してください。" \
         "The package lists cannot be fetched: look at the network and at the configuration of apt."
  }
  as_root "${apt[@]}" install --yes --no-install-recommends --no-remove "${missing[@]}" >"$log" 2>&1 || {
    cat "$log" >&2
    fail "パッケージを導入できません (上のメッセージを参照)。libboost1.74-dev や別の syslog デーモンが入っている場合は同居できません。" \
         "The packages cannot be installed (see above). libboost1.74-dev or another syslog daemon cannot stay beside them."
  }
  grep -E 'newly installed|^Need to get|^After this operation' "$log" || true
  rm -f "$log"
  if [ "$new_rsyslog" = yes ]; then
    if command -v systemctl >/dev/null; then as_root systemctl disable rsyslog.service >/dev/null 2>&1 || true; fi
    if [ "$had_policy" = no ]; then
      as_root rm -f /usr/sbin/policy-rc.d
      trap - EXIT
    fi
  fi
}

# jobs: compilers at once. Each needs up to 1.5 GB under the sanitizers, where several sources are compiled as one.
jobs_count() {
  local cores memory
  cores=$(nproc 2>/dev/null || echo 1)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null || true)
  memory=${memory:-2}
  [ "$memory" -ge 1 ] || memory=1
  [ "$cores" -le "$memory" ] && echo "$cores" || echo "$memory"
}

# build PRESET: configures and builds. The release needs no test packages, so it is built without tests.
build() {
  local preset=$1 tests=ON
  [ "$preset" != release ] || tests=OFF
  (cd "$root" && cmake --preset "$preset" -DSEKIMORI_TESTS=$tests --log-level=WARNING >&2 &&
    cmake --build --preset "$preset" --parallel "$(jobs_count)" >&2)
}
