/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The networks of machines that others run: the cluster's, and one more for
 * each wire that further cards of theirs are on (plan_interface_wire). Cards
 * that the spec knows by their names alone are nobody's to make.
 */
#pragma once

#include "export/format.h"

/* As many as VirtualBox gives a machine (its manual, "modifyvm"). */
#define WIRES_MAX 8

/* How many there are, from the cluster's, 0, on: 1 at the least. */
size_t wires_count(const struct export_job *job);

/* "kubeseed-NAME" for the cluster's, "kubeseed-NAME.1" for the next; a
 * cluster's name has no dot. The caller frees. */
char *wire_name(const struct plan *plan, size_t wire);

/* A usage error where a machine has no card on the cluster's wire, or more
 * cards or wires than WIRES_MAX. */
int wires_check(const struct export_job *job, struct error *err) _must_check_;

/* Warns of nodes with cards that are known by their names. */
void wires_tell(const struct export_job *job);
