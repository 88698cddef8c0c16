#!/usr/bin/env bash
# fuzz/run.sh SECONDS [TARGET...]: each target for so many seconds, from the seeds of the repository. Needs a nightly
# toolchain and cargo-fuzz. Stops at the first crash; its input is then under fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?"usage: fuzz/run.sh SECONDS [TARGET...]"}
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(xml_to_json json_to_xml xsd_load busta encoding multipart firma)

fuzz/seed.sh
for target in "${targets[@]}"; do
    printf '\n== %s\n' "$target"
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -dict=fuzz/xml.dict
done
