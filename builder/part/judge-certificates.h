/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether certificates on the nodes have ended or soon will. */
#pragma once

#include "part/judge.h"

void judge_certificates(struct judge *j);
