"""Texts for a simple type: at each bound of each facet, just beyond it, and odd spellings in between.

`Pools.of(type)` gives two lists, the texts that libxml2 takes for the type and those that it does not: it is asked through a schema that
holds nothing but the type. The lists only steer what is generated; verdicts are taken on whole documents.
"""

import datetime
import random
from decimal import Decimal, InvalidOperation

from lxml import etree
from lxml.builder import ElementMaker

from xsd_model import XS
from xsd_regex import ALPHABET, Regex

INTEGERS = {
    "integer": (None, None), "nonPositiveInteger": (None, 0), "negativeInteger": (None, -1),
    "nonNegativeInteger": (0, None), "positiveInteger": (1, None),
    "long": (-2**63, 2**63 - 1), "int": (-2**31, 2**31 - 1), "short": (-2**15, 2**15 - 1), "byte": (-128, 127),
    "unsignedLong": (0, 2**64 - 1), "unsignedInt": (0, 2**32 - 1), "unsignedShort": (0, 65535), "unsignedByte": (0, 255),
}
NUMBERS = set(INTEGERS) | {"decimal"}
STRINGS = {"string", "normalizedString", "token", "anySimpleType", "anyURI", "language", "Name", "NCName", "NMTOKEN", "ID", "IDREF",
           "ENTITY", "QName"}
ZONES = ["", "Z", "+00:00", "-00:00", "+01:00", "-05:30", "+13:59", "+14:00", "-14:00", "+14:01", "-14:30", "+15:00", "+1:00", "+0100",
         "+01", "z", " Z", "+01:60", "+24:00"]
YEARS = ["0001", "-0001", "0000", "-0000", "1582", "1900", "2000", "2023", "2024", "2100", "9999", "10000", "02024", "12345", "-12345",
         "999", "+2024", "-4", "-0004", "20244", "-2024", "99999"]
CLOCKS = ["00:00:00", "23:59:59", "24:00:00", "24:00:00.0", "24:00:01", "24:01:00", "25:00:00", "12:60:00", "12:00:60", "12:00:59.999",
          "12:00:00.", "12:00:00.000000000001", "1:00:00", "12:00", "12:00:0", "12:00:00,5", "12.00.00", "-12:00:00"]
DATES = ["2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2023-02-28", "2023-04-31", "2023-12-31", "2023-00-10", "2023-13-01",
         "2023-01-00", "2023-01-32", "2023-1-01", "2023-01-1", "23-01-01", "01/02/2023", "2023/01/02", "20230102", "2023-01-01T00:00:00"]


def crossed(heads, tails, rng, some=60):
    """Every head with the first tail, every tail with the first head, and some pairs."""
    out = [h + tails[0] for h in heads] + [heads[0] + t for t in tails]
    return out + [rng.choice(heads) + rng.choice(tails) for _ in range(some)]


