/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/look-alike.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdint.h>

static const struct {
  uint32_t character;
  bool first; /* only where a key or text begins */
  const char *name, *instead;
} look_alike[] = {
    {0x00A0, false, "a no-break space", "a space"},
    {0x2007, false, "a figure space", "a space"},
    {0x202F, false, "a narrow no-break space", "a space"},
    {0x3000, false, "an ideographic space", "a space"},
    {0x200B, false, "a zero-width space", "nothing"},
    {0xFEFF, false, "a byte order mark", "nothing"},
    {0x2010, true, "a hyphen", "'-'"},
    {0x2011, true, "a no-break hyphen", "'-'"},
    {0x2013, true, "an en dash", "'-'"},
    {0x2014, true, "an em dash", "'-'"},
    {0x2212, true, "a minus sign", "'-'"},
    {0x2018, true, "a typographic quote", "'"},
    {0x2019, true, "a typographic quote", "'"},
    {0x201C, true, "a typographic quote", "\""},
    {0x201D, true, "a typographic quote", "\""},
    {0x201E, true, "a typographic quote", "\""},
};

/* The first look-alike of a text that begins at line:column; at most one. */
static void look(const struct yaml_node *n, const char *text, int line,
                 int column, struct error *err) {
  uint32_t character;
  for (int i = 0, len; (len = utf8_next(text, &character)) > 0 && *text;
       text += len, i++)
    for (size_t j = 0; j < ARRAY_SIZE(look_alike); j++) {
      if (look_alike[j].character != character || (look_alike[j].first && i))
        continue;
      const struct yaml_node at = {
          .file = n->file, .line = line, .column = column + i};
      yaml_fault(err, &at,
                 "%s (U+%04X) stands here; write %s, or put the text in quotes",
                 look_alike[j].name, character, look_alike[j].instead);
      return;
    }
}

void look_alikes(const struct yaml_node *n, struct error *err) {
  if (n->key)
    look(n, n->key, n->key_line, n->key_column, err);
  if (n->kind == YAML_SCALAR && !n->quoted)
    look(n, n->text, n->line, n->column, err);
  for (size_t i = 0; i < n->n; i++)
    look_alikes(n->child[i], err);
}
