/* kinds.c: recognises files of other programs, which bnc does not read, and says how to make files of them that it
 * does read. */
#include "../runtime.h"
#include <fnmatch.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zip.h>

enum { HEAD_BYTES = 64 };

/* In a cure, @ stands for the file's name, and ~ for it without its last ending. */
typedef struct FileKind {
	const char *what;
	const char *suffixes;           /* words; they tell the kind if the bytes do not */
	const char *magic;              /* its first bytes; null: they say nothing */
	const char *next;               /* or null: one of these bytes comes after the magic */
	const char *members;            /* patterns: it is a zip archive, and one of its members has such a name */
	const char *content;            /* or null: the first bytes of its first member, if no name tells */
	const char *weights, *data;     /* what to do if it is given as --weights, as --train; null: nothing helps */
	int at;                         /* where the magic begins */
	bool keeps_weights;             /* files with its suffixes are expected to be another format than safetensors */
	bool is_weights;                /* it is right as --weights */
	bool is_data;                   /* it is right as --train, if it has the suffix */
} FileKind;

#define TORCH "in Python, from safetensors.torch import save_file; "
#define NUMPY "in Python, from safetensors.numpy import save_file; "
#define SAVEZ "numpy.savez(\"~.npz\", X=samples, y=labels)"
#define TORCH_CURE TORCH "save_file(torch.load(\"@\", map_location=\"cpu\"), \"~.safetensors\"); " \
	"of a whole module, its state_dict()"
#define KERAS_CURE "in Python, save its arrays with safetensors.numpy.save_file; a kernel of Keras is transposed, " \
	"as in \"0.weight\": kernel.T"
#define PICKLE_CURE "in Python, load it and save its arrays with safetensors.numpy.save_file"
#define FRAME_CURE "in Python, read it with pandas, and then " SAVEZ
#define TENSORS "in Python, load its tensors, and then " SAVEZ
#define AGAIN "download or save it again"
#define IMAGES "gather the images in one array of shape (samples, height, width), and then " SAVEZ
#define ARRAYS "save the original model's arrays with safetensors.numpy.save_file"

