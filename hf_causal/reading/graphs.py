"""Graphs in the languages of other programs: dagitty, DOT, Mermaid, lavaan formulas and adjacency lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hf_causal.reading.cursor import Cursor
from hf_causal.reading.lexicon import headings
from hf_causal.reading.meaning import Edge, Meaning, Mention
from hf_causal.reading.names import Name
from hf_causal.reading.problems import Unclear
from hf_causal.reading.source import Source
from hf_causal.reading.tokens import Token, scan


def read_graph(source: Source) -> Meaning | None:
    """Reads a whole text as a graph; `None` where it is none, so that it is read as sentences.

    Raises:
        [`Unclear`]: With the first piece of a graph that cannot be read.
    """
    tokens = list(scan(source.text.normal))
    words = [token for token in tokens if token.kind != "NEWLINE"]
    if not words:
        return None
    reader = _language(tokens, words)
    if reader is None:
        return None
    meaning = reader(Cursor(tokens))
    for edge in meaning.edges:
        for mention in (edge.cause, edge.effect):
            source.mark("name", mention.start, mention.end)
        source.mark("relation", edge.token.start, edge.token.end)
    return meaning


def _language(tokens: list[Token], words: list[Token]) -> Callable[[Cursor], Meaning] | None:
    first, second = words[0].text.casefold(), words[1].text if len(words) > 1 else ""
    third = words[2].text if len(words) > 2 else ""
    if first in ("dag", "digraph", "strict") and "{" in (second, third, words[3].text if len(words) > 3 else ""):
        return read_braces
    if first in ("graph", "flowchart") and second in ("LR", "RL", "TD", "TB", "BT"):
        return read_mermaid
    if first in ("graph", "mag", "pdag", "pag") and second == "{":
        raise Unclear(
            "graph", words[0].start, words[0].end, detail="write “digraph { … }” or “dag { … }”, with arrows"
        )
    if first == "{":
        return read_dictionary
    if all(_second(line) == "~" for line in _lines(tokens)):
        return read_formulas
    return read_adjacency if len(words) > 2 and all(map(_is_row, _lines(tokens))) else None


def _is_row(line: list[Token]) -> bool:
    """Whether a line is one of an adjacency list, and not a sentence behind a heading."""
    named = line[0].kind in ("WORD", "QUOTED") and line[0].text.casefold() not in headings()
    return named and _second(line) == ":"


def _lines(tokens: list[Token]) -> Iterator[list[Token]]:
    line: list[Token] = []
    for token in tokens:
        if token.kind == "NEWLINE" or token.text == ";":
            if line:
                yield line
            line = []
        else:
            line.append(token)
    if line:
        yield line


def _second(line: list[Token]) -> str:
    return line[1].text if len(line) > 1 else ""


def read_braces(cursor: Cursor) -> Meaning:
    """Reads `dag { A -> B <- C }` of dagitty and `digraph { a -> b; a -> {c d} }` of Graphviz."""
    is_dag = False
    while (token := cursor.next()).text != "{":
        is_dag |= token.text.casefold() == "dag"
    meaning = Meaning()
    cursor.skip()
    while not cursor.take("}"):
        if cursor.peek().kind == "END":
            raise cursor.trouble(cursor.peek(), "the closing brace is missing")
        _braces_statement(cursor, meaning, is_dag)
        following = cursor.peek()
        if following.kind not in ("NEWLINE", "END") and following.text not in (";", ",", "}"):
            raise cursor.trouble(following, "write a semicolon or a new line between two statements")
        cursor.skip()
    cursor.skip()
    if cursor.peek().kind != "END":
        raise cursor.trouble(cursor.peek(), "nothing may follow the closing brace")
    return meaning


def _braces_statement(cursor: Cursor, meaning: Meaning, is_dag: bool) -> None:
    if cursor.peek().text.casefold() in ("node", "edge", "graph") and cursor.peek(1).text == "[":
        cursor.next()
        _attributes(cursor)
        return
    if cursor.peek(1).text == "=":
        cursor.next()
        cursor.next()
        cursor.next()
        return
    left = _side(cursor, meaning)
    while cursor.peek().kind in ("RIGHT", "LEFT") or (is_dag and cursor.peek().kind == "TWO_WAY"):
        arrow = cursor.next()
        right = _side(cursor, meaning)
        if arrow.kind == "TWO_WAY":  # a hidden common cause in dagitty; in other languages it may be feedback
            meaning.hidden += [(one, other) for one in left for other in right]
        else:
            meaning.edges += _arrows(left, arrow, right)
        left = right
    if cursor.peek().kind == "TWO_WAY":
        raise Unclear("two_way", cursor.peek().start, cursor.peek().end)
    if cursor.peek().text == "[":
        _attributes(cursor)


def _side(cursor: Cursor, meaning: Meaning) -> list[Mention]:
    """A name, or names in braces; the meaning gets them as nodes, with their roles."""
    if not cursor.take("{"):
        name = cursor.name()
        meaning.nodes.append(name)
        if cursor.peek().text == "[" and cursor.peek(1).text.casefold() != "label":
            roles = _attributes(cursor)
            meaning.latent += [name] * (not roles.isdisjoint(("latent", "l")))
            meaning.selected += [name] * (not roles.isdisjoint(("selected", "adjusted", "a")))
        return [name]
    names = []
    cursor.skip()
    while not cursor.take("}"):
        names.append(cursor.name())
        cursor.skip()
    if not names:
        raise cursor.trouble(cursor.peek(), "a name is missing in the braces")
    meaning.nodes += names
    return names


_MEANS_NOTHING = frozenset(
    ("pos", "exposure", "outcome", "e", "o", "adjusted", "a", "latent", "l", "selected", "color", "shape", "style")
    + ("weight", "rank", "penwidth", "fontsize", "width")
)
"""Attributes that say nothing about causes: dagitty's roles of nodes, and how Graphviz draws them."""


