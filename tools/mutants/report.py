#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Say who noticed which bug.

report.py RESULTS TABLE		the whole report
report.py --brief RESULTS TABLE	only what did not go as it should
report.py --survivors RESULTS TABLE	names of those that the suite missed
report.py --choose RESULTS TABLE N	N bugs, some for every program

Exit status: 0, or 1 if a bug that stays up is neither noticed by the suite nor
called equivalent, or if the suite fails on the kernel without a bug.
"""

import fnmatch
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
THEIRS = "tree-"	# the prefix of the tree's own programs
HEAP = 0.5		# a bug that this share of all tests notice is told by none


def told(said, failed):
    """Tests that said what is wrong, but did not end before the program was
    killed, which takes time where much fails. What begins with a number is a
    report, of a good test, too."""
    names = re.findall(r"^\S+\.c:\d+:(\w+):(?! *\d)", "\n".join(said), re.M)
    return sorted(name for name in set(names)
                  if not any(test.endswith(name) for test in failed))


class Bug:
    """A row of the table and what happened to it."""

    def __init__(self, row, record, healthy):
        (self.number, self.name, self.function, self.kind, self.place,
         self.what) = row[:6]
        self.only = "".join(row[6:])	# the one program that was run
        self.fate = record["fate"]
        self.record = record
        self.tests = {"ours": [], "theirs": []}
        self.late, self.log, self.said = set(), set(), []
        for name, program in record["programs"].items():
            side = "theirs" if name.startswith(THEIRS) else "ours"
            known = healthy.get(name, {"failed": [], "status": 0})
            failed = [test for test in program["failed"]
                      if test not in known["failed"]]
            if program["status"] == 137 and side == "ours":
                failed += told(program["said"], failed)
            self.tests[side] += [f"{name}:{test}" for test in failed]
            if program.get("splat"):
                self.log.add(side)
            if not failed and program["status"] not in (
                    0, 4, None, known["status"]):
                end = ("too late" if program["status"] == 137
                       else f"exit {program['status']}")
                self.tests[side].append(f"{name}: {end}")
            if program["status"] == 137 and not failed:
                self.late.add(side)
            if side == "ours":
                self.said += program["said"]

    @property
    def programs(self):
        """Our programs that noticed it."""
        return {test.split(":")[0] for test in self.tests["ours"]}

    def noticed(self, side):
        """Did this side notice, by a test or in the kernel's log?"""
        return bool(self.tests[side]) or (side == "ours" and side in self.log)

    def line(self):
        """All of it."""
        parts = [f"{self.number} {self.name}"]
        if self.what and self.kind == "hand-made":
            parts[0] += f" ({self.what})"
        if self.fate != "up":
            parts.append(f"{self.fate}: " +
                         " | ".join(self.record.get("console", []))[:120])
        for side in "ours", "theirs":
            tests = self.tests[side]
            text = ", ".join(tests[:3]) or "-"
            if len(tests) > 3:
                text += f" and {len(tests) - 3} more"
            if side in self.log:
                text += " [kernel log]"
            parts.append(f"{side}: {text}")
        return "\n    ".join(parts)


def survivors():
    """[(verdict, reason, glob)]"""
    known, reason = [], None
    with open(os.path.join(HERE, "survivors"), encoding="utf-8") as lines:
        for line in lines:
            head = re.match(r"(equivalent|missed): (.+)", line)
            if head:
                reason = head.groups()
            elif line.startswith("\t") and reason:
                known.append((*reason, line.strip()))
            elif line.startswith("  ") and reason:
                reason = (reason[0], reason[1] + " " + line.strip())
            elif line.strip() and not line.startswith("#"):
                sys.exit(f"report.py: survivors: not understood: {line}")
    return known


def excuse(bug, known):
    """What the file survivors says of it."""
    for verdict, reason, glob in known:
        if fnmatch.fnmatchcase(bug.name, re.sub(r"[\[]", "[[]", glob)):
            return verdict, reason
    return None, None


