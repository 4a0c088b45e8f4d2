/* Files of tensors: written and read back, read as the safetensors package for Python writes them, and refused when
 * anything about them is wrong. */
#include "folder_support.h"
#include "zip_support.h"
#include <math.h>

static const char stored[] = "tests/data/every_dtype.safetensors";

TestSuite(safetensors, .init = make_directory, .fini = remove_directory);

/* ---- tensors written and read */

static const NamedTensor *find(const TensorFile *file, const char *name)
{
	for (int i = 0; i < file->count; i++)
		if (strcmp(file->tensors[i].name, name) == 0)
			return &file->tensors[i];
	cr_assert_fail("no tensor %s", name);
	return NULL;
}

static void expect_floats(const TensorFile *file, const char *name, const float *expected, size_t count)
{
	const NamedTensor *tensor = find(file, name);
	cr_assert_eq(tensor->type, ELEMENT_F32);
	cr_assert_arr_eq(tensor->values, expected, count * sizeof *expected, "%s", name);
}

Test(safetensors, round_trip)
{
	float weight[3][2] = {{1, -2}, {0.1f, -0.0f}, {1e-45f, INFINITY}}, odd[1] = {7};
	int64_t steps = INT64_MIN + 3;
	float *large = malloc(5000 * sizeof *large);
	for (int i = 0; i < 5000; i++)
		large[i] = (float)i / 3;
	const NamedTensor tensors[] = {
		{"0.weight", ELEMENT_F32, 2, {3, 2}, weight},
		{"odd", ELEMENT_F32, 1, {1}, odd},
		{"a \"name\"\\ with\n\xc3\xa9", ELEMENT_F32, 4, {1, 1, 1, 1}, odd},
		{"1.num_batches_tracked", ELEMENT_I64, 0, {0}, &steps},
		{"large", ELEMENT_F32, 3, {10, 50, 10}, large},
		{"none", ELEMENT_F32, 2, {0, 5}, odd},
	};
	const char *path = in_directory("file");
	Failure failure;
	cr_assert(safetensors_save(path, tensors, 2, 0, &failure), "%s", failure.text);
	cr_assert(safetensors_save(path, tensors, 6, 0, &failure), "%s", failure.text);
	TensorFile file;
	cr_assert_not(safetensors_load(&file, path, &failure));
	expect_message(&failure, "control character 10");

	NamedTensor named[6];
	memcpy(named, tensors, sizeof named);
	named[2].name = "a \"name\"\\ \xc3\xa9";
	cr_assert(safetensors_save(path, named, 6, 0, &failure), "%s", failure.text);
	cr_assert(safetensors_load(&file, path, &failure), "%s", failure.text);
	cr_assert_eq(file.count, 6);
	for (int i = 0; i < 6; i++) {
		cr_assert_str_eq(file.tensors[i].name, named[i].name);
		cr_assert_eq(file.tensors[i].type, named[i].type);
		cr_assert_eq(file.tensors[i].rank, named[i].rank);
		cr_assert_arr_eq(file.tensors[i].shape, named[i].shape, (size_t)named[i].rank * sizeof *named[i].shape);
	}
	expect_floats(&file, "0.weight", weight[0], 6);
	expect_floats(&file, "odd", odd, 1);
	expect_floats(&file, "large", large, 5000);
	cr_assert_eq(*(int64_t *)find(&file, "1.num_batches_tracked")->values, steps);
	tensor_file_close(&file);
	free(large);
}

Test(safetensors, same_tensors_same_bytes)
{
	float value[3] = {1, 2, 3};
	int64_t count = 0x0102030405060708;
	const NamedTensor tensors[] = {{"a", ELEMENT_F32, 1, {3}, value}, {"b", ELEMENT_I64, 0, {0}, &count}};
	static const char expected[] =
		"\x90\0\0\0\0\0\0\0"
		"{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[8,20]},"
		"\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}      "
		"\x08\x07\x06\x05\x04\x03\x02\x01" "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40";
	const char *path = in_directory("file");
	Failure failure;
	cr_assert(safetensors_save(path, tensors, 2, 0, &failure), "%s", failure.text);
	char bytes[512];
	size_t size = read_file(path, bytes, sizeof bytes);
	cr_assert_eq(size, sizeof expected - 1, "%zu", size);
	cr_assert_arr_eq(bytes, expected, size);
}

