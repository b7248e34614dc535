#!/usr/bin/env bash
# Killed at any moment, sekimorid delivers every alert that its journal had committed, and is ready again within a second.
# SEKIMORI_KILLS: how often (default 6; the whole proof is 200). SEKIMORI_BEHIND: how many alerts lie behind in the last part
# (default 3,000; the whole proof is 100,000).
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"
. "$live/taps.sh"

taps_start 1
sed -e "s|@DIR@|$dir|g" -e "s|@JOURNAL@|$dir/journal|g" -e "s|@WAITING@|10000|" "$live/journal.yaml.in" >"$dir/sensor.yaml"
at sensor ip addr add 192.0.2.77/32 dev cap0
status=0
at sensor python3 "$live/journal_kill.py" "$bin" "$dir/sensor.yaml" "$dir" "$dir/journal" \
  "nsenter --net=/proc/${ns[switch]}/ns/net python3 $live/frames.py strangers mon0" \
  "${SEKIMORI_KILLS:-6}" "${SEKIMORI_BEHIND:-3000}" || status=$?
verify "killed at any moment nothing is missing" test "$status" = 0
