#!/usr/bin/env bash
# Two workers see what one sees: fragments of either order, copies under other VLANs and on another tap, ICMP errors and
# what they report meet in one worker, so that verdicts, flows, totals and alerts are those of a single one. Also when a
# tap went down, and when it was removed and came back.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"

. "$live/taps.sh"

frames_read() { sekimori status --json | python3 -c 'import json, sys; print(sum(t["delivered"] for t in json.load(sys.stdin)["taps"]))'; }
send_story() {
  local before sent expected
  before=$(frames_read)
  sent=$(at switch python3 "$live/frames.py" story mon0 mon1)
  expected=$((before + ${sent% *} + ${sent#* }))
  verify "$1: every frame is read" within 5 eval '[ "$(frames_read)" = '"$expected"' ]'
  sleep 4  # a quiet sensor's packet time goes on two seconds behind the clock, and verdicts on passing wait for one more
}
# account NAME: what is known after a story, in a form that can be compared, once it does not change any more: on a busy
# machine what was told last may still be on its way.
account() {
  local try
  : >"$dir/$1.account"
  for try in 1 2 3 4 5 6 7 8; do
    mv "$dir/$1.account" "$dir/$1.before"
    account_now "$1"
    ! cmp -s "$dir/$1.before" "$dir/$1.account" || return 0
    sleep 1.5
  done
  bad "account $1 keeps changing"
}
account_now() {
  local question
  for question in status flows matrix alerts; do
    local limit=()
    case $question in flows | alerts) limit=(--limit 10000) ;; esac
    sekimori "$question" --json "${limit[@]}" >"$dir/$question.json" || bad "sekimori $question"
  done
  python3 "$live/account.py" "$dir" >"$dir/$1.account" || bad "account $1"
}

taps_start 2
sensor_run 1 8MiB
send_story "one worker"
account one
sensor_signal TERM
verify "the first daemon ends" sensor_wait 10

sensor_run 2 8MiB
send_story "two workers"
account two
verify "the story has forbidden conversations" grep -q '^flow .*forbid' "$dir/two.account"
verify "the accounts are whole" test "$(wc -l <"$dir/one.account")" -gt 500
verify "two workers tell what one tells" diff "$dir/one.account" "$dir/two.account"
shares() { sekimori status --json | python3 -c '
import json, sys
status = json.load(sys.stdin)
flows = [worker["opened"] for worker in status["workers"]]
sys.exit(0 if len(flows) == 2 and min(flows) * 4 > sum(flows) else 1)'; }
verify "and each did its share" shares
sensor_signal TERM
verify "the second daemon ends" sensor_wait 10

# Sockets that join later, or again, in whatever order, must deal as before.
at sensor ip link del cap1
sensor_run 2 8MiB
verify "a tap that is missing at the start is told" within 3 grep -aq -F -e 'タップ t2 (cap1) から受信できません' "$dir/sensor.log"
verify "and seen" tap_is 1 gone
tap_add 1
verify "and opened when it comes" within 10 tap_is 1 running
at sensor ip link set cap0 down
verify "link down is seen" within 5 tap_is 0 link_down
at sensor ip link set cap0 up
verify "link up is seen" within 10 tap_is 0 running
at sensor ip link del cap1
verify "the removed tap is seen" within 5 tap_is 1 gone
tap_add 1
verify "the returned tap is opened again" within 15 tap_is 1 running
sleep 0.7  # by both workers
send_story "after a tap came back"
account again
verify "two workers tell what one tells after a tap came back" diff "$dir/one.account" "$dir/again.account"
sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 10
verify "with exit code 0" test "${sensor_status:-none}" = 0
