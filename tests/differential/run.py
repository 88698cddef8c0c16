#!/usr/bin/env python3
"""Holds the verdicts of the gateway's schema engine against libxml2's, over generated and mutated documents.

    tests/differential/run.py [--documents N] [--seed S] [--family F ...] [--minutes M] [--binary PATH] [--show K]
    tests/differential/run.py --fixtures

For each family prints how many documents, which share was valid, how much of the schema was met, and the disagreements. Exit status 1
when there is one that known.toml does not list. README.md says more.
"""

import argparse
import os
import random
import re
import struct
import subprocess
import sys
import time
import tomllib

from lxml import etree

import decide
import mutations
from documents import Generator
from writing import Style, Writer
from xsd_model import Model

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BATCH = 250
VALID, INVALID, MALFORMED = "valid", "invalid", "malformed"


class Family:
    def __init__(self, name, folder, file):
        self.name, self.folder, self.file = name, folder, file


def families():
    """Every shipped schema that has roots, and every case: a case is a folder with a file of its own name."""
    out = []
    for folder in sorted(os.listdir(os.path.join(ROOT, "xsd"))):
        path = os.path.join(ROOT, "xsd", folder)
        if os.path.isdir(path):
            for file in sorted(f for f in os.listdir(path) if f.endswith(".xsd")):
                if any(c.tag.endswith("}element") for c in etree.parse(os.path.join(path, file)).getroot() if isinstance(c.tag, str)):
                    out.append(Family(f"{folder}/{file[:-4]}", path, file))
    cases = os.path.join(HERE, "xsd")
    for folder in sorted(os.listdir(cases)):
        if os.path.isdir(os.path.join(cases, folder)):
            out.append(Family(f"cases/{folder}", os.path.join(cases, folder), folder + ".xsd"))
    return out


