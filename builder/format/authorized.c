/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/authorized.h"

#include "base/codec.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* RFC 4253 6.6, RFC 5656 3.1, RFC 8709 and openssh-portable PROTOCOL.u2f: a
 * type's name, and how many strings follow it in the blob. */
struct key_type {
  const char *name;
  int strings;
  const char *old; /* why sshd takes it no more */
};

static const struct key_type types[] = {
    {"ssh-ed25519", 1, NULL},
    {"ssh-rsa", 2, NULL},
    {"ecdsa-sha2-nistp256", 2, NULL},
    {"ecdsa-sha2-nistp384", 2, NULL},
    {"ecdsa-sha2-nistp521", 2, NULL},
    {"sk-ssh-ed25519@openssh.com", 2, NULL},
    {"sk-ecdsa-sha2-nistp256@openssh.com", 3, NULL},
    {"ssh-dss", 4,
     "is a DSA key, which sshd takes no more; make another one: ssh-keygen -t "
     "ed25519"},
};

static const char CERTIFICATE[] =
    "is a certificate, and no key; write the line of the .pub file without "
    "-cert in its name";
static const char CUT[] =
    "is a key that is not whole, so sshd does not take it; copy the whole line "
    "again";
static const char NO_KEY[] =
    "must be a line like 'ssh-ed25519 AAAA... you@example', as in a .pub file";

/* ---- Words of a line ---- */

struct word {
  const char *p;
  size_t len;
};

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* The next word and moves *s behind it. Blanks in quotes belong to a word. */
static struct word next_word(const char **s) {
  while (is_blank(**s))
    (*s)++;
  struct word w = {*s, 0};
  for (bool quoted = false; **s && (quoted || !is_blank(**s)); (*s)++) {
    if (**s == '\\' && (*s)[1] == '"')
      (*s)++;
    else if (**s == '"')
      quoted = !quoted;
  }
  w.len = (size_t)(*s - w.p);
  return w;
}

static bool word_is(struct word w, const char *text) {
  return strlen(text) == w.len && memcmp(w.p, text, w.len) == 0;
}

static bool word_has(struct word w, const char *text) {
  return memmem(w.p, w.len, text, strlen(text)) != NULL;
}

static bool begins(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const struct key_type *type_of(struct word w) {
  for (size_t i = 0; i < ARRAY_SIZE(types); i++)
    if (word_is(w, types[i].name))
      return &types[i];
  return NULL;
}

static bool is_certificate(struct word w) {
  return word_has(w, "-cert-v01@openssh.com");
}

/* ---- Options (sshd(8), AUTHORIZED_KEYS FILE FORMAT) ---- */

static const char *const flags[] = {
    "agent-forwarding",
    "cert-authority",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-touch-required",
    "no-user-rc",
    "no-X11-forwarding",
    "port-forwarding",
    "pty",
    "restrict",
    "user-rc",
    "verify-required",
    "X11-forwarding",
};
static const char *const settings[] = {
    "command",      "environment", "expiry-time", "from",
    "permitlisten", "permitopen",  "principals",  "tunnel",
};

static bool among(const char *s, size_t len, const char *const *names,
                  size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strlen(names[i]) == len && strncasecmp(s, names[i], len) == 0)
      return true;
  return false;
}

/* The length of a quoted text with its quotes; 0 when it does not end. */
static size_t quoted_length(const char *s, size_t len) {
  if (len == 0 || *s != '"')
    return 0;
  for (size_t i = 1; i < len; i++) {
    if (s[i] == '\\' && i + 1 < len && s[i + 1] == '"')
      i++;
    else if (s[i] == '"')
      return i + 1;
  }
  return 0;
}

