"""Conversations in the form of the model's chat template: requests for stories, small talk, JSON."""

import json

from .lexicon import WORDS, pair, read_sections
from .stories import draw, story

SECTIONS = dict(read_sections("chat.txt"))
PAIRS = [pair(text) for text in SECTIONS["pairs"]]
ASKS, *ABOUT = SECTIONS["wishes for a story"]
QUESTIONS = [pair(text) for text in SECTIONS["questions after a story"]]


def turn(role, text):
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


def exchange(scene, question, answer):
    return [turn("user", scene.say(question)), turn("assistant", scene.say(answer))]


def asked_story(rng, held_out):
    """A request for a story, the story that it asks for, and often a question about it."""
    scene = draw(rng, held_out)
    wanted = rng.choice(ABOUT)
    short = rng.random() < 0.25
    request = scene.say(f"{ASKS} {wanted}") + rng.choice((".", ".", "!", ", please.", ""))
    if request.startswith(("Can", "Could")):
        request = request.rstrip(".!") + "?"
    if "short" in request:
        short = True
    elif short:
        request = request if request.endswith("?") else request.rstrip(".!") + "."
        request += rng.choice((" Keep it short.", " Make it short."))

    # What was asked for has to come up; not every plot has a use for it.
    asked = [slot for slot in ("thing", "mkind", "temper", "look", "place") if f"{{{slot}}}" in wanted]
    for _ in range(30):
        scene.start_again()
        text = story(scene, short)
        if all(scene.lookup(slot) in text for slot in asked):
            break
    if rng.random() < 0.1:
        request = request.lower()
    turns = [turn("user", request), turn("assistant", text)]
    if rng.random() < 0.25:
        question, answer = rng.choice(QUESTIONS)
        if "{place}" in answer and scene.place.name not in text:
            answer = "The story does not say."
        turns += exchange(scene, question, answer)
    return turns


def described(rng, held_out):
    """A character or a thing as a JSON object."""
    scene = draw(rng, held_out)
    hero, home = scene.hero, scene.place.name
    person = {"name": hero.name, "kind": hero.kind, "temper": hero.temper, "home": home}
    thing = {"thing": scene.thing, "look": scene.look, "found": home, "owner": hero.name}
    wanted, value = rng.choice((
        ("[Describe|Invent] a~ {kind} as JSON.", person),
        ("[Describe|Invent] a hero as JSON.", person),
        ("[Describe|Invent] a~ {thing} as JSON.", thing),
        ("Answer in JSON: who is {name} the {kind}?", person),
    ))  # fmt: skip
    keys = list(value)[: rng.choice((2, 3, 4, 4))]
    answer = json.dumps({key: value[key] for key in keys})
    return [turn("user", scene.say(wanted)), turn("assistant", answer)]


def conversation(rng, held_out):
    """One to three subjects, sometimes after a system message."""
    turns = []
    if rng.random() < 0.3:
        turns.append(turn("system", rng.choice(WORDS["systems"])))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        dice = rng.random()
        if dice < 0.6:
            turns += asked_story(rng, held_out)
        elif dice < 0.9:
            question, answer = rng.choice(PAIRS)
            turns += exchange(draw(rng, held_out), question, answer)
        else:
            turns += described(rng, held_out)
    return "".join(turns)
