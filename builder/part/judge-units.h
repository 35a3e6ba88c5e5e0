/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the units of the plan are well, as systemd tells. */
#pragma once

#include "part/judge.h"

void judge_units(struct judge *j);
