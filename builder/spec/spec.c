/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/spec.h"

void spec_nodes_done(struct spec_node_vec *nodes) {
  for (size_t i = 0; i < nodes->n; i++) {
    struct spec_node *n = &nodes->v[i];
    free(n->where);
    free(n->name);
    strv_done(&n->labels);
    strv_done(&n->taints);
  }
  free(nodes->v);
  *nodes = (struct spec_node_vec){0};
}

void spec_done(struct spec *s) {
  free(s->file);
  free(s->name);
  free(s->kubernetes.version_text);
  free(s->kubernetes.payload);
  free(s->kubernetes.payload_where);
  free(s->kubernetes.from.packages);
  free(s->kubernetes.from.registry);
  free(s->kubernetes.from.key);
  free(s->kubernetes.from.ca);
  free(s->image.mirror);
  free(s->network.domain);
  free(s->network.dns.v);
  free(s->endpoint.name);
  for (size_t i = 0; i < s->users.n; i++) {
    free(s->users.v[i].name);
    strv_done(&s->users.v[i].ssh_keys);
  }
  free(s->users.v);
  spec_nodes_done(&s->nodes);
  strv_done(&s->warnings);
  *s = (struct spec){0};
}

const struct spec_node *spec_first(const struct spec *s, enum role role) {
  for (size_t i = 0; i < s->nodes.n; i++)
    if (s->nodes.v[i].role == role)
      return &s->nodes.v[i];
  return NULL;
}

size_t spec_count(const struct spec *s, enum role role) {
  size_t n = 0;
  for (size_t i = 0; i < s->nodes.n; i++)
    n += s->nodes.v[i].role == role;
  return n;
}
