#!/usr/bin/env bash
# Sets up what a bare machine lacks: the Python environment, and for the tests JDK 17, Maven and Prometheus.
set -euo pipefail

apt_install() { # as root on Debian install what is missing, else say what to install
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing $*" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    else
        echo "setup: missing: $*. Install them (Debian: apt-get install $*) and run this again." >&2
        exit 1
    fi
}

environment() { # VENV PYTHON LOCK: make the environment and install exactly what the lock file says, compiled: commands start at once
    local venv=$1 python=$2 lock=$3
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "setup: Symposia needs Python 3.11 or newer; $python is $("$python" --version 2>&1)" >&2
        exit 1
    }
    "$python" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/uv.lock
    "$venv/bin/uv" pip install --quiet --compile-bytecode --python "$venv/bin/python" --require-hashes -r "$lock"
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
    "$venv/bin/python" -m compileall -q services shared
}

test_tools() { # the real servers that the tests start
    local missing=()
    command -v java >/dev/null || missing+=(openjdk-17-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v prometheus >/dev/null && command -v promtool >/dev/null || missing+=(prometheus)
    [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
}

case "${1:-}" in
    --environment) environment "$2" "$3" "$4" ;;
    --check-test-tools) test_tools ;;
    *) echo "usage: $0 --environment VENV PYTHON LOCK | --check-test-tools" >&2; exit 2 ;;
esac
