#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Let every mutant live for a while in a guest, and write down who noticed.

drive.py [--first] RESULTS TABLE SCRATCH GUESTS QEMU...

RESULTS grows by one line of JSON a mutant; those that are in it already are
not run again. TABLE has a mutant's number in its first column and may have, in
its seventh, the one program that is to notice it, which is then the only one to
run; 0, the kernel as shipped, runs first. QEMU is the command of a guest; its
standard input and output are the guest's terminal, see guest.sh, and its
console goes to the file that stands for "@" in the command. With --first a
mutant that one of the suite's programs has noticed is not shown to the others,
which are slower.
"""

import json
import os
import re
import selectors
import subprocess
import sys
import time

BOOT = 120	# seconds until a guest is ready
SILENCE = 30	# seconds between two lines of a guest, beside a program's own
LIMIT = 40	# seconds for a program, at least; or as many as
TIMES = 6	# times what it takes without a bug
THEIRS = 6	# seconds for the tree's, which takes 0.3 or waits for ever
RECENT = 6
FIRST_LIMIT = 300	# seconds for a program of which that is not known


def limit(name, healthy):
    """Seconds for a program that takes so long without a bug."""
    return THEIRS if name.startswith("tree-") else max(LIMIT, TIMES * healthy)


class Guest:
    """A guest, the mutant that lives in it, and what was said of it."""

    def __init__(self, number, scratch, command):
        self.console = os.path.join(scratch, f"{number}.console")
        self.command = [word.replace("@", self.console) for word in command]
        self.process = None
        self.buffer = b""
        self.record = None
        self.deadline = 0.0
        self.ready = False
        self.programs = []
        self.limits = {}

    def start(self):
        """Boot. The guest dies with us."""
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.buffer = b""
        self.record = None
        self.ready = False
        self.deadline = time.monotonic() + BOOT

    def stop(self):
        """Make sure that it is gone."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def give(self, number, programs):
        """Hand a mutant to the guest."""
        self.record = {"number": number, "fate": "up", "programs": {},
                       "begin": time.time()}
        self.limits = dict(word.split("=") for word in programs.split()
                           if "=" in word)
        try:
            self.process.stdin.write(f"{number} {programs}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass	# Its end is seen on its output.

    def lines(self):
        """What the guest said since; None at its end."""
        data = self.process.stdout.read()
        if data == b"":
            return None
        self.deadline = time.monotonic() + SILENCE
        *lines, self.buffer = (self.buffer + (data or b"")).split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def hear(self, line):
        """One line of the guest; the record when it is complete."""
        word, _, rest = line.partition(" ")
        if word == "ready":
            self.ready = True
            self.programs = rest.split()[1:]
        if not self.record:
            return None
        name, _, rest = rest.partition(" ")
        program = self.record["programs"].setdefault(
            name, {"status": None, "failed": [], "said": [], "splat": []}
        ) if word in ("start", "program", "failed", "said", "splat") else None
        if word == "start":
            self.deadline += int(self.limits.get(name, 0))
        elif word == "program":
            status, begin, end, tests = rest.split()
            program.update(status=int(status), tests=int(tests))
            program["seconds"] = round(float(end) - float(begin), 2)
        elif word in ("failed", "said", "splat"):
            program[word].append(rest)
        elif word == "done":
            self.record["state"] = rest
            return self.finish("up")
        return None

    def finish(self, fate):
        """The record of the mutant that has lived."""
        record, self.record = self.record, None
        record["fate"] = fate
        record["seconds"] = round(time.time() - record.pop("begin"), 1)
        if fate != "up":
            record["console"] = self.last_words()
        return record

    def last_words(self):
        """Why it died, as far as its console tells."""
        with open(self.console, encoding="utf-8", errors="replace") as console:
            lines = [re.sub(r"^\[ *[\d.]+\] ", "", line.strip())
                     for line in console]
        telling = [line for line in lines if line.startswith(
            ("BUG", "WARNING", "RIP: 0010", "Kernel panic", "kernel BUG",
             "general protection", "Oops", "refcount_t"))]
        return telling[:4] or lines[-2:]


class Drive:
    """All guests, and the mutants that wait."""

    def __init__(self, first, results, table, scratch, guests, command):
        self.first = first
        self.done = {}
        if os.path.exists(results):
            with open(results, encoding="utf-8") as old:
                for line in old:
                    record = json.loads(line)
                    self.done[record["number"]] = record
        with open(table, encoding="utf-8") as rows:
            rows = [row.rstrip("\n").split("\t") for row in rows]
        wanted = [0] + [int(row[0]) for row in rows]
        self.only = {int(row[0]): row[6:] for row in rows if row[6:]}
        if len(self.only) == len(rows):
            self.only[0] = sum(self.only.values(), [])
        self.todo = [number for number in wanted if number not in self.done]
        self.total = len(wanted)
        self.had = self.total - len(self.todo)
        self.results = open(results, "a", encoding="utf-8")
        self.guests = [Guest(number, scratch, command)
                       for number in range(min(guests, len(self.todo)))]
        self.selector = selectors.DefaultSelector()
        self.begin = time.monotonic()
        self.failures = 0
        self.noticed = []	# programs that noticed the last mutants

    def boot(self, guest):
        """A new guest, if there is work for it."""
        if self.todo:
            guest.start()
            self.selector.register(guest.process.stdout,
                                   selectors.EVENT_READ, guest)

    def drop(self, guest):
        """This guest is not to be used again."""
        self.selector.unregister(guest.process.stdout)
        guest.stop()

    def keep(self, record):
        """Write a result down, at once. The kernel without a bug has to live
        before any other is worth the time."""
        self.results.write(json.dumps(record) + "\n")
        self.results.flush()
        self.done[record["number"]] = record
        self.noticed += [name for name, program in record["programs"].items()
                         if program["status"] not in (0, 4)]
        del self.noticed[:-RECENT]
        if record["number"] == 0:
            if record["fate"] != "up":
                sys.exit("drive.py: the kernel without a bug does not stay "
                         "up: " + " | ".join(record["console"]))
            for guest in self.guests[1:]:
                self.boot(guest)
        self.progress()

    def progress(self):
        """How far, on a terminal's one line or every now and then."""
        count = len(self.done)
        ran = count - self.had
        left = self.total - count
        crashed = sum(record["fate"] != "up" for record in self.done.values())
        spent = time.monotonic() - self.begin
        text = (f"{count} of {self.total} mutants, {crashed} of them ended "
                f"the guest, {spent / 60:.0f} min, "
                f"{spent / max(ran, 1) * left / 60:.0f} min to go")
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="" if left else "\n",
                  file=sys.stderr, flush=True)
        elif count % 50 == 0 or not left:
            print(text, file=sys.stderr, flush=True)

    def order(self, names, number):
        """The programs and their limits: the tree's first, then ours, the fast
        before the slow, unless a slow one has just noticed a neighbour. Last
        are those that fail without a bug."""
        if number in self.only:
            names = [name for name in names if name in self.only[number]]
        if 0 not in self.done:
            return " ".join(f"{name}={FIRST_LIMIT}" for name in names)
        healthy = {name: {"status": 0, "seconds": 0} for name in names}
        healthy.update(self.done[0]["programs"])
        names = sorted(names, key=lambda name: (
            not name.startswith("tree-"),
            healthy[name]["status"] not in (0, 4),
            healthy[name]["seconds"] / (1 + 4 * self.noticed.count(name))))
        theirs = sum(name.startswith("tree-") for name in names)
        names = [f"{name}={limit(name, healthy[name]['seconds']):.0f}"
                 for name in names]
        theirs, ours = names[:theirs], names[theirs:]
        return " ".join(theirs + (["-"] if self.first else []) + ours)

    def next(self, guest):
        """The next mutant for this guest, or its end."""
        if self.todo:
            number = self.todo.pop(0)
            guest.give(number, self.order(guest.programs, number))
        else:
            self.drop(guest)

    def lost(self, guest, fate):
        """The guest ended, or went silent."""
        self.drop(guest)
        if guest.record:
            self.keep(guest.finish(fate))
            self.failures = 0
        else:
            self.failures += 1
            if self.failures > 3:
                sys.exit("drive.py: guests do not come up: " +
                         " | ".join(guest.last_words()))
        self.boot(guest)

    def serve(self, guest):
        """Read what the guest has to say."""
        lines = guest.lines()
        if lines is None:
            self.lost(guest, "crash")
            return
        for line in lines:
            try:
                record = guest.hear(line)
            except ValueError:	# It cannot even read its clock any more.
                self.lost(guest, "crash")
                return
            if record:
                self.keep(record)
                if record["state"] != "clean":
                    self.drop(guest)
                    self.boot(guest)
                    return
            if guest.ready and not guest.record:
                self.next(guest)
                if guest.process.poll() is not None:
                    return

    def run(self):
        """Until no mutant waits and no guest lives."""
        for guest in self.guests if 0 in self.done else self.guests[:1]:
            self.boot(guest)
        while self.selector.get_map():
            for key, _ in self.selector.select(1):
                self.serve(key.data)
            now = time.monotonic()
            for key in list(self.selector.get_map().values()):
                if now > key.data.deadline:
                    self.lost(key.data, "hang")


if __name__ == "__main__":
    try:
        words = sys.argv[1:]
        only_first = words[0] == "--first" and bool(words.pop(0))
        Drive(only_first, *words[:3], int(words[3]), words[4:]).run()
    except KeyboardInterrupt:
        sys.exit(130)
