# SPDX-License-Identifier: MIT
"""English prose: small stories with explanations between, each in a place of its own."""
from grammar import Deck, article, expand, sentence, wrap

PLACES = [
    dict(place="the harbour", worker=["ferryman", "netmaker", "harbour pilot", "crane driver"],
         thing=["rope", "anchor", "lantern", "sail", "crate of salt", "chart"],
         part=["pier", "slipway", "breakwater", "customs shed", "tide gauge"],
         matter=["tide", "current", "fog", "swell"],
         fact=["A rope of hemp shrinks when it is wet and slackens as it dries",
               "The tide turns about every six hours and leaves the lower steps green with weed",
               "A boat that carries too little ballast rolls far and rights itself slowly",
               "Salt eats iron from within, so that a chain looks sound until the day it parts"]),
    dict(place="the mill", worker=["miller", "carter", "stonecutter", "apprentice"],
         thing=["sack of rye", "sieve", "mallet", "wooden cog", "measure", "ledger"],
         part=["sluice", "wheel pit", "loft", "grinding floor", "race"],
         matter=["water", "flour dust", "grain", "noise"],
         fact=["Millstones are never allowed to touch, for bare stone on stone would spoil the flour",
               "A wheel that is filled from above turns by weight, and one fed from below by speed",
               "Flour dust burns faster than straw, and so nobody carries a flame past the door",
               "Wooden teeth are cheaper to replace than iron ones, and far quieter"]),
    dict(place="the observatory", worker=["astronomer", "lens grinder", "night watchman", "student"],
         thing=["eyepiece", "notebook", "brass screw", "photographic plate", "star map", "pendulum"],
         part=["dome", "meridian room", "stairwell", "darkroom", "balcony"],
         matter=["starlight", "air", "darkness", "dew"],
         fact=["Stars twinkle because the air above us bends their light now one way and now another",
               "A mirror gathers all colours to one point, where a simple lens spreads them apart",
               "The warmer the dome, the worse the picture, so the shutters are opened well before dusk",
               "Two watchers who time the same star differ by a constant fraction of a second"]),
    dict(place="the garden", worker=["gardener", "beekeeper", "botanist", "seed merchant"],
         thing=["watering can", "graft knife", "clay pot", "basket of pears", "label", "spade"],
         part=["glasshouse", "orchard", "compost heap", "south wall", "pond"],
         matter=["soil", "frost", "shade", "pollen"],
         fact=["A wall that faces south gives back at night the warmth that it took in by day",
               "Bees tell each other the way to a meadow by the angle of their dance",
               "Clay holds water and sand lets it go, and a good bed has something of both",
               "A grafted branch keeps its own nature and bears its own fruit on foreign roots"]),
    dict(place="the railway station", worker=["signalman", "stoker", "porter", "clerk"],
         thing=["timetable", "whistle", "brake lever", "lamp", "parcel", "oil can"],
         part=["platform", "signal box", "engine shed", "waiting room", "footbridge"],
         matter=["steam", "coal smoke", "gravel", "delay"],
         fact=["Rails grow longer in the heat, and small gaps between them leave room for it",
               "A train that brakes on wet leaves may slide for half a mile",
               "Only one train at a time may hold the token for a single line",
               "Steam pushes the piston in both directions, so that no stroke is idle"]),
    dict(place="the library", worker=["librarian", "bookbinder", "translator", "archivist"],
         thing=["catalogue card", "atlas", "letter", "pot of paste", "ladder", "manuscript"],
         part=["reading room", "cellar", "gallery", "map case", "east window"],
         matter=["dust", "silence", "paper", "damp"],
         fact=["Paper made from rags outlasts paper made from wood by some hundreds of years",
               "A book that is put back in the wrong place is as good as lost",
               "Ink of iron and oak gall grows darker in the first days after writing",
               "An index is a promise that somebody has read the whole of a work with care"]),
    dict(place="the clock workshop", worker=["clockmaker", "engraver", "gilder", "errand boy"],
         thing=["mainspring", "dial", "pair of tweezers", "escapement", "chime", "glass"],
         part=["bench", "lathe", "show window", "back room", "drawer"],
         matter=["oil", "brass", "time", "rust"],
         fact=["A pendulum four times as long swings half as fast",
               "Too much oil stops a clock as surely as too little, for it gathers dust",
               "An escapement lets one tooth pass at every beat, and that is the ticking we hear",
               "Steel and brass stretch unequally, and a clever rod plays one against the other"]),
    dict(place="the mountain pass", worker=["guide", "shepherd", "road mender", "doctor"],
         thing=["ice axe", "barometer", "mule bell", "pack", "kettle", "pair of snowshoes"],
         part=["hut", "upper meadow", "ridge", "scree slope", "chapel"],
         matter=["snow", "wind", "thin air", "rockfall"],
         fact=["Water boils sooner on a height, and beans that cook there stay hard",
               "Fresh snow on an icy crust needs only a footstep to begin its slide",
               "The barometer falls before the storm and also, more steadily, as one climbs",
               "Sound carries strangely in thin air, and a call may seem to come from behind"]),
]
WORDS = dict(
    name=["Edda", "Marlow", "Tobias", "Hester", "Lin", "Agnes", "Corin", "Ruth", "Silas", "Wren",
          "Amos", "Bettina", "Ilya", "Judith", "Osric", "Petra"],
    old=["old", "young", "patient", "stubborn", "cheerful", "silent", "clever", "tired", "careful"],
    state=["heavy", "broken", "borrowed", "rusty", "new", "forgotten", "polished", "small", "crooked"],
    when=["In the early morning", "Towards evening", "On the third day", "Before the first frost",
          "At noon", "Late in the year", "After supper", "One winter", "That same week"],
    weather=["rain drummed on the roof", "a thin mist lay on the ground", "the sky was clear and cold",
             "the wind came from the north", "swallows flew low", "the sun stood red over the hills"],
    carried=["carried", "examined", "hid", "repaired", "sold", "cleaned", "described", "measured",
             "dropped", "found", "lent out", "wrapped up"],
    moved=["walked", "ran", "went slowly", "climbed down", "hurried", "crept"],
    felt=["pleased", "uneasy", "proud", "ashamed", "curious", "relieved", "lonely", "certain"],
    said=["said", "answered", "muttered", "explained", "whispered", "called out", "admitted"],
    few=["two", "three", "four", "seven", "a dozen"],
    unit=["days", "weeks", "years", "hours", "winters"],
    manner=["without a word", "with great care", "as if nothing had happened", "for the second time",
            "in spite of the hour", "with both hands", "under {his|her} coat", "by candlelight"],
    virtue=["patience", "courage", "a good memory", "luck", "honesty", "a steady hand", "humour"],
)
STORY = [
    "{when}, {weather}, and {n} {moved} to the {part}.",
    "{n} was the {old} {worker} of {place}, and nobody remembered a time without {n}.",
    "The {worker} {carried} the {state} {thing} {manner}.",
    "\"This {thing} is not mine,\" {said} {n}, \"but I know whose it {is|was}.\"",
    "\"Have you seen the {thing}?\" asked the {worker}. \"It stood by the {part} {few} {unit} ago.\"",
    "Nothing was left of the {thing} but {a_thing} that {n} had once {carried2}.",
    "For {few} {unit} the {matter} had been worse than anyone could remember.",
    "When the {matter} came, the {worker} {moved} to the {part} and waited there.",
    "{n} felt {felt}, although there was no reason for it that {n} could have named.",
    "Between the {part} and the {part} lay {a_thing}, {state} and {state}.",
    "The {old} {worker} laughed, shut the door of the {part}, and {carried} the {thing}.",
    "\"You need {virtue} for this work,\" {said} the {worker}, \"and {virtue} for the rest.\"",
    "It took {few} {unit} until the {thing} was where it belonged.",
    "{n} wrote to {m}: the {thing} had arrived, and the {part} was {being repaired|still standing}.",
    "{m}, who was {older|younger|taller} than {n}, {carried} {a_thing} and {said} nothing more.",
    "Then {a noise|a light|a cry} came from the {part}, and both of them {moved} towards it.",
    "By the time {n} came back, the {worker} had {carried2} everything, even the {state} {thing}.",
    "If {m} had not {carried2} the {thing}, the {worker} would never have come to {place}.",
    "{n} counted the {thing_s}: {few} were missing, and one was {state}.",
    "Neither the {worker} nor the {worker} could say who had {carried2} it.",
    "There was a rule in {place} that no {worker} might touch the {thing} before {noon|dusk|Sunday}.",
    "\"Tomorrow,\" {said} {m}, \"we shall see what the {matter} has done to the {part}.\"",
]
EXPLAIN = [
    "{fact}.", "{fact}; this is the first thing that {a_worker} learns.", "It is said that {lower_fact}.",
    "{fact}, and whoever forgets it pays for {a_thing}.", "Every {worker} knows that {lower_fact}.",
    "The work of {a_worker} begins with the {thing} and ends with the {matter}.",
    "There are {few} ways to tell a good {thing} from a bad one, and all of them need {virtue}.",
    "The {part} of {place} was built for {few} {unit} and has stood for a hundred years.",
    "First one looks at the {part}, then at the {matter}, and only then at the {thing}.",
    "{a_worker_up} without {a_thing} is like a {part} without a door.",
    "Compare the {thing} with the {thing}: the one serves the {part}, the other the {worker}.",
    "Where there is {matter}, the {thing} has to be looked after every {few} {unit}.",
    "That is why the {part} is never locked while there is {matter} about.",
    "The cause lies in the {matter}, not in the {thing}, as {n} showed with a simple trial.",
]
PAST = {"hid": "hidden"}


