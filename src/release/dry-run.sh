#!/usr/bin/env bash
# Tries a release without publishing anything: builds the last commit twice as release 0.0.0, signs it with a throw-away key, deploys it
# into a folder, and checks what lies there. Needs gpg, and the network for plugins that were never used here.
#
#   src/release/dry-run.sh [FOLDER]      FOLDER is made, and kept; without one a temporary folder is used and removed
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly VERSION=0.0.0
out=${1:-}
if [[ -z $out ]]; then
  out=$(mktemp -d)
  trap 'GNUPGHOME=$out/key gpgconf --kill gpg-agent 2>/dev/null || true; rm -rf "$out"' EXIT
elif [[ -e $out ]]; then
  echo "$out exists; expected a folder that does not" >&2
  exit 2
else
  mkdir -p "$out"
  out=$(cd "$out" && pwd)
fi

export GNUPGHOME=$out/key
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Dry run <dry-run@example.invalid>' ed25519 sign never

build() { # build NAME: a clean build of the last commit, deployed into the folder NAME
  git clone --quiet . "$out/$1-source"
  (
    cd "$out/$1-source"
    current=$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml | head -n 1)
    git ls-files '*pom.xml' | xargs sed -i "s:<version>$current</version>:<version>$VERSION</version>:"
    mvn -q -B -ntp -DskipTests -P release deploy "-DaltDeploymentRepository=dry::file://$out/$1"
  )
}
build first
build second
(cd "$out/first-source" && mvn -q -B -ntp javadoc:aggregate)

cd "$out"
problems=0
problem() {
  echo "PROBLEM: $*"
  problems=$((problems + 1))
}

artifacts=0
for folder in first/dev/paligemma/*/"$VERSION"; do
  name=$(basename "$(dirname "$folder")")
  base=$folder/$name-$VERSION
  artifacts=$((artifacts + 1))
  suffixes=(.pom -cyclonedx.json -cyclonedx.xml)
  if ! grep -q '<packaging>pom</packaging>' "$base.pom"; then
    suffixes+=(.jar -sources.jar -javadoc.jar)
  fi
  for suffix in "${suffixes[@]}"; do
    file=$base$suffix
    if [[ ! -f $file ]]; then
      problem "$file is missing"
    elif ! gpg --quiet --verify "$file.asc" "$file" 2>/dev/null; then
      problem "$file has no valid signature"
    fi
  done
done
((artifacts > 0)) || problem "nothing was deployed"

# Signatures differ by nature, and metadata tells the time of the upload.
while IFS= read -r file; do
  cmp -s "first/$file" "second/$file" || problem "$file differs between two builds"
done < <(cd first && find . -type f \( -name '*.jar' -o -name '*.pom' -o -name '*-cyclonedx.json' -o -name '*-cyclonedx.xml' \) | sort)

pages=first-source/target/reports/apidocs/element-list
while IFS= read -r source; do
  module=$(sed -n 's/^module \(.*\) {$/\1/p' "first-source/$source")
  grep -qFx "module:$module" "$pages" || problem "$pages has no module ${module:-of $source}"
done < <(cd first-source && git ls-files '*/src/main/java/module-info.java')
if grep -E '(^|\.)internal(\.|$)' "$pages"; then
  problem "$pages has internal packages"
fi

mkdir baseline
for folder in first/dev/paligemma/*/"$VERSION"; do
  name=$(basename "$(dirname "$folder")")
  if [[ -f $folder/$name-$VERSION.jar ]]; then
    cp "$folder/$name-$VERSION.jar" "baseline/$name.jar"
  fi
done
echo "$artifacts artifacts, $problems problems; 'mvn verify -Dapi.baseline=FOLDER' compares with a folder like $out/baseline"
((problems == 0))
