/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/expand.h"

#include "base/mem.h"
#include "spec/range.h"

/* One entry: what was read, and where it stands. */
struct entry {
  const struct spec_node *node;
  const struct yaml_node *at;
  size_t index;
};

static void copy_strv(struct strv *to, const struct strv *from) {
  for (size_t i = 0; i < from->n; i++)
    strv_push(to, from->v[i]);
}

/* One machine of an entry; takes the name. */
static void add_node(struct spec *s, const struct entry *e, char *name,
                     uint32_t i) {
  const struct yaml_node *mac = yaml_get(e->at, "mac");
  struct spec_node *n = spec_node_vec_add(&s->nodes);
  *n = *e->node;
  n->libvirt = e->node->libvirt ? xstrdup(e->node->libvirt) : NULL;
  n->extras = (struct spec_extras){0};
  n->interfaces = (struct spec_interface_vec){0};
  n->more = (struct ip_vec){0};
  for (size_t k = 0; k < e->node->more.n; k++)
    *ip_vec_add(&n->more) = e->node->more.v[k];
  n->nth = i;
  n->bond.members = (struct strv){0};
  copy_strv(&n->bond.members, &e->node->bond.members);
  n->name = name;
  n->where = yaml_where(mac ? mac : e->at);
  n->entry = e->index;
  (void)ip_add(e->node->address, i, &n->address); /* absent stays so */
  (void)ip_add(e->node->address6, i, &n->address6);
  if (mac)
    (void)mac_add(&e->node->mac, i, &n->mac);
}

/* Whether n machines can have the address; false after a fault. */
static bool counts_up(const struct yaml_node *address, size_t n,
                      struct error *err) {
  bool counted = false;
  struct ip first;
  (void)range_address(address->text, &first, &counted);
  if (n > 1 && !counted)
    yaml_fault(err, address,
               "%zu nodes cannot share the address %s; write %s+ to count up",
               n, address->text, address->text);
  return n <= 1 || counted;
}

/* Whether n machines can have what the entry says; false after a fault. */
static bool enough_for(const struct entry *e, size_t n, struct error *err) {
  const struct yaml_node *mac = yaml_get(e->at, "mac");
  if ((ip_is_set(e->node->address) &&
       !counts_up(yaml_get(e->at, "address"), n, err)) ||
      (ip_is_set(e->node->address6) &&
       !counts_up(yaml_get(e->at, "ipv6"), n, err)))
    return false;
  if (n > 1 && e->node->more.n > 0) {
    yaml_fault(err, yaml_get(e->at, "moreAddresses"),
               "%zu nodes cannot share further addresses; write an entry for "
               "each",
               n);
    return false;
  }
  if (n > 1 && mac) {
    bool counted = false;
    struct mac first, last;
    /* Another value has a fault of its own. */
    if (!range_mac(mac->text, &first, &counted))
      return true;
    if (!counted) {
      yaml_fault(err, mac,
                 "%zu nodes cannot share one MAC address; write %s+ to count "
                 "up",
                 n, mac->text);
      return false;
    }
    if (!mac_add(&first, (uint32_t)(n - 1), &last)) {
      yaml_fault(err, mac,
                 "'mac' is '%s', but its vendor has no %zu addresses from "
                 "there on",
                 mac->text, n);
      return false;
    }
  }
  return true;
}

static void expand_entry(struct spec *s, const struct entry *e,
                         struct error *err) {
  struct range names;
  if (!e->node->name || range_parse(e->node->name, &names) ||
      !enough_for(e, names.n, err))
    return;
  for (size_t i = 0; i < names.n; i++) {
    add_node(s, e, range_name(&names, i), (uint32_t)i);
  }
}

void expand_nodes(struct spec *s, const struct yaml_node *list,
                  struct error *err) {
  struct spec_node_vec entries = s->nodes;
  s->nodes = (struct spec_node_vec){0};
  for (size_t i = 0; i < entries.n && s->nodes.n <= RANGE_MAX; i++) {
    const struct entry e = {&entries.v[i], list->child[i], i};
    expand_entry(s, &e, err);
    *spec_extras_vec_add(&s->entry_extras) = entries.v[i].extras;
    entries.v[i].extras = (struct spec_extras){0};
    *spec_cards_vec_add(&s->entry_interfaces) = entries.v[i].interfaces;
    entries.v[i].interfaces = (struct spec_interface_vec){0};
  }
  if (s->nodes.n > RANGE_MAX)
    yaml_fault(err, list, "more than %d nodes", RANGE_MAX);
  spec_nodes_done(&entries);
}
