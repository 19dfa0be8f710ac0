"""Words and rules of the built-in corpus `reviews`."""

from typing import NamedTuple


class Production(NamedTuple):
    """Phrases that may be written in a state.

    Attributes:
        when: the factor values that allow them; factors not named do not matter.
        phrases: the phrases, words and punctuation separated by single spaces.
        then: the next state, or `None` at the end of the sentence.
    """

    when: dict[str, set[str]]
    phrases: tuple[str, ...]
    then: str | None


def _split(phrases: str) -> tuple[str, ...]:
    return tuple(phrases.split("; "))


_PLACES = {
    "restaurant": _split("restaurant; bistro"),
    "hotel": _split("hotel; guesthouse"),
    "cinema": _split("cinema; multiplex"),
    "museum": _split("museum; gallery"),
    "salon": _split("salon; barbershop"),
    "garage": _split("garage; repair shop"),
    "gym": _split("gym; fitness club"),
    "bookshop": _split("bookshop; bookstore"),
}

# What each subject has for each aspect: singular nouns that fit no other subject.
_OWN_NOUNS = {
    "restaurant": {
        "staff": _split("waiter; chef"),
        "price": _split("dinner bill; wine price"),
        "interior": _split("dining room; terrace"),
        "service": _split("kitchen; table service"),
        "product": _split("soup; steak; pasta; curry"),
    },
    "hotel": {
        "staff": _split("receptionist; porter"),
        "price": _split("nightly rate; minibar bill"),
        "interior": _split("lobby; lounge"),
        "service": _split("check-in; luggage service"),
        "product": _split("suite; bedroom; apartment; double room"),
    },
    "cinema": {
        "staff": _split("usher; projectionist"),
        "price": _split("ticket price; popcorn price"),
        "interior": _split("auditorium; foyer"),
        "service": _split("ticket desk; snack counter"),
        "product": _split("film; movie; documentary; double feature"),
    },
    "museum": {
        "staff": _split("guide; curator"),
        "price": _split("admission fee; tour price"),
        "interior": _split("entrance hall; courtyard"),
        "service": _split("cloakroom; tour desk"),
        "product": _split("exhibition; collection; history tour; portrait display"),
    },
    "salon": {
        "staff": _split("hairdresser; stylist"),
        "price": _split("styling fee; shampoo price"),
        "interior": _split("waiting area; styling area"),
        "service": _split("appointment system; shampoo service"),
        "product": _split("haircut; hairstyle; manicure; shave"),
    },
    "garage": {
        "staff": _split("mechanic; technician"),
        "price": _split("repair bill; labour charge"),
        "interior": _split("workshop; showroom"),
        "service": _split("towing service; parts counter"),
        "product": _split("repair work; oil change; brake check; paint job"),
    },
    "gym": {
        "staff": _split("trainer; coach"),
        "price": _split("membership fee; joining fee"),
        "interior": _split("changing room; weight room"),
        "service": _split("sign-up process; locker service"),
        "product": _split("workout; yoga class; dance class; training session"),
    },
    "bookshop": {
        "staff": _split("bookseller; shop assistant"),
        "price": _split("paperback price; hardcover price"),
        "interior": _split("reading corner; window display"),
        "service": _split("delivery service; gift wrapping service"),
        "product": _split("book selection; fiction shelf; poetry shelf; travel section"),
    },
}

# Nouns that fit every subject.
_COMMON_NOUNS = {
    "staff": _split("manager; cashier"),
    "interior": _split("atmosphere; decor; lighting"),
    "service": _split("customer service; booking process"),
}
_AREAS = _split("location of; area around; street outside; neighbourhood around")

