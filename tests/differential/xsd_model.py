"""What a schema file says, as the generator sees it.

Reads the XSD files with an XML parser and nothing else: it shares no code and no tables with the gateway's schema engine, and asks no
validator. It takes for granted that the schema is a good one.
"""

import os
from lxml import etree

XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
UNBOUNDED = None

XML_ATTRIBUTES = {"lang": "language", "space": "NCName", "base": "anyURI", "id": "ID"}


class Particle:
    """A term with its bounds; `key` tells it from every other in a run."""

    __slots__ = ("kind", "low", "high", "decl", "items", "wildcard", "key", "where")
    count = 0

    def __init__(self, kind, low, high, decl=None, items=(), wildcard=None, where=""):
        Particle.count += 1
        self.kind, self.low, self.high, self.decl, self.items, self.wildcard = kind, low, high, decl, list(items), wildcard
        self.key, self.where = Particle.count, where


class Declaration:
    """An element declaration."""

    __slots__ = ("ns", "local", "type", "nillable", "abstract", "default", "fixed", "members", "is_global", "block")

    def __init__(self, ns, local):
        self.ns, self.local = ns, local
        self.type = None
        self.nillable = self.abstract = self.is_global = False
        self.default = self.fixed = None
        self.block = ""
        self.members = []  # of its substitution group


class Use:
    """An attribute as one complex type takes it."""

    __slots__ = ("ns", "local", "type", "required", "default", "fixed")

    def __init__(self, ns, local, type_, required, default, fixed):
        self.ns, self.local, self.type, self.required, self.default, self.fixed = ns, local, type_, required, default, fixed


class Simple:
    """A simple type: a built-in, or what one derivation step makes of others. `facets` are those of this step."""

    __slots__ = ("name", "base", "variety", "item", "members", "facets", "nsmap", "pools", "builtin")

    def __init__(self, name=None, base=None, variety="atomic", item=None, members=(), facets=(), nsmap=None, builtin=None):
        self.name, self.base, self.variety, self.item, self.members = name, base, variety, item, list(members)
        self.facets, self.nsmap, self.builtin = list(facets), nsmap or {}, builtin
        self.pools = None

    def primitive(self):
        """The built-in that it comes from, by name."""
        return self.builtin or (self.base.primitive() if self.base else "anySimpleType")

    def root(self):
        """The list or union, or the built-in, below all restrictions."""
        return self if self.base is None else self.base.root()

    def steps(self):
        """All derivation steps, the outermost first."""
        return [self] + (self.base.steps() if self.base else [])

    def facet(self, name):
        """Values of a facet in the outermost step that has it."""
        for step in self.steps():
            values = [v for f, v in step.facets if f == name]
            if values:
                return values
        return []


class Complex:
    """A complex type."""

    __slots__ = ("name", "abstract", "mixed", "content", "uses", "wildcard", "base", "how", "block")

    def __init__(self, name=None):
        self.name = name
        self.abstract = self.mixed = False
        self.content = None  # None, a Particle or a Simple
        self.uses, self.wildcard, self.base, self.how, self.block = [], None, None, None, ""


class Unit:
    """One file under one target namespace."""

    def __init__(self, path, root, target, chameleon):
        self.path, self.root, self.target, self.chameleon = path, root, target, chameleon


