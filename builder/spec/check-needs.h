/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the payload has the version, and what kubeadm wants of machines: what
 * would otherwise be told by the bake, or by a control plane that is too slow.
 */
#pragma once

#include "spec/check.h"

extern const struct spec_check check_needs_table[];
