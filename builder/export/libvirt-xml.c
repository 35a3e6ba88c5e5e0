/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/libvirt-xml.h"

#include "base/mem.h"
#include "base/quote.h"
#include "export/wires.h"

char *libvirt_domain(const struct plan *plan, const struct plan_node *node) {
  return xasprintf("%s-%s", plan->spec->name, node->name);
}

char *libvirt_disk(const struct plan *plan, const struct plan_node *node) {
  return xasprintf("%s-%s.qcow2", plan->spec->name, node->name);
}

char *libvirt_seed(const struct plan *plan, const struct plan_node *node) {
  return xasprintf("%s-%s.iso", plan->spec->name, node->name);
}

char *libvirt_network_file(size_t wire) {
  return wire == 0 ? xstrdup("network.xml")
                   : xasprintf("network-%zu.xml", wire);
}

/* "<name>text</name>", or with attributes in name's start tag. */
static void put(struct buf *out, const char *indent, const char *name,
                const char *text) {
  buf_addf(out, "%s<%s>", indent, name);
  quote_xml(text, out);
  buf_addf(out, "</%s>\n", name);
}

/* ---- The domain ---- */

/* Nehalem has what Debian's and Go's programs look for, and costs emulation
 * less than the newest one. */
static void put_processor(const struct plan_node *node, enum libvirt_type type,
                          struct buf *out) {
  buf_addf(out, "  <memory unit=\"KiB\">%llu</memory>\n  <vcpu>%d</vcpu>\n",
           (unsigned long long)(node->spec->memory >> 10),
           type == LIBVIRT_KVM ? node->spec->cpus : 1);
  if (type == LIBVIRT_KVM)
    buf_adds(out, "  <cpu mode=\"host-passthrough\"/>\n");
  else
    buf_adds(out, "  <cpu mode=\"custom\" match=\"exact\">\n"
                  "    <model fallback=\"allow\">Nehalem</model>\n"
                  "  </cpu>\n");
}

/* A file, or where that is NULL a volume of the pool. */
static void put_source(const char *file, const char *pool, const char *volume,
                       struct buf *out) {
  buf_addf(out, "      <source %s=\"", file ? "file" : "pool");
  quote_xml(file ? file : pool, out);
  if (!file) {
    buf_adds(out, "\" volume=\"");
    quote_xml(volume, out);
  }
  buf_adds(out, "\"/>\n");
}

static void put_disk(const char *target, const struct libvirt_shape *shape,
                     bool is_seed, const char *volume, struct buf *out) {
  const char *file = is_seed ? shape->seed : shape->disk;
  buf_addf(out,
           "    <disk type=\"%s\" device=\"disk\">\n"
           "      <driver name=\"qemu\" type=\"%s\"%s/>\n",
           file ? "file" : "volume", is_seed ? "raw" : "qcow2",
           is_seed ? "" : " discard=\"unmap\"");
  put_source(file, shape->pool, volume, out);
  buf_addf(out,
           "      <target dev=\"%s\" bus=\"virtio\"/>\n"
           "%s    </disk>\n",
           target, is_seed ? "      <readonly/>\n" : "");
}

static void put_cards(const struct plan *plan, const struct plan_node *node,
                      const char *bridge, struct buf *out) {
  char text[NET_TEXT];
  const char *kind = bridge ? "bridge" : "network";
  for (size_t i = 0; i < node->interfaces.n; i++) {
    if (!plan_interface_made(&node->interfaces.v[i]))
      continue;
    _cleanup_free_ char *network =
        wire_name(plan, plan_interface_wire(&node->interfaces, i));
    buf_addf(out,
             "    <interface type=\"%s\">\n"
             "      <mac address=\"%s\"/>\n"
             "      <source %s=\"",
             kind, mac_format(&node->interfaces.v[i].mac, text), kind);
    quote_xml(bridge ? bridge : network, out);
    buf_adds(out, "\"/>\n"
                  "      <model type=\"virtio\"/>\n"
                  "    </interface>\n");
  }
}

void libvirt_domain_xml(const struct plan *plan, const struct plan_node *node,
                        const struct libvirt_shape *shape, struct buf *out) {
  _cleanup_free_ char *name = libvirt_domain(plan, node);
  _cleanup_free_ char *disk = libvirt_disk(plan, node);
  _cleanup_free_ char *seed = libvirt_seed(plan, node);
  buf_addf(out, "<domain type=\"%s\">\n",
           shape->type == LIBVIRT_KVM ? "kvm" : "qemu");
  put(out, "  ", "name", name);
  put(out, "  ", "uuid", node->uuid);
  put_processor(node, shape->type, out);
  buf_addf(out, "  <os%s>\n", shape->uefi ? " firmware=\"efi\"" : "");
  buf_adds(out, "    <type arch=\"x86_64\" machine=\"q35\">hvm</type>\n"
                "    <boot dev=\"hd\"/>\n"
                "  </os>\n"
                "  <features>\n"
                "    <acpi/>\n"
                "    <apic/>\n"
                "  </features>\n"
                "  <clock offset=\"utc\"/>\n"
                "  <devices>\n");
  put_disk("vda", shape, false, disk, out);
  put_disk("vdb", shape, true, seed, out);
  put_cards(plan, node, shape->bridge, out);
  buf_adds(out, "    <serial type=\"pty\">\n"
                "      <target type=\"isa-serial\" port=\"0\"/>\n"
                "    </serial>\n"
                "    <console type=\"pty\">\n"
                "      <target type=\"serial\" port=\"0\"/>\n"
                "    </console>\n"
                "    <rng model=\"virtio\">\n"
                "      <backend model=\"random\">/dev/urandom</backend>\n"
                "    </rng>\n"
                "  </devices>\n"
                "</domain>\n");
}

/* ---- The network ---- */

void libvirt_network_xml(const struct plan *plan, size_t wire,
                         struct buf *out) {
  const struct spec *s = plan->spec;
  char text[NET_TEXT], uuid[PLAN_UUID];
  _cleanup_free_ char *name = wire_name(plan, wire);
  /* No node has that name, for it is none. */
  _cleanup_free_ char *key =
      wire == 0 ? xstrdup("/network") : xasprintf("/network/%zu", wire);
  plan_uuid(s, key, uuid);
  /* Without it libvirt lets machines send nothing of IPv6, to each other
   * neither. */
  buf_addf(out, "<network%s>\n", spec_has_ipv6(s) ? " ipv6=\"yes\"" : "");
  put(out, "  ", "name", name);
  put(out, "  ", "uuid", uuid);
  /* The host is the gateway, if it is one of the subnet. */
  bool has_gateway =
      wire == 0 && cidr_has(&s->network.subnet, s->network.gateway);
  if (has_gateway)
    buf_adds(out, "  <forward mode=\"nat\"/>\n");
  buf_adds(out, "  <bridge stp=\"on\" delay=\"0\"/>\n");
  if (has_gateway)
    buf_addf(out, "  <ip address=\"%s\" prefix=\"%d\"/>\n",
             ip_format(s->network.gateway, text), s->network.subnet.bits);
  buf_adds(out, "</network>\n");
}
