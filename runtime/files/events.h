/* events.h: files of events, as TensorBoard reads them. An event is a protobuf message (event.proto and summary.proto
 * of TensorFlow), written here field by field. A file is a sequence of records: the length of a message in eight bytes,
 * the masked CRC-32C of these, the message, and its masked CRC-32C; the smallest byte comes first. */
#ifndef BNC_EVENTS_H
#define BNC_EVENTS_H
#include "../runtime.h"

typedef struct LineFile EventFile;

/* Makes a folder and those that it is in, unless they are there. */
bool events_folder(const char *path, Failure *failure);
/* Creates a file in the folder, and the folder if it is not there. No file is written over. */
bool events_open(EventFile *file, const char *folder, Failure *failure);

/* The steps of this file begin here: TensorBoard forgets what earlier files of the folder say of this step and of later
 * ones. */
void events_begin(EventFile *file, int64_t step);

typedef struct Scalar { const char *tag; double value; } Scalar;
void events_scalars(EventFile *file, int64_t step, const Scalar *scalars, int count);

/* Of those of the values that are finite; without any, nothing is written. */
void events_histogram(EventFile *file, int64_t step, const char *tag, const void *values, size_t number_bytes,
	size_t count);

#endif
