/* npz_test.c: the archives in tests/data come from numpy 2.4, the others are written here. */
#include "data_test.h"
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

static void temporary_path(char path[32])
{
	strcpy(path, "/tmp/bnc_data_XXXXXX.npz");
	int file = mkstemps(path, 4);
	cr_assert(file >= 0);
	close(file);
}

typedef struct Member { const char *name, *header; const void *values; size_t size; } Member;

/* Format 1 has two bytes for the length of the header, 2 has four. */
static void add_member(zip_t *archive, const Member *member, unsigned char format)
{
	size_t header_size = strlen(member->header), prefix_size = format == 1 ? 10 : 12;
	size_t size = prefix_size + header_size + member->size;
	unsigned char *bytes = calloc(size, 1);
	memcpy(bytes, "\x93NUMPY", 6);
	bytes[6] = format;
	bytes[8] = (unsigned char)(header_size & 255);
	bytes[9] = (unsigned char)(header_size >> 8);
	memcpy(bytes + prefix_size, member->header, header_size);
	memcpy(bytes + prefix_size + header_size, member->values, member->size);
	zip_source_t *source = zip_source_buffer(archive, bytes, size, 1);
	cr_assert(zip_file_add(archive, member->name, source, 0) >= 0);
}

static void write_archive_of_format(const char *path, const Member *members, int count, unsigned char format)
{
	zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	cr_assert(archive);
	for (int i = 0; i < count; i++)
		add_member(archive, &members[i], format);
	cr_assert_eq(zip_close(archive), 0);
}

static void write_archive(const char *path, const Member *members, int count)
{
	write_archive_of_format(path, members, count, 1);
}

#define HEADER(type, order, shape) "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }   \n"

static const float two_points[] = {1, 2, 3, 4};
static const Member good_x = {"X.npy", HEADER("<f4", "False", "(2, 2)"), two_points, sizeof two_points};
static const Member good_y = {"y.npy", HEADER("|u1", "False", "(2,)"), "\x01\x00", 2};

Test(npz, images)
{
	Data data;
	open_or_abort(&data, "tests/data/images.npz");
	cr_expect_str_eq(data.name, "tests/data/images.npz");
	cr_expect_eq(data.rows, 3);
	cr_expect_eq(data.rank, 3);
	cr_expect(data.dims[0] == 2 && data.dims[1] == 2 && data.dims[2] == 2);
	cr_expect_eq(data.features, 8);
	for (int i = 0; i < 24; i++)
		cr_expect_eq(data.x[i], (float)i / 4 - 2);
	cr_expect(data.labels[0] == 2 && data.labels[1] == 0 && data.labels[2] == 1);
	cr_expect(data.targets[0] == 2 && data.targets[1] == 0 && data.targets[2] == 1);
	cr_expect_eq(data.classes, 3);
	data_close(&data);
}

Test(npz, compressed_values_in_fortran_order)
{
	Data data;
	open_or_abort(&data, "tests/data/fortran.npz");
	cr_expect_eq(data.rows, 4);
	cr_expect_eq(data.rank, 1);
	cr_expect_eq(data.features, 3);
	cr_expect_eq(data.target_features, 2);
	cr_expect_null(data.labels);
	for (int i = 0; i < 12; i++)
		cr_expect_eq(data.x[i], (float)i + 0.5f);
	for (int i = 0; i < 4; i++) {
		cr_expect_eq(data.targets[2 * i], (float)i + 0.5f);
		cr_expect_eq(data.targets[2 * i + 1], (float)-i - 1);
	}
	data_close(&data);
}

Test(npz, three_axes_in_fortran_order)
{
	static const Member members[] = {
		{"X.npy", HEADER("|u1", "True", "(2, 2, 3)"), "\x00\x06\x03\x09\x01\x07\x04\x0a\x02\x08\x05\x0b", 12},
		{"y.npy", HEADER("|u1", "False", "(2,)"), "\x00\x01", 2},
	};
	char path[32];
	temporary_path(path);
	write_archive(path, members, 2);
	Data data;
	open_or_abort(&data, path);
	cr_expect(data.rank == 2 && data.dims[0] == 2 && data.dims[1] == 3 && data.features == 6);
	for (int i = 0; i < 12; i++)
		cr_expect_eq(data.x[i], (float)i);
	data_close(&data);
	unlink(path);
}