class Gateway:
    """The gateway's engine, in a process of its own."""

    def __init__(self, binary, family):
        self.process = subprocess.Popen([binary, family.folder, family.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def send(self, batch):
        try:
            self.process.stdin.write(struct.pack(">I", len(batch)) + b"".join(struct.pack(">I", len(d)) + d for d in batch))
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Refused(self.process.stdout.read().decode()) from None

    def receive(self, count):
        lines = [self.process.stdout.readline().decode().rstrip("\n") for _ in range(count)]
        if not lines[-1]:
            raise Refused("\n".join(l for l in lines if l))
        return [line.split("\t") for line in lines]

    def one(self, data):
        self.send([data])
        return self.receive(1)[0]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Refused(Exception):
    """The gateway does not load the schema."""


NAMESPACE_ERROR = re.compile("is not defined|cannot be the default namespace|is not allowed|reserved")


class Libxml2:
    """libxml2, in this process."""

    def __init__(self, family):
        self.schema = etree.XMLSchema(etree.parse(os.path.join(family.folder, family.file)))
        self.parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)

    def verdict(self, data):
        try:
            tree = etree.fromstring(data, self.parser)
        except (etree.XMLSyntaxError, ValueError):
            return MALFORMED
        # A later warning makes lxml forget what libxml2 told it of namespaces.
        if len(self.parser.error_log) and any(NAMESPACE_ERROR.search(e.message) for e in self.parser.error_log):
            return MALFORMED
        return VALID if self.schema.validate(tree) else INVALID

    def words(self, data):
        """Why not."""
        try:
            tree = etree.fromstring(data, self.parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            return [" ".join(str(error).split())]
        if self.schema.validate(tree):
            return [" ".join(e.message.split()) for e in self.parser.error_log]
        return [" ".join(e.message.split()) for e in self.schema.error_log]


DECIDE = {None: lambda words: True, "order": decide.bounds, "fixed": decide.fixed, "names": decide.names}


class Known:
    """The disagreements that are understood."""

    def __init__(self):
        with open(os.path.join(HERE, "known.toml"), "rb") as file:
            data = tomllib.load(file)
        self.entries = data.get("known", [])
        self.refused = {e["family"]: e for e in data.get("refused", [])}
        self.met = {}
        self.defects = {e["name"]: e["defect"] for e in self.entries if "defect" in e}

    def explains(self, family, ours, theirs, our_words, their_words, data):
        """Whether every complaint of the side that complains is listed."""
        fits = [e for e in self.entries if re.fullmatch(e["gateway"], ours) and re.fullmatch(e["libxml2"], theirs)]
        fits = [e for e in fits if re.fullmatch(e.get("family", ".*"), family)]
        fits = [e for e in fits if "document" not in e or re.search(e["document"].encode(), data.replace(b"\0", b""))]
        complaints = our_words if ours != VALID and theirs != MALFORMED else their_words
        used = []
        for words in complaints or [""]:
            found = next((e for e in fits if re.search(e["says"], words) and DECIDE[e.get("decide")](words)), None)
            if found is None:
                return False
            used.append(found["name"])
        for name in used[:1]:
            self.met[name] = self.met.get(name, 0) + 1
        return True


def shrink(data, disagrees, seconds=4):
    """A smaller document on which the two still disagree in the same way."""
    try:
        tree = etree.fromstring(data)
    except (etree.XMLSyntaxError, ValueError):
        return data
    limit = time.monotonic() + seconds
    write = lambda: etree.tostring(tree)
    if not disagrees(write()):
        return data
    changed = True
    while changed and time.monotonic() < limit:
        changed = False
        for node in [n for n in tree.iter() if n is not tree]:
            if time.monotonic() > limit or node.getparent() is None:
                continue
            parent, at, tail = node.getparent(), node.getparent().index(node), node.tail
            node.tail = None
            parent.remove(node)
            if disagrees(write()):
                changed = True
                continue
            node.tail = tail
            parent.insert(at, node)
        for node in tree.iter():
            if not isinstance(node.tag, str):
                continue
            for name, value in list(node.attrib.items()):
                if ":" in name.rpartition("}")[2]:
                    continue  # libxml2 took it, but lxml cannot put it back
                del node.attrib[name]
                if time.monotonic() < limit and disagrees(write()):
                    changed = True
                else:
                    node.attrib[name] = value
    etree.cleanup_namespaces(tree)
    return write() if disagrees(write()) else data


def documents(generator, rng, count):
    """Pairs of kind and bytes."""
    root, left = None, 0
    while count:
        if left == 0:
            root, left = generator.document(spoil=rng.random() < 0.15), rng.choice([3, 6, 10])
            kind = "fresh"
            undo = []
        else:
            draw = rng.random()
            kind = "value" if draw < 0.35 else "tree" if draw < 0.85 else "written" if draw < 0.93 else "bytes"
            undo = []
            if kind in ("value", "tree"):
                for _ in range(rng.choice([1, 1, 1, 2])):
                    change = mutations.value if kind == "value" else rng.choice(mutations.TREE)
                    back = change(generator, root)
                    if back:
                        undo.append(back)
        left -= 1
        style = Style(rng, plain=rng.random() < 0.3)
        data = Writer(style, generator.namespaces_known).write(root)
        if kind == "bytes":
            data = mutations.broken(rng, data)
        for back in reversed(undo):
            back()
        count -= 1
        yield kind, data


def run(family, options, known):
    """The disagreements of one family that are not known."""
    model = Model(os.path.join(family.folder, family.file))
    rng = random.Random(f"{options.seed}/{family.name}")
    generator = Generator(model, rng, options.seed)
    generator.namespaces_known = sorted({u.target for u in model.units if u.target})
    generator.type_names = [(ns, name) for (kind, ns, name) in model.globals if kind == "type"]
    libxml2 = Libxml2(family)
    gateway = Gateway(options.binary, family)
    started = time.monotonic()
    total = valid = malformed = listed = 0
    groups = {}
    source = documents(generator, rng, options.documents)
    limit = started + options.minutes * 60 if options.minutes else None
    try:
        while limit is None or time.monotonic() < limit:
            batch = [one for _, one in zip(range(BATCH), source)]
            if not batch:
                break
            gateway.send([data for _, data in batch])
            theirs = [libxml2.verdict(data) for _, data in batch]
            ours = gateway.receive(len(batch))
            for (kind, data), one, other in zip(batch, ours, theirs):
                total += 1
                valid += other == VALID
                malformed += other == MALFORMED
                if one[0] == other:
                    continue
                words = libxml2.words(data)
                if known.explains(family.name, one[0], other, one[1:], words, data):
                    listed += 1
                    continue
                # One of each kind is enough to look at: quoted values and places do not make a kind.
                key = (one[0], other, signature(one[1:] if one[0] != VALID else words))
                group = groups.setdefault(key, [0, data, one, words, kind])
                group[0] += 1
                if len(data) < len(group[1]):
                    group[1:] = [data, one, words, kind]
    except Refused as refused:
        reason = known.refused.get(family.name)
        said = str(refused).splitlines()
        if reason and any(re.search(reason["says"], line) for line in said):
            print(f"{family.name:34} refused at load, listed as {reason.get('defect', 'known')}: {said[0]}")
            return 0
        print(f"{family.name:34} REFUSED AT LOAD")
        for line in said[:10]:
            print(f"    {line}")
        return 1
    unlisted = sum(g[0] for g in groups.values())
    met, all_ = generator.coverage()
    if met < all_ and total >= 2000 and not options.minutes:
        unlisted += 1
        missed = [where for where, count in generator.met.items() if not count]
        print(f"{family.name:34} {len(missed)} bounds or branches were not met: {missed[:5]}")
    took = time.monotonic() - started
    print(f"{family.name:34} {total:7} documents, {100 * valid / max(total, 1):3.0f} % valid, {100 * malformed / max(total, 1):2.0f} % not XML, "
          f"{met}/{all_} bounds and branches, {unlisted} disagreements, {listed} listed, {took:.0f} s", flush=True)
    for (one, other, _), (count, data, said, words, kind) in sorted(groups.items(), key=lambda g: -g[1][0])[:options.show]:
        data = shrink(data, lambda d: unlisted_still(family, gateway, libxml2, known, (one, other), d))
        said, words = gateway.one(data), libxml2.words(data)
        print(f"  {count} times ({kind}): the gateway says {one}, libxml2 says {other}")
        for line in said[1:4]:
            print(f"    gateway: {line}")
        for line in words[:3]:
            print(f"    libxml2: {line}")
        print(f"    document: {data[:options.width]!r}")
    gateway.close()
    return unlisted


def unlisted_still(family, gateway, libxml2, known, verdicts, data):
    """Whether the two disagree on the document as they did on a larger one, and not in a way that is listed."""
    said, other = gateway.one(data), libxml2.verdict(data)
    met = dict(known.met)
    listed = known.explains(family.name, said[0], other, said[1:], libxml2.words(data), data)
    known.met = met
    return (said[0], other) == verdicts and not listed


def signature(words):
    return tuple(re.sub(r"'[^']*'|\"[^\"]*\"|\d+|/\S+", "_", w)[:90] for w in words[:2])


def fixtures(options):
    """Both verdicts on every document of tests/fixtures, against each other and against the verdict that is written there."""
    wrong = total = 0
    engines = {}
    with open(os.path.join(ROOT, "tests/fixtures/index.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    for name, schema, verdict, *_ in rows:
        if schema not in engines:
            family = Family(schema, os.path.join(ROOT, "xsd", os.path.dirname(schema)), os.path.basename(schema))
            engines[schema] = (Gateway(options.binary, family), Libxml2(family))
        gateway, libxml2 = engines[schema]
        with open(os.path.join(ROOT, "tests/fixtures", name), "rb") as file:
            data = file.read()
        ours, theirs = gateway.one(data)[0], libxml2.verdict(data)
        total += 1
        if ours != theirs or (theirs == VALID) != (verdict == VALID):
            wrong += 1
            print(f"tests/fixtures/{name}: {verdict} in the index, {ours} by the gateway, {theirs} by libxml2")
    print(f"fixtures: {total} documents, {wrong} disagreements")
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Verdicts of the gateway's schema engine against libxml2's.")
    parser.add_argument("--documents", type=int, default=2000, metavar="N", help="for each family")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--family", action="append", metavar="F", help="a family, or a regular expression for several; all where not given")
    parser.add_argument("--minutes", type=float, default=0, help="at most, for each family")
    parser.add_argument("--binary", help="the verdicts program; built where not given")
    parser.add_argument("--show", type=int, default=12, metavar="K", help="kinds of disagreement to print for each family")
    parser.add_argument("--width", type=int, default=1200, help="bytes of a document to print")
    parser.add_argument("--fixtures", action="store_true", help="only the documents of tests/fixtures")
    options = parser.parse_args()
    if not options.binary:
        target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
        subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "verdicts"], cwd=ROOT, check=True)
        options.binary = os.path.join(target, "debug/examples/verdicts")
    print(f"libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}, seed {options.seed}", flush=True)
    unlisted = fixtures(options)
    if not options.fixtures:
        known = Known()
        chosen = [f for f in families() if not options.family or any(re.fullmatch(o, f.name) for o in options.family)]
        unlisted += sum(run(f, options, known) for f in chosen)
        for name, count in sorted(known.met.items()):
            print(f"listed: {count:6} {name}" + (f" (DEFECT of the gateway, {known.defects[name]})" if name in known.defects else ""))
    return 1 if unlisted else 0


if __name__ == "__main__":
    sys.exit(main())
