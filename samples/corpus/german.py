# SPDX-License-Identifier: MIT
"""German prose. Nouns are declined: a slot such as <der:person:acc> asks for the definite article,
a noun of that list and the case; <ein:…> for the indefinite one. Slots in braces are grammar.py's."""
import re

from grammar import Deck, expand, sentence, wrap

DER = {"nom": dict(m="der", f="die", n="das"), "acc": dict(m="den", f="die", n="das"),
       "dat": dict(m="dem", f="der", n="dem"), "gen": dict(m="des", f="der", n="des")}
EIN = {"nom": dict(m="ein", f="eine", n="ein"), "acc": dict(m="einen", f="eine", n="ein"),
       "dat": dict(m="einem", f="einer", n="einem"), "gen": dict(m="eines", f="einer", n="eines")}
# endings of an adjective behind ein; behind der it is -e in the nominative (and the accusative
# unless masculine), else -en
STRONG = {"nom": dict(m="er", f="e", n="es"), "acc": dict(m="en", f="e", n="es")}

# "gender noun", and the genitive where it isn't the noun itself (feminine)
PERSONS = ["m Müller Müllers", "m Lehrer Lehrers", "f Ärztin", "f Gärtnerin", "m Schmied Schmieds",
           "f Nachbarin", "m Fischer Fischers", "f Lehrerin", "m Wirt Wirts", "f Bäckerin",
           "m Förster Försters", "f Schneiderin", "f Geigerin", "m Uhrmacher Uhrmachers",
           "f Müllerin", "m Kapitän Kapitäns", "f Malerin", "m Bäcker Bäckers", "f Wirtin"]
THINGS = ["m Brief Briefes", "f Lampe", "n Buch Buches", "m Schlüssel Schlüssels", "f Karte",
          "n Messer Messers", "m Koffer Koffers", "f Uhr", "n Seil Seils", "m Spiegel Spiegels",
          "f Kiste", "n Rad Rades", "m Korb Korbes", "f Geige", "n Bild Bildes", "m Krug Kruges",
          "f Decke", "n Fernrohr Fernrohrs", "m Mantel Mantels", "f Glocke", "n Werkzeug Werkzeugs"]
SITES = ["m Garten Gartens", "f Mühle", "n Dorf Dorfes", "m Hafen Hafens", "f Werkstatt",
         "n Rathaus Rathauses", "m Bahnhof Bahnhofs", "f Brücke", "n Gasthaus Gasthauses",
         "m Keller Kellers", "f Kirche", "n Archiv Archivs", "m Turm Turmes", "f Scheune",
         "n Schulhaus Schulhauses", "m Wald Waldes", "f Bibliothek", "n Museum Museums"]
ADJECTIVES = {
    "person": ["alt", "jung", "freundlich", "still", "klug", "müd", "streng", "neugierig", "fleißig",
               "geduldig", "stolz", "vorsichtig"],
    "thing": ["alt", "neu", "schwer", "klein", "rostig", "zerbrochen", "vergessen", "geliehen",
              "bunt", "kostbar", "leicht", "groß"],
    "site": ["alt", "klein", "groß", "still", "dunkl", "verlassen", "hell", "berühmt", "kalt", "neu"],
}
NOUNS = {"person": PERSONS, "thing": THINGS, "site": SITES}


def noun_phrase(rng, article, kind, case, entry):
    gender, noun, *genitive = entry.split()
    word = (genitive[0] if case == "gen" and genitive else noun)
    phrase = (DER if article == "der" else EIN)[case][gender]
    if rng.chance(35):
        weak = "e" if case == "nom" or (case == "acc" and gender != "m") else "en"
        ending = STRONG[case][gender] if article == "ein" and case in STRONG else weak
        phrase += " " + rng.choice(ADJECTIVES[kind]) + ending
    return phrase + " " + word


