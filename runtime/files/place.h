/* place.h: what the path of an output leads to. The file system decides that, not the spelling of the path. */
#ifndef BNC_PLACE_H
#define BNC_PLACE_H
#include "../runtime.h"
#include <sys/stat.h>

typedef enum PlaceKind {
	PLACE_NEW,              /* nothing exists there yet */
	PLACE_FILE,             /* a regular file */
	PLACE_FIXED,            /* a regular file without a name that could be replaced: another process's descriptor */
	PLACE_STREAM,           /* a pipe or a device, which passes on at once what is written */
	/* a descriptor that this process has, such as standard output; it must not be opened again */
	PLACE_OWN,
} PlaceKind;

typedef struct Place {
	PlaceKind kind;
	char *path;             /* after symbolic links */
	const char *name;       /* its last part */
	int descriptor;         /* PLACE_OWN's */
	struct stat status;     /* the status of what is there */
} Place;

/* `-` is standard output. Symbolic links are followed, even to a file that does not exist yet. False: nothing can be
 * written there in any case: it has no name, or is a directory or a closed descriptor. */
bool place_find(Place *place, const char *path, Failure *failure);
void place_free(Place *place);

/* The path for a message; of a very long one, its end. Valid until the next call. */
const char *place_words(const char *path);
/* Says why the path cannot be written, from errno. */
bool cannot_write(Failure *failure, const char *path);

/* Opens the folder of the place, for functions such as openat; -1: see errno. */
int place_folder(const Place *place);

#endif
