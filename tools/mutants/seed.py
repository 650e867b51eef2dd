#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Seed the bugs into a kernel tree: seed.py TREE TABLE

Writes one row a bug into TABLE: number, name, function, kind, place, what it
is. The hand-made bugs go in first; systematic.py keeps out of them.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST_SYSTEMATIC = 1000
PLACE = """
@initialize:python@
@@
import os, sys
sys.path.insert(0, os.environ["MUTANTS_DIR"])
import systematic
sites = systematic.Sites()

@place@
expression E, F, X;
identifier I;
position p : script:python() {{ sites.shipped_code(p[0]) }};
@@
 \\( {pattern} \\& X@p \\)

@@
{inherited}expression place.X;
position place.p;
@@
- X@p
+ MUT_IF({number}, {bug}, X)
"""


class Trouble(Exception):
    """What is wrong, and what to do about it."""


def lines(name):
    """The lines of one of our files that say something."""
    with open(os.path.join(HERE, name), encoding="utf-8") as source:
        for line in source:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n")


def functions():
    """{source file: [function]}"""
    return {line.split()[0]: line.split()[1:] for line in lines("functions")}


def hand_made():
    """[{number, name, what, places: [(optional, function, pattern, bug)]}]"""
    bugs, place = [], None
    for line in lines("hand-made"):
        head = re.fullmatch(r"\[(\d+) ([a-z0-9-]+)\] (.+)", line)
        if head:
            bugs.append({"number": int(head[1]), "name": head[2],
                         "what": head[3], "places": []})
        elif line.startswith("\t") and place:
            bugs[-1]["places"].append(place + (line.strip(),))
            place = None
        elif bugs and re.match(r"\??\w+: ", line):
            function, pattern = line.split(": ", 1)
            place = (function.startswith("?"), function.lstrip("?"), pattern)
        else:
            raise Trouble(f"hand-made: not understood: {line}")
    for key in "number", "name":
        seen = [bug[key] for bug in bugs]
        if len(set(seen)) != len(seen):
            raise Trouble(f"hand-made: a {key} is used twice")
    if max(bug["number"] for bug in bugs) >= FIRST_SYSTEMATIC:
        raise Trouble(f"hand-made: numbers end below {FIRST_SYSTEMATIC}")
    return bugs


def spatch(script, path, **environment):
    """Let Coccinelle work on one file of the tree, in place."""
    result = subprocess.run(
        ["spatch", "--very-quiet", "--no-includes", "--in-place",
         "--sp-file", script, path],
        env={**os.environ, "MUTANTS_DIR": HERE, "MUTANTS_FILE": path,
             "PYTHONDONTWRITEBYTECODE": "1", **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise Trouble(f"spatch failed on {path}: {result.stderr.strip()}")


def seed_place(tree, source, number, place, scratch):
    """Seed one place of a hand-made bug; is it there?"""
    _, function, pattern, bug = place
    path = os.path.join(tree, source)
    inherited = "".join(
        f"{kind} place.{name};\n" for name, kind in
        (("E", "expression"), ("F", "expression"), ("I", "identifier"))
        if re.search(rf"\b{name}\b", pattern) and re.search(rf"\b{name}\b", bug))
    with open(scratch, "w", encoding="utf-8") as script:
        script.write(PLACE.format(pattern=pattern, inherited=inherited,
                                  number=number, bug=bug))
    with open(path, encoding="utf-8") as before:
        text = before.read()
    spatch(scratch, path, MUTANTS_FUNCTIONS=function)
    with open(path, encoding="utf-8") as after:
        return after.read() != text


def seed_hand_made(tree, files, scratch):
    """Seed the hand-made bugs; their rows, and the names of the others."""
    rows, absent = [], []
    for bug in hand_made():
        seeded, missing, homes = 0, False, []
        for place in bug["places"]:
            home = [source for source in files if place[1] in files[source]]
            if not home:
                raise Trouble(f"hand-made: {bug['name']}: {place[1]} is not "
                              "in the file functions: add it there")
            there = [source for source in home
                     if os.path.exists(os.path.join(tree, source))
                     and seed_place(tree, source, bug["number"], place,
                                    scratch)]
            homes += [(source, place[1]) for source in there]
            seeded += bool(there)
            missing |= not there and not place[0]
        if missing or not seeded:
            absent.append(bug["name"])
        else:
            rows.append((bug["number"], bug["name"], homes[0][1], "hand-made",
                         homes[0][0], bug["what"]))
    return rows, absent


def seed_file(path, source, names, table, number):
    """Seed the systematic bugs of one file; its rows."""
    with open(table, "w", encoding="utf-8"):
        pass
    spatch(os.path.join(HERE, "systematic.cocci"), path,
           MUTANTS_FUNCTIONS=" ".join(names), MUTANTS_SOURCE=source,
           MUTANTS_TABLE=table, MUTANTS_FIRST=str(number))
    with open(table, encoding="utf-8") as rows:
        return [row.rstrip("\n").split("\t") for row in rows]


def shipped_places(tree, files, scratch):
    """{name: place} of the systematic bugs, in the source as shipped"""
    places = {}
    for source, names in files.items():
        if os.path.exists(os.path.join(tree, source)):
            copy = scratch + ".c"
            shutil.copy(os.path.join(tree, source), copy)
            places.update((row[1], row[4]) for row in seed_file(
                copy, source, names, scratch, FIRST_SYSTEMATIC))
            os.unlink(copy)
    return places


def seed_systematic(tree, files, scratch, places):
    """Seed the systematic bugs; their rows."""
    done = []
    for source, names in files.items():
        path = os.path.join(tree, source)
        if not os.path.exists(path):
            continue
        rows = seed_file(path, source, names, scratch,
                         FIRST_SYSTEMATIC + len(done))
        for row in rows:
            if row[1] not in places:
                raise Trouble(f"{row[1]} is no place of the shipped source: "
                              "a hand-made bug is taken for one")
            row[4] = places[row[1]]
        done += rows
        with open(path, encoding="utf-8") as old:
            text = old.read()
        with open(path, "w", encoding="utf-8") as new:
            # Not above what the file defines for its headers.
            new.write(re.sub("^#include", "#include <linux/setns_mutant.h>\n"
                             "#include", text, count=1, flags=re.MULTILINE))
    return done


def main(tree, table):
    """Seed all of them."""
    makefile = os.path.join(tree, "kernel/Makefile")
    with open(makefile, encoding="utf-8") as old:
        if "setns_mutant" in old.read():
            raise Trouble(f"{tree}: has its bugs already: take a fresh one")
    shutil.copy(os.path.join(HERE, "setns_mutant.h"),
                os.path.join(tree, "include/linux"))
    shutil.copy(os.path.join(HERE, "setns_mutant.c"),
                os.path.join(tree, "kernel"))
    with open(makefile, "a", encoding="utf-8") as new:
        new.write("obj-y += setns_mutant.o\n")
    files = functions()
    scratch = os.path.join(tree, "setns_mutant.cocci")
    places = shipped_places(tree, files, scratch)
    rows, absent = seed_hand_made(tree, files, scratch)
    rows += seed_systematic(tree, files, scratch, places)
    os.unlink(scratch)
    with open(table, "w", encoding="utf-8") as out:
        for row in rows:
            out.write("\t".join(map(str, row)) + "\n")
    if absent:
        print("not in this kernel:", *absent)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Trouble, OSError) as trouble:
        sys.exit(f"seed.py: {trouble}")
