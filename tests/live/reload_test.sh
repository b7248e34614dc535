#!/usr/bin/env bash
# SIGHUP: a broken configuration changes nothing and is told once; a good one takes hold of new conversations.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"

lab_start
config_write "$live/live.yaml.in" "$dir/live.yaml"
sensor_start "$dir/live.yaml"
generation() { sekimori status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["policy"]["generation"])'; }

before=$(generation)
drive my in 4 refused
verify "a forbidden connection is alerted before any reload" within 1 alerted_from my

cp "$dir/live.yaml" "$dir/good.yaml"
# Three mistakes: a prefix that is none, a segment that the profile does not know, a key that does not exist.
sed -e 's|10.77.1.0/24|10.77.1.0/240|' -e 's|^    from: lgwan$|    from: lgwann|' -e 's|^language: ja|langage: ja|' \
  "$dir/good.yaml" >"$dir/live.yaml"
lines=$(wc -l <"$dir/sensor.log")
sensor_signal HUP
refused() { tail -n "+$((lines + 1))" "$dir/sensor.log" | grep -q -F -e '中止しました'; }
verify "a broken configuration is refused" within 3 refused
sleep 0.3
verify "in one message" test "$(tail -n "+$((lines + 1))" "$dir/sensor.log" | wc -l)" = 1
verify "that names a place in the file" grep -q -E 'live\.yaml:[0-9]+:[0-9]+' <(tail -n 1 "$dir/sensor.log")
verify "the old policy stays" test "$(generation)" = "$before"
drive lg my2 4 http
verify "and goes on judging new connections" within 1 alerted_from lg

# The forbidden pair in -> ext gets its exception; everything else stays.
awk '{ print } /^exceptions:$/ {
  print "  - {id: EX-NEW, reason: 再読込で加わる例外, approver: 最高情報統括責任者, ticket: 試験第3号, from: 2020-01-01, until: 2099-12-31,"
  print "     source: {addresses: [10.77.3.10]}, destination: {addresses: [203.0.113.9]}, protocol: tcp, ports: [80]}" }' \
  "$dir/good.yaml" >"$dir/live.yaml"
verify "sekimorid --check passes the changed configuration" "$bin/sekimorid" --config "$dir/live.yaml" --check
opened_from() { grep -aF -e "src=\\\"${ip4[$1]}\\\"" "$dir/alerts.jsonl" | grep -acF -e 'kind=\"opened\"' || true; }
opened=$(opened_from lg)
sensor_signal HUP
verify "a good configuration is taken" within 3 eval '[ "$(generation)" = '"$((before + 1))"' ]'
drive in ext 4 http
told_as() { sekimori flows --json --address "${ip4[ext]}" | python3 -c '
import json, sys
rows = json.load(sys.stdin)["flows"]
sys.exit(0 if len(rows) == 1 and rows[0]["sekimori"]["verdict"] == sys.argv[1] else 1)' "$1"; }
verify "and judges a new connection by its exception" within 2 told_as permit
drive ext2 vdi 4 refused 443
verify "while the rest stays forbidden" within 1 alerted_from ext2
drive lg my2 4 http
sleep 0.5
verify "what was told before the reload is not told as new after it" test "$opened $(opened_from lg)" = "$opened $opened"
verify "and was told before" test "$opened" -gt 0
verify "the mirror interface transmitted nothing" test "$(mirror_packets tx)" = 0
sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 10
