/* npy_test.c: arrays in files of their own, as numpy.save writes them; npz_test.c has what both kinds share. */
#include "data_test.h"
#include "folder_support.h"
#include <stdlib.h>
#include <unistd.h>

TestSuite(npy, .init = make_directory, .fini = remove_directory);

/* Writes NAME in the directory: a header with padding, as numpy does, and the values. */
static void write_array(const char *name, const char *type, const char *order, const char *shape, const void *values,
	size_t size)
{
	char header[129];
	int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type, order,
		shape);
	FILE *file = fopen(in_directory(name), "wb");
	cr_assert(file);
	fwrite("\x93NUMPY\1\0v", 1, 9, file);
	fprintf(file, "%c%-117s\n", 0, header);
	cr_assert_lt(length, 117);
	fwrite(values, 1, size, file);
	fclose(file);
}

static const float points[] = {1, 2, 3, 4, 5, 6};
static const int64_t classes[] = {1, 0, 1};

static bool open_in_directory(Data *data, const char *x, const char *y, bool without_target, Failure *failure)
{
	char specification[400];
	snprintf(specification, sizeof specification, "%s", in_directory(x));
	if (y)
		snprintf(specification + strlen(specification), sizeof specification - strlen(specification), ":%s",
			in_directory(y));
	return data_open(data, specification, &(DataOptions){.without_target = without_target}, failure);
}

static void refuse(const char *x, const char *y, const char *part)
{
	Data data;
	Failure failure;
	cr_expect_not(open_in_directory(&data, x, y, !y, &failure), "%s was opened", x);
	cr_expect(strstr(failure.text, part), "expected '%s' in '%s'", part, failure.text);
	data_close(&data);
}

Test(npy, alone)
{
	Data data;
	Failure failure;
	write_array("x.npy", "<f4", "False", "(3, 2)", points, sizeof points);
	cr_assert(open_in_directory(&data, "x.npy", 0, true, &failure), "%s", failure.text);
	cr_expect(data.rows == 3 && data.features == 2 && data.target_features == 0 && !data.labels);
	cr_expect_arr_eq(data.x, points, sizeof points);
	data_close(&data);
	cr_expect_not(open_in_directory(&data, "x.npy", 0, false, &failure));
	cr_expect(strstr(failure.text, "x.npy has samples and no targets"), "%s", failure.text);
	unlink(in_directory("x.npy"));
}

Test(npy, with_its_targets)
{
	static const double columns[] = {1, 3, 5, 2, 4, 6};
	Data data;
	Failure failure;
	write_array("x.npy", "<f8", "True", "(3, 2)", columns, sizeof columns);
	write_array("y.npy", "<i8", "False", "(3,)", classes, sizeof classes);
	cr_assert(open_in_directory(&data, "x.npy", "y.npy", false, &failure), "%s", failure.text);
	cr_expect(data.rows == 3 && data.features == 2 && data.classes == 2);
	cr_expect_arr_eq(data.x, points, sizeof points);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(data.labels[i], classes[i]);
	data_close(&data);
	cr_assert(open_in_directory(&data, "x.npy", "none.npy", true, &failure), "the targets are not read");
	data_close(&data);
	refuse("x.npy", "none.npy", "none.npy: No such file");
	write_array("y.npy", "<i8", "False", "(2,)", classes, 2 * sizeof *classes);
	refuse("x.npy", "y.npy", "x.npy has 3 rows, but y has 2");
	unlink(in_directory("x.npy"));
	unlink(in_directory("y.npy"));
}

Test(npy, broken)
{
	const char *path = in_directory("x.npy");
	write_array("x.npy", "<f4", "False", "(3, 2)", points, sizeof points - 1);
	refuse("x.npy", 0, "it takes 152 bytes of shape (3, 2), but the file holds 151: save it again");
	cr_assert_eq(truncate(path, 60), 0);
	refuse("x.npy", 0, "x.npy: the file is damaged (it ends too early): save it again with numpy.save");
	cr_assert_eq(truncate(path, 0), 0);
	refuse("x.npy", 0, "is empty, expected what numpy.save writes");
	write_array("x.npy", "<f4", "False", "(6,)", points, sizeof points);
	refuse("x.npy", 0, "use x.reshape(-1, 1) for one feature");
	write_array("x.npy", "|O", "False", "(3, 2)", points, sizeof points);
	refuse("x.npy", 0, "x.npy");
	FILE *file = fopen(path, "w");
	cr_assert(file && fputs("<!DOCTYPE html>", file) >= 0 && fclose(file) == 0);
	refuse("x.npy", 0, "is a web page");
	unlink(path);
}
