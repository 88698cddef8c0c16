"""lxml and xmlschema, schema compiled beforehand. Started by benches/translate.rs with a package, a schema and a document.

Each line "MODE ROUNDS" on standard input is answered with the nanoseconds that the rounds took together.
"""

import json
import sys
import time

package, schema_path, document_path = sys.argv[1:]
with open(document_path, "rb") as file:
    text = file.read()

if package == "lxml":
    from lxml import etree

    schema = etree.XMLSchema(etree.parse(schema_path))

    def validate():
        if not schema.validate(etree.fromstring(text)):
            raise SystemExit(5)

    MODES = {"validate": validate}
else:
    import xmlschema

    schema = xmlschema.XMLSchema(schema_path)

    def to_json():
        json.dumps(schema.to_dict(text.decode()), default=str)

    MODES = {"to_json": to_json}

for line in sys.stdin:
    mode, rounds = line.split()
    begin = time.perf_counter_ns()
    for _ in range(int(rounds)):
        MODES[mode]()
    print(time.perf_counter_ns() - begin, flush=True)
