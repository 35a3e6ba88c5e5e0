/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed seal, unseal: a state's keys behind a pass phrase, and back. */
#include "base/file.h"
#include "cmd/words.h"
#include "format/sealed.h"
#include "machine/kind.h"
#include "state/commit.h"
#include "state/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MAX_SEALED ((size_t)256 << 20)
#define MAX_KEY ((size_t)1 << 20)
#define PHRASE_MAX 1024
#define PHRASE_MIN 8
#define PHRASE_VARIABLE "KUBESEED_PASSPHRASE_FILE"

/* ---- The pass phrase ---- */

/* The first line of what is open; one byte each, so that nothing of it lies in
 * a buffer of stdio's. */
static int read_line(int fd, const char *from, struct buf *ret,
                     struct error *err) {
  char c = 0;
  ssize_t n;
  while ((n = read(fd, &c, 1)) == 1 && c != '\n' && ret->len < PHRASE_MAX)
    buf_add(ret, &c, 1);
  if (n < 0)
    return error_set(err, errno, "cannot read the pass phrase from %s", from);
  if (ret->len == 0 || ret->len == PHRASE_MAX)
    return error_set(err, 0, "there is no pass phrase in the first line of %s",
                     from);
  return 0;
}

static int ask_once(int tty, const char *question, struct buf *ret,
                    struct error *err) {
  struct termios before, quiet;
  if (dprintf(tty, "%s: ", question) < 0 || tcgetattr(tty, &before) < 0)
    return error_set(err, errno, "cannot ask the terminal");
  quiet = before;
  quiet.c_lflag &= ~(tcflag_t)ECHO;
  (void)tcsetattr(tty, TCSAFLUSH, &quiet);
  int r = read_line(tty, "the terminal", ret, err);
  (void)tcsetattr(tty, TCSAFLUSH, &before);
  (void)dprintf(tty, "\n");
  return r;
}

static int ask(bool twice, struct buf *ret, struct error *err) {
  _cleanup_buf_ struct buf again = {0};
  _cleanup_close_ int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (tty < 0)
    return error_usage(err, "there is no terminal to ask for the pass phrase; "
                            "name a file that has it with --passphrase-file, "
                            "or in " PHRASE_VARIABLE);
  if (ask_once(tty, "Pass phrase", ret, err) < 0 ||
      (twice && ask_once(tty, "Once more", &again, err) < 0))
    return -1;
  if (twice &&
      (again.len != ret->len || memcmp(again.data, ret->data, ret->len) != 0))
    return error_set(err, 0, "the two are not the same; nothing was done");
  return 0;
}

static int read_phrase(const char *file, bool twice, struct buf *ret,
                       struct error *err) {
  if (!file)
    file = getenv(PHRASE_VARIABLE);
  if (!file)
    return ask(twice, ret, err);
  if (strcmp(file, "-") == 0)
    return read_line(STDIN_FILENO, "standard input", ret, err);
  _cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", file);
  return read_line(fd, file, ret, err);
}

/* ---- What is sealed ---- */

struct work {
  const struct state *state;
  struct commit commit;
  struct strv left; /* secrets that stay as they are */
};

static void work_done(struct work *w) {
  commit_done(&w->commit);
  strv_done(&w->left);
}

static bool is_key(const struct layout_item *item) {
  return item->row && item->row->part == LAYOUT_KEYS && !item->temporary &&
         strncmp(item->path, "pki", strlen("pki")) == 0 &&
         strcmp(item->path, "pki/" LAYOUT_COMMIT) != 0;
}

static int take(const struct layout_item *item, void *arg, struct error *err) {
  struct work *w = arg;
  _cleanup_buf_ struct buf data = {0};
  _cleanup_free_ char *path = state_path(w->state, "%s", item->path);
  const struct layout_row *row = item->row;
  if (row && row->secret && (row->part & (LAYOUT_MACHINE | LAYOUT_EXPORT)) &&
      strcmp(item->path, "qemu.conf") != 0)
    strv_push(&w->left, item->path);
  if (!is_key(item) || row->folder)
    return 0;
  if (file_read(path, MAX_KEY, &data, err) < 0)
    return -1;
  commit_add(&w->commit, item->path + strlen("pki") + 1, data.data, data.len);
  return 0;
}

static int check_off(const struct cluster *c, struct error *err) {
  for (size_t i = 0; i < c->plan.nodes.n; i++)
    if (c->kind->running(&c->state, c->plan.nodes.v[i].name, NULL))
      return error_set(err, 0,
                       "the machine of %s is on, and needs its seed; `kubeseed "
                       "down %s` first",
                       c->plan.nodes.v[i].name, c->state.target);
  return 0;
}

/* Opens what was sealed: a pass phrase that has a slip of the finger in it, or
 * a disk that keeps other bytes, is seen while the keys are still there. */
static int open_sealed(const char *path, const struct buf *phrase,
                       struct buf *ret, struct error *err) {
  _cleanup_buf_ struct buf sealed = {0};
  if (file_read(path, MAX_SEALED, &sealed, err) < 0)
    return -1;
  if (sealed_open(phrase, &sealed, ret, err) < 0)
    return error_prefix(err, "%s", path);
  return 0;
}

