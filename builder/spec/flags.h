/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which versions of Kubernetes know the flags that kubeseed gives its programs
 * itself, where nobody is kubeadm (kubernetes.bootstrapper). A flag that is not
 * in the table is given to nobody; nor is one to a version without it.
 */
#pragma once

#include "spec/component.h"
#include "spec/versions.h"

struct flag {
  enum component component;
  const char *name;
  int until;        /* the last minor version with it; 0: all so far */
  const char *page; /* upstream's, about its end */
};

/* All of them; name is NULL after the last. */
extern const struct flag flag_table[];

/* Whether the component of that version takes the flag. */
bool flag_is_known(enum component c, const char *name, const struct version *v);