/* The first row that fits is taken, so special kinds come before general ones. */
enum { SAFETENSORS };
static const FileKind kinds[] = {
	[SAFETENSORS] = {"a file of weights", "safetensors st", "{\"", .at = 8, .is_weights = true},
	{"a pointer of git-lfs, not the file itself", "", "version https://git-lfs", .weights = "run git lfs pull",
		.data = "run git lfs pull"},
	{"a web page", "html htm", "<!DOCTYPE", .weights = "download the file itself", .data = "download the file itself"},
	{"a web page", "", "<html", .weights = "download the file itself", .data = "download the file itself"},
	{"a TorchScript archive of torch.jit.save", "ptl", .members = "*/constants.pkl",
		.weights = TORCH "save_file(torch.jit.load(\"@\", map_location=\"cpu\").state_dict(), \"~.safetensors\")",
		.data = TENSORS, .keeps_weights = true},
	{"an archive of torch.export.save", "pt2", .members = "*/archive_format serialized_exported_program.json",
		.weights = TORCH "save_file(torch.export.load(\"@\").state_dict, \"~.safetensors\")", .data = TENSORS,
		.keeps_weights = true},
	{"an archive of torch.package", "", .members = "*/.data/extern_modules",
		.weights = TORCH "save_file the state_dict() of what torch.package.PackageImporter(\"@\").load_pickle gives",
		.data = TENSORS},
	{"an archive of torch.save", "pt pth ckpt bin", .members = "*/data.pkl", .weights = TORCH_CURE, .data = TENSORS,
		.keeps_weights = true},
	{"an archive of torch.save in its format before 1.6", "", "\x80\2\x8a\x0al\xfc\x9c\x46\xf9", .weights = TORCH_CURE,
		.data = TENSORS},
	{"one array of numpy", "npy", "\x93NUMPY",
		.weights = NUMPY "save_file({\"0.weight\": numpy.load(\"@\"), ...}, \"~.safetensors\")",
		.data = "give it a name that ends with .npy", .keeps_weights = true, .is_data = true},
	{"a spreadsheet", "xlsx xls ods", .members = "xl/workbook.* content.xml", .data = FRAME_CURE},
	{"an archive of Keras", "keras", .members = "model.weights.h5 metadata.json", .weights = KERAS_CURE,
		.keeps_weights = true},
	{"a .npz of numpy", "npz", .members = "*.npy", .content = "\x93NUMPY",
		.weights = NUMPY "save_file(dict(numpy.load(\"@\")), \"~.safetensors\")",
		.data = "give it a name that ends with .npz", .keeps_weights = true, .is_data = true},
	{"an HDF5 file", "h5 hdf5", "\x89HDF\r\n\x1a\n", .weights = KERAS_CURE,
		.data = "in Python, read its arrays with h5py, and then " SAVEZ, .keeps_weights = true},
	{"a pickle", "pkl pickle", "\x80", .next = "\2\3\4\5", .weights = PICKLE_CURE,
		.data = "in Python, load it, and then " SAVEZ, .keeps_weights = true},
	{"a GGUF file, weights of a language model", "gguf", "GGUF", .keeps_weights = true},
	{"a TensorFlow Lite model", "tflite", "TFL3", .weights = ARRAYS, .at = 4, .keeps_weights = true},
	{"an ONNX model", "onnx", .weights = NUMPY "save_file({t.name: onnx.numpy_helper.to_array(t) for t in "
		"onnx.load(\"@\").graph.initializer}, \"~.safetensors\")", .keeps_weights = true},
	{"a TensorFlow graph", "pb", .weights = ARRAYS, .keeps_weights = true},
	{"a Parquet table", "parquet", "PAR1", .data = FRAME_CURE},
	{"an Arrow table", "arrow feather", "ARROW1", .data = FRAME_CURE},
	{"a MATLAB file", "mat", "MATLAB", .data = "in Python, read it with scipy.io.loadmat, and then " SAVEZ},
	{"an SQLite database", "sqlite db", "SQLite format 3", .data = FRAME_CURE},
	{"a PNG image", "png", "\x89PNG", .data = IMAGES},
	{"a JPEG image", "jpg jpeg", "\xff\xd8\xff", .data = IMAGES},
	{"compressed with gzip", "gz tgz", "\x1f\x8b", .weights = "unpack it with gunzip", .data = "unpack it with gunzip"},
	{"compressed with xz", "xz", "\xfd""7zXZ", .weights = "unpack it with unxz", .data = "unpack it with unxz"},
	{"compressed with zstd", "zst", "\x28\xb5\x2f\xfd", .weights = "unpack it with unzstd",
		.data = "unpack it with unzstd"},
	{"compressed with bzip2", "bz2", "BZh", .weights = "unpack it with bunzip2", .data = "unpack it with bunzip2"},
	{"a zip archive", "zip", .members = "*", .weights = "unpack it", .data = "unpack it"},
	{"a table as text", "csv tsv tab txt dat data", .is_data = true},
	{"JSON", "json jsonl",
		.weights = "weights in several files have their names in it: load the files in Python and save_file all in one",
		.data = "in Python, read it with json, and then " SAVEZ},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool has_suffix(const FileKind *kind, const char *path)
{
	const char *name = strrchr(path, '/'), *end = strrchr(name ? name : path, '.');
	for (const char *word = kind->suffixes; end && *word; word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");
		if (strlen(end + 1) == length && strncasecmp(end + 1, word, length) == 0)
			return true;
		word += length;
	}
	return false;
}

static bool has_magic(const FileKind *kind, const char *head, size_t length)
{
	size_t magic_length = kind->magic ? strlen(kind->magic) : 0, end = (size_t)kind->at + magic_length;
	if (!magic_length || length < end || memcmp(head + kind->at, kind->magic, magic_length) != 0)
		return false;
	return !kind->next || (length > end && head[end] && strchr(kind->next, head[end]));
}

static bool starts_with(zip_t *archive, const char *content)
{
	char bytes[16];
	size_t length = strlen(content);
	zip_file_t *member = zip_fopen_index(archive, 0, 0);
	bool found = member && zip_fread(member, bytes, length) == (zip_int64_t)length
		&& memcmp(bytes, content, length) == 0;
	if (member)
		zip_fclose(member);
	return found;
}

static bool has_member(zip_t *archive, const char *patterns)
{
	zip_int64_t count = zip_get_num_entries(archive, 0);
	for (const char *word = patterns; *word; word += strspn(word, " ")) {
		char pattern[64];
		size_t length = strcspn(word, " ");
		snprintf(pattern, sizeof pattern, "%.*s", (int)length, word);
		word += length;
		for (zip_int64_t i = 0; i < count; i++) {
			const char *name = zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
			if (name && fnmatch(pattern, name, 0) == 0)
				return true;
		}
	}
	return false;
}

static bool fits_archive(const FileKind *kind, zip_t *archive)
{
	return kind->members
		&& (has_member(archive, kind->members) || (kind->content && starts_with(archive, kind->content)));
}

/* By the archive's directory at its end, which has all names. Null for an empty archive, which has none. */
static const FileKind *archive_kind(const char *path)
{
	static const FileKind broken = {"a zip archive that is cut off or damaged", "npz", .weights = AGAIN, .data = AGAIN,
		.is_data = true};
	zip_t *archive = zip_open(path, ZIP_RDONLY, NULL);
	const FileKind *found = archive ? NULL : &broken;
	for (int i = 0; archive && !found && i < KINDS; i++)
		if (fits_archive(&kinds[i], archive))
			found = &kinds[i];
	if (archive)
		zip_discard(archive);
	return found;
}

static const FileKind *kind_by_bytes(const char *path, const char *head, size_t length)
{
	for (int i = 0; i < KINDS; i++)
		if (has_magic(&kinds[i], head, length))
			return &kinds[i];
	bool archive = length > 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
	return archive ? archive_kind(path) : NULL;
}

/* The bytes count more than the name. Only a regular file is opened, since a pipe would wait for its writer. Null for
 * a file that does not exist. */
static const FileKind *kind_of(const char *path)
{
	static const FileKind folder = {.what = "a folder", .data = "gather its files in arrays, and then " SAVEZ};
	char head[HEAD_BYTES];
	struct stat status;
	bool there = stat(path, &status) == 0;
	if (there && S_ISDIR(status.st_mode))
		return &folder;
	FILE *file = there && S_ISREG(status.st_mode) ? fopen(path, "rb") : 0;
	if (!file)
		return NULL;
	size_t length = fread(head, 1, sizeof head, file);
	fclose(file);
	const FileKind *kind = kind_by_bytes(path, head, length);
	for (int i = 0; !kind && i < KINDS; i++)
		if (has_suffix(&kinds[i], path))
			kind = &kinds[i];
	return kind;
}

static void put_cure(char *out, size_t size, const char *cure, const char *path)
{
	const char *name = strrchr(path, '/'), *end = strrchr(name ? name : path, '.');
	int length = (int)strnlen(path, 150), stem = end && end - path < length ? (int)(end - path) : length;
	size_t used = 0;
	for (; cure && *cure && used + 1 < size; cure++)
		if (*cure == '@' || *cure == '~')
			used += (size_t)snprintf(out + used, size - used, "%.*s", *cure == '@' ? length : stem, path);
		else
			out[used++] = *cure;
	out[used < size ? used : size - 1] = 0;
}

static bool say_kind(const char *path, const FileKind *kind, const char *expected, const char *cure, Failure *failure)
{
	char words[700];
	put_cure(words, sizeof words, cure, path);
	fail(failure, "%.200s is %s; expected %s%s%s", path, kind->what, expected, words[0] ? ": " : "", words);
	return true;
}

bool foreign_weights(const char *path, Failure *failure)
{
	const FileKind *kind = kind_of(path);
	return kind && !kind->is_weights && say_kind(path, kind, "safetensors", kind->weights, failure);
}

/* A network's file may have any name but one that promises weights of another program. */
bool foreign_network(const char *path, Failure *failure)
{
	const FileKind *kind = kind_of(path);
	return kind && kind->keeps_weights && say_kind(path, kind, "a network, or safetensors that bnc has saved",
		kind->weights, failure);
}

/* A name tells what a file that is not there was to be. */
bool is_weights_file(const char *path)
{
	const FileKind *kind = kind_of(path);
	return kind ? kind->is_weights : has_suffix(&kinds[SAFETENSORS], path);
}

bool foreign_data(const char *path, Failure *failure)
{
	const FileKind *kind = kind_of(path);
	bool ours = kind && kind->is_data && has_suffix(kind, path);
	return kind && !ours && say_kind(path, kind, "a table as .csv, or arrays as .npz", kind->data, failure);
}

bool foreign_name(const char *path, const char **what)
{
	for (int i = 0; i < KINDS; i++)
		if (kinds[i].keeps_weights && has_suffix(&kinds[i], path)) {
			*what = kinds[i].what;
			return true;
		}
	return false;
}
