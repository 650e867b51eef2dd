// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>

#include "namespaces.h"
#include "proc.h"

#define NS_ROW(id, _name, _flag, _get) \
	[NS_##id] = { \
		.name = _name, \
		.flag = _flag, \
		.flag_name = #_flag, \
		.link = { _name }, \
		.path = { "ns/" _name }, \
		.get = { _get }, \
	},

#define NS_ROW_WITH_CHILDREN(id, _name, _flag, _get, _children, _get_children) \
	[NS_##id] = { \
		.name = _name, \
		.flag = _flag, \
		.flag_name = #_flag, \
		.link = { _name, _children }, \
		.path = { "ns/" _name, "ns/" _children }, \
		.get = { _get, _get_children }, \
	},

const struct ns_type ns_types[NR_NS_TYPES] = {
	NS_TYPES(NS_ROW, NS_ROW_WITH_CHILDREN)
};

int ns_flags(ns_set set)
{
	int flags = 0;

	for_each_ns_in(id, set)
		flags |= ns_types[id].flag;
	return flags;
}

ns_set ns_of_flags(int flags)
{
	ns_set set = 0;

	for_each_ns(id)
		if (flags & ns_types[id].flag)
			set |= NS_BIT(id);
	return set;
}

const char *ns_flag_names(int flags)
{
	static char buf[4][256];
	static unsigned int next;
	char *text = buf[next++ % 4];
	size_t len = 0;
	int rest = flags;

	text[0] = '\0';
	for_each_ns_in(id, ns_of_flags(flags)) {
		len += snprintf(text + len, sizeof(buf[0]) - len, "%s%s",
				len ? "|" : "", ns_types[id].flag_name);
		rest &= ~ns_types[id].flag;
	}
	if (rest)
		snprintf(text + len, sizeof(buf[0]) - len, "%s%#x",
			 len ? "|" : "", rest);
	else if (!len)
		snprintf(text, sizeof(buf[0]), "0");
	return text;
}

const char *ns_names(ns_set set)
{
	static char text[128];
	size_t len = 0;

	text[0] = '\0';
	for_each_ns_in(id, set)
		len += snprintf(text + len, sizeof(text) - len, "%s%s",
				len ? ", " : "", ns_types[id].name);
	return text;
}

int ns_stat(enum ns_id id, struct stat *st)
{
	return proc_stat(proc_path(0, "%s", ns_types[id].path[NS_ACTIVE]), st);
}

ns_set ns_supported(void)
{
	ns_set set = 0;

	for_each_ns(id) {
		struct stat st;

		if (!ns_stat(id, &st))
			set |= NS_BIT(id);
	}
	return set;
}
