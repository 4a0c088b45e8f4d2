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
		CASE("<u8", "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16,
		9223372036854775808.0f),
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
		cr_expect(data.labels && data.labels[1] == (int32_t)second && data.classes == (int)second + 1, "case %zu", i);
		data_close(&data);
	}
	unlink(path);
}

Test(npz, mistakes_in_arrays_are_named)
{
	static const float nan_second[] = {1, 2, 3, NAN};
	static const double too_large[] = {1, 2, 1e300, 4};
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
		lower_x = {"x.npy", HEADER("<f4", "False", "(2, 2)"), two_points, sizeof two_points},
		infinite_y = {"y.npy", HEADER("<f4", "False", "(2,)"), infinite, sizeof infinite},
		scalar_y = {"y.npy", HEADER("|u1", "False", "()"), "\0", 1};
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
		{&lower_x, &good_y, "has no array X, it holds x, y: --train /tmp"},
		{&lower_x, &good_y, ".npz:x,y says which are samples and labels"},
		{&good_x, &lower_x, "has no array y, it holds X, x: --train /tmp"},
		{&good_x, &lower_x, ".npz:SAMPLES,LABELS says which are samples and labels"},
		{&good_x, &infinite_y, "y[1] holds inf"},
		{&good_x, &scalar_y, "y has the shape (), expected (samples,)"},
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

Test(npz, formats_of_the_future)
{
	const Member members[] = {good_x, good_y};
	char path[32];
	temporary_path(path);
	write_archive_of_format(path, members, 2, 4);
	expect_failure(path, "X: not an array in the format of numpy 1.0 to 3.0");
	unlink(path);
}

Test(npz, headers_are_read_strictly)
{
	static const char *const good[] = {
		"{'shape':(2,2),'descr':'<f4','fortran_order':False}",
		" { 'fortran_order': False , 'descr':  '<f4', 'shape': ( 2 , 2 ) } ",
		HEADER("<f4", "False", "(2, 2,)"),
		"{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 2)}",
		"{u'descr': u'<f4', U'fortran_order': False, r'shape': (2, 2), }",
		HEADER("<f4", "False", "(2L, 2L)"), HEADER("<f4", "False", "(2 , 2L , )"),
		"\t{\n'descr':\r\n'<f4',\f'fortran_order':\tFalse,'shape'\n:\n(\n2,\n2)\n,}\n\n",
		HEADER("<f4", "False", "(0x2, 0X2)"), HEADER("<f4", "False", "(0o2, 0b1_0)"),
		HEADER("<f4", "False", "(+2, +(0x_2))"), HEADER("<f4", "False", "((2), 0x2L)"),
		HEADER("<f4", "((False))", "(2, 2)"), "# by hand\n" HEADER("<f4", "False", "(2, # rows\n2)") "# end",
		HEADER("<f4", "False # C\n", "(2,\\\n2)"),
		"{'descr': ('<f4'), 'fortran_order': False, 'shape': (2, 2), }",
		"{'descr': '''<f4''', 'fortran_order': False, 'shape': (2, 2), }",
		"{'descr': '<' \"f\" u'4' '', 'fortran_' 'order': False, 'shape': (2, 2), }",
	};
	static const char *const bad[] = {
		"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)",
		"{'descr': '<f4', 'descr': '<f4', 'shape': (2, 2)}", HEADER("<f4", "Maybe", "(2, 2)"),
		HEADER("<f4", "False", "(2 2)"), HEADER("<f4", "False", "(,)"), HEADER("<f4", "False", "(-2, -2)"),
		HEADER("<f4", "False", "2, 2"), HEADER("<f4", "False", "(2, 2)") "x", "{'descr': '<f4",
		"{'descr': '<f4' 'fortran_order': False, 'shape': (2, 2)}", HEADER("<f4", "False", "(4)"),
		HEADER("<f4", "False", "[2, 2]"),
		HEADER("<f4", "False", "(02, 2)"), HEADER("<f4", "False", "(2l, 2)"), HEADER("<f4", "False", "(2, 2,,)"),
		HEADER("<f4", "0", "(2, 2)"),
		HEADER("<f4", "'False'", "(2, 2)"), "{b'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
		"{'descr': b'<f4', 'fortran_order': False, 'shape': (2, 2)}",
		"{'descr': 4, 'fortran_order': False, 'shape': (2, 2)}",
		"{'descr': \"<f4', 'fortran_order': False, 'shape': (2, 2)}",
		"{'descr': '<f\n4', 'fortran_order': False, 'shape': (2, 2)}",
		"{'Descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
		"{,'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), 'x': 1}",
		"({'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)})",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}}",
		"{'descr': ('<f4', 'fortran_order': False, 'shape': (2, 2)}",
		HEADER("<f4", "False", "(0x, 2)"), HEADER("<f4", "False", "(0o8, 2)"), HEADER("<f4", "False", "(2_, 2)"),
		HEADER("<f4", "False", "(2__0, 2)"),
		HEADER("<f4", "False", "(_2, 2)"), HEADER("<f4", "False", "(2.0, 2)"),
		HEADER("<f4", "False", "(2, 2)") "\n# end\nx", HEADER("<f4", "(False", "(2, 2)"),
	};
	char path[32];
	temporary_path(path);
	Member members[] = {good_x, good_y};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		members[0].header = bad[i];
		write_archive(path, members, 2);
		expect_failure(path, "X: the array's header is not understood");
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

