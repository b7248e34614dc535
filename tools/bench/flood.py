#!/usr/bin/env python3
"""A SYN flood that is ten times larger than the flow table.

  flood.py [--packets N] [--standing N]

Told: what a packet of the flood costs against smallest frames over as many flows as the table holds; the peak of
resident memory above the bound, which is what the program says at its start that its tables come to when they are
full; and how many of the established conversations that
send a packet every five seconds meanwhile keep their record. A conversation that lost its record is opened anew by
its next packet, so flows counted beyond their number, in the pair of segments that only they use, are losses.
"""
import json
import sys

import runs

TABLE = 1_000_000


def options(arguments):
    arguments.add_argument("--standing", type=int, default=10_000)


def standing_flows(run, standing):
    matrix = run.event("matrix")
    for pair in matrix["pairs"]:
        if pair["from"] == pair["to"] == "gov-cloud":
            return pair["flows"]
    sys.exit(f"the pair of the {standing} standing conversations is not in {json.dumps(matrix)[:500]}")


def main():
    place, chosen = runs.place(__doc__, extra=options)
    with place:
        config = place.city(flows_max=TABLE)
        small, _ = place.traffic("small_table", "small", "--flows", TABLE * 97 // 100)
        flood, truth = place.traffic("flood", "flood")
        stood, _ = place.traffic("standing", "flood", "--standing", chosen.standing,
                                 packets=place.packets + chosen.standing * 14)
        results = runs.in_turn({"small": place.replay(config, small), "flood": place.replay(config, flood, "--emit", "stats", "--emit", "memory")},
                               place.runs)
        stats = results["flood"][-1].event("stats")["stats"]
        if stats["packets_read"] != truth["packets"] or not stats["closes"]:
            sys.exit(f"read {stats['packets_read']} of {truth['packets']}, closes: {stats['closes']}")
        print(f"  every packet in the books; ended: {stats['flows_ended']}, no room: {stats['reasons']['flow_table_full']}")
        for what in ("cpu", "wall"):
            ratio = runs.median(results["flood"], what) / runs.median(results["small"], what)
            runs.verdict(f"a packet of the flood against 64 B over a full table, {what}", ratio, 1.5, 1.0, at_least=False)
        memory = results["flood"][-1].event("memory")["memory"]
        peak, bound = runs.median(results["flood"], "peak"), memory["tables_bytes"]
        print(f"  tables when full: {bound / 2**20:,.0f} MiB; resident: {peak / 2**20:,.0f} MiB")
        runs.verdict("peak resident memory above that bound", (peak - bound) / 2**20, 32, unit=" MiB", at_least=False)
        quiet = runs.median(results["small"], "peak")
        runs.verdict("peak above that of a full table of ordinary flows", (peak - quiet) / 2**20, unit=" MiB")

        run = runs.Run(place.replay(config, stood, "--emit", "matrix"), (0, 3))
        opened = standing_flows(run, chosen.standing)
        kept = 100.0 * (1 - max(0, opened - chosen.standing) / chosen.standing)
        print(f"  {chosen.standing:,} standing conversations opened {opened:,} records")
        runs.verdict("established conversations that keep their record", kept, 99.9, 100, unit=" %")


if __name__ == "__main__":
    main()
