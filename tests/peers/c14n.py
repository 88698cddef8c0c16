"""Canonical forms of made-up documents: the gateway's (examples/canonical.rs) against those of libxml2, through lxml.

    target/peers-venv/bin/python3 tests/peers/c14n.py [--documents N] [--seed TEXT]

Every document is made of the things that signatures break on: declarations that are superfluous, rebound or undone, prefixes used only by
attributes, white space in attribute values as such and as references, CDATA, instructions, comments, line ends, xml: attributes. Of each, the
root and three elements inside it are compared, in the exclusive and in the inclusive form, with and without comments and listed prefixes.
"""

import argparse
import os
import random
import subprocess
import sys

from lxml import etree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
XML = "{http://www.w3.org/XML/1998/namespace}"
PREFIXES = ["", "p", "q", "ds", "z-1", "è"]
# No name of a namespace with & in it: libxml2 writes it unescaped, against Canonical XML 1.0, §2.3.
NAMESPACES = ["urn:a", "urn:b", "http://www.w3.org/2000/09/xmldsig#", "urn:c?x=1", "urn:%C3%A0"]
LOCALS = ["a", "b", "Body", "_x", "é.1"]
VALUES = ["", "1", "a b", " x ", "1\n2", "1\r\n2", "1\r2", "t\tt", "&#10;", "&#xD;", "&#9;", "&lt;&gt;&amp;&quot;&apos;", ">", "'", "è€\U0001F600", "&#x10FFFF;"]
TEXTS = ["", "t", " ", "\n  ", "\r\n", "\r", "a\rb", "&#13;", "&#x9;", "&amp;&lt;&gt;\"'", "]]&gt;", ">", "<![CDATA[<&>\r\n]]>", "<![CDATA[]]>",
         "<![CDATA[]]]]><![CDATA[>]]>", "è€\U0001F600", "<!-- c -->", "<!--\r\n-&-->", "<!---->", "<?pi?>", "<?pi  d\r\n d ?>", "<?pi   ?>", "<?pi <&\"?>"]


def document(rng):
    def element(depth, scope):
        scope = dict(scope)
        declared = {}
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])):
            prefix = rng.choice(PREFIXES)
            declared[prefix] = rng.choice(NAMESPACES + ([""] if prefix == "" else []))
        scope.update(declared)
        usable = [prefix for prefix in scope if prefix]
        name = rng.choice([""] + usable)
        qualified = (name + ":" if name else "") + rng.choice(LOCALS)
        attributes, expanded = {}, set()
        for _ in range(rng.choice([0, 0, 1, 2, 3, 5])):
            prefix = rng.choice(["", "", "xml"] + usable)
            local = rng.choice(["lang", "space", "base"]) if prefix == "xml" else rng.choice(LOCALS)
            key = (scope.get(prefix) if prefix not in ("", "xml") else prefix, local)
            if key not in expanded:
                expanded.add(key)
                value = rng.choice(["default", "preserve"]) if (prefix, local) == ("xml", "space") else rng.choice(VALUES)
                attributes[(prefix + ":" if prefix else "") + local] = value
        written = [(("xmlns:" + p if p else "xmlns"), uri) for p, uri in declared.items()] + list(attributes.items())
        rng.shuffle(written)
        tag = qualified
        for key, value in written:
            quote = rng.choice("\"'")
            value = value.replace(quote, "&quot;" if quote == '"' else "&apos;")
            tag += rng.choice([" ", "\n", "  "]) + key + rng.choice(["=", " = "]) + quote + value + quote
        pieces = []
        for _ in range(rng.choice([0, 1, 2, 3, 4]) if depth < 6 else 0):
            pieces.append(rng.choice(TEXTS))
            if rng.random() < 0.7:
                pieces.append(element(depth + 1, scope))
        pieces.append(rng.choice(TEXTS))
        content = "".join(pieces)
        if not content and rng.random() < 0.7:
            return "<" + tag + rng.choice(["", " "]) + "/>"
        return "<" + tag + ">" + content + "</" + qualified + rng.choice(["", " ", "\n"]) + ">"

    before = rng.choice(["", "<?xml version='1.0'?>", "<!-- before -->\n", "<?before it?>\n"])
    return before + element(1, {}) + rng.choice(["", "\n", "<!-- after -->"])


def in_its_place(node, inclusive):
    """The element as a document of its own that declares all that is in force around it; the inclusive form wants the ancestors' xml: attributes."""
    alone = etree.fromstring(etree.tostring(node, with_tail=False, encoding="utf-8"))
    for ancestor in node.iterancestors() if inclusive else ():
        for name, value in ancestor.attrib.items():
            if name.startswith(XML) and name not in alone.attrib:
                alone.set(name, value)
    return alone


class Gateway:
    def __init__(self):
        subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "canonical"], cwd=ROOT, check=True)
        target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
        binary = os.path.join(target, "debug", "examples", "canonical")
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def canonical(self, text, mode, comments, prefixes, element):
        listed = ",".join(prefixes) or "-"
        self.process.stdin.write(f"{mode} {int(comments)} {listed} {element} {len(text)}\n".encode() + text)
        self.process.stdin.flush()
        length = int(self.process.stdout.readline())
        return None if length < 0 else self.process.stdout.read(length)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--seed", default="c14n")
    arguments = parser.parse_args()
    gateway = Gateway()
    compared = 0
    for number in range(arguments.documents):
        rng = random.Random(f"{arguments.seed} {number}")
        text = document(rng).encode()
        root = etree.fromstring(text)
        elements = [node for node in root.iter() if isinstance(node.tag, str)]
        for index in [0] + rng.sample(range(len(elements)), min(3, len(elements))):
            node = elements[index]
            for mode in ("exclusive", "inclusive"):
                comments = rng.random() < 0.5
                # lxml passes over "#default" in a list.
                listed = [p for p in PREFIXES[1:] if rng.random() < 0.3] if mode == "exclusive" and rng.random() < 0.5 else []
                exclusive = mode == "exclusive"
                # Without a list, libxml2 is asked about the element where it stands.
                subject = node if exclusive and not listed else in_its_place(node, not exclusive)
                expected = etree.tostring(subject, method="c14n", exclusive=exclusive, with_comments=comments, with_tail=False,
                                          inclusive_ns_prefixes=listed or None)
                if index == 0:  # Beside the root stand comments and instructions.
                    expected = etree.tostring(etree.fromstring(etree.tostring(subject, with_tail=False, encoding="utf-8")), method="c14n",
                                              exclusive=exclusive, with_comments=comments, inclusive_ns_prefixes=listed or None)
                found = gateway.canonical(text, mode, comments, listed, index)
                compared += 1
                if found != expected:
                    print(f"document {number}, element {index}, {mode}, comments {comments}, prefixes {listed}\n{text.decode()}")
                    if found is None:
                        print("refused here")
                        return 1
                    at = next((i for i, (a, b) in enumerate(zip(expected, found)) if a != b), min(len(expected), len(found)))
                    print(f"at byte {at}\nlibxml2: {expected[max(0, at - 80):at + 80]}\nhere:    {found[max(0, at - 80):at + 80]}")
                    return 1
    print(f"{compared} canonical forms of {arguments.documents} documents, all as libxml2's")
    return 0


sys.exit(main())
