#!/usr/bin/env bash
# Puts the documents of the repository into fuzz/corpus/TARGET, where they are not yet.
set -euo pipefail
cd "$(dirname "$0")/.."

corpus=fuzz/corpus
mkdir -p "$corpus"/{xml_to_json,json_to_xml,xsd_load,busta,encoding,multipart,firma}

# A name from the whole path, because folders hold files of one name.
seed() { # TARGET FIRST_BYTES FILE
    local to="$corpus/$1/${3//\//_}$(printf '%s' "$2" | tr -cd '[:alnum:]')"
    [ -e "$to" ] || { printf "$2"; cat "$3"; } >"$to"
}

while IFS= read -r file; do
    seed xml_to_json '' "$file"
    seed encoding '\000' "$file"
done < <(find tests/fixtures samples/documenti -name '*.xml')
while IFS= read -r file; do
    seed busta '' "$file"
    seed firma '' "$file"
    to="$corpus/multipart/${file//\//_}"
    [ -e "$to" ] || {
        printf 'multipart/related; type="text/xml"; boundary=b; start="<r>"\n--b\nContent-ID: <r>\n\n'
        cat "$file"
        printf '\n--b\r\nContent-ID: <a>\nContent-Transfer-Encoding: base64\n\nJVBE\n--b--\n'
    } >"$to"
done < <(find samples tests/fixtures/sap/soap tests/fixtures/firma -name '*.xml')
while IFS= read -r file; do
    seed xsd_load '' "$file"
done < <(find xsd tests/differential/xsd -name '*.xsd')
seed json_to_xml 'UniLav\n' tests/fixtures/json/unilav-seed000.json
