/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value-network.h"

#include "spec/address.h"
#include "spec/range.h"
#include "spec/spec.h"
#include "spec/value-text.h"
#include <string.h>

/* IPv6 has keys of its own, beside those of IPv4. */
static bool of_ipv6(const struct key *k) {
  return k->type == TYPE_ADDRESS6 || k->type == TYPE_COUNTED6 ||
         k->type == TYPE_NETWORK6 || k->type == TYPE_IF_ADDRESS6;
}

/* Whether the key's addresses are of that family; false after a fault. */
static bool supported(const struct key *k, const struct yaml_node *value,
                      struct ip a, struct error *err) {
  if (a.family == (of_ipv6(k) ? IP_V6 : IP_V4))
    return true;
  if (of_ipv6(k)) {
    value_not_by_rule(k, value, err);
    return false;
  }
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value,
             "'%s' is '%s', but IPv6 is for what stands beside IPv4, under "
             "network.ipv6; write %s",
             key_name(k), value->text, rule);
  return false;
}

/* Whether a machine can have the address; false after a fault. */
static bool usable(const struct key *k, const struct yaml_node *value,
                   struct ip a, struct error *err) {
  const char *wrong = address_fault(a);
  if (!supported(k, value, a, err))
    return false;
  if (wrong)
    yaml_fault(err, value, "'%s' is '%s', which is %s", key_name(k),
               value->text, wrong);
  return !wrong;
}

static void read_address(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  struct ip a;
  if (!text)
    return;
  if (!ip_parse(text, &a))
    value_not_by_rule(k, value, err);
  else if (usable(k, value, a, err))
    *(struct ip *)value_member(k, base) = a;
}

static void read_addresses(const struct key *k, const struct yaml_node *value,
                           void *base, struct error *err) {
  struct ip_vec *list = value_member(k, base);
  const struct key one = {.path = k->path, .type = TYPE_ADDRESS};
  if (value->kind != YAML_SEQ || value->n == 0) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_address(&one, value->child[i], ip_vec_add(list), err);
}

/* Whether it counts up is seen again when the names are counted out. */
static void read_counted(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  struct ip a;
  bool counted;
  if (!text)
    return;
  if (strcmp(text, "dhcp") == 0)
    yaml_fault(err, value,
               "'%s' is '%s', but certificates, etcd and other nodes' seeds "
               "have a node's address from the beginning: reserve one for its "
               "MAC address at the DHCP server, and write that one here (with "
               "network.addresses dhcp the node asks for it)",
               key_name(k), text);
  else if (!range_address(text, &a, &counted))
    value_not_by_rule(k, value, err);
  else if (usable(k, value, a, err))
    *(struct ip *)value_member(k, base) = a;
}

/* As kubeadm has them for dual stack. */
static void two_networks(const struct key *k, const struct yaml_node *value,
                         struct error *err) {
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value,
             "'%s' is '%s', but the second network, of IPv6, has its own key "
             "under network.ipv6; write %s",
             key_name(k), value->text, rule);
}

static void read_network(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct cidr net;
  bool host_bits = false;
  const char *wrong;
  char buf[NET_TEXT];
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  if (strchr(text, ','))
    two_networks(k, value, err);
  else if (!cidr_parse(text, &net, &host_bits))
    value_not_by_rule(k, value, err);
  else if (!supported(k, value, net.base, err))
    return;
  else if (net.bits == 0 && strstr(k->path, "routes."))
    yaml_fault(err, value,
               "'%s' is '%s', which is everywhere: the way there is the key "
               "'gateway'",
               key_name(k), text);
  else if (host_bits)
    yaml_fault(err, value,
               "'%s' is '%s', which is an address inside a network; the "
               "network is %s",
               key_name(k), text, cidr_format(&net, buf));
  else if ((wrong = network_fault(&net)))
    yaml_fault(err, value, "'%s' is '%s', but %s", key_name(k), text, wrong);
  else
    *(struct cidr *)value_member(k, base) = net;
}

static void read_mac(const struct key *k, const struct yaml_node *value,
                     void *base, struct error *err) {
  static const struct mac none = {{0}};
  struct mac mac;
  bool counted;
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  if (!range_mac(text, &mac, &counted))
    value_not_by_rule(k, value, err);
  else if (memcmp(&mac, &none, sizeof(mac)) == 0)
    yaml_fault(err, value,
               "'%s' is '%s', which no network card has; leave 'mac' out for "
               "one that is made up",
               key_name(k), text);
  else if (mac.b[0] & 1)
    yaml_fault(err, value,
               "'%s' is '%s', a multicast address; no network card has one",
               key_name(k), text);
  else
    *(struct mac *)value_member(k, base) = mac;
}