/* As X of two rows and two columns whose bytes are zeros. numpy.dtype() of 1.26 and 2.4 makes these sizes of these
 * words; size 0: it holds no real numbers, or is not one type of 64-bit Linux. */
Test(npz, types_as_numpy_spells_them)
{
	static const struct { const char *descr; int size; const char *part; } cases[] = {
		{"<u1", 1, 0}, {"<i1", 1, 0}, {"<b1", 1, 0}, {">b1", 1, 0}, {"|?", 1, 0}, {"?", 1, 0}, {"=?", 1, 0},
			{"=f4", 4, 0}, {"f4", 4, 0}, {"|f4", 4, 0},
		{"<f", 4, 0}, {"<d", 8, 0}, {"e", 2, 0}, {"<i", 4, 0}, {"<l", 8, 0}, {"<q", 8, 0}, {"p", 8, 0}, {"b", 1, 0},
			{"B", 1, 0}, {"h", 2, 0}, {"H", 2, 0},
		{"I", 4, 0}, {">L", 8, 0}, {"Q", 8, 0}, {"float16", 2, 0}, {"half", 2, 0}, {"float32", 4, 0}, {"single", 4, 0},
			{"float64", 8, 0}, {"double", 8, 0},
		{"float", 8, 0}, {"int8", 1, 0}, {"int16", 2, 0}, {"int32", 4, 0}, {"int64", 8, 0}, {"int", 8, 0},
			{"uint8", 1, 0}, {"uint16", 2, 0},
		{"uint32", 4, 0}, {"uint64", 8, 0}, {"uint", 8, 0}, {"bool", 1, 0}, {"bool_", 1, 0},
		{"<float32", 0, "X: its type is `<float32`, expected bool, integers or floats of numpy"},
			{"F32", 0, "its type is `F32`"}, {"", 0, "its type is ``"},
		{"<", 0, "its type is `<`"}, {"<<f4", 0, "`<<f4`"}, {" f4", 0, "` f4`"}, {"i3", 0, "`i3`"}, {"f12", 0, "`f12`"},
			{"b2", 0, "`b2`"}, {"u", 0, "`u`"},
		{"<c8", 0, "X: its type is `<c8`: it holds complex numbers"}, {"complex128", 0, "complex numbers"},
			{"D", 0, "complex numbers"},
		{"|O", 0, "it holds Python objects, which only a pickle can hold"}, {"object", 0, "Python objects"},
			{"<U5", 0, "it holds text, expected numbers: "
			"number the words with numpy.unique"}, {"|S5", 0, "text"}, {"str", 0, "text"},
				{"<M8[ns]", 0, "it holds dates"}, {"datetime64", 0, "dates"},
		{"<m8[s]", 0, "it holds times"}, {"|V8", 0, "raw bytes"}, {"f4,f4", 0, "structures of named fields"},
			{"f4,", 0, "structures of named fields"},
		{"1f4", 4, 0}, {"<1f4", 4, 0}, {"1<f4", 4, 0}, {">1i8", 8, 0}, {"(1,)f4", 4, 0}, {"<(1,)f4", 4, 0},
			{"(1,)<f2", 2, 0}, {"()f4", 4, 0},
		{"( 1 , 1 )f4", 4, 0}, {"1 f4", 4, 0}, {">1>f4", 4, 0}, {"1float64", 8, 0},
		{"3f4", 0, "its type is `3f4`: an array in each item, expected a number"},
			{"(2,)f4", 0, "an array in each item"},
		{"(1,2)f4", 0, "an array in each item"}, {"0f4", 0, "an array in each item"},
			{"<2f4", 0, "an array in each item"},
		{"(1)f4", 0, "its type is `(1)f4`, expected bool"}, {"(,)f4", 0, "expected bool"}, {" 1f4", 0, "expected bool"},
			{"01f4", 0, "expected bool"},
		{">1<f4", 0, "expected bool"}, {"1", 0, "its type is `1`, expected bool"}, {"(1,f4", 0, "its type is `(1,f4`"},
		{"F", 0, "complex numbers"}, {"F4", 0, "its type is `F4`, expected bool"},
			{"F8", 0, "its type is `F8`, expected bool"}, {"D16", 0, "expected bool"},
		{"c4", 0, "its type is `c4`, expected bool"}, {"c", 0, "it holds text"}, {"c16", 0, "complex numbers"},
			{"complexx", 0, "expected bool"},
		{"O8", 0, "Python objects"}, {"O2", 0, "expected bool"}, {"T", 0, "text"}, {"a5", 0, "text"}, {"U", 0, "text"},
			{"T5", 0, "expected bool"},
		{"M8", 0, "dates"}, {"M4", 0, "expected bool"}, {"timedelta64[s]", 0, "times"},
			{"timedelta", 0, "expected bool"}, {"V", 0, "raw bytes"},
		{"strange", 0, "its type is `strange`, expected bool"},
	};
	static const char zeros[32];
	char path[32], header[128];
	temporary_path(path);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 2), }", cases[i].descr);
		const Member members[] = {{"X.npy", header, zeros, 4 * (size_t)cases[i].size}, good_y};
		write_archive(path, members, 2);
		if (cases[i].part) {
			expect_failure(path, cases[i].part);
			continue;
		}
		Data data;
		open_or_abort(&data, path);
		data_close(&data);
	}
	static const struct { const char *descr, *part; } nested[] = {
		{"[('a', '<f4')]", "X: it holds structures of named fields"}, {"[]", "X: it holds structures of named fields"},
		{"('<f4', (2,))", "X: its type is `('<f4', ...)`: an array in each item, expected a number"},
			{"('<f4', 2)", "an array in each item"},
	};
	for (size_t i = 0; i < sizeof nested / sizeof *nested; i++) {
		snprintf(header, sizeof header, "{'descr': %s, 'fortran_order': False, 'shape': (2,), }", nested[i].descr);
		const Member members[] = {{"X.npy", header, zeros, 16}, good_y};
		write_archive(path, members, 2);
		expect_failure(path, nested[i].part);
	}
	unlink(path);
}

