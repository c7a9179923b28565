#!/usr/bin/env bash
# librdkafka's own test suite (Debian's source package, the version that Weir links) against a broker of ours, started for it.
#
#   librdkafka_suite.sh              every test that passes on Apache Kafka, one line each, then the count; exit 1 when one fails
#   librdkafka_suite.sh 0011 0105    these tests
#
# The first use fetches and builds the source, which takes minutes and needs root, under ${XDG_CACHE_HOME:-~/.cache}/weir-peers.
# TEST_TIMEOUT_S (180) bounds one test; the log of each stays beside the source.
#
# Two tests measure the client as much as the broker, and fail on Apache Kafka as well now and then on a busy machine: 0086 wants ten
# messages in its first request, 0118 two consumers in one generation although nobody waits for the second.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
home=${XDG_CACHE_HOME:-$HOME/.cache}/weir-peers/librdkafka
weir=${WEIR_BIN:-$here/build/bin}/weir

# Without those that do not run in quick mode, and those that fail on Apache Kafka 4 too: 0081 wants an error for a setting that is
# fine by now, 0092 sets message.format.version, 0103 replication factor 3, 0129 segments smaller than allowed; 0105 needs no broker.
kafkas='0000 0001 0002 0003 0004 0005 0006 0007 0008 0009 0011 0012 0013 0014 0015 0016 0017 0018 0019 0020 0021 0022 0025 0026 0029 0030
    0031 0033 0034 0035 0036 0037 0038 0039 0040 0041 0042 0044 0045 0046 0048 0050 0051 0053 0054 0055 0056 0057 0058 0059 0060 0061 0062
    0064 0065 0066 0067 0069 0070 0072 0073 0074 0078 0080 0083 0084 0085 0086 0089 0090 0091 0093 0095 0097 0099 0100 0102 0104 0106 0110
    0113 0114 0117 0118 0120 0121 0122 0124 0125 0128 0130 0131 0132 0133 0134 0136 0137 0138'

fail() {
    echo "librdkafka_suite.sh: $*" >&2
    exit 3
}

# The package sources that apt is set up with, read as source packages too; the machine's own lists stay as they are.
fetch() {
    local options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$home/apt" -o "Dir::State::lists=$home/apt/lists"
        -o APT::Sandbox::User=root)
    local file
    mkdir -p "$home/apt/lists/partial"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$home/apt/$(basename "$file")"
    done
    [ ! -e /etc/apt/sources.list ] || sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$home/apt/sources.list"
    apt-get "${options[@]}" update -qq
    (cd "$home" && apt-get "${options[@]}" source -qq librdkafka)
    apt-get install -y -qq --no-install-recommends build-essential zlib1g-dev libssl-dev liblz4-dev libzstd-dev rapidjson-dev python3
}

build() {
    local source
    source=$(echo "$home"/librdkafka-*/)
    (cd "$source" && ./configure --enable-lz4-ext --disable-gssapi && make -j"$(nproc)" libs && make -j"$(nproc)" -C tests build)
    ln -sfn "${source}tests" "$home/tests"
}

[ -x "$weir" ] || fail "there is no $weir: run ./weir build first"
mkdir -p "$home"
if [ ! -x "$home/tests/test-runner" ]; then
    echo "fetching and building librdkafka's tests in $home" >&2
    if ! { fetch && build; } >"$home/build.log" 2>&1; then fail "this did not work: see the end of $home/build.log"; fi
fi

data=$(mktemp -d)
mkfifo "$data/ready"
exec 5<>"$data/ready"
"$weir" broker --override listeners=PLAINTEXT://127.0.0.1:0 --override "log.dirs=$data/logs" --override num.partitions=4 \
    --override group.initial.rebalance.delay.ms=0 --ready-fd 5 >"$home/broker.log" 2>&1 &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null || true; rm -rf "$data"' EXIT
read -r -t 30 -u 5 bootstrap || fail "the broker does not start: see $home/broker.log"

cd "$home/tests"
export LD_LIBRARY_PATH=$PWD/../src:$PWD/../src-cpp TEST_KAFKA_VERSION=3.9.1
printf 'bootstrap.servers=%s\n' "$bootstrap" >test.conf
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $kafkas
passed=0 failed=0
for test; do
    start=$SECONDS verdict='NOT OK' log=$home/$test.log
    if TESTS=$test timeout "${TEST_TIMEOUT_S:-180}" ./test-runner -p1 -Q -E >"$log" 2>&1 &&
        ! grep -qE '[0-9]{4}_[^|]*[|] *FAILED' "$log" && grep -qE '[0-9]{4}_[^|]*[|] *PASSED' "$log"; then
        verdict=ok passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    printf '%-6s %s %3d s\n' "$verdict" "$test" $((SECONDS - start))
done
kill -0 "$broker" 2>/dev/null || fail "the broker ended: see $home/broker.log"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
