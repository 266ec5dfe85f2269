#!/usr/bin/env bash
# Sourced after scripts/tools.sh, in the root: where the peers' packages are.

# shellcheck disable=SC2034 # for the scripts
debian_gopath=/usr/share/gocode
go_list=$PWD/benches/peers/go/go.txt
python_list=$PWD/benches/peers/python/requirements.txt

# Prints where the packages of the peer in Node are, or will be.
node_modules() {
    # shellcheck disable=SC2154 # of scripts/tools.sh
    echo "$tools_dir/peer-node-$(cksum <benches/peers/node/package-lock.json | cut -d' ' -f1)/node_modules"
}
