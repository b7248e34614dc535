#!/usr/bin/env bash
# A sensor that cannot keep up says so to the frame: what was sent is what it read and what it lost, nothing else.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"
. "$live/taps.sh"

taps_start 2
for workers in 1 2; do
  sensor_run "$workers" 1MiB
  verify "$workers: nothing is lost before" test "$(tap_figure 0 dropped_kernel)" = 0
  # Stopped, the sensor reads nothing while the ring of 1 MiB runs over.
  before=$(mirror_packets_of cap0)
  sensor_signal STOP
  sent=$(at switch python3 "$live/frames.py" burst mon0 20000)
  sensor_signal CONT
  verify "$workers: the burst reached the tap" test "$(($(mirror_packets_of cap0) - before))" = "$sent"
  settled() { [ "$(($(tap_figure 0 delivered) + $(tap_figure 0 dropped_kernel)))" = "$sent" ]; }
  verify "$workers: read and lost make what was sent" within 5 settled
  verify "$workers: so does what passed the filter" test "$(tap_figure 0 received)" = "$sent"
  verify "$workers: most did not fit" test "$(tap_figure 0 dropped_kernel)" -gt $((sent / 2))
  verify "$workers: some did" test "$(tap_figure 0 delivered)" -gt 1000
  verify "$workers: the other tap lost nothing" test "$(tap_figure 1 received) $(tap_figure 1 dropped_kernel)" = "0 0"
  read_all() { [ "$(sekimori status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["packets"]["packets_read"])')" = "$(tap_figure 0 delivered)" ]; }
  verify "$workers: the books hold what was read" within 3 read_all
  verify "$workers: the loss is told in the log" within 5 grep -aq -F -e '取りこぼしました' "$dir/sensor.log"
  sensor_signal TERM
  verify "$workers: SIGTERM ends the daemon" sensor_wait 10
  : >"$dir/sensor.log"
done
