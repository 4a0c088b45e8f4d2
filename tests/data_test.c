/* data_test.c: the built-in sets. The hashes come from scikit-learn 1.9. */
#include "data_test.h"
#include "sha256.h"
#include "zip_support.h"
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Of X as float32 row by row, then y as int64, little endian. */
static void expect_set(const char *specification, const char *expected)
{
	Data data;
	open_or_abort(&data, specification);
	size_t rows = (size_t)data.rows, x_bytes = rows * (size_t)data.features * sizeof *data.x;
	size_t length = x_bytes + rows * sizeof(int64_t);
	unsigned char *bytes = malloc(length);
	memcpy(bytes, data.x, x_bytes);
	for (size_t i = 0; i < rows; i++) {
		int64_t label = data.labels[i];
		memcpy(bytes + x_bytes + i * sizeof label, &label, sizeof label);
		cr_assert_eq(data.targets[i], (float)label);
	}
	char hash[65];
	sha256_hex(bytes, length, hash);
	cr_expect_str_eq(hash, expected, "%s: %s", specification, hash);
	free(bytes);
	data_close(&data);
}

Test(sets, are_those_of_scikit_learn)
{
	expect_set("moons", "43b6e74d987f4a721e6fc3157388726add165ac180fc93ede4cbe72f0b42ae7c");
	expect_set("moons:seed=42,noise=1e-1,n=1000", "43b6e74d987f4a721e6fc3157388726add165ac180fc93ede4cbe72f0b42ae7c");
	expect_set("moons:n=1001,noise=0.25,seed=7", "55571adb09f2b5bb27c2de0c493295f24295bdcc47570f6610c6c3d7beb44bc7");
	expect_set("moons:n=500,noise=0,seed=4294967295",
		"7fd03bb9af2ad23045758616157cd6cb371cbb426a49ebfe73f2e0542149fac5");
	expect_set("circles", "cccc9690dfc77b6d6f0ed6102060138ac1b058d107d170dcb8eeaa56049ab43d");
	expect_set("circles:n=999,noise=0.05,factor=0.3,seed=3",
		"a4eda7a5ac87e9c27399a005bbf51b5054ef9b33759f0f55c2f998330c20dec4");
	expect_set("blobs", "4fda70741ecf804300228042fc612887ab3a24f80274db65f3ad31609051b949");
	expect_set("blobs:n=501,centers=7,features=5,std=2.5,seed=1",
		"02f791537ef80fd4074060bb421190602d256adf8662501500c2485a3ab5530f");
}

Test(sets, of_scikit_learn_that_are_recorded)
{
	expect_set("iris", "879b81724528964779983358162a724401de00141f8cb9c922d27f908396b8c7");
	expect_set("wine", "300d849b9eb766c3058bcebb4f806f42766e213cbcd8402c411d3d592747e011");
	expect_set("breast_cancer", "f86286b06e0eb4fbbb699d6ba5df7f1432e65642369ae111d0e47b47d02338bc");
	expect_set("digits", "faf2d98f61250c1cdc0b114323133d3c58da04f5c5d28bb78e4bde3c936a75b1");
}

