"""The words and templates of the stories, read from lexicon.txt and plots.txt beside this file."""

from dataclasses import dataclass
from pathlib import Path


def read_sections(name):
    """[(title, [paragraph, …]), …] of a text: sections begin with `== title`, `#` begins a comment."""
    lines = (Path(__file__).parent / name).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    sections = []
    for block in text.split("\n\n"):
        block = " ".join(block.split())
        if block.startswith("== "):
            sections.append((block[3:], []))
        elif block:
            sections[-1][1].append(block)
    return sections


def alternatives(text):
    return [alternative.strip() for alternative in text.split("|")]


@dataclass(frozen=True)
class Place:
    """Where a story happens."""

    inside: str  # "in" or "on" or "by" …
    name: str  # with its article
    spots: list  # where something may lie
    sights: list  # whole sentences


@dataclass(frozen=True)
class Use:
    """What things are good for."""

    things: list
    does: list  # what such a thing does, after "it"
    troubles: list  # (what is wrong, how the thing helps)


def pair(text):
    before, _, after = text.partition(" => ")
    return before, after


SECTIONS = read_sections("lexicon.txt")
PLACES = [
    Place(*alternatives(where), alternatives(spots), alternatives(sights))
    for title, (where, spots, sights) in (s for s in SECTIONS if s[0] == "place")
]
USES = {
    title.split()[1]: Use(alternatives(things), alternatives(does), [pair(trouble) for trouble in troubles])
    for title, (things, does, *troubles) in (s for s in SECTIONS if s[0].startswith("thing "))
}
WISHES = next([pair(wish) for wish in wishes] for title, wishes in SECTIONS if title == "wishes")
# Everything else is a list of words or phrases under its title.
WORDS = {title: alternatives(listed[0]) for title, listed in SECTIONS if len(listed) == 1}