WORDS = dict(
    name=["Anna", "Karl", "Greta", "Emil", "Luise", "Anton", "Marie", "Jakob", "Helene", "Otto",
          "Klara", "Martin", "Paula", "Hannes", "Ida", "Konrad"],
    wann=["Am frühen Morgen", "Gegen Abend", "Am dritten Tag", "Im Winter", "Kurz vor Mittag",
          "Nach dem Essen", "Eines Tages", "Spät im Jahr", "Noch in derselben Nacht", "Im Mai"],
    wetter=["es regnete seit Tagen", "der Himmel war klar", "ein kalter Wind wehte", "es schneite leise",
            "dichter Nebel lag über den Feldern", "die Sonne stand schon tief"],
    trug=["suchte", "fand", "reparierte", "verkaufte", "versteckte", "beschrieb", "putzte", "verlor",
          "bewunderte", "kaufte", "untersuchte", "malte"],
    getragen=["gesucht", "gefunden", "repariert", "verkauft", "versteckt", "beschrieben", "geputzt",
              "verloren", "bewundert", "gekauft", "untersucht", "gemalt"],
    sagte=["sagte", "antwortete", "flüsterte", "rief", "erklärte", "murmelte"],
    wie=["ohne ein Wort", "mit großer Sorgfalt", "zum zweiten Mal", "trotz der späten Stunde",
         "mit beiden Händen", "wie jeden Tag", "in aller Ruhe", "vor aller Augen"],
    zahl=["zwei", "drei", "vier", "fünf", "sieben", "zwölf"],
    zeit=["Tage", "Wochen", "Jahre", "Stunden", "Monate"],
    seit=["Tagen", "Wochen", "Jahren", "Stunden", "Monaten"],
    war=["zufrieden", "traurig", "neugierig", "müde", "stolz", "erleichtert", "unsicher", "wütend"],
    braucht=["Geduld", "Mut", "Glück", "Erfahrung", "Ruhe", "Ausdauer", "ein gutes Gedächtnis"],
    regel=["Eisen dehnt sich aus, wenn es warm wird", "Wasser kocht auf dem Berg früher als im Tal",
           "Der Schall ist langsamer als das Licht", "Ein langes Pendel schwingt langsamer als ein kurzes",
           "Trockenes Holz brennt besser als frisches", "Salz macht Eis schon unter null Grad flüssig",
           "Lehm hält das Wasser fest, und Sand lässt es durch", "Warme Luft steigt auf, kalte sinkt",
           "Öl schwimmt auf dem Wasser, weil es leichter ist", "Ein Seil aus Hanf wird kürzer, wenn es nass ist",
           "Die Erde dreht sich in einem Tag einmal um sich selbst", "Bienen finden jede Wiese wieder",
           "Papier aus Lumpen hält länger als Papier aus Holz", "Wer langsam geht, kommt auch ans Ziel"],
    dass=["das Eisen in der Hitze länger wird", "das Wasser auf dem Berg früher kocht",
          "der Schnee den Lärm schluckt", "ein langes Pendel langsamer schwingt",
          "frisches Holz schlecht brennt", "der Wind am Abend dreht", "warme Luft nach oben steigt",
          "die Schwalben vor dem Regen tief fliegen", "jede Rechnung eine Probe braucht"],
)
STORY = [
    "{wann} ging {n} {inort}, denn {wetter}.",
    "<der:person:nom> {trug} <der:thing:acc> {wie}.",
    "{n} gab <der:person:dat> <ein:thing:acc> und ging nach Hause.",
    "„Wem gehört <der:thing:nom>?“, fragte {n}. „Ich habe <ihn:thing>“, {sagte} {m}.",
    "Weil {n} <der:thing:acc> nicht fand, fragte {m} <der:person:acc>.",
    "<der:person:nom> wohnte seit {zahl} Jahren {neben} <der:site:dat>.",
    "Niemand wusste, dass <der:person:nom> <der:thing:acc> {getragen} hatte.",
    "{wann} {trug} <ein:person:nom> <ein:thing:acc> vor <der:site:dat>.",
    "{n} war {war}, obwohl {m} <der:thing:acc> längst {getragen} hatte.",
    "Hinter <der:site:dat> lag <ein:thing:nom>, und daneben stand <ein:person:nom>.",
    "„Für diese Arbeit braucht man {braucht}“, {sagte} <der:person:nom>, „und manchmal auch {braucht}.“",
    "Es dauerte {zahl} {zeit}, bis {n} <der:thing:acc> wiedersah.",
    "Ohne <der:thing:acc> <der:person:gen> wäre {n} nie bis zu <der:site:dat> gekommen.",
    "<der:thing:nom> <der:person:gen> stand noch immer vor <der:site:dat>.",
    "{n} schrieb <der:person:dat> einen langen Brief über <der:site:acc>.",
    "Wenn <der:person:nom> kommt, zeigt {n} <ihr:person> <der:thing:acc>.",
    "Sowohl <der:person:nom> als auch <der:person:nom> hatten <der:thing:acc> gesehen.",
    "{wetter_gross}, und <der:person:nom> wartete {wie} vor <der:site:dat>.",
    "Nach {zahl} {seit} kam {n} zurück und {trug} <ein:thing:acc>.",
    "„Morgen“, {sagte} {m}, „bringen wir <der:thing:acc> zu <der:site:dat>.“",
    "Vor <der:site:dat> standen {zahl} Leute, und {n} hatte keinen Schlüssel.",
    "Als {n} <der:thing:acc> sah, sprach <der:person:nom> kein Wort mehr.",
]
EXPLAIN = [
    "{regel}.", "{regel}; das lernt man schon in der Schule.", "Jeder weiß, dass {dass}.",
    "<der:person:nom> erklärte {wie}, warum {dass}.", "Dass {dass}, hat {n} oft beobachtet.",
    "Wer <ein:thing:acc> besitzt, braucht vor allem {braucht}.",
    "<ein:site:nom> ohne <ein:person:acc> ist wie <ein:thing:nom> ohne Besitzer.",
    "Früher gab es {neben} <der:site:dat> <ein:site:acc>.",
    "Man vergleiche <der:thing:acc> mit <der:thing:dat>: Beide haben ihren Zweck.",
    "Es gibt {zahl} Gründe dafür, dass {dass}, und alle sind einfach.",
    "Zuerst betrachtet man <der:thing:acc>, dann <der:site:acc> und erst am Ende <der:person:acc>.",
    "<der:site:nom> wurde vor {zahl}hundert Jahren gebaut.",
]
NOUN_SLOT = re.compile(r"<(der|ein|ihn|ihr):(\w+)(?::(\w+))?>")