class Model:
    """Everything that an entry file pulls in."""

    def __init__(self, path):
        self.units, self.globals, self.redefined = [], {}, {}
        self.simples, self.complexes, self.declarations = {}, {}, {}
        self.builtins = {}
        self.any_type = Complex((XS, "anyType"))
        self.load(os.path.abspath(path), None)
        self.target = self.units[0].target
        for unit in self.units:
            for node in unit.root:
                if isinstance(node.tag, str):
                    kind = etree.QName(node).localname
                    kind = "type" if kind in ("simpleType", "complexType") else kind
                    if node.get("name"):
                        self.globals[(kind, unit.target, node.get("name"))] = (node, unit)
        self.redefine()
        anything = Particle("any", 0, UNBOUNDED, wildcard=("##any", "lax", self.target))
        self.any_type.content, self.any_type.mixed, self.any_type.wildcard = anything, True, ("##any", "lax", self.target)
        self.roots = [self.declaration(node, unit) for (kind, _, _), (node, unit) in list(self.globals.items()) if kind == "element"]
        self.entry_roots = [d for d in self.roots if d.ns == self.target]
        heads = {}
        for (kind, ns, name), (node, unit) in list(self.globals.items()):
            if kind == "element" and node.get("substitutionGroup"):
                head = self.qname(node, unit, node.get("substitutionGroup"))
                heads.setdefault(head, []).append(self.declaration(node, unit))
        for (ns, local), members in heads.items():
            head = self.declaration(*self.globals[("element", ns, local)])
            todo = list(members)
            while todo:
                one = todo.pop()
                if one not in head.members:
                    head.members.append(one)
                    todo.extend(heads.get((one.ns, one.local), []))
        self.derived = {}  # named complex type -> named types derived from it
        named = [self.type_named(ns, name) for (kind, ns, name) in list(self.globals) if kind == "type"]
        for one in named:
            base = one.base
            while base is not None:
                self.derived.setdefault(id(base), []).append(one)
                base = base.base

    # ---- files

    def load(self, path, target_of_includer):
        root = etree.parse(path).getroot()
        own = root.get("targetNamespace", "")
        chameleon = not own and bool(target_of_includer)
        target = target_of_includer if chameleon else own
        if any(u.path == path and u.target == target for u in self.units):
            return
        self.units.append(Unit(path, root, target, chameleon))
        for node in root:
            if node.tag in (f"{{{XS}}}include", f"{{{XS}}}redefine"):
                self.load(os.path.join(os.path.dirname(path), node.get("schemaLocation")), target)
            elif node.tag == f"{{{XS}}}import" and node.get("schemaLocation"):
                self.load(os.path.join(os.path.dirname(path), node.get("schemaLocation")), None)

    def redefine(self):
        """What a redefine says takes the name; what it is made from is kept for what stands inside it."""
        for unit in reversed(self.units):
            for node in unit.root.iterfind(f"{{{XS}}}redefine/*[@name]"):
                key = (self.space(node), unit.target, node.get("name"))
                self.redefined[self.key(node, unit)] = (key, self.globals[key])
                self.globals[key] = (node, unit)

    def space(self, node):
        kind = etree.QName(node).localname
        return "type" if kind in ("simpleType", "complexType") else kind

    def component(self, kind, node, unit, text):
        """The component that a reference in a node means."""
        key = (kind, *self.qname(node, unit, text))
        for around in (node, *node.iterancestors()):
            known, old = self.redefined.get(self.key(around, unit), (None, None))
            if known == key:
                return old
        return self.globals[key]

    def qname(self, node, unit, text):
        prefix, _, local = text.strip().rpartition(":")
        ns = node.nsmap.get(prefix or None, XML if prefix == "xml" else "")
        if not prefix and not ns and unit.chameleon:
            ns = unit.target
        return ns, local

    # ---- types

    def builtin(self, name):
        if name not in self.builtins:
            simple = Simple(name=(XS, name), builtin=name)
            if name in ("NMTOKENS", "IDREFS", "ENTITIES"):
                item = self.builtin(name[:-1] if name != "ENTITIES" else "ENTITY")
                simple.variety, simple.item = "list", item
            self.builtins[name] = simple
        return self.builtins[name]

    def type_named(self, ns, local):
        if ns == XS:
            return self.any_type if local == "anyType" else self.builtin(local)
        node, unit = self.globals[("type", ns, local)]
        return self.type_of(node, unit)

    def base(self, node, unit, text):
        ns, local = self.qname(node, unit, text)
        return self.type_named(ns, local) if ns == XS else self.type_of(*self.component("type", node, unit, text))

    def type_of(self, node, unit):
        if etree.QName(node).localname == "simpleType":
            return self.simple(node, unit)
        return self.complex(node, unit)

    def key(self, node, unit):
        return unit.path, unit.target, node.getroottree().getpath(node)

    def inline(self, node, *tags):
        for child in node:
            if isinstance(child.tag, str) and etree.QName(child).localname in tags:
                return child
        return None

    def simple(self, node, unit):
        key = self.key(node, unit)
        if key in self.simples:
            return self.simples[key]
        name = (unit.target, node.get("name")) if node.get("name") else None
        how = self.inline(node, "restriction", "list", "union")
        kind = etree.QName(how).localname
        if kind == "restriction":
            made = self.restricted(how, unit, name)
        elif kind == "list":
            made = Simple(name, variety="list", item=self.named_or_inline(how, unit, "itemType"))
        else:
            members = [self.type_named(*self.qname(how, unit, m)) for m in how.get("memberTypes", "").split()]
            members += [self.simple(c, unit) for c in how if c.tag == f"{{{XS}}}simpleType"]
            made = Simple(name, variety="union", members=members)
        self.simples[key] = made
        return made

    def named_or_inline(self, node, unit, attribute):
        if node.get(attribute):
            return self.base(node, unit, node.get(attribute))
        return self.simple(self.inline(node, "simpleType"), unit)

    def restricted(self, node, unit, name, base=None):
        base = base or self.named_or_inline(node, unit, "base")
        facets = []
        for child in node:
            if isinstance(child.tag, str) and child.get("value") is not None:
                facets.append((etree.QName(child).localname, child.get("value")))
        root = base.root()
        return Simple(name, base, root.variety, root.item, root.members, facets, dict(node.nsmap))

    def complex(self, node, unit):
        key = self.key(node, unit)
        if key in self.complexes:
            return self.complexes[key]
        made = Complex((unit.target, node.get("name")) if node.get("name") else None)
        self.complexes[key] = made  # before its content: a type may hold itself
        made.abstract = node.get("abstract") in ("true", "1")
        made.mixed = node.get("mixed") in ("true", "1")
        made.block = node.get("block", unit.root.get("blockDefault", ""))
        inner = self.inline(node, "simpleContent", "complexContent")
        if inner is None:
            made.content = self.model_group(node, unit)
            made.uses, _, made.wildcard = self.uses(node, unit)
            made.base, made.how = self.any_type, "restriction"
            return made
        how = self.inline(inner, "extension", "restriction")
        made.how = etree.QName(how).localname
        base = self.base(how, unit, how.get("base"))
        made.base = base
        own, prohibited, wildcard = self.uses(how, unit)
        taken = {(u.ns, u.local) for u in own} | set(prohibited)
        if isinstance(base, Complex):
            made.uses = [u for u in base.uses if (u.ns, u.local) not in taken] + own
        else:
            made.uses = own
        if made.how == "extension":
            made.wildcard = wildcard or (base.wildcard if isinstance(base, Complex) else None)
        else:
            made.wildcard = wildcard
        if etree.QName(inner).localname == "simpleContent":
            held = base if isinstance(base, Simple) else base.content
            if made.how == "restriction":
                inline = self.inline(how, "simpleType")
                if inline is not None:
                    held = self.simple(inline, unit)
                held = self.restricted(how, unit, None, held)
            made.content = held
            return made
        if inner.get("mixed") is not None:
            made.mixed = inner.get("mixed") in ("true", "1")
        own = self.model_group(how, unit)
        if made.how == "extension" and isinstance(base, Complex):
            held = base.content
            if own is None:
                made.content, made.mixed = held, base.mixed or made.mixed
            elif held is None:
                made.content = own
            else:
                made.content = Particle("sequence", 1, 1, items=[held, own], where=str(made.name))
        else:
            made.content = own
        return made

    def model_group(self, node, unit):
        inner = self.inline(node, "group", "all", "choice", "sequence")
        return None if inner is None else self.particle(inner, unit)

    def particle(self, node, unit):
        low = int(node.get("minOccurs", "1"))
        high = node.get("maxOccurs", "1")
        high = UNBOUNDED if high == "unbounded" else int(high)
        kind = etree.QName(node).localname
        where = f"{os.path.basename(unit.path)}:{node.sourceline}"
        if kind == "element":
            if node.get("ref"):
                decl = self.declaration(*self.globals[("element", *self.qname(node, unit, node.get("ref")))])
            else:
                decl = self.declaration(node, unit)
            return Particle("element", low, high, decl=decl, where=where)
        if kind == "any":
            wildcard = (node.get("namespace", "##any"), node.get("processContents", "strict"), unit.target)
            return Particle("any", low, high, wildcard=wildcard, where=where)
        if kind == "group":
            group, owner = self.component("group", node, unit, node.get("ref"))
            inner = self.model_group(group, owner)
            return Particle("sequence", low, high, items=[inner] if inner else [], where=where)
        items = [self.particle(c, unit) for c in node if isinstance(c.tag, str) and etree.QName(c).localname != "annotation"]
        return Particle(kind, low, high, items=[i for i in items if i.high != 0], where=where)

    def declaration(self, node, unit):
        key = self.key(node, unit)
        if key in self.declarations:
            return self.declarations[key]
        is_global = etree.QName(node.getparent()).localname == "schema"
        form = node.get("form", unit.root.get("elementFormDefault", "unqualified"))
        made = Declaration(unit.target if is_global or form == "qualified" else "", node.get("name"))
        self.declarations[key] = made
        made.is_global = is_global
        made.nillable = node.get("nillable") in ("true", "1")
        made.abstract = node.get("abstract") in ("true", "1")
        made.default, made.fixed = node.get("default"), node.get("fixed")
        made.block = node.get("block", unit.root.get("blockDefault", ""))
        inner = self.inline(node, "simpleType", "complexType")
        if node.get("type"):
            made.type = self.type_named(*self.qname(node, unit, node.get("type")))
        elif inner is not None:
            made.type = self.type_of(inner, unit)
        elif node.get("substitutionGroup"):
            head = self.qname(node, unit, node.get("substitutionGroup"))
            made.type = self.declaration(*self.globals[("element", *head)]).type
        else:
            made.type = self.any_type
        return made

    # ---- attributes

    def uses(self, node, unit):
        uses, prohibited, wildcard = [], [], None
        for child in node:
            if not isinstance(child.tag, str):
                continue
            kind = etree.QName(child).localname
            if kind == "attribute":
                use = self.use(child, unit)
                if child.get("use") == "prohibited":
                    prohibited.append((use.ns, use.local))
                else:
                    uses.append(use)
            elif kind == "attributeGroup" and child.get("ref"):
                group, owner = self.component("attributeGroup", child, unit, child.get("ref"))
                more, none, any_ = self.uses(group, owner)
                uses, prohibited, wildcard = uses + more, prohibited + none, wildcard or any_
            elif kind == "anyAttribute":
                wildcard = (child.get("namespace", "##any"), child.get("processContents", "strict"), unit.target)
        return uses, prohibited, wildcard

    def use(self, node, unit):
        required = node.get("use") == "required"
        default, fixed = node.get("default"), node.get("fixed")
        if node.get("ref"):
            ns, local = self.qname(node, unit, node.get("ref"))
            if ns == XML:
                return Use(ns, local, self.builtin(XML_ATTRIBUTES[local]), required, default, fixed)
            found, owner = self.globals[("attribute", ns, local)]
            type_ = self.attribute_type(found, owner)
            return Use(ns, local, type_, required, default or found.get("default"), fixed or found.get("fixed"))
        form = node.get("form", unit.root.get("attributeFormDefault", "unqualified"))
        if etree.QName(node.getparent()).localname == "schema":
            form = "qualified"
        ns = unit.target if form == "qualified" else ""
        return Use(ns, node.get("name"), self.attribute_type(node, unit), required, default, fixed)

    def attribute_type(self, node, unit):
        inner = self.inline(node, "simpleType")
        if node.get("type"):
            return self.type_named(*self.qname(node, unit, node.get("type")))
        return self.simple(inner, unit) if inner is not None else self.builtin("anySimpleType")

    def global_attributes(self):
        return [self.use(node, unit) for (kind, _, _), (node, unit) in self.globals.items() if kind == "attribute"]
