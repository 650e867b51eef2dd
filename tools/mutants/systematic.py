# SPDX-License-Identifier: GPL-2.0
"""Seed the systematic bugs: turn the places that systematic.cocci found into
switches, and name each bug after what it does, so that the same bug has the
same name in every kernel.

Environment: MUTANTS_FILE the source file, rewritten in place; MUTANTS_SOURCE
its path in the kernel tree; MUTANTS_FUNCTIONS the functions to look at;
MUTANTS_TABLE the table to append to; MUTANTS_FIRST the first free number.
"""

import os
import re

# The one table of namespaces
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                       os.pardir, "lib", "namespaces.h"),
          encoding="utf-8") as header:
    FLAGS = re.findall(r'[XY]\(\w+, "\w+", (CLONE_\w+)', header.read())
NEIGHBOUR = dict(zip(FLAGS, FLAGS[1:] + FLAGS[:1]))
NEIGHBOUR["CAP_SYS_ADMIN"] = "CAP_SYS_BOOT"
NEIGHBOUR["CAP_SYS_CHROOT"] = "CAP_SYS_PTRACE"
ERRNO = {"EPERM": "EINVAL", "EINVAL": "EPERM", "ENOMEM": "EAGAIN",
         "ESRCH": "EINVAL", "EBADF": "EINVAL", "EUSERS": "EINVAL"}
SWITCH = re.compile(r"\bMUT_\w+\(")


def closing(text, start):
    """The offset of the parenthesis that closes the one before start, and
    that of the last comma at its level."""
    depth, comma = 1, start
    for at in range(start, len(text)):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if not depth:
                return at, comma
        elif text[at] == "," and depth == 1:
            comma = at
    raise ValueError("unbalanced parentheses after " + text[start - 20:start])


def shipped(text):
    """The text as the kernel ships it: each hand-made switch undone."""
    while True:
        found = SWITCH.search(text)
        if not found:
            return re.sub(r"\s+", "", text)
        end, comma = closing(text, found.end())
        text = text[:found.start()] + text[comma + 1:end] + text[end + 1:]


