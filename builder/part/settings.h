/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What keys of kubernetes.apiServer say (spec/settings.h), as arguments of
 * Kubernetes' programs, whoever starts these. An argument is left out that the
 * version does not know (spec/flags.h).
 */
#pragma once

#include "part/part.h"

/* Adds "name=value" for each argument of the component. */
void settings_arguments(const struct spec *s, enum component c,
                        struct strv *ret);

/* The values of KubeletConfiguration that keys of kubernetes.kubelet say, in
 * kubeadm's configuration and without it. */
void settings_kubelet(const struct plan *p, struct scope *s);

/* Of which key of the component's the argument follows, "tokenWebhook"; NULL
 * when the spec has none that sets it. */
const char *settings_key(const struct spec *s, enum component c,
                         const char *argument);
