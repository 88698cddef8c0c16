"""Decides some questions on which libxml2 is known to be wrong or lenient, from the standard, apart from both engines.

`order` compares moments and durations (XSD part 2, §3.2.6.2, §3.2.7.4), `fixed` a value with the fixed one, `names` says whether a text is a
name by the fifth edition of XML 1.0 and not by the second. They are asked only when the two engines disagree, with the words of the one
that complains, and say whether the gateway is right.
"""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

HOURS_14 = 14 * 3600
ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
SHAPES = [
    (re.compile(r"(?P<y>-?\d{4,})-(?P<mo>\d\d)-(?P<d>\d\d)T(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d(\.\d+)?)$"), "dateTime"),
    (re.compile(r"(?P<y>-?\d{4,})-(?P<mo>\d\d)-(?P<d>\d\d)$"), "date"),
    (re.compile(r"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d(\.\d+)?)$"), "time"),
    (re.compile(r"(?P<y>-?\d{4,})-(?P<mo>\d\d)$"), "gYearMonth"),
    (re.compile(r"(?P<y>-?\d{4,})$"), "gYear"),
    (re.compile(r"--(?P<mo>\d\d)-(?P<d>\d\d)$"), "gMonthDay"),
    (re.compile(r"---(?P<d>\d\d)$"), "gDay"),
    (re.compile(r"--(?P<mo>\d\d)$"), "gMonth"),
]
DURATION = re.compile(r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")


def days(year, month, day):
    """Days of the proleptic calendar; a year -1 stands before a year 1."""
    if year < 0:
        year += 1
    cycles, year = divmod(year, 400)
    return date(year + 400, month, 1).toordinal() + day - 1 + cycles * 146097


def moment(text):
    """(kind, seconds, whether it has a zone)"""
    text = text.strip(" \t\n\r")
    zone = ZONE.search(text)
    body = text[:zone.start()] if zone else text
    if zone and re.fullmatch(r"-?\d{4,}|-?\d{4,}-\d\d", text):
        zone, body = None, text
    for shape, kind in SHAPES:
        found = shape.match(body)
        if not found:
            continue
        part = {k: v for k, v in found.groupdict().items() if v is not None}
        second = Fraction(part.get("s", "0")) + 60 * int(part.get("mi", 0)) + 3600 * int(part.get("h", 0))
        if kind == "time":
            second %= 86400
        total = days(int(part.get("y", 2000)), int(part.get("mo", 1)), int(part.get("d", 1))) * 86400 + second
        if zone and zone.group() != "Z":
            sign = -1 if zone.group()[0] == "-" else 1
            total -= sign * (int(zone.group()[1:3]) * 3600 + int(zone.group()[4:6]) * 60)
        return kind, total, bool(zone)
    return None


def duration(text):
    found = DURATION.match(text.strip(" \t\n\r"))
    if not found:
        return None
    sign = -1 if found[1] else 1
    months = 12 * int(found[2] or 0) + int(found[3] or 0)
    seconds = 86400 * int(found[4] or 0) + 3600 * int(found[5] or 0) + 60 * int(found[6] or 0) + Fraction(found[7] or "0")
    return sign * months, sign * seconds


def same(signs):
    return signs[0] if len(set(signs)) == 1 else None


def sign(number):
    return (number > 0) - (number < 0)


def order(one, other):
    """-1, 0, 1, or None where the order is not determined or the texts cannot be read."""
    a, b = duration(one), duration(other)
    if a and b:
        starts = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)]
        def after(d, year, month):
            at = year * 12 + month - 1 + d[0]
            return days(at // 12, at % 12 + 1, 1) * 86400 + d[1]
        return same([sign(after(a, *s) - after(b, *s)) for s in starts])
    a, b = moment(one), moment(other)
    if not a or not b or a[0] != b[0]:
        return None
    if a[2] == b[2]:
        return sign(a[1] - b[1])
    spread = same([sign(a[1] - b[1] - HOURS_14), sign(a[1] - b[1] + HOURS_14)])
    return spread or None


FACETS = {"minInclusive": "at least", "minExclusive": "more than", "maxInclusive": "at most", "maxExclusive": "less than"}
RELATIONS = {"at least": (0, 1), "more than": (1,), "at most": (0, -1), "less than": (-1,)}


def bounds(words):
    """Whether the gateway is right about a bound, by its own complaint or by libxml2's."""
    found = re.search(r' range: [^"]*"([^"]*)" given, (at least|more than|at most|less than) (\S+) needed', words)
    if found:
        value, wanted, bound = found.groups()
        return bool(moment(value) or duration(value)) and order(value, bound) not in RELATIONS[wanted]
    found = re.search(r"\[facet '(\w+)'\] The value '([^']*)' .*\('([^']*)'\)", words)
    return bool(found) and found[1] in FACETS and order(found[2], found[3]) in RELATIONS[FACETS[found[1]]]


def fixed(words):
    """Whether libxml2 refuses a value for its spelling: `The actual value 'V' does not match the fixed value constraint 'F'.`"""
    found = re.search(r"The actual value '(.*)' does not match the fixed value constraint '(.*)'\.$", words)
    if not found:
        return False
    one, other = found[1].split(), found[2].split()
    if one == other:
        return True
    try:
        return [Decimal(v) for v in one] == [Decimal(v) for v in other]
    except InvalidOperation:
        return False


# XML 1.0, fifth edition, [4] and [4a]; the colon is left out.
START = [(0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF), (0x370, 0x37D), (0x37F, 0x1FFF), (0x200C, 0x200D),
         (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF)]
MORE = [(0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040)]


def within(c, ranges):
    return any(low <= ord(c) <= high for low, high in ranges)


def names(words):
    """Whether libxml2 refuses a name of the fifth edition: `'V' is not a valid value of the ... type 'xs:NCName'.`"""
    found = re.search(r"'([^']*)' is not a valid value of the (?:(?:atomic|list) type 'xs:(Q?Name|NCName|NMTOKENS?|ID|IDREFS?)'|local (?:atomic|list) type)", words)
    if not found or found[1].isascii():
        return False
    for word in found[1].split():
        if found[2] == "QName":
            word = word.replace(":", "", 1)
        elif not found[2] or found[2].startswith(("NM", "Name")):
            word = word.replace(":", "")
        first = MORE + START if found[2] is None or found[2].startswith("NM") else START
        if not word or not within(word[0], first) or not all(within(c, START + MORE) for c in word):
            return False
    return True