def builtin_texts(name, rng):
    """Spellings of a built-in type, good and bad."""
    if name in INTEGERS:
        low, high = INTEGERS[name]
        out = ["0", "1", "-1", "+1", "-0", "+0", "00", "007", "-007", "1.0", "1.", ".", "1e3", "", "+", "-", "--1", "1 2", "١", "0x1", "1,000",
               "99999999999999999999", "-99999999999999999999", "123456789012345678901234", "0000000000000000000000000000001", "٣", "1_0"]
        for bound in (low, high):
            if bound is not None:
                out += [str(bound + step) for step in (-1, 0, 1)] + ["+" + str(bound), "00" + str(bound)]
                out += [str(bound) + "0", "-0" + str(abs(bound)), "-" + str(abs(bound))]
        return out
    if name == "decimal":
        return ["0", "1", "-1", "+1.5", "1.", ".5", "-.5", "+.5", ".", "-", "+.", "1.50", "01.5", "1,5", "1e3", "INF", "NaN", "", "1.5.1",
                "123456789012345678", "1234567890123456789", "0.123456789012345678", "0.1234567890123456789", "-0.0", "1 .5", "0000.0000",
                "12345678901234567890.12345678901234567890", "1٫5", "１"]
    if name in ("float", "double"):
        return ["0", "-0", "1", "1.5", "-1.5E3", "1e-5", "1E+5", "1e", "e5", "INF", "-INF", "+INF", "NaN", "-NaN", "inf", "nan", "Infinity",
                ".5", "5.", "1.5e1.5", "3.4028235E38", "3.5E38", "1e400", "1e-400", "0x1p3", "1f", "", ".", "+.5e+05", "1d", "-", "1 e5", "1e5 "]
    if name == "boolean":
        return ["true", "false", "1", "0", "TRUE", "True", "yes", "", "2", "00", "01", "t", "on", "truee"]
    if name == "date":
        return DATES + crossed(["2024-02-29"], ZONES, rng, 10) + crossed([y + "-01-01" for y in YEARS], ZONES, rng)
    if name == "dateTime":
        stamps = ["2024-02-29T" + c for c in CLOCKS] + [d + "T12:00:00" for d in DATES] + [y + "-12-31T24:00:00" for y in YEARS]
        return crossed(stamps, ZONES, rng) + ["2024-02-29t12:00:00", "2024-02-29 12:00:00", "2024-02-29T", "2024-02-29T12:00:00ZZ", "12:00:00", ""]
    if name == "time":
        return crossed(CLOCKS, ZONES, rng) + ["", "T12:00:00", "12:00:00Z+01:00"]
    if name == "gYear":
        return crossed(YEARS, ZONES, rng) + ["", "2024-", "2024-01"]
    if name == "gYearMonth":
        months = [y + "-06" for y in YEARS] + ["2024-" + m for m in ("01", "12", "00", "13", "1", "012")]
        return crossed(months, ZONES, rng) + ["", "2024-01-01", "2024"]
    if name == "gMonthDay":
        days = ["--01-01", "--02-29", "--02-30", "--04-30", "--04-31", "--12-31", "--12-32", "--00-10", "--13-10", "--1-01", "-01-01", "01-01", "--01-00"]
        return crossed(days, ZONES, rng) + [""]
    if name == "gDay":
        return crossed(["---01", "---31", "---32", "---00", "---1", "--01", "01", "---011"], ZONES, rng) + [""]
    if name == "gMonth":
        return crossed(["--01", "--12", "--13", "--00", "--1", "-01", "01", "--012", "--05--"], ZONES, rng) + [""]
    if name == "duration":
        return ["P1Y", "P1M", "P1D", "PT1H", "PT1M", "PT1S", "P1Y2M3DT4H5M6.7S", "-P1Y", "+P1Y", "P", "PT", "P1YT", "P1S", "PT1D", "P1H", "1Y", "P1.5Y",
                "PT1.5S", "PT1.S", "PT.5S", "P-1Y", "P1M1Y", "PT1S1M", "P0Y", "PT0S", "-PT0S", "P1347Y", "P1347M", "P1Y2MT2H", "P0Y1347M", "P0Y1347M0D", "P1W",
                "p1y", "P 1Y", "P1Y1347M", "PT36H", "P1DT12H", "PT1.50S", "P12M", "P13M", "P30D", "P31D", "P365D", "P366D", "-P12M", "",
                "PT3600S", "PT60M", "P000001Y", "P99999Y", "PT0.000000001S", "--P1Y", "P1Y ", "P1YT1H1M1.1S"]
    if name == "hexBinary":
        return ["", "00", "0F", "0f", "fF", "F", "0G", "0123456789abcdefABCDEF", "00 00", "0x00", "000", "ABCD", "abcdef", "ABCDEF01", "-1", "é0"]
    if name == "base64Binary":
        return ["", "AAAA", "AAA=", "AA==", "A===", "AAA", "AA=", "A", "AAAA AAAA", "A A A A", "AA = =", "AAA =", "AAB=", "AB==", "AQ==", "Ag==", "/+==",
                "_-==", "AAAA=", "=AAA", "AA==AAAA", "AAAA\nAAAA", "  AAAA", "AAAA  AAAA", "AAAAAA==", "ZWdvdg==", "ZWdvdg", "w6g=", "é", "AAAAAAAA", "AAE=", "AAF="]
    if name == "anyURI":
        return ["", "http://a.it/", "a b", "urn:x:y", "%20", "%", "%zz", "%2", "#", "a#b", "a#b#c", "http://[::1]/", "http://[", "http://a:b/", "http://a:80/",
                ":", ":a", "1:a", "a:b", "//a", "è", "http://è.it/à?ù", "a\\b", "{x}", "<", "a|b", "^", "`", "\"", "?a?b", "http://a.it:99999/", "mailto:a@b",
                "../x", "a%2Fb", "http://a@b@c/", "[", "]", "a[b]", "http://a/[b]", "x y z", "http://a b/"]
    if name == "language":
        return ["it", "it-IT", "x", "abcdefgh", "abcdefghi", "it-", "-it", "it-12345678", "it-123456789", "it_IT", "1t", "i-navajo", "", "it--IT", "è", "a-1-b", "IT"]
    if name in ("Name", "NCName", "NMTOKEN", "ID", "IDREF", "ENTITY", "QName"):
        return ["a", "a1", "1a", "_a", "-a", ".a", "a-b.c_d", "a:b", ":a", "a:", "a::b", "a b", "", "è", "aè", "x\u0301", "\u0301x", "ª", "a·b", "·b", "中", "a中1", "xs:a", "p:c",
                "q:unbound", "xsi:type", "xml:lang", "A", "a" * 70, "a\u00d7", "a/b", "a@b", "𐐀", "a\u203f", "a\u2040b", "Ⅷ", "٣a", "a٣", "xmlns", "a:b:c"]
    if name in ("NMTOKENS", "IDREFS", "ENTITIES"):
        return ["a", "a b", "a  b", "a\tb\nc", "", " ", "a ! b", "-a 1b", "a b a"]
    if name == "NOTATION":
        return ["a", "p:a", "x"]
    return ["a", "", " ", "testo", "a b", "a  b", " a", "a ", "\ta", "a\n", "a\r\nb", "città", "€", "𝄞", "<&>\"'", "]]>", "x" * 300, "\u00a0", "e\u0301", "\u2028", "A", "0", "null",
            "a\tb", "\u0085", "&amp;"]


