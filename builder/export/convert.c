/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/convert.h"

#include "base/json.h"
#include "base/mem.h"
#include <sys/stat.h>

#define PROGRAM "qemu-img"
#define PACKAGE "qemu-utils"
#define ANSWER_MAX ((size_t)1 << 20)

int convert_require(struct error *err) {
  return process_require(PROGRAM, PACKAGE, err);
}

/* What it says as JSON, or NULL; the caller json_decref's. */
static json_t *ask(const struct strv *argv, const char *image,
                   struct error *err) {
  _cleanup_buf_ struct buf out = {0};
  const struct process p = {.argv = argv,
                            .package = PACKAGE,
                            .output = &out,
                            .output_max = ANSWER_MAX};
  if (process_run(&p, err) < 0) {
    error_prefix(err, "image '%s'", image);
    return NULL;
  }
  json_t *j = json_loadb(out.data ? out.data : "", out.len, 0, NULL);
  if (!j)
    error_set(err, 0, "image '%s': " PROGRAM " says what is no JSON", image);
  return j;
}

int convert_ask(const char *image, uint64_t *ret_size, bool *ret_flat,
                struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, PROGRAM, "info", "-U", "--output=json", "-f", "qcow2",
                NULL);
  strv_push_file(&argv, image);
  _cleanup_json_ json_t *j = ask(&argv, image, err);
  json_int_t size = json_integer_value(json_object_get(j, "virtual-size"));
  if (!j)
    return -1;
  if (size <= 0)
    return error_set(err, 0, "image '%s': its size is not known", image);
  *ret_size = (uint64_t)size;
  *ret_flat = !json_object_get(j, "backing-filename");
  return 0;
}

int convert_measure(const char *image, uint64_t *ret, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  /* Of a raw one it would count the holes. */
  strv_push_all(&argv, PROGRAM, "measure", "-U", "--output=json", "-f", "qcow2",
                "-O", "qcow2", NULL);
  strv_push_file(&argv, image);
  _cleanup_json_ json_t *j = ask(&argv, image, err);
  if (!j)
    return -1;
  *ret = (uint64_t)json_integer_value(json_object_get(j, "required"));
  return 0;
}

/* ---- What takes its time ---- */

struct progress {
  const struct log *log;
  const char *tmp, *what;
};

static void show_alive(void *arg, unsigned seconds) {
  const struct progress *p = arg;
  struct stat st;
  double mb = stat(p->tmp, &st) == 0 ? (double)st.st_blocks * 512 / 1e6 : 0;
  _cleanup_free_ char *text = xasprintf("%s: %.0f MB", p->what, mb);
  log_alive(p->log, text, seconds);
}

int convert_run(const struct log *log, const struct process *p, const char *tmp,
                const char *what, struct error *err) {
  struct process own = *p;
  struct progress progress = {log, tmp, what};
  own.on_alive = show_alive;
  own.on_alive_arg = &progress;
  own.alive_every = PROCESS_ALIVE_SECONDS;
  int r = process_run(&own, err);
  log_clear(log);
  return r;
}

int convert_image(const struct log *log, const char *image, const char *format,
                  const char *options, const char *tmp, const char *what,
                  struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  const struct process p = {.argv = &argv, .package = PACKAGE};
  strv_push_all(&argv, PROGRAM, "convert", "-q", "-U", "-f", "qcow2", "-O",
                format, NULL);
  if (options)
    strv_push_all(&argv, "-o", options, NULL);
  strv_push_file(&argv, image);
  strv_push_file(&argv, tmp);
  return convert_run(log, &p, tmp, what, err);
}