Test(sets, have_shapes_and_classes)
{
	static const struct { const char *specification; int rows, features, classes; } cases[] = {
		{"moons", 1000, 2, 2}, {"moons:n=1", 1, 2, 2}, {"circles:n=2", 2, 2, 2}, {"blobs:n=2,features=3", 2, 3, 2},
		{"blobs", 1000, 2, 3}, {"spirals", 1000, 2, 2}, {"spirals:classes=5,n=7,turns=2.5", 7, 2, 5},
		{"spirals:n=1,classes=100", 1, 2, 1}, {"xor", 1000, 2, 2}, {"iris", 150, 4, 3}, {"wine", 178, 13, 3},
		{"breast_cancer", 569, 30, 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Data data;
		open_or_abort(&data, cases[i].specification);
		cr_expect_eq(data.rows, cases[i].rows);
		cr_expect_eq(data.rank, 1);
		cr_expect_eq(data.dims[0], cases[i].features);
		cr_expect_eq(data.features, cases[i].features);
		cr_expect_eq(data.classes, cases[i].classes, "%s", cases[i].specification);
		cr_expect_eq(data.target_features, 1);
		data_close(&data);
	}
}

static bool same_data(const Data *a, const Data *b)
{
	size_t rows = (size_t)a->rows;
	return a->rows == b->rows && a->features == b->features && a->classes == b->classes
		&& memcmp(a->x, b->x, rows * (size_t)a->features * sizeof *a->x) == 0
		&& memcmp(a->labels, b->labels, rows * sizeof *a->labels) == 0;
}

/* A set needs no code here, only its row. */
Test(sets, every_one_is_made_of_its_parameters)
{
	const char *names[100];
	int count = data_names(names, 100);
	for (int i = 0; i < count; i++) {
		char specification[100];
		Data data, again, other;
		Failure failure;
		open_or_abort(&data, names[i]);
		cr_expect(data.rows > 1 && data.classes > 1, "%s: %d rows, %d classes", names[i], data.rows, data.classes);
		data_close(&data);
		snprintf(specification, sizeof specification, "%s:n=63,seed=1", names[i]);
		if (!data_open(&data, specification, 0, &failure)) {
			cr_expect(strstr(failure.text, " has no parameters, found `n`"), "%s", failure.text);
			continue;
		}
		open_or_abort(&again, specification);
		snprintf(specification, sizeof specification, "%s:n=63,seed=2", names[i]);
		open_or_abort(&other, specification);
		cr_expect_eq(data.rows, 63, "%s", names[i]);
		for (int k = 0; k < data.rows * data.features; k++)
			cr_assert(isfinite(data.x[k]), "%s: value %d", names[i], k);
		for (int row = 0; row < data.rows; row++)
			cr_assert(data.labels[row] >= 0 && data.labels[row] < data.classes, "%s: row %d", names[i], row);
		cr_expect(same_data(&data, &again), "%s is not the same with the same seed", names[i]);
		cr_expect_not(same_data(&data, &other), "%s is the same with another seed", names[i]);
		data_close(&data);
		data_close(&again);
		data_close(&other);
	}
}

Test(sets, of_our_own_are_what_they_say)
{
	Data data;
	open_or_abort(&data, "xor:noise=0,seed=1");
	for (int i = 0; i < data.rows; i++) {
		float x = data.x[2 * i], y = data.x[2 * i + 1];
		cr_assert(fabsf(x) <= 1 && fabsf(y) <= 1);
		cr_assert_eq(data.labels[i], (x < 0) != (y < 0));
	}
	data_close(&data);
	open_or_abort(&data, "spirals:noise=0,turns=0,classes=4");
	for (int i = 0; i < data.rows; i++) {
		float x = data.x[2 * i], y = data.x[2 * i + 1], radius = hypotf(x, y);
		float angle = 2 * 3.14159265f * (float)data.labels[i] / 4;
		cr_assert(radius > 0.4999f && radius < 3.0001f);
		cr_assert_float_eq(x, radius * cosf(angle), 1e-5);
		cr_assert_float_eq(y, radius * sinf(angle), 1e-5);
	}
	data_close(&data);
}

Test(sets, mistakes_are_named)
{
	static const struct { const char *specification, *part; } cases[] = {
		{"mons", "did you mean `moons`? Built in are "},
		{"mons:noise=0.1", "there is no data set `mons`: did you mean `moons`?"},
		{"", "there is no data set ``. Built in are"},
		{":", "there is no data set ``"},
		{"penguins", "there is no data set `penguins`. Built in are"},
		{"points.xlsx", "points.xlsx: files of this kind are not understood; expected .npz"},
		{"./moons", "./moons: files of this kind are not understood"},
		{".npz", ".npz: files of this kind are not understood"},
		{"moons:", "moons: expected a parameter and its value, such as n=1000, found ``"},
		{"moons:n", "found `n`"},
		{"moons:n=5,", "found ``"},
		{"moons:n=5,,seed=1", "found ``"},
		{"moons:noize=0.1", "moons has no parameter `noize`; did you mean `noise`? It has n, noise, seed"},
		{"moons:=5", "moons has no parameter ``; it has n, noise, seed"},
		{"moons:factor=0.5", "moons has no parameter `factor`; it has n, noise, seed"},
		{"moons:n=5,seed=1,n=6", "moons: n is given twice"},
		{"moons:n=", "n must be an integer from 1 to 10000000, found ``"},
		{"moons:n=0", "found `0`"},
		{"moons:n=-1", "found `-1`"},
		{"moons:n=1.5", "n must be an integer from 1 to 10000000, found `1.5`"},
		{"moons:n=1e3", "found `1e3`"},
		{"moons:n=10000001", "n must be an integer from 1 to 10000000, found `10000001`"},
		{"moons:n=99999999999999999999999", "found `99999999999999999999999`"},
		{"moons:n=5 ", "found `5 `"},
		{"moons:n= 5", "found ` 5`"},
		{"moons:n=5=6", "found `5=6`"},
		{"moons:n=--5", "found `--5`"},
		{"moons:seed=-1", "seed must be an integer from 0 to 4294967295, found `-1`"},
		{"moons:seed=4294967296", "found `4294967296`"},
		{"moons:noise=nan", "noise must be a number from 0 to 1000000, found `nan`"},
		{"moons:noise=inf", "found `inf`"},
		{"moons:noise=1e309", "found `1e309`"},
		{"moons:noise=-0.1", "found `-0.1`"},
		{"moons:noise=0x1p3", "found `0x1p3`"},
		{"moons:noise=1e", "found `1e`"},
		{"circles:factor=1.01", "factor must be a number from 0 to 1, found `1.01`"},
		{"blobs:n=10000000,features=4096",
			"10000000 samples of 4096 features are 40960000000 values, and the limit is 536870912"},
		{"nothing.npz", "cannot open nothing.npz: No such file or directory"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_failure(cases[i].specification, cases[i].part);
}

/* What is there, but of another kind, is called by its name. */
Test(sets, other_files_are_recognised)
{
	static const char cut[] = "PK\3\4 .... X.npy ....", page[] = "<!DOCTYPE html>", hdf[] = "\x89HDF\r\n\x1a\n";
	static const struct { const char *name, *bytes, *part; } cases[] = {
		{"points.csv", "", "points.csv is empty, expected a table as text"},
		{"points.parquet", "PAR1", "is a Parquet table"},
		{"points", "PAR1", "is a Parquet table"},
		{"points.npz", page, "points.npz is a web page; expected a table as .csv, or arrays as .npz: download the file "
			"itself"},
		{"points.npz", "version https://git-lfs.github.com/spec/v1\n", "run git lfs pull"},
		{"points.npz", "noise", "is not a sound .npz file"},
		{"points.npz", cut, "is not a sound .npz file"},
		{"points", cut,
			"is a zip archive that is cut off or damaged; expected a table as .csv, or arrays as .npz: download or "
			"save it again"},
		{"points.h5", hdf, "is an HDF5 file"},
		{"points.npy", "\x93NUMPY", "points.npy has samples and no targets"},
		{"points", "\x93NUMPY", "is one array of numpy; expected a table as .csv, or arrays as .npz: give it a name "
			"that ends with .npy"},
		{"points.safetensors", "12345678{\"", "is a file of weights; expected a table as .csv, or arrays as .npz"},
		{"points.xlsx", "noise", "is a spreadsheet"},
		{"points.mystery", "noise", "files of this kind are not understood; expected .npz"},
	};
	char folder[] = "/tmp/bnc-kinds-XXXXXX", path[64];
	cr_assert(mkdtemp(folder));
	expect_failure(folder, "is a folder without folders, expected one of images for each class");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, cases[i].name);
		FILE *file = fopen(path, "wb");
		cr_assert(file && fputs(cases[i].bytes, file) >= 0 && fclose(file) == 0);
		expect_failure(path, cases[i].part);
		unlink(path);
	}
	static const struct { const char *name, *members, *part; } archives[] = {
		{"points", "X.npy\ny.npy", "is a .npz of numpy; expected a table as .csv, or arrays as .npz: give it a name "
			"that ends with .npz"},
		{"points.pt", "data/0\nnet/data.pkl", "is an archive of torch.save; expected a table as .csv, or arrays as "
			".npz"},
		{"points.xlsx", "[Content_Types].xml\nxl/workbook.xml",
			"is a spreadsheet; expected a table as .csv, or arrays as .npz: in Python, read it with pandas"},
		{"points.npz", "net/data.pkl\nnet/data/0", "is an archive of torch.save"},
			{"points.npz", "a.csv", "is a zip archive; expected a table as .csv, or arrays as .npz: unpack it"},
		{"points.ods", "mimetype\ncontent.xml", "is a spreadsheet"}, {"points.docx",
			"[Content_Types].xml\nword/document.xml", "is a zip archive"},
	};
	for (size_t i = 0; i < sizeof archives / sizeof *archives; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, archives[i].name);
		write_zip(path, archives[i].members, "x");
		expect_failure(path, archives[i].part);
		unlink(path);
	}
	rmdir(folder);
}

Test(sets, long_words_are_cut)
{
	enum { LENGTH = 1 << 20 };
	static const char *const beginnings[] = {"", "moons:", "moons:n=", "moons:n=5,", "a."};
	char *word = malloc(LENGTH + 16);
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
		strcpy(word, beginnings[i]);
		memset(word + strlen(beginnings[i]), '7', LENGTH);
		word[strlen(beginnings[i]) + LENGTH] = 0;
		expect_failure(word, "77777");
	}
	free(word);
}

Test(sets, are_listed_as_they_can_be_written)
{
	char text[4000] = "";
	FILE *out = fmemopen(text, sizeof text, "w");
	data_list(out);
	fclose(out);
	cr_expect(strstr(text, "  moons:n=1000,noise=0.1,seed=42\n"));
	cr_expect(strstr(text, "  circles:n=1000,noise=0.1,factor=0.8,seed=42\n"));
	cr_expect(strstr(text, "  blobs:n=1000,centers=3,features=2,std=1,seed=42\n"));
	cr_expect(strstr(text, "  FILE.npz\n"));
}
