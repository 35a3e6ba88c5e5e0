/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/cloud.h"

#include "base/mem.h"
#include <string.h>

const struct cloud_key cloud_keys[] = {
    {"apt", YAML_MAP, "apt_configure", "cloud_config_modules"},
    {"bootcmd", YAML_SEQ, NULL, NULL},
    {"final_message", YAML_SCALAR, NULL, NULL},
    {"output", YAML_MAP, NULL, NULL},
    {"phone_home", YAML_MAP, "phone_home", "cloud_final_modules"},
    {"reporting", YAML_MAP, NULL, NULL},
    {"runcmd", YAML_SEQ, NULL, NULL},
    {NULL, YAML_MAP, NULL, NULL},
};

const struct cloud_key *cloud_key_find(const char *name) {
  for (const struct cloud_key *k = cloud_keys; k->name; k++)
    if (strcmp(k->name, name) == 0)
      return k;
  return NULL;
}

static const struct {
  const char *name, *instead;
} others[] = {
    {"users", "write users"},
    {"user", "write users"},
    {"groups", "write users.groups"},
    {"chpasswd", "write users.password"},
    {"password", "write users.password"},
    {"write_files", "write files"},
    {"packages", "write image.packages: nodes need no network"},
    {"package_update", "write image.packages: nodes need no network"},
    {"package_upgrade", "write image.packages: nodes need no network"},
    {"ca_certs", "write caCertificates"},
    {"ca-certs", "write caCertificates"},
    {"ntp", "write network.ntp"},
    {"timezone", "write image.timezone"},
    {"locale", "write locale"},
    {"keyboard", "write keyboard"},
    {"resolv_conf", "write network.dns"},
    {"manage_resolv_conf", "write network.dns"},
    {"network", "write network"},
    {"disk_setup", "write disks"},
    {"fs_setup", "write disks"},
    {"mounts", "write disks"},
    {"growpart", "the image's root takes all of the disk by itself"},
    {"resize_rootfs", "the image's root takes all of the disk by itself"},
    {"swap", "a kubelet starts on no node that has any"},
    {"power_state", "the node would be switched off before it is a member"},
    {"hostname", "it follows from nodes.name"},
    {"fqdn", "it follows from nodes.name and network.domain"},
    {"prefer_fqdn_over_hostname", "it follows from nodes.name"},
    {"preserve_hostname", "it follows from nodes.name"},
    {"manage_etc_hosts", "the seed has its own /etc/hosts"},
    {"disable_root", "nobody logs in as root"},
    {"rsyslog", "the image has no rsyslog"},
    {"snap", "the image has no snapd"},
};

/* What a name begins with that is kubeseed's or cloud-init's own matter. */
static const struct {
  const char *begin, *instead;
} ours[] = {
    {"ssh", "host keys and users' keys are the seed's"},
    {"cloud_", "which modules run is kubeseed's"},
    {"datasource", "the seed is on a medium with the label cidata"},
    {"system_info", "it is the image's"},
    {"merge_", "fragments are merged by kubeseed"},
    {"vendor_data", "there is none"},
};

const char *cloud_key_instead(const char *name) {
  for (size_t i = 0; i < ARRAY_SIZE(others); i++)
    if (strcmp(others[i].name, name) == 0)
      return others[i].instead;
  for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
    if (strncmp(ours[i].begin, name, strlen(ours[i].begin)) == 0)
      return ours[i].instead;
  return "the image runs no module of cloud-init for it; write files and "
         "commands";
}

void cloud_merge(struct yaml_node *to, const struct yaml_node *from) {
  for (size_t i = 0; i < from->n; i++) {
    const struct yaml_node *new = from->child[i];
    struct yaml_node *old = yaml_get(to, new->key);
    if (!old || old->kind != new->kind || old->kind == YAML_SCALAR)
      yaml_map_set(to, new->key, yaml_copy(new));
    else if (old->kind == YAML_MAP)
      cloud_merge(old, new);
    else
      for (size_t k = 0; k < new->n; k++)
        yaml_seq_add(old, yaml_copy(new->child[k]));
  }
}

/* What configures goes before what uses it; what tells of the end, behind. */
static void add_module(const struct cloud_key *key,
                       const struct yaml_node *cloud_cfg,
                       struct yaml_node *root) {
  const struct yaml_node *list = yaml_get(root, key->list);
  list = list ? list : yaml_get(cloud_cfg, key->list);
  bool first = strcmp(key->list, "cloud_final_modules") != 0;
  struct yaml_node *all = yaml_new_seq();
  if (first)
    yaml_seq_add_str(all, key->module);
  for (size_t i = 0; list && i < list->n; i++)
    yaml_seq_add(all, yaml_copy(list->child[i]));
  if (!first)
    yaml_seq_add_str(all, key->module);
  yaml_map_set(root, key->list, all);
}

void cloud_add_modules(const struct yaml_node *fragment,
                       const struct yaml_node *cloud_cfg,
                       struct yaml_node *root) {
  for (size_t i = 0; i < fragment->n; i++) {
    const struct cloud_key *key = cloud_key_find(fragment->child[i]->key);
    if (key && key->module)
      add_module(key, cloud_cfg, root);
  }
}
