/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/inspect.h"

#include "base/mem.h"
#include "image/bootloader.h"
#include <string.h>

/* ---- What must not be there, and what must ---- */

static const struct {
  const char *pattern, *what;
  const char *but; /* the one path that may be there, or NULL */
} unwanted[] = {
    {"/var/lib/dbus/machine-id", "a machine's identity", NULL},
    {"/var/lib/containerd/io.containerd.grpc.v1.introspection/*",
     "a machine's identity", NULL},
    {"/etc/ssh/ssh_host_*", "a host key", NULL},
    {"/root/.ssh", "keys of root", NULL},
    {"/root/.bash_history", "what somebody typed", NULL},
    {"/home/*", "a user's folder", NULL},
    {"/etc/kubernetes/pki", "a cluster's keys", NULL},
    {"/etc/kubernetes/*.conf", "a cluster's access", NULL},
    {"/var/lib/kubelet/pki", "a node's keys", NULL},
    {"/var/lib/etcd/*", "a cluster's data", NULL},
    {"/etc/kubeseed/node.env", "a seed", NULL},
    {"/usr/lib/kubeseed/bootstrap", "a seed", NULL},
    {"/var/lib/kubeseed", "a node's steps", NULL},
    {"/var/lib/cloud", "a node's seed", NULL},
    {"/var/lib/systemd/random-seed", "a machine's random seed", NULL},
    {"/var/log/*", "a log", "/var/log/journal"},
    {"/var/log/journal/*", "a log", NULL},
    {"/var/cache/apt/archives/*.deb", "a package", NULL},
    {"/etc/systemd/system/multi-user.target.wants/haproxy.service",
     "a role's unit", NULL},
    {"/etc/systemd/system/multi-user.target.wants/keepalived.service",
     "a role's unit", NULL},
    {"/etc/systemd/system/multi-user.target.wants/nginx.service",
     "a role's unit", NULL},
    {"/etc/systemd/system/multi-user.target.wants/corosync.service",
     "a role's unit", NULL},
    {"/etc/systemd/system/multi-user.target.wants/pacemaker.service",
     "a role's unit", NULL},
    {"/etc/systemd/system/multi-user.target.wants/dnsmasq.service",
     "a role's unit", NULL},
    {"/etc/pacemaker/authkey", "a cluster's key", NULL},
    {"/etc/systemd/system/multi-user.target.wants/etcd.service",
     "a role's unit", NULL},
};

#define WANTS "/etc/systemd/system/multi-user.target.wants/"
static const char *const wanted[] = {
    WANTS "cloud-init.service",
    WANTS "containerd.service",
    WANTS "kubeseed-bootstrap.service",
    WANTS "ssh.service",
    WANTS "systemd-networkd.service",
    "/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service",
    "/usr/bin/kubelet",
    "/usr/bin/kubeadm",
    "/usr/bin/etcd",
    "/usr/share/kubeseed/image.spdx.json",
    "/boot/vmlinuz-*",
    "/boot/initrd.img-*",
    INSPECT_ESP "/EFI/BOOT/BOOTX64.EFI",
    INSPECT_ESP "/EFI/BOOT/grubx64.efi",
};

static int check_lists(const struct inspect_view *v, struct error *err) {
  int r = 0;
  for (size_t i = 0; i < ARRAY_SIZE(unwanted); i++) {
    _cleanup_strv_ struct strv found = {0};
    if (v->list(v->arg, unwanted[i].pattern, &found, err) < 0)
      return -1;
    const char *but = unwanted[i].but;
    for (size_t j = 0; j < found.n; j++)
      if (!but || strcmp(found.v[j], but) != 0)
        r = error_set(err, 0, "%s is there: %s", found.v[j], unwanted[i].what);
  }
  for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
    _cleanup_strv_ struct strv found = {0};
    if (v->list(v->arg, wanted[i], &found, err) < 0)
      return -1;
    if (found.n == 0)
      r = error_set(err, 0, "%s is not there", wanted[i]);
  }
  return r;
}