def shifted_moments(text):
    """Moments around one."""
    out = [text]
    body, zone = text, ""
    for mark in ("Z",):
        if body.endswith(mark):
            body, zone = body[:-1], mark
    if len(body) > 6 and body[-6] in "+-" and body[-3] == ":" and ("T" in body or body.count("-") > 2 or body.count(":") > 2 or "+" in body):
        body, zone = body[:-6], body[-6:]
    shapes = [("%Y-%m-%dT%H:%M:%S", datetime.timedelta(seconds=1)), ("%Y-%m-%d", datetime.timedelta(days=1)), ("%H:%M:%S", datetime.timedelta(seconds=1))]
    for shape, step in shapes:
        try:
            moment = datetime.datetime.strptime(body.split(".")[0], shape)
        except ValueError:
            continue
        for k in (-1, 0, 1, 50000, -50000):
            try:
                text = (moment + step * k).strftime(shape)
            except OverflowError:
                continue
            year, _, rest = text.partition("-") if "Y" in shape else (text, "", "")
            text = year.zfill(4) + "-" + rest if rest else text
            out += [text + z for z in (zone, "", "Z", "+14:00", "-14:00", "+01:00", "-12:00")]
            if "S" in shape:
                out += [text + ".0" + zone, text + ".001" + zone, text + ".999" + zone]
    if body.isdigit() or body[:1] == "-" and body[1:].isdigit():
        number = int(body)
        out += [f"{'-' if n < 0 else ''}{abs(n):04d}{z}" for n in (number - 1, number, number + 1) for z in ("", zone, "Z", "+14:00", "-14:00")]
    for head in ("--", "---"):
        if body.startswith(head) and body[len(head):].isdigit():
            number = int(body[len(head):])
            out += [f"{head}{n:02d}{z}" for n in (number - 1, number, number + 1) for z in ("", zone, "Z", "+14:00")]
    if body.count("-") == 1 and body[:4].isdigit() and body[5:].isdigit():
        out += [f"{int(body[:4]) + dy:04d}-{m:02d}{zone}" for dy in (-1, 0, 1) for m in (1, int(body[5:]), 12)]
    if body.startswith("--") and body.count("-") == 3 and body[2:4].isdigit():
        month, day = int(body[2:4]), int(body[5:7])
        out += [f"--{m:02d}-{d:02d}{zone}" for m in (month - 1, month, month + 1) for d in (day - 1, day, day + 1)]
    return out


