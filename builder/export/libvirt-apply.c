/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/libvirt-apply.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/quote.h"
#include "export/libvirt-xml.h"
#include "export/wires.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PROGRAM "virsh"
#define PACKAGE "libvirt-clients"
#define ANSWER_MAX ((size_t)4 << 20)
/* What only asks is answered soon, or not at all. */
#define ASK_SECONDS 60

/* ---- virsh ---- */

int libvirt_require(struct error *err) {
  return process_require(PROGRAM, PACKAGE, err);
}

static void show_alive(void *arg, unsigned seconds) {
  const struct export_job *job = arg;
  log_alive(job->log, "virsh is at work", seconds);
}

static int run(const struct export_job *job, const struct strv *words,
               struct buf *out, unsigned timeout, struct error *err) {
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  strv_push_all(&argv, PROGRAM, "-q", "-c", job->uri, NULL);
  for (size_t i = 0; i < words->n; i++)
    strv_push(&argv, words->v[i]);
  strv_push(&env, "LC_ALL=C");
  struct process p = {.argv = &argv,
                      .env = &env,
                      .package = PACKAGE,
                      .output = out,
                      .output_max = out ? ANSWER_MAX : 0,
                      .timeout = timeout,
                      .on_alive = show_alive,
                      .on_alive_arg = (void *)job,
                      .alive_every = PROCESS_ALIVE_SECONDS};
  int r = process_run(&p, err);
  log_clear(job->log);
  return r;
}

static int virsh(const struct export_job *job, const char *const *words,
                 struct error *err) {
  _cleanup_strv_ struct strv all = {0};
  for (; *words; words++)
    strv_push(&all, *words);
  return run(job, &all, NULL, 0, err);
}

#define VIRSH(job, err, ...)                                                   \
  virsh(job, (const char *const[]){__VA_ARGS__, NULL}, err)

static int ask(const struct export_job *job, const char *const *words,
               struct buf *out, struct error *err) {
  _cleanup_strv_ struct strv all = {0};
  for (; *words; words++)
    strv_push(&all, *words);
  if (run(job, &all, out, ASK_SECONDS, err) < 0)
    return -1;
  buf_adds(out, "");
  return 0;
}

#define ASK(job, out, err, ...)                                                \
  ask(job, (const char *const[]){__VA_ARGS__, NULL}, out, err)

/* For what is undone after a failure, which is the one that counts. */
static void undo_volume(const struct export_job *job, const char *volume) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  (void)!VIRSH(job, &ignored, "vol-delete", volume, pool);
}

static void undo_domain(const struct export_job *job, const char *domain) {
  _cleanup_error_ struct error ignored = {0};
  /* With it goes what its firmware keeps. */
  (void)!VIRSH(job, &ignored, "undefine", domain, job->uefi ? "--nvram" : NULL);
}

/* ---- What there is ---- */

/* Whether a list has the name as the first word of a line. */
static bool has(const struct buf *list, const char *name) {
  size_t n = strlen(name);
  for (const char *line = list->data; line && *line;) {
    const char *word = line + strspn(line, " ");
    if (strncmp(word, name, n) == 0 && strchr(" \n", word[n]))
      return true;
    line = strchr(line, '\n');
    line = line ? line + 1 : NULL;
  }
  return false;
}

struct there {
  struct buf domains, volumes;
};

static void there_done(struct there *t) {
  buf_done(&t->domains);
  buf_done(&t->volumes);
}
#define _cleanup_there_ _cleanup_(there_done)

static int look(const struct export_job *job, struct there *t,
                struct error *err) {
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  return ASK(job, &t->domains, err, "list", "--all", "--name") < 0 ||
                 ASK(job, &t->volumes, err, "vol-list", pool) < 0
             ? -1
             : 0;
}

