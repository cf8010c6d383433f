"""Changes a policy file where something else is to stand, and leaves every other byte alone.

Rule: comments, layout, order and line ends are the operator's. Nothing is written from a tree.
"""

from collections.abc import Mapping, Sequence

import yaml

Value = str | int | float | None


def with_value(text: str, path: Sequence[str | int], value: float) -> str:
    """The file's text with another number at a path of keys and indices that it has."""
    node = yaml.compose(text, yaml.SafeLoader)
    for step in path:
        node = _under(node, step)
    assert isinstance(node, yaml.ScalarNode)
    return text[: node.start_mark.index] + f"{value:g}" + text[node.end_mark.index :]


def with_block(text: str, key: str, entries: Mapping[str, Value], comment: str) -> str:
    """The file's text with a top-level mapping set: in its old place, else at the end.

    Values that are None are left out.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{key}: # {comment}"]
    lines += [f"  {name}: {_scalar(value)}" for name, value in entries.items() if value is not None]
    block = ending.join(lines)
    root = yaml.compose(text, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    for found, value in root.value:
        if found.value == key:
            start, end = found.start_mark.index, _end(value)
            return text[:start] + block + text[end:]
    gap = "" if text.endswith(("\n", "\r")) else ending
    return f"{text}{gap}{ending}{block}{ending}"


def _under(node: yaml.Node | None, step: str | int) -> yaml.Node:
    if isinstance(step, int):
        assert isinstance(node, yaml.SequenceNode)
        item: yaml.Node = node.value[step]
        return item
    assert isinstance(node, yaml.MappingNode)
    found: yaml.Node = next(value for key, value in node.value if key.value == step)
    return found


def _end(node: yaml.Node) -> int:
    """Where a value's own text ends: a block's mark stands behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _scalar(value: Value) -> str:
    """A number as it is; a text in double quotes, so that it is read as one whatever it holds."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f"{value:.6g}" if isinstance(value, float) else str(value)
