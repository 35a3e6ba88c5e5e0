/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decides what follows from a spec for each node: identity, addresses, who is a
 * member of etcd and who may hold the endpoint's address. Facts only; which
 * parts a node has follows from them in part/.
 */
#pragma once

#include "plan/plan.h"

/*
 * Pure: the same spec gives the same plan. Fails with faults at the spec's
 * places when nodes do not fit together. parts, files, units and steps are left
 * empty. The caller plan_done's ret.
 */
int plan_make(const struct spec *spec, struct plan *ret,
              struct error *err) _must_check_;
