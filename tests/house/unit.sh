#!/usr/bin/env bash
# unit.sh FOLDER: the service file is one that systemd takes, and as closed as the README says (1.9 of 10, where 0 is
# closed; with local-only.conf 1.5).
set -euo pipefail
folder=$1
command -v systemd-analyze >/dev/null || { echo "SKIPPED: no systemd-analyze here"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

exposure() {  # exposure FILE LIMIT-IN-TENTHS
  if ! systemd-analyze security --offline=yes --no-pager --threshold="$2" "$1" >"$dir/report" 2>"$dir/messages"; then
    grep -a '✗' "$dir/report" || true
    tail -n 1 "$dir/report"
    cat "$dir/messages"
    exit 1
  fi
  # A line that systemd does not know is only told, and would leave the service open: it is a fault here.
  if [ -s "$dir/messages" ]; then cat "$dir/messages"; exit 1; fi
  tail -n 1 "$dir/report"
}

exposure "$folder/sekimorid.service" 19
mkdir -p "$dir/sekimorid.service.d"
cp "$folder/sekimorid.service" "$dir/closed.service"
grep -v -e '^#' -e '^\[Service\]' "$folder/local-only.conf" >"$dir/addition"
sed -i -e "/^LockPersonality=/r $dir/addition" "$dir/closed.service"
exposure "$dir/closed.service" 15

# The same file, opened: the limit must tell the difference, or this test could not fail.
sed -e '/^ProtectSystem=/d' -e '/^CapabilityBoundingSet=/d' "$folder/sekimorid.service" >"$dir/open.service"
if systemd-analyze security --offline=yes --no-pager --threshold=19 "$dir/open.service" >/dev/null 2>&1; then
  echo "an opened unit passes as well: the limit holds nothing"
  exit 1
fi
