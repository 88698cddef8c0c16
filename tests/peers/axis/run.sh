#!/bin/sh
# Apache Axis 1.4 as a region's PDD, over mutual TLS: makes stubs of the gateway's contracts with WSDL2Java, compiles them with the
# client of this folder, and calls every action.
#
#     run.sh https://localhost:8443 data/pki [--show]
#
# The certificates are those that the sandbox generates; localhost by name, since Axis looks for no address in a certificate. --show
# prints each envelope as Axis holds it. Needs Debian's libaxis-java and default-jdk-headless, and openssl. Prints one line a call.
# Exit 0 when all is as it must be, 1 when something is not, 2 when Java or Axis is missing.
set -eu

base=$1 pki=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)

missing() {
    echo "$1 is missing (apt-get install libaxis-java default-jdk-headless openssl)" >&2
    exit 2
}
for tool in java javac keytool openssl; do
    command -v "$tool" >/dev/null || missing "$tool"
done
class_path=
for jar in axis axis-jaxrpc axis-saaj commons-discovery commons-logging wsdl4j javax.mail javax.activation; do
    [ -e "/usr/share/java/$jar.jar" ] || missing "/usr/share/java/$jar.jar"
    class_path=$class_path:/usr/share/java/$jar.jar
done
class_path=${class_path#:}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The password keeps nothing secret: PKCS#12 wants one, and the files are those of the sandbox.
password=sandbox
openssl pkcs12 -export -in "$pki/regione-LAZIO.pem" -inkey "$pki/regione-LAZIO.key" -out "$work/lazio.p12" -passout "pass:$password"
keytool -importcert -noprompt -alias ca -file "$pki/ca.pem" -keystore "$work/ca.p12" -storetype PKCS12 -storepass "$password" 2>/dev/null
java_with_tls() {
    java -Djavax.net.ssl.keyStore="$work/lazio.p12" -Djavax.net.ssl.keyStoreType=PKCS12 -Djavax.net.ssl.keyStorePassword="$password" \
        -Djavax.net.ssl.trustStore="$work/ca.p12" -Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword="$password" \
        "$@"
}

for servizio in ServiziSAP InviaComunicazioneObbligatoria; do
    java_with_tls -cp "$class_path" org.apache.axis.wsdl.WSDL2Java --output "$work/stubs" "$base/pdd/$servizio?wsdl"
done
mkdir "$work/classes"
find "$work/stubs" "$here" -name '*.java' >"$work/sources"
# What Axis generates is of the time before generics, which javac remarks upon: its remarks are of interest only when it fails.
if ! javac -nowarn -encoding UTF-8 -cp "$class_path" -d "$work/classes" "@$work/sources" 2>"$work/javac.log"; then
    cat "$work/javac.log" >&2
    exit 1
fi
java_with_tls -cp "$work/classes:$class_path" AxisClient "$base" "$here/../../../samples/documenti" "$@"
