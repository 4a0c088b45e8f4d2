/* pictures_test.c: image files, folders of them, and MNIST's files. */
#include "../runtime/data/image.h"
#include "folder_support.h"
#include <png.h>
#include <sys/stat.h>

TestSuite(pictures, .init = make_directory, .fini = remove_directory);

static void write_png(const char *path, int format, int width, int height, const void *pixels, const void *colours)
{
	png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height,
		.format = (png_uint_32)format, .colormap_entries = colours ? 2 : 0};
	cr_assert(png_image_write_to_file(&image, path, 0, pixels, 0, colours), "%s", image.message);
}

/* expected: channels, height, width, and the values */
static void expect_image(bool (*read)(Image *, const char *, Failure *), const char *path, const char *expected)
{
	Image image = {.channels = 0};
	Failure failure;
	char printed[200];
	cr_assert(read(&image, path, &failure), "%s", failure.text);
	snprintf(printed, sizeof printed, "%dx%dx%d:", image.channels, image.height, image.width);
	for (int i = 0; i < image.channels * image.height * image.width; i++)
		snprintf(printed + strlen(printed), 8, " %d", image.values[i]);
	cr_expect_str_eq(printed, expected, "%s: %s", path, printed);
	free(image.values);
}

Test(pictures, of_png)
{
	static const unsigned char grey[] = {0, 1, 127, 128, 254, 255}, colour[] = {1, 2, 3, 4, 5, 6};
	static const unsigned char clear[] = {9, 0, 200, 255}, both[] = {0, 1}, palette[] = {10, 20, 30, 40, 50, 60};
	const char *path = in_directory("a.png");
	write_png(path, PNG_FORMAT_GRAY, 3, 2, grey, 0);
	expect_image(png_read, path, "1x2x3: 0 1 127 128 254 255");
	write_png(path, PNG_FORMAT_RGB, 2, 1, colour, 0);
	expect_image(png_read, path, "3x1x2: 1 4 2 5 3 6");
	write_png(path, PNG_FORMAT_GA, 1, 2, clear, 0);
	expect_image(png_read, path, "1x2x1: 9 200");
	write_png(path, PNG_FORMAT_RGB_COLORMAP, 2, 1, both, palette);
	expect_image(png_read, path, "3x1x2: 10 40 20 50 30 60");
}

