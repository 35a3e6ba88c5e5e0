/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether one node holds the endpoint's address, and one that may. */
#pragma once

#include "part/judge.h"
#include "part/part.h"

#define HOLDER_ID "endpoint.holder"
#define HOLDER_WHAT "one node holds the endpoint's address"

void judge_holder(struct judge *j, part_when *may);
