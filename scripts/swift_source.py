"""Splits Swift source into code and comments, so that checks never trip over a string."""


def split(text):
    """Two texts of the same shape as `text` (same length, same line breaks).

    In the first, comments and the inside of string literals are blank; in the second everything
    but comments is.
    """
    code, comments = list(text), [c if c == "\n" else " " for c in text]
    position, end = 0, len(text)

    def blank(start, stop, keep_as_comment):
        for i in range(start, stop):
            if text[i] == "\n":
                continue
            if keep_as_comment:
                comments[i] = text[i]
            code[i] = " "

    while position < end:
        start = position
        if text.startswith("//", position):
            stop = text.find("\n", position)
            position = end if stop < 0 else stop
            blank(start, position, True)
        elif text.startswith("/*", position):
            position = _end_of_block_comment(text, position)
            blank(start, position, True)
        elif text[position] in '"#' and _string_opening(text, position):
            position = _end_of_string(text, position)
            blank(start, position, False)
        else:
            position += 1
    return "".join(code), "".join(comments)


def _end_of_block_comment(text, position):
    depth = 0
    while position < len(text):
        if text.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif text.startswith("*/", position):
            depth, position = depth - 1, position + 2
            if depth == 0:
                break
        else:
            position += 1
    return position


def _string_opening(text, position):
    """(number of `#`, the quote) when a string literal opens here, else None."""
    hashes = 0
    while text.startswith("#", position + hashes):
        hashes += 1
    at = position + hashes
    if text.startswith('"""', at):
        return hashes, '"""'
    if text.startswith('"', at):
        return hashes, '"'
    return None


def _end_of_string(text, position):
    hashes, quote = _string_opening(text, position)
    escape, closing = "\\" + "#" * hashes, quote + "#" * hashes
    position += hashes + len(quote)
    while position < len(text):
        if text.startswith(escape + "(", position):
            position = _end_of_interpolation(text, position + len(escape) + 1)
        elif text.startswith(escape, position):
            position += len(escape) + 1
        elif text.startswith(closing, position):
            return position + len(closing)
        elif quote == '"' and text[position] == "\n":
            return position  # an unterminated literal: do not swallow the rest of the file
        else:
            position += 1
    return position


def _end_of_interpolation(text, position):
    depth = 1
    while position < len(text) and depth:
        if text[position] in '"#' and _string_opening(text, position):
            position = _end_of_string(text, position)
            continue
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return position


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
