#!/bin/sh
# Shows that every engine loads and answers from jars alone: in a network namespace without any network, with an empty home
# and an empty cache of native libraries. Linux; needs unshare (util-linux) and the right to use it.
#
#   src/offline/check.sh                      builds, then checks all engines
#   CLASSPATH=a.jar:b.jar src/offline/check.sh [ENGINE...]    checks what is given
#
# With strace, it also counts the calls that reach for a network even though there is none, and fails if there are any. That
# the counting works shows JAVA_OPTIONS='-Dai.djl.offline=false -DOPT_OUT_TRACKING=false', with which PyTorch's start does.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${CLASSPATH:-}" ]; then
    mvn -q -B -ntp -DskipTests -Dmaven.javadoc.skip=true package
    mvn -q -B -ntp -DskipTests -Dmaven.javadoc.skip=true -pl engines/paligemma-pytorch -am package \
        org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath \
        -DincludeScope=runtime -DexcludeGroupIds=dev.paligemma -Dmdep.outputFile="$work/classpath"
    CLASSPATH=apps/paligemma-cli/target/paligemma.jar:$(echo engines/paligemma-pytorch/target/paligemma-pytorch-*-SNAPSHOT.jar):$(cat "$work/classpath")
fi
export CLASSPATH
unset DJL_OFFLINE OPT_OUT_TRACKING

[ $# -gt 0 ] || set -- onnx pytorch reference
status=0
for engine in "$@"; do
    mkdir -p "$work/$engine/home"
    trace=
    if command -v strace > /dev/null; then
        trace="strace -f -qq -e trace=connect,sendto,sendmsg,sendmmsg -o $work/$engine/trace"
    fi
    # shellcheck disable=SC2086
    answer=$(env HOME="$work/$engine/home" XDG_CACHE_HOME="$work/$engine/cache" DJL_CACHE_DIR="$work/$engine/djl" \
        unshare -rn $trace java -Duser.home="$work/$engine/home" ${JAVA_OPTIONS:-} \
        dev.paligemma.cli.Main caption --engine "$engine" 2> "$work/$engine/errors") || {
        echo "$engine: failed"
        cat "$work/$engine/errors"
        status=1
        continue
    }
    # Calls within the machine, such as those to a name service cache, are no network.
    calls=unknown
    if [ -n "$trace" ]; then
        calls=$(grep -cE 'AF_INET|AF_INET6|AF_NETLINK' "$work/$engine/trace") || true
        [ "$calls" = 0 ] || { status=1; grep -E 'AF_INET|AF_INET6|AF_NETLINK' "$work/$engine/trace" | head; }
    fi
    echo "$engine: \"$answer\"; calls to a network: $calls; unpacked: $(du -sm "$work/$engine" | cut -f1) MiB"
done
exit $status