static int check_pool(const struct export_job *job, struct error *err) {
  _cleanup_buf_ struct buf active = {0}, pool = {0}, uri = {0};
  if (ASK(job, &active, err, "pool-list", "--name") < 0)
    return error_prefix(err, "libvirt at '%s'", job->uri);
  if (has(&active, job->pool))
    return 0;
  quote_word(job->pool, &pool);
  quote_word(job->uri, &uri);
  return error_missing(
      err,
      "libvirt at '%s' has no active storage pool '%s'; --pool names another "
      "one of it, or `virsh -c %s pool-define-as %s dir --target FOLDER` and "
      "`virsh -c %s pool-start %s --build` make it",
      job->uri, job->pool, uri.data, pool.data, uri.data, pool.data);
}

/* Where an ISO's volume descriptor is, and its label in it (ECMA-119, 8.4), in
 * whatever case the writer has it. */
#define LABEL_AT "--offset=32808"
#define LABEL "cidata "

static bool is_seed(const struct export_job *job, const char *volume) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf label = {0};
  _cleanup_free_ char *vol = xasprintf("--vol=%s", volume);
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  return ASK(job, &label, &ignored, "vol-download", vol, "--file=/dev/stdout",
             pool, LABEL_AT, "--length=32") == 0 &&
         strncasecmp(label.data, LABEL, strlen(LABEL)) == 0;
}

/* A seed without a machine is made anew; what else has its name is not ours. */
static int check_seed(const struct export_job *job, const struct there *t,
                      size_t i, struct error *err) {
  _cleanup_free_ char *seed = libvirt_seed(job->plan, export_node(job, i));
  if (!has(&t->volumes, seed) || is_seed(job, seed))
    return 0;
  return error_set(err, 0,
                   "the pool '%s' has a volume '%s' that is no seed; --pool "
                   "names another pool",
                   job->pool, seed);
}

/* A disk without a machine may be all that is left of one. */
static int check_left(const struct export_job *job, const struct there *t,
                      size_t i, struct error *err) {
  const struct plan_node *node = export_node(job, i);
  _cleanup_free_ char *domain = libvirt_domain(job->plan, node);
  _cleanup_free_ char *disk = libvirt_disk(job->plan, node);
  if (has(&t->domains, domain))
    return 0;
  if (!has(&t->volumes, disk))
    return check_seed(job, t, i, err);
  _cleanup_buf_ struct buf pool = {0}, uri = {0};
  quote_word(job->pool, &pool);
  quote_word(job->uri, &uri);
  return error_set(err, 0,
                   "the pool '%s' has a disk '%s' of a machine that is not "
                   "there; `virsh -c %s vol-delete %s --pool %s` deletes it",
                   job->pool, disk, uri.data, disk, pool.data);
}

int libvirt_check(const struct export_job *job, struct error *err) {
  _cleanup_there_ struct there t = {0};
  if (check_pool(job, err) < 0 || look(job, &t, err) < 0)
    return -1;
  for (size_t i = 0; i < job->n_nodes; i++)
    if (check_left(job, &t, i, err) < 0)
      return -1;
  return 0;
}

int libvirt_ask_type(const struct export_job *job, enum libvirt_type *ret,
                     struct error *err) {
  _cleanup_buf_ struct buf says = {0};
  _cleanup_host_accel_ struct host_accel here = {0};
  if (ASK(job, &says, err, "capabilities") < 0)
    return -1;
  bool kvm = strstr(says.data, "<domain type='kvm'") != NULL;
  if (kvm && strstr(job->uri, ":///")) {
    /* libvirtd itself opens /dev/kvm, which this user need not be able to. */
    host_accel_probe(NULL, "/dev/null", &here);
    kvm = here.kvm;
  }
  *ret = kvm ? LIBVIRT_KVM : LIBVIRT_QEMU;
  return 0;
}

/* ---- Making ---- */

static int make_network(const struct export_job *job, size_t wire,
                        struct error *err) {
  _cleanup_buf_ struct buf all = {0}, active = {0};
  _cleanup_free_ char *name = wire_name(job->plan, wire);
  _cleanup_free_ char *base = libvirt_network_file(wire);
  _cleanup_free_ char *file = export_path(job, "%s", base);
  if (ASK(job, &all, err, "net-list", "--all", "--name") < 0)
    return -1;
  if (!has(&all, name) && (VIRSH(job, err, "net-define", file) < 0 ||
                           VIRSH(job, err, "net-autostart", name) < 0))
    return -1;
  if (ASK(job, &active, err, "net-list", "--name") < 0)
    return -1;
  return has(&active, name) ? 0 : VIRSH(job, err, "net-start", name);
}

