# SPDX-License-Identifier: MIT
"""Short conversations in turns, A and B."""
from grammar import Deck, expand

WORDS = {
    "name": ["Mira", "Tom", "Ines", "Jonas", "Priya", "Sam", "Lucy", "Omar", "Kim", "Nora"],
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "hour": ["half past eight", "nine", "ten", "a quarter to three", "four", "six", "seven"],
    "minutes": ["five", "ten", "fifteen", "twenty", "forty"],
    "number": ["two", "three", "four", "six", "eight"],
    "city": ["Harwick", "Lindow", "Port Ansel", "Brackley", "Old Marsh", "Teal Bay"],
    "dish": ["lentil soup", "the fish", "a cheese toast", "mushroom pie", "noodles", "the salad"],
    "drink": ["tea", "coffee", "water", "apple juice", "hot chocolate"],
    "lost": ["keys", "glasses", "phone charger", "umbrella", "gloves", "library card"],
    "spot": ["under the sofa", "in your coat", "by the front door", "on the fridge", "in the car"],
    "ware": ["lamp", "kettle", "backpack", "pair of boots", "blanket", "bicycle light", "radio"],
    "colour": ["green", "dark blue", "red", "grey", "yellow"],
    "price": ["twelve", "nineteen", "thirty", "forty-five", "sixty"],
    "pain": ["knee", "back", "throat", "left ear", "wrist", "tooth"],
    "sport": ["swimming", "climbing", "cycling", "running", "rowing"],
    "film": ["the one about the lighthouse", "the space film", "the old comedy", "the detective film"],
    "pet": ["cat", "dog", "parrot", "rabbit", "hamster"],
    "trick": ["open doors", "hide socks", "wake me at five", "eat the plants", "steal bread"],
    "street": ["Mill Lane", "Station Road", "the market square", "King's Bridge", "Elm Street"],
    "turn": ["left", "right"],
    "mark": ["the bakery", "the church", "the second light", "the post office", "the bridge"],
    "device": ["printer", "router", "washing machine", "screen", "heating", "doorbell"],
    "symptom": ["blinks red", "makes a grinding noise", "does nothing at all", "stops halfway"],
    "try": ["turn it off and on", "check the cable", "press the small button", "read the manual"],
    "report": ["report", "budget", "draft", "contract", "timetable", "survey"],
    "weather": ["rain", "snow", "fog", "wind", "sun"],
    "gift": ["a book", "a plant", "a puzzle", "concert tickets", "a warm scarf"],
    "yes": ["Yes", "Sure", "Of course", "Certainly", "Yes, please", "Why not"],
    "did": ["Yes", "I did", "Yes, I did", "Twice", "Of course I did"],
    "no": ["No, sorry", "I'm afraid not", "Not really", "Not today", "No, not yet"],
    "thanks": ["Thanks", "Thank you", "That's kind of you", "Great, thanks", "Thanks a lot"],
    "bye": ["See you then", "Bye", "Take care", "See you on {day}", "Good night", "Talk soon"],
    "hm": ["Hm", "Well", "Let me see", "Oh", "Right", "Good question"],
    "ok": ["All right", "Fine", "Good", "That works", "Perfect", "Agreed"],
    "adj": ["long", "strange", "quiet", "huge", "lovely", "short", "costly", "tiny", "grey"],
}

