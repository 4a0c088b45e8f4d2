/* place.h: what the path of an output leads to, asked of the file system and not of its spelling. */
#ifndef BNC_PLACE_H
#define BNC_PLACE_H
#include "../runtime.h"
#include <sys/stat.h>

typedef enum PlaceKind {
	PLACE_NEW,              /* nothing yet */
	PLACE_FILE,             /* a regular file */
	PLACE_FIXED,            /* a regular file whose name is not in a folder of files: another process's descriptor */
	PLACE_STREAM,           /* a pipe or a device: takes what is written as it comes */
	PLACE_OWN,              /* a descriptor that this process has, such as standard output: not to be opened again */
} PlaceKind;

typedef struct Place {
	PlaceKind kind;
	char *path;             /* after symbolic links */
	const char *name;       /* its last part */
	int descriptor;         /* PLACE_OWN's */
	struct stat status;     /* of what is there */
} Place;

/* `-` is standard output. A symbolic link is followed, also to a file that is not there yet. False when nothing can be
 * written there whatever happens: no name, a directory, a descriptor that is closed. */
bool place_find(Place *place, const char *path, Failure *failure);
void place_free(Place *place);

/* Of a path, for messages; of a very long one, its end. Good until the next one. */
const char *place_words(const char *path);
/* Why, from errno. */
bool cannot_write(Failure *failure, const char *path);

/* Opens the folder of the place, for the functions of the kind openat; -1 with errno. */
int place_folder(const Place *place);

#endif
