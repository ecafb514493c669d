"""Whole stories, and books of them."""

import zlib

from . import plots
from .teller import Scene

# One pair of character and thing in twenty is never shown in training: held-out stories are about those.
HELD_OUT_SHARE = 20
TITLES = "[{Name} and the {thing}|The {temper} {kind}|The {look} {thing}|{Name} the {kind}]"


def is_held_out(scene):
    return zlib.crc32(f"{scene.hero.kind}/{scene.thing}".encode()) % HELD_OUT_SHARE == 0


def story(scene, short=False):
    """One story as text: opening, perhaps an aside, a plot, an ending."""
    rng = scene.rng
    plot = rng.choice(plots.SHORT if short else list(plots.PLOTS))
    more = plots.plot_words(scene, plot)
    beats = plots.PLOTS[plot]
    parts = [opening(scene, plot)]
    if short:
        beats = (beats[0], *beats[-2:])
    elif rng.random() < 0.4:
        known = scene.friend.introduced or plot in plots.MEETING
        aside = scene.say(rng.choice([a for a in plots.ASIDES if not (known and "{mname}" in a)]))
        parts[0] += (" " if rng.random() < 0.5 else "\n\n") + aside
    parts += [scene.say(beat, **more) for beat in beats]
    endings = [e for e in plots.ENDINGS if plot in plots.KEPT or "{thing}" not in e]
    thanks = rng.choice(("Thank you", "I will never forget this", "You are a true friend"))
    ending = scene.say(rng.choice(endings), Thank=thanks)
    if rng.random() < 0.5:
        parts.append(ending)
    else:
        parts[-1] += " " + ending
    return "\n\n".join(parts)


def opening(scene, plot):
    """The first sentences; without the friend if the plot is how they meet."""
    while True:
        text = scene.say(scene.rng.choice(plots.OPENINGS))
        if not (scene.friend.introduced and plot in plots.MEETING):
            return text
        scene.start_again()


def draw(rng, held_out, **given):
    """A scene of the wanted side of the split."""
    while True:
        scene = Scene(rng, **given)
        if is_held_out(scene) == held_out:
            return scene


def book(rng, held_out):
    """Several stories in one document, some with the same hero."""
    count = rng.choice((1, 1, 1, 1, 2, 3, 4))
    scene, chapters = draw(rng, held_out), []
    titled = rng.random() < 0.3
    for number in range(count):
        text = story(scene)
        if titled:
            title = scene.say(TITLES)
            title = title if count == 1 or rng.random() < 0.5 else f"Chapter {number + 1}: {title}"
            text = f"{title}\n\n{text}"
        chapters.append(text)
        same = {"kind": scene.hero.kind, "name": scene.hero.name}
        scene = draw(rng, held_out, **(same if rng.random() < 0.6 else {}))
    return "\n\n".join(chapters)
