/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of authorized_keys: what sshd takes, and what people write instead. */
#include "base/mem.h"
#include "format/authorized.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
  enum authorized judged;
  const char *text, *why; /* why: a part of what is said */
} rows[] = {
    {AUTHORIZED_GOOD,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     NULL},
    {AUTHORIZED_GOOD,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b",
     NULL},
    {AUTHORIZED_GOOD,
     "  ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl   "
     "two words # and ä: {{x}}",
     NULL},
    {AUTHORIZED_GOOD,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl "
     "ssh-rsa is what I had before",
     NULL},
    {AUTHORIZED_GOOD,
     "ecdsa-sha2-nistp256 "
     "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDo9c8o6sYR37Tada3vnq"
     "3GLuaryRrPNT9dg63Y9tRuN0AQG0i45uz1e2S5zHbRyjwtAnzF4UmKCV9CsLIhhwls= x",
     NULL},
    {AUTHORIZED_GOOD,
     "ssh-rsa "
     "AAAAB3NzaC1yc2EAAAADAQABAAABgQCvCGdpkDMoOgeBRn+fNggmXcM4udOIWwGJ+8G9p/"
     "mmPCw0SmkE1A/KiNiInKHZipKvE/"
     "7bEvNw2XCZfQyuZr2FsSn85S4I7viCZryGticCkv78HZ6rIasH7TtuqPGzMcSdfw/O/"
     "BjkiMzEN3caWEB9GvJC6fzUL2EKls743J6HG4hnne6K2KmdQdGkDocPxQYe6lrUwmL8wVPSWm"
     "CphO3f9jiC05sfaqY8QLshwa8eLCBXz43mSibx/x6A6Tytp/"
     "KeOWYH3q440afAeUCw8QtNuMJ96lV8Kxpn8dDXD99/"
     "s+EKoUH82mgBbE3ZwudGwmVzqXzY6wOEUCaTogzm+2u+0Ynt37oEnUxgVB3/"
     "k+MiUlugnEM9BJSCdJoDTpUjXwh+"
     "h8LndFp48bOmQHMb63mlyPl072LD4iulPziL451GLV7BSF/"
     "BHHCM1usnmzdw6SS1vcNV20Wk2jeWH5GCluXLrOmWCo3Sd81TgLBnHQsIwHEKFZ/"
     "6LECmm3IoSaanydc=",
     NULL},
    {AUTHORIZED_GOOD,
     "sk-ssh-ed25519@openssh.com "
     "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITF"
     "BUWFxgZGhscHR4fAAAABHNzaDo= ssh:",
     NULL},
    {AUTHORIZED_GOOD,
     "sk-ecdsa-sha2-nistp256@openssh.com "
     "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBB"
     "AABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NT"
     "Y3ODk6Ozw9Pj8AAAAEc3NoOg==",
     NULL},
    {AUTHORIZED_GOOD,
     "from=\"10.0.0.0/8,!10.1.1.1\",no-pty,command=\"echo \\\"a b\\\", c\" "
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     NULL},
    {AUTHORIZED_GOOD,
     "RESTRICT,permitopen=\"a:1\" ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl c",
     NULL},
    {AUTHORIZED_GOOD,
     "cert-authority ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     NULL},
    {AUTHORIZED_USELESS,
     "ssh-dss "
     "AAAAB3NzaC1kc3MAAACBANK3ynJvT+1ByUjQcII47CZcEANelfH+"
     "40okKQvcbIkjIf8x0CkIsgyHos68zTAAf5kmEb7jYEzUjMeQEG7H9LSGaVaibwxBTgD/"
     "IbQwfDPmovxAlJVsk9vbLBeLpMejjqu3EoV1lG2r4k5cxxwSVDqC2Sv1xFYQcJgHArJimH9ZA"
     "AAAFQCFfibwqUQfuNZ79wt86IGckGl7KQAAAIAD8wAS0QShWcyVb1b1i88fkqfr7GC2xenSde"
     "GZA2Xbgsss1GN4NojDkHgUVICZcheJdk8OVvEGc2M0LYxKLL44e4N3Yh20MKj3JUCj+"
     "GuL1q9MWyYpK14M6Ysjoilm+T9J0A/8n1DrnWf06cns1uNsDCm/"
     "akCgkNOyCfzC66KA0QAAAIEAi+h18aztxNo8SVminMCAH2NBf/olJOGo8pLixi6ik4KO052/"
     "dm41xv+lmN+gNsHr6J9ZNykcBQ7JwkerTj0Z6rqGFCUwuTR6O2AbZ8NR1iTZvYVd/"
     "PB3faq8KBvC+Vj77hr0y9QD74hdeZq2FqSF7sshbahd1fy5z6Kke0++vPo=",
     "DSA"},
    {AUTHORIZED_USELESS, "ssh-rsa AAAAB3Nza...", "not whole"},
    {AUTHORIZED_USELESS,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9",
     "not whole"},
    {AUTHORIZED_USELESS,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9G…",
     "not whole"},
    {AUTHORIZED_USELESS,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJlAAAA "
     "c",
     "not whole"},
    {AUTHORIZED_USELESS,
     "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNh x", "certificate"},
    {AUTHORIZED_WRONG, "", "must be a line like"},
    {AUTHORIZED_WRONG, "ssh-ed25519\tAAAA", "control characters"},
    {AUTHORIZED_WRONG, "ssh-ed25519", "must be a line like"},
    {AUTHORIZED_WRONG,
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "must be a line like"},
    {AUTHORIZED_WRONG, "alice@example.org", "must be a line like"},
    {AUTHORIZED_WRONG, "ssh-ed448 AAAA", "must be a line like"},
    {AUTHORIZED_WRONG,
     "SSH-ED25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "must be a line like"},
    {AUTHORIZED_WRONG,
     "ssh-rsa "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "no key of its type"},
    {AUTHORIZED_WRONG, "ssh-ed25519 hello", "no key of its type"},
    {AUTHORIZED_WRONG,
     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqn "
     "kVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b",
     "in one piece"},
    {AUTHORIZED_WRONG,
     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqn kVzrm0SdG6UOoqKLsabg "
     "H5C9okWi0dh2l9GKJl",
     "in one piece"},
    {AUTHORIZED_WRONG,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b "
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl c@d",
     "two keys"},
    {AUTHORIZED_WRONG,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\nssh"
     "-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "one line"},
    {AUTHORIZED_WRONG,
     "ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a "
     "ssh-rsa "
     "AAAAB3NzaC1yc2EAAAADAQABAAABgQCvCGdpkDMoOgeBRn+fNggmXcM4udOIWwGJ+8G9p/"
     "mmPCw0SmkE1A/KiNiInKHZipKvE/"
     "7bEvNw2XCZfQyuZr2FsSn85S4I7viCZryGticCkv78HZ6rIasH7TtuqPGzMcSdfw/O/"
     "BjkiMzEN3caWEB9GvJC6fzUL2EKls743J6HG4hnne6K2KmdQdGkDocPxQYe6lrUwmL8wVPSWm"
     "CphO3f9jiC05sfaqY8QLshwa8eLCBXz43mSibx/x6A6Tytp/"
     "KeOWYH3q440afAeUCw8QtNuMJ96lV8Kxpn8dDXD99/"
     "s+EKoUH82mgBbE3ZwudGwmVzqXzY6wOEUCaTogzm+2u+0Ynt37oEnUxgVB3/"
     "k+MiUlugnEM9BJSCdJoDTpUjXwh+"
     "h8LndFp48bOmQHMb63mlyPl072LD4iulPziL451GLV7BSF/"
     "BHHCM1usnmzdw6SS1vcNV20Wk2jeWH5GCluXLrOmWCo3Sd81TgLBnHQsIwHEKFZ/"
     "6LECmm3IoSaanydc=",
     "two keys"},
    {AUTHORIZED_WRONG,
     "no-such-option ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "options"},
    {AUTHORIZED_WRONG,
     "command=echo ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "options"},
    {AUTHORIZED_WRONG,
     "command \"a\" ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "must be a line like"},
    {AUTHORIZED_WRONG,
     "no-pty,, ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "options"},
    {AUTHORIZED_WRONG,
     "no-pty=\"x\" ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "options"},
    {AUTHORIZED_WRONG,
     "no-pty, ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "options"},
    {AUTHORIZED_WRONG,
     "command=\"a\"b ssh-ed25519 "
     "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
     "options"},
    {AUTHORIZED_WRONG, "~/.ssh/id_ed25519.pub", "path of a file"},
    {AUTHORIZED_WRONG, "/home/a/.ssh/id_rsa", "path of a file"},
    {AUTHORIZED_WRONG, "./id.pub", "path of a file"},
    {AUTHORIZED_WRONG, "id_ed25519.pub", "path of a file"},
    {AUTHORIZED_WRONG, "$HOME/.ssh/id.pub", "path of a file"},
    {AUTHORIZED_WRONG, "gh:someone", "place to fetch"},
    {AUTHORIZED_WRONG, "lp:someone", "place to fetch"},
    {AUTHORIZED_WRONG, "https://github.com/someone.keys", "place to fetch"},
    {AUTHORIZED_WRONG, "# my key", "comment"},
    {AUTHORIZED_WRONG,
     "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAABG5v "
     "-----END OPENSSH PRIVATE KEY-----",
     "PRIVATE key"},
    {AUTHORIZED_WRONG, "-----BEGIN RSA PRIVATE KEY-----\nMII\n", "PRIVATE key"},
    {AUTHORIZED_WRONG, "b3BlbnNzaC1rZXktdjEAAAAABG5v", "PRIVATE key"},
    {AUTHORIZED_WRONG, "PuTTY-User-Key-File-2: ssh-rsa", "PRIVATE key"},
    {AUTHORIZED_WRONG, "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n",
     "another format"},
};

static void test_lines(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *why = NULL;
    enum authorized judged = authorized_judge(rows[i].text, &why);
    if (judged != rows[i].judged)
      fail_msg("'%s': %d instead of %d: %s", rows[i].text, (int)judged,
               (int)rows[i].judged, why ? why : "good");
    if (judged == AUTHORIZED_GOOD)
      assert_null(why);
    else if (!strstr(why, rows[i].why))
      fail_msg("'%s': %s", rows[i].text, why);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
