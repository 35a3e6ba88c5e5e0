/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/appliance.h"

#include "base/host.h"
#include "base/mem.h"
#include "base/process.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libguestfs.so.0"
#define PACKAGE "libguestfs0"

static const struct {
  const char *symbol;
  size_t offset; /* in struct appliance */
} functions[] = {
#define ROW(name) {"guestfs_" #name, offsetof(struct appliance, lib.name)},
    APPLIANCE_FUNCTIONS(ROW)};

static int library_load(struct appliance *a, struct error *err) {
  a->lib.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!a->lib.handle)
    return error_missing(err, "%s: apt-get install " PACKAGE, dlerror());
  for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
    void *f = dlsym(a->lib.handle, functions[i].symbol);
    if (!f)
      return error_missing(err, LIBRARY " has no %s: apt-get install " PACKAGE,
                           functions[i].symbol);
    memcpy((char *)a + functions[i].offset, &f, sizeof(f));
  }
  return 0;
}

/* supermin copies a kernel of the build host, and must be able to read it. */
static int require_kernel(struct error *err) {
  if (getenv("SUPERMIN_KERNEL"))
    return 0;
  DIR *d = opendir("/boot");
  bool found = false;
  for (struct dirent *e; d && !found && (e = readdir(d));) {
    _cleanup_free_ char *path = xasprintf("/boot/%s", e->d_name);
    found = fnmatch("vmlinuz-*", e->d_name, 0) == 0 && access(path, R_OK) == 0;
  }
  if (d)
    (void)closedir(d);
  if (found)
    return 0;
  return error_missing(err, "libguestfs needs a readable kernel in /boot: "
                            "apt-get install linux-image-cloud-amd64, or name "
                            "one in SUPERMIN_KERNEL and SUPERMIN_MODULES");
}

int appliance_require(struct error *err) {
  _cleanup_appliance_ struct appliance a = {0};
  return process_require(QEMU_PROGRAM, QEMU_PACKAGE, err) < 0 ||
                 process_require("supermin", "supermin", err) < 0 ||
                 library_load(&a, err) < 0
             ? -1
             : require_kernel(err);
}

int appliance_fail(const struct appliance *a, const char *what,
                   struct error *err) {
  const char *why = a->lib.last_error(a->g);
  return error_set(err, 0, "libguestfs: %s: %s", what, why ? why : "failed");
}

int appliance_make(struct appliance *ret, struct error *err) {
  *ret = (struct appliance){0};
  if (library_load(ret, err) < 0)
    return -1;
  ret->g = ret->lib.create_flags(GUESTFS_CREATE_NO_ENVIRONMENT);
  if (!ret->g)
    return error_set(err, errno, "libguestfs: create");
  struct host_accel accel = {0};
  host_accel_probe(NULL, NULL, &accel);
  bool kvm = accel.kvm;
  host_accel_done(&accel);
  char *settings[] = {kvm ? NULL : (char *)"force_tcg", NULL};
  ret->lib.set_error_handler(ret->g, NULL, NULL);
  if (ret->lib.parse_environment(ret->g) < 0 ||
      ret->lib.set_backend(ret->g, "direct") < 0 ||
      ret->lib.set_backend_settings(ret->g, settings) < 0)
    return appliance_fail(ret, "set up", err);
  return 0;
}

void appliance_done(struct appliance *a) {
  if (a->g)
    a->lib.close(a->g);
  if (a->lib.handle)
    (void)dlclose(a->lib.handle);
  *a = (struct appliance){0};
}
