"""Changes to a document, most of which make it invalid, and some of which only look so.

Each changes the tree in place and returns how to undo it, or nothing where it does not apply.
"""

from documents import FOREIGN, Node
from xsd_model import XML, XSI, Complex, Simple

STRANGE_TEXT = ["x", "0", " ", "\n\t ", "&", "\u00a0", "testo", "  x  ", "<"]


def pairs(root):
    """(parent, child) of every element but the root."""
    return [(p, c) for p in root.walk() for c in p.children if isinstance(c, Node)]


def held(node):
    """The simple type of what an element holds, if it is one."""
    type_ = node.type
    if isinstance(type_, Complex):
        type_ = type_.content
    return type_ if isinstance(type_, Simple) else None


def put(node, children):
    before = node.children
    node.children = children

    def undo():
        node.children = before

    return undo


def set_attributes(node, attributes):
    before = node.attributes
    node.attributes = attributes

    def undo():
        node.attributes = before

    return undo


def clone(node):
    made = Node(node.ns, node.local, node.decl, node.type)
    made.attributes = [list(a) for a in node.attributes]
    made.children = [clone(c) if isinstance(c, Node) else c for c in node.children]
    return made


# ---- elements

def delete(g, root):
    some = pairs(root)
    if not some:
        return None
    parent, child = g.rng.choice(some)
    return put(parent, [c for c in parent.children if c is not child])


def duplicate(g, root):
    some = pairs(root)
    if not some:
        return None
    parent, child = g.rng.choice(some)
    at = parent.children.index(child)
    times = g.rng.choice([1, 1, 1, 2, 5])
    copies = [clone(child) for _ in range(times)]
    return put(parent, parent.children[:at + 1] + copies + parent.children[at + 1:])


def swap(g, root):
    some = [p for p in root.walk() if len(p.children) > 1]
    if not some:
        return None
    parent = g.rng.choice(some)
    i, j = g.rng.sample(range(len(parent.children)), 2)
    if g.rng.random() < 0.5:
        j = min(i + 1, len(parent.children) - 1)
    changed = list(parent.children)
    changed[i], changed[j] = changed[j], changed[i]
    return put(parent, changed)


def move(g, root):
    some = pairs(root)
    if not some:
        return None
    parent, child = g.rng.choice(some)
    inside = set(id(n) for n in child.walk())
    targets = [n for n in root.walk() if id(n) not in inside]
    target = g.rng.choice(targets)
    first = put(parent, [c for c in parent.children if c is not child])
    at = g.rng.randint(0, len(target.children))
    second = put(target, target.children[:at] + [child] + target.children[at:])

    def undo():
        second()
        first()

    return undo


def insert(g, root):
    """An element that the schema knows, where it may not be; or one that it does not know."""
    parent = g.rng.choice(list(root.walk()))
    draw = g.rng.random()
    if draw < 0.5:
        model = clone(g.rng.choice(list(root.walk())))
        if sum(1 for _ in model.walk()) > 40:
            model.children = []
    elif draw < 0.75:
        model = Node(parent.ns, g.rng.choice(["sconosciuto", "x", parent.local, parent.local + "x", parent.local[:-1] or "y"]))
    else:
        model = Node(FOREIGN, "estraneo")
    at = g.rng.randint(0, len(parent.children))
    return put(parent, parent.children[:at] + [model] + parent.children[at:])


def rename(g, root):
    node = g.rng.choice(list(root.walk()))
    before = node.local
    others = [n.local for n in root.walk() if n.local != before]
    choices = [before + "x", before.swapcase(), before[:-1] or "q", "_" + before]
    node.local = g.rng.choice(others) if others and g.rng.random() < 0.4 else g.rng.choice(choices)
    if node.local[0].isdigit() or node.local[0] in "-.":
        node.local = "_" + node.local

    def undo():
        node.local = before

    return undo


def namespace(g, root):
    node = g.rng.choice(list(root.walk()))
    before = node.ns
    others = [ns for ns in [FOREIGN, ""] + g.namespaces_known if ns != before]
    node.ns = g.rng.choice(others)

    def undo():
        node.ns = before

    return undo


