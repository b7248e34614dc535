#!/usr/bin/env bash
# Killed outright, sekimorid starts again on what it left behind; asked to stop, it first tells what it has seen.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"

lab_start
config_write "$live/live.yaml.in" "$dir/live.yaml"
sensor_start "$dir/live.yaml"

drive my in 4 refused
verify "alerted before" within 1 alerted_from my

sensor_signal KILL
sensor_wait 5 || true
verify "the killed daemon left its socket" test -S "$dir/control.sock"
sensor_start "$dir/live.yaml"
drive lg my2 4 http
verify "alerted after SIGKILL and restart" within 2 alerted_from lg

second=0
nsenter --net="/proc/${ns[sensor]}/ns/net" -- "$bin/sekimorid" --config "$dir/live.yaml" >"$dir/second.log" 2>&1 || second=$?
verify "a second daemon on the same socket is refused" test "$second" = 1
verify "and leaves the first one's socket alone" sensor_ready

# Stopped in the same breath as the connection: the frame still lies in the kernel's ring.
drive ext2 vdi 4 refused 443
sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 10
verify "with exit code 0" test "${sensor_status:-none}" = 0
verify "what it saw last is alerted before it ends" within 1 alerted_from ext2
verify "its socket is gone" test ! -e "$dir/control.sock"
verify "the mirror interface transmitted nothing" test "$(mirror_packets tx)" = 0