Test(npz, more_than_a_buffer_and_a_long_header)
{
	enum { ROWS = 30011 };
	static float values[ROWS];
	for (int i = 0; i < ROWS; i++)
		values[i] = (float)i;
	const Member members[] = {
		{"X.npy", HEADER("<f4", "False", "(30011, 1)"), values, sizeof values},
		{"y.npy", HEADER("<f4", "False", "(30011,)"), values, sizeof values},
	};
	char path[32];
	temporary_path(path);
	write_archive_of_format(path, members, 2, 2);
	Data data;
	open_or_abort(&data, path);
	cr_expect_arr_eq(data.x, values, sizeof values);
	cr_expect_arr_eq(data.targets, values, sizeof values);
	data_close(&data);
	unlink(path);
}

/* 1 and, where there is a sign, -2 of every type; as X, and 1 and 2 as labels. */
Test(npz, every_type)
{
	static const struct { const char *x_header, *y_header; const char *x, *y; size_t size; float second; } cases[] = {
#define CASE(type, x, y, size, second) \
		{HEADER(type, "False", "(2, 1)"), HEADER(type, "False", "(2, 1)"), x, y, size, second}
		CASE("|b1", "\1\0", "\1\1", 2, 0),
		CASE("|u1", "\1\2", "\1\2", 2, 2),
		CASE("|i1", "\1\xfe", "\1\2", 2, -2),
		CASE("<u2", "\1\0\2\1", "\1\0\2\0", 4, 258),
		CASE("<i2", "\1\0\xfe\xff", "\1\0\2\0", 4, -2),
		CASE("<u4", "\1\0\0\0\0\0\0\xff", "\1\0\0\0\2\0\0\0", 8, 4278190080),
		CASE("<i4", "\1\0\0\0\xfe\xff\xff\xff", "\1\0\0\0\2\0\0\0", 8, -2),
		CASE("<u8", "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16, 9223372036854775808.0f),
		CASE("<i8", "\1\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16, -2),
		CASE("<f4", "\0\0\x80\x3f\0\0\0\xc0", "\0\0\x80\x3f\0\0\0\x40", 8, -2),
		CASE("<f2", "\0\x3c\0\xc0", "\0\x3c\0\x40", 4, -2),
		CASE(">f2", "\x3c\0\xc0\0", "\x3c\0\x40\0", 4, -2),
		CASE(">f4", "\x3f\x80\0\0\xc0\0\0\0", "\x3f\x80\0\0\x40\0\0\0", 8, -2),
		CASE(">f8", "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", "\x3f\xf0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0", 16, -2),
		CASE(">i2", "\0\1\xff\xfe", "\0\1\0\2", 4, -2),
		CASE(">u4", "\0\0\0\1\xff\0\0\0", "\0\0\0\1\0\0\0\2", 8, 4278190080),
		CASE("<f8", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40", 16, -2),
#undef CASE
	};
	char path[32];
	temporary_path(path);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Member members[] = {
			{"y.npy", cases[i].y_header, cases[i].y, cases[i].size},
			{"X.npy", cases[i].x_header, cases[i].x, cases[i].size},
		};
		write_archive(path, members, 2);
		Data data;
		open_or_abort(&data, path);
		cr_expect(data.x[0] == 1 && data.x[1] == cases[i].second, "case %zu: %g %g", i, data.x[0], data.x[1]);
		float second = i == 0 ? 1 : 2;
		cr_expect(data.targets[0] == 1 && data.targets[1] == second, "case %zu", i);
		cr_expect(!data.labels || data.labels[1] == (int32_t)second, "case %zu", i);
		data_close(&data);
	}
	unlink(path);
}

Test(npz, mistakes_in_arrays_are_named)
{
	static const float nan_second[] = {1, 2, 3, NAN};
	static const double too_large[] = {1, 2, 1e300, 4};
	static const int64_t negative[] = {0, -1}, beyond[] = {2147483647, 0}, largest[] = {0, INT64_MAX};
	static const float infinite[] = {0, INFINITY};
	static const Member
		nan_x = {"X.npy", HEADER("<f4", "False", "(2, 2)"), nan_second, sizeof nan_second},
		large_x = {"X.npy", HEADER("<f8", "False", "(2, 2)"), too_large, sizeof too_large},
		flat_x = {"X.npy", HEADER("<f4", "False", "(4,)"), two_points, sizeof two_points},
		three_x = {"X.npy", HEADER("|u1", "False", "(3, 2)"), "\0\0\0\0\0\0", 6},
		empty_x = {"X.npy", HEADER("<f4", "False", "(0, 2)"), "", 0},
		narrow_x = {"X.npy", HEADER("<f4", "False", "(2, 0)"), "", 0},
		five_axes = {"X.npy", HEADER("<f4", "False", "(1, 2, 2, 1, 1)"), two_points, sizeof two_points},
		short_x = {"X.npy", HEADER("<f4", "False", "(2, 3)"), two_points, sizeof two_points},
		long_x = {"X.npy", HEADER("<f4", "False", "(2, 1)"), two_points, sizeof two_points},
		huge_x = {"X.npy", HEADER("<f4", "False", "(99999999999999999999, 2)"), two_points, sizeof two_points},
		product_x = {"X.npy", HEADER("<f4", "False", "(65536, 65536)"), two_points, sizeof two_points},
		long_double = {"X.npy", HEADER("<f16", "False", "(2, 2)"), two_points, sizeof two_points},
		complex_x = {"X.npy", HEADER("<c8", "False", "(2, 1)"), two_points, sizeof two_points},
		structure = {"X.npy", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }", two_points, 16},
		lower_x = {"x.npy", HEADER("<f4", "False", "(2, 2)"), two_points, sizeof two_points},
		negative_y = {"y.npy", HEADER("<i8", "False", "(2,)"), negative, sizeof negative},
		beyond_y = {"y.npy", HEADER("<i8", "False", "(2,)"), beyond, sizeof beyond},
		largest_y = {"y.npy", HEADER("<i8", "False", "(2,)"), largest, sizeof largest},
		infinite_y = {"y.npy", HEADER("<f4", "False", "(2,)"), infinite, sizeof infinite},
		scalar_y = {"y.npy", HEADER("|u1", "False", "()"), "\0", 1},
		one_hot_y = {"y.npy", HEADER("|u1", "False", "(2, 2)"), "\0\1\1\0", 4};
	static const struct { const Member *x, *y; const char *part; } cases[] = {
		{&nan_x, &good_y, ".npz: X[1] holds nan"},
		{&large_x, &good_y, "X[1] holds 1e+300, expected finite numbers of single precision"},
		{&flat_x, &good_y, "X has the shape (4,), expected (samples, features)"},
		{&three_x, &good_y, "X has 3 rows, but y has 2"},
		{&empty_x, &good_y, "X: its shape (0, 2) holds no values"},
		{&narrow_x, &good_y, "X: its shape (2, 0) holds no values"},
		{&five_axes, &good_y, "X: it has more than 4 dimensions"},
		{&short_x, &good_y, "bytes of shape (2, 3), but the archive holds"},
		{&long_x, &good_y, "bytes of shape (2, 1), but the archive holds"},
		{&huge_x, &good_y, "X: its shape (99999999999999999999, 2)"},
		{&product_x, &good_y, "is more than the limit of 536870912 values"},
		{&long_double, &good_y, "X: its type is <f16, expected float16, float32"},
		{&complex_x, &good_y, "X: its type is <c8"},
		{&structure, &good_y, "X: its type is a structure"},
		{&lower_x, &good_y, "has no array X.npy, it holds: x.npy, y.npy; expected what numpy.savez"},
		{&good_x, &lower_x, "has no array y.npy, it holds: X.npy, x.npy"},
		{&good_x, &negative_y, "y[1] is -1, expected labels from 0 to 2147483646"},
		{&good_x, &beyond_y, "y[0] is 2147483647, expected labels from 0 to 2147483646"},
		{&good_x, &largest_y, "y[1] is 9.22337203685478e+18"},
		{&good_x, &infinite_y, "y[1] holds inf"},
		{&good_x, &scalar_y, "y has the shape (), expected (samples,)"},
		{&good_x, &one_hot_y, "y has the shape (2, 2), expected one label for each sample"},
	};
	char path[32];
	temporary_path(path);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Member members[] = {*cases[i].x, *cases[i].y};
		write_archive(path, members, 2);
		expect_failure(path, cases[i].part);
	}
	unlink(path);
}

Test(npz, headers_are_read_strictly)
{
	static const char *const good[] = {
		"{'shape':(2,2),'descr':'<f4','fortran_order':False}",
		" { 'fortran_order': False , 'descr':  '<f4', 'shape': ( 2 , 2 ) } ",
		HEADER("<f4", "False", "(2, 2,)"),
	};
	static const char *const bad[] = {
		"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)",
		"{'descr': '<f4', 'descr': '<f4', 'shape': (2, 2)}", HEADER("<f4", "Maybe", "(2, 2)"),
		HEADER("<f4", "False", "(2 2)"), HEADER("<f4", "False", "(,)"), HEADER("<f4", "False", "(-2, -2)"),
		HEADER("<f4", "False", "2, 2"), HEADER("<f4", "False", "(2, 2)") "x", "{'descr': '<f4",
		"{'descr': '<f4' 'fortran_order': False, 'shape': (2, 2)}",
	};
	char path[32];
	temporary_path(path);
	Member members[] = {good_x, good_y};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		members[0].header = bad[i];
		write_archive(path, members, 2);
		expect_failure(path, "X: the array's header is damaged");
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		members[0].header = good[i];
		write_archive(path, members, 2);
		Data data;
		open_or_abort(&data, path);
		cr_expect_eq(data.x[3], 4);
		data_close(&data);
	}
	unlink(path);
}

