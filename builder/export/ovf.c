/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ovf.h"

#include "base/mem.h"
#include "base/quote.h"
#include "export/wires.h"

#define CIM "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define OVF "http://schemas.dmtf.org/ovf/envelope/1"
#define VMDK_FORMAT                                                            \
  "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"

/* InstanceID of the controller, which its disks name. */
#define CONTROLLER "3"

/* One rasd:NAME of an item. */
struct property {
  const char *name, *value;
};

/* The schema wants properties in alphabetical order. */
static void put_item(const struct property *p, struct buf *out) {
  buf_adds(out, "      <Item>\n");
  for (; p->name; p++) {
    buf_addf(out, "        <rasd:%s>", p->name);
    quote_xml(p->value, out);
    buf_addf(out, "</rasd:%s>\n", p->name);
  }
  buf_adds(out, "      </Item>\n");
}

#define ITEM(out, ...)                                                         \
  put_item((const struct property[]){__VA_ARGS__, {NULL, NULL}}, out)

static void put_references(const struct ovf_file *disk, uint64_t capacity,
                           const struct ovf_file *seed, struct buf *out) {
  buf_addf(out,
           "  <References>\n"
           "    <File ovf:id=\"file1\" ovf:href=\"%s\" ovf:size=\"%llu\"/>\n"
           "    <File ovf:id=\"file2\" ovf:href=\"%s\" ovf:size=\"%llu\"/>\n"
           "  </References>\n",
           disk->name, (unsigned long long)disk->size, seed->name,
           (unsigned long long)seed->size);
  buf_addf(out,
           "  <DiskSection>\n"
           "    <Info>The disk</Info>\n"
           "    <Disk ovf:diskId=\"vmdisk1\" ovf:fileRef=\"file1\" "
           "ovf:capacity=\"%llu\" ovf:format=\"" VMDK_FORMAT "\"/>\n"
           "  </DiskSection>\n",
           (unsigned long long)capacity);
}

const struct plan_interface *ovf_first_card(const struct plan_node *node) {
  const struct plan_interface_vec *v = &node->interfaces;
  for (size_t i = 0; i < v->n; i++)
    if (plan_interface_made(&v->v[i]))
      return &v->v[i];
  return plan_cluster_interface(node);
}

/* Whether a card before the i-th is on its wire. */
static bool is_told(const struct plan_interface_vec *v, size_t i) {
  for (size_t k = 0; k < i; k++)
    if (plan_interface_made(&v->v[k]) &&
        plan_interface_wire(v, k) == plan_interface_wire(v, i))
      return true;
  return false;
}

static void put_networks(const struct plan *plan, const struct plan_node *node,
                         struct buf *out) {
  const struct plan_interface_vec *v = &node->interfaces;
  buf_adds(out, "  <NetworkSection>\n"
                "    <Info>The networks of the cluster</Info>\n");
  for (size_t i = 0; i < v->n; i++) {
    if (!plan_interface_made(&v->v[i]) || is_told(v, i))
      continue;
    _cleanup_free_ char *name = wire_name(plan, plan_interface_wire(v, i));
    buf_adds(out, "    <Network ovf:name=\"");
    quote_xml(name, out);
    buf_adds(out, "\">\n"
                  "      <Description>All nodes are in it</Description>\n"
                  "    </Network>\n");
  }
  buf_adds(out, "  </NetworkSection>\n");
}

/* Behind the disks' items. */
static void put_cards(const struct plan *plan, const struct plan_node *node,
                      struct buf *out) {
  const struct plan_interface_vec *v = &node->interfaces;
  size_t n = 6;
  char mac[NET_TEXT];
  for (size_t i = 0; i < v->n; i++) {
    if (!plan_interface_made(&v->v[i]))
      continue;
    _cleanup_free_ char *id = xasprintf("%zu", n++);
    _cleanup_free_ char *network = wire_name(plan, plan_interface_wire(v, i));
    _cleanup_free_ char *name = xasprintf("Card %s", v->v[i].name);
    ITEM(out, {"Address", mac_format(&v->v[i].mac, mac)},
         {"AutomaticAllocation", "true"}, {"Connection", network},
         {"ElementName", name}, {"InstanceID", id},
         {"ResourceSubType", "E1000"}, {"ResourceType", "10"});
  }
}