_OWN_ADJECTIVES = {
    "restaurant": {
        "positive": _split("tasty; delicious; flavourful"),
        "neutral": _split("plain; simple; filling"),
        "negative": _split("bland; salty; greasy"),
    },
    "hotel": {
        "positive": _split("comfortable; cosy; spacious"),
        "neutral": _split("functional; modest; basic"),
        "negative": _split("dirty; damp; cramped"),
    },
    "cinema": {
        "positive": _split("gripping; moving; entertaining"),
        "neutral": _split("predictable; formulaic; conventional"),
        "negative": _split("boring; confusing; tedious"),
    },
    "museum": {
        "positive": _split("fascinating; inspiring; informative"),
        "neutral": _split("traditional; orthodox; academic"),
        "negative": _split("dull; lifeless; cluttered"),
    },
    "salon": {
        "positive": _split("stylish; flattering; elegant"),
        "neutral": _split("practical; sensible; discreet"),
        "negative": _split("uneven; sloppy; clumsy"),
    },
    "garage": {
        "positive": _split("thorough; professional; skilful"),
        "neutral": _split("routine; straightforward; uneventful"),
        "negative": _split("careless; shoddy; amateurish"),
    },
    "gym": {
        "positive": _split("energising; motivating; refreshing"),
        "neutral": _split("gentle; undemanding; steady"),
        "negative": _split("monotonous; chaotic; tiresome"),
    },
    "bookshop": {
        "positive": _split("varied; tempting; interesting"),
        "neutral": _split("mainstream; commercial; cautious"),
        "negative": _split("limited; outdated; disappointing"),
    },
}
_COMMON_ADJECTIVES = {
    "staff": {
        "positive": _split("friendly; helpful; polite"),
        "neutral": _split("businesslike; reserved; formal"),
        "negative": _split("rude; impatient; arrogant"),
    },
    "price": {
        "positive": _split("reasonable; fair; affordable"),
        "neutral": _split("normal; typical; average"),
        "negative": _split("high; steep; unreasonable"),
    },
    "interior": {
        "positive": _split("welcoming; charming; beautiful"),
        "neutral": _split("understated; restrained; unpretentious"),
        "negative": _split("gloomy; shabby; ugly"),
    },
    "location": {
        "positive": _split("convenient; safe; pleasant"),
        "neutral": _split("suburban; anonymous; unassuming"),
        "negative": _split("noisy; dangerous; grim"),
    },
    "service": {
        "positive": _split("quick; efficient; reliable"),
        "neutral": _split("adequate; acceptable; passable"),
        "negative": _split("slow; sluggish; unreliable"),
    },
}

_DEGREES = {
    "mild": _split("fairly; rather; quite"),
    "strong": _split("very; really; truly"),
    "extreme": _split("extremely; incredibly; exceptionally"),
}

_SPEAKERS = {
    "i": _split("i"),
    "we": _split("we; both of us"),
    "people": _split("people; most visitors; many critics"),
}
_TIMES = {
    "past": _split("last time; that day; yesterday"),
    "present": _split("these days; nowadays; as usual"),
}
_JUDGING = {
    "past": _split("found; considered; called"),
    "present": _split("find; consider; call"),
}
_THINKING = {
    "past": _split("thought; said; felt"),
    "present": _split("think; say; feel"),
}
_BEING = {
    "past": _split("was; seemed; appeared"),
    "present": _split("is; seems; appears"),
}

_REACTIONS = {
    ("positive", "mild"): {
        "past": _split("liked it; felt at ease; came back once"),
        "present": _split("like it; feel at ease; sometimes come back"),
    },
    ("positive", "strong"): {
        "past": _split("loved it; recommended it; came back soon"),
        "present": _split("love it; recommend it; often come back"),
    },
    ("positive", "extreme"): {
        "past": _split("adored it; praised it everywhere; came back every day"),
        "present": _split("adore it; praise it everywhere; come back every day"),
    },
    ("neutral", "mild"): {
        "past": _split("accepted it; did not mind; had no complaints"),
        "present": _split("accept it; do not mind; have no complaints"),
    },
    ("neutral", "strong"): {
        "past": _split("hardly noticed it; made no comment; had mixed feelings"),
        "present": _split("hardly notice it; make no comment; have mixed feelings"),
    },
    ("neutral", "extreme"): {
        "past": _split("yawned; forgot it at once; had nothing to report"),
        "present": _split("yawn; forget it at once; have nothing to report"),
    },
    ("negative", "mild"): {
        "past": _split("sighed; grumbled a bit; left early"),
        "present": _split("sigh; grumble a bit; leave early"),
    },
    ("negative", "strong"): {
        "past": _split("hated it; complained loudly; walked out"),
        "present": _split("hate it; complain loudly; walk out"),
    },
    ("negative", "extreme"): {
        "past": _split("warned everybody; demanded a refund; never went back"),
        "present": _split("warn everybody; demand a refund; never go back"),
    },
}

FACTORS = {
    "subject": tuple(_PLACES),
    "aspect": ("staff", "price", "interior", "location", "service", "product"),
    "sentiment": ("positive", "neutral", "negative"),
    "intensity": tuple(_DEGREES),
    "tense": ("past", "present"),
    "person": tuple(_SPEAKERS),
    "length": ("short", "medium", "long"),
}


