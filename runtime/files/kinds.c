/* kinds.c: files of other programs, which are not read: what they are, and the line that makes of them what is read. */
#include "../runtime.h"
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { HEAD_BYTES = 1024 };

/* In a cure, @ stands for the file's name, and ~ for it without its last ending. */
typedef struct FileKind {
	const char *what;
	const char *suffixes;           /* words; what a file without telling bytes is known by */
	const char *magic;              /* its first bytes; null: they say nothing */
	const char *inside;             /* also somewhere in the first HEAD_BYTES */
	const char *weights, *data;     /* what to do with it as --weights, as --train; null: nothing is known */
	int at;                         /* where the magic begins */
	bool keeps_weights;             /* its suffixes promise another format than safetensors */
	bool is_weights;                /* as --weights it is what it should be */
	bool is_data;                   /* as --train, where it is named so */
} FileKind;

#define TORCH "in Python, from safetensors.torch import save_file; "
#define NUMPY "in Python, from safetensors.numpy import save_file; "
#define TORCH_CURE TORCH "save_file(torch.load(\"@\", map_location=\"cpu\"), \"~.safetensors\"); of a whole module, its state_dict()"
#define KERAS_CURE "in Python, save its arrays with safetensors.numpy.save_file; a kernel of Keras is transposed, as in \"0.weight\": kernel.T"
#define PICKLE_CURE "in Python, load it and save its arrays with safetensors.numpy.save_file"
#define SAVEZ "numpy.savez(\"~.npz\", X=samples, y=labels)"
#define TABLE_CURE "in Python, t = numpy.loadtxt(\"@\", delimiter=\",\", skiprows=1); numpy.savez(\"~.npz\", X=t[:, :-1], y=t[:, -1])"
#define FRAME_CURE "in Python, read it with pandas, and then " SAVEZ
#define ZIP "PK\3\4"