def namespace_everywhere(g, root):
    nodes = list(root.walk())
    before = [n.ns for n in nodes]
    other = g.rng.choice([FOREIGN, ""] + g.namespaces_known)
    for n in nodes:
        if n.ns == root.ns or g.rng.random() < 0.5:
            n.ns = other

    def undo():
        for n, ns in zip(nodes, before):
            n.ns = ns

    return undo


def unwrap(g, root):
    some = [(p, c) for p, c in pairs(root) if c.elements()]
    if not some:
        return None
    parent, child = g.rng.choice(some)
    at = parent.children.index(child)
    return put(parent, parent.children[:at] + child.children + parent.children[at + 1:])


def empty(g, root):
    node = g.rng.choice(list(root.walk()))
    return put(node, g.rng.choice([[], [""], [" "], ["\n"]]))


# ---- text

def text_where_none(g, root):
    some = [n for n in root.walk() if n.elements() or (not held(n) and isinstance(n.type, Complex))]
    if not some:
        return None
    node = g.rng.choice(some)
    at = g.rng.randint(0, len(node.children))
    return put(node, node.children[:at] + [g.rng.choice(STRANGE_TEXT)] + node.children[at:])


def element_in_text(g, root):
    some = [n for n in root.walk() if held(n)]
    if not some:
        return None
    node = g.rng.choice(some)
    return put(node, node.children + [Node(node.ns, g.rng.choice(["b", node.local]))])


def value(g, root):
    """A value that its type refuses, or another that it takes."""
    spots = []
    for node in root.walk():
        if held(node):
            spots.append((node, None))
        spots += [(node, a) for a in node.attributes if a[3] is not None]
    if not spots:
        return None
    node, attribute = g.rng.choice(spots)
    type_ = held(node) if attribute is None else attribute[3].type
    text = g.text(type_, good=g.rng.random() < 0.35)
    if attribute is None:
        return put(node, [text])
    changed = [[a[0], a[1], text, a[3]] if a is attribute else a for a in node.attributes]
    return set_attributes(node, changed)


