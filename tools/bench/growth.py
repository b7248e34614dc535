#!/usr/bin/env python3
"""What a packet costs as the number of live flows grows, and what a flow costs in memory.

  growth.py [--packets N] [--most N]

Smallest frames over 10,000, 1,000,000 and 10,000,000 conversations, as many packets each. The table is as large as
the flows need, at least the usual million. Octets a flow: how much higher the peak of resident memory is with more
flows in a table of the same kind, so that the program itself is not counted.
"""
import runs


def options(arguments):
    arguments.add_argument("--most", type=int, default=10_000_000, help="largest number of flows")


def main():
    place, chosen = runs.place(__doc__, packets=20_000_000, extra=options)
    with place:
        sizes = [flows for flows in (10_000, 1_000_000, 10_000_000) if flows <= chosen.most]
        commands, truths = {}, {}
        for flows in sizes:
            name = f"small_{flows}"
            # Fast enough that no conversation is silent until it times out: it would be another one, and no truth.
            capture, truths[name] = place.traffic(name, "small", "--flows", flows, "--rate", max(1_000_000, flows // 2))
            config = place.city(name, flows_max=max(1_000_000, flows) * 9 // 8)
            commands[name] = place.replay(config, capture)
        results = runs.in_turn(commands, place.runs)
        for name, result in results.items():
            runs.check_truth(result[-1], truths[name], name)
        cost = {name: runs.median(result) / truths[name]["packets"] * 1e9 for name, result in results.items()}
        print("  " + ", ".join(f"{name} {ns:.0f} ns" for name, ns in cost.items()) + " of cpu a packet")
        base = cost[f"small_{sizes[0]}"]
        for flows, must, aim in ((1_000_000, 1.5, 1.25), (10_000_000, 2.2, 1.7)):
            if f"small_{flows}" in cost:
                runs.verdict(f"10k -> {flows:,} flows", cost[f"small_{flows}"] / base, must, aim, at_least=False)
        for low, high in zip(sizes, sizes[1:]):
            peaks = [runs.median(results[f"small_{flows}"], "peak") for flows in (low, high)]
            met = [truths[f"small_{flows}"]["flows"] for flows in (low, high)]
            slope = (peaks[1] - peaks[0]) / (met[1] - met[0])
            runs.verdict(f"resident octets a flow, {low:,} -> {high:,}", slope, 160, 128, unit=" B", at_least=False)


if __name__ == "__main__":
    main()
