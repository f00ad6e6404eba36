#!/usr/bin/env python3
"""Makes cli/src/vectors/outside.txt: encodings of elements that lie outside the groups, which phi-pre's own types cannot
hold. One line each: name, hexadecimal digits. Deterministic: every choice is the first that fits, counting up."""

from py_ecc.fields import optimized_bls12_381_FQ as FQ, optimized_bls12_381_FQ2 as FQ2
from py_ecc.optimized_bls12_381 import is_inf, multiply

from second import groups, tower
from second.tower import p, q, x


def show(name, raw):
    print(name, raw.hex())


def g1_at(start):
    while True:
        y = tower.sqrt1((start**3 + 4) % p)
        if y is not None and not is_inf(multiply((FQ(start), FQ(y), FQ(1)), q)):
            return (FQ(start), FQ(y), FQ(1))
        start += 1


def g2_at(start):
    while True:
        a = (start, 1)
        y = tower.sqrt2(tower.add2(tower.mul2(tower.mul2(a, a), a), (4, 4)))
        if y is not None and not is_inf(multiply((FQ2(a), FQ2(y), FQ2.one()), q)):
            return (FQ2(a), FQ2(y), FQ2.one())
        start += 1


def off_curve(root, start):
    while root(start) is not None:
        start += 1
    return start


def some12(n):
    rows = [((n + i) ** 40 % p, (n + i) ** 41 % p) for i in range(6)]
    return (tuple(rows[:3]), tuple(rows[3:]))


show("g1_off_curve", groups.flagged(0b100, off_curve(lambda a: tower.sqrt1((a**3 + 4) % p), 1).to_bytes(48, "big")))
show("g1_wrong_subgroup", groups.write_g1(g1_at(5)))
show("g1_cofactor_order", groups.write_g1(multiply(g1_at(5), q)))
show("g1_order_3", groups.flagged(0b100, bytes(48)))


def twist(a):
    a = (a, 2)
    return tower.sqrt2(tower.add2(tower.mul2(tower.mul2(a, a), a), (4, 4)))


show("g2_off_curve", groups.flagged(0b100, (2).to_bytes(48, "big") + off_curve(twist, 1).to_bytes(48, "big")))
show("g2_wrong_subgroup", groups.write_g2(g2_at(1)))
show("g2_cofactor_order", groups.write_g2(multiply(g2_at(1), q)))

assert (p**4 - p**2 + 1) % (4513 * q) == 0
order_4513 = tower.power(some12(3), (p**12 - 1) // 4513)
assert order_4513 != tower.ONE and tower.power(order_4513, 4513) == tower.ONE
show("gt_order_4513_t6", groups.write_t6(order_4513))
show("gt_order_4513_t2", groups.write_t2(order_4513))
show("gt_order_4513_plain", groups.write_plain(order_4513))
mixed = tower.mul(groups.GENERATOR, order_4513)
show("gt_times_order_4513_t6", groups.write_t6(mixed))
show("gt_times_order_4513_t2", groups.write_t2(mixed))
show("gt_times_order_4513_plain", groups.write_plain(mixed))

assert (p - 1) % (1 - x) == 0
a = pow(2, (p - 1) // (1 - x), p)
assert a != 1
show("gt_order_1_minus_x_plain", groups.write_plain((((a, 0), (0, 0), (0, 0)), tower.ZERO6)))
show("gt_minus_one_plain", groups.write_plain((((p - 1, 0), (0, 0), (0, 0)), tower.ZERO6)))
show("gt_zero_plain", groups.write_plain(tower.ZERO))
show("gt_any_plain", groups.write_plain(some12(7)))

first = tower.power(some12(9), p**6 - 1)
assert not tower.in_gt(first)
show("gt_unitary_t2", groups.write_t2(first))
cyclotomic = tower.power(first, p**2 + 1)
assert not tower.in_gt(cyclotomic)
show("gt_cyclotomic_t6", groups.write_t6(cyclotomic))
show("gt_cyclotomic_t2", groups.write_t2(cyclotomic))
show("gt_cyclotomic_plain", groups.write_plain(cyclotomic))

# a0 = 0: xi*a2^2 = -1/3. The pair (a1, a2) is then cyclotomic for every a1.
root = tower.sqrt2(tower.mul2(tower.neg2(groups.THIRD), tower.inv2((1, 1))))
if root is not None:
    show("gt_a0_zero_t6", groups.flagged(0b101, groups.raw2((5, 0), root)))