/* The first that fits is the one: the more special ones stand before the others. */
static const FileKind kinds[] = {
	{"a pointer of git-lfs, not the file itself", "", "version https://git-lfs", 0, "run git lfs pull", "run git lfs pull"},
	{"a web page", "html htm", "<!DOCTYPE", 0, "download the file itself", "download the file itself"},
	{"a web page", "", "<html", 0, "download the file itself", "download the file itself"},
	{"an archive of torch.save", "pt pth ckpt bin", ZIP, "data.pkl", TORCH_CURE, "in Python, load its tensors, and then " SAVEZ,
		.keeps_weights = true},
	{"an archive of torch.save in its format before 1.6", "", "\x80\2\x8a\x0al\xfc\x9c\x46\xf9", 0, TORCH_CURE,
		"in Python, load its tensors, and then " SAVEZ},
	{"a .npz of numpy", "npz", ZIP, ".npy", NUMPY "save_file(dict(numpy.load(\"@\")), "
		"\"~.safetensors\")", "give it a name that ends with .npz", .keeps_weights = true, .is_data = true},
	{"one array of numpy", "npy", "\x93NUMPY", 0, NUMPY "save_file({\"0.weight\": "
		"numpy.load(\"@\"), ...}, \"~.safetensors\")", "in Python, numpy.savez(\"~.npz\", X=numpy.load(\"@\"), y=labels)",
		.keeps_weights = true},
	{"a spreadsheet", "xlsx xls ods", ZIP, "[Content_Types]", 0, FRAME_CURE},
	{"an archive of Keras", "keras", ZIP, "metadata.json", KERAS_CURE, 0, .keeps_weights = true},
	{"an HDF5 file", "h5 hdf5", "\x89HDF\r\n\x1a\n", 0, KERAS_CURE, "in Python, read its arrays with h5py, and then " SAVEZ, .keeps_weights = true},
	{"a pickle", "pkl pickle", "\x80\2", 0, PICKLE_CURE, "in Python, load it, and then " SAVEZ, .keeps_weights = true},
	{"a pickle", "", "\x80\3", 0, PICKLE_CURE, "in Python, load it, and then " SAVEZ},
	{"a pickle", "", "\x80\4", 0, PICKLE_CURE, "in Python, load it, and then " SAVEZ},
	{"a pickle", "", "\x80\5", 0, PICKLE_CURE, "in Python, load it, and then " SAVEZ},
	{"a GGUF file, weights of a language model", "gguf", "GGUF", 0, 0, 0, .keeps_weights = true},
	{"a TensorFlow Lite model", "tflite", "TFL3", 0, "save the original model's arrays with safetensors.numpy.save_file", 0, .at = 4,
		.keeps_weights = true},
	{"an ONNX model", "onnx", 0, 0, NUMPY "save_file({t.name: onnx.numpy_helper.to_array(t) for t in "
		"onnx.load(\"@\").graph.initializer}, \"~.safetensors\")", 0, .keeps_weights = true},
	{"a TensorFlow graph", "pb", 0, 0, "save the original model's arrays with safetensors.numpy.save_file", 0, .keeps_weights = true},
	{"a Parquet table", "parquet", "PAR1", 0, 0, FRAME_CURE},
	{"an Arrow table", "arrow feather", "ARROW1", 0, 0, FRAME_CURE},
	{"a MATLAB file", "mat", "MATLAB", 0, 0, "in Python, read it with scipy.io.loadmat, and then " SAVEZ},
	{"an SQLite database", "sqlite db", "SQLite format 3", 0, 0, FRAME_CURE},
	{"a PNG image", "png", "\x89PNG", 0, 0, "gather the images in one array of shape (samples, height, width), and then " SAVEZ},
	{"a JPEG image", "jpg jpeg", "\xff\xd8\xff", 0, 0, "gather the images in one array of shape (samples, height, width), and then " SAVEZ},
	{"compressed with gzip", "gz tgz", "\x1f\x8b", 0, "unpack it with gunzip", "unpack it with gunzip"},
	{"compressed with xz", "xz", "\xfd""7zXZ", 0, "unpack it with unxz", "unpack it with unxz"},
	{"compressed with zstd", "zst", "\x28\xb5\x2f\xfd", 0, "unpack it with unzstd", "unpack it with unzstd"},
	{"compressed with bzip2", "bz2", "BZh", 0, "unpack it with bunzip2", "unpack it with bunzip2"},
	{"a zip archive", "zip", ZIP, 0, "unpack it", "unpack it"},
	{"a file of weights", "safetensors", "{\"", 0, 0, 0, .at = 8, .is_weights = true},
	{"a table as text", "csv tsv txt dat data", 0, 0, 0, TABLE_CURE},
	{"JSON", "json jsonl", 0, 0, "weights in several files have their names in it: load the files in Python and save_file all in one",
		"in Python, read it with json, and then " SAVEZ},
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

static bool contains(const char *bytes, size_t length, const char *text)
{
	size_t text_length = strlen(text);
	for (size_t i = 0; i + text_length <= length; i++)
		if (memcmp(bytes + i, text, text_length) == 0)
			return true;
	return false;
}

static bool has_magic(const FileKind *kind, const char *head, size_t length)
{
	size_t magic_length = kind->magic ? strlen(kind->magic) : 0, at = (size_t)kind->at;
	return magic_length && length >= at + magic_length && memcmp(head + at, kind->magic, magic_length) == 0
		&& (!kind->inside || contains(head, length, kind->inside));
}

/* The bytes come before the name. What is no regular file is not opened: a pipe would wait for its writer. Of what is not there nothing
 * is said. */
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
	for (int i = 0; i < KINDS; i++)
		if (has_magic(&kinds[i], head, length))
			return &kinds[i];
	for (int i = 0; i < KINDS; i++)
		if (has_suffix(&kinds[i], path))
			return &kinds[i];
	return NULL;
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

bool foreign_data(const char *path, Failure *failure)
{
	const FileKind *kind = kind_of(path);
	bool ours = kind && kind->is_data && has_suffix(kind, path);
	return kind && !ours && say_kind(path, kind, "data as .npz", kind->data, failure);
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
