"""Documents that a schema allows, chosen so that every element, branch and bound is met."""

from values import Pools
from xsd_model import XSI, Complex, Particle, Simple

FOREIGN = "urn:differential:foreign"
MORE = (1, 2, 4)  # beyond the lower bound, where there is no upper one


class Node:
    """An element of a document. An attribute is a list [namespace, name, value, use]; a value that is a tuple is a qualified name."""

    __slots__ = ("ns", "local", "attributes", "children", "decl", "type")

    def __init__(self, ns, local, decl=None, type_=None):
        self.ns, self.local, self.decl, self.type = ns, local, decl, type_
        self.attributes, self.children = [], []

    def elements(self):
        return [c for c in self.children if isinstance(c, Node)]

    def walk(self):
        todo = [self]
        while todo:
            one = todo.pop()
            yield one
            todo.extend(c for c in one.children if isinstance(c, Node))


class Generator:
    """Makes documents of one model. `met` counts what each particle was asked for: bounds, branches, elements."""

    def __init__(self, model, rng, seed):
        self.model, self.rng = model, rng
        self.pools = Pools(seed)
        self.met = {}
        self.costs = {}
        self.spoil = False
        self.ids = 0
        self.roots = [d for d in model.entry_roots if not d.abstract or d.members]
        self.foreign = [d for d in model.roots if not d.abstract]
        seen = set()
        for decl in self.roots:
            self.expect(decl, seen)

    # ---- what there is to meet

    def options(self, particle):
        low, high = particle.low, particle.high
        if high is None:
            return sorted({low} | {low + n for n in MORE})
        return sorted({low, high} | {n for n in (low + 1,) if n < high})

    def expect(self, decl, seen):
        for one in [decl] + decl.members:
            type_ = one.type
            if isinstance(type_, Complex) and id(type_) not in seen:
                seen.add(id(type_))
                for other in [type_] + self.model.derived.get(id(type_), []):
                    if isinstance(other, Complex) and isinstance(other.content, Particle) and other is not self.model.any_type:
                        self.expect_particle(other.content, seen)

    def expect_particle(self, particle, seen):
        for n in self.options(particle):
            self.met.setdefault((particle.key, n), 0)
        if particle.kind == "choice":
            for n in range(len(particle.items)):
                self.met.setdefault((particle.key, "branch", n), 0)
        for item in particle.items:
            self.expect_particle(item, seen)
        if particle.kind == "element":
            self.expect(particle.decl, seen)

    def coverage(self):
        return sum(1 for n in self.met.values() if n), len(self.met)

    def pick(self, particle, options, label=()):
        """One of several, most often the one that was least met."""
        keys = [(particle.key, *label, option) for option in options]
        if self.rng.random() < 0.6:
            fewest = min(self.met.get(k, 0) for k in keys)
            at = self.rng.choice([i for i, k in enumerate(keys) if self.met.get(k, 0) == fewest])
        else:
            at = self.rng.randrange(len(options))
        self.met[keys[at]] = self.met.get(keys[at], 0) + 1
        return options[at]

    # ---- sizes

    def cost(self, decl, depth=0):
        """The fewest elements that an element of this declaration brings."""
        key = id(decl)
        if key in self.costs:
            return self.costs[key]
        self.costs[key] = 10**6  # while it is being counted: it holds itself
        type_ = decl.type
        total = 1
        if isinstance(type_, Complex) and isinstance(type_.content, Particle):
            total += self.particle_cost(type_.content)
        if total >= 10**6:
            del self.costs[key]
            return 10**6
        self.costs[key] = total
        return total

    def particle_cost(self, particle):
        if particle.low == 0:
            return 0
        if particle.kind == "element":
            return particle.low * self.cost(particle.decl)
        if particle.kind == "any":
            return particle.low
        costs = [self.particle_cost(i) for i in particle.items]
        if particle.kind == "choice":
            return particle.low * min(costs, default=0)
        return particle.low * sum(costs)

    # ---- documents

    def document(self, spoil=False):
        """A new document. With `spoil`, one repetition somewhere is out of its bounds."""
        self.budget = self.rng.choice([0, 10, 30, 60, 120, 250])
        self.spoil = spoil
        self.ids = 0
        self.issued = []
        root = self.rng.choice(self.roots)
        return self.element(root, 1)

    def element(self, decl, depth):
        if decl.members and (decl.abstract or self.rng.random() < 0.5):
            some = [m for m in decl.members if not m.abstract]
            if some:
                decl = self.rng.choice(some)
        type_ = decl.type
        node = Node(decl.ns, decl.local, decl, type_)
        self.budget -= 1
        if isinstance(type_, Complex):
            derived = [t for t in self.model.derived.get(id(type_), []) if not t.abstract] if type_.name else []
            if derived and (type_.abstract or self.rng.random() < 0.3) and depth < 20:
                type_ = self.rng.choice(derived)
                node.type = type_
                node.attributes.append([XSI, "type", type_.name, None])
        if decl.nillable and self.rng.random() < 0.25:
            node.attributes.append([XSI, "nil", self.rng.choice(["true", "1", " true "]), None])
            self.attributes(node, type_)
            return node
        if decl.nillable and self.rng.random() < 0.1:
            node.attributes.append([XSI, "nil", self.rng.choice(["false", "0"]), None])
        if isinstance(type_, Simple):
            node.children = [self.element_text(decl, type_)]
            return node
        self.attributes(node, type_)
        if isinstance(type_.content, Simple):
            node.children = [self.element_text(decl, type_.content)]
        elif type_ is self.model.any_type:
            self.anything(node, depth)
        elif type_.content is not None:
            out = []
            self.particle(type_.content, out, depth)
            node.children = out
        if type_.mixed and not isinstance(type_.content, Simple):
            if decl.fixed is not None:
                node.children = [decl.fixed]
            elif self.rng.random() < 0.5:
                node.children.insert(self.rng.randint(0, len(node.children)), self.rng.choice(["testo ", " ", "&<>", "città"]))
        return node

    def element_text(self, decl, type_):
        constraint = decl.fixed if decl.fixed is not None else decl.default
        if constraint is not None:
            draw = self.rng.random()
            if draw < 0.3:
                return ""
            if decl.fixed is not None or draw < 0.5:
                return constraint
        return self.text(type_)

    def text(self, type_, good=True):
        """A text of the type, or one near it."""
        name = type_.primitive() if type_.variety == "atomic" else ""
        if good and name == "ID":
            self.ids += 1
            self.issued.append(f"id{self.ids}")
            return self.issued[-1]
        if good and name == "IDREF" and self.issued:
            return self.rng.choice(self.issued)
        pool = self.pools.of(type_)
        texts = pool.good if good else pool.bad
        if not texts:
            texts = pool.bad or pool.good or [""]
        if self.rng.random() < 0.5:
            if good:
                pool.next_good += 1
                return texts[pool.next_good % len(texts)]
            pool.next_bad += 1
            return texts[pool.next_bad % len(texts)]
        return self.rng.choice(texts)

    def attributes(self, node, type_):
        if not isinstance(type_, Complex):
            return
        sparse = self.rng.random()
        for use in type_.uses:
            if not use.required and self.rng.random() > sparse:
                continue
            value = use.fixed if use.fixed is not None else self.text(use.type)
            node.attributes.append([use.ns, use.local, value, use])
        if type_.wildcard and self.rng.random() < 0.3:
            extra = self.wild_attribute(type_.wildcard)
            if extra and not any(a[0] == extra[0] and a[1] == extra[1] for a in node.attributes):
                node.attributes.append(extra)
        self.rng.shuffle(node.attributes)

    def namespaces(self, wildcard):
        allowed, _, target = wildcard
        if allowed == "##any":
            return [target, "", FOREIGN]
        if allowed == "##other":
            return [FOREIGN]
        words = {"##targetNamespace": target, "##local": ""}
        return [words.get(w, w) for w in allowed.split()]

    def wild_attribute(self, wildcard):
        namespaces = self.namespaces(wildcard)
        known = [u for u in self.model.global_attributes() if u.ns in namespaces]
        if wildcard[1] == "strict" or (known and self.rng.random() < 0.5):
            if not known:
                return None
            use = self.rng.choice(known)
            return [use.ns, use.local, use.fixed if use.fixed is not None else self.text(use.type), use]
        if not namespaces:
            return None
        return [self.rng.choice(namespaces), "differente", "qualunque", None]

    def anything(self, node, depth):
        node.children = [self.rng.choice(["", "testo", " x "])]
        if self.rng.random() < 0.3:
            child = Node(self.rng.choice([node.ns, "", FOREIGN]), "qualunque")
            child.children = [self.rng.choice(["", "dentro"])]
            node.children.append(child)
        if self.rng.random() < 0.2 and not any(a[:2] == ["", "differente"] for a in node.attributes):
            node.attributes.append(["", "differente", "v", None])

    def repeats(self, particle):
        low, high = particle.low, particle.high
        if self.spoil and self.rng.random() < 0.15:
            self.spoil = False
            if high is not None and (low == 0 or self.rng.random() < 0.6):
                return high + 1
            if low > 0:
                return low - 1
        if low == high:
            self.pick(particle, [low])
            return low
        if self.budget <= 0 and self.rng.random() < 0.93:
            self.met[(particle.key, low)] = self.met.get((particle.key, low), 0) + 1
            return low
        options = [n for n in self.options(particle) if n <= low + 8 or self.budget > 60 or particle.kind == "element" and self.cost(particle.decl) == 1]
        return self.pick(particle, options or [low])

    def particle(self, particle, out, depth):
        for _ in range(self.repeats(particle)):
            if particle.kind == "element":
                if depth > 40 or (depth > 12 and particle.low == 0):
                    return
                out.append(self.element(particle.decl, depth + 1))
            elif particle.kind == "sequence":
                for item in particle.items:
                    self.particle(item, out, depth)
            elif particle.kind == "all":
                items = list(particle.items)
                self.rng.shuffle(items)
                for item in items:
                    self.particle(item, out, depth)
            elif particle.kind == "choice":
                if not particle.items:
                    continue
                costs = [self.particle_cost(i) for i in particle.items]
                least = min(costs)
                fit = [n for n, cost in enumerate(costs) if cost == least or (cost < 10**5 and self.budget > 0 and depth < 12)]
                self.particle(particle.items[self.pick(particle, fit, ("branch",))], out, depth)
            else:
                self.wild(particle.wildcard, out, depth)

    def wild(self, wildcard, out, depth):
        namespaces = self.namespaces(wildcard)
        known = [d for d in self.foreign if d.ns in namespaces]
        if wildcard[1] != "skip" and known and self.rng.random() < 0.6:
            out.append(self.element(self.rng.choice(known), depth + 1))
            return
        node = Node(self.rng.choice(namespaces or [FOREIGN]), "libero")
        node.children = ["testo"]
        if self.rng.random() < 0.3:
            node.attributes.append(["", "a", "1", None])
        if self.rng.random() < 0.3:
            node.children.append(Node(FOREIGN, "dentro"))
        out.append(node)
