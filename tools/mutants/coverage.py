#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What gcov counted in the functions of the setns path.

coverage.py MUTANTS TREE GCOV: MUTANTS is this directory, TREE the kernel source,
GCOV holds the JSON of gcov. Exit status: 1 if something is not reached without
a reason.
"""

import glob
import gzip
import json
import os
import re
import sys


def reasons(path):
    """[(function, text, reason)]: "function: reason" lines, then the text of
    the lines that they are about, without blanks, indented by a tab"""
    known, head = [], None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            match = re.match(r"(\w+): (.+)", line)
            if match:
                head = match.groups()
            elif line.startswith("\t") and head:
                known.append((head[0], line.strip(), head[1]))
    return known


def counted(directory):
    """Every source file that gcov has something on."""
    for path in glob.glob(os.path.join(directory, "*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as report:
            yield from json.load(report)["files"]


def main(mutants, tree, directory):
    """Print the table and what is not reached."""
    with open(os.path.join(mutants, "functions"), encoding="utf-8") as rows:
        wanted = {name for row in rows if not row.startswith("#")
                  for name in row.split()[1:]}
    known = reasons(os.path.join(mutants, "unreached"))
    table, missing, unexplained = [], [], 0
    for source in counted(directory):
        path = source["file"].replace(tree + "/", "")
        spans = [(function["start_line"], function["end_line"],
                  re.sub(r"^__(do|se)_sys_", "", function["name"]))
                 for function in source["functions"]]
        spans = [(start, end, name) for start, end, name in spans
                 if re.sub(r"[.].*", "", name) in wanted]
        if not spans:
            continue
        with open(os.path.join(tree, path), encoding="utf-8") as code:
            text = code.read().split("\n")
        for start, end, name in sorted(set(spans)):
            lines = [line for line in source["lines"]
                     if start <= line["line_number"] <= end]
            branches = [branch for line in lines for branch in line["branches"]]
            table.append((path, name, sum(line["count"] > 0 for line in lines),
                          len(lines), sum(branch["count"] > 0
                                          for branch in branches),
                          len(branches)))
            for line in lines:
                lost = sum(not branch["count"] for branch in line["branches"])
                if line["count"] and not lost:
                    continue
                code = text[line["line_number"] - 1].strip()
                why = next((reason for function, part, reason in known
                            if function == name and part in code), "")
                unexplained += not why
                what = f"{lost} branches" if line["count"] else "line"
                missing.append(f"{path}:{line['line_number']}: {name}: "
                               f"{what}: {code}\n    {why or 'NO REASON'}")
    print("| function | lines | branches |\n|---|---:|---:|")
    for path, name, lines, of_lines, branches, of_branches in sorted(table):
        print(f"| {path} {name} | {lines} of {of_lines} | "
              f"{branches} of {of_branches} |")
    print("\nnot reached:", *missing, sep="\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
