#!/usr/bin/env bash
# A journal on a disk that is full or fails, or in a folder that is not for us: capture and questions go on, what could not be kept is counted, and nothing is
# called committed that is not on disk. SEKIMORI_FAULTS: up to which time each system call fails once (default 1; the whole proof
# is 12).
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"
. "$live/taps.sh"
command -v strace >/dev/null || { echo "SKIPPED: no program 'strace'"; exit 77; }

taps_start 1
sed -e "s|@DIR@|$dir|g" -e "s|@JOURNAL@|$dir/small/journal|g" -e "s|@WAITING@|400|" "$live/journal.yaml.in" >"$dir/sensor.yaml"
# parts run with a file system of their own, which ends with them.
part() {
  local status=0
  at sensor unshare --mount python3 "$live/journal_disk.py" "$bin" "$dir/sensor.yaml" "$dir" \
    "nsenter --net=/proc/${ns[switch]}/ns/net python3 $live/frames.py strangers mon0" "$@" || status=$?
  return "$status"
}
verify "a full disk silences nobody and loses nothing uncounted" part FULL
rm -f "$dir/eve.json"
verify "a folder that must not be written is left alone, and that is told" part REFUSED
rm -f "$dir/eve.json"
verify "a call that fails is no fault and promises nothing" part FAULTS "${SEKIMORI_FAULTS:-1}"
