"""Texts that an XSD pattern accepts, and texts that it nearly accepts (XSD part 2, appendix F)."""

import unicodedata

# Characters to choose from where a class says no more than a property: some of every general category, inside and outside ASCII.
ALPHABET = (
    [chr(c) for c in range(0x20, 0x7F)]
    + list("\t\n\r")
    + list("àèéìòùÀÉÇßñÿ×÷¡¿§©®°±²³¼½µ¶·ªº\u00a0\u00ad€£¥¢")
    + list("ΑΩαωЖяאبच中文한ひカ")
    + list("\u0301\u0903\u20dd٣५０Ⅷ⁵ǅʰ‿—«»“”‹…₂∑√←☃\u2028\u2029\u200b\u3000\u2003\ue000")
    + ["\U00010400", "\U0001d7d8", "\U00020000", "\U0001f600", "\U0001d165"]
)
BLOCKS = {"BasicLatin": (0, 0x7F), "Latin-1Supplement": (0x80, 0xFF), "LatinExtended-A": (0x100, 0x17F), "Greek": (0x370, 0x3FF),
          "Cyrillic": (0x400, 0x4FF), "CurrencySymbols": (0x20A0, 0x20CF), "Hiragana": (0x3040, 0x309F)}


def is_name_start(c):
    return c in "_:" or unicodedata.category(c) in ("Lu", "Ll", "Lo", "Lt", "Nl")


def is_name(c):
    return is_name_start(c) or c in ".-·" or unicodedata.category(c) in ("Mc", "Me", "Mn", "Lm", "Nd")


def escape_class(letter):
    tests = {
        "s": lambda c: c in " \t\n\r",
        "d": lambda c: unicodedata.category(c) == "Nd",
        "w": lambda c: unicodedata.category(c)[0] not in "PZC",
        "i": is_name_start,
        "c": is_name,
    }
    test = tests[letter.lower()]
    return test if letter.islower() else (lambda c: not test(c))


def property_class(name, negative):
    if name.startswith("Is"):
        low, high = BLOCKS[name[2:]]
        test = lambda c: low <= ord(c) <= high
    else:
        test = lambda c: unicodedata.category(c).startswith(name)
    return (lambda c: not test(c)) if negative else test


class Class:
    """A set of characters: a test, and some that are worth trying."""

    def __init__(self, test, hints=()):
        self.test = test
        pool = dict.fromkeys(list(hints) + ALPHABET)
        self.inside = [c for c in pool if test(c)] or ["?"]
        self.outside = [c for c in pool if not test(c)] or ["?"]
        self.edges = [c for c in hints if test(c)]
        self.beyond = [c for c in hints if not test(c)]


SINGLE = {"n": "\n", "r": "\r", "t": "\t"}


class Regex:
    """A parsed pattern."""

    def __init__(self, pattern):
        self.text, self.at = pattern, 0
        self.tree = self.branches()
        if self.at != len(pattern):
            raise ValueError(pattern)

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self):
        c = self.text[self.at]
        self.at += 1
        return c

    def branches(self):
        all_ = [self.branch()]
        while self.peek() == "|":
            self.take()
            all_.append(self.branch())
        return all_

    def branch(self):
        pieces = []
        while self.peek() and self.peek() not in "|)":
            atom = self.atom()
            low, high = 1, 1
            if self.peek() and self.peek() in "?*+":
                low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}[self.take()]
            elif self.peek() == "{":
                end = self.text.index("}", self.at)
                bounds = self.text[self.at + 1:end].split(",")
                low = int(bounds[0])
                high = low if len(bounds) == 1 else (int(bounds[1]) if bounds[1] else None)
                self.at = end + 1
            pieces.append((atom, low, high))
        return pieces

    def atom(self):
        c = self.take()
        if c == "(":
            inner = self.branches()
            self.take()
            return inner
        if c == ".":
            return Class(lambda c: c not in "\n\r")
        if c == "[":
            return self.group()
        if c == "\\":
            return self.escape()
        return Class(lambda x, c=c: x == c, [c])

    def escape(self):
        c = self.take()
        if c in "pP":
            end = self.text.index("}", self.at)
            name = self.text[self.at + 1:end]
            self.at = end + 1
            return Class(property_class(name, c == "P"))
        if c in "sSdDwWiIcC":
            return Class(escape_class(c))
        c = SINGLE.get(c, c)
        return Class(lambda x, c=c: x == c, [c])

    def group(self):
        negative = self.peek() == "^"
        if negative:
            self.take()
        tests, hints, minus, first = [], [], None, True
        while self.peek() != "]" or first:
            first = False
            c = self.take()
            if c == "-" and self.peek() == "[":
                self.take()
                minus = self.group()
                break
            if c == "\\" and self.peek() in "pPsSdDwWiIcC":
                tests.append(self.escape().test)
                continue
            if c == "\\":
                c = SINGLE.get(self.peek(), self.peek())
                self.take()
            high = c
            if self.peek() == "-" and self.text[self.at + 1] not in "]" and not self.text.startswith("-[", self.at):
                self.take()
                high = self.take()
                if high == "\\":
                    high = SINGLE.get(self.peek(), self.peek())
                    self.take()
            low, top = ord(c), ord(high)
            tests.append(lambda x, low=low, top=top: low <= ord(x) <= top)
            hints += [chr(n) for n in (low, top, (low + top) // 2, low - 1, top + 1) if is_xml(n)]
        self.take()
        positive = lambda x: any(t(x) for t in tests)
        test = (lambda x: not positive(x)) if negative else positive
        if minus is None:
            return Class(test, hints)
        return Class(lambda x: test(x) and not minus.test(x), hints + minus.edges + minus.beyond)

    # ---- texts

    def sample(self, rng, most=4):
        """A text that the pattern accepts."""
        return "".join(self.from_branches(self.tree, rng, most, None))

    def nearly(self, rng, most=4):
        """A text made as the pattern says, but for one thing: a repetition too many or too few, or a character outside its class."""
        spots = [0]
        self.from_branches(self.tree, rng.__class__(0), most, spots)
        spoil = [rng.randrange(1, spots[0] + 1) if spots[0] else 1]
        return "".join(self.from_branches(self.tree, rng, most, None, spoil))

    def from_branches(self, branches, rng, most, spots, spoil=None):
        out = []
        for atom, low, high in rng.choice(branches):
            top = low + most if high is None else min(high, low + max(most, 0)) if most < 2 else high
            if high is not None and high - low > 200:
                top = low + 200
            count = rng.choice([low, top, rng.randint(low, top)])
            if spots is not None:
                spots[0] += 1
            if spoil is not None:
                spoil[0] -= 1
                if spoil[0] == 0:
                    which = rng.randrange(3)
                    if which == 0 and low:
                        count = low - 1
                    elif which == 1 and high is not None:
                        count = high + 1
                    elif isinstance(atom, Class) and count:
                        out += [self.pick(atom, rng) for _ in range(count - 1)]
                        out.append(rng.choice(atom.beyond or atom.outside))
                        continue
            for _ in range(count):
                if isinstance(atom, Class):
                    out.append(self.pick(atom, rng))
                else:
                    out += self.from_branches(atom, rng, most, spots, spoil)
        return out

    @staticmethod
    def pick(atom, rng):
        return rng.choice(atom.edges if atom.edges and rng.random() < 0.5 else atom.inside)


def is_xml(code):
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
