/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/kind.h"

#include <stdlib.h>

const struct machine_kind *const machine_kinds[] = {&machine_qemu, NULL};

const struct machine_kind *machine_kind_of(const struct plan *plan) {
  (void)plan;
  return machine_kinds[0];
}

void machine_host_done(struct machine_host *h) {
  free(h->how);
  *h = (struct machine_host){0};
}