def _attributes(cursor: Cursor) -> set[str]:
    """Goes past `[pos="0,1", exposure]` and returns the attributes; one that may change the graph is refused."""
    opening = cursor.next()
    named = True
    names: set[str] = set()
    while not cursor.take("]"):
        token = cursor.next()
        if token.kind == "END":
            raise cursor.trouble(opening, "the closing bracket is missing")
        if token.text in (",", "="):
            named = token.text == ","
        elif named and token.kind == "WORD" and token.text.casefold() not in _MEANS_NOTHING:
            raise cursor.trouble(token, f"the attribute “{token.text}” is not read; leave it out")
        elif named and token.kind == "WORD":
            names.add(token.text.casefold())
    return names


def _arrows(left: list[Mention], arrow: Token, right: list[Mention]) -> list[Edge]:
    if arrow.kind == "LEFT":
        left, right = right, left
    return [Edge(cause, effect, "?", arrow) for cause in left for effect in right]


def read_mermaid(cursor: Cursor) -> Meaning:
    """Reads `graph LR` and lines such as `A[Smoking] --> B(Tar) --> C`; a text in brackets is the node's name."""
    cursor.next()
    cursor.next()
    names: dict[str, Mention] = {}
    rows: list[tuple[list[str], Token, list[str]]] = []
    cursor.skip()
    while cursor.peek().kind != "END":
        left = _mermaid_side(cursor, names)
        while cursor.peek().kind in ("RIGHT", "LEFT"):
            arrow = cursor.next()
            if cursor.peek().text == "|":
                raise cursor.trouble(cursor.peek(), "leave out the text on the arrow")
            right = _mermaid_side(cursor, names)
            rows.append((left, arrow, right))
            left = right
        if cursor.peek().text.strip("-") == "" and cursor.peek().kind == "WORD":
            raise Unclear("undirected", cursor.peek().start, cursor.peek().end)
        if cursor.peek().kind not in ("NEWLINE", "END") and cursor.peek().text != ";":
            raise cursor.trouble(cursor.peek(), "write “A --> B”")
        cursor.skip()
    # A node may get its text after its first use.
    edges: list[Edge] = []
    for left, arrow, right in rows:
        edges += _arrows([names[one] for one in left], arrow, [names[one] for one in right])
    return _meaning(edges, list(names.values()))


