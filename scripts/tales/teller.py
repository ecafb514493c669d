"""How a story is told: characters with names and pronouns, and templates that become sentences.

A template knows three things: `[a|b|c]` is one of the alternatives, which may nest; `{slot}` is a word of
the story, `{Slot}` the same at the start of a sentence; `a~` is "a" or "an".
"""

import re

from .lexicon import PLACES, USES, WORDS

PRONOUNS = {
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "her", "herself"),
}
SLOT = re.compile(r"\{(\w+)\}")
CHOICE = re.compile(r"\[([^\[\]]*)\]")
ARTICLE = re.compile(r"\b([Aa])~ ?(\W?)(\w+)")
SENTENCE = re.compile(r"(^|[.!?]\s+|\.\"\s+|\n\s*)([\"']?)([a-z])")


# How often a character is of each kind.
KINDS = {"land": 10, "air": 4, "water": 3, "girls": 2, "boys": 2, "trades": 2}


class Character:
    """Somebody with a kind, a name and pronouns.

    `called` is the name with the kind at the first mention, later one or the other.
    """

    def __init__(self, rng, kind=None, name=None, other=None):
        self.rng = rng
        while True:
            self.kind = kind or draw_kind(rng)
            gender = gender_of(self.kind) or rng.choice(("he", "she"))
            names = WORDS[f"names {gender}"]
            drawn = made_up(rng).title() if rng.random() < 0.08 else rng.choice(names)
            self.name = name or drawn
            if not other or (other.name != self.name and other.kind != self.kind):
                break
            kind, name = None, None
        self.he, self.him, self.his, self.himself = PRONOUNS[gender]
        self.temper = rng.choice(WORDS["tempers"])
        self.introduced = False

    def called(self):
        if not self.introduced:
            self.introduced = True
            return f"{self.name} the {self.kind}"
        return self.name if self.rng.random() < 0.75 else f"the {self.kind}"


def made_up(rng):
    """A word that nobody knows."""
    return "".join(rng.choices(WORDS["syllables"], k=rng.choice((2, 2, 3))))


def draw_kind(rng):
    if rng.random() < 0.06:
        return made_up(rng) if rng.random() < 0.3 else rng.choice(WORDS["rare kinds"])
    group = rng.choices(list(KINDS), list(KINDS.values()))[0]
    return rng.choice(WORDS[group])


def draw_thing(rng):
    if rng.random() < 0.06:
        return made_up(rng) if rng.random() < 0.3 else rng.choice(WORDS["rare things"])
    return rng.choice(rng.choice(list(USES.values())).things)


def gender_of(kind):
    """The pronoun that a kind asks for, or nothing."""
    if kind in WORDS["girls"] or kind in ("hen", "cow"):
        return "she"
    return "he" if kind in WORDS["boys"] else None


