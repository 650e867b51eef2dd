// SPDX-License-Identifier: GPL-2.0
// Find every place of the setns path where a bug can be seeded by rule, and
// hand its extent to systematic.py, which writes the switches around them.

@initialize:python@
@@
import os, sys
sys.path.insert(0, os.environ["MUTANTS_DIR"])
import systematic
sites = systematic.Sites()

@condition disable neg_if@
expression E;
position p;
statement S1, S2;
@@
 if (E@p) S1 else S2

@script:python@
p << condition.p;
@@
sites.add("condition", p[0])

@loop@
expression E;
position p;
statement S;
@@
 while (E@p) S

@script:python@
p << loop.p;
@@
sites.add("loop", p[0])

@both@
expression A, B;
position p, q;
@@
 A@p && B@q

@script:python@
p << both.p;
q << both.q;
@@
sites.add("and", p[0])
sites.add("and", q[0])

@either@
expression A, B;
position p, q;
@@
 A@p || B@q

@script:python@
p << either.p;
q << either.q;
@@
sites.add("or", p[0])
sites.add("or", q[0])

@simple@
expression E;
position p;
@@
 E@p;

@script:python@
p << simple.p;
@@
sites.add("statement", p[0])

@jump@
identifier label;
position p;
@@
 goto label@p;

@script:python@
p << jump.p;
@@
sites.add("goto", p[0])

@result@
expression E;
position p;
@@
 return E@p;

@script:python@
p << result.p;
@@
sites.add("return", p[0])

@errno@
constant C =~ "^E[A-Z]+$";
position p;
@@
 -C@p

@script:python@
p << errno.p;
@@
sites.add("errno", p[0])

@flag@
constant C =~ "^(CLONE_NEW|CAP_)";
position p;
@@
 C@p

@script:python@
p << flag.p;
@@
sites.add("flag", p[0])

@finalize:python@
@@
sites.write()