/* In numpy a bool is any byte but 0: views of masks have others than 1. */
Test(npz, booleans_are_any_byte)
{
	static const Member members[] = {
		{"X.npy", HEADER("|b1", "False", "(2, 2)"), "\0\1\2\xff", 4}, {"y.npy", HEADER("|b1", "False", "(2,)"),
			"\xff\0", 2},
	};
	char path[32];
	Data data;
	temporary_path(path);
	write_archive(path, members, 2);
	open_or_abort(&data, path);
	cr_expect(data.x[0] == 0 && data.x[1] == 1 && data.x[2] == 1 && data.x[3] == 1);
	cr_expect(data.labels[0] == 1 && data.labels[1] == 0 && data.classes == 2 && data.targets[0] == 1);
	data_close(&data);
	unlink(path);
}

/* Halfway between two floats but for a last bit, which a double would lose, and then take the even one. */
Test(npz, numbers_are_rounded_once)
{
	static const int64_t integers[] = {9007199791611905, -9007199791611905, 1152921573326323713, 16777217};
	static const uint64_t naturals[] = {9007199791611905, 18446742424442109953U, 1152921573326323713, 16777217};
	const long double longs[] = {1 + 0x1p-24L + 0x1p-60L, 1 + 0x1p-24L - 0x1p-60L, 1 + 3 * 0x1p-24L - 0x1p-60L,
		-1 - 0x1p-24L - 0x1p-60L};
	static const float expected[][4] = {
		{0x1.000002p53f, -0x1.000002p53f, 0x1.000002p60f, 0x1p24f}, {0x1.000002p53f, 0x1.fffffep63f, 0x1.000002p60f,
			0x1p24f},
		{1 + 0x1p-23f, 1, 1 + 0x1p-23f, -1 - 0x1p-23f},
	};
	const Member x[] = {
		{"X.npy", HEADER("<i8", "False", "(2, 2)"), integers, sizeof integers},
			{"X.npy", HEADER("<u8", "False", "(2, 2)"), naturals, sizeof naturals},
		{"X.npy", HEADER("<f16", "False", "(2, 2)"), longs, sizeof longs},
	};
	char path[32];
	temporary_path(path);
	for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
		const Member members[] = {x[i], good_y};
		Data data;
		write_archive(path, members, 2);
		if (x[i].values == longs && sizeof *longs != 16) {
			expect_failure(path, "its type is `<f16`");
			continue;
		}
		open_or_abort(&data, path);
		for (int k = 0; k < 4; k++)
			cr_expect_eq(data.x[k], expected[i][k], "%zu, %d: %a", i, k, data.x[k]);
		data_close(&data);
	}
	unlink(path);
}

