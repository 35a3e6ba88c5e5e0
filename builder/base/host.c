/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/host.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysinfo.h>

/* /proc/cpuinfo of a machine with a thousand cores has about 2 MB. */
#define CPUINFO_MAX ((size_t)16 << 20)

/* Whether the "flags" line of a cpuinfo has the whole word. */
static bool cpu_has(const char *cpuinfo, const char *word) {
  const char *line = strstr(cpuinfo, "\nflags");
  line = line ? line + 1 : cpuinfo;
  size_t len = strcspn(line, "\n");
  size_t n = strlen(word);
  for (const char *p = line; p + n <= line + len; p++) {
    bool begins = p == line || p[-1] == ' ' || p[-1] == '\t';
    bool ends = p[n] == '\0' || p[n] == ' ' || p[n] == '\n';
    if (begins && ends && strncmp(p, word, n) == 0)
      return true;
  }
  return false;
}

static bool cpuinfo_has_virtualisation(const char *path) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  if (file_read(path, CPUINFO_MAX, &b, &ignored) < 0)
    return false;
  return cpu_has(b.data, "vmx") || cpu_has(b.data, "svm");
}

void host_accel_probe(const char *cpuinfo, const char *device,
                      struct host_accel *ret) {
  cpuinfo = cpuinfo ? cpuinfo : "/proc/cpuinfo";
  device = device ? device : "/dev/kvm";
  *ret = (struct host_accel){0};
  bool cpu = cpuinfo_has_virtualisation(cpuinfo);
  if (!cpu) {
    ret->reason = xasprintf("no KVM: no vmx or svm in %s%s%s", cpuinfo,
                            file_exists(device) ? ", though there is " : "",
                            file_exists(device) ? device : "");
    return;
  }
  _cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    ret->reason =
        xasprintf("no KVM: %s: %s%s", device, strerror(errno),
                  errno == EACCES ? " (is this user in the group kvm?)" : "");
    return;
  }
  ret->kvm = true;
  ret->reason = xasprintf("the CPU can and %s opens", device);
}

void host_accel_done(struct host_accel *a) {
  free(a->reason);
  *a = (struct host_accel){0};
}

uint64_t host_memory(void) {
  struct sysinfo info = {0};
  (void)sysinfo(&info); /* fails for no address but a wrong one */
  return (uint64_t)info.totalram * info.mem_unit;
}

const char *host_architecture(void) {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return NULL;
#endif
}
