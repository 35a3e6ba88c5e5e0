# SPDX-License-Identifier: GPL-3.0-or-later
"""All runs of a topology: what happens in each."""
import itertools
import random
import re

import addons
import combined
import disks
import faults
import power
import seeds
import unsettled

SCENARIOS = {
    "absent": power.absent,
    "first-absent": power.first_absent,
    "order": power.in_order,
    "at-once": power.at_once,
    "line": power.cut_after_line,
    "point": power.cut_at_point,
    "shredding": power.cut_while_shredding,
    "last-cut": power.last_cut,
    "cuts": power.random_cuts,
    "twice": power.twice,
    "off-and-on": power.off_and_on,
    "forgotten": power.forgotten,
    "founder-lost": disks.founder_lost,
    "all-replaced": disks.all_replaced,
    "left": disks.left,
    "remembered": disks.remembered,
    "sent-again": disks.sent_again,
    "replaced": disks.replaced_together,
    "behind": disks.behind,
    "promised": disks.promised,
    "disk-lost-cut": disks.disk_lost_and_cut,
    "disk-lost-dark": disks.disk_lost_in_the_dark,
    "disk-lost-early": disks.disk_lost_early,
    "disk-lost": disks.disk_lost,
    "mixed": seeds.mixed,
    "token": seeds.token_lives,
    "slow-clock": seeds.slow_clock,
    "grown": seeds.grown,
    "grown-before": seeds.grown_before,
    "grown-alone": seeds.grown_alone,
    "grown-live": seeds.grown_live,
    "grown-returns": seeds.grown_returns,
    "trouble": seeds.trouble,
    "wrong-peer": seeds.wrong_peer,
    "overwritten": seeds.overwritten,
    "wrong-seeds": seeds.wrong_seeds,
    "moved": seeds.moved,
    "corrected": seeds.corrected,
    "corrected-manifest": seeds.corrected_manifest,
    "corrected-own": seeds.corrected_own,
    "addons": seeds.addons_looked_at,
}

SCENARIOS.update(faults.SCENARIOS)
SCENARIOS.update(combined.SCENARIOS)
SCENARIOS.update(unsettled.SCENARIOS)

PKI_COPIED = b"PKI_MODE='copied'"