static void put_hardware(const struct plan *plan, const struct plan_node *node,
                         struct buf *out) {
  _cleanup_free_ char *cpus = xasprintf("%d", node->spec->cpus);
  _cleanup_free_ char *memory =
      xasprintf("%llu", (unsigned long long)(node->spec->memory >> 20));
  ITEM(out, {"ElementName", "Processors"}, {"InstanceID", "1"},
       {"ResourceType", "3"}, {"VirtualQuantity", cpus});
  ITEM(out, {"AllocationUnits", "byte * 2^20"}, {"ElementName", "Memory"},
       {"InstanceID", "2"}, {"ResourceType", "4"}, {"VirtualQuantity", memory});
  ITEM(out, {"Address", "0"}, {"ElementName", "SATA controller"},
       {"InstanceID", CONTROLLER}, {"ResourceSubType", "AHCI"},
       {"ResourceType", "20"});
  ITEM(out, {"AddressOnParent", "0"}, {"ElementName", "Disk"},
       {"HostResource", "ovf:/disk/vmdisk1"}, {"InstanceID", "4"},
       {"Parent", CONTROLLER}, {"ResourceType", "17"});
  ITEM(out, {"AddressOnParent", "1"}, {"AutomaticAllocation", "true"},
       {"ElementName", "Seed"}, {"HostResource", "ovf:/file/file2"},
       {"InstanceID", "5"}, {"Parent", CONTROLLER}, {"ResourceType", "15"});
  put_cards(plan, node, out);
}

/* Where the importing program lets its user read it. */
static void put_annotation(const struct plan_node *node, struct buf *out) {
  const struct plan_interface_vec *v = &node->interfaces;
  const char *between = "";
  char mac[NET_TEXT];
  buf_adds(out, "    <AnnotationSection>\n"
                "      <Info>What to know</Info>\n"
                "      <Annotation>The address (MAC) of the card must be ");
  for (size_t i = 0; i < v->n; i++)
    if (plan_interface_made(&v->v[i])) {
      buf_addf(out, "%s%s", between, mac_format(&v->v[i].mac, mac));
      between = ", of the next ";
    }
  buf_adds(out, ". The CD is this machine's seed: a secret, and to stay "
                "attached.</Annotation>\n"
                "    </AnnotationSection>\n");
}

void ovf_descriptor(const struct plan *plan, const struct plan_node *node,
                    const struct ovf_file *disk, uint64_t capacity,
                    const struct ovf_file *seed, struct buf *out) {
  _cleanup_free_ char *name = xasprintf("%s-%s", plan->spec->name, node->name);
  _cleanup_buf_ struct buf quoted = {0};
  quote_xml(name, &quoted);
  buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<Envelope xmlns=\"" OVF "\" xmlns:ovf=\"" OVF "\"\n"
                "    xmlns:rasd=\"" CIM "CIM_ResourceAllocationSettingData\"\n"
                "    xmlns:vssd=\"" CIM "CIM_VirtualSystemSettingData\">\n");
  put_references(disk, capacity, seed, out);
  put_networks(plan, node, out);
  buf_addf(out,
           "  <VirtualSystem ovf:id=\"%s\">\n"
           "    <Info>A node of a Kubernetes cluster</Info>\n"
           "    <Name>%s</Name>\n",
           quoted.data, quoted.data);
  put_annotation(node, out);
  /* 96: Debian, 64 bits (CIM_OperatingSystem). */
  buf_addf(out,
           "    <OperatingSystemSection ovf:id=\"96\">\n"
           "      <Info>Debian</Info>\n"
           "      <Description>Debian_64</Description>\n"
           "    </OperatingSystemSection>\n"
           "    <VirtualHardwareSection>\n"
           "      <Info>The machine</Info>\n"
           "      <System>\n"
           "        <vssd:ElementName>Virtual hardware</vssd:ElementName>\n"
           "        <vssd:InstanceID>0</vssd:InstanceID>\n"
           "        <vssd:VirtualSystemIdentifier>%s"
           "</vssd:VirtualSystemIdentifier>\n"
           "        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>\n"
           "      </System>\n",
           quoted.data);
  put_hardware(plan, node, out);
  buf_adds(out, "    </VirtualHardwareSection>\n"
                "  </VirtualSystem>\n"
                "</Envelope>\n");
}

void ovf_manifest(const struct ovf_file *files, size_t n, struct buf *out) {
  for (size_t i = 0; i < n; i++)
    buf_addf(out, "SHA256(%s)= %s\n", files[i].name, files[i].sha256);
}
