#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Installs what is missing, builds, runs the tests twice (plain, and under the address and
# undefined-behaviour sanitizers), and ends with the line "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."
source samples/setup.sh

usage() {
    cat <<'END'
Usage: tests/run.sh [--fast] [--clang] [--werror] [--suite NAME]… [TEST]…

  --fast        leave out the sanitizer build (build-asan/)
  --clang       build with clang, warnings being errors (build-clang/), instead of gcc (build/)
  --werror      make warnings errors
  --suite NAME  run this suite only: unit, house, …; may be repeated
  TEST          run the tests of this name only
END
}

fast=false
clang=false
werror=false
chosen=()
while [ $# -gt 0 ]; do
    case $1 in
    --fast) fast=true ;;
    --clang) clang=true ;;
    --werror) werror=true ;;
    --suite)
        [ $# -gt 1 ] || { echo "--suite wants a name" >&2; exit 2; }
        chosen+=(--suite "$2")
        shift
        ;;
    --suite=*) chosen+=("$1") ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) chosen+=("$1") ;;
    esac
    shift
done

packages=("${build_packages[@]}" clang-format-14 python3-numpy unzip poppler-utils xvfb xauth
    xdotool gettext appstream groff-base librsvg2-bin ghostscript mandoc tidy zsh)
if $clang; then
    packages+=(clang-14 libomp-14-dev)
fi

logs=()    # one testlog.json for each build folder whose tests ran
broken=0   # steps that failed before tests could run: installing, setting up, building

# build_and_test FOLDER OPTION…: sets up FOLDER with these meson options, builds it, and runs the
# chosen tests with the arguments in the caller's $test_args.
build_and_test() {
    local folder=$1 log=$1/meson-logs/testlog.json
    shift
    echo "== $folder"
    if ! { configure "$folder" "$@" && ninja -C "$folder"; }; then
        broken=$((broken + 1))
        return
    fi
    rm -f "$log"
    # Whether tests failed is read from the log, which also knows of those that crashed midway.
    # Some wait for a window or a child more than they compute: twice as many as cores run at once.
    meson test -C "$folder" --no-rebuild --print-errorlogs --num-processes $((2 * $(nproc))) \
        "${test_args[@]}" "${chosen[@]}" || true
    if [ -f "$log" ]; then
        logs+=("$log")
    elif [ ${#chosen[@]} -eq 0 ]; then # a choice may lie outside of what this folder runs
        broken=$((broken + 1))
    fi
}

run_plain() {
    local test_args=()
    if $clang; then
        CC=clang-14 build_and_test build-clang --werror
    elif $werror; then
        if [ -f build/build.ninja ]; then
            meson configure build -Dwerror=true
        fi
        build_and_test build --werror
    else
        build_and_test build
    fi
}

# The house suite looks at sources and at the installed library: once is enough. Lines are all that a
# report names, and -O1 finds what -O2 does: both halve the time of the build. What the checks of
# pointers left out would find, the address sanitizer finds too, at a third of the time.
run_sanitized() {
    local test_args=(--no-suite house --no-suite once --timeout-multiplier 5)
    build_and_test build-asan -Dbuildtype=debugoptimized -Doptimization=1 -Ddebug=false \
        -Dc_args='-g1 -fno-sanitize=null,object-size,pointer-overflow' \
        -Db_sanitize=address,undefined -Db_lundef=false
}

if install_packages "${packages[@]}"; then
    run_plain
    if ! $fast && ! $clang; then
        run_sanitized
    fi
else
    broken=1
fi
python3 tests/support/tally.py --broken "$broken" "${logs[@]}"
