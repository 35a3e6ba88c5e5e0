/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/words.h"

#include "base/quote.h"
#include "cmd/nearby.h"
#include <string.h>
#include <sys/stat.h>

bool words_is_spec(const char *word) {
  struct stat st;
  return strcmp(word, "-") == 0 || strpbrk(word, "./") ||
         (stat(word, &st) == 0 && !S_ISDIR(st.st_mode));
}

static int not_so(const struct cli *cli, const char *needs, struct error *err) {
  return error_usage(err, "%s needs %s: kubeseed %s %s", cli->command->name,
                     needs, cli->command->name, cli->command->args);
}

/* "a.yaml, b.yaml and c.yaml"; the caller frees. */
static char *and_list(const struct strv *l) {
  enum { SHOWN = 8 };
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < l->n && i < SHOWN; i++)
    buf_addf(&b, "%s%s", i == 0 ? "" : i + 1 == l->n ? " and " : ", ", l->v[i]);
  buf_adds(&b, l->n > SHOWN ? ", ..." : "");
  return buf_take(&b);
}

/* The one spec of this folder. word is what stands in its place, or NULL: where
 * there is none it may have been meant to be one. */
static int find(struct cli *cli, const char *word, struct error *err) {
  const char *name = cli->command->name;
  _cleanup_strv_ struct strv here = {0};
  spec_list(".", &here);
  if (here.n == 0 && word) {
    cli->spec = word;
    return 0;
  }
  if (here.n == 0)
    return error_usage(err,
                       "there is no spec in this folder; name one: kubeseed %s "
                       "%s; `kubeseed init` writes one to begin with",
                       name, cli->command->args);
  if (here.n > 1) {
    _cleanup_free_ char *all = and_list(&here);
    _cleanup_buf_ struct buf first = {0};
    quote_word(here.v[0], &first);
    return error_usage(err,
                       "there are %zu specs in this folder, %s; name one, as "
                       "in `kubeseed %s %s%s%s`",
                       here.n, all, name, first.data, word ? " " : "",
                       word ? word : "");
  }
  cli->spec = cli->found = xstrdup(here.v[0]);
  return 0;
}

int words_take(struct cli *cli, int argc, char **argv, int least, int most,
               const char *needs, struct error *err) {
  char **words = argv + optind;
  int n = argc - optind;
  bool named = n > 0 && (most == 0 || words_is_spec(words[0]));
  if (n - named > most || n - named < least)
    return not_so(cli, needs, err);
  if (named)
    cli->spec = words[0];
  else if (find(cli, n > 0 ? words[0] : NULL, err) < 0)
    return -1;
  /* A word that turned out to be the spec's. */
  named = n > 0 && cli->spec == words[0];
  if (n - named < least)
    return not_so(cli, needs, err);
  cli->names = words + named;
  cli->n_names = n - named;
  return 0;
}
