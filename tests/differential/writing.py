"""Documents as bytes, in any of the ways in which XML may be written."""

import codecs

from documents import Node
from values import NAMESPACES_OF_VALUES
from xsd_model import XML, XSI

ENCODINGS = [("UTF-16", "utf-16-le", codecs.BOM_UTF16_LE), ("UTF-16", "utf-16-be", codecs.BOM_UTF16_BE), ("utf-8", "utf-8", codecs.BOM_UTF8),
             ("ISO-8859-1", "latin-1", b""), ("windows-1252", "cp1252", b""), (None, "utf-16-le", codecs.BOM_UTF16_LE)]


class Style:
    """How one document is written. The plain style is the common one; each departure is drawn by itself."""

    def __init__(self, rng, plain=False):
        self.rng = rng
        odd = lambda share: not plain and rng.random() < share
        self.quote = "'" if odd(0.3) else '"'
        self.indent = odd(0.5)
        self.default = not odd(0.4)  # the root's namespace as default namespace
        self.redeclare = odd(0.15)
        self.prefix = rng.choice(["n", "ns1", "_", "SOAP-ENV", "è", "a.b"]) if odd(0.3) else "n"
        self.noise = 0.25 if odd(0.15) else 0.0  # comments, instructions
        self.cdata = 0.3 if odd(0.15) else 0.0
        self.references = 0.3 if odd(0.15) else 0.0
        self.declaration = odd(0.5)
        self.self_close = not odd(0.3)
        self.spaces_in_tags = odd(0.1)
        self.eol = rng.choice(["\r\n", "\r"]) if odd(0.08) else "\n"
        self.encoding = rng.choice(ENCODINGS) if odd(0.08) else None
        self.outside = odd(0.1)


