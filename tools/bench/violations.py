#!/usr/bin/env python3
"""Traffic of which every packet is forbidden, against the same with every packet permitted.

  violations.py [--packets N]

Both are replayed with incidents built and alerts rendered to nowhere but the count (`--emit stats`); --alerts prints
them to a file in memory as well.
"""
import runs

INPUTS = {
    "mixed": ["mixed", "--flows", 1_000_000],
    "small_1M": ["small", "--flows", 1_000_000],
    "flood": ["flood"],
}


def options(arguments):
    arguments.add_argument("--alerts", action="store_true", help="render and print every alert, too")


def main():
    place, chosen = runs.place(__doc__, extra=options)
    with place:
        emit = ("--emit", "stats", "--emit", "alerts") if chosen.alerts else ("--emit", "stats")
        for name, words in INPUTS.items():
            print(f"\n{name}")
            config = place.city(name, flows_max=place.packets + place.packets // 8 if name == "flood" else 1_200_000)
            permitted, truth = place.traffic(f"{name}_permitted", *words)
            forbidden, other = place.traffic(f"{name}_forbidden", *words, "--forbidden")
            results = runs.in_turn({"permitted": place.replay(config, permitted, *emit),
                                    "forbidden": place.replay(config, forbidden, *emit)}, place.runs)
            runs.check_truth(results["permitted"][-1], truth, "permitted")
            runs.check_truth(results["forbidden"][-1], other, "forbidden")
            told = results["forbidden"][-1].event("stats")["stats"]["flows_forbidden"]
            print(f"  forbidden flows: {told:,} of {other['flows']:,}")
            scale = truth["packets"] / other["packets"]
            speed = runs.median(results["permitted"]) / (runs.median(results["forbidden"]) * scale)
            runs.verdict(f"{name}: speed with all forbidden over all permitted", speed, 0.5, 0.7)
            place.drop(permitted)
            place.drop(forbidden)


if __name__ == "__main__":
    main()