/* Options that sshd knows, parted by commas: else it passes over the line. */
static bool options_ok(struct word w) {
  while (w.len > 0) {
    size_t name = 0;
    while (name < w.len && w.p[name] != '=' && w.p[name] != ',')
      name++;
    size_t used = name;
    if (name < w.len && w.p[name] == '=') {
      size_t value = quoted_length(w.p + name + 1, w.len - name - 1);
      if (value == 0 || !among(w.p, name, settings, ARRAY_SIZE(settings)))
        return false;
      used += 1 + value;
    } else if (!among(w.p, name, flags, ARRAY_SIZE(flags))) {
      return false;
    }
    if (used < w.len && w.p[used] != ',')
      return false;
    if (used == w.len)
      return true;
    w.p += used + 1;
    w.len -= used + 1;
  }
  return false;
}

/* ---- The key itself ---- */

/* The string at *at of a blob (RFC 4251, 5), which *at then is behind. */
static bool take_string(const struct buf *blob, size_t *at, struct word *ret) {
  const uint8_t *p = (const uint8_t *)blob->data + *at;
  if (blob->len - *at < 4)
    return false;
  size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
               (size_t)p[3];
  if (blob->len - *at - 4 < len)
    return false;
  *ret = (struct word){(const char *)p + 4, len};
  *at += 4 + len;
  return true;
}

/* Whether the blob is a key of the type, from end to end. */
static bool blob_ok(const struct buf *blob, const struct key_type *type) {
  size_t at = 0;
  struct word w;
  if (!take_string(blob, &at, &w) || !word_is(w, type->name))
    return false;
  for (int i = 0; i < type->strings; i++)
    if (!take_string(blob, &at, &w) || w.len == 0)
      return false;
  return at == blob->len &&
         (strcmp(type->name, "ssh-ed25519") != 0 || w.len == 32);
}

static bool base64_char(char c) {
  return isalnum((unsigned char)c) || strchr("+/=", c);
}

/* Whether what the base64 begins with is the type, however it goes on. */
static bool begins_with_type(struct word base64, const struct key_type *type) {
  _cleanup_buf_ struct buf head = {0};
  _cleanup_buf_ struct buf text = {0};
  uint8_t length[4] = {0, 0, 0, (uint8_t)strlen(type->name)};
  buf_add(&head, length, sizeof(length));
  buf_adds(&head, type->name);
  base64_encode(head.data, head.len, 0, &text);
  /* The last characters depend on what follows. */
  size_t n = 0;
  while (n < base64.len && n < head.len * 8 / 6 && base64_char(base64.p[n]))
    n++;
  return n >= 4 && memcmp(base64.p, text.data, n) == 0;
}

static bool is_base64(struct word w) {
  for (size_t i = 0; i < w.len; i++)
    if (!base64_char(w.p[i]))
      return false;
  return w.len > 0;
}

/* Whether a word further on begins another key. */
static bool has_second_key(const char *rest) {
  while (*rest) {
    struct word w = next_word(&rest);
    const char *behind = rest;
    if ((type_of(w) || is_certificate(w)) &&
        begins(next_word(&behind).p, "AAAA"))
      return true;
    if (w.len == 0)
      break;
  }
  return false;
}

/* Whether the base64 goes on in the next word, where the key was cut. */
static bool goes_on(struct word base64, const char *rest,
                    const struct key_type *type) {
  _cleanup_buf_ struct buf text = {0};
  buf_add(&text, base64.p, base64.len);
  while (*rest) {
    _cleanup_buf_ struct buf blob = {0};
    struct word w = next_word(&rest);
    if (!is_base64(w))
      return false;
    buf_add(&text, w.p, w.len);
    if (base64_decode(text.data, text.len, &blob) && blob_ok(&blob, type))
      return true;
  }
  return false;
}

static enum authorized wrong(const char *why, const char **ret_why) {
  *ret_why = why;
  return AUTHORIZED_WRONG;
}

static enum authorized useless(const char *why, const char **ret_why) {
  *ret_why = why;
  return AUTHORIZED_USELESS;
}