Test(safetensors, no_tensors)
{
	Failure failure;
	TensorFile file;
	const char *path = in_directory("file");
	cr_assert(safetensors_save(path, NULL, 0, 0, &failure), "%s", failure.text);
	cr_assert(safetensors_load(&file, path, &failure), "%s", failure.text);
	cr_assert_eq(file.count, 0);
	tensor_file_close(&file);
}

Test(safetensors, written_by_python)
{
	TensorFile file;
	Failure failure;
	cr_assert(safetensors_load(&file, stored, &failure), "%s", failure.text);
	cr_assert_eq(file.count, 7);
	expect_floats(&file, "0.weight", (float[]){1, -2, 0.5f, 3.25f, 1e-45f, 3.4028235e38f}, 6);
	cr_assert_eq(find(&file, "0.weight")->rank, 2);
	cr_assert_eq(find(&file, "0.weight")->shape[0], 3);
	cr_assert_eq(find(&file, "0.weight")->shape[1], 2);
	expect_floats(&file, "0.bias", (float[]){0.1f, -0.0f, INFINITY}, 3);
	const NamedTensor *wide = find(&file, "double");
	cr_assert(wide->type == ELEMENT_F64 && ((double *)wide->values)[0] == 0.1 && ((double *)wide->values)[1] == -1e-3);
	expect_floats(&file, "half", (float[]){1.5f, -65504, 0x1p-24f, INFINITY, 0x1.55p-2f}, 5);
	expect_floats(&file, "brain", (float[]){1.5f, -100}, 2);
	const NamedTensor *count = find(&file, "1.num_batches_tracked");
	cr_assert(count->type == ELEMENT_I64 && count->rank == 0 && *(int64_t *)count->values == 640);
	cr_assert_eq(find(&file, "empty")->shape[1], 4);
	tensor_file_close(&file);
}

/* ---- damage */

Test(safetensors, cut_off_anywhere)
{
	char bytes[2048];
	size_t size = read_file(stored, bytes, sizeof bytes);
	const char *path = in_directory("file");
	for (size_t length = 0; length < size; length++) {
		write_file(path, bytes, length);
		TensorFile file;
		Failure failure;
		cr_assert_not(safetensors_load(&file, path, &failure), "%zu bytes", length);
		expect_message(&failure, path);
	}
}

/* A file with a check sum: no bit of it may change, and nothing may be missing or follow. */
Test(safetensors, any_bit_of_a_checked_file)
{
	static const Metadata notes[] = {{"bnc.network", "name net\ninput 2\n"}, {0}};
	float floats[] = {1, 2, 3};
	const NamedTensor tensors[] = {
		{"a", ELEMENT_F32, 1, {3}, floats}, {"b", ELEMENT_I64, 0, {0}, &(int64_t){7}}
	};
	const char *path = in_directory("file");
	char bytes[1024];
	TensorFile file;
	Failure failure;
	cr_assert(safetensors_save_checked(path, tensors, 2, notes, &failure), "%s", failure.text);
	cr_assert(safetensors_load(&file, path, &failure), "%s", failure.text);
	cr_expect(file.checked && file.count == 3);
	cr_expect_str_eq(tensor_file_text(&file, "bnc.network"), notes[0].text);
	cr_expect_null(tensor_file_text(&file, "bnc.data"));
	tensor_file_sort(&file);
	cr_expect_eq(tensor_file_find(&file, "bnc/", 4, "crc32")->type, ELEMENT_I64);
	tensor_file_close(&file);
	const size_t size = read_file(path, bytes, sizeof bytes - 1);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		write_file(path, bytes, size);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		const bool read = safetensors_load(&file, path, &failure);
		/* what hides the sum leaves a file without one, which is no checkpoint any more */
		cr_expect(!read || !file.checked, "bit %zu of byte %zu", bit % 8, bit / 8);
		if (read)
			tensor_file_close(&file);
	}
	for (size_t length = 0; length <= size + 1; length++) {
		if (length == size)
			continue;
		write_file(path, bytes, length);
		cr_expect_not(safetensors_load(&file, path, &failure), "%zu bytes", length);
	}
}

