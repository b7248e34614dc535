#!/usr/bin/env python3
"""The example city with wide networks for measuring, and with as many prefixes as asked for.

  city.py FOLDER [--prefixes N] [--flows-max N]

Writes FOLDER/sekimori.yaml and, with --prefixes, the lists of prefixes that it names; prints its path. The
networks that sekimori-bench-traffic uses belong to three segments: 10.128.0.0/11 to mynumber, 10.160.0.0/11 to
lgwan, 10.192.0.0/11 to internet. With --prefixes they are cut into N parts in all, so that the same traffic gets
the same verdicts whatever N is. Everything else, the alpha model, gateways, services, exceptions, is the example's.
"""
import argparse
import ipaddress
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "config" / "examples" / "kakuu-city" / "sekimori.yaml"
WIDE = {"mynumber": "10.128.0.0/11", "lgwan": "10.160.0.0/11", "internet": "10.192.0.0/11"}


def parts(network, count):
    """`count` networks that cover `network` without overlapping: all of one size but for the last ones."""
    whole = ipaddress.ip_network(network)
    longer = max(count.bit_length() - 1, 0)
    pieces = list(whole.subnets(prefixlen_diff=longer))
    split = [half for piece in pieces[:count - len(pieces)] for half in piece.subnets()]
    return split + pieces[count - len(pieces):]


def with_networks(text, prefixes, folder):
    lines = []
    segment = None
    for line in text.splitlines():
        if line.startswith("  ") and not line.startswith("   ") and line.endswith(":"):
            segment = line.strip(" :")
        lines.append(line)
        if line == "    prefixes:" and segment in WIDE:
            if not prefixes:
                lines.append(f"      - {WIDE[segment]}")
                continue
            at = list(WIDE).index(segment)
            count = prefixes // len(WIDE) + (1 if at < prefixes % len(WIDE) else 0)
            named = [f"{network}\t区画{i}" for i, network in enumerate(parts(WIDE[segment], max(count, 1)))]
            random.Random(at).shuffle(named)
            (folder / f"{segment}.txt").write_text("\n".join(named) + "\n")
            lines.insert(len(lines) - 1, f"    prefixes_from: {segment}.txt")
    return "\n".join(lines) + "\n"


def make(folder, prefixes=0, settings=(), without=("alerts", "control", "process", "capture")):
    """The configuration's path. `settings`: text put at the end, for what `without` takes out of the example."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = with_networks(EXAMPLE.read_text(), prefixes, folder)
    kept, keep = [], True
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            keep = line.split(":")[0] not in without
        if keep:
            kept.append(line)
    # Segments name taps of the capture section: without one they are not looked up.
    path = folder / "sekimori.yaml"
    path.write_text("\n".join(kept + list(settings)) + "\n")
    return path


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("--prefixes", type=int, default=0)
    arguments.add_argument("--flows-max", type=int, default=0, help="records of the flow table")
    chosen = arguments.parse_args()
    settings = [f"flows: {{max: {chosen.flows_max}}}"] if chosen.flows_max else []
    print(make(chosen.folder, chosen.prefixes, settings))


if __name__ == "__main__":
    main()