class Scene:
    """What one story is about. Anything may be given; the rest is drawn."""

    def __init__(self, rng, kind=None, name=None, thing=None, place=None, friend=None):
        self.rng = rng
        self.hero = Character(rng, kind, name)
        self.friend = Character(rng, friend, other=self.hero)
        self.third = Character(rng, other=self.friend)
        while self.third.name == self.hero.name or self.third.kind == self.hero.kind:
            self.third = Character(rng, other=self.friend)
        known = {name: use for use in USES for name in USES[use].things}
        self.thing = thing or draw_thing(rng)
        self.use = USES[known.get(self.thing, "treasure")]
        self.look = rng.choice(WORDS["looks"])
        self.place = next((p for p in PLACES if p.name == place), None) or rng.choice(PLACES)
        self.away = rng.choice([p for p in PLACES if p is not self.place])
        self.lesson = rng.choice(WORDS["lessons"])
        self.start_again()

    def start_again(self):
        """Forgets what was told, for another story about the same."""
        self.when = None  # the time of day or year, once it was told
        self.told = {self.hero.kind, self.friend.kind, self.third.kind}  # what is not to be said twice
        for character in (self.hero, self.friend, self.third):
            character.introduced = False

    def say(self, template, **more):
        """The template as text. Choices are made first, so that an unused slot costs nothing."""
        text = template
        while found := CHOICE.search(text):
            text = text[: found.start()] + self.rng.choice(found[1].split("|")) + text[found.end() :]
        text = SLOT.sub(lambda slot: more.get(slot[1], slot[0]), text)
        if CHOICE.search(text):
            return self.say(text)
        text = SLOT.sub(lambda slot: self.word(slot[1]), text)
        text = re.sub(r"[ \t]+", " ", text).replace(" .", ".").replace(" ,", ",")
        text = ARTICLE.sub(article, text)
        text = SENTENCE.sub(lambda m: m[1] + m[2] + m[3].upper(), text)
        return text.strip()

    def word(self, slot):
        value = self.lookup(slot.lower())
        return value[0].upper() + value[1:] if slot[0].isupper() else value

    def lookup(self, key):
        hero, friend, rng = self.hero, self.friend, self.rng
        if key[0] == "m" and key[1:] in ("he", "him", "his", "himself", "kind", "name", "temper"):
            friend.introduced = friend.introduced or key == "mkind"
            return getattr(friend, key[1:])
        if key in ("he", "him", "his", "himself", "kind", "name", "temper"):
            hero.introduced = True
            return getattr(hero, key)
        self.third.introduced = self.third.introduced or key == "okind"
        drawn = {
            "n": hero.called,
            "m": friend.called,
            "o": self.third.called,
            "okind": lambda: self.third.kind,
            "oname": lambda: self.third.name,
            "ohe": lambda: self.third.he,
            "ohim": lambda: self.third.him,
            "ohis": lambda: self.third.his,
            "thing": lambda: self.thing,
            "look": lambda: self.look,
            "looks": lambda: rng.choice(self.use.does),
            "place": lambda: self.place.name,
            "in": lambda: self.place.inside,
            "spot": lambda: rng.choice(self.place.spots),
            "sight": lambda: self.once(self.place.sights),
            "away": lambda: self.away.name,
            "awayin": lambda: self.away.inside,
            "awayspot": lambda: rng.choice(self.away.spots),
            "awaysight": lambda: self.once(self.away.sights),
            "time": self.time,
            "weather": self.weather,
            "glad": lambda: rng.choice(WORDS["glad"]),
            "sad": lambda: rng.choice(WORDS["sad"]),
            "colour": lambda: rng.choice(WORDS["colours"]),
            "anyone": lambda: self.once([draw_kind(rng) for _ in range(8)]),
            "lesson": lambda: self.lesson,
        }
        return drawn[key]()

    def once(self, choices):
        """One that this story has not had yet."""
        fresh = [choice for choice in choices if choice not in self.told] or choices
        choice = self.rng.choice(fresh)
        self.told.add(choice)
        return choice

    def time(self):
        """When it happened; a second time in one story follows from the first."""
        if self.when:
            return self.once(WORDS["later"])
        self.when = self.rng.choice(WORDS["times"])
        return self.when

    def weather(self):
        """A kind of weather that the time allows; only once in a story."""
        when = self.when or ""
        dark = "night" in when or "evening" in when
        fitting = [
            weather
            for weather in WORDS["weather"]
            if not ("sun" in weather and (dark or "rainy" in when))
            and not ("stars" in weather and not dark)
            and not ("snowed" in weather and ("summer" in when or "spring" in when))
            and not ("cloud in" in weather and "rainy" in when)
        ]
        if self.told & set(fitting):
            return self.once(self.place.sights)
        return self.once(fitting)


def article(match):
    word = match[3].lower()
    vowel = word[0] in "aeiou" and not word.startswith(("uni", "one"))
    vowel = vowel or word.startswith(("honest", "hour"))
    return f"{match[1]}{'n' if vowel else ''} {match[2]}{match[3]}"
