/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names of a cluster's machines, of its domain and of the endpoint: that
 * each leads to one machine, on every machine, and fits into DNS. Nodes find
 * each other by their own /etc/hosts (user-data/hosts).
 */
#pragma once

#include "spec/check.h"

extern const struct spec_check check_names_table[];
