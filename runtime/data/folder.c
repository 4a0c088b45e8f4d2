/* folder.c: a folder with a folder of images for each class. Classes and images are in the order of their names.
 * Without a target: whatever images are in the folder and in those in it. */
#define _GNU_SOURCE     /* versionsort, asprintf */
#include "image.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef bool ReadImage(Image *image, const char *path, Failure *failure);

/* The files that are read by their endings; null: those that a person would expect to be read. */
static const struct { const char *suffix; ReadImage *read; } kinds[] = {
	{".png", png_read}, {".pgm", pnm_read}, {".ppm", pnm_read}, {".pnm", pnm_read}, {".jpg", NULL}, {".jpeg", NULL},
	{".gif", NULL}, {".bmp", NULL}, {".tif", NULL}, {".tiff", NULL}, {".webp", NULL},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct Names { struct dirent **items; int count; } Names;

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool list_names(Names *names, const char *path, Failure *failure)
{
	names->count = scandir(path, &names->items, is_visible, by_name);
	if (names->count >= 0)
		return true;
	*names = (Names){0};
	return fail(failure, "cannot read the folder %.300s: %s", path, strerror(errno));
}

static void free_names(Names *names)
{
	for (int i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

/* All that is read, while it grows. */
typedef struct Folder {
	const char *path;
	Data *data;
	char **classes;
	int class_count, capacity;
	bool without_target;            /* images have no class, but names */
	char *first;                    /* the path of the first image */
	Image shape;
} Folder;

static bool no_memory(const Folder *f, Failure *failure)
{
	return fail(failure, "%.300s: not enough memory after %d images", f->path, f->data->rows);
}

static bool make_room(Folder *f, Failure *failure)
{
	Data *data = f->data;
	if (data->rows < f->capacity)
		return true;
	const size_t capacity = f->capacity ? 2 * (size_t)f->capacity : 256;
	if (capacity * (size_t)data->features > (size_t)2 * MAX_VALUES)
		return fail(failure, "%.300s has more than %d values in its images: this is the limit", f->path, MAX_VALUES);
	float *x = realloc(data->x, capacity * (size_t)data->features * sizeof *x);
	data->x = x ? x : data->x;
	int32_t *labels = realloc(data->labels, capacity * sizeof *labels);
	data->labels = labels ? labels : data->labels;
	char **files = f->without_target ? realloc(data->ids.texts, capacity * sizeof *files) : NULL;
	data->ids.texts = files ? files : data->ids.texts;
	const bool done = x && labels && (files || !f->without_target);
	f->capacity = done ? (int)capacity : f->capacity;
	return done || no_memory(f, failure);
}

/* The first image tells the size of all. */
static bool check_shape(Folder *f, const Image *image, const char *path, Failure *failure)
{
	Data *data = f->data;
	if (!f->first) {
		f->first = strdup(path);
		f->shape = *image;
		data->rank = 3;
		data->dims[0] = image->channels;
		data->dims[1] = image->height;
		data->dims[2] = image->width;
		data->features = image->channels * image->height * image->width;
		return f->first || no_memory(f, failure);
	}
	if (image->channels != f->shape.channels)
		return fail(failure, "%.300s is %s, but %.300s is %s: make all images of one kind", path,
			image->channels == 1 ? "grey" : "in colour", f->first, f->shape.channels == 1 ? "grey" : "in colour");
	return (image->height == f->shape.height && image->width == f->shape.width)
		|| fail(failure, "%.300s has %d x %d pixels (height x width), but %.300s has %d x %d: make all images of one "
		"size",
			path, image->height, image->width, f->first, f->shape.height, f->shape.width);
}

static bool add_image(Folder *f, ReadImage *read, const char *path, Failure *failure)
{
	Data *data = f->data;
	Image image = {.channels = 0};
	bool done = read(&image, path, failure) && check_shape(f, &image, path, failure) && make_room(f, failure);
	for (int i = 0; done && i < data->features; i++)
		data->x[(size_t)data->rows * (size_t)data->features + (size_t)i] = image.values[i];
	if (done && f->without_target)
		done = ids_add(&data->ids, strdup(path + strlen(f->path) + 1)) || no_memory(f, failure);
	if (done)
		data->labels[data->rows++] = f->class_count - 1;
	free(image.values);
	return done;
}

/* The index in kinds, or KINDS. */
static int kind_of(const char *name)
{
	const char *end = strrchr(name, '.');
	int kind = 0;
	while (kind < KINDS && (!end || strcasecmp(end, kinds[kind].suffix) != 0))
		kind++;
	return kind;
}

static bool add_images(Folder *f, const char *path, Failure *failure)
{
	Names names = {.count = 0};
	bool done = list_names(&names, path, failure);
	for (int i = 0; done && i < names.count; i++) {
		char *file = NULL;
		const int kind = kind_of(names.items[i]->d_name);
		if (kind == KINDS)
			continue;
		done = asprintf(&file, "%s/%s", path, names.items[i]->d_name) >= 0 || no_memory(f, failure);
		if (done && !kinds[kind].read)
			done = fail(failure, "%.300s: expected images as .png, .pgm or .ppm: convert it, as `mogrify -format png` "
				"does",
				file);
		done = done && add_image(f, kinds[kind].read, file, failure);
		free(file);
	}
	free_names(&names);
	return done;
}

static bool add_class(Folder *f, const char *path, const char *name, Failure *failure)
{
	char **classes = realloc(f->classes, ((size_t)f->class_count + 1) * sizeof *classes);
	f->classes = classes ? classes : f->classes;
	char *copy = classes ? strdup(name) : NULL;
	if (!copy)
		return no_memory(f, failure);
	f->classes[f->class_count++] = copy;
	const int before = f->data->rows;
	return add_images(f, path, failure) && (f->data->rows > before
		|| fail(failure, "%.300s holds no images, expected .png, .pgm or .ppm files of its class", path));
}

static bool add_folders(Folder *f, Failure *failure)
{
	Names names = {.count = 0};
	bool done = list_names(&names, f->path, failure);
	for (int i = 0; done && i < names.count; i++) {
		char *path = NULL;
		struct stat status;
		done = asprintf(&path, "%s/%s", f->path, names.items[i]->d_name) >= 0 || no_memory(f, failure);
		if (done && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
			done = f->without_target ? add_images(f, path, failure)
				: add_class(f, path, names.items[i]->d_name, failure);
		free(path);
	}
	free_names(&names);
	return done;
}

static bool add_all(Folder *f, Failure *failure)
{
	if (f->without_target && !(ids_open(&f->data->ids, 1, 0) && (f->data->ids.names[0] = strdup("file"))))
		return no_memory(f, failure);
	if (f->without_target)
		return add_images(f, f->path, failure) && add_folders(f, failure) && (f->data->rows
			|| fail(failure, "%.300s holds no images, expected .png, .pgm or .ppm files", f->path));
	return add_folders(f, failure) && (f->class_count
		|| fail(failure, "%.300s is a folder without folders, expected one of images for each class", f->path));
}

/* The classes are the texts of a target, as in a table. */
static bool settle(Folder *f, Failure *failure)
{
	Data *data = f->data;
	data->targets = malloc((size_t)data->rows * sizeof *data->targets);
	data->schema = calloc(1, sizeof *data->schema);
	Column *target = data->schema ? data->schema->targets = calloc(1, sizeof *target) : NULL;
	if (!data->targets || !target)
		return no_memory(f, failure);
	data->schema->target_count = 1;
	data->schema->width = 1;
	data->schema->features = data->features;
	*target = (Column){.texts = f->classes, .text_count = f->class_count};
	f->classes = NULL;
	data->classes = f->class_count;
	data->class_names = (const char *const *)target->texts;
	data->target_features = 1;
	for (int i = 0; i < data->rows; i++)
		data->targets[i] = (float)data->labels[i];
	return true;
}

static bool knows_classes(const Schema *schema)
{
	return schema->target_count == 1 && schema->targets[0].texts;
}

/* The data then have the classes of the training, if it had some. */
static bool adopt(Data *data, const Schema *known, Failure *failure)
{
	Schema *copy = schema_copy(known);
	if (!copy)
		return fail(failure, "%.300s: not enough memory", data->name);
	schema_free(data->schema);
	data->schema = copy;
	if (knows_classes(copy)) {
		data->class_names = (const char *const *)copy->targets[0].texts;
		data->classes = copy->targets[0].text_count;
	}
	return true;
}

/* Nothing but the images; what they can be is known from the training. */
static bool settle_without_target(Folder *f, const Schema *known, Failure *failure)
{
	Data *data = f->data;
	free(data->labels);
	data->labels = NULL;
	data->targets = malloc(1);
	return (data->targets || no_memory(f, failure)) && (!known || adopt(data, known, failure));
}

/* Under a schema, the classes are those of the training. */
static bool renumber(Data *data, const Schema *known, Failure *failure)
{
	bool done = true;
	if (!known || !knows_classes(known))
		return true;
	for (int i = 0; done && i < data->rows; i++) {
		const char *name = data->class_names[data->labels[i]];
		data->labels[i] = column_find(&known->targets[0], name);
		data->targets[i] = (float)data->labels[i];
		done = data->labels[i] >= 0
			|| fail(failure, "%.300s: the class %.60s is none that the network was trained with", data->name, name);
	}
	return done && adopt(data, known, failure);
}

bool folder_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure)
{
	(void)names;
	const Schema *known = options ? options->schema : NULL;
	Folder f = {.path = path, .data = data, .without_target = options && options->without_target};
	bool done = add_all(&f, failure) && (f.without_target ? settle_without_target(&f, known, failure)
		: settle(&f, failure) && renumber(data, known, failure));
	for (int i = 0; f.classes && i < f.class_count; i++)
		free(f.classes[i]);
	free(f.classes);
	free(f.first);
	return done;
}
