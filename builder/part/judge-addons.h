/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the cluster has the add-ons of the spec, and none that it has no
 * more; adds the check "addons". */
#pragma once

#include "part/judge.h"

void judge_addons(struct judge *j);
