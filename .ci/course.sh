#!/usr/bin/env bash
# All notebooks of the course, both languages, from a wheel in a fresh environment, offline: bash .ci/course.sh
# It takes minutes, and CI does not run it: the build of the documentation runs every unit once.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/textvec-course.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset PYTHONPATH VIRTUAL_ENV TEXTVEC_DATA
export PIP_CONSTRAINT="$repository/.ci/constraints.txt" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1
export PIP_BUILD_CONSTRAINT="$PIP_CONSTRAINT"

"${PYTHON:-python3}" -m venv "$work/environment"
export PATH="$work/environment/bin:$PATH"
python -m pip wheel --no-deps --wheel-dir "$work" "$repository"
began=$SECONDS
python -m pip install "$(ls "$work"/textvec-*.whl)[course]"
printf 'installed in %d s\n' $((SECONDS - began))

cd "$work"
began=$SECONDS
script="$repository/.ci/course_notebooks.py"
if unshare -rn true 2>/dev/null; then
    unshare -rn python "$script" en zh
else
    env http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 no_proxy= python "$script" en zh
fi
printf 'copied and executed in %d s\n' $((SECONDS - began))