/* One whole number a row from 0 is a label in any type; anything else makes values of all. */
Test(npz, labels_or_values)
{
	static const int64_t negative[] = {0, -1}, beyond[] = {2147483647, 0}, largest[] = {0, INT64_MAX},
		most[] = {2147483646, 1};
	static const float whole[] = {1, 0}, negative_zero[] = {1, -0.0f}, half[] = {0, 0.5f}, below[] = {0, -1},
		wide[] = {0, 1e10f};
	static const uint64_t unsigned_largest[] = {UINT64_MAX, 0};
	static const struct { Member y; const char *reason; } cases[] = {
		{{"y.npy", HEADER("<f4", "False", "(2,)"), whole, 8}, 0},
			{{"y.npy", HEADER("<f4", "False", "(2, 1)"), negative_zero, 8}, 0},
		{{"y.npy", HEADER("<i8", "False", "(2, 1)"), most, 16}, 0},
		{{"y.npy", HEADER("<f4", "False", "(2,)"), half, 8}, "y[1] is 0.5: number the classes from 0"},
		{{"y.npy", HEADER("<f4", "False", "(2,)"), below, 8}, "y[1] is -1:"},
			{{"y.npy", HEADER("<f4", "False", "(2,)"), wide, 8}, "y[1] is 1e+10:"},
		{{"y.npy", HEADER("<i8", "False", "(2,)"), negative, 16}, "y[1] is -1:"},
			{{"y.npy", HEADER("<i8", "False", "(2,)"), beyond, 16}, "y[0] is 2147483647:"},
		{{"y.npy", HEADER("<i8", "False", "(2,)"), largest, 16}, "y[1] is 9223372036854775807:"},
		{{"y.npy", HEADER("<u8", "False", "(2,)"), unsigned_largest, 16}, "y[0] is 18446744073709551615:"},
		{{"y.npy", HEADER("|u1", "False", "(2, 2)"), "\0\1\1\0", 4},
			"y has 2 values a row: of one-hot rows take y.argmax(1)"},
	};
	char path[32];
	temporary_path(path);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Member members[] = {good_x, cases[i].y};
		Data data;
		write_archive(path, members, 2);
		open_or_abort(&data, path);
		cr_expect_eq(!data.labels, cases[i].reason != 0, "case %zu", i);
		cr_expect(!cases[i].reason || (strstr(data.unlabelled, cases[i].reason) && data.classes == 0), "case %zu: %s",
			i, data.unlabelled);
		if (data.labels)
			cr_expect(data.labels[0] == (i == 2 ? 2147483646 : 1) && data.classes == data.labels[0] + 1, "case %zu", i);
		data_close(&data);
	}
	unlink(path);
}

static Member renamed(const Member *member, const char *name)
{
	Member out = *member;
	out.name = name;
	return out;
}

/* Of an autoencoder, the samples themselves. */
Test(npz, targets_that_are_images)
{
	Data data;
	open_or_abort(&data, "tests/data/images.npz:X,X");
	cr_expect(data.rows == 3 && data.target_features == 8);
	cr_expect_null(data.labels);
	for (int i = 0; i < 24; i++)
		cr_expect_eq(data.targets[i], data.x[i]);
	data_close(&data);
}