def jobs(topology, number, salt=""):
    """The names of all runs; number scales the random ones, another salt makes
    others of them."""
    name = topology.name
    nodes = list(topology.seeds)
    masters = topology.of_role("control-plane")
    rest = [n for n in nodes if n not in masters]
    points = random.Random(name + salt)
    copied = PKI_COPIED in topology.seeds[masters[0]][0][
        "/etc/kubeseed/node.env"][1]
    found = []
    if topology.earlier:
        live = [("grown-live", f"{kind},{i}", False)
                for kind in ("both-on", "new-first", "unaware", "unaware,new-first")
                for i in range(number // 8 + 1)]
        if name == "grown-external":
            return named(name, live + [
                ("grown-returns", str(i), lossy) for lossy in (False, True)
                for i in range(number // 8 + 1)], salt)
        found = live + [("grown", late, lossy) for late in list(topology.earlier)[-1:]
                 for lossy in (False, True) for _ in range(number // 4 + 1)]
        found += [("grown-before", "", False)]
        found += [("mixed", n + first, False) for n in topology.earlier
                  for first in ("", ",first")]
        if name != "grown":
            found += [("grown-alone", str(i), False)
                      for i in range(number // 4 + 1)]
        found += [("mixed", "+".join(pair) + first, lossy)
                  for size in (1, 2) for first in ("", ",first")
                  for pair in itertools.combinations(topology.earlier, size)
                  for lossy in (False, True) for _ in range(number // 4 + 1)
                  if size > 1 or lossy]
        return named(name, found, salt)
    if name == "founding-five":
        found = [("late", ",".join(points.sample(nodes[1:], 3)), False)
                 for _ in range(number + 1)]
        found += [("late", f"{never},m1,m2", False) for never in nodes[2:]]
        found += [("damaged", n, lossy) for n in nodes
                  for lossy in (False, True)]
        return named(name, found, salt)
    if name == "three-external":
        found = [("most-replaced", n, False) for n in masters[1:]]
        found += [("all-replaced", str(i), False) for i in range(number // 4 + 1)]
        return named(name, found, salt)
    if name == "five":
        found = [("replaced", "m2,m4", False) for _ in range(number // 2 + 1)]
        found += [("absent", n, False) for n in nodes[1:]]
        found += [("left", n, lossy) for n in nodes[1:]
                  for lossy in (False, True)]
        found += [("founder-lost", n, lossy) for n in nodes[1:]
                  for lossy in (False, True)]
        found += [("at-once", str(i), False) for i in range(number // 4 + 1)]
        return named(name, found, salt)
    found += [("order", ",".join(order), False)
              for order in power.boot_orders(masters, rest)]
    found += [("order", ",".join(points.sample(nodes, len(nodes))), False)
              for _ in range(number) if len(rest) > 2]
    found += [("at-once", str(i), False) for i in range(number)]
    for node in nodes:
        env = topology.seeds[node][0]["/etc/kubeseed/node.env"][1].decode()
        steps = re.search("STEPS='(.*)'", env).group(1).split()
        for step in steps:
            for state in ("start", "done"):
                found.append(("line", f"{node},{step},{state}", True))
    found += [("cuts", str(1 + i % 6), i % 2 == 0) for i in range(number * 4)]
    # Lives are that long: workers end at 101 to 126, the others up to 227.
    found += [("point", f"{n},{points.randint(1, 220 if n in masters else 120)}",
               True) for n in nodes for _ in range(number)]
    found += [("last-cut", n, True) for n in (masters + rest)[1:]
              if topology.joins(n) and not copied for _ in range(number // 4)]
    found += [("twice", n, False) for n in masters + rest[-1:]]
    found += [("off-and-on", str(i), i % 2 == 0) for i in range(number // 4)]
    found += [("disk-lost", n, False) for n in masters + rest[-1:]]
    found += [("trouble", f"{n},{kind}", False)
              for kind in sorted(seeds.TROUBLES) for n in (nodes[0], nodes[-1])
              if kind != "vip-taken"]
    found += [("trouble", f"{n},vip-taken", False) for n in topology.priority]
    found += [("corrected-manifest", n, lossy) for n in masters
              if "/etc/kubeseed/manifests.list" in topology.seeds[n][0]
              for lossy in (False, True)]
    found += [("addons", n, lossy) for n in masters
              if addons.LIST in topology.seeds[n][0] for lossy in (False, True)]
    members = [n for n in nodes if "/etc/default/etcd" in topology.seeds[n][0]]
    if len(members) == 1:  # has no others that could be wrong or remember
        members = []
    found += [(scenario, n, lossy)
              for scenario in ("wrong-peer", "wrong-seeds", "moved",
                               "corrected") for n in members
              for lossy in (False, True)]
    found += [("behind", f"{one},{two},{late}", lossy)
              for one, two in itertools.permutations(members, 2)
              for late in ("late", "") for lossy in (False, True)]
    found += [("promised", f"{one},{two}", False)
              for one, two in itertools.permutations(members, 2)]
    found += [("disk-lost-dark", n, False) for n in nodes
              if n in masters or n in members
              for _ in range(number // 4 + 1)]
    found += [("disk-lost-early", n, False) for n in masters[:1]
              for _ in range(number // 4 + 1)]
    found += [("disk-lost-cut", f"{n},{points.randint(20, 120)}", True)
              for n in masters for _ in range(number)]
    found += [("absent", n, False) for n in masters[not topology.own:]]
    found += [("first-absent", n, False) for n in masters[:1]
              if not topology.own]
    found += [("shredding", n, True) for n in masters
              if power.SUPER_ADMIN in topology.seeds[n][0]
              for _ in range(number // 4 + 1)]
    found += [("corrected-own", n, lossy) for n in masters if topology.own
              for lossy in (False, True)]
    if not copied and not topology.own:
        found += [("token", n, lossy) for n in rest[-1:] if topology.joins(n)
                  for lossy in (False, True)]
        if len(masters) > 1:  # others to compare with
            found += [("slow-clock", n, False) for n in masters]
    if not members and len(masters) > 2:  # stacked
        found += [("founder-lost", n, lossy) for n in masters[1:]
                  for lossy in (False, True)]
    found += [job for job in faults.jobs(nodes, masters, members, number)
              if not topology.own or job[0] != "torn"]
    if len(masters) > 1:
        found += [("forgotten", "", True) for _ in range(number // 2 + 1)]
    if not members and len(masters) < 3 or name.endswith("external"):
        found += [("all-replaced", str(i), False)
                  for i in range(number // 4 + 1)]
    if not members and len(masters) > 2:  # stacked
        found += [("remembered", n, lossy) for n in masters[1:]
                  for lossy in (False, True)]
    found += [("overwritten", n, True) for n in members
              for _ in range(number // 4 + 1)]
    found += [("closed", code, False) for code in ("401", "403")
              if not topology.own]
    if len(masters) > 1:  # any disk may be lost
        found += combined.jobs(number // 4 + 1)
    found += [("sent-again", n, lossy) for n in masters[1:] if copied
              for lossy in (False, True)]
    if members:
        found += unsettled.jobs(number // 2 + 1)
    return named(name, found, salt)


def named(name, found, salt):
    return [f"{name}/{s}/{a}/{'lossy' if lossy else 'kept'}/{i}{salt}"
            for i, (s, a, lossy) in enumerate(found)]
