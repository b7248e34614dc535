# A sensor with taps and nothing else: frames are put on them by frames.py. Sourced after lab.sh:
#
#   taps_start 2                # cap0, cap1 in the network "sensor", fed by mon0, mon1 in "switch"
#   sensor_run WORKERS BUFFER   # fanout.yaml.in

carrier() { at sensor ip link show "$1" | grep -c LOWER_UP >/dev/null; }
tap_add() {
  ip link add "mon$1" netns "${ns[switch]}" type veth peer name "cap$1" netns "${ns[sensor]}"
  at sensor ip link set "cap$1" arp off addrgenmode none
  at switch ip link set "mon$1" arp off addrgenmode none
  at switch ip link set "mon$1" up
  at sensor ip link set "cap$1" up
  within 5 carrier "cap$1"
}
taps_start() {
  local n
  ns_new switch
  ns_new sensor
  for ((n = 0; n < $1; ++n)); do tap_add "$n"; done
}

sensor_run() {
  sed -e "s|@DIR@|$dir|g" -e "s|@WORKERS@|$1|" -e "s|@BUFFER@|$2|" "$live/fanout.yaml.in" >"$dir/sensor.yaml"
  sensor_start "$dir/sensor.yaml"
}
tap_is() { sekimori status --json | python3 -c '
import json, sys
taps = json.load(sys.stdin)["taps"]
sys.exit(0 if taps[int(sys.argv[1])]["health"] == sys.argv[2] else 1)' "$1" "$2"; }
# tap_figure TAP NAME: one of a tap's figures in the sensor's status.
tap_figure() { sekimori status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["taps"][int(sys.argv[1])][sys.argv[2]])' "$1" "$2"; }
# mirror_packets_of INTERFACE: frames that it received, by the kernel's own count.
mirror_packets_of() {
  at sensor ip -j -s link show "$1" | python3 -c "import json, sys; print(json.load(sys.stdin)[0]['stats64']['rx']['packets'])"
}
