# SPDX-License-Identifier: MIT
"""Random numbers and templates for the corpus: the same on every machine and Python."""
import re


class Rng:
    """SplitMix64 (Steele, Lea, Flood 2014): unlike `random`, fixed for ever by its definition."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) * n) >> 64

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def choice(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent

    def shuffled(self, items):
        items = list(items)
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items


class Deck:
    """Deals templates so that each comes once before any comes again."""

    def __init__(self, rng, items):
        self.rng, self.items, self.left = rng, items, []

    def deal(self):
        if not self.left:
            self.left = self.rng.shuffled(self.items)
        return self.left.pop()


SLOT = re.compile(r"\{([^{}]*)\}")


def expand(rng, text, words):
    """Fills slots from the inside out: {a|b} is one of them, {noun} a choice of words["noun"],
    {x=noun} the same, kept for later {x}; {up:noun} begins with a capital."""
    bound, used = {}, set()

    def unused(items):
        """A choice that doesn't stand in this text yet, if a few tries find one."""
        for _ in range(6):
            value = rng.choice(items)
            if value not in used:
                break
        used.add(value)
        return value

    def fill(match):
        key = match.group(1)
        if "|" in key:
            return rng.choice(key.split("|"))
        if "=" in key:
            name, key = key.split("=")
            bound[name] = expand(rng, unused(words[key]), words)
            used.add(bound[name])
            return bound[name]
        if key.startswith("up:"):
            value = expand(rng, bound.get(key[3:], "{" + key[3:] + "}"), words)
            return value[0].upper() + value[1:]
        value = bound[key] if key in bound else words[key]
        if callable(value):
            return value()
        return value if isinstance(value, str) else unused(value)

    while SLOT.search(text):
        text = SLOT.sub(fill, text, count=1) if "=" in text else SLOT.sub(fill, text)
    return text


def sentence(text):
    return text[0].upper() + text[1:]


def article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def wrap(text, width=96):
    """Breaks a paragraph into lines."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = line + " " + word if line else word
    return "\n".join(lines + [line])