static int make_networks(const struct export_job *job, struct error *err) {
  for (size_t wire = 0; wire < wires_count(job); wire++)
    if (make_network(job, wire, err) < 0)
      return -1;
  return 0;
}

/* A volume of so many bytes, filled from a file. */
static int upload(const struct export_job *job, const char *volume,
                  const char *format, const char *file, bool there,
                  struct error *err) {
  struct stat st;
  if (stat(file, &st) < 0)
    return error_set(err, errno, "cannot read '%s'", file);
  _cleanup_free_ char *size = xasprintf("%lldb", (long long)st.st_size);
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  _cleanup_free_ char *as = xasprintf("--format=%s", format);
  _cleanup_free_ char *vol = xasprintf("--vol=%s", volume);
  _cleanup_free_ char *from = xasprintf("--file=%s", file);
  if (!there &&
      VIRSH(job, err, "vol-create-as", job->pool, volume, size, as) < 0)
    return -1;
  if (VIRSH(job, err, "vol-upload", vol, from, pool) == 0)
    return 0;
  /* Disks may lie on one that was there; too short, it is uploaded again. */
  if (!there)
    undo_volume(job, volume);
  return -1;
}

/* The bytes that a volume takes, or 0 when that is not known. */
static unsigned long long physical(const struct export_job *job,
                                   const char *volume) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf says = {0};
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  if (ASK(job, &says, &ignored, "vol-info", volume, pool, "--bytes",
          "--physical") < 0)
    return 0;
  const char *at = strstr(says.data, "Physical:");
  return at ? strtoull(at + strlen("Physical:"), NULL, 10) : 0;
}

/* By its content: what has the name is the image, or what a run that was ended
 * has uploaded of it. */
static int make_base(const struct export_job *job, const struct there *t,
                     char **ret, struct error *err) {
  struct stat st;
  char hex[SHA256_HEX];
  _cleanup_free_ char *file = export_path(job, "image.qcow2");
  if (sha256_file(file, hex, err) < 0)
    return -1;
  if (stat(file, &st) < 0)
    return error_set(err, errno, "cannot read '%s'", file);
  *ret = xasprintf("kubeseed-%.16s.qcow2", hex);
  bool there = has(&t->volumes, *ret);
  unsigned long long now = there ? physical(job, *ret) : 0;
  if (there && now == 0)
    return error_set(err, 0, "it does not tell the size of the volume '%s'",
                     *ret);
  if (there && now == (unsigned long long)st.st_size)
    return 0;
  log_info(job->log, "uploading the image");
  return upload(job, *ret, "qcow2", file, there, err);
}

/* Also in the place of one that a machine has left, whose size may be another.
 */
static int make_seed(const struct export_job *job, const struct there *t,
                     const struct plan_node *n, struct error *err) {
  _cleanup_free_ char *seed = libvirt_seed(job->plan, n);
  _cleanup_free_ char *file = export_path(job, "%s.iso", n->name);
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  if (has(&t->volumes, seed)) {
    log_info(job->log, "the seed '%s' of a machine that is gone is replaced",
             seed);
    if (VIRSH(job, err, "vol-delete", seed, pool) < 0)
      return -1;
  }
  return upload(job, seed, "raw", file, false, err);
}

static int make_disks(const struct export_job *job, const struct there *t,
                      const struct plan_node *n, const char *base,
                      struct error *err) {
  _cleanup_free_ char *disk = libvirt_disk(job->plan, n);
  _cleanup_free_ char *on = xasprintf("--backing-vol=%s", base);
  _cleanup_free_ char *size =
      xasprintf("%llub", (unsigned long long)n->spec->disk);
  if (VIRSH(job, err, "vol-create-as", job->pool, disk, size, "--format=qcow2",
            on, "--backing-vol-format=qcow2") < 0)
    return -1;
  if (make_seed(job, t, n, err) == 0)
    return 0;
  undo_volume(job, disk);
  return -1;
}

