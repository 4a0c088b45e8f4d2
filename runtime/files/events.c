#define _GNU_SOURCE             /* gethostname, clock_gettime */
#include "events.h"
#include "place.h"
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- messages
 *
 * A message is written from its end to its beginning, and so are its fields: then the length of a message within
 * another one is known when it is to be written, which is before it. */

enum { LONGEST = 8192, HEAD = 12, FOOT = 4 };

typedef struct Message {
	size_t start;                   /* of what is written, up to the end of bytes */
	bool overflows;
	unsigned char bytes[LONGEST];
} Message;

/* The kinds of fields. */
enum { WIRE_VARINT = 0, WIRE_DOUBLE = 1, WIRE_BYTES = 2, WIRE_FLOAT = 5 };

/* The numbers of the fields. */
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION_LOG = 7 };
enum { SESSION_LOG_STATUS = 1, SESSION_START = 1 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_HISTOGRAM = 5 };
enum { HISTOGRAM_MIN = 1, HISTOGRAM_MAX, HISTOGRAM_NUM, HISTOGRAM_SUM, HISTOGRAM_SUM_SQUARES, HISTOGRAM_LIMITS,
	HISTOGRAM_BUCKETS };

static void put(Message *m, const void *bytes, size_t size)
{
	if (size > m->start) {
		m->overflows = true;
		return;
	}
	m->start -= size;
	memcpy(m->bytes + m->start, bytes, size);
}

/* The smallest byte comes first. */
static void write_fixed(unsigned char *out, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (unsigned char)(value >> 8 * i);
}

static void put_fixed(Message *m, uint64_t value, int bytes)
{
	unsigned char text[8];
	write_fixed(text, value, bytes);
	put(m, text, (size_t)bytes);
}