def spaces_in_value(g, root):
    spots = [(n, None) for n in root.walk() if held(n) and n.children and isinstance(n.children[0], str)]
    spots += [(n, a) for n in root.walk() for a in n.attributes if isinstance(a[2], str)]
    if not spots:
        return None
    node, attribute = g.rng.choice(spots)
    change = g.rng.choice([lambda t: " " + t, lambda t: t + " ", lambda t: "\n\t" + t + "\n", lambda t: t[:1] + " " + t[1:], lambda t: t + "\u00a0",
                           lambda t: t[:len(t) // 2] + "  " + t[len(t) // 2:], lambda t: t.strip(), lambda t: t + "\r\n"])
    if attribute is None:
        return put(node, [change(node.children[0])] + node.children[1:])
    return set_attributes(node, [[a[0], a[1], change(a[2]), a[3]] if a is attribute else a for a in node.attributes])


def fixed(g, root):
    spots = [(n, a) for n in root.walk() for a in n.attributes if a[3] is not None and a[3].fixed is not None]
    spots += [(n, None) for n in root.walk() if n.decl is not None and n.decl.fixed is not None and held(n)]
    if not spots:
        return None
    node, attribute = g.rng.choice(spots)
    constant = node.decl.fixed if attribute is None else attribute[3].fixed
    number = constant.strip().lstrip("+-").replace(".", "", 1).isdigit()
    choices = [constant + " ", " " + constant, constant + "x", constant.swapcase(), "", constant[:-1]] + (["0" + constant, constant + ".0", "+" + constant] if number else [])
    text = g.rng.choice(choices)
    if attribute is None:
        return put(node, [text])
    return set_attributes(node, [[a[0], a[1], text, a[3]] if a is attribute else a for a in node.attributes])


# ---- attributes

def attribute_remove(g, root):
    some = [n for n in root.walk() if n.attributes]
    if not some:
        return None
    node = g.rng.choice(some)
    gone = g.rng.choice(node.attributes)
    return set_attributes(node, [a for a in node.attributes if a is not gone])


def attribute_add(g, root):
    node = g.rng.choice(list(root.walk()))
    known = [a for n in root.walk() for a in n.attributes]
    choices = [
        ["", "sconosciuto", "x", None], [FOREIGN, "estraneo", "x", None], [XML, "lang", g.rng.choice(["it", "", "!"]), None],
        [XML, "space", g.rng.choice(["preserve", "x"]), None], [XSI, "nil", g.rng.choice(["true", "false", "1", "0", "x", "", " true "]), None],
        [XSI, "schemaLocation", "urn:nessuno nessuno.xsd", None], [XSI, "noNamespaceSchemaLocation", "nessuno.xsd", None],
        [XSI, "altro", "x", None], ["", "nil", "true", None], ["", "type", "x", None],
    ]
    if g.type_names:
        choices += [[XSI, "type", g.rng.choice(g.type_names), None] for _ in range(3)]
    choices += [[XSI, "type", t, None] for t in (("", "nessuno"), ("http://www.w3.org/2001/XMLSchema", "string"))]
    if isinstance(node.type, Complex) and node.type.uses:
        use = g.rng.choice(node.type.uses)
        choices += [[use.ns, use.local, g.text(use.type), use]] * 4
        choices.append([FOREIGN if not use.ns else "", use.local, g.text(use.type), None])
    if known:
        choices += [list(g.rng.choice(known))]
    made = g.rng.choice(choices)
    if any(a[0] == made[0] and a[1] == made[1] for a in node.attributes):
        return None
    at = g.rng.randint(0, len(node.attributes))
    return set_attributes(node, node.attributes[:at] + [made] + node.attributes[at:])


def attribute_rename(g, root):
    some = [n for n in root.walk() if n.attributes]
    if not some:
        return None
    node = g.rng.choice(some)
    which = g.rng.choice(node.attributes)
    how = g.rng.randrange(4)
    changed = list(which)
    if how == 0:
        changed[1] += "x"
    elif how == 1:
        changed[1] = changed[1].swapcase()
    elif how == 2:
        changed[0] = g.rng.choice([FOREIGN, node.ns, XML]) if not changed[0] else ""
    else:
        changed[2] = "" if isinstance(changed[2], str) else ("", "x")
    if any(a is not which and a[0] == changed[0] and a[1] == changed[1] for a in node.attributes):
        return None
    return set_attributes(node, [changed if a is which else a for a in node.attributes])


TREE = [delete, delete, delete, duplicate, duplicate, swap, swap, move, insert, insert, rename, namespace, namespace_everywhere, unwrap, empty,
        text_where_none, text_where_none, element_in_text, value, value, spaces_in_value, spaces_in_value, fixed, attribute_remove, attribute_remove,
        attribute_add, attribute_add, attribute_add, attribute_rename]


# ---- bytes

def broken(rng, data):
    """The same document with some characters changed, so that mostly it is no longer XML."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    if not text:
        return data
    at = rng.randrange(len(text))
    pieces = ["<", ">", "&", "\"", "'", "/", "=", "]]>", "&amp;", "&foo;", "&#0;", "&#1;", "&#xFFFE;", "&#x110000;", "&#;", "&#x;", "&#32", "<!--", "-->", "<!-- -- -->", "<![CDATA[", "<![CDATA[x]]>",
              "<?pi?>", "<?xml version='1.0'?>", "<?XML x?>", "<a>", "</a>", "<a/>", "\x00", "\x0b", "\ufffe", " xmlns=''", " xmlns:a=''", " xmlns:xml='x'", " xmlns:xmlns='x'", " a='1' a='1'",
              " xml:lang='it'", ":", " x:y='1'", "\x7f", "\x85", "\r", "\ufeff", " a=1", " a", "<!ELEMENT a ANY>", "&lt", "&#x20;", "<:a/>", "<a:/>", "<1/>", " xmlns:n0='urn:altro'"]
    draw = rng.random()
    if draw < 0.5:
        changed = text[:at] + rng.choice(pieces) + text[at:]
    elif draw < 0.75:
        changed = text[:at] + text[at + rng.randint(1, 3):]
    elif draw < 0.9:
        changed = text[:at] + rng.choice(pieces)[:1] + text[at + 1:]
    else:
        changed = text[:at]
    return changed.encode("utf-8", "surrogatepass")
