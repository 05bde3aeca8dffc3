#!/bin/bash
# SPDX-License-Identifier: MIT
#
# From a fresh Debian 12 to the first picture: installs what is missing, builds into build/, runs
# the demo into demo/. Run it again at any time; what is done isn't done twice.
set -euo pipefail
cd "$(dirname "$0")/.."
source samples/setup.sh

install_packages "${build_packages[@]}"
configure build
ninja -C build cli/moescope moescope-plugins
build/cli/moescope demo --out demo

echo
echo "Open these pictures:"
find "$PWD/demo" -name '*.png' | sort | sed 's/^/  /'
