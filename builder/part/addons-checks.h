/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be written of add-ons and cannot work. */
#pragma once

#include "spec/check.h"

extern const struct spec_check addons_checks[];
