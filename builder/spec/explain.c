/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/explain.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/word.h"
#include <string.h>
#include <strings.h>

#define WIDTH 79
#define MAX_WORDS 64

/* ---- Finding a key ---- */

/* The keys with this last name, as "'image.disk' or 'nodes.disk'". */
static char *keys_named(const char *name) {
  struct buf list = {0};
  for (const struct key *k = spec_keys; k->path; k++)
    if (strcmp(key_name(k), name) == 0)
      buf_addf(&list, "%s'%s'", list.len ? " or " : "", k->path);
  return buf_take(&list);
}

static int unknown_key(const char *path, struct error *err) {
  const char *dot = strrchr(path, '.');
  const char *name = dot ? dot + 1 : path;
  _cleanup_free_ const char **words = xcalloc(2 * n_spec_keys, sizeof(*words));
  for (size_t i = 0; i < n_spec_keys; i++) {
    words[i] = spec_keys[i].path;
    words[n_spec_keys + i] = key_name(&spec_keys[i]);
  }
  _cleanup_free_ char *same = keys_named(name);
  if (*same)
    return error_usage(err, "there is no key '%s'; did you mean %s?", path,
                       same);
  const char *near = nearest_word(path, words, 2 * n_spec_keys);
  _cleanup_free_ char *found =
      keys_named(near && !strchr(near, '.') ? near : "");
  if (near)
    return error_usage(err, "there is no key '%s'; did you mean %s%s%s?", path,
                       *found ? "" : "'", *found ? found : near,
                       *found ? "" : "'");
  return error_usage(err,
                     "there is no key '%s'; kubeseed explain --recursive shows "
                     "them all",
                     path);
}

const struct key *explain_find(const char *path, struct error *err) {
  const struct key *k = key_find(path);
  if (!k)
    (void)unknown_key(path, err);
  return k;
}

bool explain_is_code(const char *text) {
  return strncasecmp(text, "KS", 2) == 0 && text[2] &&
         strspn(text + 2, "0123456789") == strlen(text + 2);
}

const struct code *explain_find_code(const char *name, struct error *err) {
  _cleanup_free_ char *large = xasprintf("KS%s", name + 2);
  const struct code *c = code_find(large);
  if (!c)
    error_usage(err,
                "there is no code '%s'; kubeseed explain --output codes lists "
                "them all",
                name);
  return c;
}

const struct word *explain_word(const struct key *k, const char *word,
                                struct error *err) {
  const char *words[MAX_WORDS];
  size_t n = 0;
  if (k->brief)
    k = key_brief(k);
  for (const struct word *w = k->words; w && w->word && n < MAX_WORDS; w++) {
    if (strcmp(w->word, word) == 0)
      return w;
    words[n++] = w->word;
  }
  const char *near = nearest_word(word, words, n);
  _cleanup_free_ char *rule = key_rule(k);
  if (near)
    error_usage(err, "'%s' has no value '%s'; did you mean '%s'?", k->path,
                word, near);
  else
    error_usage(err, "'%s' has no value '%s' to explain; it must be %s",
                k->path, word, rule);
  return NULL;
}

/* ---- For people ---- */

/* Prints text in lines, each behind `indent` blanks. */
static void wrap(const char *text, int indent, FILE *out) {
  int column = 0;
  while (*text) {
    int n = (int)strcspn(text, " ");
    if (column && column + 1 + n > WIDTH) {
      fputc('\n', out);
      column = 0;
    }
    fprintf(out, "%*s%.*s", column ? 1 : indent, "", n, text);
    column += n + (column ? 1 : indent);
    text += n;
    text += strspn(text, " ");
  }
  fputc('\n', out);
}

/* What holds unless the key is written, in words; NULL when it must be. */
static const char *default_of(const struct key *k) {
  return k->value ? k->value : k->derived;
}