Test(safetensors, any_byte_changed)
{
	char bytes[2048];
	size_t size = read_file(stored, bytes, sizeof bytes);
	static const char changes[] = {1, 2, 4, 8, 16, 32, 64, (char)128, (char)255, '"' ^ '}'};
	const char *path = in_directory("file");
	for (size_t i = 0; i < size; i++)
		for (size_t j = i % 5; j < sizeof changes; j += 5) {
			bytes[i] ^= changes[j];
			write_file(path, bytes, size);
			bytes[i] ^= changes[j];
			TensorFile file;
			Failure failure;
			if (safetensors_load(&file, path, &failure))
				tensor_file_close(&file);
			else
				expect_message(&failure, path);
		}
}

typedef struct Damaged { const char *header; size_t value_bytes; const char *message; } Damaged;

static const Damaged damaged[] = {
	{"", 0, "not a JSON object (at byte 8)"},
	{"[]", 0, "not a JSON object"},
	{"\xef\xbb\xbf{}", 0, "not a JSON object"},
	{"{\"a\":", 0, "not a JSON object"},
	{"{} x", 0, "not a JSON object (at byte 10)"},
	{"{}", 3, "3 bytes follow the last tensor"},
	{"{\"a\":1}", 0, "tensor a: expected dtype, shape and data_offsets"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "tensor a: expected dtype, shape and data_offsets"},
	{"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
		"tensor a: expected dtype, shape and data_offsets, each once"},
	{"{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "expected dtype, shape and data_offsets"},
	{"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4,
		"tensor a has dtype F8_E4M3, expected F32, F64, F16, BF16, BOOL or integers to I64"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "tensor a has no shape"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
		"tensor a has 5 dimensions, expected at most 4"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "a dimension is not a size"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4, "a dimension is not a size"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}", 4, "a dimension is not a size"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1e999],\"data_offsets\":[0,4]}}", 4, "a dimension is not a size"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,0]}}", 0, "beyond any memory"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
		"tensor a: its shape and dtype F32 take 8 bytes, but its data_offsets give it 4"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "expected data_offsets [BEGIN, END]"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":{\"x\":0,\"y\":4}}}", 4,
		"expected data_offsets [BEGIN, END]"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,-4]}}", 4, "expected data_offsets [BEGIN, END]"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
		"tensor a ends at byte 0, before it begins at 4"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3,
		"tensor a ends at byte 4 of the values, but there are only 3"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
		"tensor a begins at byte 4 of the values, expected 0"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
		"tensor b begins at byte 4 of the values, expected 8"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
		"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
		"tensor a is there twice"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, "4 bytes follow the last tensor"},
	{"{\"__metadata__\":[]}", 0, "__metadata__ is not an object of strings"},
	{"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ is not an object of strings"},
	{"{\"__metadata__\":{\"a\":null}}", 0, "__metadata__ is not an object of strings"},
	{"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice"},
	{"{\"__metadata__\":null,\"__metadata__\":null}", 0, "__metadata__ is there twice"},
};

static void write_values(const char *path, const char *header, const void *values, size_t bytes)
{
	FILE *out = fopen(path, "wb");
	cr_assert(out);
	unsigned char prefix[8] = {(unsigned char)strlen(header)};
	fwrite(prefix, 1, sizeof prefix, out);
	fputs(header, out);
	fwrite(values, 1, bytes, out);
	fclose(out);
}

Test(safetensors, names_what_is_wrong)
{
	static const char zeros[16];
	const char *path = in_directory("file");
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		write_values(path, damaged[i].header, zeros, damaged[i].value_bytes);
		TensorFile file;
		Failure failure;
		cr_assert_not(safetensors_load(&file, path, &failure), "%s", damaged[i].header);
		expect_message(&failure, path);
		expect_message(&failure, damaged[i].message);
	}
}

