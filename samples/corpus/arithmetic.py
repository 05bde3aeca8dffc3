# SPDX-License-Identifier: MIT
"""Worked sums and small equations; every line is true."""
from math import gcd

from grammar import Deck


def sign(n):
    return f"+ {n}" if n >= 0 else f"- {-n}"


def addition(r):
    a, b = r.between(12, 9999), r.between(12, 9999)
    ones, tens = a % 10 + b % 10, a // 10 + b // 10
    return [f"{a} + {b} = ?", f"ones: {a % 10} + {b % 10} = {ones}, carry {ones // 10}",
            f"rest: {a // 10} + {b // 10} + {ones // 10} = {tens + ones // 10}",
            f"{a} + {b} = {a + b}"]


def subtraction(r):
    a, b = sorted((r.between(20, 5000), r.between(20, 5000)), reverse=True)
    return [f"{a} - {b} = {a - b}", f"check: {a - b} + {b} = {a}"]


def multiplication(r):
    a, b = r.between(12, 99), r.between(12, 99)
    t, o = b // 10 * 10, b % 10
    return [f"{a} * {b}", f"= {a} * {t} + {a} * {o}", f"= {a * t} + {a * o}", f"= {a * b}"]


def column(r):
    rows = [r.between(1, 999) for _ in range(r.between(3, 6))]
    lines = [f"{n:>8}" for n in rows[:-1]] + [f"+{rows[-1]:>7}", "--------"]
    return lines + [f"{sum(rows):>8}"]


def division(r):
    a, b = r.between(100, 4000), r.between(3, 29)
    return [f"{a} / {b} = {a // b} remainder {a % b}",
            f"because {a // b} * {b} = {a // b * b} and {a} - {a // b * b} = {a % b}"]


def linear(r):
    x, a, b = r.between(-12, 20), r.between(2, 12), r.between(-30, 30)
    c = a * x + b
    step = f"{a}x = {c} {sign(-b)} = {c - b}"
    return [f"{a}x {sign(b)} = {c}", step, f"x = {c - b} / {a} = {x}"]


def both_sides(r):
    x, a, c = r.between(-9, 15), r.between(5, 12), r.between(2, 4)
    b = r.between(-20, 20)
    d = a * x + b - c * x
    return [f"{a}x {sign(b)} = {c}x {sign(d)}", f"{a - c}x = {d - b}", f"x = {x}"]


def pair(r):
    x, y = r.between(1, 15), r.between(1, 15)
    return [f"x + y = {x + y}", f"x - y = {x - y}", f"adding: 2x = {2 * x}, x = {x}",
            f"y = {x + y} - {x} = {y}"]


def quadratic(r):
    p, q = r.between(-9, 9), r.between(-9, 9)
    b, c = -(p + q), p * q
    roots = f"x = {p}" if p == q else f"x = {min(p, q)} or x = {max(p, q)}"
    return [f"x^2 {sign(b)}x {sign(c)} = 0", f"(x {sign(-p)})(x {sign(-q)}) = 0", roots]


def fractions(r):
    a, b, c, d = r.between(1, 9), r.between(2, 12), r.between(1, 9), r.between(2, 12)
    n, m = a * d + c * b, b * d
    g = gcd(n, m)
    lines = [f"{a}/{b} + {c}/{d} = {a * d}/{m} + {c * b}/{m} = {n}/{m}"]
    if g > 1:
        lines.append(f"both divide by {g}: {n}/{m} = " +
                     (f"{n // g}/{m // g}" if m > g else f"{n // g}"))
    return lines


def percent(r):
    p, n = r.choice([5, 10, 15, 20, 25, 30, 40, 60, 75]), r.between(2, 90) * 20
    return [f"{p}% of {n} = {p} * {n} / 100 = {p * n // 100}",
            f"{n} less {p}% = {n} - {p * n // 100} = {n - p * n // 100}"]


def powers(r):
    b, n = r.between(2, 9), r.between(3, 6)
    return [f"{b}^{n} = " + " * ".join([str(b)] * n) + f" = {b ** n}",
            f"{b}^{n} / {b}^2 = {b}^{n - 2} = {b ** (n - 2)}"]


def sequence(r):
    a, d, n = r.between(-5, 30), r.between(2, 14), r.between(8, 30)
    terms = ", ".join(str(a + i * d) for i in range(5))
    last = a + (n - 1) * d
    total = n * (a + last)
    return [f"{terms}, ...", f"term {n}: {a} + {n - 1} * {d} = {last}",
            f"sum of {n} terms: {n} * ({a} {sign(last)}) / 2 = {total // 2}"]


def common(r):
    a, b = r.between(12, 400), r.between(12, 400)
    lines, x, y = [], max(a, b), min(a, b)
    while y:
        lines.append(f"{x} = {x // y} * {y} + {x % y}")
        x, y = y, x % y
    return [f"gcd({a}, {b})"] + lines + [f"gcd = {x}, lcm = {a} * {b} / {x} = {a * b // x}"]


def binary(r):
    n = r.between(9, 255)
    parts = [str(1 << i) for i in range(7, -1, -1) if n >> i & 1]
    return [f"{n} = {' + '.join(parts)}", f"{n} = {n:b} in base 2 = {n:x} in base 16"]


def shopping(r):
    thing = r.choice(["pencils", "tiles", "bolts", "loaves", "tickets", "plants", "cups", "ropes"])
    n, price, paid = r.between(3, 12), r.between(2, 19), 0
    paid = (n * price // 50 + 1) * 50
    return [f"{n} {thing} at {price} each: {n} * {price} = {n * price}",
            f"paid {paid}, change {paid} - {n * price} = {paid - n * price}"]


def journey(r):
    speed, hours, late = r.between(3, 24) * 5, r.between(2, 9), r.between(1, 3)
    way = speed * hours
    return [f"{way} km at {speed} km/h: {way} / {speed} = {hours} h",
            f"after {late} h there are {way} - {late} * {speed} = {way - late * speed} km left"]


def area(r):
    a, b = r.between(3, 40), r.between(3, 40)
    return [f"rectangle {a} by {b}: area {a} * {b} = {a * b}, "
            f"perimeter 2 * ({a} + {b}) = {2 * (a + b)}"]


def clock(r):
    h, m, add = r.between(0, 23), r.between(0, 59), r.between(25, 400)
    end = (h * 60 + m + add) % 1440
    return [f"{h:02}:{m:02} + {add} min = {h:02}:{m:02} + {add // 60} h {add % 60} min"
            f" = {end // 60:02}:{end % 60:02}"]


def average(r):
    n = [r.between(1, 60) for _ in range(r.between(3, 5))]
    n[-1] += -sum(n) % len(n)
    listing = ", ".join(map(str, n))
    return [f"mean of {listing}: ({' + '.join(map(str, n))}) / {len(n)} = {sum(n)} / {len(n)}"
            f" = {sum(n) // len(n)}", f"smallest {min(n)}, largest {max(n)}"]


KINDS = [addition, subtraction, multiplication, column, division, linear, both_sides, pair,
         quadratic, fractions, percent, powers, sequence, common, binary, shopping, journey, area,
         clock, average]


def chapter(rng, number):
    deck = Deck(rng, KINDS)
    parts = []
    for i in range(len(KINDS)):
        parts.append(f"{number}.{i + 1})\n" + "\n".join(deck.deal()(rng)) + "\n")
    return "\n".join(parts)