static void print_title(const struct key *k, FILE *out) {
  fprintf(out, "KIND:       Cluster\nVERSION:    kubeseed/v1\n\n");
  if (k)
    fprintf(out, "FIELD: %s <%s>%s\n\n", k->path, key_type_name(k),
            k->required ? " -required-" : "");
}

static void print_words(const struct key *k, FILE *out) {
  int longest = 0;
  for (const struct word *w = k->words; w->word; w++)
    if ((int)strlen(w->word) > longest)
      longest = (int)strlen(w->word);
  fprintf(out, "VALUES:\n");
  for (const struct word *w = k->words; w->word; w++) {
    _cleanup_buf_ struct buf text = {0};
    buf_adds(&text, w->doc);
    fprintf(out, "    %-*s", longest, w->word);
    if (longest + 6 + (int)text.len <= WIDTH) {
      fprintf(out, "  %s\n", w->doc);
      continue;
    }
    fputc('\n', out);
    wrap(w->doc, 8, out);
  }
  fputc('\n', out);
}

/* What a value looks like, for keys that hold one. */
static void print_value_rules(const struct key *of, FILE *out) {
  const struct key *k = of->brief ? key_brief(of) : of;
  if (k->type == TYPE_MAP)
    return;
  if (k->words)
    print_words(k, out);
  else if (k->type != TYPE_LIST) {
    _cleanup_free_ char *rule = key_rule(k);
    fprintf(out, "VALUE:\n");
    wrap(rule, 4, out);
    fputc('\n', out);
  }
  if (default_of(k))
    fprintf(out, "DEFAULT:    %s\n", default_of(k));
  if (k->example)
    fprintf(out, "EXAMPLE:    %s: %s\n", key_name(k), k->example);
  fprintf(out, "SINCE:      kubeseed %s\n", of->since);
}

static void print_field(const struct key *k, int indent, FILE *out) {
  fprintf(out, "%*s%s\t<%s>%s\n", indent, "", key_name(k), key_type_name(k),
          k->required ? " -required-" : "");
}

static void print_tree(const struct key *of, int indent, FILE *out) {
  for (const struct key *k = key_first(of); k; k = key_next(k)) {
    print_field(k, indent, out);
    print_tree(k, indent + 2, out);
  }
}

static void print_fields(const struct key *of, FILE *out) {
  for (const struct key *k = key_first(of); k; k = key_next(k)) {
    print_field(k, 2, out);
    wrap(k->doc, 4, out);
    if (k->type == TYPE_WORD || k->type == TYPE_INT || k->type == TYPE_PERIOD) {
      _cleanup_free_ char *rule = key_rule(k);
      _cleanup_free_ char *text = xasprintf("Must be %s.", rule);
      wrap(text, 4, out);
    }
    if (default_of(k)) {
      _cleanup_free_ char *text = xasprintf("Default: %s.", default_of(k));
      wrap(text, 4, out);
    }
    if (key_next(k))
      fputc('\n', out);
  }
}

void explain_key(const struct key *k, bool recursive, FILE *out) {
  print_title(k, out);
  fprintf(out, "DESCRIPTION:\n");
  wrap(k ? k->doc
         : "A cluster with all its machines. "
           "'kubeseed explain KEY' tells more of each key.",
       4, out);
  fputc('\n', out);
  if (k)
    print_value_rules(k, out);
  if (!key_first(k))
    return;
  fprintf(out, "%sFIELDS:\n",
          k && (k->type == TYPE_LIST || k->brief) ? "\n" : "");
  if (recursive)
    print_tree(k, 2, out);
  else
    print_fields(k, out);
}

void explain_value(const struct key *k, const struct word *w, FILE *out) {
  print_title(k, out);
  fprintf(out, "VALUE: %s\n\nDESCRIPTION:\n", w->word);
  wrap(w->doc, 4, out);
}

void explain_code(const struct code *c, FILE *out) {
  fprintf(out, "CODE:       %s\nFAULT:      %s\n\nDESCRIPTION:\n", c->name,
          c->title);
  wrap(c->doc, 4, out);
}