Test(npz, what_is_not_an_archive)
{
	char path[32];
	temporary_path(path);
	expect_failure(path, "is empty");
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 5000; i++)
		fputc(i * 31 % 251, file);
	fclose(file);
	expect_failure(path, "is not a sound .npz file");
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	expect_failure(path, "is a directory");
	rmdir(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	expect_failure(path, "is not a regular file");
	unlink(path);
}

/* ---- damage: an archive that is not whole is refused with a message, or what it holds is what it held */

static size_t read_whole(const char *path, unsigned char *bytes, size_t capacity)
{
	FILE *file = fopen(path, "rb");
	cr_assert(file, "run from the root of the source: %s", path);
	size_t length = fread(bytes, 1, capacity, file);
	cr_assert(length < capacity);
	fclose(file);
	return length;
}

static void expect_refused_or_same(const char *path, const unsigned char *bytes, size_t length, const Data *original)
{
	FILE *file = fopen(path, "wb");
	fwrite(bytes, 1, length, file);
	fclose(file);
	Data data;
	Failure failure = {""};
	if (!data_open(&data, path, &failure)) {
		cr_assert_neq(failure.text[0], 0);
		return;
	}
	size_t x_bytes = (size_t)original->rows * (size_t)original->features * sizeof *original->x;
	size_t target_bytes = (size_t)original->rows * (size_t)original->target_features * sizeof *original->targets;
	cr_assert_eq(data.rows, original->rows);
	cr_assert_eq(data.features, original->features);
	cr_assert_arr_eq(data.x, original->x, x_bytes);
	cr_assert_eq(data.target_features, original->target_features);
	cr_assert_arr_eq(data.targets, original->targets, target_bytes);
	data_close(&data);
}