/* The word, or an address that a machine can have: ret_ip is set for it. False
 * after a fault. */
static bool read_or(const struct key *k, const struct yaml_node *value,
                    const char *word, struct ip *ret_ip, struct error *err) {
  const char *text = value_scalar(k, value, err);
  struct ip a;
  if (!text)
    return false;
  if (strcmp(text, word) == 0)
    return true;
  if (!ip_parse(text, &a)) {
    value_not_by_rule(k, value, err);
    return false;
  }
  if (!usable(k, value, a, err))
    return false;
  *ret_ip = a;
  return true;
}

static void read_gateway(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct spec *s = base;
  struct ip a = {0};
  if (!read_or(k, value, "none", &a, err))
    return;
  s->network.gateway = a;
  s->network.no_gateway = !ip_is_set(a);
}

static void read_if_gateway(const struct key *k, const struct yaml_node *value,
                            void *base, struct error *err) {
  struct spec_card_gateway *g = value_member(k, base);
  if (read_or(k, value, "dhcp", &g->ip, err))
    g->dhcp = !ip_is_set(g->ip);
}

static void read_if_name(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  char **name = value_member(k, base);
  const char *text = value_scalar(k, value, err);
  if (text && !interface_name_ok(text)) {
    value_not_by_rule(k, value, err);
  } else if (text) {
    free(*name);
    *name = xstrdup(text);
  }
}

static void read_if_address(const struct key *k, const struct yaml_node *value,
                            void *base, struct error *err) {
  struct spec_card_address *to = value_member(k, base);
  const char *text = value_scalar(k, value, err);
  struct cidr net;
  struct ip a;
  bool host_bits;
  if (!text)
    return;
  if (strcmp(text, "dhcp") == 0 && !of_ipv6(k)) {
    to->dhcp = true;
    return;
  }
  size_t n = strlen(text);
  _cleanup_free_ char *plain = xstrndup(text, n - (text[n - 1] == '+'));
  _cleanup_free_ char *address = xstrndup(plain, strcspn(plain, "/"));
  if (!ip_parse(address, &a) ||
      (strchr(plain, '/') && !cidr_parse(plain, &net, &host_bits)))
    value_not_by_rule(k, value, err);
  else if (!usable(k, value, a, err))
    return;
  else if (!strchr(plain, '/'))
    value_not_by_rule(k, value, err);
  else
    *to = (struct spec_card_address){.ip = a, .bits = net.bits};
}

/* Names are kept as they are, and addresses as usual. */
static void read_server(const struct key *k, const struct yaml_node *value,
                        struct strv *list, struct error *err) {
  struct ip a;
  char buf[NET_TEXT];
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  if (ip_parse(text, &a)) {
    if (usable(k, value, a, err))
      strv_push(list, ip_format(a, buf));
  } else if (!dns_host_ok(text)) {
    yaml_fault(err, value, "an entry of '%s' must be %s", key_name(k),
               SERVER_RULE);
  } else {
    strv_push(list, text);
  }
}

static void read_servers(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  if (value->kind != YAML_SEQ || value->n == 0) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_server(k, value->child[i], value_member(k, base), err);
}

static void read_members(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct mac mac;
  if (value->kind != YAML_SEQ || value->n == 0) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *entry = value->child[i];
    if (entry->kind != YAML_SCALAR || !bond_member_read(entry->text, &mac))
      yaml_fault(err, entry, "an entry of '%s' must be %s", key_name(k),
                 BOND_MEMBER_RULE);
    else
      strv_push(value_member(k, base), entry->text);
  }
}

void value_read_network(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  switch ((int)k->type) {
  case TYPE_ADDRESS:
  case TYPE_ADDRESS6:
    read_address(k, value, base, err);
    break;
  case TYPE_ADDRESSES:
    read_addresses(k, value, base, err);
    break;
  case TYPE_COUNTED:
  case TYPE_COUNTED6:
    read_counted(k, value, base, err);
    break;
  case TYPE_NETWORK:
  case TYPE_NETWORK6:
    read_network(k, value, base, err);
    break;
  case TYPE_MAC:
    read_mac(k, value, base, err);
    break;
  case TYPE_GATEWAY:
    read_gateway(k, value, base, err);
    break;
  case TYPE_IF_NAME:
    read_if_name(k, value, base, err);
    break;
  case TYPE_IF_ADDRESS:
  case TYPE_IF_ADDRESS6:
    read_if_address(k, value, base, err);
    break;
  case TYPE_SERVERS:
    read_servers(k, value, base, err);
    break;
  case TYPE_MEMBERS:
    read_members(k, value, base, err);
    break;
  case TYPE_IF_GATEWAY:
    read_if_gateway(k, value, base, err);
    break;
  }
}
