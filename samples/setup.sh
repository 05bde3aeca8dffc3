# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# What quickstart.sh and tests/run.sh share: Debian packages and a build folder. Sourced by bash
# in the root of the project; runs nothing by itself.

# libc6-dev is named because gcc only recommends it.
build_packages=(
    gcc libc6-dev meson ninja-build pkg-config
    libglib2.0-dev libjson-glib-dev zlib1g-dev libdeflate-dev libopenblas-openmp-dev
    libcairo2-dev libpango1.0-dev fonts-dejavu-core libgtk-4-dev
)
if [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ]; then
    build_packages+=(libisal-dev)
fi

# Prints those of the named packages that aren't installed.
missing_packages() {
    dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        awk '$1 == "installed" { print $2 }' | sort -u |
        comm -13 - <(printf '%s\n' "$@" | sort -u)
}

# Installs what is missing; does nothing, and asks for nothing, if all is there.
install_packages() {
    local missing as_root=()
    if ! command -v dpkg-query >/dev/null; then
        echo "This isn't Debian, so nothing is installed; the build needs: $*" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    if [ ${#missing[@]} -eq 0 ]; then
        return 0
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Packages are missing, and this is neither root nor is there sudo. As root, run:" >&2
            echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing: ${missing[*]}"
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    "${as_root[@]}" update </dev/null &&
        "${as_root[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null
}

# Sets up build folder $1 with the options that follow, unless it is set up already.
configure() {
    if [ ! -f "$1/build.ninja" ]; then
        meson setup "$@"
    fi
}
