/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder in an image's place: a good one, and one with each fault. */
#include "base/file.h"
#include "base/mem.h"
#include "image/bootloader.h"
#include "image/inspect.h"
#include <glob.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

#define UUID "6b756265-0123-4567-89ab-cdef01234567"
#define STORE "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
#define WANTS "/etc/systemd/system/multi-user.target.wants/"

struct image {
  char *dir;
  bool no_bios;
};

static int view_list(void *arg, const char *pattern, struct strv *ret,
                     struct error *err) {
  const struct image *im = arg;
  _cleanup_free_ char *path = xasprintf("%s%s", im->dir, pattern);
  glob_t g = {0};
  (void)err;
  if (glob(path, 0, NULL, &g) == 0)
    for (size_t i = 0; i < g.gl_pathc; i++)
      strv_push(ret, g.gl_pathv[i] + strlen(im->dir));
  globfree(&g);
  return 0;
}

static int view_read(void *arg, const char *path, struct buf *ret,
                     struct error *err) {
  const struct image *im = arg;
  _cleanup_free_ char *full = xasprintf("%s%s", im->dir, path);
  return file_read(full, 4096, ret, err);
}

static int view_bytes(void *arg, uint64_t at, size_t n, struct buf *ret,
                      struct error *err) {
  const struct image *im = arg;
  char sector[512] = "..GRUB ";
  (void)err;
  assert_int_equal(n, sizeof(sector));
  if (at == BOOT_CORE_AT)
    (void)snprintf(sector, sizeof(sector), "%s", "loading");
  else
    memcpy(sector + 510, "\x55\xaa", 2);
  if (im->no_bios)
    memset(sector, 0, sizeof(sector));
  buf_add(ret, sector, n);
  return 0;
}

static void put(const struct image *im, const char *path, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *full = xasprintf("%s%s", im->dir, path);
  _cleanup_free_ char *folder = file_parent(full);
  assert_int_equal(file_mkdirs(folder, 0755, &err), 0);
  assert_int_equal(file_write(full, text, strlen(text), 0644, &err), 0);
}

static const struct {
  const char *path, *text;
} good[] = {
    {"/etc/machine-id", ""},
    {"/etc/kubeseed/images", "registry.k8s.io/pause:3.9 sha256:00\n"},
    {STORE, "..registry.k8s.io/pause:3.9..io.cri-containerd.pinned.."},
    {"/boot/grub/grub.cfg", "linux /vmlinuz root=UUID=" UUID},
    {INSPECT_ESP "/EFI/debian/grub.cfg", "search --fs-uuid " UUID},
    {INSPECT_ESP "/EFI/BOOT/BOOTX64.EFI", "MZ"},
    {INSPECT_ESP "/EFI/BOOT/grubx64.efi", "MZ"},
    {WANTS "cloud-init.service", ""},
    {WANTS "containerd.service", ""},
    {WANTS "kubeseed-bootstrap.service", ""},
    {WANTS "ssh.service", ""},
    {WANTS "systemd-networkd.service", ""},
    {"/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service", ""},
    {"/usr/share/kubeseed/image.spdx.json", "{}"},
    {"/usr/bin/kubelet", ""},
    {"/usr/bin/kubeadm", ""},
    {"/usr/bin/etcd", ""},
    {"/boot/vmlinuz-6.1", ""},
    {"/boot/initrd.img-6.1", ""},
};

static void make_good(struct image *im) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *journal = NULL;
  *im = (struct image){.dir = new_folder()};
  for (size_t i = 0; i < ARRAY_SIZE(good); i++)
    put(im, good[i].path, good[i].text);
  journal = xasprintf("%s/var/log/journal", im->dir);
  assert_int_equal(file_mkdirs(journal, 0755, &err), 0);
}

static void done(struct image *im) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(im->dir, &err), 0);
  free(im->dir);
}

