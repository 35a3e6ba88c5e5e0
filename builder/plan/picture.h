/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan as a picture: the networks, the nodes and what runs on them, the
 * endpoint, etcd, and whose seed holds which key. Pure; the layout is
 * graphviz'.
 */
#pragma once

#include "base/buf.h"
#include "plan/plan.h"

/* Of a role's nodes so many are drawn, and the others counted. */
#define PICTURE_SHOWN 8

/* The picture in graphviz' language (graphviz.org/doc/info/lang.html). */
void picture_dot(const struct plan *p, struct buf *out);

/* A page of HTML that needs nothing else: the picture, which is what dot -Tsvg
 * makes of picture_dot, and tables of nodes and keys. */
void picture_html(const struct plan *p, const char *svg, struct buf *out);
