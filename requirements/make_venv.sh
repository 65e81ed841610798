#!/bin/sh
# make_venv.sh FOLDER REQUIREMENTS: makes a virtual environment and installs what REQUIREMENTS lists, checked by hashes.
# Works with Debian's python3 without python3-venv too. PYTHON names another interpreter than the first one that is
# new enough.
set -eu
folder=$1
requirements=$2

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=""
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "kho: Python 3.11 or newer is needed and was not found; install it, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
fi

if ! new_enough "$folder/bin/python"; then
    rm -rf "$folder"
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv "$folder"
    else
        "$python" -m venv --without-pip "$folder"
    fi
fi
if "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    pip="$folder/bin/python -m pip"
elif "$python" -m pip --version >/dev/null 2>&1; then
    pip="$python -m pip --python $folder/bin/python"
else
    echo "kho: pip is needed and was not found; install it (Debian: apt-get install python3-pip)" >&2
    exit 1
fi
echo "Installing what $requirements lists …"
# The list is whole, so nothing is chosen here (--no-deps): what a registry of packages got since can't break it.
# shellcheck disable=SC2086 # the command is meant to be split into words
$pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$requirements"
# shellcheck disable=SC2086
report=$($pip --disable-pip-version-check check) || { echo "$report" >&2; exit 1; }