Test(npz, arrays_of_other_names)
{
	const Member members[] = {
		renamed(&good_y, "y_train.npy"), renamed(&good_x, "x_train.npy"), renamed(&good_x, "x_test"),
		renamed(&good_y, "with space.npy"), good_x,
	};
	static const struct { const char *names, *part; } wrong[] = {
		{":", "expected the names of two arrays after the colon, as in FILE.npz:samples,labels, found ``"},
			{":x_train", "found `x_train`"},
		{":,y_train", "found `,y_train`"}, {":x_train,", "found `x_train,`"},
			{":x_train,y_train,X", "found `x_train,y_train,X`"},
		{":x_train,labels", "has no array labels, it holds y_train, x_train, x_test, with space, X: --train"},
			{":x,y_train", ".npz:x_train,y_train says"},
		{"", "has no array y, it holds"}, {":x_train.npy,y_train", "has no array x_train.npy"},
			{":y_train,x_train", "y_train has the shape (2,), expected "
			"(samples, features): use y_train.reshape(-1, 1)"},
	};
	char path[32], specification[80];
	temporary_path(path);
	write_archive(path, members, 5);
	static const char *const names[] = {"x_train,y_train", "x_test,y_train", "X,with space"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		Data data;
		snprintf(specification, sizeof specification, "%s:%s", path, names[i]);
		open_or_abort(&data, specification);
		cr_expect(data.x[3] == 4 && data.labels[0] == 1 && data.labels[1] == 0);
		cr_expect_eq(data_path_length(specification), strlen(path));
		data_close(&data);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(specification, sizeof specification, "%s%s", path, wrong[i].names);
		expect_failure(specification, wrong[i].part);
	}
	unlink(path);
}

/* numpy takes the last one: neither is what somebody may have meant. */
Test(npz, an_array_that_is_there_twice)
{
	static const struct { const char *names[3], *part; } cases[] = {
		{{"X.npy", "y.npy", "y"}, "has the array y 2 times"}, {{"X", "y.npy", "X.npy"}, "has the array X 2 times"},
			{{"X.npy", "y.npy", "Y"}, 0},
		{{"X.npy", "y.npy", "y.npy.npy"}, 0},
	};
	char path[32];
	temporary_path(path);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Member members[3] = {good_x, good_y, good_y};
		for (int k = 0; k < 3; k++)
			members[k].name = cases[i].names[k];
		write_archive(path, members, 3);
		Data data;
		if (cases[i].part)
			expect_failure(path, cases[i].part);
		else {
			open_or_abort(&data, path);
			data_close(&data);
		}
	}
	unlink(path);
	/* Of the same name, which libzip does not write. */
	expect_failure("tests/data/twice.npz", "tests/data/twice.npz has the array y 2 times");
}

/* The file that is there is meant, whatever else the text could be. */
Test(npz, names_of_files_with_colons)
{
	static const struct { const char *name, *specification; } cases[] = {
		{"a:b.npz", "a:b.npz"}, {"a:b.npz", "a:b.npz:X,y"}, {"moons:n=1.npz", "moons:n=1.npz"},
			{"a.npz:b.npz", "a.npz:b.npz"},
		{"a.npz:b.npz", "a.npz:b.npz:X,y"}, {"A.NPZ", "A.NPZ"}, {"moons.npz", "moons.npz:X,y"},
	};
	const Member members[] = {good_x, good_y};
	char folder[] = "/tmp/bnc-colons-XXXXXX";
	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_archive(cases[i].name, members, 2);
		Data data;
		open_or_abort(&data, cases[i].specification);
		cr_expect_eq(data.rows, 2);
		cr_expect_eq(data_path_length(cases[i].specification), strlen(cases[i].name));
		data_close(&data);
		unlink(cases[i].name);
	}
	expect_failure("moons:n=1.npz", "moons: n must be an integer");
	cr_expect_eq(data_path_length("moons:n=5"), 0);
	expect_failure("none.npz:a,b", "cannot open none.npz: No such file");
	cr_assert(chdir("/") == 0 && rmdir(folder) == 0);
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
	/* what numpy.savez(path) writes */
	static const char without_members[22] = "PK\5\6";
	file = fopen(path, "w");
	cr_assert_eq(fwrite(without_members, 1, sizeof without_members, file), sizeof without_members);
	fclose(file);
	expect_failure(path, ".npz holds no arrays: write it with numpy.savez(");
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
	if (!data_open(&data, path, 0, &failure)) {
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
		for (size_t j = i % 2; j < sizeof changes; j += 2) {
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
			if (data_open(&data, path, 0, &failure))
				cr_assert_eq(data.x[3], 4);
			data_close(&data);
		}
		header[i] = old;
	}
	unlink(path);
}
