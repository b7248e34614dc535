#!/usr/bin/env bash
# The mirror port goes down, disappears and comes back: sekimorid says so, and alerts go on by themselves.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"

lab_start
config_write "$live/live.yaml.in" "$dir/live.yaml"
sensor_start "$dir/live.yaml"
health() { sekimori status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["taps"][0]["health"])'; }
is_health() { [ "$(health)" = "$1" ]; }
counts() { sekimori status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["taps"][0][sys.argv[1]])' "$1"; }

drive my in 4 refused
verify "the mirror port works: alerted" within 1 alerted_from my
verify "the mirror interface transmitted nothing" test "$(mirror_packets tx)" = 0

at sensor ip link set cap0 down
verify "link down is seen" within 5 is_health link_down
at sensor ip link set cap0 up
verify "link up is seen" within 10 is_health running
drive lg my2 4 http
verify "alerts go on after the link came back" within 2 alerted_from lg

mirror_off
verify "the removed interface is seen" within 5 is_health gone
verify "and told in the log" within 3 grep -aq -F -e 'を待って自動で再開' "$dir/sensor.log"
drive in my 4 ping  # nobody can see this one
mirror_on
verify "the returned interface is opened again" within 15 is_health running
drive ext2 vdi 4 refused 443
verify "alerts go on after the interface came back" within 2 alerted_from ext2
verify "what nobody could see was not invented" eval '! alerted_from in'
verify "the outages are counted" test "$(counts outages)" -ge 1
verify "the new mirror interface transmitted nothing" test "$(mirror_packets tx)" = 0
sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 10
