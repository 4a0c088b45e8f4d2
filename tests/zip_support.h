/* zip_support.h: archives of other programs, as far as their names tell. */
#ifndef ZIP_SUPPORT_H
#define ZIP_SUPPORT_H
#include <criterion/criterion.h>
#include <string.h>
#include <zip.h>

/* Each line of names is a member, and all hold the content. */
static inline void write_zip(const char *path, const char *names, const char *content)
{
	zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	cr_assert(archive);
	for (char name[64]; *names; names += strspn(names, "\n")) {
		size_t length = strcspn(names, "\n");
		snprintf(name, sizeof name, "%.*s", (int)length, names);
		names += length;
		cr_assert(zip_file_add(archive, name, zip_source_buffer(archive, content, strlen(content), 0), 0) >= 0);
	}
	cr_assert_eq(zip_close(archive), 0);
}

#endif
