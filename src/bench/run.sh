#!/bin/sh
# Builds the library, then measures it beside transformers. Described in README.md.
#   src/bench/run.sh [--quick] [--models pg1,pg2] [--sizes 224,448,896] ...      src/bench/run.sh --help
#   src/bench/run.sh --self-test                                                 tests of the scripts themselves
set -eu
cd "$(dirname "$0")/../.."
case " $* " in
    *" --self-test "*) exec env PYTHONPATH=src/bench python3 -m unittest discover -s src/bench/tests -v ;;
    *" --help "* | *" --render-only "*) ;;
    *" --no-build "*) ;;
    *) mvn -q -B -ntp -Pbench -pl src/bench -am -DskipTests -Dmaven.javadoc.skip=true package ;;
esac
PYTHONPATH=src/bench exec python3 -m paligemma_bench.benchmark "$@"