class Writer:
    """Writes one document in one style."""

    def __init__(self, style, namespaces):
        self.style, self.rng = style, style.rng
        self.namespaces = namespaces
        self.out = []

    def write(self, root):
        style = self.style
        self.prefixes = {XML: "xml", XSI: "xsi"}
        self.chosen = {}
        for number, ns in enumerate(n for n in self.namespaces if n):
            self.prefixes[ns] = f"{style.prefix}{number}"
        declared = "".join(f" xmlns:{p}={self.attribute(ns)}" for ns, p in self.prefixes.items() if p != "xml")
        declared += "".join(f" xmlns:{p}={self.attribute(ns)}" for p, ns in NAMESPACES_OF_VALUES.items() if p != "xsi")
        default = ""
        if style.default and root.ns:
            default = root.ns
            declared += f" xmlns={self.attribute(default)}"
        if style.declaration or (style.encoding and style.encoding[0]):
            label = style.encoding[0] if style.encoding else None
            named = "" if label is None else f" encoding={style.quote}{label}{style.quote}"
            self.out.append(f"<?xml version={style.quote}1.0{style.quote}{named}?>")
            if style.outside:
                self.out.append("\n<!-- prima --><?pi prima?>\n")
        self.element(root, default, declared, 0)
        if style.outside:
            self.out.append("\n<!-- dopo - -->\n<?pi?>\n")
        text = "".join(self.out)
        if style.eol != "\n":
            text = text.replace("\n", style.eol)
        if style.encoding:
            label, codec, mark = style.encoding
            if codec == "latin-1":
                # The gateway reads these bytes as Windows-1252, as all the world writes them.
                text = "".join(f"&#{ord(c)};" if 0x80 <= ord(c) < 0xA0 else c for c in text)
            return mark + text.encode(codec, "xmlcharrefreplace" if mark == b"" else "strict")
        return text.encode()

    def noise(self):
        if self.style.noise and self.rng.random() < self.style.noise:
            self.out.append(self.rng.choice(["<!-- nota -->", "<?pi dato?>", "<!---->", "<!--a<b>&c;-->", "<?x-xml?>"]))

    def element(self, node, default, declared, depth):
        style, out = self.style, self.out
        scope = default
        if style.redeclare and node.ns and self.rng.random() < 0.3 and depth:
            if self.rng.random() < 0.5:
                declared, scope, tag = f" xmlns={self.attribute(node.ns)}", node.ns, node.local
            else:
                declared, tag = f" xmlns:qui={self.attribute(node.ns)}", f"qui:{node.local}"
        elif not node.ns:
            tag = node.local
            if default:
                declared += ' xmlns=""'
                scope = ""
        elif node.ns == default:
            tag = node.local
        else:
            prefix = self.prefixes.get(node.ns)
            if prefix is None:
                declared += f" xmlns:altro={self.attribute(node.ns)}"
                prefix = "altro"
            tag = f"{prefix}:{node.local}"
        out.append("<" + tag)
        attributes = []
        for ns, local, value, _ in node.attributes:
            if isinstance(value, tuple):
                value = self.qualified(value, scope)
            name = local
            if ns:
                prefix = self.prefixes.get(ns)
                if prefix is None:
                    declared += "" if "xmlns:estraneo=" in declared else f" xmlns:estraneo={self.attribute(ns)}"
                    prefix = "estraneo"
                name = f"{prefix}:{local}"
            attributes.append(f" {name}={self.attribute(value)}")
        if declared and self.rng.random() < 0.5:
            out.append(declared)
            out.extend(attributes)
        else:
            out.extend(attributes)
            out.append(declared)
        if style.spaces_in_tags:
            out.append("\n ")
        if not node.children and style.self_close:
            out.append("/>")
            return
        out.append(">")
        elements = any(isinstance(c, Node) for c in node.children)
        pad = style.indent and elements and not any(isinstance(c, str) and c.strip() for c in node.children)
        self.noise()
        for child in node.children:
            if pad:
                out.append("\n" + " " * depth)
            if isinstance(child, Node):
                self.element(child, scope, "", depth + 1)
            else:
                self.text(child)
            if style.noise:
                self.noise()
        if pad:
            out.append("\n")
        out.append(f"</{tag}>" if not style.spaces_in_tags else f"</{tag} \n>")

    def qualified(self, name, scope):
        ns, local = name
        if ns == scope:
            return local
        return f"{self.prefixes[ns]}:{local}" if self.prefixes.get(ns) else local

    def text(self, text):
        style = self.style
        if style.noise and len(text) > 1 and self.rng.random() < style.noise:
            at = self.rng.randrange(len(text) + 1)
            self.piece(text[:at])
            self.out.append(self.rng.choice(["<!-- in mezzo -->", "<?pi in mezzo?>"]))
            self.piece(text[at:])
        else:
            self.piece(text)

    def piece(self, text):
        style = self.style
        if style.cdata and self.rng.random() < style.cdata and "]]>" not in text and "\r" not in text:
            if style.encoding is None or style.encoding[1] not in ("latin-1", "cp1252"):
                self.out.append(f"<![CDATA[{text}]]>")
                return
        if not style.references:
            self.out.append(text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "]]&gt;").replace("\r", "&#13;"))
            return
        for c in text:
            self.out.append(self.reference(c) if self.rng.random() < style.references else escape(c))

    def reference(self, c):
        return self.rng.choice([f"&#{ord(c)};", f"&#x{ord(c):x};", f"&#x{ord(c):X};", f"&#000{ord(c)};"])

    def attribute(self, value):
        quote = self.style.quote
        named = "&quot;" if quote == '"' else "&apos;"
        text = value.replace("&", "&amp;").replace("<", "&lt;").replace(quote, named)
        if self.style.references and self.rng.random() < 0.5:
            text = "".join(self.reference(c) if self.rng.random() < 0.3 and c != "&" else escape(c) if c != quote else named for c in value)
        if "\r" in text or ((("\n" in text) or ("\t" in text)) and self.rng.random() < 0.5):
            text = text.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")
        return quote + text + quote


def escape(c):
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}.get(c, c)
