/* read_events.c: prints a file of events of TensorBoard, and shares no code with what writes it. Ends with status 1 at
 * the first byte that is not as it should be. With -c, the last record may be cut off, as TensorBoard lets it be.
 *
 *	STEP begins                                     earlier events from this step on count no more
 *	STEP TAG VALUE                                  a scalar
 *	STEP TAG MIN MAX NUM SUM SQUARES LIMIT:COUNT ...        a histogram
 */
#include <float.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(int good, const char *what)
{
	if (good)
		return;
	printf("wrong: %s\n", what);
	exit(1);
}

/* ---- records */

static uint32_t crc32c(const unsigned char *bytes, size_t size)
{
	uint32_t crc = ~(uint32_t)0;
	for (size_t i = 0; i < size; i++)
		for (int bit = 0; bit < 8; bit++) {
			const uint32_t odd = (crc ^ (uint32_t)(bytes[i] >> bit)) & 1;
			crc = crc >> 1 ^ (odd ? 0x82f63b78 : 0);
		}
	return ~crc;
}

static uint32_t unmask(uint32_t masked)
{
	const uint32_t turned = masked - 0xa282ead8;
	return turned >> 17 | turned << 15;
}

static uint64_t fixed(const unsigned char *bytes, int count)
{
	uint64_t value = 0;
	while (count--)
		value = value << 8 | bytes[count];
	return value;
}

/* ---- messages */

typedef struct Part { const unsigned char *at, *end; } Part;
typedef struct Field { int number, wire; uint64_t value; Part part; } Field;

static uint64_t take_varint(Part *p)
{
	uint64_t value = 0;
	for (int shift = 0; shift < 70; shift += 7) {
		expect(p->at < p->end, "a number goes on after the end");
		const unsigned char byte = *p->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	expect(0, "a number of more than ten bytes");
	return 0;
}

static Part take_part(Part *p, uint64_t size)
{
	expect(size <= (uint64_t)(p->end - p->at), "a field goes on after the end");
	const Part part = {p->at, p->at + size};
	p->at += size;
	return part;
}

static int take_field(Part *p, Field *f)
{
	if (p->at == p->end)
		return 0;
	const uint64_t key = take_varint(p);
	f->number = (int)(key >> 3);
	f->wire = (int)(key & 7);
	expect(f->wire == 0 || f->wire == 1 || f->wire == 2 || f->wire == 5, "an unknown kind of field");
	if (f->wire == 0)
		f->value = take_varint(p);
	else
		f->part = take_part(p, f->wire == 1 ? 8 : f->wire == 5 ? 4 : take_varint(p));
	return 1;
}

static double as_double(const unsigned char *bytes)
{
	const uint64_t bits = fixed(bytes, 8);
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static double double_of(const Field *f)
{
	expect(f->wire == 1, "a double of another kind");
	return as_double(f->part.at);
}

static double float_of(const Field *f)
{
	expect(f->wire == 5, "a float of another kind");
	const uint32_t bits = (uint32_t)fixed(f->part.at, 4);
	float value;
	memcpy(&value, &bits, sizeof value);
	return (double)value;
}

/* ---- events */

static void print_histogram(Part p)
{
	Field f;
	double fields[6] = {0}, num = 0, last = -DBL_MAX;
	Part limits = {0, 0}, buckets = {0, 0};
	while (take_field(&p, &f)) {
		expect(f.number >= 1 && f.number <= 7, "a histogram has seven fields");
		if (f.number <= 5)
			fields[f.number] = double_of(&f);
		else
			*(f.number == 6 ? &limits : &buckets) = f.part;
	}
	expect(limits.at && limits.end - limits.at == buckets.end - buckets.at, "as many limits as buckets");
	for (int i = 1; i <= 5; i++)
		printf(" %.17g", fields[i]);
	for (; limits.at < limits.end; limits.at += 8, buckets.at += 8) {
		const double limit = as_double(limits.at), count = as_double(buckets.at);
		expect(limit > last && count >= 0, "limits grow, and counts are not negative");
		printf(" %.17g:%.17g", limit, count);
		last = limit;
		num += count;
	}
	expect(num == fields[3], "the buckets have all values");
	expect(last >= fields[2], "the last bucket reaches up to the largest value");
}

static void print_value(Part p, long long step)
{
	Field f;
	int values = 0;
	printf("%lld", step);
	while (take_field(&p, &f))
		if (f.number == 1) {
			expect(f.wire == 2 && !values, "a tag comes first");
			printf(" %.*s", (int)(f.part.end - f.part.at), (const char *)f.part.at);
		} else {
			expect(f.number == 2 || f.number == 5, "a scalar or a histogram");
			values++;
			if (f.number == 2)
				printf(" %.9g", float_of(&f));
			else
				print_histogram(f.part);
		}
	expect(values == 1, "a tag has one value");
	printf("\n");
}

static void print_summary(Part p, long long step)
{
	Field f;
	while (take_field(&p, &f)) {
		expect(f.number == 1 && f.wire == 2, "a summary has values");
		print_value(f.part, step);
	}
}

static void print_event(Part p, int first)
{
	double wall_time = 0;
	long long step = 0;
	int contents = 0;
	Field f;
	while (take_field(&p, &f)) {
		if (f.number == 1) {
			wall_time = double_of(&f);
		} else if (f.number == 2) {
			expect(f.wire == 0, "a step is a number");
			step = (long long)f.value;
		} else if (f.number == 3) {
			expect(first && f.part.end - f.part.at == 13 && !memcmp(f.part.at, "brain.Event:2", 13), "the version");
			contents++;
		} else if (f.number == 7) {
			Field status;
			expect(f.wire == 2 && take_field(&f.part, &status) && status.number == 1 && status.value == 1
				&& f.part.at == f.part.end, "a session starts");
			printf("%lld begins\n", step);
			contents++;
		} else {
			expect(f.number == 5 && !first, "a summary");
			print_summary(f.part, step);
			contents++;
		}
	}
	expect(contents == 1, "an event has one content");
	expect(wall_time > 1.6e9, "it has a time");
}

int main(int argc, char **argv)
{
	static unsigned char bytes[1 << 24];
	expect(crc32c((const unsigned char *)"123456789", 9) == 0xe3069283, "the reader's own check sum");
	const int cut = argc == 3 && strcmp(argv[1], "-c") == 0;
	FILE *file = argc == 2 + cut ? fopen(argv[1 + cut], "rb") : NULL;
	expect(file != NULL, "the file can be read");
	const size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	expect(size > 0 && size < sizeof bytes, "the file has something");
	for (size_t at = 0; at < size;) {
		if (cut && (size - at < 12 || fixed(bytes + at, 8) > size - at - 12
				|| size - at - 12 - fixed(bytes + at, 8) < 4))
			break;
		expect(size - at >= 12, "a record begins and does not go on");
		const uint64_t length = fixed(bytes + at, 8);
		expect(unmask((uint32_t)fixed(bytes + at + 8, 4)) == crc32c(bytes + at, 8), "the check sum of a length");
		expect(length <= size - at - 12 && size - at - 12 - length >= 4, "a record is whole");
		const unsigned char *message = bytes + at + 12;
		expect(unmask((uint32_t)fixed(message + length, 4)) == crc32c(message, (size_t)length),
			"the check sum of a message");
		print_event((Part){message, message + length}, at == 0);
		at += 12 + (size_t)length + 4;
	}
	return 0;
}