def _opening() -> list[Production]:
    speakers = [
        Production({"person": {person}, "length": {"short", "long"}}, phrases, "verb")
        for person, phrases in _SPEAKERS.items()
    ]
    times = [
        Production({"tense": {tense}, "length": {"medium"}}, phrases, "medium topic")
        for tense, phrases in _TIMES.items()
    ]
    return speakers + times


def _verb() -> list[Production]:
    judging = [
        Production({"tense": {tense}, "length": {"short"}}, phrases, "short topic")
        for tense, phrases in _JUDGING.items()
    ]
    thinking = [
        Production({"tense": {tense}, "length": {"long"}}, phrases, "long topic")
        for tense, phrases in _THINKING.items()
    ]
    return judging + thinking


def _topic(then: str) -> list[Production]:
    """The topic alone: "the soup", "the hotel manager", "the area around the gym"."""
    productions = []
    for subject, (place, *_) in _PLACES.items():
        nouns = dict(_OWN_NOUNS[subject])
        for aspect, common in _COMMON_NOUNS.items():
            nouns[aspect] += tuple(f"{place} {noun}" for noun in common)
        nouns["location"] = tuple(f"{area} the {place}" for area in _AREAS)
        productions += [
            Production(
                {"subject": {subject}, "aspect": {aspect}},
                tuple(f"the {phrase}" for phrase in phrases),
                then,
            )
            for aspect, phrases in nouns.items()
        ]
    return productions


def _long_topic() -> list[Production]:
    """The topic up to its place: "the soup at", "the manager of", "the area around"."""
    own = [
        Production(
            {"subject": {subject}, "aspect": {aspect}},
            tuple(f"the {noun} at" for noun in nouns),
            "place",
        )
        for subject, aspects in _OWN_NOUNS.items()
        for aspect, nouns in aspects.items()
    ]
    common = [
        Production({"aspect": {aspect}}, tuple(f"the {noun} at" for noun in nouns), "place")
        for aspect, nouns in _COMMON_NOUNS.items()
    ]
    areas = Production({"aspect": {"location"}}, tuple(f"the {area}" for area in _AREAS), "place")
    return [*own, *common, areas]


def _place() -> list[Production]:
    return [
        Production(
            {"subject": {subject}},
            tuple(
                f"{which} {name}" for which in ("this", "the local", "the new") for name in names
            ),
            "copula",
        )
        for subject, names in _PLACES.items()
    ]


def _copula() -> list[Production]:
    return [Production({"tense": {tense}}, verbs, "degree") for tense, verbs in _BEING.items()]


def _degree() -> list[Production]:
    return [
        Production({"intensity": {intensity}}, adverbs, "adjective")
        for intensity, adverbs in _DEGREES.items()
    ]


def _adjective() -> list[Production]:
    own = [
        Production(
            {"aspect": {"product"}, "subject": {subject}, "sentiment": {sentiment}},
            adjectives,
            "ending",
        )
        for subject, sentiments in _OWN_ADJECTIVES.items()
        for sentiment, adjectives in sentiments.items()
    ]
    common = [
        Production({"aspect": {aspect}, "sentiment": {sentiment}}, adjectives, "ending")
        for aspect, sentiments in _COMMON_ADJECTIVES.items()
        for sentiment, adjectives in sentiments.items()
    ]
    return own + common


def _ending() -> list[Production]:
    def link(*speakers: str) -> tuple[str, ...]:
        return tuple(f", {word} {speaker}" for word in ("and", "so") for speaker in speakers)

    return [
        Production({"length": {"short"}}, (".",), None),
        Production({"length": {"medium", "long"}, "person": {"i"}}, link("i"), "reaction"),
        Production({"length": {"medium", "long"}, "person": {"we"}}, link("we"), "reaction"),
        Production(
            {"length": {"medium"}, "person": {"people"}},
            link("people", "most visitors", "many critics"),
            "reaction",
        ),
        Production({"length": {"long"}, "person": {"people"}}, link("they"), "reaction"),
    ]


def _reaction() -> list[Production]:
    return [
        Production(
            {"sentiment": {sentiment}, "intensity": {intensity}, "tense": {tense}},
            tuple(f"{phrase} ." for phrase in phrases),
            None,
        )
        for (sentiment, intensity), tenses in _REACTIONS.items()
        for tense, phrases in tenses.items()
    ]


STATES = {
    "opening": _opening(),
    "verb": _verb(),
    "short topic": _topic("degree"),
    "medium topic": _topic("copula"),
    "long topic": _long_topic(),
    "place": _place(),
    "copula": _copula(),
    "degree": _degree(),
    "adjective": _adjective(),
    "ending": _ending(),
    "reaction": _reaction(),
}