/* What the safetensors package 0.8 for Python reads. */
Test(safetensors, sound_headers_of_every_form)
{
	static const char zeros[16];
	static const struct { const char *header; size_t value_bytes; } sound[] = {
		{"{\"__metadata__\":null,\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"__metadata__\":{\"b\":\"1\",\"b\":\"2\"}}",
			8},
		{" {\r\n\t\"a\" : { \"data_offsets\" : [ 0 , 8 ] , \"shape\" : [ 2 ] , \"dtype\" : \"F32\" } }\n ", 8},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"strides\":[1]}}", 8},
		{"{\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8},
		{"{\"z\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[8,8]},"
			"\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8},
	};
	const char *path = in_directory("file");
	for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
		TensorFile file;
		Failure failure;
		write_values(path, sound[i].header, zeros, sound[i].value_bytes);
		cr_assert(safetensors_load(&file, path, &failure), "%s: %s", sound[i].header, failure.text);
		cr_assert_eq(find(&file, "a")->shape[0], 2);
		tensor_file_close(&file);
	}
}

/* The highest bit is a sign, or is not; a bool is any byte but 0. */
Test(safetensors, integers_and_booleans)
{
	static const unsigned char bytes[8] = {0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0};
	static const struct { const char *dtype; int size; int64_t first; } cases_of[] = {
		{"BOOL", 1, 1}, {"U8", 1, 0xfe}, {"I8", 1, -2}, {"U16", 2, 0xfffe}, {"I16", 2, -2}, {"U32", 4, 0xfffffffe},
			{"I32", 4, -2},
		{"I64", 8, 0xfffffffe},
	};
	const char *path = in_directory("file");
	for (size_t i = 0; i < sizeof cases_of / sizeof *cases_of; i++) {
		char header[100];
		TensorFile file;
		Failure failure;
		snprintf(header, sizeof header, "{\"a\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,8]}}",
			cases_of[i].dtype, 8 / cases_of[i].size);
		write_values(path, header, bytes, sizeof bytes);
		cr_assert(safetensors_load(&file, path, &failure), "%s: %s", header, failure.text);
		const NamedTensor *tensor = find(&file, "a");
		const int64_t *values = tensor->values;
		cr_assert_eq(tensor->type, ELEMENT_I64);
		cr_assert_eq(values[0], cases_of[i].first, "%s", cases_of[i].dtype);
		cr_assert_eq(values[8 / cases_of[i].size - 1], cases_of[i].size == 8 ? 0xfffffffe : 0, "%s", cases_of[i].dtype);
		tensor_file_close(&file);
	}
}

/* By their first bytes, whatever they are called, or else by their names. */
Test(safetensors, other_files_are_recognised)
{
	static const struct { const char *name, *bytes; size_t size; const char *message; } others[] = {
		{"net.pth", "\x80\2\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 15,
			"is an archive of torch.save in its format before 1.6"},
		{"net.pkl", "\x80\4\x95\x11\0\0\0\0\0\0\0}", 12, "is a pickle"},
		{"net", "\x80\2}q\0X\1\0\0\0a", 11, "is a pickle"}, {"net", "\x80\3}q\0X\1\0\0\0a", 11, "is a pickle"},
		{"net", "\x80\5\x95\x11\0\0\0\0\0\0\0}", 12, "is a pickle"}, {"net", "\x80\6\0\0\0\0\0\0{", 9, "cut off"},
		{"net", "\x80\2\0\0\0\0\0\0{\"a\":", 13, "cut off, or not a safetensors file"},
		{"net.pt", "PK\3\4\0\0\0\0net/data.pkl", 20,
			"is a zip archive that is cut off or damaged; expected safetensors: download or save it again"},
		{"net.npy", "\x93NUMPY\1\0v\0", 10, "is one array of numpy"},
		{"net.h5", "\x89HDF\r\n\x1a\n", 8, "is an HDF5 file"},
		{"net.gguf", "GGUF\3\0\0\0", 8, "is a GGUF file"},
		{"net.onnx", "\x08\x08\x12\x07pytorch", 11, "is an ONNX model; expected safetensors: in Python"},
		{"net.safetensors", "version https://git-lfs.github.com/spec/v1\n", 43, "run git lfs pull"},
		{"net.pt", "\4\0\0\0\0\0\0\0noise", 13, "is an archive of torch.save"},
		{"net.safetensors", "\x09\0\0\0\0\0\0\0{\"a\":", 13, "cut off, or not a safetensors file"},
		{"net", "\4\0\0\0\0\0\0\0noise", 13, "its header is not a JSON object"},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const char *path = in_directory(others[i].name);
		TensorFile file;
		Failure failure;
		write_file(path, others[i].bytes, others[i].size);
		cr_assert_not(safetensors_load(&file, path, &failure), "%s", others[i].name);
		expect_message(&failure, others[i].message);
	}
}

