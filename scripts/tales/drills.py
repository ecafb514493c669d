"""Dense practice in remembering who is who.

In a story a name comes up every few sentences, so that it takes a small network very long to find out that
it is the same name each time. Here almost every word can be known from what came before, and the network
finds it out within minutes; it then does the same in stories.
"""

from .lexicon import USES, WORDS, read_sections
from .stories import draw

SECTIONS = dict(read_sections("drills.txt"))
(BEGINNING,), LINES = SECTIONS["beginnings"], SECTIONS["lines"]
GROUPS = "land|air|water|girls|boys|trades|names he|names she|tempers|looks".split("|")
NAMED = [word for group in GROUPS for word in WORDS[group]]
NAMED += [thing for use in USES.values() for thing in use.things]


def drill(rng, held_out=False):
    """A list of words, said several times, or short sentences about the same three."""
    if rng.random() < 0.3:
        listed = [rng.choice(NAMED) for _ in range(rng.randrange(3, 12))]
        text = rng.choice((", ", " and ", ". ", " ")).join(listed)
        return rng.choice((". ", "\n", "; ")).join([text] * rng.choice((2, 3, 4)))
    scene = draw(rng, held_out)
    lines = [rng.choice(LINES) for _ in range(rng.randrange(5, 12))]
    return " ".join(scene.say(line) for line in (BEGINNING, *lines))