def decline(rng, text):
    """Fills the slots of nouns. No noun comes twice in a sentence."""
    left = {kind: rng.shuffled(nouns) for kind, nouns in NOUNS.items()}
    last = {}

    def fill(match):
        article, kind, case = match.groups()
        if article == "ihn":  # stands for the noun before, found
            return dict(m="ihn", f="sie", n="es")[last[kind][0]] + " gefunden"
        if article == "ihr":
            return dict(m="ihm", f="ihr")[last[kind][0]]
        last[kind] = left[kind].pop()
        return noun_phrase(rng, article, kind, case, last[kind])

    return NOUN_SLOT.sub(fill, text)


def contract(text):
    for long, short in [("zu dem ", "zum "), ("zu der ", "zur "), ("in dem ", "im "), ("in das ", "ins ")]:
        text = text.replace(" " + long, " " + short)
    return text


def chapter(rng, number):
    n, m = rng.shuffled(WORDS["name"])[:2]
    words = {**WORDS, "n": n, "m": m}
    words["neben"] = ["neben", "hinter", "vor"]
    words["inort"] = ["zu <der:site:dat>", "bis zu <der:site:dat>", "an <der:site:dat> vorbei"]
    words["wetter_gross"] = [sentence(w) for w in WORDS["wetter"]]
    story, explain = Deck(rng, STORY), Deck(rng, EXPLAIN)
    paragraphs = [f"Kapitel {number}: {n} und {m}"]
    for i in range(rng.between(5, 8)):
        deck, lines = explain if i % 3 == 1 else story, []
        for _ in range(rng.between(3, 7)):
            text = decline(rng, expand(rng, deck.deal(), words))
            lines.append(sentence(contract(text)))
        paragraphs.append(wrap(" ".join(lines)))
    return "\n\n".join(paragraphs) + "\n"
