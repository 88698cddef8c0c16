#!/usr/bin/env bash
# Holds every shipped XML, XSD and WSDL file against libxml2, an implementation that shares nothing with the gateway's.
# Needs xmllint (Debian: libxml2-utils). Prints one line a defect and a count; exit 0 when there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v xmllint >/dev/null || { echo "check_schemas: xmllint is missing (Debian: apt-get install libxml2-utils)" >&2; exit 1; }

checked=0
failed=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# expect VERDICT SCHEMA FILE [NAME]: libxml2 must find FILE valid or invalid, as VERDICT says; NAME is what a defect is reported under.
expect() {
    local seen=valid
    checked=$((checked + 1))
    xmllint --noout --nonet --schema "$2" "$3" >"$output" 2>&1 || seen=invalid
    if [ "$seen" != "$1" ]; then
        failed=$((failed + 1))
        echo "${4:-$3}: $seen against $2, must be $1"
        sed -n '1,3s/^/    /p' "$output"
    fi
}

well_formed() {
    checked=$((checked + 1))
    if ! xmllint --noout --nonet "$1" >"$output" 2>&1; then
        failed=$((failed + 1))
        echo "$1: not well formed"
        sed -n '1,3s/^/    /p' "$output"
    fi
}

# Every schema compiles: xmllint says so only when it has a document to look at, hence any one will do.
printf '<nessuno/>' >"$output.xml"
trap 'rm -f "$output" "$output.xml"' EXIT
for schema in xsd/*/*.xsd tests/peers/envelope.xsd; do
    checked=$((checked + 1))
    xmllint --noout --nonet --schema "$schema" "$output.xml" >"$output" 2>&1 || true
    if ! grep -q 'fails to validate' "$output"; then
        failed=$((failed + 1))
        echo "$schema: does not compile"
        sed -n '1,3s/^/    /p' "$output"
    fi
done

for contract in wsdl/*.wsdl; do
    well_formed "$contract"
done

# The types that a WSDL carries inside are those of the schema of the same service.
types_of() { xmllint --nonet --xpath "//*[local-name()='schema']//*/@name" "$1" | tr -d ' \n'; }
for pair in wsdl/sapWS.wsdl:xsd/sap/sapWS-types.xsd wsdl/invio-co.wsdl:xsd/co/invio-co.xsd; do
    checked=$((checked + 1))
    if [ "$(types_of "${pair%%:*}")" != "$(types_of "${pair##*:}")" ]; then
        failed=$((failed + 1))
        echo "${pair%%:*}: its types differ from ${pair##*:}"
    fi
done

while IFS=$'\t' read -r file schema verdict _rules _what; do
    [ "$file" = file ] || expect "$verdict" "xsd/$schema" "tests/fixtures/$file"
done <tests/fixtures/index.tsv

for envelope in samples/*.xml samples/rifiutati/*.xml tests/fixtures/sap/soap/*.xml; do
    expect valid tests/peers/envelope.xsd "$envelope"
done

# schema_of FILE: the schema of a document, told by its root element.
schema_of() {
    case "$(xmllint --nonet --xpath 'local-name(/*)' "$1")" in
        lavoratore) echo xsd/sap/SchedaAP.xsd ;;
        IDSAP) echo xsd/sap/Identificativo.xsd ;;
        VerificaSAP) echo xsd/sap/Verifica.xsd ;;
        ListaSAP) echo xsd/sap/Lista.xsd ;;
        RichiestaCodSAPRegTitolare) echo xsd/sap/RichiestaCodSapRegTitolare.xsd ;;
        UniSomm) echo xsd/co/unisomm.xsd ;;
        UniUrg) echo xsd/co/uniurg.xsd ;;
        VarDatori) echo xsd/co/vardatori.xsd ;;
        UniMare) echo xsd/co/unimare.xsd ;;
        prospetto) echo xsd/unipi/unipi.xsd ;;
        *) echo xsd/co/unilav.xsd ;;
    esac
}
for document in samples/documenti/*.xml; do
    expect valid "$(schema_of "$document")" "$document"
done
for document in samples/documenti/non-validi/*.xml; do
    expect invalid "$(schema_of "$document" 2>/dev/null)" "$document"
done

# The document inside each envelope, once unwrapped, is valid too.
for envelope in samples/*.xml; do
    inner=$(xmllint --nonet --xpath "string(//*[local-name()='Body']/*/*[1])" "$envelope")
    case "$inner" in
        '<?xml'*)
            printf '%s' "$inner" >"$output.xml"
            expect valid "$(schema_of "$output.xml")" "$output.xml" "$envelope (the document inside)"
            ;;
    esac
done

echo "check_schemas: $checked checked, $failed failed"
[ "$failed" -eq 0 ]
