#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs a program under an X server of its own. Looked for when the test runs, not when the build was
# set up: tests/run.sh may have installed it since. Without it the program skips itself, unless there
# is a display.
if command -v xvfb-run >/dev/null; then
    exec xvfb-run -a -s "-screen 0 1920x1200x24" "$@"
fi
exec "$@"