class Sites:
    """The places found, as (kind, function, from, to) in offsets."""

    def __init__(self):
        with open(os.environ["MUTANTS_FILE"], encoding="utf-8") as source:
            self.text = source.read()
        self.starts = [0]
        for line in self.text.splitlines(True):
            self.starts.append(self.starts[-1] + len(line))
        self.functions = os.environ["MUTANTS_FUNCTIONS"].split()
        self.next = int(os.environ.get("MUTANTS_FIRST", 0))
        self.seeded = self.hand_made()
        self.found = set()
        self.edits = []
        self.rows = []
        self.names = {}

    def hand_made(self):
        """The extents that belong to hand-made bugs: no bug in a bug."""
        spans = []
        for found in SWITCH.finditer(self.text):
            end, comma = closing(self.text, found.end())
            spans.append((found.start(), comma))
        return spans

    def extent(self, place):
        """Where it is, in offsets."""
        return (self.starts[int(place.line) - 1] + int(place.column),
                self.starts[int(place.line_end) - 1] + int(place.column_end))

    def shipped_code(self, place):
        """Is it in our functions, and not part of a bug? A place that is a
        switch from end to end still is what the kernel ships."""
        start, end = self.extent(place)
        return place.current_element in self.functions and all(
            not a <= start < b or (a == start and end > b)
            for a, b in self.seeded)

    def add(self, kind, place):
        if self.shipped_code(place):
            self.found.add((*self.extent(place), kind, place.current_element))

    def bug(self, function, kind, change, place):
        """A new row of the table; its number."""
        start, end = place
        text = shipped(self.text[start:end])
        if len(text) > 60:
            text = text[:58] + ".."
        name = f"{function}:{kind}:{text}"
        self.names[name] = self.names.get(name, 0) + 1
        if self.names[name] > 1:
            name += f"#{self.names[name]}"
        line = self.text.count("\n", 0, start) + 1
        self.rows.append((self.next, name, function, kind,
                          f"{os.environ['MUTANTS_SOURCE']}:{line}",
                          change.format(shipped(self.text[start:end]))))
        self.next += 1
        return self.next - 1

    def wrap(self, place, before, after=")"):
        """Outer places first: their text must enclose the inner ones'."""
        start, end = place
        self.edits.append((start, 1, -end, before))
        self.edits.append((end, 0, -start, after))

    def alone(self, start, end):
        """Is this statement all that its branch holds?"""
        before = self.text[:start].rstrip()
        after = self.text[end:].lstrip()
        return before.endswith(")") or before.endswith("else") or (
            before.endswith("{") and after.startswith("}"))

    def condition(self, function, place):
        true = self.bug(function, "true", "{} taken as true", place)
        false = self.bug(function, "false", "{} taken as false", place)
        self.wrap(place, f"MUTS_COND({true}, {false}, ")

    def operand(self, function, place, neutral):
        # One operand at a time: the left of "A || B || C" is two.
        text = self.text[place[0]:place[1]]
        if re.search(r"\|\||&&", self.outer(text)):
            return
        number = self.bug(function, "operand", "operand {} dropped", place)
        self.wrap(place, f"MUTS_OPERAND({number}, {neutral}, ")

    @staticmethod
    def outer(text):
        """The text without what it holds in parentheses."""
        while True:
            less = re.sub(r"\([^()]*\)", "", text)
            if less == text:
                return text
            text = less

    def statement(self, function, place):
        # What looks like a call may be a declaration.
        if re.match(r"(guard|CLASS)\(", self.text[place[0]:place[1]]):
            return
        number = self.bug(function, "drop", "statement {} dropped", place)
        self.wrap(place, f"MUTS_STMT({number}, ")

    def goto(self, function, place):
        # The place is the label's: the statement starts at its keyword.
        start = self.text.rindex("goto", 0, place[0])
        place = (start, place[1])
        if not self.alone(start, place[1] + 1):
            number = self.bug(function, "drop", "jump dropped", place)
            self.wrap(place, f"if (!mut({number})) ", "")

    def result(self, function, place):
        start, end = place
        text = self.text[start:end]
        first = self.text.rindex("return", 0, start)
        if re.match(r"\s*-", text):
            last = re.match(r"\s*;\s*\n}", self.text[end:])
            if not last and not self.alone(first, end + 1):
                number = self.bug(function, "drop", "return of {} dropped",
                                  place)
                self.wrap((first, end), f"if (!mut({number})) ", "")
        elif text == "0":
            number = self.bug(function, "result", "success reported as EINVAL",
                              place)
            self.wrap(place, f"MUTS_EXPR({number}, -EINVAL, ")
        else:
            number = self.bug(function, "result", "{} reported as 0", place)
            self.wrap(place, f"MUTS_EXPR({number}, 0, ")

    def swap(self, function, place, kind, table):
        text = self.text[place[0]:place[1]]
        if text in table:
            number = self.bug(function, kind, "{} swapped with " + table[text],
                              place)
            self.wrap(place, f"MUTS_EXPR({number}, {table[text]}, ")

    def write(self):
        for start, end, kind, function in sorted(
                self.found, key=lambda site: (site[0], -site[1], site[2])):
            place = (start, end)
            if kind in ("condition", "loop"):
                self.condition(function, place)
            elif kind in ("and", "or"):
                self.operand(function, place, "1" if kind == "and" else "0")
            elif kind == "statement":
                self.statement(function, place)
            elif kind == "goto":
                self.goto(function, place)
            elif kind == "return":
                self.result(function, place)
            elif kind == "errno":
                self.swap(function, place, kind, ERRNO)
            else:
                self.swap(function, place, kind, NEIGHBOUR)
        text = self.text
        for at, _, _, insert in sorted(self.edits, reverse=True):
            text = text[:at] + insert + text[at:]
        with open(os.environ["MUTANTS_FILE"], "w", encoding="utf-8") as out:
            out.write(text)
        with open(os.environ["MUTANTS_TABLE"], "a", encoding="utf-8") as out:
            for row in self.rows:
                out.write("\t".join(map(str, row)) + "\n")
