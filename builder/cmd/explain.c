/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed explain: what a key of the spec means. */
#include "cmd/explain-file.h"

#include "spec/explain.h"
#include <getopt.h>
#include <string.h>

static const struct option options[] = {
    {"recursive", no_argument, NULL, 'r'},
    {"output", required_argument, NULL, 'o'},
    {0},
};

struct request {
  const struct code *code;  /* if not NULL, this and nothing else */
  const struct key *key;    /* NULL: the whole spec */
  const struct word *value; /* NULL: the key itself */
  bool recursive;
};

static void print_text(const struct request *r) {
  if (r->code)
    explain_code(r->code, stdout);
  else if (r->value)
    explain_value(r->key, r->value, stdout);
  else
    explain_key(r->key, r->recursive, stdout);
}

static void print_words(const struct request *r) {
  explain_words(r->key, stdout);
}

static void print_man(const struct request *r) {
  (void)r;
  explain_manual(stdout);
}

static void print_comments(const struct request *r) {
  (void)r;
  explain_comments(stdout);
}

static void print_codes(const struct request *r) {
  (void)r;
  explain_codes(stdout);
}

static const struct format {
  const char *name;
  void (*print)(const struct request *r);
  bool whole; /* of all keys */
} formats[] = {
    {"text", print_text, false},  {"words", print_words, false},
    {"man", print_man, true},     {"comments", print_comments, true},
    {"codes", print_codes, true},
};

static const struct format *find_format(const char *name, struct error *err) {
  for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
    if (strcmp(formats[i].name, name) == 0)
      return &formats[i];
  error_usage(err, "--output is text, words, man, comments or codes, not '%s'",
              name);
  return NULL;
}

int cmd_explain(struct cli *cli, int argc, char **argv, struct error *err) {
  struct request r = {0};
  const struct format *format = formats;
  for (int c; (c = cli_getopt(argc, argv, "ro:", options, err)) != -1;) {
    if (c == '?')
      return -1;
    if (c == 'r')
      r.recursive = true;
    else if (!(format = find_format(optarg, err)))
      return -1;
  }
  if (explain_file_asked(argv + optind, argc - optind))
    return explain_file(cli, argc, argv, err);
  if (argc - optind > 2)
    return error_usage(
        err, "one key at a time: kubeseed explain [KEY [VALUE] | CODE], or a "
             "file's path behind a node: kubeseed explain [SPEC] NODE FILE");
  if (optind < argc && format->whole)
    return error_usage(err, "--output %s is of all keys, without KEY",
                       format->name);
  if (optind < argc && explain_is_code(argv[optind])) {
    if (!(r.code = explain_find_code(argv[optind], err)))
      return -1;
  } else if (optind < argc && !(r.key = explain_find(argv[optind], err)))
    return -1;
  if (r.code && (optind + 1 < argc || format->print != print_text))
    return error_usage(err, "a code is explained alone: kubeseed explain %s",
                       r.code->name);
  if (optind + 1 < argc &&
      !(r.value = explain_word(r.key, argv[optind + 1], err)))
    return -1;
  format->print(&r);
  return 0;
}
