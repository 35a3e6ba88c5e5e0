/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/host.h"

#include "base/file.h"
#include "base/mem.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

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

#define INOTIFY_LIMIT "/proc/sys/fs/inotify/max_user_instances"
#define INOTIFY_LINK "anon_inode:inotify"

uint64_t host_memory(void) {
  struct sysinfo info = {0};
  (void)sysinfo(&info); /* fails for no address but a wrong one */
  return (uint64_t)info.totalram * info.mem_unit;
}

/* Those of one process; one that ends meanwhile has none. */
static long count_inotify(int proc, const char *pid) {
  char path[64], to[32];
  struct stat st;
  long n = 0;
  if (fstatat(proc, pid, &st, 0) < 0 || st.st_uid != 0)
    return 0;
  (void)snprintf(path, sizeof(path), "%.20s/fd", pid);
  _cleanup_close_ int fd = openat(proc, path, O_DIRECTORY | O_CLOEXEC);
  DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
  if (!d)
    return 0;
  fd = -1; /* it is d's */
  for (const struct dirent *e; (e = readdir(d));) {
    ssize_t len = readlinkat(dirfd(d), e->d_name, to, sizeof(to));
    n += len == (ssize_t)strlen(INOTIFY_LINK) &&
         memcmp(to, INOTIFY_LINK, (size_t)len) == 0;
  }
  (void)closedir(d);
  return n;
}

long host_inotify_left(void) {
  _cleanup_buf_ struct buf text = {0};
  _cleanup_error_ struct error err = {0};
  if (geteuid() != 0 || file_read(INOTIFY_LIMIT, 64, &text, &err) < 0)
    return -1;
  long limit = strtol(text.data, NULL, 10);
  DIR *proc = opendir("/proc");
  if (!proc)
    return -1;
  for (const struct dirent *e; (e = readdir(proc));)
    if (isdigit((unsigned char)*e->d_name))
      limit -= count_inotify(dirfd(proc), e->d_name);
  (void)closedir(proc);
  return limit > 0 ? limit : 0;
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