def words_for(rng, place):
    words = {**WORDS, **place}
    n, m = rng.shuffled(WORDS["name"])[:2]

    def pick(key):
        return rng.choice(place[key])

    words.update(n=n, m=m)
    words["a_thing"] = lambda: article(pick("thing"))
    words["a_worker"] = lambda: article(pick("worker"))
    words["a_worker_up"] = lambda: sentence(article(pick("worker")))
    words["thing_s"] = lambda: rng.choice(["lamps", "boxes", "keys", "steps", "marks", "tools"])
    words["carried2"] = lambda: (lambda w: PAST.get(w, w))(rng.choice(WORDS["carried"]))
    words["lower_fact"] = lambda: (lambda f: f[0].lower() + f[1:])(pick("fact"))
    return words


def chapter(rng, number):
    place = PLACES[number % len(PLACES)]
    words, story, explain = words_for(rng, place), Deck(rng, STORY), Deck(rng, EXPLAIN)
    title = f"Chapter {number}: {sentence(place['place'])}"
    paragraphs = [title]
    for i in range(rng.between(5, 8)):
        deck = explain if i % 3 == 1 else story
        lines = [sentence(expand(rng, deck.deal(), words)) for _ in range(rng.between(3, 7))]
        paragraphs.append(wrap(" ".join(lines)))
    return "\n\n".join(paragraphs) + "\n"