static void damage(const char *source)
{
	unsigned char bytes[4096];
	size_t length = read_whole(source, bytes, sizeof bytes);
	Data original;
	open_or_abort(&original, source);
	char path[32];
	temporary_path(path);
	for (size_t i = 0; i < length; i++) {
		expect_refused_or_same(path, bytes, i, &original);
		static const unsigned char changes[] = {0x01, 0x20, 0x80, 0xff};
		for (size_t j = 0; j < sizeof changes; j++) {
			bytes[i] ^= changes[j];
			expect_refused_or_same(path, bytes, length, &original);
			bytes[i] ^= changes[j];
		}
	}
	unlink(path);
	data_close(&original);
}

Test(npz, damage_to_a_stored_archive)
{
	damage("tests/data/images.npz");
}

Test(npz, damage_to_a_compressed_archive)
{
	damage("tests/data/fortran.npz");
}

/* What the checksum cannot catch: the header is changed before it is packed. */
Test(npz, damage_to_a_header)
{
	char path[32], header[sizeof HEADER("<f4", "False", "(2, 2)")];
	temporary_path(path);
	Member members[] = {good_x, good_y};
	members[0].header = header;
	strcpy(header, good_x.header);
	for (size_t i = 0; header[i]; i++) {
		static const char changes[] = "\x01\t '(),09{}\xff";
		char old = header[i];
		for (size_t j = 0; j + 1 < sizeof changes; j++) {
			header[i] = changes[j];
			write_archive(path, members, 2);
			Data data;
			Failure failure;
			if (data_open(&data, path, &failure))
				cr_assert_eq(data.x[3], 4);
			data_close(&data);
		}
		header[i] = old;
	}
	unlink(path);
}