SCENES = [
    ["Excuse me, how do I get to {street}?", "{hm}. Go {turn} at {mark}, then straight on.",
     "Is it far?", "About {minutes} minutes on foot. {There's a bus, too.|You can't miss it.|}",
     "{thanks}!"],
    ["Have you seen my {x=lost}?", "{Did you look|Have you looked} {spot}?",
     "{Twice.|Yes, nothing.|Not there either.}", "Then {try looking|look} {spot}. {That's|It's}"
     " where I'd leave {mine|them}.", "{Found! You're a genius.|Here! {thanks}.|No luck. I'll be late.}"],
    ["A ticket to {x=city}, please.", "Single or return?", "{Single|Return}, for {day}.",
     "That's {price} {euros|pounds}. The train leaves at {hour}.", "From which platform?",
     "Platform {number}. {Mind the change at {city}.|Have a good trip.}"],
    ["What would you like?", "{What's good today?|Is {dish} fresh?}",
     "{Everyone takes {dish}.|I'd take {dish}.|{up:dish}, I'd say.}", "{ok}, and {drink}, please.",
     "{Anything else?|With bread?}", "{Just the bill, please.|No, that's all.|Not now, {thanks}.}"],
    ["How much is this {x=ware}?", "{price} euros. {It's the last one.|The {colour} one is cheaper.}",
     "Do you have {it|one} in {colour}?", "{no}. {We get new ones on {day}.|Only in {colour}.}",
     "{Then I'll think about it.|I'll take it.|That's too much for me.}"],
    ["{Hello|Good morning}, what seems to be the trouble?", "My {x=pain} hurts {when I walk|at night|since {day}}.",
     "Did you {fall|go {sport}|carry something heavy}?", "{did}, {last week|on {day}}. {I blame the {sport}.|}",
     "Rest it for {number} days, and come back on {day}."],
    ["Are you coming {sport} on {x=day}?", "{no}, I promised {name} to help with {a|the} {device}.",
     "And the day after?", "{ok}. {Around {hour}?|Pick me up at {hour}.}", "{ok}. {bye}."],
    ["Did you watch {film}?", "{did}. {It was {adj}.|The ending was {adj}.|I fell asleep.}",
     "{n=name} {loved|hated} it.", "{n} {loves|hates} everything.", "{True.|Not {everything|me}!|Ha.}"],
    ["My {x=pet} has learned to {trick}.", "{Really?|No!} Mine can only {trick}.",
     "Who taught it that?", "{Nobody.|{name} did.|It watched the neighbour's {pet}.}",
     "{We should film them.|They should meet.|I want a quieter {pet}.}"],
    ["The {x=device} {symptom} again.", "Did you {try}?", "{did}. I tried {number} times.",
     "Then {try} and {try}.", "{It works! What did you do?|Now it {symptom}.|I'll call {name}.}"],
    ["Is the {x=report} ready?", "{Almost|Nearly}. {name} is still checking page {number}.",
     "We need it by {hour}.", "{You'll have it by {hour}.|Then we leave out the last part.}",
     "{ok}. {Send it to {name}, too.|Please print {number} copies.}"],
    ["What's the weather like in {x=city}?", "{weather} since {day}. And where you are?",
     "{Only {weather}.|{up:weather} and more {weather}.|Better than that.}",
     "{Lucky you.|Bring a coat, then.|It will change on {day}.}"],
    ["It's {name}'s birthday on {x=day}.", "{Already?|I forgot!} What shall we {buy|give|bring}?",
     "{up:gift}, or {gift}?", "{We gave {gift} last year.|I'd rather have {gift}.}",
     "{ok}, you buy it and I pay half."],
    ["{Hello|Hi}, is {x=name} there?", "{no}, {x} is at work until {hour}. Can I take a message?",
     "Yes, please. Tell {x} that the {device} is {ready|repaired}.", "{ok}, I'll write it down.",
     "{thanks}. {bye}."],
    ["Could you help me move on {x=day}?", "{yes}. How many boxes are there?",
     "{number} dozen, and a {adj} {piano|wardrobe|mirror}.", "{hm}. I think my {pain} hurts.",
     "There'll be {dish} and {drink} for everyone.", "{Then I'm coming.|I'll be there at {hour}.}"],
    ["Why are you {up so early|so quiet|laughing}?", "I dreamed of a {adj} {pet} in {city}.",
     "And what did it do?", "It asked me for {gift} and {drink}.",
     "{That's work, not a dream.|You read too much.|Tell {name}, who collects them.}"],
]


def capital(line):
    out, start = "", True
    for c in line:
        out += c.upper() if start and c.isalpha() else c
        start = False if c.isalnum() else start or c in ".?!"
    return " ".join(out.split())


def scene(rng, number):
    deck, parts = Deck(rng, SCENES), []
    for _ in range(len(SCENES)):
        text = expand(rng, "\n".join(deck.deal()), WORDS)
        speakers = "AB" if rng.chance(80) else "BA"
        lines = [f"{speakers[i % 2]}: {capital(t)}" for i, t in enumerate(text.split("\n"))]
        if rng.chance(40):
            extra = ["{bye}.", "{ok}.", "{ok}. {bye}."]
            lines.append(f"{speakers[len(lines) % 2]}: " +
                         capital(expand(rng, rng.choice(extra), WORDS)))
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