static int write_sealed(struct work *w, const char *path,
                        const struct buf *phrase, struct error *err) {
  _cleanup_buf_ struct buf sealed = {0};
  _cleanup_buf_ struct buf back = {0};
  if (sealed_make(phrase, &w->commit.text, &sealed, err) < 0 ||
      file_write(path, sealed.data, sealed.len, 0600, err) < 0 ||
      open_sealed(path, phrase, &back, err) < 0)
    return -1;
  if (back.len != w->commit.text.len ||
      memcmp(back.data, w->commit.text.data, back.len) != 0)
    return error_set(err, 0, "'%s' does not hold what was written", path);
  return 0;
}

static void tell_left(const struct cli *cli, const struct work *w) {
  enum { SHOWN = 5 };
  _cleanup_buf_ struct buf names = {0};
  for (size_t i = 0; i < w->left.n && i < SHOWN; i++)
    buf_addf(&names, "%s%s", i ? ", " : "", w->left.v[i]);
  if (w->left.n > 0)
    log_warn(&cli->log, "'%s' still has keys in the clear: %s%s", w->state->dir,
             names.data, w->left.n > SHOWN ? ", ..." : "");
}

/* What an interrupted run left is removed by the next one: while the sealed
 * file is there no command makes or changes keys. */
static int seal(const struct cli *cli, struct cluster *c, const char *file,
                struct error *err) {
  _cleanup_(work_done) struct work w = {.state = &c->state};
  _cleanup_free_ char *path = state_path(&c->state, LAYOUT_SEALED);
  _cleanup_free_ char *conf = state_path(&c->state, "qemu.conf");
  _cleanup_buf_ struct buf phrase = {0}, back = {0};
  bool sealed = file_exists(path);
  /* Below a file is nothing: they are put back where none are. */
  w.commit.dir = path;
  if (check_off(c, err) < 0 ||
      layout_walk(c->state.dir, LAYOUT_ALL, take, &w, err) < 0)
    return -1;
  if (!sealed && w.commit.text.len == 0)
    return error_set(err, 0, "there are no keys in '%s'", c->state.dir);
  if (sealed && w.commit.text.len == 0)
    return error_set(err, 0, "the keys in '%s' are sealed already",
                     c->state.dir);
  buf_adds(&w.commit.text, "end\n");
  if (read_phrase(file, !sealed, &phrase, err) < 0)
    return -1;
  if (phrase.len < PHRASE_MIN)
    return error_usage(err, "the pass phrase is shorter than %d letters",
                       PHRASE_MIN);
  if ((sealed ? open_sealed(path, &phrase, &back, err)
              : write_sealed(&w, path, &phrase, err)) < 0 ||
      layout_remove(c->state.dir, LAYOUT_SEEDS | LAYOUT_KEYS, err) < 0)
    return -1;
  if (unlink(conf) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot delete '%s'", conf);
  tell_left(cli, &w);
  log_info(&cli->log,
           "the keys are in '%s'; without the pass phrase nobody gets them "
           "back. The seeds are gone, `kubeseed seed` makes the same again",
           path);
  return 0;
}

/* ---- And back ---- */

static int unseal(const struct cli *cli, struct cluster *c, const char *file,
                  struct error *err) {
  _cleanup_free_ char *path = state_path(&c->state, LAYOUT_SEALED);
  _cleanup_free_ char *pki = state_path(&c->state, "pki");
  _cleanup_free_ char *commit = xasprintf("%s/" LAYOUT_COMMIT, pki);
  _cleanup_buf_ struct buf phrase = {0}, text = {0};
  if (!file_exists(path))
    return error_set(err, 0, "the keys in '%s' are not sealed", c->state.dir);
  /* Put in place as new keys are: all of them, whatever ends the program. */
  if (read_phrase(file, false, &phrase, err) < 0 ||
      open_sealed(path, &phrase, &text, err) < 0 ||
      file_mkdirs(pki, 0700, err) < 0 ||
      file_write(commit, text.data, text.len, 0600, err) < 0 ||
      commit_finish(pki, err) < 0)
    return -1;
  if (unlink(path) < 0)
    return error_set(err, errno, "cannot delete '%s'", path);
  log_info(&cli->log,
           "the keys are in '%s' again; `kubeseed seed %s` makes "
           "the seeds",
           pki, c->state.target);
  return 0;
}

static int run(struct cli *cli, int argc, char **argv, bool seals,
               struct error *err) {
  static const struct option options[] = {
      {"passphrase-file", required_argument, NULL, 'p'}, {0}};
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  const char *file = NULL;
  for (int o; (o = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (o != 'p')
      return -1;
    file = optarg;
  }
  if (words_take(cli, argc, argv, 0, 0, "one spec", err) < 0 ||
      cluster_load(cli, cli->spec, &c, err) < 0)
    return -1;
  c.takes_sealed = true;
  if (cluster_open_state(cli, &c, false, true, err) < 0)
    return -1;
  return seals ? seal(cli, &c, file, err) : unseal(cli, &c, file, err);
}

int cmd_seal(struct cli *cli, int argc, char **argv, struct error *err) {
  return run(cli, argc, argv, true, err);
}

int cmd_unseal(struct cli *cli, int argc, char **argv, struct error *err) {
  return run(cli, argc, argv, false, err);
}
