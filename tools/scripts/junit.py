#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""junit.py FILE: writes the verdicts on stdin (JSON) as a JUnit report."""

import json
import sys

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite


def test_case(program, test):
    case = TestCase(test["name"], classname=program)
    text = "\n".join(test["diag"])
    if test["kind"] == "fail":
        case.result = [Failure(test["diag"][0] if test["diag"] else "failed")]
        case.result[0].text = text
    elif test["kind"] == "skip":
        case.result = [Skipped(test["reason"])]
    elif test["kind"] == "xfail":
        # JUnit knows no expected failure, and a pass would hide the bug.
        case.result = [Skipped("XFAIL " + test["reason"])]
    return case


def test_suite(verdict):
    name = verdict["program"]
    suite = TestSuite(name)
    suite.add_testcases(test_case(name, test) for test in verdict["tests"])
    for problem in verdict["problems"]:
        case = TestCase(name, classname=name)
        case.result = [Error(problem)]
        case.result[0].text = "\n".join(verdict["last_words"])
        suite.add_testcase(case)
    if verdict.get("skip_all"):
        case = TestCase(name, classname=name)
        case.result = [Skipped(verdict["skip_all"])]
        suite.add_testcase(case)
    suite.time = round(verdict["seconds"], 3)
    return suite


def main():
    report = JUnitXml("setns")
    for verdict in json.load(sys.stdin):
        report.add_testsuite(test_suite(verdict))
    try:
        report.write(sys.argv[1], pretty=True)
    except OSError as error:
        sys.exit(f"run_tests.sh: cannot write {sys.argv[1]}: {error.strerror}")


main()