/* By the names of all their members, wherever they are in the file. */
Test(safetensors, archives_are_recognised)
{
	static const struct { const char *name, *members, *message; } archives[] = {
		{"net.pt", "net/data.pkl\nnet/byteorder\nnet/data/0",
			"net.pt is an archive of torch.save; expected safetensors: in Python, from "
			"safetensors.torch import save_file; save_file(torch.load(\""},
		{"net", "archive/data.pkl\narchive/version", "is an archive of torch.save"},
		{"net.safetensors", "a/data/0\na/data/1\na/data/2\na/data.pkl", "is an archive of torch.save"},
		{"net.pt", "net/data/0\nnet/data.pkl\nnet/code/__torch__.py\nnet/constants.pkl",
			"is a TorchScript archive of torch.jit.save; expected "
			"safetensors: in Python, from safetensors.torch import save_file; save_file(torch.jit.load(\""},
		{"net", "net/data.pkl\nnet/bytecode.pkl\nnet/constants.pkl", "is a TorchScript archive"},
		{"net.pt2", "net/data/weights/weight_0\nnet/models/model.json\nnet/archive_format",
			"is an archive of torch.export.save"},
		{"net.pt", "net/.data/0.storage\nnet/model/model.pkl\nnet/.data/extern_modules",
			"is an archive of torch.package"},
		{"net.npz", "weight.npy",
			"is a .npz of numpy; expected safetensors: in Python, from safetensors.numpy import save_file"},
		{"net", "notes\nweight.npy", "is a .npz of numpy"}, {"net", "weight", "is a .npz of numpy"},
			{"net.npz", "", "is a .npz of numpy"},
		{"net.keras", "metadata.json\nconfig.json\nmodel.weights.h5", "is an archive of Keras"},
	};
	for (size_t i = 0; i < sizeof archives / sizeof *archives; i++) {
		const char *path = in_directory(archives[i].name);
		TensorFile file;
		Failure failure;
		write_file(path, "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
		if (*archives[i].members)
			write_zip(path, archives[i].members,
				"\x93NUMPY large enough that no member but the first is near the beginning of the file");
		cr_assert_not(safetensors_load(&file, path, &failure), "%s", archives[i].name);
		expect_message(&failure, archives[i].message);
	}
	TensorFile file;
	Failure failure;
	write_zip(in_directory("net"), "weights.safetensors", "{}");
	cr_assert_not(safetensors_load(&file, in_directory("net"), &failure));
	expect_message(&failure, "is a zip archive; expected safetensors: unpack it");
}

Test(safetensors, not_such_files)
{
	TensorFile file;
	Failure failure;
	cr_assert_not(safetensors_load(&file, in_directory("none"), &failure));
	expect_message(&failure, "No such file");
	cr_assert_not(safetensors_load(&file, directory, &failure));
	expect_message(&failure, "it is a directory");
	cr_assert_not(safetensors_load(&file, "/dev/null", &failure));
	expect_message(&failure, "not a regular file");
	cr_assert_not(safetensors_load(&file, "Makefile", &failure));
	expect_message(&failure, "announce a header of");
	write_file(in_directory("zeros"), "\0\0\0\0\0\0\0\0", 8);
	cr_assert_not(safetensors_load(&file, in_directory("zeros"), &failure));
	expect_message(&failure, "not a JSON object");
}