static void put_varint(Message *m, uint64_t value)
{
	unsigned char text[10];
	size_t count = 0;
	do {
		text[count++] = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	put(m, text, count);
}

static void put_key(Message *m, int field, int wire)
{
	put_varint(m, (uint64_t)(field << 3 | wire));
}

static void put_integer(Message *m, int field, int64_t value)
{
	put_varint(m, (uint64_t)value);
	put_key(m, field, WIRE_VARINT);
}

static void put_bare_double(Message *m, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	put_fixed(m, bits, 8);
}

static void put_double(Message *m, int field, double value)
{
	put_bare_double(m, value);
	put_key(m, field, WIRE_DOUBLE);
}

static void put_float(Message *m, int field, double value)
{
	const float single = (float)value;
	uint32_t bits;
	memcpy(&bits, &single, sizeof bits);
	put_fixed(m, bits, 4);
	put_key(m, field, WIRE_FLOAT);
}

/* What was written since `end` becomes a field: a message, a text or a list. */
static void put_around(Message *m, int field, size_t end)
{
	put_varint(m, end - m->start);
	put_key(m, field, WIRE_BYTES);
}

static void put_text(Message *m, int field, const char *text)
{
	const size_t end = m->start;
	put(m, text, strlen(text));
	put_around(m, field, end);
}

static void put_doubles(Message *m, int field, const double *values, int count)
{
	const size_t end = m->start;
	for (int i = count - 1; i >= 0; i--)
		put_bare_double(m, values[i]);
	put_around(m, field, end);
}

/* ---- records */

static uint32_t crc32c(const unsigned char *bytes, size_t size)
{
	/* of four bits, with the polynomial 0x82f63b78 */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* A check sum of bytes that have check sums in them says little; so these are not stored as they are. */
static uint32_t masked_crc(const unsigned char *bytes, size_t size)
{
	const uint32_t crc = crc32c(bytes, size);
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static size_t whole_records(const char *bytes, size_t size)
{
	size_t at = 0;
	while (at + HEAD <= size) {
		uint64_t length = 0;
		for (int i = 7; i >= 0; i--)
			length = length << 8 | (unsigned char)bytes[at + (size_t)i];
		if (length > size - at - HEAD || size - at - HEAD - (size_t)length < FOOT)
			break;
		at += HEAD + (size_t)length + FOOT;
	}
	return at;
}

static void begin_event(Message *m)
{
	m->start = sizeof m->bytes - FOOT;
	m->overflows = false;
}

/* Adds the fields that every event has, and writes it. */
static void end_event(EventFile *file, Message *m, int64_t step)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	put_integer(m, EVENT_STEP, step);
	put_double(m, EVENT_WALL_TIME, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
	const size_t start = m->start, length = sizeof m->bytes - FOOT - start;
	unsigned char head[8];
	write_fixed(m->bytes + sizeof m->bytes - FOOT, masked_crc(m->bytes + start, length), FOOT);
	write_fixed(head, length, sizeof head);
	put_fixed(m, masked_crc(head, sizeof head), 4);
	put(m, head, sizeof head);
	if (!m->overflows)
		lines_put(file, m->bytes + m->start, sizeof m->bytes - m->start);
	else if (!file->error)
		file->error = EMSGSIZE;
}

/* ---- files */

static bool make_folder(const char *path)
{
	struct stat status;
	if (mkdir(path, 0777) == 0)
		return true;
	const int error = errno;
	const bool is_there = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
	errno = error == EEXIST ? ENOTDIR : error;
	return is_there;
}

bool events_folder(const char *path, Failure *failure)
{
	char part[PATH_MAX];
	const size_t length = strlen(path);
	if (length >= sizeof part) {
		errno = ENAMETOOLONG;
		return cannot_write(failure, path);
	}
	memcpy(part, path, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if ((part[i] != '/' && part[i]) || part[i - 1] == '/')
			continue;
		part[i] = 0;
		if (!make_folder(part))
			return fail(failure, "cannot make the folder %s: %s", place_words(part),
				errno == ENOTDIR ? "there is a file in its place" : strerror(errno));
		part[i] = path[i];
	}
	return true;
}

/* TensorBoard takes a file for one of events if "tfevents" is in its name, and reads the files of a folder in the order
 * of their names. */
static bool create(EventFile *file, const char *folder, Failure *failure)
{
	enum { MOST = 10000 };
	char host[256] = "localhost", path[PATH_MAX];
	if (gethostname(host, sizeof host - 1) != 0 || !*host || strchr(host, '/'))
		strcpy(host, "localhost");
	const long long now = time(NULL);
	for (int i = 0; i < MOST; i++) {
		const int length = snprintf(path, sizeof path, "%s/events.out.tfevents.%010lld.%s.%04d", folder, now, host, i);
		if (length >= (int)sizeof path)
			errno = ENAMETOOLONG;
		else if (lines_create(file, path, whole_records))
			return true;
		if (errno != EEXIST)
			break;
	}
	return cannot_write(failure, path);
}

bool events_open(EventFile *file, const char *folder, Failure *failure)
{
	Message m;
	if (!events_folder(folder, failure) || !create(file, folder, failure))
		return false;
	begin_event(&m);
	put_text(&m, EVENT_FILE_VERSION, "brain.Event:2");
	end_event(file, &m, 0);
	return true;
}

void events_begin(EventFile *file, int64_t step)
{
	Message m;
	begin_event(&m);
	const size_t end = m.start;
	put_integer(&m, SESSION_LOG_STATUS, SESSION_START);
	put_around(&m, EVENT_SESSION_LOG, end);
	end_event(file, &m, step);
}

void events_scalars(EventFile *file, int64_t step, const Scalar *scalars, int count)
{
	Message m;
	begin_event(&m);
	const size_t end = m.start;
	for (int i = count - 1; i >= 0; i--) {
		const size_t value_end = m.start;
		put_float(&m, VALUE_SIMPLE, scalars[i].value);
		put_text(&m, VALUE_TAG, scalars[i].tag);
		put_around(&m, SUMMARY_VALUE, value_end);
	}
	put_around(&m, EVENT_SUMMARY, end);
	end_event(file, &m, step);
}

/* ---- histograms */

enum { BUCKETS = 30 };          /* as many as tf.summary.histogram makes */

typedef struct Histogram {
	double min, max, count, sum, sum_squares;
	int buckets;
	/* what is at least the limit before it, and less than its own, is in a bucket; the largest value is in the last */
	double limits[BUCKETS], counts[BUCKETS];
} Histogram;

static void sum_up(Histogram *h, const void *values, size_t number_bytes, size_t count)
{
	*h = (Histogram){.min = INFINITY, .max = -INFINITY};
	for (size_t i = 0; i < count; i++) {
		const double value = number_at(values, number_bytes, i);
		if (!isfinite(value))
			continue;
		h->min = value < h->min ? value : h->min;
		h->max = value > h->max ? value : h->max;
		h->sum += value;
		h->sum_squares += value * value;
		h->count++;
	}
}

static int bucket_of(const Histogram *h, double width, double value)
{
	int bucket = (int)(value / width - h->min / width);
	bucket = bucket < 0 ? 0 : bucket >= h->buckets ? h->buckets - 1 : bucket;
	while (bucket > 0 && value < h->limits[bucket - 1])
		bucket--;
	while (bucket < h->buckets - 1 && value >= h->limits[bucket])
		bucket++;
	return bucket;
}

/* Equal values have one bucket, and so have those that differ so little that rounding would disorder the limits. */
static void fill_buckets(Histogram *h, const void *values, size_t number_bytes, size_t count)
{
	const double width = h->max / BUCKETS - h->min / BUCKETS, largest = fmax(fabs(h->min), fabs(h->max));
	h->buckets = width > 4 * DBL_EPSILON * largest + DBL_MIN ? BUCKETS : 1;
	for (int i = 0; i < h->buckets - 1; i++)
		h->limits[i] = h->min + (i + 1) * width;
	h->limits[h->buckets - 1] = h->max;
	if (h->buckets == 1)
		h->counts[0] = h->count;
	for (size_t i = 0; h->buckets > 1 && i < count; i++) {
		const double value = number_at(values, number_bytes, i);
		if (isfinite(value))
			h->counts[bucket_of(h, width, value)]++;
	}
}

static void put_histogram(Message *m, const Histogram *h)
{
	put_doubles(m, HISTOGRAM_BUCKETS, h->counts, h->buckets);
	put_doubles(m, HISTOGRAM_LIMITS, h->limits, h->buckets);
	put_double(m, HISTOGRAM_SUM_SQUARES, h->sum_squares);
	put_double(m, HISTOGRAM_SUM, h->sum);
	put_double(m, HISTOGRAM_NUM, h->count);
	put_double(m, HISTOGRAM_MAX, h->max);
	put_double(m, HISTOGRAM_MIN, h->min);
}

void events_histogram(EventFile *file, int64_t step, const char *tag, const void *values, size_t number_bytes,
	size_t count)
{
	Histogram h;
	Message m;
	sum_up(&h, values, number_bytes, count);
	if (h.count == 0)
		return;
	fill_buckets(&h, values, number_bytes, count);
	begin_event(&m);
	const size_t end = m.start;
	put_histogram(&m, &h);
	put_around(&m, VALUE_HISTOGRAM, end);
	put_text(&m, VALUE_TAG, tag);
	put_around(&m, SUMMARY_VALUE, end);
	put_around(&m, EVENT_SUMMARY, end);
	end_event(file, &m, step);
}
