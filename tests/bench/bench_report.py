"""What the benchmarks that put Weir beside another share: figures and their targets, the table, and how a benchmark ends.

A measure is a name, a function that gives its values, and its figures. A figure has a name, a unit, and for some what it should be: a limit of its own,
or a share of the other's."""
import dataclasses
import json
import signal
import statistics
import sys


class BenchError(Exception):
    """What could not be measured, and why."""


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    below: float = None       # a target for Weir alone
    at_least: float = None    # the same, where more is better
    share: float = None       # a target as a share of the other's
    times: float = None       # the same, where more is better


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    run: object               # gives {key: value}; with what arguments is the benchmark's own affair
    figures: tuple            # of (key, Figure)


def say(text):
    print(text, file=sys.stderr, flush=True)


def in_digits(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def median_of(rounds, key):
    values = [figures[key] for figures in rounds if key in figures]
    return statistics.median(values) if values else None


def judge(figure, other, weir):
    """(target as text, is it met; None when there is no telling)"""
    for limit, sign, met in ((figure.below, "<", lambda x: x < figure.below), (figure.at_least, ">=", lambda x: x >= figure.at_least)):
        if limit is not None:
            return f"{sign} {limit:g} {figure.unit}", None if weir is None else met(weir)
    for factor, sign, met in ((figure.share, "<=", lambda x: x <= figure.share * other), (figure.times, ">=", lambda x: x >= figure.times * other)):
        if factor is not None:
            return f"{sign} {factor:g} x", None if not other or weir is None else met(weir)
    return "", None


def rows_of(chosen, results, other):
    """`results`: for "Weir" and for `other`, the figures of each round."""
    for measure in chosen:
        for key, figure in measure.figures:
            theirs, weir = (median_of(results[name], (measure.name, key)) for name in (other, "Weir"))
            target, met = judge(figure, theirs, weir)
            ratio = weir / theirs if theirs and weir is not None else None
            yield measure.name, figure, theirs, weir, ratio, target, met


def print_table(rows, other):
    last = None
    print(f"{'':26}{'':34}{other:>10}{'Weir':>10}{'ratio':>8}  target")
    for name, figure, theirs, weir, ratio, target, met in rows:
        what = f"{figure.name}, {figure.unit}" if figure.unit else figure.name
        verdict = {True: "  met", False: "  MISSED", None: ""}[met]
        print(f"{name if name != last else '':26}{what:34}{in_digits(theirs):>10}{in_digits(weir):>10}{in_digits(ratio):>8}  {target}{verdict}".rstrip())
        last = name


def write_json(path, results, rows, other):
    document = {
        "figures": [{"measure": name, "figure": figure.name, "unit": figure.unit, other.lower(): theirs, "weir": weir, "ratio": ratio, "target": target,
                     "met": met} for name, figure, theirs, weir, ratio, target, met in rows],
        "rounds": {name: [{f"{measure}/{key}": value for (measure, key), value in figures.items()} for figures in rounds]
                   for name, rounds in results.items()},
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def finish(asked, chosen, results, failures, other):
    """Prints the table, writes --json; the exit code."""
    rows = list(rows_of(chosen, results, other))
    print_table(rows, other)
    if asked.json:
        write_json(asked.json, results, rows, other)
    missed = asked.check and any(met is False for *_, met in rows)
    return 1 if failures or missed else 0


def _end(number, _frame):
    """The `with` blocks end what they began, and no second signal (a terminal's, timeout's) may cut that short."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    say("interrupted")
    sys.exit(128 + number)


def run(main):
    """Runs main() as a program; its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    try:
        sys.exit(main())
    except BenchError as error:
        say(str(error))
        sys.exit(1)
