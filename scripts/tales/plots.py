"""The plots of the stories, from plots.txt, and what has to be known about them."""

from .lexicon import WISHES, WORDS, read_sections

PLOTS = dict(read_sections("plots.txt"))
OPENINGS, ENDINGS, ASIDES = (PLOTS.pop(name) for name in ("openings", "endings", "asides"))

# Plots that stay whole when only their first and their last two paragraphs are told.
SHORT = "lost|found|help|journey|quarrel|seed|birthday|sound|race|storm|letter".split("|")
# Plots that bring in the friend themselves.
MEETING = "found|help|neighbour|letter".split("|")
# Plots at whose end the hero still has the thing.
KEPT = "lost|making|quarrel|birthday|sound|race|storm".split("|")


def plot_words(scene, plot):
    """The slots that only one plot has, drawn once for a story."""
    rng = scene.rng
    if plot == "fear":
        return {"fear": rng.choice(WORDS["fears"])}
    if plot == "wish":
        return dict(zip(("wish", "consequence"), rng.choice(WISHES)))
    if plot == "help":
        return dict(zip(("trouble", "help"), rng.choice(scene.use.troubles)))
    return {}
