#!/usr/bin/env python3
"""The violations that a mirror port can prove, and for each one a legitimate twin that differs in one point.

    score.py SOURCE_DIR BIN_DIR [STORY...]

Each file in tests/scenarios/violations is one story:

    # V6 title
    city: kakuu-city                  the example whose config judges and whose quiet day lends routers and hosts
    time: 2026-11-18T09:00:00+09:00   optional: when it begins
    twintime: ...                     optional: when its twin begins, if at another time
    hosts: ...                        optional: more of them, as in a story of sekimori-traffic
    routers: ...                      optional: instead of the city's
    config: ...                       optional: appended to the city's config
    exceptions: ...                   optional: entries in front of those of the city's register
    lens: ...                         optional: how the wire shows both, a line each as lens.py has them
    violation: ...                    events, as in a story of sekimori-traffic
    expect:                           findings, one a line: CODE SUBJECT [RESPONDER]; SUBJECT is the initiator's
      - SEG-FORBIDDEN 10.1.0.5        address or a word of the notice's subject. A leading ? may come, need not; A|B is either.
    twin: ...                         events that must stay silent

found: expected findings that were told. missed: the others. false: whatever else was told of a violation, and
everything that was told of a twin. Permitted use of an exception is a notice that must not be hidden, no alert.
Exit 0 when nothing is missed or false.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

sys.dont_write_bytecode = True
import lens  # noqa: E402  beside this file, and nothing is written there

QUIET = {"notice", "info", "debug"}
START = "2026-11-18T09:00:00+09:00"


class Story:
    def __init__(self, path):
        self.path = path
        self.title = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        self.parts = {}
        name = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            head = re.match(r"([a-z]+):\s*(.*)$", line)
            if head:
                name = head.group(1)
                if name in self.parts:
                    sys.exit(f"{path}: {name} stands twice")
                self.parts[name] = [head.group(2)] if head.group(2) else []
            elif line.strip():
                self.parts[name].append(line)
        unknown = set(self.parts) - {"city", "time", "twintime", "hosts", "routers", "config", "exceptions", "lens", "violation", "expect", "twin"}
        if unknown or not {"city", "violation", "expect", "twin"} <= set(self.parts):
            sys.exit(f"{path}: unknown or missing parts {sorted(unknown)}")

    def text(self, name):
        return "\n".join(self.parts.get(name, []))

    def expected(self):
        out = []
        for line in self.parts["expect"]:
            words = line.strip().lstrip("- ").split("#")[0].split()
            out.append((words[0].lstrip("?"), words[1:], words[0].startswith("?")))
        return out


def cast(city_text):
    """Routers and hosts of a city's quiet day."""
    sections = {}
    name = None
    for line in city_text.splitlines():
        if re.match(r"[a-z]+:", line):
            name = line.split(":")[0]
        sections.setdefault(name, []).append(line)
    return "\n".join(sections["routers"][1:]), "\n".join(sections["hosts"][1:])


def replay(story, part, source, binaries, folder):
    city = source / "config" / "examples" / story.text("city")
    routers, hosts = cast((city / "quiet.story.yaml").read_text(encoding="utf-8"))
    start = (part == "twin" and story.text("twintime")) or story.text("time") or START
    lines = [f"title: {story.path.stem}", f"start: {start}", "tagged: true"]
    lines += ["routers:", story.text("routers") or routers, "hosts:", hosts, story.text("hosts")]
    lines += ["events:", story.text(part)]
    name = folder / f"{story.path.stem}-{part}"
    story_file = name.with_suffix(".story.yaml")
    story_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = city / "sekimori.yaml"
    if story.text("config") or story.text("exceptions"):
        text = config.read_text(encoding="utf-8") + "\n" + textwrap.dedent(story.text("config")) + "\n"
        text = text.replace("\nexceptions:\n", "\nexceptions:\n" + story.text("exceptions") + "\n", 1)
        config = folder / f"{name.name}.sekimori.yaml"
        config.write_text(text, encoding="utf-8")
    capture = name.with_suffix(".pcap")
    subprocess.run([binaries / "sekimori-traffic", story_file, "-o", capture], check=True, stdout=subprocess.DEVNULL,
                   stderr=None if "-v" in sys.argv else subprocess.DEVNULL)
    if story.text("lens"):
        lens.look(capture, capture, [line.strip().lstrip("- ") for line in story.parts["lens"]])
    run = subprocess.run([binaries / "sekimori", "replay", capture, "--config", config, "--emit", "alerts", "--format", "eve"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, encoding="utf-8")
    if run.returncode not in (0, 3):  # 3: forbidden traffic was found
        sys.exit(f"{story.path.name} {part}: sekimori replay exited with {run.returncode}")
    told = []
    for line in run.stdout.splitlines():
        event = json.loads(line)
        ours = event.get("sekimori", {})
        if ours.get("kind") in ("closed", "repeated") or ours.get("severity") in QUIET:
            continue
        told.append((ours.get("finding", "?"), event.get("src_ip", ""), event.get("dest_ip", ""),
                     ours.get("subject", "")))
    return told


def fits(finding, words, told):
    code, source, destination, subject = told
    if code not in finding.split("|"):
        return False
    if words and words[0] != source and words[0] not in subject.split():
        return False
    return len(words) < 2 or words[1] == destination or words[1] in subject.split()


def main():
    source, binaries = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    wanted = sys.argv[3:]
    files = sorted((source / "tests" / "scenarios" / "violations").glob("V*.story"))
    found = missed = false = 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            story = Story(path)
            if wanted and path.stem not in wanted:
                continue
            told = replay(story, "violation", source, binaries, pathlib.Path(scratch))
            expected = story.expected()
            lacking = [e for e in expected if not e[2] and not any(fits(e[0], e[1], t) for t in told)]
            extra = [t for t in told if not any(fits(e[0], e[1], t) for e in expected)]
            twin = replay(story, "twin", source, binaries, pathlib.Path(scratch))
            found += sum(1 for e in expected if not e[2]) - len(lacking)
            missed += len(lacking)
            false += len({t[:4] for t in extra}) + len({t[:4] for t in twin})
            good = not lacking and not extra and not twin
            print(f"{'ok  ' if good else 'FAIL'} {story.title}")
            for finding, words, _ in lacking:
                print(f"       missed: {finding} {' '.join(words)}")
            for what, told_more in (("false", extra), ("false in the twin", twin)):
                for code, src, dst, subject in sorted({t[:4] for t in told_more}):
                    print(f"       {what}: {code} {src} {dst} {subject}")
    total = found + missed
    print(f"found {found} of {total}, missed {missed}, false {false}: "
          f"score {100 * found / max(total + false, 1):.1f} %")
    return 0 if total and not missed and not false else 1


if __name__ == "__main__":
    sys.exit(main())
