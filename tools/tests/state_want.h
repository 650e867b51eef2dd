/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What changes of a state are expected from.  These do not use the interfaces
 * that lib/state.c and lib/place.c use.
 */
#ifndef SETNS_STATE_WANT_H
#define SETNS_STATE_WANT_H

struct place {
	unsigned long long dev, ino, mount;
};

/* By stat(2), and the mount by the fdinfo of a descriptor. */
struct place place_of(const char *path);

/* The properties of the directory that differ, as want_change() takes them. */
void want_place(const char *name, const struct place *was,
		const struct place *is);

/* By capget(2) and capset(2). */
struct caps {
	unsigned long long effective, permitted, inheritable;
};

struct caps caps_get(void);
void set_caps(const struct caps *caps);

/* The inode of one of the caller's own links, or 0 if it leads nowhere. */
unsigned long long link_ino(const char *link);

/* The caller's namespace is another one, whose inode was @was. */
void want_link(const char *link, unsigned long long was);

/* A child's namespace is another one. */
void want_child(const char *type, unsigned long long was,
		unsigned long long is);

/* A file in the caller's /proc/self, which the caller frees. */
char *own_file(const char *name);

/* unshare(CLONE_NEWUSER).  Skips the test if no user namespaces can be had. */
void unshare_userns(void);

/* Writes to a file in the caller's /proc/self. */
void write_own(const char *name, const char *text);

/* The first line in which two texts differ, as far as a state keeps them. */
void want_text(const char *name, const char *was, const char *is);

/* The number in a file of /proc/sys. */
unsigned long long sysctl_number(const char *path);

#endif /* SETNS_STATE_WANT_H */
