/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether pods of all nodes reach each other: what those say that were started
 * for it (scripts/verify-pods). */
#pragma once

#include "part/judge.h"

void judge_talk(struct judge *j);