static int check_identity(const struct inspect_view *v, struct error *err) {
  _cleanup_buf_ struct buf id = {0};
  if (v->read(v->arg, "/etc/machine-id", &id, err) < 0)
    return -1;
  return id.len == 0 ? 0
                     : error_set(err, 0,
                                 "/etc/machine-id is not empty: every "
                                 "machine would be the same one");
}

/* ---- Container images ---- */

#define STORE "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"

static bool has(const struct buf *b, const char *text) {
  return b->len > 0 && memmem(b->data, b->len, text, strlen(text));
}

static size_t count(const struct buf *b, const char *text) {
  size_t n = 0, len = strlen(text);
  const char *end = b->data + b->len;
  for (const char *p = b->data;
       p && (p = memmem(p, (size_t)(end - p), text, len)); p += len)
    n++;
  return n;
}

/* Each image has its own label, in a database without free pages (settle). */
static int check_pins(const struct buf *store, size_t images,
                      struct error *err) {
  size_t pins = count(store, "io.cri-containerd.pinned");
  if (images == 0)
    return error_set(err, 0, "/etc/kubeseed/images names no image");
  if (pins == 0)
    return error_set(err, 0, "no image is pinned: a full disk would lose them");
  if (pins < images)
    return error_set(err, 0,
                     "pinned are %zu of %zu images: a full disk would lose the "
                     "others",
                     pins, images);
  return 0;
}

static int check_images(const struct inspect_view *v, struct error *err) {
  _cleanup_buf_ struct buf list = {0}, store = {0};
  char *save = NULL;
  int r = 0;
  if (v->read(v->arg, "/etc/kubeseed/images", &list, err) < 0 ||
      v->read(v->arg, STORE, &store, err) < 0)
    return -1;
  size_t n = 0;
  for (char *line = list.data ? strtok_r(list.data, "\n", &save) : NULL; line;
       line = strtok_r(NULL, "\n", &save), n++) {
    line[strcspn(line, " ")] = '\0';
    if (!has(&store, line))
      r = error_set(err, 0, "containerd does not have the image %s", line);
  }
  return check_pins(&store, n, err) < 0 ? -1 : r;
}

/* ---- Boot loaders ---- */

/* GRUB's boot.img says its name, and its core.img what it does (boot.S,
 * diskboot.S). */
static int check_bios(const struct inspect_view *v, struct error *err) {
  _cleanup_buf_ struct buf boot = {0}, core = {0};
  if (v->bytes(v->arg, 0, 512, &boot, err) < 0 ||
      v->bytes(v->arg, BOOT_CORE_AT, 512, &core, err) < 0)
    return -1;
  bool marked = boot.len == 512 && (uint8_t)boot.data[510] == 0x55 &&
                (uint8_t)boot.data[511] == 0xaa;
  if (marked && has(&boot, "GRUB ") && has(&core, "loading"))
    return 0;
  return error_set(err, 0, "there is no boot loader for BIOS");
}

static int check_menu(const struct inspect_view *v, const char *path,
                      struct error *err) {
  _cleanup_buf_ struct buf menu = {0};
  if (v->read(v->arg, path, &menu, err) < 0)
    return -1;
  return has(&menu, v->uuid)
             ? 0
             : error_set(err, 0, "%s does not name the root, %s", path,
                         v->uuid);
}

int inspect(const struct inspect_view *v, struct error *err) {
  int r = check_lists(v, err);
  r = check_identity(v, err) < 0 ? -1 : r;
  r = check_images(v, err) < 0 ? -1 : r;
  r = check_bios(v, err) < 0 ? -1 : r;
  r = check_menu(v, "/boot/grub/grub.cfg", err) < 0 ? -1 : r;
  return check_menu(v, INSPECT_ESP "/EFI/debian/grub.cfg", err) < 0 ? -1 : r;
}
