// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "errno_name.h"
#include "proc.h"
#include "state.h"

struct fact {
	const char *name;
	const char *format;
	enum ns_id type;
};

#define STATE_NUMBERS_ROW(id, _type, _format, _name) \
	[ST_##id] = { .name = _name, .format = _format, .type = NS_##_type },
static const struct fact numbers[NR_STATE_NUMBERS] = {
	STATE_NUMBERS(STATE_NUMBERS_ROW)
};

#define STATE_TEXTS_ROW(id, _type, _name) \
	[ST_##id] = { .name = _name, .type = NS_##_type },
static const struct fact texts[NR_STATE_TEXTS] = {
	STATE_TEXTS(STATE_TEXTS_ROW)
};

/* The clocks when the program started, in whole units from then on. */
static struct timespec clock_start[2];
static const clockid_t clock_ids[2] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME };

static void __attribute__((constructor)) state_init(void)
{
	for (int i = 0; i < 2; i++)
		clock_gettime(clock_ids[i], &clock_start[i]);
}

__s64 clock_ns(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* clock_gettime(2) past the vDSO. */
static void raw_gettime(clockid_t id, struct timespec *ts)
{
#ifdef __NR_clock_gettime64
	struct { __s64 sec, nsec; } now = { 0, 0 };

	syscall(__NR_clock_gettime64, id, &now);
	ts->tv_sec = now.sec;
	ts->tv_nsec = now.nsec;
#else
	syscall(__NR_clock_gettime, id, ts);
#endif
}

/*
 * An offset is told from the time that passes by its size: whole units since
 * the program started, rounded.
 */
static __u64 clock_units(const struct timespec *now, int clock)
{
	__s64 sec = now->tv_sec - clock_start[clock].tv_sec;

	return (sec + STATE_CLOCK_UNIT / 2) / STATE_CLOCK_UNIT;
}

static bool in_order(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static void take_clock(struct state *s, int clock, enum state_number vdso,
		       enum state_number raw)
{
	struct timespec before, between, after;

	clock_gettime(clock_ids[clock], &before);
	raw_gettime(clock_ids[clock], &between);
	clock_gettime(clock_ids[clock], &after);
	s->number[vdso] = clock_units(&after, clock);
	s->number[raw] = clock_units(&between, clock);
	if (!in_order(&before, &between) || !in_order(&between, &after))
		s->number[ST_VDSO_AGREES] = 0;
}

/* linux/stat.h's struct statx, which the C library may lack or redefine. */
struct place {
	__u32 mask, pad1[7];
	__u64 ino, pad2[12];
	__u32 rdev[2], dev_major, dev_minor;
	__u64 mount;
	__u64 pad3[13];
};

#define PLACE_MASK (0x7ffU | 0x1000U)	/* STATX_BASIC_STATS | STATX_MNT_ID */

static int take_place(const char *path, __u64 *dev, __u64 *ino,
		      __u64 *mount)
{
	struct place p = { 0 };

	if (syscall(__NR_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, PLACE_MASK,
		    &p))
		return errno;
	*dev = (__u64)p.dev_major << 32 | p.dev_minor;
	*ino = p.ino;
	*mount = p.mount;
	return 0;
}

/* Of more than that the number is compared, and the first. */
static unsigned int groups_kept(const struct state *s)
{
	return s->nr_groups < STATE_GROUPS ? s->nr_groups : STATE_GROUPS;
}

static int take_ids(struct state *s)
{
	/*
	 * As many as there can be, NGROUPS_MAX, which is much for a stack.
	 * Tasks that share memory do not look at themselves at the same time.
	 */
	static gid_t all[65536];
	__u64 *n = s->number;
	uid_t uid[3];
	gid_t gid[3];
	int nr;

	if (getresuid(&uid[0], &uid[1], &uid[2]) ||
	    getresgid(&gid[0], &gid[1], &gid[2]))
		return errno;
	for (int i = 0; i < 3; i++) {
		n[ST_RUID + i] = uid[i];
		n[ST_RGID + i] = gid[i];
	}
	/* An id that is no id changes nothing: the call that reads them. */
	n[ST_FSUID] = (uid_t)setfsuid(-1);
	n[ST_FSGID] = (gid_t)setfsgid(-1);
	nr = getgroups(ARRAY_SIZE(all), all);
	if (nr < 0)
		return errno;
	s->nr_groups = nr;
	memcpy(s->groups, all, groups_kept(s) * sizeof(all[0]));
	return 0;
}

static int take_caps(struct state *s)
{
	static const struct {
		cap_flag_t flag;
		enum state_number number;
	} sets[] = {
		{ CAP_PERMITTED, ST_CAP_PERMITTED },
		{ CAP_EFFECTIVE, ST_CAP_EFFECTIVE },
		{ CAP_INHERITABLE, ST_CAP_INHERITABLE },
	};
	__u64 *n = s->number;
	cap_t caps = cap_get_proc();

	if (!caps)
		return errno;
	for (cap_value_t c = 0; c < cap_max_bits(); c++) {
		for (unsigned int i = 0; i < 3; i++) {
			cap_flag_value_t on = CAP_CLEAR;

			cap_get_flag(caps, c, sets[i].flag, &on);
			if (on == CAP_SET)
				n[sets[i].number] |= 1ULL << c;
		}
		if (cap_get_bound(c) == 1)
			n[ST_CAP_BOUNDING] |= 1ULL << c;
		if (cap_get_ambient(c) == 1)
			n[ST_CAP_AMBIENT] |= 1ULL << c;
	}
	cap_free(caps);
	return 0;
}

static int take_attributes(struct state *s)
{
	__u64 *n = s->number;
	int pdeathsig = 0, fd;
	mode_t mask;

	n[ST_SECUREBITS] = cap_get_secbits();
	n[ST_NO_NEW_PRIVS] = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	n[ST_DUMPABLE] = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_GET_PDEATHSIG, &pdeathsig, 0, 0, 0))
		return errno;
	n[ST_PDEATHSIG] = pdeathsig;
	mask = umask(0);
	umask(mask);
	n[ST_UMASK] = mask;
	fd = open("/", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno;
	n[ST_LOWEST_FD] = fd;
	close(fd);
	return 0;
}

static __u64 mark_file(void)
{
	int fd = open(MARK_FILE, O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return 0;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit - '0';
}

static __u64 mark_msg(void)
{
	int id = msgget(MARK_MSG_KEY, 0);
	struct msqid_ds ds;

	if (id < 0 || msgctl(id, IPC_STAT, &ds))
		return 0;
	return ds.msg_qbytes;
}

static __u64 mark_mqueue(void)
{
	/* By the system call: the C library may want to have a leading "/". */
	int fd = syscall(__NR_mq_open, MARK_MQUEUE, O_RDONLY | O_CLOEXEC, 0,
			 NULL);
	struct mq_attr attr = { 0 };

	if (fd < 0)
		return 0;
	syscall(__NR_mq_getsetattr, fd, NULL, &attr);
	close(fd);
	return attr.mq_maxmsg;
}

static __u64 mark_socket(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	__u64 found = 0;

	if (fd < 0)
		return 0;
	for (unsigned int n = 1; n <= MARK_TARGETS && !found; n++) {
		int len = snprintf(addr.sun_path + 1,
				   sizeof(addr.sun_path) - 1, MARK_SOCKET, n);

		if (!connect(fd, (struct sockaddr *)&addr,
			     offsetof(struct sockaddr_un, sun_path) + 1 + len))
			found = n;
	}
	close(fd);
	return found;
}

static void identify(struct ns_identity *to, const struct stat *st)
{
	to->dev = st->st_dev;
	to->ino = st->st_ino;
}

int state_take_links(struct state *s, pid_t tid)
{
	memset(s->ns, 0, sizeof(s->ns));
	for_each_link(id, whose) {
		struct stat st;
		int err = proc_stat(tid, &st, "ns/%s",
				    ns_types[id].link[whose]);

		/* Not built in, or a pid namespace that is not alive. */
		if (err == ENOENT)
			continue;
		if (err)
			return err;
		identify(&s->ns[id][whose], &st);
	}
	return 0;
}

static int take_texts(struct state *s)
{
	int err;

	if (gethostname(s->text[ST_HOSTNAME], sizeof(s->text[0])))
		return errno;
	err = proc_read(0, s->text[ST_UID_MAP], sizeof(s->text[0]), "uid_map");
	if (err && err != ENOENT)
		return err;
	err = proc_read(0, s->text[ST_CGROUP], sizeof(s->text[0]), "cgroup");
	if (err == EMSGSIZE)
		err = 0;	/* what fits is compared */
	return err == ENOENT ? 0 : err;
}

int state_take(struct state *s)
{
	__u64 *n = s->number;
	int err;

	memset(s, 0, sizeof(*s));
	n[ST_VDSO_AGREES] = 1;
	err = state_take_links(s, 0);
	if (!err)
		err = take_place("/", &n[ST_ROOT_DEV], &n[ST_ROOT_INO],
				 &n[ST_ROOT_MOUNT]);
	if (!err)
		err = take_place(".", &n[ST_CWD_DEV], &n[ST_CWD_INO],
				 &n[ST_CWD_MOUNT]);
	if (!err)
		err = take_ids(s);
	if (!err)
		err = take_caps(s);
	if (!err)
		err = take_attributes(s);
	if (!err)
		err = take_texts(s);
	if (err)
		return err;
	take_clock(s, 0, ST_MONOTONIC_VDSO, ST_MONOTONIC_RAW);
	take_clock(s, 1, ST_BOOTTIME_VDSO, ST_BOOTTIME_RAW);
	n[ST_MARK_FILE] = mark_file();
	n[ST_MARK_MSG] = mark_msg();
	n[ST_MARK_MQUEUE] = mark_mqueue();
	n[ST_MARK_SOCKET] = mark_socket();
	return 0;
}

/* Tells its parent where it was born: only itself may always see that. */
static void __noreturn be_child(int to)
{
	struct ns_identity born[NR_NS_TYPES] = { 0 };
	struct stat st;

	for_each_ns(id)
		if (!proc_stat(0, &st, "ns/%s", ns_types[id].name))
			identify(&born[id], &st);
	_exit(write(to, born, sizeof(born)) == sizeof(born) ? 0 : 1);
}

int state_take_child(struct state *s)
{
	int err = state_take(s);
	int ends[2];
	pid_t pid;

	if (err)
		return err;
	s->child_known = true;
	if (pipe2(ends, O_CLOEXEC))
		return errno;
	pid = fork();
	if (!pid)
		be_child(ends[1]);
	s->child_err = pid < 0 ? errno : 0;
	close(ends[1]);
	if (pid > 0) {
		if (read(ends[0], s->child, sizeof(s->child)) < 0)
			err = errno;
		waitpid(pid, NULL, 0);
	}
	close(ends[0]);
	return err;
}

void state_expect_child(struct state *s)
{
	s->child_known = true;
	for_each_ns(id)
		s->child[id] = s->ns[id][ns_types[id].link[NS_CHILDREN] ?
					 NS_CHILDREN : NS_ACTIVE];
}

/*
 * Ids are the kernel's own throughout; what changes with a user namespace is
 * how they read there.  A target maps the one id that made it to 0, any other
 * reads as the overflow id (user_namespaces(7)).
 */
static void attach_ids(struct state *s, const struct state *to)
{
	__u64 overflow_uid = proc_sysctl("kernel/overflowuid", 65534);
	__u64 overflow_gid = proc_sysctl("kernel/overflowgid", 65534);
	__u64 *n = s->number;

	for (int i = ST_RUID; i <= ST_FSUID; i++)
		n[i] = n[i] == to->outer_uid ? 0 : overflow_uid;
	for (int i = ST_RGID; i <= ST_FSGID; i++)
		n[i] = n[i] == to->outer_gid ? 0 : overflow_gid;
	for (unsigned int i = 0; i < groups_kept(s); i++)
		s->groups[i] = s->groups[i] == to->outer_gid ? 0 :
			       overflow_gid;
}

/*
 * A stranger to the owner of the user namespace gains by joining it, so that
 * commit_creds() in kernel/cred.c guards the task as after a set-user-ID exec.
 */
static void attach_guard(struct state *s, const struct state *to)
{
	if (s->number[ST_EUID] == to->outer_uid)
		return;
	s->number[ST_DUMPABLE] = proc_sysctl("fs/suid_dumpable", 0);
	s->number[ST_PDEATHSIG] = 0;
}

void state_attach(struct state *s, const struct state *to, enum ns_id id)
{
	struct ns_identity joined = to->ns[id][NS_ACTIVE];
	struct state was = *s;

	s->ns[id][NS_ACTIVE] = joined;
	s->child[id] = joined;
	s->child_err = 0;
	if (id == NS_PID)
		s->ns[id][NS_ACTIVE] = was.ns[id][NS_ACTIVE];
	if (ns_types[id].link[NS_CHILDREN])
		s->ns[id][NS_CHILDREN] = joined;
	for (int i = 0; i < NR_STATE_NUMBERS; i++)
		if (numbers[i].type == id)
			s->number[i] = to->number[i];
	for (int i = 0; i < NR_STATE_TEXTS; i++)
		if (texts[i].type == id)
			memcpy(s->text[i], to->text[i], sizeof(s->text[i]));
	/* Both directories go to the root of the mounts, wherever @to stands. */
	if (id == NS_MNT)
		memcpy(s->number + ST_CWD_DEV, to->number + ST_ROOT_DEV,
		       3 * sizeof(s->number[0]));
	if (id == NS_USER) {
		memcpy(s->number + ST_RUID, was.number + ST_RUID,
		       (ST_FSGID - ST_RUID + 1) * sizeof(s->number[0]));
		attach_guard(s, to);
		attach_ids(s, to);
	}
}

struct diff {
	char *text;
	size_t size;
	size_t len;
	int count;
};

static void __printf(2, 3)
differ(struct diff *d, const char *fmt, ...)
{
	va_list args;

	d->len += snprintf(d->text + d->len, d->size - d->len, "%s",
			   d->count++ ? "; " : "");
	if (d->len >= d->size)
		d->len = d->size - 1;
	va_start(args, fmt);
	d->len += vsnprintf(d->text + d->len, d->size - d->len, fmt, args);
	va_end(args);
	if (d->len >= d->size)
		d->len = d->size - 1;
}

static void diff_identity(struct diff *d, const char *link,
			  const struct ns_identity *expected,
			  const struct ns_identity *found)
{
	if (expected->dev == found->dev && expected->ino == found->ino)
		return;
	differ(d, "namespace %s is [%llu], expected [%llu]", link,
	       (unsigned long long)found->ino,
	       (unsigned long long)expected->ino);
}

static void diff_number(struct diff *d, const struct fact *fact,
			__u64 expected, __u64 found)
{
	char was[32], want[32];

	if (expected == found)
		return;
	snprintf(was, sizeof(was), fact->format, (unsigned long long)found);
	snprintf(want, sizeof(want), fact->format,
		 (unsigned long long)expected);
	differ(d, "%s is %s, expected %s", fact->name, was, want);
}

/* Says the first line in which two texts differ. */
static void diff_text(struct diff *d, const struct fact *fact,
		      const char *expected, const char *found)
{
	size_t start = 0, i;

	if (!strcmp(expected, found))
		return;
	for (i = 0; expected[i] == found[i]; i++)
		if (found[i] == '\n')
			start = i + 1;
	differ(d, "%s is \"%.*s\", expected \"%.*s\"", fact->name,
	       (int)strcspn(found + start, "\n"), found + start,
	       (int)strcspn(expected + start, "\n"), expected + start);
}

static void diff_groups(struct diff *d, const struct state *expected,
			const struct state *found)
{
	if (expected->nr_groups != found->nr_groups) {
		differ(d, "there are %u supplementary groups, expected %u",
		       found->nr_groups, expected->nr_groups);
		return;
	}
	for (unsigned int i = 0; i < groups_kept(found); i++)
		if (expected->groups[i] != found->groups[i])
			differ(d, "supplementary group %u is %u, expected %u",
			       i, found->groups[i], expected->groups[i]);
}

static void diff_child(struct diff *d, const struct state *expected,
		       const struct state *found)
{
	if (!expected->child_known || !found->child_known)
		return;
	if (expected->child_err != found->child_err)
		differ(d, "fork() afterwards gave %s, expected %s",
		       errno_name(found->child_err),
		       errno_name(expected->child_err));
	else if (!found->child_err)
		for_each_ns(id) {
			char what[48];

			snprintf(what, sizeof(what),
				 "%s of a child born afterwards",
				 ns_types[id].name);
			diff_identity(d, what, &expected->child[id],
				      &found->child[id]);
		}
}

static void diff_links(struct diff *d, const struct state *expected,
		       const struct state *found)
{
	for_each_link(id, whose)
		diff_identity(d, ns_types[id].link[whose],
			      &expected->ns[id][whose], &found->ns[id][whose]);
}

int state_diff_links(const struct state *expected, const struct state *found,
		     char *text, size_t size)
{
	struct diff d = { .text = text, .size = size };

	diff_links(&d, expected, found);
	return d.count;
}

int state_diff(const struct state *expected, const struct state *found,
	       char *text, size_t size)
{
	struct diff d = { .text = text, .size = size };

	diff_links(&d, expected, found);
	for (int i = 0; i < NR_STATE_NUMBERS; i++)
		diff_number(&d, &numbers[i], expected->number[i],
			    found->number[i]);
	for (int i = 0; i < NR_STATE_TEXTS; i++)
		diff_text(&d, &texts[i], expected->text[i], found->text[i]);
	diff_groups(&d, expected, found);
	diff_child(&d, expected, found);
	return d.count;
}
