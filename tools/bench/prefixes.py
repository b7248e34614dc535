#!/usr/bin/env python3
"""What a packet costs as the configuration grows from 10 to 100,000 prefixes, and how long loading takes.

  prefixes.py [--packets N]

The same networks cut into more parts, so that the same traffic gets the same verdicts. Loading: `sekimori replay` of
an empty capture with the large configuration, less the same with the small one. What a packet costs is told without
that loading, which every run has once: it is measured in the same rounds and taken off.
"""
import runs

SIZES = (10, 1_000, 100_000)


def main():
    place, _ = runs.place(__doc__)
    with place:
        configs = {size: place.city(f"prefixes_{size}", prefixes=size) for size in SIZES}
        empty, _ = place.traffic("empty", "flood", packets=1)
        for name, words, must, aim in (("mixed", ["mixed", "--flows", place.packets // 10], 1.10, 1.03),
                                       ("flood", ["flood"], 1.5, 1.25)):
            print(f"\n{name}")
            capture, truth = place.traffic(name, *words)
            commands = {}
            for size in SIZES:
                commands[size] = place.replay(configs[size], capture)
                commands[f"{size}, loading"] = place.replay(configs[size], empty)
            results = runs.in_turn(commands, place.runs)
            cost = {size: runs.median(results[size]) - runs.median(results[f"{size}, loading"]) for size in SIZES}
            base = cost[SIZES[0]]
            print(f"  {base / truth['packets'] * 1e9:.0f} ns of cpu a packet with 10, spread {runs.spread(results[10])}")
            runs.verdict(f"{name}: 10 -> 1,000 prefixes", cost[1_000] / base, at_least=False)
            runs.verdict(f"{name}: 10 -> 100,000 prefixes", cost[100_000] / base, must, aim, at_least=False)
            runs.verdict(f"{name}: the same, loading included", runs.median(results[100_000]) / runs.median(results[10]),
                         at_least=False)
            place.drop(capture)
        print("\nload")
        results = runs.in_turn({size: place.replay(configs[size], empty) for size in SIZES}, max(place.runs, 11))
        for what in ("wall", "cpu"):
            more = runs.median(results[100_000], what) - runs.median(results[10], what)
            runs.verdict(f"load of 100,000 prefixes, {what}", more, 0.3, 0.1, unit=" s", at_least=False)
        growth = runs.median(results[100_000], "peak") - runs.median(results[10], "peak")
        runs.verdict("their memory", growth / 2**20, unit=" MiB", at_least=False)


if __name__ == "__main__":
    main()
