// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/stat.h>

#include "namespaces.h"
#include "proc.h"

#define NS_TYPES_ROW(id, _name, _flag, _get, _children, _get_children) \
	[NS_##id] = { \
		.name = _name, \
		.flag = _flag, \
		.flag_name = #_flag, \
		.link = { _name, _children }, \
		.get = { _get, _get_children }, \
	},

const struct ns_type ns_types[NR_NS_TYPES] = {
	NS_TYPES(NS_TYPES_ROW)
};

int ns_flags(ns_set set)
{
	int flags = 0;

	for_each_ns_in(id, set)
		flags |= ns_types[id].flag;
	return flags;
}

const char *ns_flag_names(int flags)
{
	static char buf[4][256];
	static unsigned int turn;
	char *text = buf[turn++ % 4];
	size_t len = 0;
	int rest = flags;

	text[0] = '\0';
	for_each_ns(id) {
		if (!(flags & ns_types[id].flag))
			continue;
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

ns_set ns_supported(void)
{
	ns_set set = 0;

	for_each_ns(id) {
		struct stat st;

		if (!proc_stat(0, &st, "ns/%s", ns_types[id].name))
			set |= NS_BIT(id);
	}
	return set;
}