def load(results, table):
    """All bugs that have run, and the record of the healthy kernel. What some
    did on two processors stands in a file of its own."""
    records = {}
    for name in filter(os.path.exists, (results, results + ".races")):
        with open(name, encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                before = records.get(record["number"], {"programs": {}})
                record["programs"] = before["programs"] | record["programs"]
                records[record["number"]] = record
    healthy = records.get(0, {"programs": {}, "fate": "up"})
    with open(table, encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return [Bug(row, records[int(row[0])], healthy["programs"])
            for row in rows if int(row[0]) in records], healthy


def share(part, whole):
    """12 of 34 (35 %); 100 % is all of them"""
    return f"{part} ({100 * part // whole} %)" if whole else "-"


def rows(bugs, key, known):
    """One row of the table for each value of key, and the sum."""
    groups = {}
    for bug in bugs:
        groups.setdefault(key(bug), []).append(bug)
    for name, group in [*groups.items(), ("all", bugs)]:
        up = [bug for bug in group if bug.fate == "up"]
        equal = [bug for bug in up if not bug.noticed("ours")
                 and excuse(bug, known)[0] == "equivalent"]
        real = [bug for bug in up if bug not in equal]
        yield (name, len(group), len(group) - len(up), len(equal), len(real),
               share(sum(bug.noticed("ours") for bug in real), len(real)),
               share(sum(bug.noticed("theirs") for bug in real), len(real)))


def print_table(title, lines):
    """As Markdown has it."""
    head = (title, "bugs", "crash or hang", "equivalent", "tell suites apart",
            "this suite", "the tree's test")
    lines = [tuple(map(str, line)) for line in (head, *lines)]
    width = [max(len(line[at]) for line in lines) for at in range(len(head))]
    for number, line in enumerate(lines):
        print("| " + " | ".join(
            text.ljust(width[at]) if not at else text.rjust(width[at])
            for at, text in enumerate(line)) + " |")
        if not number:
            print("|" + "|".join("-" * (size + 1) + (":" if at else "-")
                                 for at, size in enumerate(width)) + "|")
    print()


def section(title, bugs, text):
    """A headline and a line a bug, if there is one."""
    if bugs:
        print(f"{title}: {len(bugs)}")
        for bug in bugs:
            print("  " + text(bug))
        print()


def weak(bugs, total):
    """Bugs that are noticed, but not by a test that says what broke."""
    for bug in bugs:
        tests = bug.tests["ours"]
        if bug.fate != "up" or not bug.noticed("ours"):
            continue
        if not tests:
            yield bug, "only in the kernel's log"
        elif all(re.search(": too late$", test) for test in tests):
            stuck = bug.record.get("state", "").startswith("stuck")
            yield bug, "only by a timeout" + (
                ": a task never leaves the kernel" if stuck else "")
        elif total and len(tests) > HEAP * total:
            yield bug, f"by {len(tests)} of {total} tests"


def report(bugs, healthy, brief):
    """Print it; is all as it should be?"""
    known = survivors()
    broken = [f"{name}: {', '.join(program['failed']) or program['status']}"
              for name, program in healthy["programs"].items()
              if program["status"] not in (0, 4)]
    if broken or healthy["fate"] != "up":
        print("the kernel without a bug fails, and what it fails is not "
              "counted:", *broken, sep="\n  ")
        print()
    # Those of the tenth are known to stay up: a guest that ended is no verdict.
    quiet = [bug for bug in bugs if (bug.fate == "up" or bug.only)
             and not bug.noticed("ours")]
    excused = [bug for bug in quiet if excuse(bug, known)[0]]
    missed = [bug for bug in quiet if bug not in excused]
    total = sum(program.get("tests", 0)
                for name, program in healthy["programs"].items()
                if not name.startswith(THEIRS))
    if not brief:
        section("bugs", bugs, Bug.line)
        print_table("file", rows(bugs, lambda bug: bug.place.split(":")[0],
                                 known))
        print_table("kind", rows(bugs, lambda bug: bug.kind, known))
        section("noticed, but weakly", list(weak(bugs, total)),
                lambda pair: f"{pair[0].number} {pair[0].name}: {pair[1]}")
        section("the guest crashed or hung",
                [bug for bug in bugs if bug.fate != "up"],
                lambda bug: f"{bug.number} {bug.name}: {bug.fate}")
        section("survivors with a reason", excused,
                lambda bug: f"{bug.number} {bug.name}: " +
                ": ".join(excuse(bug, known)))
    section("survivors without a reason", missed,
            lambda bug: f"{bug.number} {bug.name} ({bug.place}, "
                        f"{bug.function}): {bug.what}" +
                        (f": not noticed by {bug.only}" if bug.only else ""))
    admitted = [bug for bug in excused if excuse(bug, known)[0] == "missed"]
    # As all of the project's own tests end.
    print(f"# {len(bugs) - len(quiet)} passed, "
          f"{len(missed) + len(admitted)} failed, "
          f"{len(excused) - len(admitted)} skipped")
    return not (broken or missed or admitted)


def choose(bugs, wanted):
    """Rows of the file tenth: for each program three bugs, in functions of their
    own and such as few other programs notice, then as many of the rest as are
    wanted, evenly spread."""
    noticed = [bug for bug in bugs
               if bug.fate == "up" and bug.tests["ours"] and not bug.late]
    chosen = {}
    for program in sorted(set().union(*(bug.programs for bug in noticed))):
        functions = set()
        for bug in sorted(noticed, key=lambda bug: len(bug.programs)):
            if (program in bug.programs and bug.name not in chosen
                    and bug.function not in functions and len(functions) < 3):
                functions.add(bug.function)
                chosen[bug.name] = program
    rest = [bug for bug in noticed if bug.name not in chosen]
    room = max(wanted - len(chosen), 0)
    chosen.update((bug.name, min(bug.programs))
                  for bug in rest[::max(len(rest) // max(room, 1), 1)][:room])
    for name, program in sorted(chosen.items(), key=lambda row: row[::-1]):
        print(f"{program}\t{name}")


def main(arguments):
    """See above."""
    option = arguments.pop(0) if arguments[0].startswith("--") else ""
    bugs, healthy = load(*arguments[:2])
    if option == "--survivors":
        for bug in bugs:
            if bug.fate == "up" and not bug.noticed("ours"):
                print(bug.number)
        return 0
    if option == "--choose":
        choose(bugs, int(arguments[2]))
        return 0
    return 0 if report(bugs, healthy, option == "--brief") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