/* What stands behind the type. */
static enum authorized judge_key(const struct key_type *type, const char *rest,
                                 const char **ret_why) {
  struct word base64 = next_word(&rest);
  _cleanup_buf_ struct buf blob = {0};
  if (has_second_key(rest))
    return wrong("has two keys in it; write an entry of its own for each",
                 ret_why);
  if (base64.len > 0 && !begins_with_type(base64, type))
    return wrong("is no key of its type: its base64 says something else; copy "
                 "the whole line again",
                 ret_why);
  if (type->old)
    return useless(type->old, ret_why);
  if (base64_decode(base64.p, base64.len, &blob) && blob_ok(&blob, type))
    return AUTHORIZED_GOOD;
  if (goes_on(base64, rest, type))
    return wrong("is a key with a blank or a line break in its base64; write "
                 "it in one piece",
                 ret_why);
  return base64.len > 0 ? useless(CUT, ret_why) : wrong(NO_KEY, ret_why);
}

/* ---- What people write instead ---- */

static const char *mistaken_for(const char *text) {
  static const char *const imports[] = {"gh:", "lp:", "github:", "http://",
                                        "https://"};
  /* "openssh-key-v1", as such files have it. */
  if (strstr(text, "PRIVATE KEY") || strstr(text, "b3BlbnNzaC1rZXktdj") ||
      strstr(text, "PuTTY-User-Key-File"))
    return "is a PRIVATE key: it must not stand in a spec. Take it out, make "
           "another one (ssh-keygen) where others may have seen this one, and "
           "write the line of the .pub file";
  if (strstr(text, "BEGIN SSH2 PUBLIC KEY") || strstr(text, "BEGIN PUBLIC KEY"))
    return "is a public key in another format; ssh-keygen -i -f FILE prints "
           "the line (-m PKCS8 for BEGIN PUBLIC KEY)";
  for (size_t i = 0; i < ARRAY_SIZE(imports); i++)
    if (begins(text, imports[i]))
      return "is a place to fetch keys from; write the keys themselves, as "
             "nodes need no network for them";
  if (*text == '#')
    return "is only a comment; write a key, or leave it out";
  if (*text == '~' || *text == '/' || begins(text, "./") ||
      begins(text, "../") || begins(text, "$HOME") ||
      (strlen(text) > 4 && strcmp(text + strlen(text) - 4, ".pub") == 0 &&
       !strchr(text, ' ')))
    return "is the path of a file; write the line that stands in it";
  return NULL;
}

static bool several_lines(const char *text) {
  size_t n = strcspn(text, "\r\n");
  return text[n + strspn(text + n, "\r\n")] != '\0';
}

static bool has_control(const char *text) {
  for (; *text && !strchr("\r\n", *text); text++)
    if (iscntrl((unsigned char)*text))
      return true;
  return false;
}

enum authorized authorized_judge(const char *text, const char **ret_why) {
  *ret_why = mistaken_for(text);
  if (*ret_why)
    return AUTHORIZED_WRONG;
  if (several_lines(text))
    return wrong("must be one line; write an entry of its own for each key",
                 ret_why);
  if (has_control(text))
    return wrong("has control characters in it; copy the whole line again",
                 ret_why);
  const char *rest = text;
  struct word first = next_word(&rest);
  struct word second = {0};
  const struct key_type *type = type_of(first);
  if (is_certificate(first))
    return useless(CERTIFICATE, ret_why);
  if (type)
    return judge_key(type, rest, ret_why);
  second = next_word(&rest);
  if (is_certificate(second))
    return useless(CERTIFICATE, ret_why);
  type = type_of(second);
  if (!type)
    return wrong(NO_KEY, ret_why);
  if (!options_ok(first))
    return wrong("has options that sshd does not know, so it would pass over "
                 "the key (man sshd, AUTHORIZED_KEYS FILE FORMAT)",
                 ret_why);
  return judge_key(type, rest, ret_why);
}