def _mermaid_side(cursor: Cursor, names: dict[str, Mention]) -> list[str]:
    nodes = [_mermaid_node(cursor, names)]
    while cursor.take("&"):
        nodes.append(_mermaid_node(cursor, names))
    return nodes


def _mermaid_node(cursor: Cursor, names: dict[str, Mention]) -> str:
    node = cursor.name()
    identifier = node.name.text
    if opening := cursor.take("[", "(", "{"):
        while cursor.take("[", "(", "{"):
            pass
        words = []
        while cursor.peek().text not in ("]", ")", "}"):
            if cursor.peek().kind not in ("WORD", "QUOTED"):
                raise cursor.trouble(opening, "a node's text is words in brackets")
            words.append(cursor.next())
        while cursor.take("]", ")", "}"):
            pass
        if not words:
            raise cursor.trouble(opening, "a node's text is words in brackets")
        text = " ".join(word.text for word in words)
        named = Mention(Name(text, words[0].start, words[-1].end, quoted=True))
        if identifier in names and names[identifier].name.quoted and names[identifier].name.text != text:
            raise cursor.trouble(opening, f"the node “{identifier}” has two texts")
        names[identifier] = named
    names.setdefault(identifier, node)
    return identifier


def read_formulas(cursor: Cursor) -> Meaning:
    """Reads lines such as `y ~ x1 + x2` of lavaan and of R: what is on the right causes what is on the left."""
    edges: list[Edge] = []
    cursor.skip()
    while cursor.peek().kind != "END":
        effect = cursor.name()
        tilde = cursor.take("~")
        if tilde is None or cursor.peek().text == "~":
            raise cursor.trouble(cursor.peek(), "write “y ~ x1 + x2”")
        causes = [cursor.name()]
        while cursor.take("+"):
            causes.append(cursor.name())
        if cursor.peek().kind not in ("NEWLINE", "END") and cursor.peek().text != ";":
            raise cursor.trouble(cursor.peek(), "write “y ~ x1 + x2”")
        for cause in causes:
            if cause.name.text.isdecimal() or "*" in cause.name.text or ":" in cause.name.text:
                raise Unclear("graph", cause.start, cause.end, detail="write names of variables alone")
            edges.append(Edge(cause, effect, "?", tilde))
        cursor.skip()
    return _meaning(edges, [])


def read_dictionary(cursor: Cursor) -> Meaning:
    """Reads `{"A": ["B", "C"], "B": []}`: each node with its effects, as networkx takes it."""
    cursor.next()
    edges: list[Edge] = []
    lone: list[Mention] = []
    cursor.skip()
    while not cursor.take("}"):
        cause = cursor.name()
        lone.append(cause)
        colon = cursor.take(":")
        opening = cursor.take("[", "(", "{")
        if colon is None or opening is None:
            raise cursor.trouble(cursor.peek(), 'write {"A": ["B", "C"]}')
        while not cursor.take("]", ")", "}"):
            edges.append(Edge(cause, cursor.name(), "?", colon))
            cursor.skip()
        cursor.skip()
    if cursor.peek().kind != "END":
        raise cursor.trouble(cursor.peek(), "nothing may follow the closing brace")
    return _meaning(edges, lone)


def read_adjacency(cursor: Cursor) -> Meaning:
    """Reads lines such as `A: B, C`: each node with its effects."""
    edges: list[Edge] = []
    lone: list[Mention] = []
    cursor.skip()
    while cursor.peek().kind != "END":
        cause = cursor.name()
        lone.append(cause)
        colon = cursor.next()
        if colon.text != ":":
            raise cursor.trouble(colon, "write “A: B, C” with each node's effects")
        while cursor.peek().kind not in ("NEWLINE", "END") and cursor.peek().text != ";":
            edges.append(Edge(cause, cursor.name(), "?", colon))
            cursor.take(",")
        cursor.skip()
    return _meaning(edges, lone)


def _meaning(edges: list[Edge], lone: list[Mention]) -> Meaning:
    """A graph's edges, and its nodes without any."""
    return Meaning(edges=edges, nodes=lone)
