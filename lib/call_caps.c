// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>

#include "call_caps.h"

int caps_permitted(__u64 *caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (capget(&head, data))
		return errno;
	*caps = data[0].permitted | (__u64)data[1].permitted << 32;
	return 0;
}

unsigned int caps_list(__u64 caps, cap_value_t list[CAPS_MAX])
{
	unsigned int nr = 0;

	for (cap_value_t cap = 0; cap < CAPS_MAX; cap++)
		if (caps & CAP_BIT(cap))
			list[nr++] = cap;
	return nr;
}

int caps_set(__u64 permitted, __u64 effective)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .permitted = permitted, .effective = effective },
		{ .permitted = permitted >> 32, .effective = effective >> 32 },
	};

	return capset(&head, data) ? errno : 0;
}

/*
 * The state before the calls is read with the capabilities of the last call,
 * since they are part of the state that is compared afterwards.
 */
static int prepare(struct caller *c, void *arg)
{
	const struct call_caps *caps = arg;

	return caps_set(caps->permitted, caps->effective[c->nr_calls - 1]);
}

static int before_call(struct caller *c, unsigned int i, void *arg)
{
	const struct call_caps *caps = arg;

	/* Attaching to a user namespace gives a caller all capabilities. */
	if (i && caps->effective[i] == caps->effective[i - 1] &&
	    !(c->calls[i - 1].types & NS_BIT(NS_USER)))
		return 0;
	return caps_set(caps->permitted, caps->effective[i]);
}

void caller_with_caps(struct caller *c, struct call_caps *caps)
{
	caller_reset(c);
	c->prepare = prepare;
	c->before_call = before_call;
	c->arg = caps;
}

void call_with_caps(struct caller *c, __u64 effective)
{
	struct call_caps *caps = c->arg;

	caps->effective[c->nr_calls - 1] = effective;
}