/* ---- For scripts ---- */

/* Those that may stand behind the key. */
static const struct word *words_of(const struct key *k) {
  return k->brief ? key_brief(k)->words : k->words;
}

void explain_codes(FILE *out) {
  for (const struct code *c = spec_codes; c->name; c++)
    fprintf(out, "%s\t%s\n", c->name, c->title);
}

void explain_words(const struct key *k, FILE *out) {
  if (!k)
    for (k = spec_keys; k->path; k++)
      fprintf(out, "%s\n", k->path);
  else
    for (const struct word *w = words_of(k); w && w->word; w++)
      fprintf(out, "%s\n", w->word);
}

void explain_comments(FILE *out) {
  for (const struct key *k = spec_keys; k->path; k++) {
    fprintf(out, "%s\t%s\n", k->path, k->doc);
    if (k->derived)
      fprintf(out, "%s\t%s\n", k->path, k->derived);
    for (const struct word *w = words_of(k); w && w->word; w++)
      fprintf(out, "%s\t%s\n", k->path, w->doc);
  }
}

/* ---- The manual ---- */

/* Text lines of mdoc: a sentence begins a line, and none begins as a macro
 * would. */
static void mdoc_text(const char *text, FILE *out) {
  while (*text) {
    const char *stop = strstr(text, ". ");
    size_t n = stop ? (size_t)(stop - text) + 1 : strlen(text);
    _cleanup_free_ char *sentence = xstrndup(text, n);
    if (strchr(".'", *sentence))
      fputs("\\&", out);
    wrap(sentence, 0, out);
    text += n;
    text += strspn(text, " ");
  }
}

static void mdoc_words(const struct key *k, FILE *out) {
  fprintf(out, ".Bl -tag -width Ds -compact\n");
  for (const struct word *w = k->words; w->word; w++) {
    fprintf(out, ".It Cm %s\n", w->word);
    _cleanup_free_ char *text = xasprintf("%s.", w->doc);
    mdoc_text(text, out);
  }
  fprintf(out, ".El\n");
}

static void mdoc_key(const struct key *k, const char *name, FILE *out) {
  fprintf(out, ".It Cm %s Pq %s%s\n", name, key_type_name(k),
          k->required ? ", required" : "");
  mdoc_text(k->doc, out);
  if (k->type == TYPE_INT || k->type == TYPE_PERIOD) {
    _cleanup_free_ char *rule = key_rule(k);
    _cleanup_free_ char *text = xasprintf("Must be %s.", rule);
    mdoc_text(text, out);
  }
  if (k->words)
    mdoc_words(k, out);
  if (default_of(k)) {
    _cleanup_free_ char *text = xasprintf("Default: %s.", default_of(k));
    mdoc_text(text, out);
  }
  if (k->example)
    fprintf(out, "Example:\n.Ql %s: %s\n", key_name(k), k->example);
}

/* The keys of maps under their whole paths; those of lists have sections. */
static void mdoc_keys(const struct key *of, FILE *out) {
  for (const struct key *k = key_first(of); k; k = key_next(k)) {
    mdoc_key(k, of && of->type == TYPE_LIST ? key_name(k) : k->path, out);
    if (k->type == TYPE_MAP)
      mdoc_keys(k, out);
  }
}

static void mdoc_section(const char *title, const struct key *of, FILE *out) {
  fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", title);
  mdoc_keys(of, out);
  fprintf(out, ".El\n");
}

void explain_manual(FILE *out) {
  mdoc_section("The cluster", NULL, out);
  /* Those inside others are like the ones of the same name. */
  for (const struct key *k = key_first(NULL); k; k = key_next(k))
    if (k->type == TYPE_LIST) {
      _cleanup_free_ char *title = xasprintf("Each of the %s", key_name(k));
      mdoc_section(title, k, out);
    }
}
