/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether certificates on the nodes have ended or soon will. */
#pragma once

#include "part/judge.h"

void judge_certificates(struct judge *j);

/*
 * The certificates of a node's section "certificates", one after the other:
 * returns the path of the next one and sets *ret_pem to its text, PEM or what a
 * kubeconfig holds as base64; NULL when there is none left. *rest is the
 * section at first. Both are borrowed from it, and it is cut up.
 */
char *judge_next_certificate(char **rest, char **ret_pem);