Test(pictures, of_netpbm)
{
	static const struct { const char *bytes; size_t size; const char *expected; } cases[] = {
		{"P5\n# made by hand\n2 1\n255\n\x07\x80", 28, "1x1x2: 7 128"},
		{"P6 1 2 255 abcdef", 17, "3x2x1: 97 100 98 101 99 102"},
		{"P2 2 2 3 0 1\n2 3", 16, "1x2x2: 0 85 170 255"},
		{"P3 1 1 255 1 2 3", 16, "3x1x1: 1 2 3"},
		{"P5 1 2 65535\n\x80\0\0\xff", 17, "1x2x1: 128 1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *path = in_directory("a.pnm");
		write_file(path, cases[i].bytes, cases[i].size);
		expect_image(pnm_read, path, cases[i].expected);
	}
}

static void fill_class(const char *name, int images, int height)
{
	char folder[200], file[260];
	snprintf(folder, sizeof folder, "%s", in_directory(name));
	cr_assert_eq(mkdir(folder, 0700), 0);
	for (int i = 0; i < images; i++) {
		char text[40];
		snprintf(file, sizeof file, "%s/%d.pgm", folder, i);
		snprintf(text, sizeof text, "P2 1 %d 255 %d %d", height, *name, i);
		write_file(file, text, strlen(text));
	}
}

static void expect_refused(const char *path, const char *expected)
{
	Data data;
	Failure failure;
	cr_assert_not(data_open(&data, path, 0, &failure), "%s", path);
	expect_message(&failure, expected);
}

Test(pictures, of_classes_in_folders)
{
	Data data, again;
	Failure failure;
	fill_class("zebra", 2, 2);
	fill_class("ant", 3, 2);
	write_file(in_directory("README"), "", 0);
	write_file(in_directory("ant/.hidden.png"), "", 0);
	write_file(in_directory("ant/notes.md"), "", 0);
	cr_assert(data_open(&data, directory, 0, &failure), "%s", failure.text);
	cr_expect(data.rows == 5 && data.features == 2 && data.rank == 3 && data.dims[0] == 1 && data.dims[1] == 2
		&& data.dims[2] == 1 && data.classes == 2);
	cr_expect_str_eq(data.class_names[0], "ant");
	cr_expect(data.labels[2] == 0 && data.labels[3] == 1 && data.x[0] == 'a' && data.x[3] == 1 && data.x[6] == 'z');
	/* another folder has the classes of the first */
	char command[200];
	snprintf(command, sizeof command, "rm -r %s/ant", directory);
	cr_assert_eq(system(command), 0);
	const DataOptions options = {.schema = data.schema};
	cr_assert(data_open(&again, directory, &options, &failure), "%s", failure.text);
	cr_expect(again.rows == 2 && again.labels[0] == 1 && again.classes == 2);
	data_close(&again);
	fill_class("bee", 1, 2);
	cr_assert_not(data_open(&again, directory, &options, &failure));
	expect_message(&failure, "the class bee is none that the network was trained with");
	data_close(&data);
}

/* To be predicted, images need no class: those in the folder come first, then those in the folders in it. */
Test(pictures, without_classes)
{
	Data data, alone;
	Failure failure;
	const char *const names[] = {"0.pgm", "other.PGM", "ant/0.pgm", "ant/1.pgm"};
	fill_class("ant", 2, 2);
	write_file(in_directory("0.pgm"), "P2 1 2 255 7 8", 14);
	write_file(in_directory("other.PGM"), "P2 1 2 255 7 9", 14);
	char command[200], inner[200];
	snprintf(inner, sizeof inner, "%s/ant", directory);
	cr_assert(data_open(&data, directory, 0, &failure), "%s", failure.text);
	const DataOptions options = {.schema = data.schema, .without_target = true};
	cr_assert(data_open(&alone, directory, &options, &failure), "%s", failure.text);
	cr_expect(alone.rows == 4 && alone.x[0] == 7 && alone.x[4] == 'a' && !alone.labels && alone.target_features == 0);
	cr_expect(alone.classes == 1 && strcmp(alone.class_names[0], "ant") == 0);
	cr_expect(alone.ids.count == 1 && strcmp(alone.ids.names[0], "file") == 0);
	for (int i = 0; i < 4; i++)
		cr_expect_str_eq(alone.ids.texts[i], names[i]);
	data_close(&alone);
	const DataOptions unknown = {.without_target = true};
	cr_assert(data_open(&alone, inner, &unknown, &failure), "%s", failure.text);
	cr_expect(alone.rows == 2 && !alone.class_names && strcmp(alone.ids.texts[1], "1.pgm") == 0);
	data_close(&alone);
	data_close(&data);
	snprintf(command, sizeof command, "rm -r %s/*", directory);
	cr_assert_eq(system(command), 0);
	cr_assert_not(data_open(&alone, directory, &unknown, &failure));
	expect_message(&failure, " holds no images, expected .png, .pgm or .ppm files");
}

Test(pictures, mistakes_in_folders_are_named)
{
	static const unsigned char colour[] = {1, 2, 3, 4, 5, 6};
	expect_refused(directory, "is a folder without folders, expected one of images for each class");
	fill_class("ant", 0, 2);
	expect_refused(directory, "/ant holds no images, expected .png, .pgm or .ppm files of its class");
	fill_class("bee", 1, 2);
	write_file(in_directory("ant/a.pgm"), "P2 1 2 9 1", 10);
	expect_refused(directory, "/ant/a.pgm ends after 1 of 2 pixels, or holds a value above 9");
	write_file(in_directory("ant/a.pgm"), "P7", 2);
	expect_refused(directory, "/ant/a.pgm is no PGM or PPM image");
	write_file(in_directory("ant/a.pgm"), "P5 99999 1 255 ", 15);
	expect_refused(directory, "expected width and height from 1 to 16384");
	write_file(in_directory("ant/a.pgm"), "P2 1 3 9 1 2 3", 14);
	expect_refused(directory, "/bee/0.pgm has 2 x 1 pixels (height x width), but ");
	write_png(in_directory("ant/a.pgm"), PNG_FORMAT_RGB, 1, 2, colour, 0);
	expect_refused(directory, "/ant/a.pgm is no PGM or PPM image");
	write_png(in_directory("ant/0.png"), PNG_FORMAT_RGB, 1, 2, colour, 0);
	unlink(in_directory("ant/a.pgm"));
	expect_refused(directory, "/bee/0.pgm is grey, but ");
	write_file(in_directory("ant/0.png"), "\x89PNG\r\n\x1a\n", 8);
	expect_refused(directory, "/ant/0.png is no sound PNG image: ");
	write_file(in_directory("ant/0.jpg"), "", 0);
	expect_refused(directory, "/ant/0.jpg: expected images as .png, .pgm or .ppm: convert it");
}

/* ---- MNIST's files */

static const char images[] = "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02" "\x01\x80\xff\x00";
static const char labels[] = "\0\0\x08\x01\0\0\0\x02" "\x03\x00";

Test(pictures, of_mnist)
{
	static const char reals[] = "\0\0\x0d\x02\0\0\0\x02\0\0\0\x01" "\x3f\xc0\0\0\xbf\x80\0\0";
	Data data;
	Failure failure;
	write_file(in_directory("t-images-idx3-ubyte"), images, sizeof images - 1);
	write_file(in_directory("t-labels-idx1-ubyte"), labels, sizeof labels - 1);
	cr_assert(data_open(&data, in_directory("t-images-idx3-ubyte"), 0, &failure), "%s", failure.text);
	cr_expect(data.rows == 2 && data.rank == 3 && data.dims[0] == 1 && data.dims[1] == 1 && data.dims[2] == 2);
	cr_expect(data.x[1] == 128 && data.x[2] == 255 && data.labels[0] == 3 && data.classes == 4 && data.targets[0] == 3);
	data_close(&data);
	write_file(in_directory("reals.idx"), reals, sizeof reals - 1);
	char both[300];
	snprintf(both, sizeof both, "%s:%s", in_directory("t-images-idx3-ubyte"), in_directory("reals.idx"));
	cr_assert(data_open(&data, both, 0, &failure), "%s", failure.text);
	cr_expect(!data.labels && data.targets[0] == 1.5f && data.targets[1] == -1);
	cr_expect(strstr(data.unlabelled, "label 0 is 1.5: number the classes from 0"));
	data_close(&data);
}

Test(pictures, mistakes_in_mnist_are_named)
{
	static const struct { const char *bytes; size_t size; const char *expected; } cases[] = {
		{"", 0, "is no IDX file: expected 0 0 TYPE AXES as its first bytes, but it is shorter"},
		{"\0\0\x07\x01", 4, "is no IDX file: expected 0 0 TYPE AXES as its first bytes"},
		{"\0\0\x08\x05", 4, "has 5 axes, expected 1 to 4"},
		{"\0\0\x08\x01\0\0", 6, "ends in its header of 1 axes"},
		{"\0\0\x08\x01\0\0\0\0", 8, "holds no values"},
		{"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", 12, "holds too many values"},
		{"\0\0\x08\x01\0\0\0\x02\x01", 9, "has 9 bytes, expected 10 for its 2 values"},
		{"\0\0\x08\x01\0\0\0\x03\x01\x01\x01", 11, "has 2 samples, but "},
		{"\0\0\x0d\x01\0\0\0\x02\x7f\x80\0\0\0\0\0\0", 16, "value 0 is not finite"},
	};
	write_file(in_directory("t-images.idx"), images, sizeof images - 1);
	expect_refused(in_directory("t-images.idx"), "needs its labels beside it, but there is neither ");
	const DataOptions options = {.without_target = true};
	Data alone;
	Failure failure;
	cr_assert(data_open(&alone, in_directory("t-images.idx"), &options, &failure), "%s", failure.text);
	cr_expect(alone.rows > 0 && alone.rank == 3 && !alone.labels && alone.target_features == 0);
	data_close(&alone);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_file(in_directory("t-labels.idx"), cases[i].bytes, cases[i].size);
		expect_refused(in_directory("t-images.idx"), cases[i].expected);
	}
	write_file(in_directory("t.idx"), images, sizeof images - 1);
	expect_refused(in_directory("t.idx"), "the file of its labels is not known");
}