def around_number(text, digits):
    """Numbers around one, in several spellings."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return [text, text + "0", "1e39", "-1e39", "INF", "-INF", "NaN"]
    if not value.is_finite():
        return [text, "INF", "-INF", "NaN", "1e39"]
    step = Decimal(1).scaleb(min(value.as_tuple().exponent, 0) - digits)
    out = []
    for n in (value - 1, value - step, value, value + step, value + 1, -value):
        plain = format(n, "f")
        out += [plain, ("-0" + plain[1:]) if plain.startswith("-") else "0" + plain, plain if plain.startswith("-") else "+" + plain]
        out.append(plain + "0" if "." in plain else plain + ".0")
        out.append(plain + "0" * 25 if "." in plain else plain + "." + "0" * 25)
    return out


def digit_texts(total, fraction):
    out = []
    for n in {total, total - 1, total + 1, 1} if total else {3}:
        if n < 1:
            continue
        out += ["9" * n, "-" + "9" * n, "0" * 5 + "9" * n, "9" * n + ".0", "9" * n + ".", "0." + "9" * n, "." + "9" * n, "9" * n + "0", "-" + "1" * n + ".000"]
        for f in {fraction, fraction + 1, max(fraction - 1, 0)} if fraction is not None else {1}:
            if n > f:
                out += ["1" * (n - f) + "." + "2" * f if f else "1" * n, "1" * (n - f) + "." + "2" * f + "000" if f else "1" * n + ".000"]
            out += ["0." + "3" * f if f else "0", "0.00" + "3" * f if f else "0", "7." + "3" * f + "0" if f else "7.0"]
    return out


def odd_spaces(text):
    return [" " + text, text + " ", "\t" + text + "\n", "\r" + text, text + "\u00a0", "\u2003" + text, text.replace(" ", "  "), text + "\n", " \n ",
            text + "\u0085", text.replace(" ", "\t")]


def texts_of(simple, rng):
    """Candidates for a type, good and bad."""
    root = simple.root()
    out = []
    for step in simple.steps():
        enumeration = [v for f, v in step.facets if f == "enumeration"]
        out += enumeration
        for value in enumeration[:12]:
            out += [value.lower(), value.upper(), value + "x", value[:-1], value + value[-1:], value.swapcase(), "0" + value, value + "0", value + ".0", "+" + value]
    patterns = [v for step in simple.steps() for f, v in step.facets if f == "pattern"]
    for pattern in patterns:
        regex = Regex(pattern)
        for most in (0, 1, 4, 20):
            out += [regex.sample(rng, most) for _ in range(12)]
        good = out[-48:]
        out += [regex.nearly(rng) for _ in range(40)]
        for text in rng.sample(good, min(10, len(good))):
            out += spoiled(text, rng)
    if root.variety == "list":
        items = texts_of(root.item, rng)[:60] or ["a"]
        good = Pools.active.of(root.item).good or items
        counts = {0, 1, 2, 3, 7}
        for name in ("length", "minLength", "maxLength"):
            for v in simple.facet(name):
                counts |= {max(int(v) - 1, 0), int(v), int(v) + 1}
        for n in counts:
            for glue in (" ", " ", "  ", "\n", "\t"):
                out.append(glue.join(rng.choice(good) for _ in range(n)))
            out.append("  " + " ".join(rng.choice(good) for _ in range(n)) + " ")
        out += [" ".join(rng.choice(good) for _ in range(2)) + " " + i for i in rng.sample(items, min(15, len(items)))]
        out += [",".join(good[:2]), "\u00a0".join(good[:2])]
        return unique(out)
    if root.variety == "union":
        for member in root.members:
            pool = Pools.active.of(member)
            out += rng.sample(pool.good, min(40, len(pool.good))) + rng.sample(pool.bad, min(25, len(pool.bad)))
        return unique(out + [space for t in out[:10] for space in odd_spaces(t)])
    name = simple.primitive()
    lengths = set()
    for facet in ("length", "minLength", "maxLength"):
        for v in simple.facet(facet):
            lengths |= {max(int(v) - 1, 0), int(v), int(v) + 1}
    if name in NUMBERS or name in ("float", "double"):
        for facet in ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive"):
            for step in simple.steps():
                for f, v in step.facets:
                    if f == facet:
                        out += around_number(v.strip(), 1) + around_number(v.strip(), 0)
        total = [int(v) for v in simple.facet("totalDigits")]
        fraction = [int(v) for v in simple.facet("fractionDigits")]
        if total or fraction:
            out += digit_texts(total[0] if total else None, fraction[0] if fraction else None)
    elif name not in STRINGS:
        for step in simple.steps():
            for f, v in step.facets:
                if f in ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive"):
                    out += shifted_moments(v.strip())
    if lengths and name == "hexBinary":
        out += ["A1" * n for n in lengths] + ["A1" * n + "B" for n in lengths]
    elif lengths and name == "base64Binary":
        import base64
        out += [base64.b64encode(bytes(range(n % 200)) + b"\xff" * (n - n % 200)).decode() for n in lengths]
    elif lengths:
        for n in lengths:
            if n > 5000:
                continue
            for c in ("a", "è", "𝄞", "1", "A", " ", "e\u0301"):
                out.append((c * n)[:n])
            out.append("".join(rng.choice(ALPHABET) for _ in range(n)))
            out += [(" " + "a" * max(n - 2, 0) + " ")[:n] if n > 1 else " ", "a" * n + " ", " " + "a" * n, ("a " * n)[:n], ("a  " * n)[:n]]
            for pattern in patterns[:3]:
                regex = Regex(pattern)
                for _ in range(60):
                    text = regex.sample(rng, max(n, 1))
                    if abs(len(text) - n) <= 1:
                        out.append(text)
    seeds = builtin_texts(name, rng)
    if name in STRINGS and patterns:
        seeds = rng.sample(seeds, min(12, len(seeds)))
    out += seeds
    for text in rng.sample(out, min(8, len(out))):
        out += odd_spaces(text)
    for text in rng.sample(out, min(8, len(out))):
        out += spoiled(text, rng)
    out += odd_spaces(out[0]) if out else []
    return unique(out + ["", " "])


def spoiled(text, rng):
    """A text with one character changed."""
    out = [text + rng.choice(ALPHABET), rng.choice(ALPHABET) + text, text.swapcase(), text + "\n", text + text]
    if text:
        at = rng.randrange(len(text))
        out += [text[:at] + text[at + 1:], text[:at] + text[at] + text[at:], text[:at] + rng.choice(ALPHABET) + text[at + 1:]]
        out += [text[:at] + rng.choice(["٣", "５", "é", " ", ".", "-"]) + text[at + 1:]]
    return out


def unique(texts):
    legal = lambda t: all(c in "\t\n\r" or (0x20 <= ord(c) <= 0xD7FF) or 0xE000 <= ord(c) <= 0xFFFD or ord(c) > 0xFFFF for c in t)
    return [t for t in dict.fromkeys(texts) if legal(t)]


class Pool:
    __slots__ = ("good", "bad", "next_good", "next_bad")

    def __init__(self, good, bad):
        self.good, self.bad, self.next_good, self.next_bad = good, bad, 0, 0


class Pools:
    """The pools of all types of one model."""

    active = None

    def __init__(self, seed):
        self.seed, self.known, self.kept = seed, {}, []
        Pools.active = self

    def of(self, simple):
        found = self.known.get(id(simple))
        if found is None:
            rng = random.Random(f"{self.seed} {len(self.known)} {simple.primitive()}")
            candidates = texts_of(simple, rng)
            rng.shuffle(candidates)
            check = checker(simple)
            good, bad = [], []
            for text in candidates:
                (good if check(text) else bad).append(text)
            found = self.known[id(simple)] = Pool(good, bad)
            self.kept.append(simple)
        return found


NAMESPACES_OF_VALUES = {"xs": XS, "p": "urn:differential:p", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}


def checker(simple):
    """Asks libxml2 whether a text is of a type, through a schema of its own that defines the type from built-ins only."""
    maker = ElementMaker(namespace=XS, nsmap={"xs": XS})
    element = maker.element(name="v")
    define(maker, element, simple, "type")
    schema = etree.XMLSchema(etree.fromstring(etree.tostring(maker.schema(element))))

    def check(text):
        holder = etree.Element("v", nsmap=NAMESPACES_OF_VALUES)
        holder.text = text
        return schema.validate(holder)

    return check


def define(maker, parent, simple, attribute):
    """Writes `simple` as a type below `parent`, or as its attribute where it is a built-in."""
    if simple.builtin:
        parent.set(attribute, "xs:" + simple.builtin)
        return
    outer = maker.simpleType()
    parent.append(outer)
    if simple.base is not None:
        inner = etree.SubElement(outer, f"{{{XS}}}restriction", nsmap={k: v for k, v in simple.nsmap.items() if v != XS and k})
        define(maker, inner, simple.base, "base")
        for facet, value in simple.facets:
            inner.append(getattr(maker, facet)(value=value))
    elif simple.variety == "list":
        inner = maker.list()
        outer.append(inner)
        define(maker, inner, simple.item, "itemType")
    else:
        inner = maker.union()
        outer.append(inner)
        for member in simple.members:
            if member.builtin:
                # A member by name comes before members in place; keep the order by wrapping it.
                step = maker.simpleType(maker.restriction(base="xs:" + member.builtin))
                inner.append(step)
            else:
                define(maker, inner, member, "memberTypes")