int libvirt_write_domain(const struct export_job *job,
                         const struct plan_node *node, enum libvirt_type type,
                         const char *disk, const char *seed,
                         struct error *err) {
  _cleanup_buf_ struct buf domain = {0};
  _cleanup_free_ char *file = export_path(job, "%s.domain.xml", node->name);
  const struct libvirt_shape shape = {.type = type,
                                      .pool = job->pool,
                                      .disk = disk,
                                      .seed = seed,
                                      .bridge = job->bridge,
                                      .uefi = job->uefi};
  libvirt_domain_xml(job->plan, node, &shape, &domain);
  return file_write(file, domain.data, domain.len, 0644, err);
}

/* The file on libvirt's host that a volume is, or NULL where it is something
 * else. The caller frees. */
static int file_of(const struct export_job *job, const char *volume, char **ret,
                   struct error *err) {
  _cleanup_buf_ struct buf says = {0}, path = {0};
  _cleanup_free_ char *pool = xasprintf("--pool=%s", job->pool);
  *ret = NULL;
  if (ASK(job, &says, err, "vol-info", volume, pool) < 0)
    return -1;
  const char *type = strstr(says.data, "\nType:");
  char word[8];
  if (!type || sscanf(type, "\nType: %7s", word) != 1 ||
      strcmp(word, "file") != 0)
    return 0;
  if (ASK(job, &path, err, "vol-path", volume, pool) < 0)
    return -1;
  path.data[strcspn(path.data, "\n")] = '\0';
  *ret = path.data[0] == '/' ? xstrdup(path.data) : NULL;
  return 0;
}

/* With files in it: with them AppArmor lets the machine have what lies behind
 * its disk. */
static int name_files(const struct export_job *job, const struct plan_node *n,
                      enum libvirt_type type, const char *disk,
                      const char *seed, struct error *err) {
  _cleanup_free_ char *disk_file = NULL, *seed_file = NULL;
  return file_of(job, disk, &disk_file, err) < 0 ||
                 file_of(job, seed, &seed_file, err) < 0
             ? -1
             : libvirt_write_domain(job, n, type, disk_file, seed_file, err);
}

static int make_machine(const struct export_job *job, const struct there *t,
                        const struct plan_node *n, enum libvirt_type type,
                        const char *base, struct error *err) {
  _cleanup_free_ char *domain = libvirt_domain(job->plan, n);
  _cleanup_free_ char *disk = libvirt_disk(job->plan, n);
  _cleanup_free_ char *seed = libvirt_seed(job->plan, n);
  _cleanup_free_ char *file = export_path(job, "%s.domain.xml", n->name);
  if (make_disks(job, t, n, base, err) < 0)
    return -1;
  if (name_files(job, n, type, disk, seed, err) == 0 &&
      VIRSH(job, err, "define", file) == 0) {
    if (VIRSH(job, err, "start", domain) == 0)
      return 0;
    undo_domain(job, domain);
  }
  undo_volume(job, disk);
  undo_volume(job, seed);
  return -1;
}

int libvirt_apply(const struct export_job *job, struct error *err) {
  _cleanup_there_ struct there t = {0};
  _cleanup_free_ char *base = NULL;
  enum libvirt_type type;
  if (libvirt_ask_type(job, &type, err) < 0 ||
      (!job->bridge && make_networks(job, err) < 0) || look(job, &t, err) < 0 ||
      make_base(job, &t, &base, err) < 0)
    return error_prefix(err, "libvirt at '%s'", job->uri);
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_node *n = export_node(job, i);
    _cleanup_free_ char *domain = libvirt_domain(job->plan, n);
    if (has(&t.domains, domain)) {
      log_info(job->log, "%s is there already, and stays as it is", domain);
      continue;
    }
    if (make_machine(job, &t, n, type, base, err) < 0)
      return error_prefix(err, "libvirt at '%s': %s", job->uri, domain);
    log_info(job->log, "%s is switched on", domain);
  }
  return 0;
}
