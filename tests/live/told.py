#!/usr/bin/env python3
"""told.py FOLDER none | told.py FOLDER table | told.py FOLDER CODE:SUBJECT opened|closed: what the sensor told of itself in
FOLDER/eve.json.

none: nothing. CODE:SUBJECT: such a line is there. table: each trouble of FOLDER/made, with the times that telling it and its
end took; ends with 1 where one was told more or less than once, later than 60 s, or where anything else was told.

Whether the clock is synchronised is this machine's own matter and is left out.
"""
import datetime
import json
import sys

folder, word = sys.argv[1:3]
told = {}
for line in open(f"{folder}/eve.json", errors="replace"):
    if not line.endswith("\n"):
        continue
    event = json.loads(line)
    own = event["sekimori"]
    if "sequence" not in own or own.get("finding") == "TIME-UNSYNC":
        continue
    time = datetime.datetime.fromisoformat(event["timestamp"]).timestamp()
    told.setdefault((f"{own.get('finding')}:{own.get('subject')}", own["kind"]), []).append(time)

if word == "none":
    for what, kind in told:
        print(f"told: {what} {kind}")
    sys.exit(1 if told else 0)
if word != "table":
    sys.exit(0 if (word, sys.argv[3]) in told else 1)

made = {}
for line in open(f"{folder}/made"):
    what, _, rest = line.partition(" begins ") if " begins " in line else line.partition(" ends ")
    made.setdefault(what, []).append(float(rest))
bad = False
print(f"{'trouble':34}{'told after':>12}{'over after':>12}")
for what, (begin, end) in made.items():
    opened, closed = told.pop((what, "opened"), []), told.pop((what, "closed"), [])
    once = len(opened) == len(closed) == 1 and 0 <= opened[0] - begin <= 60 and 0 <= closed[0] - end <= 60
    bad = bad or not once
    name = what.replace(folder + "/", "")
    print(f"{name:34}{opened[0] - begin:10.1f} s{closed[0] - end:10.1f} s" if opened and closed else f"{name:34}  NOT TOLD")
    told.pop((what, "repeated"), None)
for what, kind in told:
    bad = True
    print(f"also told: {what} {kind}")
sys.exit(1 if bad else 0)
