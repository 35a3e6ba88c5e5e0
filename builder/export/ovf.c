/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ovf.h"

#include "base/mem.h"
#include "base/quote.h"

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

static void put_network(const char *name, struct buf *out) {
  buf_adds(out, "  <NetworkSection>\n"
                "    <Info>The network of the cluster</Info>\n"
                "    <Network ovf:name=\"");
  quote_xml(name, out);
  buf_adds(out, "\">\n"
                "      <Description>All nodes are in it</Description>\n"
                "    </Network>\n"
                "  </NetworkSection>\n");
}

static void put_hardware(const struct plan_node *node, const char *network,
                         struct buf *out) {
  char mac[NET_TEXT];
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
  ITEM(out, {"Address", mac_format(&plan_cluster_interface(node)->mac, mac)},
       {"AutomaticAllocation", "true"}, {"Connection", network},
       {"ElementName", "Card"}, {"InstanceID", "6"},
       {"ResourceSubType", "E1000"}, {"ResourceType", "10"});
}

/* Where the importing program lets its user read it. */
static void put_annotation(const struct plan_node *node, struct buf *out) {
  char mac[NET_TEXT];
  buf_addf(out,
           "    <AnnotationSection>\n"
           "      <Info>What to know</Info>\n"
           "      <Annotation>The address (MAC) of the card must be %s. The CD "
           "is this machine's seed: a secret, and to stay attached."
           "</Annotation>\n"
           "    </AnnotationSection>\n",
           mac_format(&plan_cluster_interface(node)->mac, mac));
}

void ovf_descriptor(const struct plan *plan, const struct plan_node *node,
                    const struct ovf_file *disk, uint64_t capacity,
                    const struct ovf_file *seed, struct buf *out) {
  _cleanup_free_ char *name = xasprintf("%s-%s", plan->spec->name, node->name);
  _cleanup_free_ char *network = xasprintf("kubeseed-%s", plan->spec->name);
  _cleanup_buf_ struct buf quoted = {0};
  quote_xml(name, &quoted);
  buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<Envelope xmlns=\"" OVF "\" xmlns:ovf=\"" OVF "\"\n"
                "    xmlns:rasd=\"" CIM "CIM_ResourceAllocationSettingData\"\n"
                "    xmlns:vssd=\"" CIM "CIM_VirtualSystemSettingData\">\n");
  put_references(disk, capacity, seed, out);
  put_network(network, out);
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
  put_hardware(node, network, out);
  buf_adds(out, "    </VirtualHardwareSection>\n"
                "  </VirtualSystem>\n"
                "</Envelope>\n");
}

void ovf_manifest(const struct ovf_file *files, size_t n, struct buf *out) {
  for (size_t i = 0; i < n; i++)
    buf_addf(out, "SHA256(%s)= %s\n", files[i].name, files[i].sha256);
}