/* The one fault that is found, or NULL. The caller frees. */
static char *fault(struct image *im) {
  _cleanup_error_ struct error err = {0};
  const struct inspect_view v = {.list = view_list,
                                 .read = view_read,
                                 .bytes = view_bytes,
                                 .uuid = UUID,
                                 .arg = im};
  int r = inspect(&v, &err);
  assert_int_equal(r, err.n_faults == 0 ? 0 : -1);
  assert_true(err.n_faults <= 1);
  return r == 0 ? NULL : xstrdup(err.faults[0].msg);
}

static void test_good(void **state) {
  (void)state;
  struct image im;
  make_good(&im);
  _cleanup_free_ char *found = fault(&im);
  assert_null(found);
  done(&im);
}

static void test_spoiled(void **state) {
  (void)state;
  static const struct {
    const char *path, *text, *fault;
  } spoiled[] = {
      {"/etc/machine-id", "0123\n",
       "/etc/machine-id is not empty: every machine would be the same one"},
      {"/etc/ssh/ssh_host_rsa_key", "",
       "/etc/ssh/ssh_host_rsa_key is there: a host key"},
      {"/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid", "0",
       "/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid is there: "
       "a machine's identity"},
      {"/root/.ssh/id_rsa", "", "/root/.ssh is there: keys of root"},
      {"/etc/kubernetes/pki/ca.key", "",
       "/etc/kubernetes/pki is there: a cluster's keys"},
      {"/etc/kubernetes/admin.conf", "",
       "/etc/kubernetes/admin.conf is there: a cluster's access"},
      {"/var/log/syslog", "", "/var/log/syslog is there: a log"},
      {"/var/log/journal/0/a.journal", "",
       "/var/log/journal/0 is there: a log"},
      {"/var/lib/cloud/seed", "", "/var/lib/cloud is there: a node's seed"},
      {"/etc/kubeseed/node.env", "", "/etc/kubeseed/node.env is there: a seed"},
      {WANTS "etcd.service", "", WANTS "etcd.service is there: a role's unit"},
      {"/etc/kubeseed/images", "", "/etc/kubeseed/images names no image"},
      {"/etc/kubeseed/images", "registry.k8s.io/etcd:3 x\n",
       "containerd does not have the image registry.k8s.io/etcd:3"},
      {"/etc/kubeseed/images",
       "registry.k8s.io/pause:3.9 x\nregistry.k8s.io/pause x\n",
       "pinned are 1 of 2 images: a full disk would lose the others"},
      {STORE, "registry.k8s.io/pause:3.9",
       "no image is pinned: a full disk would lose them"},
      {"/boot/grub/grub.cfg", "root=UUID=other",
       "/boot/grub/grub.cfg does not name the root, " UUID},
      {INSPECT_ESP "/EFI/debian/grub.cfg", "",
       INSPECT_ESP "/EFI/debian/grub.cfg does not name the root, " UUID},
  };
  for (size_t i = 0; i < ARRAY_SIZE(spoiled); i++) {
    struct image im;
    make_good(&im);
    put(&im, spoiled[i].path, spoiled[i].text);
    _cleanup_free_ char *found = fault(&im);
    assert_non_null(found);
    assert_string_equal(found, spoiled[i].fault);
    done(&im);
  }
}

/* What is only asked whether it is there. */
static void test_missing(void **state) {
  (void)state;
  for (size_t i = 5; i < ARRAY_SIZE(good); i++) {
    struct image im;
    make_good(&im);
    _cleanup_free_ char *path = xasprintf("%s%s", im.dir, good[i].path);
    assert_int_equal(unlink(path), 0);
    _cleanup_free_ char *found = fault(&im);
    assert_non_null(found);
    assert_non_null(strstr(found, " is not there"));
    done(&im);
  }
}

static void test_no_bios(void **state) {
  (void)state;
  struct image im;
  make_good(&im);
  im.no_bios = true;
  _cleanup_free_ char *found = fault(&im);
  assert_string_equal(found, "there is no boot loader for BIOS");
  done(&im);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good),
      cmocka_unit_test(test_spoiled),
      cmocka_unit_test(test_missing),
      cmocka_unit_test(test_no_bios),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
