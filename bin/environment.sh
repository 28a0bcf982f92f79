# Sourced by the commands beside it: `environment NAME SYNC-OPTIONS…` makes .venv hold what uv.lock says, and skips
# everything when nothing changed since the last time. Sourced from the repository's root.

# A market is a dozen processes, and tests start hundreds: each would compile 2,600 modules anew (5 s) if nothing were kept.
unset PYTHONDONTWRITEBYTECODE
PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$PWD/.run/pycache}"
export PYTHONPYCACHEPREFIX

say_and_stop() {
    printf '%s\n' "$1" >&2
    exit 1
}

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    say_and_stop "Python 3.11 or newer is missing: install it, or put it on your PATH."
}

find_uv() {
    PATH="$PATH:$PWD/.boot/bin"
    export PATH
    command -v uv >/dev/null 2>&1 && return
    find_python
    "$python" -m pip --version >/dev/null 2>&1 ||
        say_and_stop "pip is missing for $(command -v "$python"): install it (often the package python3-pip), or install uv."
    "$python" -m pip install --quiet --disable-pip-version-check --target .boot uv >&2 ||
        say_and_stop "uv could not be installed: check the network and the disk (the lines above say what failed), then try again."
}

environment() {
    name=$1
    shift
    case "$(uname -s) $(uname -m)" in
        Linux\ x86_64 | Linux\ aarch64 | Darwin\ x86_64 | Darwin\ arm64) ;;
        *) say_and_stop "There are no servers for $(uname -s) on $(uname -m): use Linux or macOS on x86-64 or ARM64." ;;
    esac
    (umask 077 && mkdir -p .run) || say_and_stop "$PWD/.run cannot be written: make room, or give yourself the right to."
    wanted="$(cat uv.lock pyproject.toml | cksum) $*"
    if [ -x .venv/bin/python ] && [ "$(cat ".venv/synced-$name" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    find_uv
    # inexact: a developer's other groups stay installed
    uv sync --quiet --frozen --inexact "$@" >&2 ||
        say_and_stop "The packages could not be installed: check the network and the disk (the lines above say what failed), then try again."
    printf '%s' "$wanted" >".venv/synced-$name"
}
