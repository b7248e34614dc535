#!/usr/bin/env bash
# The watcher is watched: each trouble of a sensor, made for real, is told by the notice that names it, by no other one, and
# is told to be over when it is. Prints how long each took. What takes long by itself runs beside the others.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"
hosts=(my my2)

now() { date +%s.%N; }
: >"$dir/made"
begins() { echo "$1 begins $(now)" >>"$dir/made"; }  # CODE:SUBJECT
ends() { echo "$1 ends $(now)" >>"$dir/made"; }
# told CODE:SUBJECT opened|closed: a line of the EVE file says so.
told() { python3 "$live/told.py" "$dir" "$1" "$2"; }
# trouble SENTENCE CODE:SUBJECT SECONDS MAKE -- SECONDS MEND: made and mended, each told within so many seconds.
trouble() {
  local sentence=$1 what=$2 limit=$3 make=$4 mended=$5 mend=$6
  begins "$what"
  "$make"
  verify "$sentence: told" within "$limit" told "$what" opened
  ends "$what"
  "$mend"
  verify "$sentence: and that it is over" within "$mended" told "$what" closed
}

filter() { # filter add|del HOST [ACTION...]: what the switch does with the frames that this host sends
  local what=$1 host=$2
  shift 2
  if [ "$what" = add ]; then
    at switch tc filter add dev "p-$host" ingress protocol all prio 1 u32 match u32 0 0 "$@"
  else
    at switch tc filter del dev "p-$host" ingress
  fi
}
once=(action mirred egress mirror dev mon0)
twice=("${once[@]}" pipe "${once[@]}")

cable_out() { at switch ip link set mon0 down; }
cable_in() { at switch ip link set mon0 up; }
mirror_none() { filter del my && filter del my2; }
mirror_both() { filter add my "${once[@]}" && filter add my2 "${once[@]}"; }
mirror_one() { filter del my2; }
mirror_other() { filter add my2 "${once[@]}"; }
# Twice, and of eight packets one not at all, by its identification: the mirror port is too slow.
mirror_lossy() {
  local host part
  mirror_none
  for host in my my2; do
    for part in 1 2 3 4 5 6 7; do
      at switch tc filter add dev "p-$host" ingress protocol ip prio "$part" u32 match u16 "$part" 0x0007 at 4 "${twice[@]}"
    done
  done
}
mirror_once() { mirror_none && mirror_both; }
address_on() { at sensor ip addr add 192.0.2.77/24 dev cap0; }
address_off() { at sensor ip addr del 192.0.2.77/24 dev cap0; }
forwarding() { at sensor sh -c "echo $1 >/proc/sys/net/ipv4/conf/cap0/forwarding"; }
shout() { at sensor python3 "$live/talk.py" shout cap0 3; }
receiver_on() { serve receiver sensor python3 "$live/talk.py" listen 127.0.0.1 5514; }
receiver_off() {
  kill -KILL "${daemons[receiver]}"
  wait "${daemons[receiver]}" 2>/dev/null || true
  unset 'daemons[receiver]'
}

lab_network
receiver_on
serve server my2 python3 "$live/talk.py" serve 8080
within 10 listens my2 8080
within 10 listens sensor 5514
serve client my python3 "$live/talk.py" ask "${ip4[my2]}" 8080 30
config_write "$live/health.yaml.in" "$dir/sensor.yaml"
sensor_start "$dir/sensor.yaml"
sleep 3
verify "a sensor that fares well says nothing" python3 "$live/told.py" "$dir" none

# Destinations have ten seconds to come back before they are missed, and files are hashed every ten.
begins DESTINATION-DOWN:log
receiver_off
begins "CFG-TAMPER:$dir/sensor.yaml"
echo '# changed' >>"$dir/sensor.yaml"

trouble "cable pulled" GAP-LINK:t1 10 cable_out 10 cable_in
verify "destination gone: told" within 20 told DESTINATION-DOWN:log opened
ends DESTINATION-DOWN:log
receiver_on
verify "configuration changed on disk: told" within 15 told "CFG-TAMPER:$dir/sensor.yaml" opened
ends "CFG-TAMPER:$dir/sensor.yaml"
config_write "$live/health.yaml.in" "$dir/sensor.yaml"
trouble "nothing mirrored" GAP:t1 10 mirror_none 5 mirror_both
verify "destination back: told" within 10 told DESTINATION-DOWN:log closed

# What was sent is seen as long as the window is, meanwhile the mirror is spoiled.
begins TAP-TRANSMITS:t1
shout
verify "something transmits on the tap: told" within 5 told TAP-TRANSMITS:t1 opened
ends TAP-TRANSMITS:t1
trouble "one direction mirrored" "MIRROR-ONE-SIDED:mynumber mynumber" 15 mirror_one 15 mirror_other
verify "nothing transmits any more: told" within 15 told TAP-TRANSMITS:t1 closed
begins MIRROR-DUPLICATES:mirror
begins "MIRROR-LOSS:mynumber mynumber"
mirror_lossy
verify "mirrored twice: told" within 10 told MIRROR-DUPLICATES:mirror opened
verify "mirrored in part: told" within 10 told "MIRROR-LOSS:mynumber mynumber" opened
ends MIRROR-DUPLICATES:mirror
ends "MIRROR-LOSS:mynumber mynumber"
mirror_once
verify "mirrored twice: and that it is over" within 15 told MIRROR-DUPLICATES:mirror closed
verify "mirrored in part: and that it is over" within 15 told "MIRROR-LOSS:mynumber mynumber" closed
begins TAP-ADDRESS:t1
address_on
verify "an address on the tap: told" within 5 told TAP-ADDRESS:t1 opened
begins TAP-FORWARDS:t1
forwarding 1
verify "forwarding on: told" within 5 told TAP-FORWARDS:t1 opened
ends TAP-FORWARDS:t1
forwarding 0
verify "forwarding on: and that it is over" within 5 told TAP-FORWARDS:t1 closed
ends TAP-ADDRESS:t1
address_off
verify "an address on the tap: and that it is over" within 5 told TAP-ADDRESS:t1 closed
verify "configuration restored: told" within 15 told "CFG-TAMPER:$dir/sensor.yaml" closed

verify "each trouble was told once, and nothing else" python3 "$live/told.py" "$dir" table
in_order() { { sekimori health --json || true; } | python3 -c '
import json, sys
sys.exit(1 if {row["code"] for row in json.load(sys.stdin)["open"]} - {"TIME-UNSYNC"} else 0)'; }
verify "sekimori health has nothing to say" in_order
sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 20
